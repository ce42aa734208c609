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
	w := &view.NeutralWriter{To: to}
	err := p.WriteJSON(w)
	if err != nil && w.Failed == nil {
		return errors.New("this plan cannot be written as JSON")
	}
	return err
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
