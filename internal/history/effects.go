package history

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// effects says in lines what a step did to accounts, tokens and roles, what
// gives somebody something before what takes away.
func effects(s *step) []string {
	e := &effectList{}
	for _, c := range s.accounts {
		e.account(c)
	}
	for _, c := range s.roles {
		e.role(c)
	}
	if s.before != nil && s.after != nil && !reflect.DeepEqual(s.before.Applied, s.after.Applied) {
		e.givef("the settings last applied (guardrails, recipients, git or backend) are others")
	}
	return append(e.gives, e.takes...)
}

type effectList struct{ gives, takes []string }

func (e *effectList) givef(format string, args ...any) {
	e.gives = append(e.gives, fmt.Sprintf(format, args...))
}

func (e *effectList) takef(format string, args ...any) {
	e.takes = append(e.takes, fmt.Sprintf(format, args...))
}

func (e *effectList) role(c roleChange) {
	a := model.RoleAddress(c.name)
	switch {
	case c.before == nil:
		e.givef("%s appears", a)
	case c.after == nil:
		e.takef("%s disappears", a)
	case !reflect.DeepEqual(c.before.Policies, c.after.Policies):
		e.givef("%s has other policies", a)
	default:
		e.takef("%s is described or mapped otherwise", a)
	}
}

func (e *effectList) account(c accountChange) {
	a := model.AccountAddress(c.name)
	switch {
	case c.broken:
		e.givef("%s cannot be read any more", a)
		return
	case !c.before.Live() && c.after.Live():
		e.givef("%s appears", a)
	case c.before.Live() && !c.after.Live():
		e.takef("%s disappears", a)
	}
	before, after := rolesOf(c.before), rolesOf(c.after)
	if gained := minus(after, before); len(gained) > 0 {
		e.givef("%s gains %s", a, strings.Join(gained, ", "))
	}
	if lost := minus(before, after); len(lost) > 0 {
		e.takef("%s loses %s", a, strings.Join(lost, ", "))
	}
	if c.before.Live() && c.after.Live() && c.before.Protect && !c.after.Protect {
		e.givef("%s is no longer protected", a)
	}
	e.generations(c)
}

func rolesOf(a *state.Account) []string {
	if a == nil {
		return nil
	}
	return a.Roles()
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func (e *effectList) generations(c accountChange) {
	before, after := liveIn(c.before), liveIn(c.after)
	for _, a := range sortAddresses(after) {
		g, was := after[a], before[a]
		switch {
		case was == nil:
			e.givef("%s is live with %s%s", a, valueWords(g), withRoles(g))
		case was.Handle(a) != g.Handle(a):
			e.givef("%s has another value, %s%s", a, g.Handle(a), withRoles(g))
		case !reflect.DeepEqual(was, g):
			e.givef("%s is recorded otherwise", a)
		}
	}
	for _, a := range sortAddresses(before) {
		if after[a] == nil {
			e.takef("%s is no longer live", a)
		}
	}
}

func valueWords(g *state.Generation) string {
	if !g.Known() {
		return "an unknown value"
	}
	return "the value " + g.Value.Short()
}

func withRoles(g *state.Generation) string {
	if roles := g.CurrentRoles(); len(roles) > 0 {
		return " and the roles " + strings.Join(roles, ", ")
	}
	return ""
}

func liveIn(a *state.Account) map[model.Address]*state.Generation {
	out := map[model.Address]*state.Generation{}
	if a == nil {
		return out
	}
	for name, t := range a.Tokens {
		for i := range t.Generations {
			g := &t.Generations[i]
			out[model.TokenAddress(a.Name, name).At(g.Number)] = g
		}
	}
	return out
}

func sortAddresses(m map[model.Address]*state.Generation) []model.Address {
	out := make([]model.Address, 0, len(m))
	for a := range m {
		out = append(out, a)
	}
	slices.SortFunc(out, model.Address.Compare)
	return out
}
