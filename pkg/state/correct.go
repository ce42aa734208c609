package state

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Drift is one thing in which a server was seen to differ from state.
type Drift struct {
	Address model.Address
	// Effect is what is otherwise there, in words that go on from the address.
	Effect string
	// Authorship is that of whoever did it, where the server knows.
	model.Authorship
	// Left says that it is only told of: what makes it makes it again.
	Left bool
}

// goneReason is what a tombstone says of what somebody else took away.
const goneReason = "gone from the server"

// Correct makes the next snapshot say what a server was seen to have, as far as
// state knows of it, and returns the differences, sorted. What the server lost is
// recorded as ended: a value that is not there opens nothing any more. only restricts
// it to some objects, named by roles and accounts; nil means all of them. Nothing
// that is not in state is looked at.
func (e *Edit) Correct(seen model.Observed, on model.Date, only func(model.Address) bool) (drift []Drift) {
	if !seen.Seen() {
		return nil
	}
	c := corrector{Edit: e, seen: seen, on: on}
	for _, name := range model.Names(e.next.Roles) {
		if only == nil || only(model.RoleAddress(name)) {
			c.role(e.next.Roles[name])
		}
	}
	for _, name := range e.next.AccountNames() {
		if only == nil || only(model.AccountAddress(name)) {
			c.account(e.next.Accounts[name])
		}
	}
	SortDrift(c.drift)
	return c.drift
}

// SortDrift puts differences in the order of their addresses.
func SortDrift(list []Drift) {
	slices.SortFunc(list, func(a, b Drift) int {
		return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Effect, b.Effect))
	})
}

// Strays are tokens that a server lists for accounts of state, and that are none of
// its live values: those of this lineage that have ended here, and those of others
// that are dead by their date. Each takes its name until it is deleted there. What a
// run has reserved is none, nor is a token of others that works.
func (s *Snapshot) Strays(seen model.Observed, on model.Date) (list []Drift) {
	for _, user := range model.Names(seen.Users) {
		account := s.Accounts[user]
		if account == nil {
			continue
		}
		for _, name := range model.Names(seen.Users[user].Tokens) {
			is, numbered := seen.Users[user].Tokens[name], model.GenerationNamed(user, name)
			ours, dead := is.Mark.Lineage != "" && is.Mark.Lineage == s.Meta.Lineage, is.ExpiresAt <= on
			switch {
			case account.HasServerName(name) || s.Underway().Creates(numbered):
			case ours && dead:
				list = append(list, Drift{Address: numbered, Effect: "has ended here, and takes its name on the server until the next apply; it expired on " + is.ExpiresAt.String()})
			case ours:
				list = append(list, Drift{Address: numbered, Effect: "has ended here, and works on the server until the next apply takes it away"})
			case dead:
				list = append(list, Drift{Address: model.TokenAddress(user, name), Effect: "expired on " + is.ExpiresAt.String() + " and takes its name on the server until somebody deletes it there", Left: true})
			}
		}
	}
	return list
}

// HasServerName reports whether a live value has a name on the server; a nil account
// has none.
func (a *Account) HasServerName(name string) bool {
	if a == nil {
		return false
	}
	for _, t := range a.Tokens {
		if slices.ContainsFunc(t.Generations, func(g Generation) bool { return g.ServerName == name }) {
			return true
		}
	}
	return false
}

// corrector corrects one edit.
type corrector struct {
	*Edit
	seen  model.Observed
	on    model.Date
	drift []Drift
}

func (c *corrector) note(a model.Address, by model.Authorship, effect string) {
	c.drift = append(c.drift, Drift{Address: a, Authorship: by, Effect: effect})
}

func (c *corrector) role(have *Role) {
	address, by := model.RoleAddress(have.Name), c.seen.RoleChanges[have.Name]
	is := c.seen.Roles[have.Name]
	if is == nil {
		c.note(address, by, "is gone from the server")
		c.DeleteRole(have.Name)
		return
	}
	if have.matches(is) {
		return
	}
	c.note(address, by, "has another form on the server")
	next := *have
	next.Description, next.SyncMode, next.Policies = is.Description, is.SyncMode, is.Policies
	if have.ExternalRoles != nil {
		next.ExternalRoles = is.ExternalRoles
	}
	c.SetRole(&next)
}

// matches reports whether a server has a role as it was applied. A mapping that the
// declaration left alone may be any.
func (r *Role) matches(is *model.Role) bool {
	return r.Description == is.Description && r.SyncMode == is.SyncMode && model.EqualPolicies(r.Policies, is.Policies) &&
		(r.ExternalRoles == nil || model.SameSet(r.ExternalRoles, is.ExternalRoles))
}

func (c *corrector) account(have *Account) {
	address := model.AccountAddress(have.Name)
	user, there := c.seen.Users[have.Name]
	if !there {
		c.note(address, model.Authorship{}, "is gone from the server, with its tokens")
		c.DeleteAccount(have.Name, c.on, goneReason)
		return
	}
	c.grants(have, user)
	if user.Tokens == nil {
		return
	}
	for _, name := range model.Names(have.Tokens) {
		for _, g := range slices.Clone(have.Tokens[name].Generations) {
			c.generation(model.TokenAddress(have.Name, name).At(g.Number), &g, user.Tokens)
		}
	}
}

func (c *corrector) grants(have *Account, user model.ObservedUser) {
	address := model.AccountAddress(have.Name)
	for _, g := range have.Grants {
		if slices.Contains(user.Roles, g.Role) {
			continue
		}
		c.note(address, model.Authorship{}, "has lost role "+g.Role+" on the server")
		a := c.Account(have.Name)
		a.Grants = slices.DeleteFunc(a.Grants, func(o Grant) bool { return o.Role == g.Role })
	}
	for _, role := range user.Roles {
		by := user.Assigned[role]
		switch {
		case have.Holds(role):
		case user.Synced(role):
			c.drift = append(c.drift, Drift{Address: address, Authorship: by, Effect: "holds role " + role + ", which " + by.By + " gives it again and again", Left: true})
		case !model.IsReachable(role):
			c.drift = append(c.drift, Drift{Address: address, Authorship: by, Effect: fmt.Sprintf("holds role %q, to which no path of the server leads", role), Left: true})
		default:
			c.note(address, by, "was granted role "+role+" on the server")
			a := c.Account(have.Name)
			a.Grants = append(a.Grants, ObservedGrants(user, role)...)
			slices.SortFunc(a.Grants, func(x, y Grant) int { return cmp.Compare(x.Role, y.Role) })
		}
	}
}

// generation corrects one value. A token of another lineage under its name, or
// without a mark where this one has one, is somebody else's.
func (c *corrector) generation(a model.Address, g *Generation, listed map[string]model.ObservedToken) {
	is, there := listed[g.ServerName]
	if !there || is.Mark.Lineage != c.next.Meta.Lineage && (!g.Adopted || is.Mark != (model.Mark{})) {
		c.note(a, model.Authorship{}, "is gone from the server")
		c.End(a, c.on, goneReason)
		return
	}
	var lost []string
	for _, role := range g.CurrentRoles() {
		if !slices.Contains(is.Roles, role) {
			lost = append(lost, role)
			c.note(a, model.Authorship{}, "has lost role "+role+" on the server")
		}
	}
	if is.ExpiresAt != g.ExpiresAt {
		c.note(a, model.Authorship{}, "expires on "+is.ExpiresAt.String()+" on the server, not on "+g.ExpiresAt.String())
	}
	if len(lost) > 0 || is.ExpiresAt != g.ExpiresAt {
		next := c.Token(a.Account, a.Name).Generation(a.Generation)
		next.ExpiresAt = is.ExpiresAt
		if len(lost) > 0 {
			next.RemovedRoles = model.Set(append(slices.Clone(next.RemovedRoles), lost...))
		}
	}
}

// ObservedGrants are the records of roles that a server's user holds.
func ObservedGrants(user model.ObservedUser, roles ...string) []Grant {
	grants := make([]Grant, len(roles))
	for i, role := range roles {
		by := user.Assigned[role]
		grants[i] = Grant{Role: role, AssignedAt: by.At.UTC().Truncate(time.Second), AssignedBy: by.By}
	}
	return grants
}

// AdoptedGeneration is the record of a token that somebody else has created, at the
// time at which it is adopted: when it was created, no server says.
func AdoptedGeneration(a model.Address, is model.ObservedToken, at time.Time, by string) Generation {
	return Generation{
		Number: a.Generation, ServerName: model.ServerName(a.Name, a.Generation), IssuedAt: at, IssuedBy: by,
		ExpiresAt: is.ExpiresAt, Description: is.Description, Roles: model.Set(is.Roles), Adopted: true,
	}
}
