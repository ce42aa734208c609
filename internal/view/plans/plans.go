// Package plans lays out plans, and what came of them.
//
// A plan for people is one document: what stands in the way first, then its risks,
// the changes, what they mean for access, for readers and for the rails themselves,
// and last what is good to know. In a comment on a pull request access comes right
// behind the risks, and all the rest is folded. In each section the heaviest stands first
// ([access.Weight]), so that what is cut for length is the least harmful; risks are
// never cut. A comment that has no room even for those says so, and [RisksFit] lets
// commands refuse the plan.
package plans

import (
	"bytes"
	"errors"
	"io"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Show writes a plan: text, JSON or Markdown.
func Show(v *view.View, p *plan.Plan, f view.Format) error {
	if f == view.JSON {
		return WriteJSON(v.Out, p)
	}
	return v.ShowDocument(f, planDocument(p, v.Paste))
}

// WriteJSON writes a plan as JSON, both as it is shown and as a plan file holds
// it: people and runners read those as well. It is written piece by piece, for a
// plan may be large.
func WriteJSON(to io.Writer, p *plan.Plan) error {
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
		_, w.failed = w.to.Write(view.NeutralJSON(w.held.Bytes()))
	}
	w.held.Reset()
	return w.failed
}

// ShowPartial writes what a run on a server did of a plan.
func ShowPartial(v *view.View, p *plan.Plan, e *apply.PartialError, f view.Format) error {
	if f == view.JSON {
		return v.WriteJSON(v.Out, report.PartOf(p, e))
	}
	return v.ShowDocument(f, partialReport(p, e))
}

// ShowApplied writes what applying a plan did: text, JSON or Markdown.
func ShowApplied(v *view.View, p *plan.Plan, r *apply.Result, f view.Format) error {
	if f == view.JSON {
		return v.WriteJSON(v.Out, report.AppliedOf(p, r))
	}
	return v.ShowDocument(f, applyReport(p, r))
}
