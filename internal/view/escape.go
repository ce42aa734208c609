package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// EscapeTerminal makes text from elsewhere fit for a terminal: one line in which
// every character is seen. A newline, carriage return and tab become \n, \r and
// \t, any other character that is invisible, moves the cursor or turns the
// direction of writing becomes \u{HEX}, and a byte that is not UTF-8 \xHH. All
// other text, backslashes included, is left alone, so escaping twice is
// escaping once. What is shaped like a secret becomes asterisks: it may have come
// into state or history before it was refused in declarations.
func EscapeTerminal(s string) string {
	s = secret.Mask(s)
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02X`, s[i])
		case visible(r):
			b.WriteRune(r)
		default:
			b.WriteString(escapeRune(r))
		}
		i += size
	}
	return b.String()
}

// isPlain reports whether s is visible ASCII, as nearly all text is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func escapeRune(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return `\u{` + strings.ToUpper(strconv.FormatInt(int64(r), 16)) + "}"
}

// visible reports whether r shows as itself. unicode.IsPrint leaves out control
// and format characters, which the bidirectional and zero-width ones are,
// separators but the plain space, private and unassigned ones. Some letters and
// marks show nothing either, and the blank of Braille looks like a space.
func visible(r rune) bool {
	return unicode.IsPrint(r) && r != '\u2800' &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && !unicode.Is(unicode.Variation_Selector, r)
}

// EscapeMarkdown wraps text from elsewhere in a code span, in which Markdown has
// no meaning: no mention, link, image, tag or comment can arise. The span's fence
// is longer than any run of backticks in the text, and a blank keeps fence and
// text apart where they would run together. It is not meant for cells of a
// table, where a vertical bar ends even a code span.
func EscapeMarkdown(s string) string {
	s = breakRuns(EscapeTerminal(s))
	if s == "" {
		return "` `"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.Trim(s, " ") != "" && s != strings.Trim(s, "` ") {
		// Markdown takes one blank from either end, unless all are blanks.
		s = " " + s + " "
	}
	return fence + s + fence
}

// maxRun is the longest run of backticks that Markdown gets to see. A fence must
// be longer still, and renderers look at so many only: cmark-gfm, which GitHub
// has, takes a fence of 81 for text.
const maxRun = 16

// breakRuns writes a longer run of backticks as its character and how often it
// stood there: \u{60×80}.
func breakRuns(s string) string {
	if longestRun(s, '`') <= maxRun {
		return s
	}
	var b strings.Builder
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, "`"))
		if n > maxRun {
			b.WriteString(`\u{60×` + strconv.Itoa(n) + "}")
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
		next := strings.IndexByte(s, '`')
		if next < 0 {
			next = len(s)
		}
		b.WriteString(s[:next])
		s = s[next:]
	}
	return b.String()
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

var (
	workflowData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	workflowProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// EscapeWorkflowData makes text fit for the message of a workflow command. Line
// ends are kept, the runner decodes them; what a terminal should not get becomes
// visible.
func EscapeWorkflowData(s string) string { return workflowData.Replace(escapeForCommand(s)) }

// EscapeWorkflowProperty makes text fit for a property of a workflow command,
// such as a file's name.
func EscapeWorkflowProperty(s string) string { return workflowProperty.Replace(escapeForCommand(s)) }

// metricLabel are the escapes of a label's value in Prometheus's text format. No line
// end is left to be escaped: EscapeTerminal made it visible.
var metricLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// EscapeMetric makes text fit for the value of a label of a metric.
func EscapeMetric(s string) string {
	return metricLabel.Replace(EscapeLine(s))
}

// EscapeLine is the text of a terminal in which no runner finds a command, for documents
// that have their own way to a writer.
func EscapeLine(s string) string { return string(breakCommands([]byte(EscapeTerminal(s)))) }

// escapeForCommand is text for within a command, with no other command in it: a log that
// is printed again may have lost what stood before.
func escapeForCommand(s string) string {
	lines := strings.Split(secret.Mask(s), "\n")
	for i, line := range lines {
		lines[i] = EscapeTerminal(line)
	}
	return string(breakCommands([]byte(strings.Join(lines, "\n"))))
}

// Runners obey commands that stand in what a step prints: two colons with a name
// at the beginning of a line, blanks before them skipped, or after whatever a log
// puts before a line; two hashes with a bracket anywhere, ##[name] and
// ##vso[name]; and GitLab's marks of a section.
var (
	leadingColons = pattern.Lazy(`(?m)^((?:[\s\v\p{Z}]|\x1b\[[0-9;]*m)*:):`)
	namedColons   = pattern.Lazy(`(:+):([A-Za-z][A-Za-z0-9_-]*(?:::|[ \t]))`)
	hashBracket   = pattern.Lazy(`#(#[A-Za-z]*\[)`)
	sectionMark   = pattern.Lazy(`(section_(?:start|end)):`)
)

// breakCommands keeps finished lines from being taken for workflow commands. It
// does so whatever reads them: a log is printed again, by another runner, too.
func breakCommands(b []byte) []byte {
	return breakBy(b, `\u{3A}`, `\u{23}`)
}

// breakCommandsInJSON does so within JSON, whose meaning stays: colons in pairs
// and hashes occur in strings only, and never behind a lone backslash.
func breakCommandsInJSON(b []byte) []byte {
	return breakBy(b, `\u003a`, `\u0023`)
}

func breakBy(b []byte, colon, hash string) []byte {
	if bytes.Contains(b, []byte("::")) {
		b = leadingColons().ReplaceAll(b, []byte("${1}"+colon))
		for namedColons().Match(b) { // the end of one may be the beginning of another
			b = namedColons().ReplaceAll(b, []byte("${1}"+colon+"${2}"))
		}
	}
	if bytes.Contains(b, []byte("##")) {
		b = hashBracket().ReplaceAll(b, []byte(hash+"${1}"))
	}
	if bytes.Contains(b, []byte("section_")) {
		b = sectionMark().ReplaceAll(b, []byte("${1}"+colon))
	}
	return b
}

// maskJSON masks what is shaped like a secret in the strings of a document.
func maskJSON(b []byte) []byte {
	if len(secret.Shapes(string(b))) == 0 {
		return b
	}
	return jsonString().ReplaceAllFunc(b, func(literal []byte) []byte {
		var s string
		if json.Unmarshal(literal, &s) != nil {
			return literal
		}
		masked := secret.Mask(s)
		if masked == s {
			return literal
		}
		out, err := json.Marshal(masked)
		if err != nil {
			return []byte(`""`)
		}
		return out
	})
}

var jsonString = pattern.Lazy(`"(?:[^"\\]|\\.)*"`)

// escapeJSON replaces what EscapeTerminal would not let through by JSON's own
// escapes. Outside of strings JSON has only ASCII, so it changes no meaning.
func escapeJSON(b []byte) []byte {
	if isASCII(b) {
		return b
	}
	var out bytes.Buffer
	out.Grow(len(b))
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r >= 0x7F && !visible(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		} else {
			out.Write(b[i : i+size])
		}
		i += size
	}
	return out.Bytes()
}

// isASCII reports whether b has nothing above '~'; what is below a space is JSON's
// own layout, since its strings hold none.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c > '~' {
			return false
		}
	}
	return true
}
