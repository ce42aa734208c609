package config

import (
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// halfSecrets match what may be left of a secret, or is the beginning of one:
// the words that a private key begins with, and two parts of a JWT. They are
// masked in the lines of source alone, where they cannot hide what is declared.
var halfSecrets = pattern.Lazy(`(?i:AGE-SECRET-KEY-|AGE-PLUGIN-)[A-Za-z0-9+._-]*` +
	`|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*` +
	`|b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]*` +
	`|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*`)

// secretMarks are cheap to look for, and one of them is in every match of
// halfSecrets.
var secretMarks = []string{"age-", "private key", "b3blbnnza", "eyj"}

// mask replaces everything in s that is shaped like a secret by as many
// asterisks, so that columns stay true.
func mask(s string) string {
	s = secret.Mask(s)
	if !looksSecret(s) {
		return s
	}
	return halfSecrets().ReplaceAllStringFunc(s, asterisks)
}

func looksSecret(s string) bool {
	lower := strings.ToLower(s)
	for _, mark := range secretMarks {
		if strings.Contains(lower, mark) {
			return true
		}
	}
	return false
}

func asterisks(s string) string { return strings.Repeat("*", utf8.RuneCountInString(s)) }

// pemEnd and pemBegin frame a PEM block's lines.
const (
	pemBegin = "-----BEGIN "
	pemKey   = "PRIVATE KEY-----"
	pemEnd   = "-----END "
)

// maskPEM reports for every line whether it stands inside the block of a PEM
// private key, whose lines are not recognisable one by one.
func maskPEM(text string) map[int]bool {
	inside, masked := false, map[int]bool{}
	if !strings.Contains(text, pemKey) {
		return masked
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.Contains(line, pemBegin) && strings.Contains(line, pemKey) {
			inside = true
			continue
		}
		if strings.Contains(line, pemEnd) {
			inside = false
		}
		if inside {
			masked[number] = true
		}
	}
	return masked
}
