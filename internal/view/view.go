package view

import (
	"fmt"
	"io"

	"github.com/osmoctl/osmoctl/internal/pieces"
)

// Format is the form of a result.
type Format string

// The formats. Not every result has every one, see the package comment.
const (
	Text     Format = "text"
	JSON     Format = "json"
	Markdown Format = "markdown"   // plans, what came of them, why there is none, and what dates bring
	GitHub   Format = "github"     // validation, as annotations of a workflow run
	SARIF    Format = "sarif"      // validation and scans, as SARIF 2.1.0
	Calendar Format = "icalendar"  // what dates bring, by RFC 5545
	HTML     Format = "html"       // a project on one page
	Metrics  Format = "prometheus" // when tokens expire and rotate, for node_exporter
)

// View writes results and problems.
type View struct {
	// Out takes results, Err everything else.
	Out, Err io.Writer
	// Color and ErrColor say whether Out and Err are to be coloured.
	Color, ErrColor bool
	// Width and ErrWidth are how many cells a line of Out and Err has; 0 stands for
	// as many as it takes.
	Width, ErrWidth int
	// Paste is about the commands that it proposes.
	Paste Paste
	// Comment is what documents in Markdown are for.
	Comment Comment
}

// ErrFormat is returned for a format that a result does not have.
type ErrFormat struct{ Format Format }

func (e ErrFormat) Error() string {
	return fmt.Sprintf("the format %q is not one of this command", e.Format)
}

// Form is a result in the formats that it has: a document, and a function for each
// other one.
type Form struct {
	JSON any
	Text func(*Page)
	// icalendar has its own escaping and its own line ends, and so have metrics.
	Calendar, Metrics func() []byte
	// Markdown is the text in another form where there is both.
	Markdown func() Document
}

// Show writes a result to Out in one of its forms.
func (v *View) Show(f Format, r Form) error {
	switch {
	case f == Text || f == "":
		return v.Print(r.Text)
	case f == JSON:
		return v.WriteJSON(v.Out, r.JSON)
	case f == Calendar && r.Calendar != nil:
		return v.write(v.Out, r.Calendar())
	case f == Metrics && r.Metrics != nil:
		return v.write(v.Out, r.Metrics())
	case f == Markdown && r.Markdown != nil:
		return v.ShowDocument(f, r.Markdown())
	}
	return ErrFormat{f}
}

// Print writes text to Out.
func (v *View) Print(fill func(*Page)) error {
	p := &Page{colored: v.Color, width: v.Width, paste: v.Paste}
	fill(p)
	return v.write(v.Out, p.Bytes())
}

// Complain writes text to Err. Where even that fails there is nobody to tell.
func (v *View) Complain(fill func(*Page)) {
	p := &Page{colored: v.ErrColor, width: v.ErrWidth, paste: v.Paste}
	fill(p)
	_ = v.write(v.Err, p.Bytes())
}

// write is the one way to a writer for people's text: one call, so that lines
// of concurrent programs do not mix, past the guard against workflow commands.
func (v *View) write(w io.Writer, b []byte) error {
	_, err := w.Write(breakCommands(b))
	return err
}

// WriteJSON writes a document, indented as OSMO's CLI does. A long one is written piece
// by piece.
func (v *View) WriteJSON(w io.Writer, document any) error {
	n := &NeutralWriter{To: w}
	err := pieces.Write(n, document, false)
	if err != nil && n.Failed == nil {
		return fmt.Errorf("write the result as JSON: %w", err)
	}
	return err
}

// NeutralWriter spells JSON as [NeutralJSON] does. What it is given ends between two
// items, never within a string.
type NeutralWriter struct {
	To io.Writer
	// Failed is the error of To, if there was one.
	Failed error
}

func (w *NeutralWriter) Write(b []byte) (int, error) {
	_, w.Failed = w.To.Write(NeutralJSON(b))
	return len(b), w.Failed
}

// NeutralJSON is a document in the spelling in which it may be shown anywhere.
func NeutralJSON(b []byte) []byte { return breakCommandsInJSON(escapeJSON(maskJSON(b))) }

// Words writes our own words to Out, some of them escaped ones of others.
func (v *View) Words(text string) error { return v.write(v.Out, []byte(text)) }

// Note writes one line to Err, for what a command has to say beside its result.
func (v *View) Note(text string) {
	v.Complain(func(p *Page) { p.Spans(Quote(v.Paste.Rewrite(text))) })
}

// Warn writes one line to Err that begins with "warning: ".
func (v *View) Warn(text string) {
	v.Complain(func(p *Page) { p.Spans(Say(Warn, "warning: "), Quote(v.Paste.Rewrite(text))) })
}
