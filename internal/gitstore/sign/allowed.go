package sign

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
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
	unknown := &UnknownSignerError{Format: SSH, Key: ssh.FingerprintSHA256(signature.key), Reason: explainUnfit(signature.key)}
	for _, signer := range s.ssh {
		if !bytes.Equal(signer.key.Marshal(), signature.blob.Key) {
			continue
		}
		if unknown.Reason = signer.objection(when); unknown.Reason == "" {
			name := Signer{Format: SSH, Key: unknown.Key, Name: signer.principals}
			if err := signature.holds(signer.key, payload); err != nil {
				return Signer{}, err
			}
			return name, nil
		}
	}
	return Signer{}, unknown
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
	options, err := s.readKey(rest)
	for _, option := range options {
		if err == nil {
			err = s.take(option)
		}
	}
	return s, err == nil, err
}

// errNoKey says that a line has no public key.
var errNoKey = errors.New("it has no public key: write NAME ssh-ed25519 AAAA…")

var (
	errOpenQuote = errors.New("a quote is not closed")
	errOption    = errors.New(`options are written NAME="VALUE", with commas between them`)
)

// readKey reads [OPTIONS] KEYTYPE BASE64 [COMMENT], as lines of authorized_keys are
// written, and returns the options. What OpenSSH would refuse and the library reads
// is refused here: a comma with nothing beside it, and a key in another spelling than
// its own.
func (s *sshSigner) readKey(text string) (options []string, err error) {
	s.key, _, options, _, err = ssh.ParseAuthorizedKey([]byte(text))
	switch {
	case err != nil && strings.Count(text, `"`)%2 == 1:
		return nil, errOpenQuote
	case err != nil:
		return nil, errNoKey
	case len(options) > 0 && !strings.HasPrefix(text, strings.Join(options, ",")+" ") && !strings.HasPrefix(text, strings.Join(options, ",")+"\t"):
		return nil, errOption
	case !slices.Contains(strings.Fields(text), base64.StdEncoding.EncodeToString(s.key.Marshal())):
		return nil, errors.New("the public key is not written as ssh-keygen writes it; copy it again")
	}
	if why := explainUnfit(s.key); why != "" {
		return nil, errors.New(why)
	}
	return options, nil
}

// take adds an option, NAME or NAME="VALUE". A quote within a value is written \".
func (s *sshSigner) take(option string) (err error) {
	name, value, valued := strings.Cut(option, "=")
	if valued {
		inner, ok := strings.CutPrefix(value, `"`)
		inner, closed := strings.CutSuffix(inner, `"`)
		if value = strings.ReplaceAll(inner, `\"`, ""); !ok || !closed || strings.Contains(value, `"`) {
			return errOption
		}
		value = strings.ReplaceAll(inner, `\"`, `"`)
	}
	switch strings.ToLower(name) {
	case "namespaces":
		s.namespaces = value
	case "valid-after":
		s.from, err = parseMoment(name, value)
	case "valid-before":
		s.until, err = parseMoment(name, value)
	case "cert-authority":
		return errors.New("cert-authority is not followed by osmoctl: list the keys of those who may sign")
	default:
		return fmt.Errorf("the option %q is not one of namespaces, valid-after and valid-before", name)
	}
	if err == nil && value == "" {
		err = fmt.Errorf("%s needs a value in quotes", name)
	}
	return err
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
