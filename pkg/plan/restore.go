package plan

import (
	"reflect"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Restored is what makes a plan one to go back to an earlier state.
type Restored struct {
	// Commit is the one whose state comes back.
	Commit string `json:"commit"`
	// Files below state/ are written or removed, sorted. They may be other
	// files than the changes are about, where some were damaged.
	Files []string `json:"files"`
}

// Restore is the plan that makes the state before into the state after, which a
// restoration gave. before is what can be read of the state at hand. Its digest
// is that of any plan.
func Restore(before, after *state.Snapshot, restored Restored, opts Options) *Plan {
	b := basis{want: asApplied(after), have: before, today: opts.Today}
	d := &draft{room: newUnlimitedRoom()}
	d.changes = Compare(before, after, "as it was at commit "+restored.Commit[:min(12, len(restored.Commit))])
	by := newCountingPlanner(b, heirs{})
	for _, name := range model.Names(union(before.Accounts, after.Accounts)) {
		if was, is := before.Accounts[name], after.Accounts[name]; was.Live() || is.Live() {
			d.join(followAccount(by, rights.Applied(after, opts.Today), name, was, is))
		}
	}
	p, _ := d.finish(by, KindRestore, nil, opts)
	p.Restored = &restored
	return p
}

// followAccount notes what the changes mean for an account and its tokens: their
// access, and the tokens that go with their account.
func followAccount(by planner, next rights.Book, name string, was, is *state.Account) (out part) {
	a := model.AccountAddress(name)
	by.access().move(&out, a, a, next.Roles(a))
	for _, token := range model.Names(union(tokensOf(was), tokensOf(is))) {
		t, had, has := model.TokenAddress(name, token), tokensOf(was)[token], tokensOf(is)[token]
		if had.Live() && !is.Live() {
			out.imply(t, a, "is deleted with its account, with every generation")
		}
		if had.Live() || has.Live() {
			by.access().move(&out, t, t, next.Roles(t))
		}
	}
	return out
}

func tokensOf(a *state.Account) map[string]*state.Token {
	if a == nil {
		return nil
	}
	return a.Tokens
}

// Compare lists what differs between two states as changes, in the order of
// plans. A generation that is live before and not after is revoked, unless its
// token goes as a whole; one that is back, or recorded otherwise, is created or
// updated. reason is that of every change.
func Compare(before, after *state.Snapshot, reason string) []Change {
	c := &comparison{reason: reason, before: before.Meta.Applied.KeyNames(), after: after.Meta.Applied.KeyNames()}
	for _, name := range model.Names(union(before.Roles, after.Roles)) {
		c.role(model.RoleAddress(name), before.Roles[name], after.Roles[name])
	}
	for _, name := range model.Names(union(before.Accounts, after.Accounts)) {
		c.account(name, before.Accounts[name], after.Accounts[name])
	}
	sortChanges(c.changes)
	return c.changes
}

type comparison struct {
	reason string
	// before and after name the keys of readers.
	before, after map[string]string
	changes       []Change
}

// add notes a change where there is one; nil is an object that is not there.
func (c *comparison) add(a model.Address, before, after *Object) {
	change := Change{Address: a, Before: before, After: after, Fields: fieldsOf(before, after), Reasons: []string{c.reason}}
	switch {
	case before == nil && after == nil:
		return
	case before == nil:
		change.Action = Create
	case after == nil && a.Generation > 0:
		change.Action = Revoke
	case after == nil:
		change.Action = Delete
	case len(change.Fields) == 0:
		return
	default:
		change.Action = Update
	}
	c.changes = append(c.changes, change)
}

func (c *comparison) role(a model.Address, before, after *state.Role) {
	var was, is *Object
	if before != nil {
		was = showRole(before)
	}
	if after != nil {
		is = showRole(after)
	}
	c.add(a, was, is)
	stays := access.IsBuiltin(a.Name) || before != nil && before.External || after != nil && after.External
	if n := len(c.changes) - 1; stays && n >= 0 && c.changes[n].Address == a {
		switch {
		case is == nil:
			c.changes[n].Action = Forget
		case was == nil:
			c.changes[n].Action = Adopt
		}
	}
}

func (c *comparison) account(name string, before, after *state.Account) {
	var was, is *Object
	if before.Live() {
		was = showAccount(before)
	}
	if after.Live() {
		is = showAccount(after)
	}
	c.add(model.AccountAddress(name), was, is)
	if is == nil {
		return // Its tokens go with it.
	}
	for _, token := range model.Names(union(tokensOf(before), tokensOf(after))) {
		c.token(model.TokenAddress(name, token), tokensOf(before)[token], tokensOf(after)[token])
	}
}

func (c *comparison) token(a model.Address, before, after *state.Token) {
	var was, is *Object
	if before.Live() {
		was = showToken(before, c.before)
	}
	if after.Live() {
		is = showToken(after, c.after)
	}
	c.add(a, was, is)
	if was == nil || is == nil {
		return
	}
	numbers := map[int]bool{}
	for _, t := range []*state.Token{before, after} {
		for i := range t.Generations {
			numbers[t.Generations[i].Number] = true
		}
	}
	for n := range numbers {
		c.generation(a.At(n), before.Generation(n), after.Generation(n))
	}
}

// generation also tells of records that differ in what no field shows, such as
// the sum of the value.
func (c *comparison) generation(a model.Address, before, after *state.Generation) {
	var was, is *Object
	if before != nil {
		was = showGeneration(before)
	}
	if after != nil {
		is = showGeneration(after)
	}
	count := len(c.changes)
	c.add(a, was, is)
	if before != nil && after != nil && len(c.changes) == count && !reflect.DeepEqual(*before, *after) {
		c.changes = append(c.changes, Change{
			Address: a, Action: Update, Before: was, After: is, Fields: []Field{},
			Reasons: []string{c.reason, "its record was changed"},
		})
	}
}
