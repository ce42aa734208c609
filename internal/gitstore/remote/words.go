package remote

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/pattern"
)

// maxWords is how much of a server's text is kept, in bytes.
const maxWords = 4 << 10

// A cleaner makes text of programs and servers fit for messages.
type cleaner struct {
	secrets *strings.Replacer
}

// newCleaner knows the secrets that may turn up in text.
func newCleaner(secrets []string) cleaner {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			pairs = append(pairs, secret, "***")
		}
	}
	return cleaner{strings.NewReplacer(pairs...)}
}

// minSecret keeps an empty or tiny password from turning all text into stars.
const minSecret = 4

var userInfo = pattern.Lazy(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@'"]*@`)

// clean returns the lines of a text that say something, without secrets and
// without control characters, cut to maxWords at the end of a line if possible.
func (c cleaner) clean(text string) string {
	if c.secrets != nil {
		text = c.secrets.Replace(text)
	}
	text = userInfo().ReplaceAllString(text, "$1")
	var out strings.Builder
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = escape(strings.TrimRight(line, " \t"))
		if isSilent(line) {
			continue
		}
		if room := maxWords - len(ellipsis) - 1 - out.Len(); len(line) > room {
			out.WriteString(cut(line, room) + ellipsis)
			break
		}
		out.WriteString(line + "\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

const ellipsis = "…"

// isSilent knows the lines that tell a reader nothing: empty ones, and advice
// for people who push by hand.
func isSilent(line string) bool {
	return line == "" || line == "remote:" || strings.HasPrefix(line, "hint:")
}

// cut shortens to at most n bytes, and not within a character.
func cut(s string, n int) string {
	for n = max(n, 0); n < len(s) && n > 0 && !utf8.RuneStart(s[n]); n-- {
	}
	return s[:min(n, len(s))]
}

// escape shows what would not be seen, or would move the cursor.
func escape(line string) string {
	if !strings.ContainsFunc(line, isHidden) && utf8.ValidString(line) {
		return line
	}
	var out strings.Builder
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRuneInString(line[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&out, `\x%02X`, line[i])
		case r == '\t':
			out.WriteByte(' ')
		case isHidden(r):
			fmt.Fprintf(&out, `\u{%X}`, r)
		default:
			out.WriteRune(r)
		}
		i += n
	}
	return out.String()
}

func isHidden(r rune) bool { return !unicode.IsPrint(r) }
