package view

import (
	"bytes"
	"slices"
	"strings"

	"github.com/fatih/color"
)

// Tone is why a piece of text is coloured.
type Tone uint8

const (
	Plain Tone = iota
	Strong
	Faint
	Adds    // something comes into being, or may do more
	Alters  // something changes
	Removes // something goes, or may do less
	Warn
	Fault
)

// colors are this package's own: whether they are used is the view's to say, and
// not the library's, which looks at the environment.
var colors = map[Tone]*color.Color{
	Strong:  newColor(color.Bold),
	Faint:   newColor(color.Faint),
	Adds:    newColor(color.FgGreen),
	Alters:  newColor(color.FgYellow),
	Removes: newColor(color.FgRed),
	Warn:    newColor(color.FgYellow, color.Bold),
	Fault:   newColor(color.FgRed, color.Bold),
}

func newColor(attributes ...color.Attribute) *color.Color {
	c := color.New(attributes...)
	c.EnableColor()
	return c
}

// Span is a piece of a line. Foreign marks text that is not this program's own
// words; Markdown shows it as code. Told marks sentences of our own with names of
// others in them; Markdown shows the names as code.
type Span struct {
	Text          string
	tone          Tone
	Foreign, Told bool
	// Command marks commands to paste, see [Paste].
	Command bool
}

// Say is a span of our own words, without a character that Markdown knows.
func Say(t Tone, text string) Span { return Span{Text: text, tone: t} }

// Quote is a span of text from elsewhere.
func Quote(text string) Span { return Span{Text: text, Foreign: true} }

// Tell is a span of a sentence from elsewhere in this program, which may name
// what others named.
func Tell(text string) Span { return Span{Text: text, Told: true} }

// Run is a span of commands that the reader is to run.
func Run(text string) Span { return Span{Text: text, Foreign: true, Command: true} }

// QuoteAs is quote in a tone.
func QuoteAs(t Tone, text string) Span { return Span{Text: text, tone: t, Foreign: true} }

// Page collects one output of text. Everything written through its methods is
// escaped for a terminal.
type Page struct {
	bytes.Buffer
	colored bool
	// width is where lines of words are broken; 0 breaks none.
	width int
	paste Paste
}

// Line writes one line of plain text, broken where the page is not wide enough.
func (p *Page) Line(text string) { p.Spans(Quote(text)) }

// Blank writes an empty line.
func (p *Page) Blank() { p.WriteByte('\n') }

// Blocks writes n things, with an empty line between any two.
func (p *Page) Blocks(n int, write func(i int)) {
	for i := range n {
		if i > 0 {
			p.Blank()
		}
		write(i)
	}
}

// Spans writes one line made of spans, broken where the page is not wide enough.
func (p *Page) Spans(spans ...Span) {
	spans = slices.Clone(spans)
	for i, s := range spans {
		if s.Command {
			spans[i].Text = p.paste.Rewrite(s.Text)
		}
	}
	if p.width > 0 && lineWidth(spans) > p.width {
		p.writeWrapped(spans)
		return
	}
	p.Unbroken(spans...)
}

// Room is how many cells there are for what stands behind an indentation; most where
// the page has no width.
func (p *Page) Room(indent, most int) int {
	if p.width == 0 {
		return most
	}
	return max(1, min(most, p.width-indent))
}

// Unbroken writes one line made of spans, however long.
func (p *Page) Unbroken(spans ...Span) {
	for _, s := range spans {
		p.WriteString(p.paint(s))
	}
	p.WriteByte('\n')
}

func (p *Page) paint(s Span) string {
	text := EscapeTerminal(s.Text)
	if c := colors[s.tone]; c != nil && p.colored && text != "" {
		return c.Sprint(text)
	}
	return text
}

// Field writes one line "Name: value".
func (p *Page) Field(name, value string) { p.Line(name + ": " + value) }

// Optional is field where there is a value.
func (p *Page) Optional(name, value string) {
	if value != "" {
		p.Field(name, value)
	}
}

// Hint writes one line about what to do next, where there is something.
func (p *Page) Hint(text string) {
	if text != "" {
		p.Spans(Say(Strong, "hint"), Say(Plain, ": "), Run(text))
	}
}

// OrDash is what stands in a table where there is nothing.
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// OrNone lists words, or says None as OSMO's CLI does.
func OrNone(list []string) string {
	if len(list) == 0 {
		return "None"
	}
	return strings.Join(list, ", ")
}
