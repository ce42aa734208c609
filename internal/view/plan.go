package view

import (
	"bytes"
	"errors"
	"io"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Plan writes a plan: text, JSON or Markdown.
func (v *View) Plan(p *plan.Plan, f Format) error {
	if f == JSON {
		return WritePlanJSON(v.Out, p)
	}
	return v.showDocument(f, planDocument(p, v.Paste))
}

// WritePlanJSON writes a plan as JSON, both as it is shown and as a plan file holds
// it: people and runners read those as well. It is written piece by piece, for a
// plan may be large.
func WritePlanJSON(to io.Writer, p *plan.Plan) error {
	w := &neutralWriter{to: to}
	err := p.WriteJSON(w)
	if err == nil {
		err = w.flush()
	}
	switch {
	case w.failed != nil:
		return w.failed
	case err != nil:
		return errors.New("this plan cannot be written as JSON")
	}
	return nil
}

// neutralWriter spells JSON as neutralJSON does. What it is given ends between two
// items, never within a string.
type neutralWriter struct {
	to     io.Writer
	held   bytes.Buffer
	failed error
}

// enoughJSON is how much is held back before it is written.
const enoughJSON = 64 << 10

func (w *neutralWriter) Write(b []byte) (int, error) {
	w.held.Write(b)
	if w.held.Len() < enoughJSON {
		return len(b), nil
	}
	return len(b), w.flush()
}

func (w *neutralWriter) flush() error {
	if w.failed == nil {
		_, w.failed = w.to.Write(neutralJSON(w.held.Bytes()))
	}
	w.held.Reset()
	return w.failed
}

// Applied writes what applying a plan did: text, JSON or Markdown.
func (v *View) Applied(p *plan.Plan, r *apply.Result, f Format) error {
	if f == JSON {
		return v.printJSON(v.Out, report.AppliedOf(p, r))
	}
	return v.showDocument(f, appliedReport(p, r))
}
