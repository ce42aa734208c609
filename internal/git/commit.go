package git

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Signature is who and when.
type Signature struct {
	Name, Email string
	When        time.Time
}

// Commit is one commit as git records it.
type Commit struct {
	// Hash is "" for the commit that an unborn branch has not got.
	Hash      string
	Parents   []string
	Tree      string
	Author    Signature
	Committer Signature
	// Message is everything after the headers, as written.
	Message string
}

// Commit reads a commit by its full hash. "" gives the zero Commit.
func (o *Objects) Commit(hash string) (Commit, error) {
	name, err := object.ParseID(hash)
	if err != nil || name == (object.ID{}) {
		return Commit{}, err
	}
	return readCommit(o, name)
}

// RawCommit returns a commit's bytes, over which signatures are made.
func (o *Objects) RawCommit(hash string) ([]byte, error) {
	name, err := object.ParseID(hash)
	if err != nil {
		return nil, err
	}
	return readKind(o, name, object.Commit)
}

func readCommit(from source, name object.ID) (Commit, error) {
	data, err := readKind(from, name, object.Commit)
	if err != nil {
		return Commit{}, err
	}
	c, err := parseCommit(string(data))
	c.Hash = name.String()
	if err != nil {
		return Commit{}, fmt.Errorf("commit %s: %w", name, err)
	}
	return c, nil
}

func parseCommit(text string) (Commit, error) {
	headers, message, ok := strings.Cut(text, "\n\n")
	if !ok {
		headers = strings.TrimSuffix(headers, "\n") // a commit without a message
	}
	c := Commit{Message: message}
	for line := range strings.SplitSeq(headers, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "tree":
			c.Tree = value
		case "parent":
			c.Parents = append(c.Parents, value)
		case "author":
			c.Author = parseSignature(value)
		case "committer":
			c.Committer = parseSignature(value)
		}
	}
	for _, hash := range append([]string{c.Tree}, c.Parents...) {
		if name, err := object.ParseID(hash); err != nil || name == (object.ID{}) {
			return Commit{}, fmt.Errorf("it is damaged; run: git fsck")
		}
	}
	return c, nil
}

// parseSignature reads "Name <email> seconds zone". Old histories hold odd
// ones; what cannot be read is left out.
func parseSignature(text string) Signature {
	open, end := strings.IndexByte(text, '<'), strings.LastIndexByte(text, '>')
	if open < 0 || end < open {
		return Signature{Name: text}
	}
	sig := Signature{Name: strings.TrimSpace(text[:open]), Email: text[open+1 : end]}
	seconds, zone, _ := strings.Cut(strings.TrimSpace(text[end+1:]), " ")
	if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
		sig.When = time.Unix(n, 0).In(parseZone(zone))
	}
	return sig
}

func parseZone(zone string) *time.Location {
	n, err := strconv.Atoi(zone)
	if err != nil || len(zone) != 5 {
		return time.UTC
	}
	return time.FixedZone("", (n/100*60+n%100)*60)
}

// format writes a signature as commits and reflogs hold it. What would let a
// name forge other headers, or what git would quietly strip, is an error.
func (sig Signature) Line() (string, error) {
	if err := checkName("name", sig.Name); err != nil {
		return "", err
	}
	if err := checkName("e-mail address", sig.Email); err != nil {
		return "", err
	}
	if sig.When.Unix() < 0 {
		return "", fmt.Errorf("a commit cannot be dated before 1970")
	}
	return fmt.Sprintf("%s <%s> %d %s", sig.Name, sig.Email, sig.When.Unix(), sig.When.Format("-0700")), nil
}

func checkName(what, value string) error {
	if value == "" || value != strings.Trim(value, " .,:;\"'\\") {
		return fmt.Errorf("the author's %s %q is empty, or begins or ends in blanks or punctuation", what, value)
	}
	for _, c := range value {
		if c < ' ' || c == 0x7f || c == '<' || c == '>' || c == utf8.RuneError {
			return fmt.Errorf("the author's %s %q has characters that a commit cannot hold", what, value)
		}
	}
	return nil
}
