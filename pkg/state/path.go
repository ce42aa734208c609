package state

import (
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
func AccountPath(account string) string { return accountDir(account) + accountFile }

const (
	accountsDir = "accounts/"
	accountFile = "account.json"
)

// CiphertextPath is where a generation's sealed value is kept.
func CiphertextPath(account, token string, generation int) string {
	return accountDir(account) + ciphertextName(token, generation)
}

func ciphertextName(token string, generation int) string {
	return token + "." + strconv.Itoa(generation) + ciphertextSuffix
}

func appendCiphertextName(b []byte, token string, generation int) []byte {
	return append(strconv.AppendInt(append(append(b, token...), '.'), int64(generation), 10), ciphertextSuffix...)
}

const ciphertextSuffix = ".age"

// IsCiphertext reports whether path has the form of a sealed value's, so that a
// reader of state can leave its content unread.
func IsCiphertext(path string) bool { return strings.HasSuffix(path, ciphertextSuffix) }

func accountDir(account string) string {
	return accountsDir + folderNames[accountFolder(account)] + "/" + account + "/"
}

// IsAccountFolder reports whether a path is that of a folder with the folders of accounts.
func IsAccountFolder(path string) bool {
	name, below := strings.CutPrefix(path, accountsDir)
	return below && len(name) == 2
}

// accountFolder is which of the folders of accounts has an account.
func accountFolder(account string) byte { return SumOf([]byte(account))[0] }

// folderNames are what these folders are called.
var folderNames = func() (names [256]string) {
	var bytes [256]byte
	for i := range bytes {
		bytes[i] = byte(i)
	}
	all := hex.EncodeToString(bytes[:])
	for i := range names {
		names[i] = all[2*i : 2*i+2]
	}
	return names
}()
