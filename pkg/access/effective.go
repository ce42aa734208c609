package access

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Grant is one piece of effective access, in the words of a plan. The package
// comment says how to read the two fields.
type Grant struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// The resources of a [Grant] that are no pattern of OSMO's.
const (
	// Unregistered is the resource of the grant whose action is "*": the requests
	// that no action covers, all of which [UnregisteredRequests] lists.
	Unregistered = "users, roles of users, deletion of configuration, workflow tags and all else without an action"
	// Everything is the resource of the grant that sums up all others.
	Everything = "*"
)

// Effective is what the roles, with [DefaultRole] among them, grant altogether:
// sorted, never nil, and the same for any two sets of roles that mean the same,
// however they are written.
func (r *Rules) Effective(roles []*model.Role) []Grant {
	granted, _ := r.sidesOf(nil, compileAll(r.Roles(roles))).compare(&meter{left: unmetered})
	return granted
}

// EffectiveCompiled is [Rules.Effective] of roles that were compiled before.
func (r *Rules) EffectiveCompiled(roles []*Compiled) []Grant {
	granted, _ := r.sidesOf(nil, r.withDefault(roles)).compare(&meter{left: unmetered})
	return granted
}

// Diff is what the holder of the roles before gains and loses where they become
// those after. A side without roles stands for nobody in particular: both have
// what [DefaultRole] gives to everybody, which therefore is no news. Both
// results are sorted and never nil; both are empty exactly where nothing
// changes.
func (r *Rules) Diff(before, after []*model.Role) (gained, lost []Grant) {
	return r.sidesOf(compileAll(r.Roles(before)), compileAll(r.Roles(after))).compare(&meter{left: unmetered})
}

func compileAll(s Roles) []*Compiled {
	out := make([]*Compiled, len(s.roles))
	for i, r := range s.roles {
		out[i] = Compile(r)
	}
	return out
}

// compare asks both sides at every place where either could answer differently
// from its surroundings, so the difference of the answers is the difference of
// the access. Where only roles that both sides have say something, the answers
// cannot differ, so nothing is asked there.
func (s sides) compare(m *meter) (gained, lost []Grant) {
	b, a := s.answerGlobal()
	gains, losses := sheet{rules: s.rules, global: a &^ b, meter: m}, sheet{rules: s.rules, global: b &^ a, meter: m}
	for i := range areas {
		f := s.field(i)
		b, a := s.ask(i, f)
		gains.add(f, a.minus(b))
		losses.add(f, b.minus(a))
	}
	return gains.grants(), losses.grants()
}

// statement is one policy that has an effect, ready for comparison.
type statement struct {
	deny      bool
	actions   actionSet
	resources []string
}

func statementsOf(r *model.Role) []statement {
	var out []statement
	for i := range r.Policies {
		p := &r.Policies[i]
		effect, actions := effectOf(p), matchingActions(p.Actions)
		if effect != "" && actions != 0 {
			out = append(out, statement{effect == model.Deny, actions, p.Resources})
		}
	}
	return out
}

// tally collects what statements say at one place.
type tally struct{ allowed, denied actionSet }

func (t *tally) add(s *statement) {
	if s.deny {
		t.denied |= s.actions
	} else {
		t.allowed |= s.actions
	}
}

func (t *tally) merge(u tally) {
	t.allowed |= u.allowed
	t.denied |= u.denied
}

// result applies the rule that a Deny in any role wins.
func (t tally) result() actionSet { return t.allowed &^ t.denied }

// answers is what one side grants throughout a field.
type answers struct {
	// at holds one answer for each point.
	at []actionSet
	// unnamed is the answer for the resource that OSMO cannot tell.
	unnamed actionSet
}

func (a answers) none() bool {
	return a.unnamed == 0 && !slices.ContainsFunc(a.at, func(s actionSet) bool { return s != 0 })
}

func (a answers) minus(b answers) answers {
	out := answers{slices.Clone(a.at), a.unnamed &^ b.unnamed}
	for i := range out.at {
		out.at[i] &^= b.at[i]
	}
	return out
}
