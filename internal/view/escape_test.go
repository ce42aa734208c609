package view_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
)

// deceptive reports whether a character must never reach a person as it is. It is
// a list of its own, not the rule under test.
func deceptive(r rune) bool {
	switch {
	case r < ' ', r == 0x7F, 0x80 <= r && r <= 0x9F, // C0, DEL, C1
		r == 0xA0, r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5,
		0x180B <= r && r <= 0x180F, 0x2000 <= r && r <= 0x200F, 0x2028 <= r && r <= 0x202F,
		0x205F <= r && r <= 0x206F, r == 0x2800, r == 0x3000, r == 0x3164,
		0xD800 <= r && r <= 0xF8FF, 0xFE00 <= r && r <= 0xFE0F, r == 0xFEFF, r == 0xFFA0, 0xFFF0 <= r && r <= 0xFFFB,
		0x1BCA0 <= r && r <= 0x1BCA3, 0x1D173 <= r && r <= 0x1D17A, 0xE0000 <= r:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

func checkVisible(t *testing.T, what, in, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Fatalf("%s(%q) is not UTF-8: %q", what, in, out)
	}
	for _, r := range out {
		if deceptive(r) {
			t.Fatalf("%s(%q) lets U+%04X through: %q", what, in, r, out)
		}
	}
}

func TestEscapeEveryCodePoint(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("escapes a million texts")
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		in := "a" + string(r) + "b"
		out := view.EscapeTerminal(in)
		checkVisible(t, "EscapeTerminal", in, out)
		if !deceptive(r) && unicode.IsPrint(r) && out != in {
			t.Fatalf("EscapeTerminal(%q) = %q: nothing had to be escaped", in, out)
		}
		if deceptive(r) && out == "ab" {
			t.Fatalf("EscapeTerminal drops U+%04X, which must be seen", r)
		}
		if r < ' ' || r > '~' && r < 0x3000 {
			checkWorkflow(t, in)
			checkMarkdown(t, in)
			checkJSON(t, in)
		}
	}
}

func TestEscapeTerminal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                  "",
		"plain \\u{1B}":     "plain \\u{1B}",
		"a\nb\r\tc":         `a\nb\r\tc`,
		"\x1b[31mred":       `\u{1B}[31mred`,
		"gpj.\u202etxt":     `gpj.\u{202E}txt`,
		"ze\u200bro":        `ze\u{200B}ro`,
		"\xff\xfe":          `\xFF\xFE`,
		"naïve — 日本 🚀":      "naïve — 日本 🚀",
		"tag\U000E0041":     `tag\u{E0041}`,
		"\u0085next":        `\u{85}next`,
		string('\uFFFD'):    "\uFFFD",
		"no-break\u00a0":    `no-break\u{A0}`,
		"heart\u2764\ufe0f": `heart❤\u{FE0F}`,
	} {
		if got := view.EscapeTerminal(in); got != want {
			t.Errorf("EscapeTerminal(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "`", "``a`", " a", "a ", "  ", "` `", "\x1b]0;x\a", "::error::x", "##[group]", " ::add-mask::x", "##vso[x]", "%0A::", "a\n::b", "<!-- -->", "@ada #1 [x](y)", "\xff", "\u2028::x", "###[#[##[", "\U0001F600\U000E0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := view.EscapeTerminal(s)
		checkVisible(t, "EscapeTerminal", s, once)
		if twice := view.EscapeTerminal(once); twice != once {
			t.Fatalf("escaping %q twice gives %q", once, twice)
		}
		checkMarkdown(t, s)
		checkWorkflow(t, s)
		checkJSON(t, s)
		checkGuard(t, s)
	})
}

// codeSpan reads one code span by CommonMark's rule: it ends at the first run of
// as many backticks as it began with.
func codeSpan(s string) (content, rest string, ok bool) {
	open := len(s) - len(strings.TrimLeft(s, "`"))
	if open == 0 {
		return "", s, false
	}
	for i := open; i < len(s); {
		if s[i] != '`' {
			i++
			continue
		}
		run := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		if run == open {
			return stripSpan(s[open:i]), s[i+run:], true
		}
		i += run
	}
	return "", s, false
}

func stripSpan(s string) string {
	if strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") && strings.Trim(s, " ") != "" {
		return s[1 : len(s)-1]
	}
	return s
}

// checkMarkdown requires one code span that shows exactly the escaped text.
func checkMarkdown(t *testing.T, s string) {
	t.Helper()
	out := view.EscapeMarkdown(s)
	checkVisible(t, "EscapeMarkdown", s, out)
	content, rest, ok := codeSpan(out)
	if want := view.EscapeTerminal(s); !ok || rest != "" || (unbroken(content) != unbroken(want) && s != "") {
		t.Fatalf("EscapeMarkdown(%q) = %q: one span %t, shows %q, then %q", s, out, ok && rest == "", content, rest)
	}
}

// brokenRun is how a long run of backticks is shown.
var brokenRun = regexp.MustCompile(`\\u\{60×(\d+)\}`)

// unbroken writes the runs of backticks out again, as far as anybody shows them.
func unbroken(s string) string {
	return brokenRun.ReplaceAllStringFunc(s, func(run string) string {
		n, err := strconv.Atoi(brokenRun.FindStringSubmatch(run)[1])
		if err != nil || n > 10_000 {
			return run
		}
		return strings.Repeat("`", n)
	})
}

// asWritten takes the guard's own escapes out, to compare what is left.
var asWritten = strings.NewReplacer(`\u{3A}`, ":", `\u{23}`, "#")

func checkWorkflow(t *testing.T, s string) {
	t.Helper()
	data, property := view.EscapeWorkflowData(s), view.EscapeWorkflowProperty(s)
	checkVisible(t, "EscapeWorkflowData", s, data)
	checkVisible(t, "EscapeWorkflowProperty", s, property)
	if strings.ContainsAny(property, ":,") {
		t.Fatalf("EscapeWorkflowProperty(%q) = %q ends the property", s, property)
	}
	if back := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%").Replace(data); asWritten.Replace(strings.ReplaceAll(back, "\n", `\n`)) != asWritten.Replace(view.EscapeTerminal(s)) {
		t.Fatalf("EscapeWorkflowData(%q) = %q reads back as %q", s, data, back)
	}
}

// checkJSON requires that escaping keeps the meaning.
func checkJSON(t *testing.T, s string) {
	t.Helper()
	plain, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out := view.NeutralJSON(plain)
	checkVisible(t, "escapeJSON", s, string(out))
	var want, got string
	if json.Unmarshal(plain, &want) != nil || json.Unmarshal(out, &got) != nil || want != got {
		t.Fatalf("escapeJSON(%s) = %s means %q, not %q", plain, out, got, want)
	}
	if isCommand.Match(out) {
		t.Fatalf("escapeJSON(%s) = %s holds a command", plain, out)
	}
}

// isCommand is what runners obey.
var isCommand = regexp.MustCompile(`(?m)^[\s\p{Z}]*::|##\[|##[a-zA-Z]+\[|::[a-zA-Z][\w-]*(?:::|[ \t])|section_(?:start|end):`)

func checkGuard(t *testing.T, s string) {
	t.Helper()
	p := view.ColoredPage()
	p.Line(s)
	p.Spans(view.Say(view.Warn, "#"), view.Quote(s), view.QuoteAs(view.Fault, s), view.Say(view.Plain, "["))
	p.Spans(view.QuoteAs(view.Fault, s))
	p.Table([]string{"#"}, [][]string{{s}})
	if out := view.BreakCommands(p.Bytes()); isCommand.Match(out) {
		t.Fatalf("%q becomes a command: %q", s, out)
	}
}

func TestGuardBreaksCommands(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"::error::x":              `:\u{3A}error::x`,
		"a\n  ::stop-commands::x": "a\n  :\\u{3A}stop-commands::x",
		"a ::error::x":            `a :\u{3A}error::x`,
		"12:00 ::error file=x::y": `12:00 :\u{3A}error file=x::y`,
		"::a::b::c::":             `:\u{3A}a:\u{3A}b:\u{3A}c::`,
		"x :::error::y":           `x ::\u{3A}error::y`,
		"arn:aws:iam::aws:policy": "arn:aws:iam::aws:policy",
		"fe80::1":                 "fe80::1",
		"section_start:1:x":       `section_start\u{3A}1:x`,
		"section_end:1:x":         `section_end\u{3A}1:x`,
		"x ##[group]y":            `x #\u{23}[group]y`,
		"##vso[task]":             `#\u{23}vso[task]`,
		"#### Title":              "#### Title",
		"\x1b[1m::error::":        "\x1b[1m:\\u{3A}error::",
	} {
		want = strings.ReplaceAll(want, `#\u{23}`, `\u{23}#`)
		got := view.BreakCommands([]byte(in))
		if isCommand.Match(got) {
			t.Errorf("breakCommands(%q) = %q holds a command", in, got)
		}
		if asWritten.Replace(string(got)) != in {
			t.Errorf("breakCommands(%q) = %q says something else", in, got)
		}
		if string(got) != want {
			t.Errorf("breakCommands(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestWorkflowOutputHasNoCommand writes every result with text that wants to be a
// command.
func TestWorkflowOutputHasNoCommand(t *testing.T) {
	t.Parallel()
	for _, attack := range []string{
		"::error::x", "##[error]x", "\n::error::x", "##vso[x]y", "x ::stop-commands::y", "2026-11-26T12:00:00Z ::add-mask::y", "::a::b::", "##teamcity[x]",
		"section_start:1:x\r\x1b[0K", "\u2028::error::x", "\u00a0::error::x",
	} {
		s := viewtest.New()
		attackAll(t, &s.View, attack)
		attackCalendar(t, &s.View, attack)
		if found := isCommand.Find(append(s.Stdout.Bytes(), s.Stderr.Bytes()...)); found != nil {
			t.Errorf("%q survives as %q", attack, found)
		}
	}
}

func TestOutputIsVisible(t *testing.T) {
	t.Parallel()
	for _, attack := range []string{"\x1b[2J", "\u202e", "\u200b", "\r", "\x9b", "\u2028"} {
		s := viewtest.New()
		attackAll(t, &s.View, attack)
		for _, line := range bytes.Split(append(s.Stdout.Bytes(), s.Stderr.Bytes()...), []byte("\n")) {
			checkVisible(t, "output", attack, string(line))
		}
		s = viewtest.New()
		attackCalendar(t, &s.View, attack)
		for _, line := range strings.Split(s.Stdout.String(), "\r\n") {
			checkVisible(t, "calendar", attack, line)
		}
	}
}
