package plans

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// policyLine is a policy that comes or goes.
type policyLine struct {
	policy model.Policy
	comes  bool
	weight access.Weight
}

// policyLines shows the policies that go and those that come, before all those
// that widen access by something heavy; the others stay. Where they are many, all
// are sorted by what they add. Nothing heavy is left out.
func policyLines(f plan.Field) (lines [][]view.Span, heavy bool) {
	before, _ := f.Before.([]model.Policy)
	after, _ := f.After.([]model.Policy)
	list := append(linesOf(subtractPolicies(before, after), false), linesOf(subtractPolicies(after, before), true)...)
	if len(list) == 0 {
		return [][]view.Span{{view.Say(view.Plain, "policies: in another order")}}, false
	}
	slices.SortStableFunc(list, func(a, b policyLine) int {
		if x, y := a.danger(), b.danger(); x.Heavy() || y.Heavy() || len(list) > view.MaxFields {
			return cmp.Compare(y, x)
		}
		return 0
	})
	for n, l := range list {
		if n >= view.MaxFields && !l.weight.Heavy() && !slices.ContainsFunc(list[n:], func(l policyLine) bool { return l.weight.Heavy() }) {
			lines = append(lines, []view.Span{view.Say(view.Faint, "and "+view.Count(len(list)-n)+" more, none of them heavy, which -t json lists")})
			break
		}
		mark, t := "- ", view.Removes
		if l.comes {
			mark, t = "+ ", view.Adds
		}
		lines = append(lines, []view.Span{view.Say(view.Plain, "policy "), view.QuoteAs(t, mark+clipPolicy(l.policy))})
	}
	return lines, list[0].danger().Heavy()
}

func linesOf(policies []model.Policy, comes bool) []policyLine {
	out := make([]policyLine, len(policies))
	for i, p := range policies {
		w, _, _ := access.WeighPolicy(p)
		out[i] = policyLine{p, comes, w}
	}
	return out
}

// danger is the weight of what may give more access: an Allow that comes, or a Deny
// that goes. What narrows is said as well, after it.
func (l policyLine) danger() access.Weight {
	if l.comes == (l.policy.Effect != model.Deny) {
		return l.weight
	}
	return access.Nothing
}

// clipPolicy is PolicyWords where that is short. Else each of its lists begins
// with its heaviest patterns, so that what is cut weighs no more than what is shown.
func clipPolicy(p model.Policy) string {
	if words := accounts.PolicyWords(p); utf8.RuneCountInString(words) <= view.MaxText {
		return words
	}
	_, actions, resources := access.WeighPolicy(p)
	effect := view.ClipTo(string(cmp.Or(p.Effect, model.Allow)), maxPattern)
	words := effect + " " + clipPatterns(actions)
	if len(resources) == 0 {
		return words + " where no resource is named"
	}
	return words + " on " + clipPatterns(resources)
}

// maxPattern is how much of one pattern is shown where there are many.
const maxPattern = 60

func clipPatterns(list []access.Weighed) string {
	if len(list) == 0 {
		return "nothing"
	}
	var shown []string
	room := view.MaxText / 2
	for n, w := range list {
		pattern := view.ClipTo(w.Pattern, maxPattern)
		room -= utf8.RuneCountInString(pattern) + len(", ")
		if room < 0 && n > 0 {
			rest := ", none of them heavy)"
			if w.Weight.Heavy() {
				rest = ", none of them heavier)"
			}
			return strings.Join(shown, ", ") + "… (" + view.Count(len(list)-n) + " more" + rest
		}
		shown = append(shown, pattern)
	}
	return strings.Join(shown, ", ")
}
