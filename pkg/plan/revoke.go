package plan

import (
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Revoked is what makes a plan one that ends generations now, for a leak.
type Revoked struct {
	// Addresses are what was asked for, sorted: a token stands for all its
	// live generations.
	Addresses []model.Address `json:"addresses"`
	// Reason is why, in the words of whoever asked. The tombstones keep it.
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
	what.Addresses = sortedAddresses(what.Addresses)
	b := newBuilder(want, have, opts)
	b.room = unlimited
	applied := asApplied(have)
	if want == nil {
		b.want = applied
	}
	b.rights = b.allRights(nil)
	for _, a := range what.Addresses {
		b.revokeNow(a, "revoked: "+what.Reason)
	}
	if b.problems.HasErrors() {
		b.problems.Sort()
		return nil, b.problems
	}
	b.afterwards(want)
	p := b.finish(KindRevoke)
	p.Revoked = &what
	return p, nil
}

// asApplied declares the roles and guardrails of a state, and nothing else of it:
// what makes a plan of another kind than Build's changes none of them.
func asApplied(s *state.Snapshot) *model.Declarations {
	want := &model.Declarations{Roles: map[string]*model.Role{}, Accounts: map[string]*model.Account{}}
	want.Project.Guardrails, want.Project.Server = s.Meta.Applied.Guardrails, s.Meta.Applied.Server
	for name, r := range s.Roles {
		want.Roles[name] = &model.Role{Name: name, Policies: r.Policies}
	}
	return want
}

// revokeNow ends one generation, or all that are live of a token.
func (b *builder) revokeNow(a model.Address, reason string) {
	t := b.appliedToken(a)
	switch {
	case t == nil || a.Generation > t.LastGeneration:
		b.problem(CodeNeverIssued, diag.Position{}, "osmoctl token list shows what there is", "%s cannot be revoked: it was never issued", a)
	case a.Generation == 0:
		b.revokeAll(a, t, reason)
	case t.Generation(a.Generation) == nil:
		b.warn("already_ended", a, "%s", endedWords(t, a.Generation))
	case !b.planned(a):
		g := t.Generation(a.Generation)
		b.add(Change{Address: a, Action: Revoke, Reasons: []string{reason}, Before: appliedGeneration(g)})
	}
}

func (b *builder) revokeAll(a model.Address, t *state.Token, reason string) {
	if len(t.Generations) == 0 {
		b.warn("already_ended", a, "%s", endedWords(t, t.LastGeneration))
	}
	for i := range t.Generations {
		b.revokeNow(a.At(t.Generations[i].Number), reason)
	}
}

func (b *builder) planned(a model.Address) bool {
	return slices.ContainsFunc(b.changes, func(c Change) bool { return c.Address == a })
}

// endedWords says when and why a generation ended.
func endedWords(t *state.Token, number int) string {
	for i := range t.Tombstones {
		if s := &t.Tombstones[i]; s.Generation == number {
			return fmt.Sprintf("generation %d ended on %s: %s", number, s.EndedOn, s.Reason)
		}
	}
	return fmt.Sprintf("generation %d has ended", number)
}

// afterwards says what the revocations mean: which access is gone now, and what
// the next apply issues in place of what ended.
func (b *builder) afterwards(want *model.Declarations) {
	next := b.have.Edit()
	tokens := []model.Address{}
	for i := range b.changes {
		next.End(b.changes[i].Address, b.today, "")
		if a := b.changes[i].Address.Token(); !slices.Contains(tokens, a) {
			tokens = append(tokens, a)
		}
	}
	if len(tokens) == 0 {
		return
	}
	then := b.nextPlan(want, next.Snapshot())
	for _, a := range tokens {
		left := next.Snapshot().Accounts[a.Account].Tokens[a.Name]
		b.noteAccess(accessCase{subject: a, cause: a, before: b.liveRoles(b.appliedToken(a)), after: b.liveRoles(left), effective: b.today})
		b.imply(a, a, "%s", b.nextWords(then, a, left))
	}
}

// nextPlan is what the declarations ask for once the revocations are done, or
// nil where that cannot be told.
func (b *builder) nextPlan(want *model.Declarations, next *state.Snapshot) *Plan {
	if want == nil {
		return nil
	}
	then, problems := Build(want, next, Options{Today: b.today})
	if problems.HasErrors() {
		return nil
	}
	return then
}

// liveRoles are those that some generation of a token carries today.
func (b *builder) liveRoles(t *state.Token) []string {
	var roles []string
	for i := range t.Generations {
		if g := &t.Generations[i]; g.ExpiresAt > b.today {
			roles = append(roles, g.CurrentRoles()...)
		}
	}
	return model.Set(roles)
}

// nextWords says what the next apply does for a token of which these generations
// are left.
func (b *builder) nextWords(then *Plan, a model.Address, left *state.Token) string {
	if then == nil {
		return "what the next apply issues in its place is for declarations to say that cannot be read or planned now"
	}
	if heir, ok := b.heirOf(a); ok {
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

// heirOf is the declared token that takes over from one that is declared no more.
func (b *builder) heirOf(a model.Address) (heir model.Address, ok bool) {
	account := b.want.Accounts[a.Account]
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
