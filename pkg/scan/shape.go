package scan

import (
	"crypto/sha256"

	"github.com/osmoctl/osmoctl/pkg/token"
)

// checkShape looks at what stands behind the prefix. What stands around does not
// matter: a token that is glued to other text has leaked as well, and the
// checksum leaves no doubt about which of it is one.
func (s *Scanner) checkShape(t *text, at int) {
	if at+token.Length <= len(t.b) && token.Valid(t.b[at:at+token.Length]) {
		s.note(t, at, sha256.Sum256(t.b[at:at+token.Length]), true)
		return
	}
	s.checkWrapped(t, at)
}

// checkWrapped puts a token together that line breaks cut in pieces.
func (s *Scanner) checkWrapped(t *text, at int) {
	var value [token.Length]byte
	defer clear(value[:])
	n, i := 0, at
	for n < len(value) && i < len(t.b) {
		if isWord(t.b[i]) {
			if n >= len(token.Prefix) && (t.b[i] == '_' || t.b[i] == '-') {
				return // No token has one there: another begins, or none does.
			}
			value[n] = t.b[i]
			n, i = n+1, i+1
			continue
		}
		width := lineBreak(t.b[i:])
		if width == 0 {
			return
		}
		i += width
	}
	if n == len(value) && i > at+n && token.Valid(value[:]) {
		s.note(t, at, sha256.Sum256(value[:]), true, Wrapped)
	}
}

// lineBreak is the length of a line break at the beginning of b with what makes
// it a soft one and with the indentation of the next line, or 0.
func lineBreak(b []byte) int {
	i := 0
	if i < len(b) && (b[i] == '=' || b[i] == '\\') {
		i++
	}
	if i < len(b) && b[i] == '\r' {
		i++
	}
	if i >= len(b) || b[i] != '\n' {
		return 0
	}
	for i++; i < len(b) && (b[i] == ' ' || b[i] == '\t'); i++ {
	}
	return i
}
