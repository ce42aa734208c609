package scan

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/token"
)

// Pattern is what a token looks like as a regular expression (RE2), for programs
// that cannot check its checksum. Nothing is demanded of what stands before it:
// in JSON that is often the n of \n. What follows is not part of it, and is no
// letter or digit.
//
// A checksum of 32 bits in base62 begins with a digit of 0 to 4, which leaves one
// of twelve words that only look like a token.
func Pattern() string {
	return fmt.Sprintf(`%s[0-9A-Za-z]{%d}[0-4][0-9A-Za-z]{%d}\b`,
		token.Prefix, token.BodyLength-len(token.Prefix), token.ChecksumLength-1)
}

// leastEntropy is in bits a character, as scanners count it: a token has 4.8 give
// or take 0.2, while words and placeholders rarely reach 3.5.
const leastEntropy = 3.5

const ruleText = "A token of an OSMO service account, as osmoctl issues it"

// Gitleaks is a rule for gitleaks, in TOML.
func Gitleaks() string {
	return strings.Join([]string{
		"[[rules]]",
		`id = "osmoctl-token"`,
		fmt.Sprintf("description = %q", ruleText),
		"regex = '''" + Pattern() + "'''",
		fmt.Sprintf("keywords = [%q]", token.Prefix),
		fmt.Sprintf("entropy = %v", leastEntropy),
		"",
	}, "\n")
}

// Trufflehog is a custom detector for trufflehog, in YAML. It verifies nothing:
// a token is not shown to servers to learn whether it is one. The group is what
// it takes for the secret.
func Trufflehog() string {
	return strings.Join([]string{
		"detectors:",
		"  - name: osmoctl-token",
		"    description: " + ruleText,
		fmt.Sprintf("    keywords: [%s]", token.Prefix),
		"    regex:",
		`      token: '(` + strings.TrimSuffix(Pattern(), `\b`) + `)\b'`,
		fmt.Sprintf("    entropy: %v", leastEntropy),
		"",
	}, "\n")
}
