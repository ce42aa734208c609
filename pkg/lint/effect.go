package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// maxSteps is how much a run compares: some seconds of work, which is far more than
// roles take that people write.
const maxSteps = 20_000_000

// maxGrants bounds what one comparison may write down, in bytes.
const maxGrants = 1 << 24

// compare is the difference that roles make for whoever has others already. It fails,
// and every later one of the run does, once there is no room for more.
func (p *project) compare(rules *access.Rules, about *model.Role, before, after []*access.Compiled) (gained, lost []access.Grant, ok bool) {
	if p.stopped != nil {
		return nil, nil, false
	}
	compiling := 0
	for i := range about.Policies {
		compiling += len(about.Policies[i].Actions) + 8*len(about.Policies[i].Resources)
	}
	gained, lost, used, ok := rules.DiffCompiled(before, after, access.Work{Steps: p.left - compiling, Bytes: maxGrants})
	if p.left -= used.Steps + compiling; !ok || p.left < 0 {
		p.stopped = about
		return nil, nil, false
	}
	return gained, lost, true
}

// everything is held against a Deny: it matters where somebody has what it refuses.
var everything = access.Compile(&model.Role{Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"*:*"}, Resources: []string{"*"}}}})

// isSame reports whether a role means the same, on every server that the project may be
// for, as it does with less: an Allow to whoever has nothing else but what everybody has,
// a Deny to whoever may do everything.
func (p *project) isSame(role *model.Role, less []model.Policy, deny bool) bool {
	if p.stopped != nil {
		return false
	}
	part := *role
	part.Policies = less
	with, without := access.Compile(role), access.Compile(&part)
	for _, on := range p.sides {
		var base []*access.Compiled
		if deny {
			base = append(base, everything)
		}
		if role.Name != access.DefaultRole {
			base = append(base, on.base)
		}
		gained, lost, ok := p.compare(on.Rules, role, append(slices.Clip(base), without), append(slices.Clip(base), with))
		if !ok || len(gained) > 0 || len(lost) > 0 {
			return false
		}
	}
	return true
}

// findIdle finds the statements of a role that change nothing, once. Of two that say the
// same the first is kept, so they are looked at from the last, each without those found
// already.
func (p *project) findIdle(role *model.Role) map[int]bool {
	if known, ok := p.idle[role]; ok {
		return known
	}
	out := map[int]bool{}
	p.idle[role] = out
	rest := *role
	rest.Policies = slices.Clone(role.Policies)
	sole := p.findSole(role)
	for i := len(rest.Policies) - 1; i >= 0; i-- {
		if p.isFelt(statement{&role.Policies[i], role, i}, sole[i]) {
			continue
		}
		less := slices.Delete(slices.Clone(rest.Policies), i, i+1)
		if p.isSame(&rest, less, rest.Policies[i].Effect == model.Deny) {
			out[i] = true
			rest.Policies = less
		}
	}
	return out
}

// findStatementsWithoutEffect passes over statements of actions that the server does not
// know: that is said of them already.
func findStatementsWithoutEffect(p *project) (out []finding) {
	for _, role := range p.roles {
		idle := p.findIdle(role)
		for i := range role.Policies {
			s := statement{&role.Policies[i], role, i}
			if !idle[i] || len(s.Actions) > 0 && !slices.ContainsFunc(s.Actions, p.sides[0].Knows) {
				continue
			}
			why := "what it allows is allowed already, by the role " + quote(role.Name) + " or to everybody, or nothing matches it"
			if s.denies() {
				why = "what it refuses is refused already, or nothing matches it"
			}
			out = append(out, s.find(s.Origin, "this statement changes nothing: "+why, "delete it, or check its actions and resources"))
		}
	}
	return out
}

// findActionsWithoutEffect looks at the actions of statements that have an effect. Those
// that the server does not know have a rule of their own.
func findActionsWithoutEffect(p *project) (out []finding) {
	for _, role := range p.roles {
		idle := p.findIdleActions(role)
		for i := range role.Policies {
			s := statement{&role.Policies[i], role, i}
			if len(idle[i]) == 0 {
				continue
			}
			why := "it is allowed to everybody, or by another pattern of the role"
			if s.denies() {
				why = "another pattern of the role refuses it"
			}
			out = append(out, s.find(s.ActionAt(idle[i][0]),
				list(idle[i], func(i int) string { return quote(s.Actions[i]) })+" changes nothing here: "+why, "delete it"))
		}
	}
	return out
}

// findIdleActions has, for each statement of a role, the indexes of the actions that change
// nothing. As with statements, the first of two that say the same is kept.
func (p *project) findIdleActions(role *model.Role) map[int][]int {
	out := map[int][]int{}
	rest := *role
	rest.Policies = slices.Clone(role.Policies)
	for i := range p.findIdle(role) {
		rest.Policies[i].Actions = nil
	}
	sole := p.findSole(role)
	for i := len(rest.Policies) - 1; i >= 0; i-- {
		own := &rest.Policies[i]
		alone := p.findSoleActions(own.Actions)
		for j := len(own.Actions) - 1; j >= 0 && len(own.Actions) > 1; j-- {
			if !p.sides[0].Knows(own.Actions[j]) || p.isFelt(statement{&role.Policies[i], role, i}, sole[i]&alone[j]) {
				continue
			}
			less := slices.Clone(rest.Policies)
			less[i].Actions = slices.Delete(slices.Clone(own.Actions), j, j+1)
			if p.isSame(&rest, less, own.Effect == model.Deny) {
				own.Actions = less[i].Actions
				out[i] = slices.Insert(out[i], 0, j)
			}
		}
	}
	return out
}

// findSameRoles finds roles that grant and refuse the same.
func findSameRoles(p *project) (out []finding) {
	first := map[string]*model.Role{}
	for _, role := range p.roles {
		key, ok := p.meaning(role)
		if !ok {
			continue
		}
		if other := first[key]; other != nil {
			out = append(out, aboutRole(role, "the role "+quote(role.Name)+" means the same as "+quote(other.Name),
				"one role with two lists of holders says it once", relatedTo(other.Origin, "the other one")...))
			continue
		}
		first[key] = role
	}
	return out
}

// meaning is the same for two roles exactly where they grant, to whoever has nothing else,
// and refuse, to whoever may do everything, the same. A role that does neither has none.
func (p *project) meaning(role *model.Role) (key string, ok bool) {
	var text strings.Builder
	for _, on := range p.sides {
		gained := on.gained[role]
		_, lost, done := p.compare(on.Rules, role, []*access.Compiled{everything}, []*access.Compiled{everything, p.compiled[role]})
		if !done {
			return "", false
		}
		ok = ok || len(gained)+len(lost) > 0
		fmt.Fprintf(&text, "%q %q\n", gained, lost)
	}
	return text.String(), ok
}

// findLeftOut stands last among the rules that compare, so that it knows.
func findLeftOut(p *project) []finding {
	if p.stopped == nil {
		return nil
	}
	return []finding{aboutRole(p.stopped,
		"roles from "+quote(p.stopped.Name)+" on were not compared: what changes nothing, what means the same, and what grants more than its description, was not looked for in all of them",
		"the roles are too large together: split the project, or look at this role by itself")}
}
