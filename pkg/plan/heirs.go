package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// A role or an account that was renamed with `previously` does not go at once, as
// what is no longer declared does: whoever uses a value that stands on the old name
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
}

// findHeirs settles who takes over from whom, and what stays for how long.
func (b *builder) findHeirs() {
	h := heirs{roles: map[string]string{}, accounts: AccountHeirs(b.want, b.have), kept: map[string][]string{}, until: map[string]model.Date{}, stays: map[string]bool{}}
	for _, name := range model.Names(b.want.Roles) {
		for _, old := range b.want.Roles[name].Previously {
			h.roles[old] = name
		}
	}
	maps.DeleteFunc(h.roles, func(old, _ string) bool { return b.want.Roles[old] != nil })
	b.heirs = h
	if len(h.roles) > 0 {
		b.keepRoles()
	}
}

// AccountHeirs maps the accounts that are there and no longer declared to those
// that are declared to take over from them. There are none without declarations.
func AccountHeirs(want *model.Declarations, have *state.Snapshot) map[string]string {
	heirs := map[string]string{}
	if want == nil {
		return heirs
	}
	for _, name := range model.Names(want.Accounts) {
		for _, old := range want.Accounts[name].Previously {
			heirs[old] = name
		}
	}
	for _, name := range missing(have.Accounts, want.Accounts) {
		tokens := have.Accounts[name].Tokens
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

func (b *builder) keepRoles() {
	for _, name := range model.Names(b.have.Accounts) {
		have, want := b.have.Accounts[name], b.want.Accounts[name]
		next := want
		if want == nil {
			next = b.want.Accounts[b.heirs.accounts[name]]
		}
		if !have.Live() || next == nil {
			continue
		}
		for _, g := range have.Grants {
			if new := b.heirs.roles[g.Role]; new == "" || want != nil && (slices.Contains(want.Roles, g.Role) || !slices.Contains(want.Roles, new)) {
				continue
			}
			if until := b.carriedUntil(have, next, g.Role); until > b.today {
				b.heirs.kept[name] = append(b.heirs.kept[name], g.Role)
				b.heirs.until[name] = max(b.heirs.until[name], until)
				b.heirs.stays[g.Role] = true
			}
		}
	}
}

// carriedUntil is the last day of the values of an account that carry a role, any
// where none is named, once this plan is applied; it is no later than today where
// none does. next is the account as declared, or the one that takes over from it.
func (b *builder) carriedUntil(have *state.Account, next *model.Account, role string) (last model.Date) {
	for name, t := range have.Tokens {
		if !t.Live() {
			continue
		}
		heir := heirToken(next, name)
		for i := range t.Generations {
			if g := &t.Generations[i]; role == "" || slices.Contains(g.CurrentRoles(), role) {
				last = max(last, b.livesUntil(g, heir))
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
func (b *builder) livesUntil(g *state.Generation, next *model.Token) model.Date {
	switch {
	case g.RevokeAfter != 0:
		return g.EndsOn()
	case next == nil || g.ExpiresAt <= b.today:
		return 0
	}
	return min(b.today.Add(next.Rotate.Overlap), g.ExpiresAt)
}

// rolesOf are the roles that an account has once the plan is applied: those that it
// declares, and those that it keeps for the values that stand on them.
func (b *builder) rolesOf(want *model.Account) []string {
	if kept := b.heirs.kept[want.Name]; len(kept) > 0 {
		return model.Set(append(slices.Clone(want.Roles), kept...))
	}
	return want.Roles
}

// noteKept says what stays, and until when.
func (b *builder) noteKept(want *model.Account) {
	for _, old := range b.heirs.kept[want.Name] {
		b.imply(model.AccountAddress(want.Name), model.RoleAddress(b.heirs.roles[old]),
			"keeps role %s until %s, for the values that carry it", old, b.heirs.until[want.Name])
	}
}

// onlyKeptGo reports that an update of an account does nothing but take away roles
// that it kept for values which have ended.
func (b *builder) onlyKeptGo(have *state.Account, before, after *Object) bool {
	for _, f := range fieldsOf(before, after) {
		if f.Path != "roles" && f.Path != "kept_roles" {
			return false
		}
	}
	kept := minus(before.KeptRoles, after.KeptRoles)
	return len(kept) > 0 && len(minus(after.KeptRoles, before.KeptRoles)) == 0 && slices.Equal(minus(before.Roles, after.Roles), kept) &&
		len(minus(after.Roles, before.Roles)) == 0 && !slices.ContainsFunc(kept, func(role string) bool { return !have.Spent(role, b.today) })
}

// keptRole reports whether an account holds a role for values that retire only, as
// one does that was renamed itself.
func (b *builder) keptRole(account, role string) bool {
	have := b.have.Accounts[account]
	return slices.Contains(have.Kept(), role) || b.heirs.accounts[account] != "" && waits(have)
}

// waits reports whether an account stays for values that retire only.
func waits(have *state.Account) bool {
	for _, t := range have.Tokens {
		if t.Live() && strings.Contains(t.RenamedTo, "/") {
			return true
		}
	}
	return false
}

// accountRenamed plans what becomes of an account that another takes over from.
func (b *builder) accountRenamed(have *state.Account, heir *model.Account) {
	address, waits := model.AccountAddress(have.Name), waits(have)
	if until := b.carriedUntil(have, heir, ""); until <= b.today {
		reason := "renamed to " + heir.Name + ", and none of its values lives on"
		b.add(Change{Address: address, Action: Delete, Before: appliedAccount(have), Reasons: []string{reason}, Due: waits})
		if !waits {
			b.accountEnds(have)
			return
		}
		b.accountAccess(nil, have)
		for _, name := range model.Names(have.Tokens) {
			if t := have.Tokens[name]; t.Live() {
				b.revokeDue(model.TokenAddress(have.Name, name), t)
			}
		}
		return
	} else if !waits {
		b.imply(address, model.AccountAddress(heir.Name), "stays until %s, for the values that retire", until)
	}
	stays := &model.Account{Name: have.Name, Roles: have.Roles()}
	for _, name := range model.Names(have.Tokens) {
		t, next := have.Tokens[name], heirToken(heir, name)
		if !t.Live() {
			continue
		}
		a, g := model.TokenAddress(have.Name, name), t.Active()
		switch {
		case t.RenamedTo != "" && len(t.Generations) > 0:
			b.revokeDue(a, t)
		case next != nil && g != nil && b.livesUntil(g, next) > b.today:
			b.renamed[a] = next.Address()
			b.renameToken(stays, a, t, g, next)
		case next != nil && b.stillRetires(t) && next.Rotate.Overlap > 0:
			b.renamed[a] = next.Address()
			b.renameRetiring(a, t, next)
		default:
			b.add(Change{Address: a, Action: Delete, Before: appliedToken(t, b.names), Reasons: []string{"no longer declared"}})
			b.tokenAccess(a, a, nil, t)
		}
	}
}

// takenOver are the addresses that a declared token takes over from in another
// account.
func (b *builder) takenOver(t *model.Token) (old []model.Address) {
	account := b.want.Accounts[t.Account]
	for _, name := range account.Previously {
		have := b.have.Accounts[name]
		if !have.Live() || b.heirs.accounts[name] != t.Account {
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
