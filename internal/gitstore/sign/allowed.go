package sign

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshSigner is one line of an allowed_signers file:
//
//	PRINCIPALS [OPTIONS] KEYTYPE BASE64 [COMMENT]
type sshSigner struct {
	principals string
	key        ssh.PublicKey
	namespaces string    // a list of patterns, "" for all
	from       time.Time // zero: always was valid
	until      time.Time // zero: will always be; the moment itself included
}

// verifySSH looks for the key before it verifies anything, so that a stranger's
// key costs no computation. A key may stand in several lines: one is enough.
func (s *Signers) verifySSH(payload, text []byte, when time.Time) (Signer, error) {
	signature, err := parseSSHSignature(text)
	if err != nil {
		return Signer{}, err
	}
	unknown := &UnknownSignerError{Format: SSH, Key: ssh.FingerprintSHA256(signature.key), Reason: unfit(signature.key)}
	for _, signer := range s.ssh {
		if !bytes.Equal(signer.key.Marshal(), signature.blob.Key) {
			continue
		}
		if unknown.Reason = signer.objection(when); unknown.Reason == "" {
			name := Signer{Format: SSH, Key: unknown.Key, Name: signer.principals}
			return orNobody(name, signature.holds(signer.key, payload))
		}
	}
	return Signer{}, unknown
}

func orNobody(s Signer, err error) (Signer, error) {
	if err != nil {
		return Signer{}, err
	}
	return s, nil
}

// objection says why a line does not let its key sign now, "" if it does.
func (s sshSigner) objection(when time.Time) string {
	switch {
	case s.namespaces != "" && !matchList(s.namespaces, namespace):
		return "its line in the signers is not for git (namespaces)"
	case when.Before(s.from):
		return fmt.Sprintf("it is valid from %s, and that was %s", moment(s.from), moment(when))
	case !s.until.IsZero() && when.After(s.until):
		return fmt.Sprintf("it was valid until %s, and that was %s", moment(s.until), moment(when))
	}
	return ""
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// parseAllowedLine reads one line; listed is false where it names nobody.
func parseAllowedLine(line string) (s sshSigner, listed bool, err error) {
	if line == "" || line[0] == '#' {
		return s, false, nil
	}
	principals, rest, err := cutWord(line)
	if err != nil {
		return s, false, err
	}
	s.principals = strings.ReplaceAll(principals, `"`, "")
	if !namesSomebody(s.principals) {
		return s, false, errors.New("it names nobody: write who the key belongs to, such as ann@example.com")
	}
	if s.key, err = parseKey(rest); errors.Is(err, errNoKey) {
		err = s.withOptions(rest)
	}
	return s, err == nil, err
}

// withOptions reads what follows the principals where that is not the key yet.
func (s *sshSigner) withOptions(text string) error {
	options, rest, err := cutWord(text)
	if err != nil {
		return err
	}
	if s.key, err = parseKey(rest); err != nil {
		return err
	}
	for options != "" {
		if options, err = s.option(options); err != nil {
			return err
		}
	}
	return nil
}

// option takes the first of the options in and returns the others.
func (s *sshSigner) option(text string) (rest string, err error) {
	name, value, rest, err := cutOption(text)
	if err != nil {
		return "", err
	}
	switch strings.ToLower(name) {
	case "namespaces":
		s.namespaces = value
	case "valid-after":
		s.from, err = parseMoment(name, value)
	case "valid-before":
		s.until, err = parseMoment(name, value)
	case "cert-authority":
		return "", errors.New("cert-authority is not followed by osmoctl: list the keys of those who may sign")
	default:
		return "", fmt.Errorf("the option %q is not one of namespaces, valid-after and valid-before", name)
	}
	if err == nil && value == "" {
		err = fmt.Errorf("%s needs a value in quotes", name)
	}
	return rest, err
}

// cutOption splits NAME or NAME="VALUE" from the comma-separated options after
// it. A quote within a value is written \".
func cutOption(text string) (name, value, rest string, err error) {
	end := strings.IndexAny(text, `,="`)
	if end < 0 {
		return text, "", "", nil
	}
	name, rest = text[:end], text[end:]
	if quoted, ok := strings.CutPrefix(rest, `="`); ok {
		if value, rest, ok = cutQuoted(quoted); !ok {
			return "", "", "", errOpenQuote
		}
	}
	if rest == "" {
		return name, value, "", nil
	}
	rest, ok := strings.CutPrefix(rest, ",")
	if !ok || rest == "" || name == "" {
		return "", "", "", errors.New(`options are written NAME="VALUE", with commas between them`)
	}
	return name, value, rest, nil
}

var errOpenQuote = errors.New("a quote is not closed")

func cutQuoted(text string) (value, rest string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		case text[i] == '"':
			return out.String(), text[i+1:], true
		}
		out.WriteByte(text[i])
	}
	return "", "", false
}

// cutWord splits at the first blank outside of quotes.
func cutWord(text string) (word, rest string, err error) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && (text[i] == ' ' || text[i] == '\t'):
			return text[:i], strings.TrimLeft(text[i:], " \t"), nil
		}
	}
	if quoted {
		return "", "", errOpenQuote
	}
	return text, "", nil
}

// errNoKey says that a text does not begin with a public key.
var errNoKey = errors.New("it has no public key: write NAME ssh-ed25519 AAAA…")

// parseKey reads KEYTYPE BASE64 and leaves the comment that may follow. A text
// whose first word is not the type of the key in the second may be options
// still, and is errNoKey.
func parseKey(text string) (ssh.PublicKey, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return nil, errNoKey
	}
	data, err := base64.StdEncoding.Strict().DecodeString(words[1])
	if err != nil {
		return nil, errNoKey
	}
	key, err := ssh.ParsePublicKey(data)
	switch {
	case err != nil, key.Type() != words[0]:
		return nil, errNoKey
	case !bytes.Equal(key.Marshal(), data):
		return nil, errors.New("the public key is not written as ssh-keygen writes it; copy it again")
	}
	if why := unfit(key); why != "" {
		return nil, errors.New(why)
	}
	return key, nil
}

// momentForms are how OpenSSH writes a time.
var momentForms = []string{"20060102", "200601021504", "20060102150405"}

func parseMoment(name, value string) (time.Time, error) {
	text := strings.TrimSuffix(strings.TrimSuffix(value, "Z"), "z")
	for _, form := range momentForms {
		if t, err := time.Parse(form, text); err == nil && len(text) == len(form) {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(`%s is a time in UTC, such as "20270131" or "202701311200"`, name)
}

// namesSomebody tells whether a list of patterns can match anything.
func namesSomebody(list string) bool {
	for pattern := range strings.SplitSeq(list, ",") {
		if pattern != "" && pattern[0] != '!' {
			return true
		}
	}
	return false
}

// matchList tells whether a text matches one of the patterns of a list, and
// none of those that begin with "!".
func matchList(list, text string) bool {
	found := false
	for pattern := range strings.SplitSeq(list, ",") {
		positive, negated := strings.CutPrefix(pattern, "!")
		if !matchPattern(positive, text) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// matchPattern matches "*" with any characters and "?" with one. After a
// mismatch only the last star needs to be tried again, one character longer.
func matchPattern(pattern, text string) bool {
	p, star, from := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
