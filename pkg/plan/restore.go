package plan

import (
	"reflect"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
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
	b := newComparison(before, after, opts)
	b.changes = Compare(before, after, "as it was at commit "+short(restored.Commit))
	b.follow(after)
	p := b.finish(KindRestore)
	p.Restored = &restored
	return p
}

func short(commit string) string { return commit[:min(12, len(commit))] }

func newComparison(before, after *state.Snapshot, opts Options) *builder {
	want := asApplied(after)
	b := &builder{room: unlimited, want: want, have: before, opts: opts, today: opts.Today}
	b.rights = b.allRights(nil)
	return b
}

// follow notes what the changes mean for accounts and tokens: their access, and
// the tokens that go with their account.
func (b *builder) follow(after *state.Snapshot) {
	for _, name := range model.Names(union(b.have.Accounts, after.Accounts)) {
		was, is := b.have.Accounts[name], after.Accounts[name]
		if was.Live() || is.Live() {
			b.followAccount(model.AccountAddress(name), was, is)
		}
	}
}

func (b *builder) followAccount(a model.Address, was, is *state.Account) {
	var before, after []string
	if was.Live() {
		before = was.Roles()
	}
	if is.Live() {
		after = is.Roles()
	}
	b.noteAccess(accessCase{subject: a, cause: a, before: before, after: after, effective: b.today})
	for _, name := range model.Names(union(tokensOf(was), tokensOf(is))) {
		b.followToken(model.TokenAddress(a.Name, name), a, tokensOf(was)[name], tokensOf(is)[name], is.Live())
	}
}

func (b *builder) followToken(a, account model.Address, was, is *state.Token, stays bool) {
	if was.Live() && !stays {
		b.imply(a, account, "is deleted with its account, with every generation")
	}
	if was.Live() || is.Live() {
		b.tokenAccess(a, a, b.rolesNow(is), was)
	}
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
	c := &comparison{reason: reason, before: namesByID(before.Meta.Applied.Recipients), after: namesByID(after.Meta.Applied.Recipients)}
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
		was = appliedRole(before)
	}
	if after != nil {
		is = appliedRole(after)
	}
	c.add(a, was, is)
	if n := len(c.changes) - 1; access.IsBuiltin(a.Name) && n >= 0 && c.changes[n].Address == a {
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
		was = appliedAccount(before)
	}
	if after.Live() {
		is = appliedAccount(after)
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
		was = appliedToken(before, c.before)
	}
	if after.Live() {
		is = appliedToken(after, c.after)
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
		was = appliedGeneration(before)
	}
	if after != nil {
		is = appliedGeneration(after)
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
