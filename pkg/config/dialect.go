package config

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/pattern"
)

// translate makes a text that is YAML readable to the library, which knows neither a
// %YAML directive of version 1.2 nor the pairs of escapes by which JSON writes
// characters above U+FFFF. It keeps every character's place. paired says that
// values have to go through unpair.
func translate(data []byte) (readable []byte, paired bool, f *flaw) {
	if data, f = withoutDirective(data); f != nil {
		return nil, false, f
	}
	readable = pairSurrogates(data)
	return readable, !bytes.Equal(readable, data), nil
}

// directive matches the directive of a version whose texts are read alike.
var directive = pattern.Lazy(`^%YAML[ \t]+1\.[12][ \t]*(#.*)?$`)

// withoutDirective makes a comment of a %YAML directive before the first document.
func withoutDirective(data []byte) ([]byte, *flaw) {
	found := -1
	for start := 0; start < len(data); {
		_, end := lineAround(data, start)
		line := bytes.TrimRight(data[start:end], "\r")
		content := bytes.TrimSpace(line)
		switch {
		case len(content) == 0, content[0] == '#':
		case line[0] != '%':
			if found < 0 || !isDocumentStart(line) {
				return data, nil // The library says what a directive lacks.
			}
			data = bytes.Clone(data)
			data[found] = '#'
			return data, nil
		case bytes.HasPrefix(line, []byte("%TAG")):
			return nil, flawAt(data, start, codeTag, "tags are not read", "delete the line")
		case found >= 0 || !directive().Match(line):
			return nil, flawAt(data, start, codeSyntax, "this is no directive that is read", `write "%YAML 1.2" once, or delete the line`)
		default:
			found = start
		}
		start = end + 1
	}
	return data, nil
}

func isDocumentStart(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t')
}

var (
	// pair matches two escapes that stand for one character.
	pair = pattern.Lazy(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
	// shiftedEscape matches what pairSurrogates writes.
	shiftedEscape = pattern.Lazy(`\\u[eE][89a-fA-F][0-9a-fA-F]{2}`)
)

// shift is the distance from surrogates, which no escape may name, to characters
// that nothing else in the text names.
const shift = 0xE800 - 0xD800

func isShifted(r rune) bool { return r >= 0xE800 && r <= 0xEFFF }

// pairSurrogates moves both escapes of each pair to private characters, which the
// library takes. A text that holds such characters itself is left as it is: the
// library then refuses the pairs in it.
func pairSurrogates(data []byte) []byte {
	places := pair().FindAllIndex(data, -1)
	if places == nil || shiftedEscape().Match(data) || bytes.ContainsFunc(data, isShifted) {
		return data
	}
	data = bytes.Clone(data)
	for _, at := range places {
		for _, digit := range []int{at[0] + 2, at[0] + 8} { // "d" to "e", "D" to "E"
			data[digit]++
		}
	}
	return data
}

// unpair gives a value its characters back. In double quotes the escapes were
// read; elsewhere they are the text itself. It reports false for half a pair.
func unpair(value string, doubleQuoted bool) (string, bool) {
	if !doubleQuoted {
		return shiftedEscape().ReplaceAllStringFunc(value, func(s string) string {
			return s[:2] + string(s[2]-1) + s[3:]
		}), true
	}
	var b strings.Builder
	for len(value) > 0 {
		r, size := utf8.DecodeRuneInString(value)
		if isShifted(r) {
			low, more := utf8.DecodeRuneInString(value[size:])
			if r = utf16.DecodeRune(r-shift, low-shift); r == utf8.RuneError {
				return "", false
			}
			size += more
		}
		b.WriteRune(r)
		value = value[size:]
	}
	return b.String(), true
}
