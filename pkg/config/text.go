package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// flaw is the first thing in a file's text or YAML because of which nothing
// else of the file is read.
type flaw struct {
	code, summary, hint string
	line, column        int
}

func (f *flaw) diagnostic(file string) diag.Diagnostic {
	return diag.Diagnostic{
		Code: f.code, Summary: f.summary, Hint: f.hint,
		Pos: diag.Position{File: file, Line: f.line, Column: f.column},
	}
}

// checkText refuses what a reader of the file or of its diff would not see, or
// would see as something else than the YAML library does: yaml.v3 takes U+0085,
// U+2028, U+2029 and a lone carriage return for line ends, so that one visible
// line could hide another that grants a role. It looks at the whole file,
// comments included.
func checkText(text string) *flaw {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n' && isConflictMarker(text[i+1:]), i == 0 && isConflictMarker(text):
			if c == '\n' {
				i++
			}
			return flawAt([]byte(text), i, codeConflictMarker, "the file holds a merge conflict", "resolve the conflict and delete its markers")
		case c >= ' ' && c < 0x7f, c == '\n', c == '\t':
			i++
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			i++
		case c < utf8.RuneSelf:
			return characterFlaw([]byte(text), i, rune(c))
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				return flawAt([]byte(text), i, codeInvalidUTF8, "the file is not UTF-8", "save the file as UTF-8")
			}
			if checkCharacter(r) != "" {
				return characterFlaw([]byte(text), i, r)
			}
			i += size
		}
	}
	return nil
}

// checkValue applies the rules of checkText to a decoded value, which a quoted
// string's escapes may have made, and asks for one line of text. It returns the
// code of what is wrong and a description, or "".
func checkValue(s string) (code, what string) {
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '\n' {
			return codeMultiline, "text of several lines"
		}
		if code := checkCharacter(r); code != "" {
			return code, describe(code, r)
		}
		i += size
	}
	return "", ""
}

// checkCharacter returns the code of the problem that a character is wherever it
// stands, or "".
func checkCharacter(r rune) string {
	switch {
	case r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
		return codeLineSeparator
	case r == 0xFEFF:
		return codeByteOrderMark
	case r < 0x20, r >= 0x7f && r <= 0x9f, r&0xFFFE == 0xFFFE:
		return codeControlCharacter
	case r < 0xAD:
		return ""
	case isInvisible(r):
		return codeHiddenCharacter
	}
	return ""
}

// isInvisible reports characters that show as nothing or change how others
// show: Unicode's format characters but for the few that have a glyph, and
// those that are letters or marks by category and blank by design.
func isInvisible(r rune) bool {
	switch {
	case unicode.Is(unicode.Cf, r):
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x3164, r == 0xFFA0:
		return true
	case r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

func describe(code string, r rune) string {
	switch code {
	case codeLineSeparator:
		return fmt.Sprintf("the line separator U+%04X", r)
	case codeByteOrderMark:
		return "a byte order mark (U+FEFF)"
	case codeHiddenCharacter:
		return fmt.Sprintf("the invisible character U+%04X", r)
	}
	return fmt.Sprintf("the control character U+%04X", r)
}

var characterHints = map[string]string{
	codeLineSeparator:    "end lines with a line feed, or a carriage return and a line feed",
	codeByteOrderMark:    "save the file as UTF-8 without a byte order mark",
	codeHiddenCharacter:  "delete it: what a reviewer cannot see has no place in a declaration",
	codeControlCharacter: "delete it",
	codeMultiline:        "write it on one line; a long text may be folded with >-",
}

func characterFlaw(data []byte, offset int, r rune) *flaw {
	code := checkCharacter(r)
	return flawAt(data, offset, code, "the file holds "+describe(code, r), characterHints[code])
}

func flawAt(data []byte, offset int, code, summary, hint string) *flaw {
	line, column := position(data, offset)
	return &flaw{code: code, summary: summary, hint: hint, line: line, column: column}
}

// isConflictMarker reports whether line, and whatever follows it, begins with a
// marker that git writes into a file that it could not merge.
func isConflictMarker(line string) bool {
	if len(line) < 7 {
		return false
	}
	switch c := line[0]; c {
	case '<', '>', '|', '=':
		rest := strings.TrimLeft(line[:7], string(rune(c)))
		return len(rest) == 0 && (len(line) == 7 || strings.IndexByte(" \r\n", line[7]) >= 0)
	}
	return false
}

// position turns an offset into line and column, both counted from 1, the
// column in characters.
func position(data []byte, offset int) (line, column int) {
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1
}
