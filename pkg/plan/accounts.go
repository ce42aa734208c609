package plan

import (
	"slices"
	"sync"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// An estate has a hundred thousand accounts, of which a plan changes a few, so planning costs
// what the memory costs that it has to look at. Each account is looked up once, by
// [pairAccounts], and whatever is asked of every account is asked in one walk over them, of
// one account after the other, on all processors. What is found is joined in the order of the
// accounts, so nothing depends on who was done first.

// pair is an account as it is declared beside what was applied of it. Either may be nil, and
// not both.
type pair struct {
	want *model.Account
	have *state.Account
}

// pairAccounts are the accounts that are declared, by name, and after them those that were
// applied and are not declared, by name.
func pairAccounts(want map[string]*model.Account, have map[string]*state.Account) []pair {
	undeclared := beside(func() []string { return missing(have, want) })
	names := model.Names(want)
	names = append(names, undeclared()...)
	return parallel.Map(names, func(name string) pair { return pair{want[name], have[name]} })
}

// beside begins something that looks at all accounts, and changes none, while other work
// goes on, and returns what waits for its result.
func beside[T any](find func() T) (wait func() T) {
	done := make(chan T, 1)
	go func() { done <- find() }()
	return sync.OnceValue(func() T { return <-done })
}

// survey is what is found out about accounts whatever is planned of them.
type survey struct {
	// leaks are the values in their declarations, and earlier the warnings about earlier names.
	leaks   leakSearch
	earlier part
	// declared and readable count for whom their tokens are, and who can open them.
	declared declaredTally
	readable readableTally
}

// walkLength is how many accounts one walk takes: enough to make what they share once, and few
// enough that no processor waits for another at the end.
const walkLength = 256

// planAccounts plans all accounts, as long as there is room, and surveys them.
func (p tokenPlanner) planAccounts(d *draft, accounts []pair) (found survey) {
	type walk struct {
		draft
		survey
	}
	fixed, values := p.fixesRoles(), sync.OnceValue(func() map[state.Sum]model.Address { return indexValues(p.have) })
	found.leaks.values = values
	walks := parallel.Map(slices.Collect(slices.Chunk(accounts, walkLength)), func(chunk []pair) *walk {
		w, by := &walk{draft: draft{room: d.room}}, p
		w.leaks.values, by.keys = values, p.keys.fork()
		for _, account := range chunk {
			w.survey.take(p.basis, account)
			if !d.room.full() {
				by.planPair(&w.draft, account, fixed)
			}
		}
		return w
	})
	planned := len(d.changes)
	for _, w := range walks {
		planned += len(w.changes)
	}
	d.changes = slices.Grow(d.changes, planned)
	for _, w := range walks {
		found.join(&w.survey)
		if d.room.full() {
			w.part = part{} // Which of the accounts there was room for is chance.
		}
		d.part.join(w.part)
	}
	return found
}

// planPair plans one account, with its tokens. fixed says that the server keeps its roles
// where no call changes them.
func (p tokenPlanner) planPair(d *draft, account pair, fixed bool) {
	accounts := accountPlanner{p.planner}
	if want := account.want; want != nil {
		if fixed {
			d.join(accounts.refuseUnassignable(want))
			if undeployed := accounts.findUndeployed(want); len(undeployed) > 0 {
				d.join(accounts.waitForRoles(want, undeployed))
				return
			}
		}
		if d.join(accounts.plan(want)) {
			p.planTokens(d, account)
		}
		return
	}
	have := account.have
	if !have.Live() {
		return
	}
	if heir := p.want.Accounts[p.heirs.accounts[have.Name]]; heir != nil {
		d.join(accounts.rename(have, heir))
		return
	}
	d.join(accounts.end(have))
}

// planTokens plans the tokens of a declared account, as long as there is room.
func (p tokenPlanner) planTokens(d *draft, account pair) {
	want, have := account.want, account.have
	roles := p.heirs.rolesOf(want)
	for _, token := range model.Names(want.Tokens) {
		if !d.join(p.plan(p.caseOf(want, roles, token))) {
			return
		}
	}
	if have == nil {
		return
	}
	for _, token := range missing(have.Tokens, want.Tokens) {
		if have.Tokens[token].Live() && !d.join(p.endToken(want, roles, token)) {
			return
		}
	}
}

// take surveys one account.
func (s *survey) take(b basis, account pair) {
	if want := account.want; want != nil {
		s.leaks.lookAtAccount(want)
		s.earlier.warnPrevious(b, want)
		s.declared.take(want)
	}
	if account.have != nil {
		s.readable.take(account.have, b.today)
	}
}

func (s *survey) join(o *survey) {
	s.leaks.found = append(s.leaks.found, o.leaks.found...)
	s.earlier.join(o.earlier)
	s.declared.join(&o.declared.tally)
	s.readable.join(&o.readable.tally)
}
