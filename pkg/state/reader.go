package state

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// reader is a cursor over one JSON file. It is not a general JSON parser: it
// reads the fields it is asked for, and whatever it lets pass that the canonical
// form does not have (repeated keys, white space, another order) is caught when
// the result is encoded again and compared byte by byte. The first error sticks;
// every method is safe to call after it.
//
// What it returns is no part of what it reads, so that the files of a large state need
// not be kept.
type reader struct {
	b     []byte
	pos   int
	err   error
	names *names
}

// names are what stands in many files, each held once: texts such as keys, roles and
// persons, and labels by their JSON form. nil holds none.
type names struct {
	texts  map[string]string
	labels map[string]map[string]string
}

func newNames() *names {
	return &names{texts: map[string]string{}, labels: map[string]map[string]string{}}
}

// maxNames bounds how much is compared with: a hostile state has no two alike.
const maxNames = 1 << 14

func (n *names) text(raw []byte) string {
	if n == nil {
		return string(raw)
	}
	if s, ok := n.texts[string(raw)]; ok {
		return s
	}
	s := string(raw)
	if len(n.texts) < maxNames {
		n.texts[s] = s
	}
	return s
}

// keepLabels is for the next labels of this form. They are shared, as all of a snapshot,
// and must not be changed.
func (n *names) keepLabels(raw []byte, labels map[string]string) {
	if n != nil && len(n.labels) < maxNames {
		n.labels[string(raw)] = labels
	}
}

// knownLabels are those that begin text, and the length of their form; nil where they are
// not known.
func (n *names) knownLabels(text []byte) (labels map[string]string, length int) {
	if n != nil {
		length = bytes.IndexByte(text, '}') + 1
		labels = n.labels[string(text[:length])]
	}
	return labels, length
}

var errSyntax = errors.New("not JSON as osmoctl writes it")

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) space() {
	for r.pos < len(r.b) && (r.b[r.pos] == ' ' || r.b[r.pos] == '\n') {
		r.pos++
	}
}

// accept consumes c if it comes next.
func (r *reader) accept(c byte) bool {
	r.space()
	if r.err != nil || r.pos >= len(r.b) || r.b[r.pos] != c {
		return false
	}
	r.pos++
	return true
}

func (r *reader) expect(c byte) {
	if !r.accept(c) {
		r.fail(errSyntax)
	}
}

// object reads an object, calling field for each key with the cursor before
// the value. field reports whether it knew the key and read its value.
func (r *reader) object(field func(key string) bool) {
	r.expect('{')
	if r.accept('}') {
		return
	}
	for r.err == nil {
		key := r.name()
		r.expect(':')
		if r.err == nil && !field(key) {
			r.fail(fmt.Errorf("unknown field %q", key))
		}
		if r.accept('}') {
			return
		}
		r.expect(',')
	}
}

// array reads a list, calling element with the cursor before each value.
func (r *reader) array(element func()) {
	r.expect('[')
	if r.accept(']') {
		return
	}
	for r.err == nil {
		element()
		if r.accept(']') {
			return
		}
		r.expect(',')
	}
}

func (r *reader) raw() []byte {
	r.expect('"')
	if r.err != nil {
		return nil
	}
	start := r.pos
	for i := start; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			r.pos = i + 1
			return r.b[start:i]
		case c == '\\':
			i++
		case c < 0x20:
			r.fail(errSyntax)
			return nil
		}
	}
	r.fail(errSyntax)
	return nil
}

func (r *reader) text() string {
	raw := r.raw()
	if isPlain(raw) {
		return string(raw)
	}
	return r.unescape(raw)
}

// name is [reader.text] for what stands in many files.
func (r *reader) name() string {
	raw := r.raw()
	if isPlain(raw) {
		return r.names.text(raw)
	}
	return r.unescape(raw)
}

func isPlain(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

// unescape takes the slow road for the rare string that is not plain ASCII.
func (r *reader) unescape(raw []byte) string {
	var s string
	if json.Unmarshal([]byte(`"`+string(raw)+`"`), &s) != nil {
		r.fail(errSyntax)
	}
	return s
}

func (r *reader) number() int {
	r.space()
	n, digits := 0, 0
	for r.pos < len(r.b) && r.b[r.pos] >= '0' && r.b[r.pos] <= '9' && digits < 10 {
		n = n*10 + int(r.b[r.pos]-'0')
		r.pos++
		digits++
	}
	if digits == 0 {
		r.fail(errSyntax)
	}
	return n
}

func (r *reader) boolean() bool {
	r.space()
	switch rest := r.b[r.pos:]; {
	case bytes.HasPrefix(rest, []byte("true")):
		r.pos += len("true")
		return true
	case bytes.HasPrefix(rest, []byte("false")):
		r.pos += len("false")
	default:
		r.fail(errSyntax)
	}
	return false
}

func (r *reader) date() model.Date {
	d, err := model.ParseDate(r.name())
	if err != nil {
		r.fail(err)
	}
	return d
}

func (r *reader) days() model.Days {
	d, err := model.ParseDays(r.name())
	if err != nil {
		r.fail(err)
	}
	return d
}

func (r *reader) time() time.Time {
	t, err := time.Parse(time.RFC3339, r.name())
	if err != nil {
		r.fail(errors.New("a time is not of the form 2006-01-02T15:04:05Z"))
	}
	return t.UTC()
}

func (r *reader) sum() (s Sum) {
	raw := r.raw()
	if len(raw) != hex.EncodedLen(len(s)) {
		raw = nil
	}
	if n, err := hex.Decode(s[:], raw); err != nil || n != len(s) {
		r.fail(errors.New("a SHA-256 has 64 hex digits"))
	}
	return s
}

func (r *reader) address() model.Address {
	a, err := model.ParseAddress(r.text())
	if err != nil {
		r.fail(err)
	}
	return a
}

func (r *reader) list() []string {
	out := []string{}
	r.array(func() { out = append(out, r.name()) })
	return out
}

// document reads a whole file. field is called for every key but
// format_version.
func (r *reader) document(field func(key string) bool) error {
	version := 0
	r.object(func(key string) bool {
		if key == "format_version" {
			version = r.number()
			if version != FormatVersion {
				r.fail(&VersionError{Version: version})
			}
			return true
		}
		return field(key)
	})
	r.space()
	if r.pos != len(r.b) {
		r.fail(errSyntax)
	}
	if r.err == nil && version == 0 {
		r.fail(errors.New("format_version is missing"))
	}
	return r.err
}

// VersionError says that a state file is of a format this program does not
// know.
type VersionError struct{ Version int }

// Error names both versions.
func (e *VersionError) Error() string {
	if e.Version > FormatVersion {
		return fmt.Sprintf("state has format version %d and this osmoctl knows only %d: use a newer osmoctl", e.Version, FormatVersion)
	}
	return fmt.Sprintf("state has format version %d, which never existed", e.Version)
}
