package state

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Dir is the directory of state in a project.
const Dir = "state"

// MetaPath is the path of meta.json, relative to [Dir] as all paths here.
const MetaPath = "meta.json"

// RolePath is where a role is kept.
func RolePath(role string) string { return "roles/" + role + ".json" }

// AccountDir is the folder that has all files of an account, and no others.
func AccountDir(account string) string { return strings.TrimSuffix(accountDir(account), "/") }

// AccountPath is where an account is kept.
func AccountPath(account string) string { return accountDir(account) + "account.json" }

// CiphertextPath is where a generation's sealed value is kept.
func CiphertextPath(account, token string, generation int) string {
	return accountDir(account) + ciphertextName(token, generation)
}

func ciphertextName(token string, generation int) string {
	return token + "." + strconv.Itoa(generation) + ciphertextSuffix
}

const ciphertextSuffix = ".age"

// IsCiphertext reports whether path has the form of a sealed value's, so that a
// reader of state can leave its content unread.
func IsCiphertext(path string) bool { return strings.HasSuffix(path, ciphertextSuffix) }

func accountDir(account string) string {
	sum := sha256.Sum256([]byte(account))
	return "accounts/" + hex.EncodeToString(sum[:1]) + "/" + account + "/"
}
