package view

import (
	"bytes"
	"slices"
	"strings"

	"github.com/fatih/color"
)

// tone is why a piece of text is coloured.
type tone uint8

const (
	plain tone = iota
	strong
	faint
	adds    // something comes into being, or may do more
	alters  // something changes
	removes // something goes, or may do less
	warn
	fault
)

// colors are this package's own: whether they are used is the view's to say, and
// not the library's, which looks at the environment.
var colors = map[tone]*color.Color{
	strong:  enabled(color.Bold),
	faint:   enabled(color.Faint),
	adds:    enabled(color.FgGreen),
	alters:  enabled(color.FgYellow),
	removes: enabled(color.FgRed),
	warn:    enabled(color.FgYellow, color.Bold),
	fault:   enabled(color.FgRed, color.Bold),
}

func enabled(attributes ...color.Attribute) *color.Color {
	c := color.New(attributes...)
	c.EnableColor()
	return c
}

// span is a piece of a line. Foreign marks text that is not this program's own
// words; Markdown shows it as code. Told marks sentences of our own with names of
// others in them; Markdown shows the names as code.
type span struct {
	text    string
	tone    tone
	foreign bool
	told    bool
	// command marks commands to paste, see [Paste].
	command bool
}

// say is a span of our own words, without a character that Markdown knows.
func say(t tone, text string) span { return span{text: text, tone: t} }

// quote is a span of text from elsewhere.
func quote(text string) span { return span{text: text, foreign: true} }

// tell is a span of a sentence from elsewhere in this program, which may name
// what others named.
func tell(text string) span { return span{text: text, told: true} }

// run is a span of commands that the reader is to run.
func run(text string) span { return span{text: text, foreign: true, command: true} }

// quoteAs is quote in a tone.
func quoteAs(t tone, text string) span { return span{text: text, tone: t, foreign: true} }

// page collects one output of text. Everything written through its methods is
// escaped for a terminal.
type page struct {
	bytes.Buffer
	colored bool
	// width is where lines of words are broken; 0 breaks none.
	width int
	paste Paste
}

// line writes one line of plain text.
func (p *page) line(text string) { p.WriteString(EscapeTerminal(text) + "\n") }

// blank writes an empty line.
func (p *page) blank() { p.WriteByte('\n') }

// spans writes one line made of spans, broken where the page is not wide enough.
func (p *page) spans(spans ...span) {
	spans = slices.Clone(spans)
	for i, s := range spans {
		if s.command {
			spans[i].text = p.paste.in(s.text)
		}
	}
	if p.width > 0 && lineWidth(spans) > p.width {
		p.wrapped(spans)
		return
	}
	p.unbroken(spans...)
}

// unbroken writes one line made of spans, however long.
func (p *page) unbroken(spans ...span) {
	for _, s := range spans {
		p.WriteString(p.paint(s))
	}
	p.WriteByte('\n')
}

func (p *page) paint(s span) string {
	text := EscapeTerminal(s.text)
	if c := colors[s.tone]; c != nil && p.colored && text != "" {
		return c.Sprint(text)
	}
	return text
}

// field writes one line "Name: value".
func (p *page) field(name, value string) { p.line(name + ": " + value) }

// optional is field where there is a value.
func (p *page) optional(name, value string) {
	if value != "" {
		p.field(name, value)
	}
}

// hint writes one line about what to do next, where there is something.
func (p *page) hint(text string) {
	if text != "" {
		p.spans(say(strong, "hint"), say(plain, ": "), run(text))
	}
}

// orDash is what stands in a table where there is nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// orNone lists words, or says None as OSMO's CLI does.
func orNone(list []string) string {
	if len(list) == 0 {
		return "None"
	}
	return strings.Join(list, ", ")
}
