package plans

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// look is how an action is shown.
type look struct {
	mark string
	tone view.Tone
	// risk orders the actions, the riskiest first.
	risk int
	// done is the action in the past tense.
	done string
}

var looks = map[plan.Action]look{
	plan.Delete: {"-", view.Removes, 0, "deleted"},
	plan.Revoke: {"-", view.Removes, 1, "revoked"},
	plan.Forget: {"-", view.Removes, 2, "forgotten"},
	plan.Rotate: {"±", view.Alters, 3, "rotated"},
	plan.Reseal: {"~", view.Alters, 4, "resealed"},
	plan.Update: {"~", view.Alters, 5, "updated"},
	plan.Adopt:  {"+", view.Adds, 6, "adopted"},
	plan.Create: {"+", view.Adds, 7, "created"},
}

func changesSection(p *plan.Plan) view.Section {
	if p.Resealing {
		return resealsSection("Changes", p.Changes)
	}
	risks := risky(p)
	s := view.Section{Title: "Changes", Graded: true}
	for n, c := range byRisk(p.Changes, risks) {
		_, grave := risks[c.Address.Token()]
		if n < view.MaxChanges || c.Address.Kind == model.KindRole {
			i := changeItem(p, c)
			if i.Grave = grave; n < view.MaxChanges || i.Heavy {
				s.Items = append(s.Items, i)
				continue
			}
		}
		s.Left++
		s.LeftGrave = s.LeftGrave || grave
	}
	return s
}

// byRisk returns the changes, the riskiest first, in the plan's order where they
// are alike.
func byRisk(changes []plan.Change, risks map[model.Address]int) []*plan.Change {
	out := make([]*plan.Change, len(changes))
	for i := range changes {
		out[i] = &changes[i]
	}
	grade := func(c *plan.Change) int {
		if n, grave := risks[c.Address.Token()]; grave {
			return n
		}
		return len(risks) + 1
	}
	slices.SortStableFunc(out, func(a, b *plan.Change) int {
		return cmp.Or(grade(a)-grade(b), looks[a.Action].risk-looks[b.Action].risk)
	})
	return out
}

func changeItem(p *plan.Plan, c *plan.Change) view.Item {
	i := nameChange(c)
	for _, r := range c.Reasons {
		if p.Revoked != nil {
			i.Add(view.Quote(view.Clip(r))) // somebody's words
			continue
		}
		i.Add(view.Tell(view.Clip(r)))
	}
	addFields(&i, c)
	i.Body = append(i.Body, resolutionLines(p, c)...)
	if report.KeepsAccess(p, c) {
		i.Add(view.Say(view.Faint, "no effective change of access"))
	}
	if c.Origin != nil && c.Origin.File != "" {
		i.Add(view.Say(view.Faint, "declared in "), view.QuoteAs(view.Faint, view.Clip(c.Origin.String())))
	}
	return i
}

// nameChange is a change with its address alone.
func nameChange(c *plan.Change) view.Item {
	l := looks[c.Action]
	return view.Item{Mark: l.mark, Tone: l.tone, Head: []view.Span{view.Say(l.tone, string(c.Action)), view.Say(view.Plain, " "), view.QuoteAs(view.Strong, c.Address.String())}}
}

// addFields adds what a change makes of each field.
func addFields(i *view.Item, c *plan.Change) {
	for _, f := range c.Fields {
		lines, heavy := fieldLines(c, f)
		i.Body, i.Heavy = append(i.Body, lines...), i.Heavy || heavy
	}
}

// resolutionLines says what the day and the state decided.
func resolutionLines(p *plan.Plan, c *plan.Change) (lines [][]view.Span) {
	r := c.Resolved
	if r == nil {
		return nil
	}
	if r.Generation > 0 {
		facts := "generation " + strconv.Itoa(r.Generation) + ", expires on " + r.ExpiresAt.String() + " (" + p.Date.Until(r.ExpiresAt).String() + "), roles "
		lines = append(lines, []view.Span{view.Say(view.Plain, facts), view.Quote(view.Clip(view.OrNone(r.Roles)))})
	}
	switch old := "generation " + strconv.Itoa(r.Replaces); {
	case r.Replaces == 0:
	case r.RevokeAfter > p.Date:
		lines = append(lines, overlapLines(old+" stays valid until "+r.RevokeAfter.String()+" ("+p.Date.Until(r.RevokeAfter).String()+")", r)...)
	default:
		lines = append(lines, []view.Span{view.Say(view.Removes, old+" ends at once")})
	}
	return lines
}

// overlapLines say how long a replaced generation is valid, and what that is worth
// where it loses roles at once.
func overlapLines(valid string, r *plan.Resolved) [][]view.Span {
	lost := view.QuoteAs(view.Removes, view.Clip(strings.Join(r.ReplacedLoses, ", ")))
	switch {
	case len(r.ReplacedLoses) == 0:
		return [][]view.Span{{view.Say(view.Plain, valid)}}
	case len(r.ReplacedKeeps) == 0:
		return [][]view.Span{{view.Say(view.Removes, valid+" and can do nothing: it loses all its roles at once, "), lost}, {view.Say(view.Plain, overlapHelp)}}
	}
	return [][]view.Span{
		{view.Say(view.Plain, valid+" with "), view.Quote(view.Clip(strings.Join(r.ReplacedKeeps, ", "))), view.Say(view.Removes, " and loses at once "), lost},
		{view.Say(view.Plain, overlapHelp)},
	}
}

const overlapHelp = "to keep the overlap: leave the account what it would lose, beside what it gains; take it away once this generation has ended"
