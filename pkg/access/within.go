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
	everywhere := len(resources) == 0 || slices.Contains(resources, "*")
	if everywhere {
		resources = []string{"*"}
	}
	meant := Compile(&model.Role{Policies: []model.Policy{{Effect: model.Allow, Actions: actions, Resources: resources}}})
	held := r.sidesOf(nil, r.withDefault(roles))
	both := r.sidesOf(nil, append(slices.Clone(held.after), meant))
	out := sheet{rules: r, meter: &meter{left: unmetered}}
	if everywhere {
		_, granted := held.answerGlobal()
		out.global = granted & meant.everywhere.allowed
	}
	for i := range areas {
		f := both.field(i)
		_, granted := held.ask(i, f)
		at, _ := tallyUp([]*Compiled{meant}, i, f, make([]tally, len(f.points)), tally{})
		granted.unnamed = 0
		for j := range granted.at {
			granted.at[j] &= at[j].allowed
		}
		out.add(f, granted)
	}
	return out.grants()
}
