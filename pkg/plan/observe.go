package plan

import (
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// A server may have otherwise than state says: somebody changed it by hand, a run was
// interrupted, or it was there before the project. What is planned is the way from
// what the server has to what is declared, so the state that a plan is made from is
// first corrected by what was seen, and then takes in what is declared and there
// already. Each of these steps is seen in the plan: the first as drift, the second as
// changes that adopt. Where a correction leaves nothing else to do, a change records
// it, so that the plan after it has nothing more to say.

// observer reads off a server what a plan has to know.
type observer struct {
	basis
	// applied is state as it was committed, and edit the one that is planned from.
	applied *state.Snapshot
	edit    *state.Edit
	drift   []state.Drift
}

// observe is the basis corrected by what the server has, and the changes that adopt.
func observe(b basis) (basis, *observer, part) {
	o := &observer{basis: b, applied: b.have}
	if !b.observed.Seen() {
		return b, o, part{}
	}
	o.edit, o.owned = b.have.Edit(), map[model.Address]string{}
	o.drift = o.edit.Correct(b.observed, b.today, nil)
	adopted := o.adopt()
	o.takeOwned()
	o.have = o.edit.Snapshot()
	return o.basis, o, adopted
}

// adopt takes in what is declared, not in state, and on the server.
func (o *observer) adopt() (out part) {
	now := o.edit.Snapshot()
	for _, name := range model.Names(o.want.Roles) {
		want, is := o.want.Roles[name], o.observed.Roles[name]
		if is != nil && now.Roles[name] == nil && (want.External || !o.isReserved(model.RoleAddress(name), o.observed.RoleChanges[name].By)) {
			o.adoptRole(&out, want, is)
		}
	}
	for _, name := range model.Names(o.want.Accounts) {
		want := o.want.Accounts[name]
		user, there := o.observed.Users[name]
		if !there {
			continue
		}
		if !now.Accounts[name].Live() {
			if o.isReserved(model.AccountAddress(name), user.Created.By) {
				continue
			}
			o.adoptAccount(&out, want, user)
		}
		for _, token := range model.Names(want.Tokens) {
			o.adoptToken(&out, want.Tokens[token], user)
		}
	}
	return out
}

// isReserved reports whether a run was to create something that is there now, and is
// known to have been created by osmoctl. Then it is not adopted but finished.
func (o *observer) isReserved(a model.Address, by string) bool {
	return o.applied.Underway().Creates(a) && (by == "" || by == o.observed.Identity)
}

func (o *observer) adoptRole(out *part, want, is *model.Role) {
	after := &Object{Description: is.Description, Policies: is.Policies, SyncMode: is.SyncMode, External: want.External}
	if want.ExternalRoles != nil {
		after.ExternalRoles = is.ExternalRoles
	}
	after.keepSpelling(&Object{Policies: want.Policies, ExternalRoles: want.ExternalRoles})
	reason := "newly declared; the server has it"
	if access.IsBuiltin(want.Name) {
		reason = "newly declared; the role is built into OSMO"
	}
	if want.External {
		reason = "newly declared; it lives on the server, and osmoctl never writes it"
	}
	out.change(Change{Address: model.RoleAddress(want.Name), Action: Adopt, After: after, Reasons: []string{reason}, Origin: &want.Origin})
	o.edit.SetRole(&state.Role{Name: want.Name, Description: after.Description, Policies: after.Policies, ExternalRoles: after.ExternalRoles, SyncMode: after.SyncMode, External: after.External})
}

func (o *observer) adoptAccount(out *part, want *model.Account, user model.ObservedUser) {
	after := showDeclared(want)
	after.Roles = slices.DeleteFunc(slices.Clone(user.Roles), func(role string) bool {
		return !model.IsReachable(role) || user.Synced(role) && !slices.Contains(want.Roles, role)
	})
	reason := "newly declared; the server has it"
	if user.Created.By != "" {
		reason += ", created by " + user.Created.By
	}
	if !user.Created.At.IsZero() {
		reason += " on " + model.DateOf(user.Created.At).String()
	}
	out.change(Change{Address: model.AccountAddress(want.Name), Action: Adopt, After: after, Reasons: []string{reason}, Origin: &want.Origin})
	a := o.edit.Account(want.Name)
	a.DeletedOn, a.Description, a.Labels, a.Protect = 0, want.Description, want.Labels, want.Protect
	a.Grants = state.ObservedGrants(user, after.Roles...)
}

// adoptToken takes in a token that somebody else has created. Its number is the first,
// whose name is the token's own; where that was used before, the name is left to
// whoever has it now.
func (o *observer) adoptToken(out *part, want *model.Token, user model.ObservedUser) {
	is, there := user.Tokens[want.Name]
	have, first := o.edit.Snapshot().Accounts[want.Account].Tokens[want.Name], want.Address().At(1)
	if !there || is.Mark != (model.Mark{}) || have != nil && have.LastGeneration > 0 || o.applied.Underway().Creates(first) {
		return
	}
	out.change(Change{
		Address: want.Address(), Action: Adopt, After: o.showAdopted(want), Origin: &want.Origin,
		Reasons: []string{fmt.Sprintf("newly declared; the server has it, with %s until %s, and its value is not known", listOr(is.Roles, "no roles"), is.ExpiresAt)},
	})
	o.edit.Adopt(first, state.AdoptedGeneration(first, is, o.today.Time(), ""))
	t := o.edit.Token(want.Account, want.Name)
	t.DeletedOn, t.Spec, t.Honoured = 0, want.TokenSpec, max(1, want.Generation)
}

func (o *observer) showAdopted(want *model.Token) *Object {
	after := specObject(want.TokenSpec)
	after.Requested = max(1, want.Generation)
	return after
}

// takeOwned takes in what is on the server, neither declared nor in state, and the
// project's own: so it is planned as what is no longer declared. Who osmoctl is there
// is not among it, nor what OSMO brings along.
func (o *observer) takeOwned() {
	for _, name := range model.Names(o.observed.Users) {
		a, user := model.AccountAddress(name), o.observed.Users[name]
		if name != o.observed.Identity && model.CheckAccountName(name) == nil && o.takes(a, user.Created.By) {
			account := o.edit.Account(name)
			account.DeletedOn, account.Grants = 0, state.ObservedGrants(user, user.Roles...)
		}
	}
	for _, name := range model.Names(o.observed.Roles) {
		is := o.observed.Roles[name]
		if !access.IsBuiltin(name) && !o.fixesRoles() && model.CheckRoleName(name) == nil && o.takes(model.RoleAddress(name), o.observed.RoleChanges[name].By) {
			o.edit.SetRole(&state.Role{Name: name, Description: is.Description, Policies: is.Policies, ExternalRoles: is.ExternalRoles, SyncMode: is.SyncMode})
		}
	}
}

// takes notes why something on the server is the project's own, if it is: osmoctl.yaml
// says so, or a run made it and did not come to its end.
func (o *observer) takes(a model.Address, by string) bool {
	if !o.isStrange(a) {
		return false
	}
	switch {
	case by != "" && o.isReserved(a, by):
		o.owned[a] = "not declared any more, and made by a run that did not come to its end"
	case o.want.Project.Backend.Owned(a):
		o.owned[a] = "not declared, and osmoctl.yaml says that it is the project's own"
	default:
		return false
	}
	return true
}

// isStrange reports whether a role or user is neither declared nor in state, and is not
// being taken away.
func (o *observer) isStrange(a model.Address) bool {
	before := o.basis
	before.have = o.applied
	return !o.applied.Underway().Removes(a) && !before.knows(a)
}

// server is the one that the plan has to be right for.
func (b basis) server() model.Server { return ServerOf(b.want.Project, b.have, b.observed) }

// ServerOf is the OSMO server that a plan has to be right for, and that an apply
// records: as declared and, where the declarations are silent, as the project's server
// was seen to be, by this plan or by the last apply.
func ServerOf(project model.Project, have *state.Snapshot, seen model.Observed) model.Server {
	s := project.Server
	if project.Backend.Kind != model.BackendOSMO {
		return s
	}
	known := seen.Server
	if applied := have.Meta.Applied; !seen.Seen() && applied.Backend.URL == project.Backend.URL {
		known = applied.Server
	}
	if version, ok := access.ReadVersion(known.Version); ok && s.Version == "" {
		s.Version = version
	}
	if s.Mode == "" {
		s.Mode = known.Mode
	}
	return s
}
