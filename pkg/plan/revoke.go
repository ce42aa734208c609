package plan

import (
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// MaxReason bounds the reason of a revocation, in bytes: it stands in one line of a
// commit.
const MaxReason = 200

// Revoked is what makes a plan one that ends generations now, for a leak.
type Revoked struct {
	// Addresses are what was asked for, sorted: a token stands for all its
	// live generations.
	Addresses []model.Address `json:"addresses"`
	// Reason is why, in the words of the one who asked. The tombstones keep it.
	Reason string `json:"reason"`
}

// CodeNeverIssued is the code of a revocation of what there never was.
const CodeNeverIssued = "never_issued"

// RevokeNow is the plan that ends generations today, whatever their dates say,
// and does nothing else: what the declarations want besides is for the next
// apply. What that will issue in their place stands among the implied effects.
// Where nothing named is live any more, the plan is empty and its warnings say
// when it ended, so that a revocation can be asked for twice.
//
// want is nil where the declarations cannot be read: a leak does not wait for
// them. The problems are addresses that were never issued.
func RevokeNow(want *model.Declarations, have *state.Snapshot, what Revoked, opts Options) (*Plan, diag.List) {
	what.Addresses = sortAddresses(what.Addresses)
	b := basis{want: want, have: have, today: opts.Today}
	if want == nil {
		b.want = asApplied(have)
	}
	d := &draft{room: newUnlimitedRoom()}
	for _, a := range what.Addresses {
		d.join(revoke(b, a, d.changes, "revoked: "+what.Reason))
	}
	if d.problems.HasErrors() {
		d.problems.Sort()
		return nil, d.problems
	}
	by := newCountingPlanner(b, heirs{})
	d.join(sayAfterwards(by, want, d.changes))
	p, problems := d.finish(by, KindRevoke, nil, opts)
	p.Revoked = &what
	return p, problems
}

// revoke ends one generation, or all that are live of a token, but for those that
// are ended by the changes already.
func revoke(b basis, a model.Address, planned []Change, reason string) (out part) {
	t := b.findApplied(a)
	if t == nil || a.Generation > t.LastGeneration {
		out.fail(CodeNeverIssued, diag.Position{}, "osmoctl token list shows what there is", "%s cannot be revoked: it was never issued", a)
		return out
	}
	ends := t.Generations
	if a.Generation != 0 {
		ends = slices.DeleteFunc(slices.Clone(ends), func(g state.Generation) bool { return g.Number != a.Generation })
	}
	if len(ends) == 0 {
		number := a.Generation
		if number == 0 {
			number = t.LastGeneration
		}
		out.warn("already_ended", a, "%s", explainEnd(t, number))
	}
	for i := range ends {
		at := a.At(ends[i].Number)
		if !slices.ContainsFunc(planned, func(c Change) bool { return c.Address == at }) {
			out.change(Change{Address: at, Action: Revoke, Reasons: []string{reason}, Before: showGeneration(&ends[i])})
		}
	}
	return out
}

// explainEnd says when and why a generation ended.
func explainEnd(t *state.Token, number int) string {
	for i := range t.Tombstones {
		if s := &t.Tombstones[i]; s.Generation == number {
			return fmt.Sprintf("generation %d ended on %s: %s", number, s.EndedOn, s.Reason)
		}
	}
	return fmt.Sprintf("generation %d has ended", number)
}

// sayAfterwards says what revocations mean: which access is gone now, and what the
// next apply of the declarations issues in place of what ended.
func sayAfterwards(by planner, declared *model.Declarations, changes []Change) (out part) {
	next := by.have.Edit()
	tokens := []model.Address{}
	for i := range changes {
		next.End(changes[i].Address, by.today, "")
		if a := changes[i].Address.Token(); !slices.Contains(tokens, a) {
			tokens = append(tokens, a)
		}
	}
	if len(tokens) == 0 {
		return out
	}
	after := next.Snapshot()
	// Without declarations, or with problems in them, it cannot be told.
	var then *Plan
	if declared != nil {
		then, _ = Build(declared, after, Options{Today: by.today})
	}
	for _, a := range tokens {
		left := after.Accounts[a.Account].Tokens[a.Name]
		by.access().note(&out, accessCase{
			subject: a, cause: a, before: rights.Applied(by.have, by.today).Carried(a), after: rights.Applied(after, by.today).Carried(a), effective: by.today,
		})
		out.imply(a, a, "%s", nextWords(by.want, then, a, left))
	}
	return out
}

// nextWords says what the next apply does for a token of which these generations
// are left.
func nextWords(want *model.Declarations, then *Plan, a model.Address, left *state.Token) string {
	if then == nil {
		return "what the next apply issues in its place is for declarations to say that cannot be read or planned now"
	}
	if heir, ok := findHeir(want, a); ok {
		return heirWords(then, heir)
	}
	for i := range then.Changes {
		switch c := &then.Changes[i]; {
		case c.Address != a:
		case c.Action == Rotate:
			return fmt.Sprintf("the next apply issues generation %d, which expires on %s: take the token out of the declarations if nothing is to replace it", c.Resolved.Generation, c.Resolved.ExpiresAt)
		case c.Action == Delete:
			return "is no longer declared: the next apply issues nothing in its place"
		}
	}
	if g := left.Active(); g != nil && g.ExpiresAt > then.Date {
		return fmt.Sprintf("generation %d stays active", g.Number)
	}
	return "the next apply issues nothing in its place: nothing declared asks for a value that would be alive"
}

// findHeir finds the declared token that takes over from one that is declared no more.
func findHeir(want *model.Declarations, a model.Address) (heir model.Address, ok bool) {
	account := want.Accounts[a.Account]
	if account == nil || account.Tokens[a.Name] != nil {
		return heir, false
	}
	for _, name := range model.Names(account.Tokens) {
		if slices.Contains(account.Tokens[name].Previously, a.Name) {
			return model.TokenAddress(a.Account, name), true
		}
	}
	return heir, false
}

func heirWords(then *Plan, heir model.Address) string {
	for i := range then.Changes {
		if c := &then.Changes[i]; c.Address == heir && (c.Action == Create || c.Action == Rotate) {
			return fmt.Sprintf("%s takes over from it: the next apply issues its generation %d, which expires on %s", heir, c.Resolved.Generation, c.Resolved.ExpiresAt)
		}
	}
	return fmt.Sprintf("%s has taken over from it, and stays as it is", heir)
}
