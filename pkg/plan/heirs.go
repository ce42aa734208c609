package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/parallel"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// A role or an account that was renamed with `previously` does not go at once, as
// what is no longer declared does: the user of a value that stands on the old name
// has the overlap of the new one to change over.
//
// OSMO keeps a token's role as a pointer to the account's grant, so the old role, and
// its grant on each account that declares the new one, stay until the last value has
// ended that carries it. An old account stays until the last of its values has ended,
// each of which retires with the overlap of the token that takes its place.
//
// What stays is no change, and what then goes is due by date: nobody has to ask for
// it again.
type heirs struct {
	// roles maps a role that is no longer declared to the one that takes over
	// from it, accounts likewise.
	roles, accounts map[string]string
	// kept are the roles that an account keeps and does not declare, until the
	// day on which the last value that carries one of them ends.
	kept  map[string][]string
	until map[string]model.Date
	// stays has the roles that some account keeps.
	stays map[string]bool
	// tokens maps the address of an applied token to that of the declared one
	// which takes over from it.
	tokens map[model.Address]model.Address
}

// findHeirs finds out who takes over from whom, and what stays for how long.
func findHeirs(b basis, accounts []pair) heirs {
	// Few of many accounts take over from anything, and only those are looked at again.
	var renaming, undeclared []pair
	for i, renames := range parallel.Map(accounts, pair.renames) {
		switch {
		case renames:
			renaming = append(renaming, accounts[i])
		case accounts[i].want == nil:
			undeclared = append(undeclared, accounts[i])
		}
	}
	h := heirs{
		roles: map[string]string{}, accounts: accountHeirs(b.want, b.have, renaming, undeclared), tokens: map[model.Address]model.Address{},
		kept: map[string][]string{}, until: map[string]model.Date{}, stays: map[string]bool{},
	}
	for _, name := range model.Names(b.want.Roles) {
		for _, old := range b.want.Roles[name].Previously {
			h.roles[old] = name
		}
	}
	maps.DeleteFunc(h.roles, func(old, _ string) bool { return b.want.Roles[old] != nil })
	if len(h.roles) > 0 {
		h.keepRoles(b)
	}
	for _, account := range renaming {
		h.findTokens(account.want, account.have)
	}
	for old, heir := range h.accounts {
		h.findMovedTokens(b, b.have.Accounts[old], b.want.Accounts[heir])
	}
	return h
}

// renames reports whether the account, or a token of it, is declared to take over from
// another.
func (a pair) renames() bool {
	if a.want == nil {
		return false
	}
	if len(a.want.Previously) > 0 {
		return true
	}
	for _, t := range a.want.Tokens {
		if len(t.Previously) > 0 {
			return true
		}
	}
	return false
}

// findTokens finds the tokens of an account that declared ones take over from.
func (h *heirs) findTokens(want *model.Account, have *state.Account) {
	if have == nil {
		return
	}
	for _, name := range model.Names(want.Tokens) {
		for _, old := range want.Tokens[name].Previously {
			if have.Tokens[old].Live() && want.Tokens[old] == nil {
				h.tokens[model.TokenAddress(want.Name, old)] = want.Tokens[name].Address()
			}
		}
	}
}

// findMovedTokens finds the tokens that retire because another account takes over
// from theirs.
func (h *heirs) findMovedTokens(b basis, have *state.Account, heir *model.Account) {
	if findLastDay(have, heir, "", b.today) <= b.today {
		return
	}
	for name, t := range have.Tokens {
		next := heirToken(heir, name)
		if t.Live() && next != nil && (t.RenamedTo == "" || len(t.Generations) == 0) && retiresFor(t, next, b.today) {
			h.tokens[model.TokenAddress(have.Name, name)] = next.Address()
		}
	}
}

// retiresFor reports whether some value of a token lives on beside those of the
// token that takes its place.
func retiresFor(t *state.Token, next *model.Token, today model.Date) bool {
	g := t.Active()
	return g != nil && livesUntil(g, next, today) > today || stillRetires(t, today) && next.Rotate.Overlap > 0
}

// AccountHeirs maps the accounts that are there and no longer declared to those
// that are declared to take over from them, by the declarations and the state that the
// plan was made from. There are none without declarations. It must not be changed.
func (p *Plan) AccountHeirs(want *model.Declarations, have *state.Snapshot) map[string]string {
	switch {
	case p.heirs != nil:
		return p.heirs
	case want == nil:
		return nil
	}
	var renaming, undeclared []pair
	for _, account := range want.Accounts {
		if len(account.Previously) > 0 {
			renaming = append(renaming, pair{want: account})
		}
	}
	slices.SortFunc(renaming, func(a, b pair) int { return strings.Compare(a.want.Name, b.want.Name) })
	for _, name := range missing(have.Accounts, want.Accounts) {
		undeclared = append(undeclared, pair{have: have.Accounts[name]})
	}
	return accountHeirs(want, have, renaming, undeclared)
}

// accountHeirs is AccountHeirs among the declared accounts that may be heirs, and those that
// are not declared, both by name.
func accountHeirs(want *model.Declarations, have *state.Snapshot, renaming, undeclared []pair) map[string]string {
	heirs := map[string]string{}
	for _, account := range renaming {
		for _, old := range account.want.Previously {
			heirs[old] = account.want.Name
		}
	}
	for _, account := range undeclared {
		name, tokens := account.have.Name, account.have.Tokens
		for _, token := range model.Names(tokens) {
			if heir, _, other := strings.Cut(tokens[token].RenamedTo, "/"); other && heirs[name] == "" {
				heirs[name] = heir // Declared before; it need not be for ever.
			}
		}
	}
	maps.DeleteFunc(heirs, func(old, heir string) bool {
		return !have.Accounts[old].Live() || want.Accounts[old] != nil || want.Accounts[heir] == nil
	})
	return heirs
}

// keepRoles finds the roles that accounts keep beside those they declare.
func (h *heirs) keepRoles(b basis) {
	for _, name := range model.Names(b.have.Accounts) {
		have, want := b.have.Accounts[name], b.want.Accounts[name]
		next := want
		if want == nil {
			next = b.want.Accounts[h.accounts[name]]
		}
		if !have.Live() || next == nil {
			continue
		}
		for _, g := range have.Grants {
			if new := h.roles[g.Role]; new == "" || want != nil && (slices.Contains(want.Roles, g.Role) || !slices.Contains(want.Roles, new)) {
				continue
			}
			if until := findLastDay(have, next, g.Role, b.today); until > b.today {
				h.kept[name] = append(h.kept[name], g.Role)
				h.until[name] = max(h.until[name], until)
				h.stays[g.Role] = true
			}
		}
	}
}

// findLastDay is the last day of the values of an account that carry a role, any
// where none is named, once this plan is applied; it is no later than today where
// none does. next is the account as declared, or the one that takes over from it.
func findLastDay(have *state.Account, next *model.Account, role string, today model.Date) (last model.Date) {
	for name, t := range have.Tokens {
		if !t.Live() {
			continue
		}
		heir := heirToken(next, name)
		for i := range t.Generations {
			if g := &t.Generations[i]; role == "" || slices.Contains(g.CurrentRoles(), role) {
				last = max(last, livesUntil(g, heir, today))
			}
		}
	}
	return last
}

// heirToken is the token of an account that takes the place of one that was applied:
// that of the same name, or the first that had it.
func heirToken(account *model.Account, name string) *model.Token {
	if t := account.Tokens[name]; t != nil {
		return t
	}
	for _, other := range model.Names(account.Tokens) {
		if slices.Contains(account.Tokens[other].Previously, name) {
			return account.Tokens[other]
		}
	}
	return nil
}

// livesUntil is the last day of a generation where next takes its place: nil where
// nothing does.
func livesUntil(g *state.Generation, next *model.Token, today model.Date) model.Date {
	switch {
	case g.RevokeAfter != 0:
		return g.EndsOn()
	case next == nil || g.ExpiresAt <= today:
		return 0
	}
	return min(today.Add(next.Rotate.Overlap), g.ExpiresAt)
}

// rolesOf are the roles that an account has once the plan is applied: those that it
// declares, and those that it keeps for the values that stand on them.
func (h *heirs) rolesOf(want *model.Account) []string {
	if kept := h.kept[want.Name]; len(kept) > 0 {
		return model.Set(append(slices.Clone(want.Roles), kept...))
	}
	return want.Roles
}

// onlyWaits reports whether an account stays for values that retire only.
func onlyWaits(have *state.Account) bool {
	for _, t := range have.Tokens {
		if t.Live() && strings.Contains(t.RenamedTo, "/") {
			return true
		}
	}
	return false
}

// findPredecessors are the addresses that a declared token takes over from in another
// account.
func (h *heirs) findPredecessors(b basis, t *model.Token) (old []model.Address) {
	account := b.want.Accounts[t.Account]
	for _, name := range account.Previously {
		have := b.have.Accounts[name]
		if !have.Live() || h.accounts[name] != t.Account {
			continue
		}
		for _, token := range model.Names(have.Tokens) {
			if have.Tokens[token].Live() && heirToken(account, token) == t {
				old = append(old, model.TokenAddress(name, token))
			}
		}
	}
	return old
}
