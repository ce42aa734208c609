package plans

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// accessGroup is subjects to whom the same happens.
type accessGroup struct {
	list []plan.Access
	// weight is that of the heaviest grant they gain.
	weight access.Weight
}

// accessSection says who may do more and who less: the heaviest gains first, then
// what concerns most. Groups that gain something heavy are never cut: those that
// there is no room for in full are put together by what is heavy in them.
func accessSection(p *plan.Plan) view.Section {
	scale := access.Scale{}
	groups := accessGroups(p.Access, scale)
	s := view.Section{Title: "Access", Graded: true}
	for _, g := range groups[:min(len(groups), view.MaxItems)] {
		s.Items = append(s.Items, accessItem(p, g, scale))
	}
	var heavy []plan.Access
	for _, g := range groups[len(s.Items):] {
		if !g.weight.Heavy() {
			s.Left++
			continue
		}
		heavy = append(heavy, g.list...)
	}
	keys := map[*access.Grant]string{}
	heavyKey := func(a plan.Access) string {
		key, known := keys[&a.Gained[0]]
		if !known {
			key = grantsKey(heavyGrants(a.Gained, scale)) + fmt.Sprint(access.Crowds(a.Gained), serverOf(a))
			keys[&a.Gained[0]] = key
		}
		return key
	}
	for _, list := range view.Group(heavy, heavyKey) {
		s.Items = append(s.Items, heavyItem(list, scale))
	}
	if slices.ContainsFunc(s.Items, hasException) {
		s.Items = append(s.Items, view.Item{Mark: "*", Tone: view.Faint, Head: []view.Span{view.Say(view.Faint, exceptWords)}})
	}
	return s
}

// exceptWords is the one meaning of the word: a grant says by itself what it is
// not about, and not why.
const exceptWords = "a line is not about what it excepts: that is denied, or no change, or in a line of its own"

func hasException(i view.Item) bool {
	return slices.ContainsFunc(i.Body, func(line []view.Span) bool {
		return slices.ContainsFunc(line, func(s view.Span) bool { return s.Foreign && strings.Contains(s.Text, " except ") })
	})
}

func accessGroups(list []plan.Access, scale access.Scale) []accessGroup {
	// Subjects with equal roles share their grants, so most keys are known
	// without looking at a single grant.
	keys := map[grantsAt]string{}
	groups := view.Group(list, func(a plan.Access) string {
		at := locateGrants(a)
		key, known := keys[at]
		if !known {
			s := serverOf(a)
			key = grantsKey(a.Gained) + grantsKey(a.Lost) + a.EffectiveOn.String() + s.Version + string(s.Mode)
			keys[at] = key
		}
		return key
	})
	out := make([]accessGroup, len(groups))
	for i, g := range groups {
		out[i] = accessGroup{g, scale.Heaviest(g[0].Gained)}
	}
	slices.SortStableFunc(out, func(a, b accessGroup) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), len(b.list)-len(a.list))
	})
	return out
}

// grantsAt tells lists of grants apart by where they lie in memory.
type grantsAt struct {
	gained, lost *access.Grant
	effective    model.Date
	sizes        [2]int
	server       model.Server
}

func locateGrants(a plan.Access) grantsAt {
	at := grantsAt{effective: a.EffectiveOn, sizes: [2]int{len(a.Gained), len(a.Lost)}, server: serverOf(a)}
	if len(a.Gained) > 0 {
		at.gained = &a.Gained[0]
	}
	if len(a.Lost) > 0 {
		at.lost = &a.Lost[0]
	}
	return at
}

// serverOf is the server that an entry is about, the zero one where it holds for
// all.
func serverOf(a plan.Access) model.Server {
	if a.Server == nil {
		return model.Server{}
	}
	return *a.Server
}

func grantsKey(list []access.Grant) string {
	var b strings.Builder
	for _, g := range list {
		b.WriteString(strconv.Quote(g.Action) + strconv.Quote(g.Resource))
	}
	return b.String() + ";"
}

func heavyGrants(list []access.Grant, scale access.Scale) (heavy []access.Grant) {
	for _, g := range list {
		if scale.Weight(g).Heavy() {
			heavy = append(heavy, g)
		}
	}
	return heavy
}

func accessItem(p *plan.Plan, g accessGroup, scale access.Scale) view.Item {
	a := g.list[0]
	i := view.Item{Mark: "~", Tone: view.Alters, Heavy: g.weight.Heavy(), Head: nameSubjects(g.list)}
	i.Body = append(i.Body, grantLines("gains", view.Adds, a.Gained, scale)...)
	i.Body = append(i.Body, grantLines("loses", view.Removes, a.Lost, scale)...)
	if len(a.Lost) > 0 && a.EffectiveOn > p.Date {
		i.Add(view.Say(view.Warn, "until "+a.EffectiveOn.String()), view.Say(view.Plain, " the old generation keeps what is lost"))
	}
	return i
}

// nameSubjects names the subjects of entries that say the same, and the server that it is
// true of where it is not true of all.
func nameSubjects(list []plan.Access) []view.Span {
	head := view.Subjects(list, func(a plan.Access) model.Address { return a.Subject })
	if list[0].Subject.Kind == model.KindRole {
		head = append([]view.Span{view.Say(view.Strong, "everybody"), view.Say(view.Plain, ", by ")}, head...)
	}
	if on := list[0].Server; on != nil {
		head = append(head, view.Say(view.Plain, " on OSMO "+on.Version+" in "+on.Mode.Words()))
	}
	return head
}

// heavyItem is about subjects whose heavy gains are the same, whatever else they
// gain and lose.
func heavyItem(list []plan.Access, scale access.Scale) view.Item {
	i := view.Item{Mark: "~", Tone: view.Alters, Heavy: true, Head: nameSubjects(list)}
	i.Body = grantLines("gains", view.Adds, heavyGrants(list[0].Gained, scale), scale)
	for _, c := range access.Crowds(list[0].Gained) {
		i.Add(view.Say(view.Adds, "gains"), view.Say(view.Plain, " "+view.Count(c.Prefixes)+" prefixes of two characters below "), view.Quote(c.Root))
	}
	i.Add(view.Say(view.Faint, "and other access, none of it heavy by itself, which -t json lists"))
	return i
}

// grantLines lists what is gained or lost, the heaviest first. Nothing heavy is left
// out: what there are too many lines for is bundled by action and scope.
func grantLines(verb string, t view.Tone, grants []access.Grant, scale access.Scale) (lines [][]view.Span) {
	sorted := byWeight(grants, scale)
	heavy := len(sorted)
	for heavy > 0 && !sorted[heavy-1].weight.Heavy() {
		heavy--
	}
	if heavy > view.MaxGrants {
		for _, b := range scale.Heavy(grants) {
			lines = append(lines, []view.Span{view.Say(t, verb), view.Say(view.Plain, " "), view.Quote(view.Clip(b.String()))})
		}
		sorted = sorted[heavy:]
	}
	for n, g := range sorted {
		if len(lines) >= view.MaxGrants {
			rest := " more, none of them heavy"
			if len(access.Crowds(grants)) > 0 {
				rest = " more, none of them heavy by itself"
			}
			return append(lines, []view.Span{view.Say(t, verb), view.Say(view.Plain, " "+view.Count(len(sorted)-n)+rest)})
		}
		line := []view.Span{view.Say(t, verb), view.Say(view.Plain, " "), view.Quote(view.Clip(g.Action))}
		if g.Resource != "" {
			line = append(line, view.Say(view.Plain, " on "), view.Quote(view.Clip(g.Resource)))
		}
		lines = append(lines, line)
	}
	return lines
}

type weighedGrant struct {
	access.Grant
	weight access.Weight
}

func byWeight(grants []access.Grant, scale access.Scale) []weighedGrant {
	out := make([]weighedGrant, len(grants))
	for i, g := range grants {
		out[i] = weighedGrant{g, scale.Weight(g)}
	}
	slices.SortStableFunc(out, func(a, b weighedGrant) int { return cmp.Compare(b.weight, a.weight) })
	return out
}
