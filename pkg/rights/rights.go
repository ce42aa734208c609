// Package rights says who holds which roles: as declared, as applied, and at any
// revision of either.
//
// A [Book] is that at one moment. Its subjects are named by their addresses: an
// account holds the roles that it was granted; a token those that its next, or its
// present, value carries; a generation those that its value carries on the day; and
// a role stands for somebody who holds nothing else. What these roles allow on a
// server of some kind is for package access to say, given the roles as they are in
// force there; see [Book.InForce].
//
// A book is a view of the declarations or the state that it was made of. It costs
// nothing to make, and what it returns must not be changed.
package rights

import (
	"maps"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Book is who holds which roles at one moment.
type Book struct {
	// One of the two is set.
	declared *model.Declarations
	applied  *state.Snapshot
	// on is the day by which values of the state have expired.
	on model.Date
}

// Declared is what declarations ask for. A token holds what it would be issued with.
func Declared(d *model.Declarations) Book { return Book{declared: d} }

// Applied is what a state holds on a day: what has expired then carries no role.
func Applied(s *state.Snapshot, on model.Date) Book { return Book{applied: s, on: on} }

// Roles are the names of the roles that a subject holds, sorted; nil where it holds
// none or is not there.
func (b Book) Roles(a model.Address) []string {
	switch {
	case a.Kind == model.KindRole:
		return []string{a.Name}
	case b.declared != nil:
		return b.findDeclared(a)
	case a.Kind == model.KindAccount:
		if account := b.applied.Accounts[a.Name]; account.Live() {
			return account.Roles()
		}
		return nil
	}
	t := b.token(a)
	if t == nil {
		return nil
	}
	g := t.Active()
	if a.Generation != 0 {
		g = t.Generation(a.Generation)
	}
	if g == nil || g.ExpiresAt <= b.on {
		return nil
	}
	return g.CurrentRoles()
}

// Has reports whether an account, a token or a generation is there and lives. Roles
// are not asked for: [Book.InForce] has them.
func (b Book) Has(a model.Address) bool {
	name := a.Account
	if a.Kind == model.KindAccount {
		name = a.Name
	}
	if b.declared != nil {
		account := b.declared.Accounts[name]
		return account != nil && (a.Kind == model.KindAccount || a.Generation == 0 && account.Tokens[a.Name] != nil)
	}
	if a.Kind == model.KindAccount {
		return b.applied.Accounts[name].Live()
	}
	t := b.token(a)
	return t != nil && (a.Generation == 0 || t.Generation(a.Generation) != nil)
}

// Subjects are the accounts, each followed by its tokens, sorted. Of an applied token the
// generations beside the active one follow it, since they carry roles of their own.
func (b Book) Subjects() (list []model.Address) {
	if b.declared != nil {
		for _, name := range model.Names(b.declared.Accounts) {
			list = append(list, model.AccountAddress(name))
			for _, token := range model.Names(b.declared.Accounts[name].Tokens) {
				list = append(list, model.TokenAddress(name, token))
			}
		}
		return list
	}
	for _, name := range model.Names(b.applied.Accounts) {
		account := b.applied.Accounts[name]
		if !account.Live() {
			continue
		}
		list = append(list, model.AccountAddress(name))
		for _, token := range account.LiveTokens() {
			a := model.TokenAddress(name, strings.TrimPrefix(token, name+"/"))
			list = append(list, a)
			t := account.Tokens[a.Name]
			for i := range t.Generations {
				if g := &t.Generations[i]; g != t.Active() && g.ExpiresAt > b.on {
					list = append(list, a.At(g.Number))
				}
			}
		}
	}
	return list
}

// findDeclared knows no generations: those are for state to have.
func (b Book) findDeclared(a model.Address) []string {
	if a.Kind == model.KindAccount {
		if account := b.declared.Accounts[a.Name]; account != nil {
			return account.Roles
		}
		return nil
	}
	account := b.declared.Accounts[a.Account]
	if account == nil || account.Tokens[a.Name] == nil || a.Generation != 0 {
		return nil
	}
	return account.Tokens[a.Name].RolesAtIssue(account)
}

// Carried are the roles that some value of an applied token carries, retiring ones
// included, sorted.
func (b Book) Carried(token model.Address) (roles []string) {
	if t := b.token(token); t != nil {
		for i := range t.Generations {
			if g := &t.Generations[i]; g.ExpiresAt > b.on {
				roles = append(roles, g.CurrentRoles()...)
			}
		}
	}
	return model.Set(roles)
}

// token is a live token of the state, or nil.
func (b Book) token(a model.Address) *state.Token {
	account := b.applied.Accounts[a.Account]
	if account == nil || !account.Tokens[a.Name].Live() {
		return nil
	}
	return account.Tokens[a.Name]
}

// Holders has the accounts that hold each of some roles, sorted.
func (b Book) Holders(roles ...string) map[string][]string {
	if len(roles) == 0 {
		return nil
	}
	asked, holders := map[string]bool{}, map[string][]string{}
	for _, role := range roles {
		asked[role] = true
	}
	note := func(account, role string) {
		if asked[role] {
			holders[role] = append(holders[role], account)
		}
	}
	if b.declared != nil {
		for name, account := range b.declared.Accounts {
			for _, role := range account.Roles {
				note(name, role)
			}
		}
	} else {
		for name, account := range b.applied.Accounts {
			for _, g := range account.Grants {
				note(name, g.Role)
			}
		}
	}
	for _, accounts := range holders {
		slices.Sort(accounts)
	}
	return holders
}

// WithRecorded are declarations in which the roles that live on the server say what a
// state recorded of them, as far as it did.
func WithRecorded(d *model.Declarations, s *state.Snapshot) *model.Declarations {
	out := *d
	out.Roles = maps.Clone(d.Roles)
	for name, role := range d.Roles {
		if recorded := s.Roles[name]; role.External && recorded != nil {
			known := *role
			known.Policies = append([]model.Policy{}, recorded.Policies...)
			out.Roles[name] = &known
		}
	}
	return &out
}

// Unknown are the declared roles that live on the server and of which it is not known
// what they allow, sorted.
func (b Book) Unknown() (names []string) {
	if b.declared != nil {
		for name, role := range b.declared.Roles {
			if role.IsUnknown() {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// InForce has the roles as a server of these rules has them: those of the book, with
// what the server adds to them, and its own. Those of [Book.Unknown] are not among them.
func (b Book) InForce(rules *access.Rules) map[string]*model.Role {
	roles := map[string]*model.Role{}
	for _, name := range access.BuiltinNames() {
		roles[name], _ = rules.Builtin(name)
	}
	if b.declared != nil {
		for name, role := range b.declared.Roles {
			if !role.IsUnknown() {
				roles[name] = rules.InForce(role)
			}
		}
		return roles
	}
	for name, role := range b.applied.Roles {
		roles[name] = rules.InForce(&model.Role{Name: name, Policies: role.Policies})
	}
	return roles
}

// Pending are the roles of its account that an applied token does not carry yet and
// takes with its next generation, sorted: those that were granted since it was
// issued, where it inherits. A value that has expired carries what it carried.
func Pending(a *state.Account, t *state.Token) []string {
	if !a.Live() || !t.Live() || !t.Spec.Inherit || t.RenamedTo != "" {
		return nil
	}
	var carried []string
	if g := t.Active(); g != nil {
		carried = g.CurrentRoles()
	}
	var pending []string
	for _, role := range a.Lasting() {
		if !slices.Contains(carried, role) {
			pending = append(pending, role)
		}
	}
	return pending
}
