package access

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Within is the part of what the roles grant, with [DefaultRole] among them, that lies
// within actions on resources, as the patterns of a policy name them. It is what a
// rule about access is held against: by whatever pattern, role or server's habit
// something is granted, it is in here if it is meant.
//
// No resources, or "*" among them, is everywhere, which includes the actions that have
// no resource and, for "*:*", the requests without an action; other resources leave
// those out. Requests that name no resource where their like do count where their
// whole scope is granted.
func (r *Rules) Within(roles []*Compiled, actions, resources []string) []Grant {
	return r.within(r.sidesOf(nil, r.withDefault(roles)), PartOf(actions, resources), &meter{left: unmetered})
}

// Part is what a rule about access is about: actions on resources, as for
// [Rules.Within]. It is made once of each rule.
type Part struct {
	meant *Compiled
	// everywhere says that what has no resource is meant too.
	everywhere bool
}

// PartOf is the part that actions and resources name.
func PartOf(actions, resources []string) *Part {
	everywhere := len(resources) == 0 || slices.Contains(resources, "*")
	if everywhere {
		resources = []string{"*"}
	}
	meant := &model.Role{Policies: []model.Policy{{Effect: model.Allow, Actions: actions, Resources: resources}}}
	return &Part{meant: Compile(meant), everywhere: everywhere}
}

// GainWithin is the part of what [Rules.DiffCompiled] says is gained that lies within a
// rule's. It gives up where it would take more than most.
func (r *Rules) GainWithin(before, after []*Compiled, p *Part, most Work) (gained []Grant, used Work, ok bool) {
	s := r.sidesOf(r.withDefault(before), r.withDefault(after))
	if used.Steps = s.with(p.meant).steps(); used.Steps > most.Steps {
		return nil, used, false
	}
	m := meter{left: most.Bytes}
	gained = r.within(s, p, &m)
	used.Bytes = most.Bytes - m.left
	return gained, used, m.left >= 0
}

// with adds a role to those after.
func (s sides) with(c *Compiled) sides {
	s.after = append(slices.Clone(s.after), c)
	return s
}

// within is what the side after has and the one before has not, within a part.
func (r *Rules) within(s sides, p *Part, m *meter) []Grant {
	places, out := s.with(p.meant), sheet{rules: r, meter: m}
	if p.everywhere {
		before, after := s.answerGlobal()
		out.global = after &^ before & p.meant.everywhere.allowed
	}
	for i := range areas {
		f := places.field(i)
		before, after := s.ask(i, f)
		at, _ := tallyUp([]*Compiled{p.meant}, i, f, make([]tally, len(f.points)), tally{})
		gained := after.minus(before)
		gained.unnamed = 0
		for j := range gained.at {
			gained.at[j] &= at[j].allowed
		}
		out.add(f, gained)
	}
	return out.grants()
}
