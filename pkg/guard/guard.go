// Package guard holds a plan against the guardrails: limits on what one plan may
// do.
//
// Every guardrail is a row of one table, [Table]: its name, the flag that lifts
// it for one run, the plans that it is asked about, the pure function that checks
// it, and how two values of its setting compare. A new guardrail is a row here,
// with its setting, if it has one, as a field of [model.Guardrails]: osmoctl.yaml
// is read, state is written, and two settings are compared by those fields.
//
// A plan is held against the guardrails that the last apply recorded and against
// the declared ones, and what either of them forbids is blocked: no pull request
// loosens a guardrail and profits from it in one go. What others found to be
// wrong, with the history of state or with the place that it was read from,
// blocks a plan by the same door, as [Facts.First] and [Facts.Found].
//
// What a flag lifts for one run, an approval in the declarations lifts for one plan,
// once: see approvals.go.
//
// The functions of package plan return plans whose Blocked is nil: nobody held
// them against anything, and apply refuses them. [Hold] is what makes them whole.
package guard

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Facts is what a plan is judged by beside itself. None of it is changed.
type Facts struct {
	// Declared is what the plan was made from; nil where that was state alone.
	// Then only the recorded guardrails bind.
	Declared *model.Declarations
	// Applied is the state that the plan was made against.
	Applied *state.Snapshot
	// Restored is the state that comes back; nil where none does.
	Restored *state.Snapshot
	// Allow lifts guardrails for this run.
	Allow model.Allowance
	// Base is the branch that the declarations are to be merged into, and
	// BaseApprovals are those that it has where they left it. "" is none.
	Base          string
	BaseApprovals []model.Approval
	// Limits bound the plan with what blocks it; the zero Limits are the defaults.
	Limits model.Limits
	// StateEdited names files under state/ in which the declarations' commit
	// differs from the commit that state was read from.
	StateEdited []string
	// First and Found are what was found to be wrong with the place of state or
	// with its history. First stands before what the guardrails block, Found
	// after it.
	First, Found []plan.Blocked
	// RisksFit tells whether a reviewer is shown every risk of the plan; nil is
	// that there is nobody to show them to.
	RisksFit func(*plan.Plan) bool

	// judged is what the guardrails about access are asked by; see [Hold].
	judged *judged
}

// Hold completes a plan by what the guardrails say of it: it adds the risks of
// guardrails that are loosened, and sets what blocks the plan. The error is a
// [diag.List] with [plan.CodeTooLarge] where there is no room for all of that.
func Hold(p *plan.Plan, f Facts) error {
	found, done := judgeAccess(p, f)
	if !done {
		return plan.TooMuchAccess("to hold everybody's access against guardrails, too many sets of roles would have to be looked at", f.Limits)
	}
	f.judged = found
	warnStanding(p, f)
	var spent []model.Approval
	if f.Declared != nil {
		p.AddRisks(append(findLoosened(p, f), findReleased(p, f)...))
	}
	approvable := f.Declared != nil && p.Kind() == plan.KindDeclared
	if approvable {
		var approved model.Allowance
		approved, spent = approve(p, f)
		f.Allow = approved.With(f.Allow)
	}
	blocked, fits := check(p, f)
	for i := range blocked {
		if approvable && fits {
			sayApprovals(p, &blocked[i], spent)
		}
	}
	if !fits {
		return plan.TooLarge(f.Limits)
	}
	p.Blocked = blocked
	return nil
}

// warnStanding warns of what the plan leaves as it is, and a guardrail would not let
// through if it came today, and says what dates bring.
func warnStanding(p *plan.Plan, f Facts) {
	if f.judged == nil {
		return
	}
	in, said := input{Facts: f, plan: p}, map[string]bool{}
	for _, in.rails = range bothRails(f) {
		for _, r := range table {
			if r.standing != nil {
				for _, w := range r.standing(in) {
					if !said[w.Message] {
						said[w.Message] = true
						p.Warnings = append(p.Warnings, w)
					}
				}
			}
			if r.upcoming != nil {
				p.Expect(r.upcoming(in)...)
			}
		}
	}
}

// check asks every guardrail that concerns plans of this kind. It reports false
// where what they block has no room in the plan.
func check(p *plan.Plan, f Facts) ([]plan.Blocked, bool) {
	e := &entries{list: append([]plan.Blocked{}, notLifted(f.First, f.Allow)...), said: map[string]bool{}, room: p.Room}
	in := input{Facts: f, plan: p}
	var asked []Rail
	for _, r := range table {
		if slices.Contains(r.kinds, p.Kind()) {
			asked = append(asked, r)
		}
	}
	for _, r := range asked {
		if r.once != nil {
			e.add(r, r.once(in))
		}
	}
	for _, in.rails = range bothRails(f) {
		for _, r := range asked {
			if r.whole != nil {
				e.add(r, r.whole(in))
			}
		}
		for i := range p.Changes {
			for _, r := range asked {
				if r.change != nil {
					e.add(r, r.change(in, &p.Changes[i]))
				}
			}
		}
	}
	e.list = append(e.list, notLifted(f.Found, f.Allow)...)
	for _, r := range asked {
		if r.last != nil {
			e.add(r, r.last(in))
		}
	}
	return e.list, e.room >= 0
}

// notLifted are those of the entries that others found which nothing lifts.
func notLifted(list []plan.Blocked, by model.Allowance) []plan.Blocked {
	flags := by.Flags()
	return slices.DeleteFunc(slices.Clone(list), func(b plan.Blocked) bool { return b.Flag != "" && slices.Contains(flags, b.Flag) })
}

// entries collects what is blocked, while there is room for it.
type entries struct {
	list []plan.Blocked
	// said keeps what both sets of guardrails forbid from being said twice.
	said map[string]bool
	room int
}

func (e *entries) add(r Rail, list []plan.Blocked) {
	const frame = 150 + 150 // what JSON puts around an entry, and what approves it
	for _, b := range list {
		b.Guardrail = r.Name
		key := b.Guardrail + " " + b.Flag
		if b.Address != nil {
			key += " " + b.Address.String()
		}
		if r.several {
			key += " " + b.Detail
		}
		if e.said[key] {
			continue
		}
		if e.room -= frame + 3*len(key) + len(b.Detail); e.room < 0 {
			e.room = -1
			return
		}
		e.said[key] = true
		e.list = append(e.list, b)
	}
}

// limits are guardrails with the keys that their recipient names stood for when
// they were declared.
type limits struct {
	model.Guardrails
	keys map[string][]string
}

// bothRails are those declared and those recorded, as far as there are any.
func bothRails(f Facts) (both []limits) {
	if f.Declared != nil {
		both = append(both, limits{f.Declared.Project.Guardrails, state.SettingsOf(f.Declared.Project).Recipients})
	}
	if f.Applied.Exists() {
		both = append(both, limits{f.Applied.Meta.Applied.Guardrails, f.Applied.Meta.Applied.Recipients})
	}
	return both
}
