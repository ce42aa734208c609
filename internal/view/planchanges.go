package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// look is how an action is shown.
type look struct {
	mark string
	tone tone
	// risk orders the actions, the riskiest first.
	risk int
	// done is the action in the past tense.
	done string
}

var looks = map[plan.Action]look{
	plan.Delete: {"-", removes, 0, "deleted"},
	plan.Revoke: {"-", removes, 1, "revoked"},
	plan.Forget: {"-", removes, 2, "forgotten"},
	plan.Rotate: {"±", alters, 3, "rotated"},
	plan.Reseal: {"~", alters, 4, "resealed"},
	plan.Update: {"~", alters, 5, "updated"},
	plan.Adopt:  {"+", adds, 6, "adopted"},
	plan.Create: {"+", adds, 7, "created"},
}

func changesSection(p *plan.Plan) section {
	if p.Resealing {
		return resealsSection("Changes", p.Changes)
	}
	risks := risky(p)
	s := section{title: "Changes", graded: true}
	for n, c := range byRisk(p.Changes, risks) {
		_, grave := risks[c.Address.Token()]
		if n < maxChanges || c.Address.Kind == model.KindRole {
			i := changeItem(p, c)
			if i.grave = grave; n < maxChanges || i.heavy {
				s.items = append(s.items, i)
				continue
			}
		}
		s.left++
		s.leftGrave = s.leftGrave || grave
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

func changeItem(p *plan.Plan, c *plan.Change) item {
	l := looks[c.Action]
	i := item{mark: l.mark, tone: l.tone, head: []span{say(l.tone, string(c.Action)), say(plain, " "), quoteAs(strong, c.Address.String())}}
	for _, r := range c.Reasons {
		if p.Revoked != nil {
			i.add(quote(clip(r))) // somebody's words
			continue
		}
		i.add(tell(clip(r)))
	}
	for _, f := range c.Fields {
		lines, heavy := fieldLines(c, f)
		i.body, i.heavy = append(i.body, lines...), i.heavy || heavy
	}
	i.body = append(i.body, resolvedLines(p, c)...)
	if report.KeepsAccess(p, c) {
		i.add(say(faint, "no effective change of access"))
	}
	if c.Origin != nil && c.Origin.File != "" {
		i.add(say(faint, "declared in "), quoteAs(faint, clip(c.Origin.String())))
	}
	return i
}

// resolvedLines says what the day and the state decided.
func resolvedLines(p *plan.Plan, c *plan.Change) (lines [][]span) {
	r := c.Resolved
	if r == nil {
		return nil
	}
	if r.Generation > 0 {
		facts := "generation " + strconv.Itoa(r.Generation) + ", expires on " + r.ExpiresAt.String() + " (" + p.Date.Until(r.ExpiresAt).String() + "), roles "
		lines = append(lines, []span{say(plain, facts), quote(clip(orNone(r.Roles)))})
	}
	switch old := "generation " + strconv.Itoa(r.Replaces); {
	case r.Replaces == 0:
	case r.RevokeAfter > p.Date:
		lines = append(lines, overlapLines(old+" stays valid until "+r.RevokeAfter.String()+" ("+p.Date.Until(r.RevokeAfter).String()+")", r)...)
	default:
		lines = append(lines, []span{say(removes, old+" ends at once")})
	}
	return lines
}

// overlapLines say how long a replaced generation is valid, and what that is worth
// where it loses roles at once.
func overlapLines(valid string, r *plan.Resolved) [][]span {
	lost := quoteAs(removes, clip(strings.Join(r.ReplacedLoses, ", ")))
	switch {
	case len(r.ReplacedLoses) == 0:
		return [][]span{{say(plain, valid)}}
	case len(r.ReplacedKeeps) == 0:
		return [][]span{{say(removes, valid+" and can do nothing: it loses all its roles at once, "), lost}, {say(plain, overlapHelp)}}
	}
	return [][]span{
		{say(plain, valid+" with "), quote(clip(strings.Join(r.ReplacedKeeps, ", "))), say(removes, " and loses at once "), lost},
		{say(plain, overlapHelp)},
	}
}

const overlapHelp = "to keep the overlap: leave the account what it would lose, beside what it gains; take it away once this generation has ended"
