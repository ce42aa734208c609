package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// secretShapes match what must never be shown again once somebody put it into
// a file: age identities and their plugin forms, tokens of osmoctl's own form,
// the frame of a PEM private key, the first bytes of an OpenSSH one in base64,
// and JWTs.
var secretShapes = regexp.MustCompile(`(?i:AGE-SECRET-KEY-|AGE-PLUGIN-)[A-Za-z0-9+._-]*` +
	`|osmo_[A-Za-z0-9]{38}` +
	`|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*` +
	`|b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]*` +
	`|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*`)

// secretMarks are cheap to look for, and one of them is in every match of
// secretShapes.
var secretMarks = []string{"age-", "osmo_", "private key", "b3blbnnza", "eyj"}

// mask replaces everything in s that is shaped like a secret by as many
// asterisks, so that columns stay true.
func mask(s string) string {
	if !looksSecret(s) {
		return s
	}
	return secretShapes.ReplaceAllStringFunc(s, asterisks)
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
// private key, whose lines are not recognisable one by one. It returns nil
// where no such block begins.
func maskPEM(text string) map[int]bool {
	if !strings.Contains(text, pemKey) {
		return nil
	}
	inside, masked := false, map[int]bool{}
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
