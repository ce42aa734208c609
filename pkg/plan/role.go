package plan

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// rolePlanner plans roles.
type rolePlanner struct{ planner }

// plan plans a declared role.
func (p rolePlanner) plan(want *model.Role) (out part) {
	if want.External {
		return p.planExternal(want)
	}
	address, have := model.RoleAddress(want.Name), p.have.Roles[want.Name]
	after := &Object{Description: want.Description, Policies: want.Policies, ExternalRoles: want.ExternalRoles, SyncMode: want.SyncMode}
	builtin := access.IsBuiltin(want.Name)
	if p.fixesRoles() && have == nil && !builtin {
		return p.waitForRole(want, nil, after)
	}
	if have == nil {
		change := Change{Address: address, Action: Create, After: after, Reasons: []string{"newly declared"}, Origin: &want.Origin}
		for _, old := range want.Previously {
			if p.heirs.roles[old] == want.Name && p.have.Roles[old] != nil {
				change.Reasons = []string{"renamed from " + old}
			}
		}
		if builtin {
			change.Action, change.Reasons = Adopt, []string{"newly declared; the role is built into OSMO"}
		}
		out.change(change)
		p.noteEffects(&out, want, nil)
		return out
	}
	before := showRole(have)
	if want.ExternalRoles == nil {
		// Left alone: the mapping of the last apply stays on record.
		after.ExternalRoles = have.ExternalRoles
	}
	after.keepSpelling(before)
	if len(fieldsOf(before, after)) > 0 {
		if p.fixesRoles() && !OnlyOwner(fieldsOf(before, after)) {
			return p.waitForRole(want, have, after)
		}
		out.change(Change{Address: address, Action: Update, Before: before, After: after, Reasons: []string{"declaration changed"}, Origin: &want.Origin})
		p.noteEffects(&out, want, before.Policies)
	}
	return out
}

// OnlyOwner reports whether nothing changes of a role but who writes it: there is nothing
// to write then.
func OnlyOwner(fields []Field) bool { return len(fields) == 1 && fields[0].Path == "external" }

// noteEffects notes what a role does by itself: that of everybody gives and takes
// whatever changes in it, and a server that keeps its roles in the database gives
// back what a built-in one was narrowed by. A Deny that is new and refuses more than it
// says is named: nobody reads that off its text.
func (p rolePlanner) noteEffects(out *part, want *model.Role, before []model.Policy) {
	address := model.RoleAddress(want.Name)
	p.noteOverreach(out, want, before)
	if want.Name == access.DefaultRole {
		out.cases = append(out.cases, accessCase{subject: address, cause: address, effective: p.today, everybody: true})
	}
	for _, r := range p.servers {
		back, _ := r.rules.Diff([]*model.Role{want}, []*model.Role{r.after[want.Name]})
		if len(back) == 0 {
			continue
		}
		out.warn("builtin_restored", address, "only a Deny narrows the role on a server in %s: at its next start it adds back what OSMO's own form grants, %s",
			r.rules.Server().Mode.Words(), grantWords(back))
		break
	}
}

func (p rolePlanner) noteOverreach(out *part, want *model.Role, before []model.Policy) {
	for i, policy := range want.Policies {
		if slices.ContainsFunc(before, policy.Equal) {
			continue
		}
		for n, r := range p.servers {
			o := r.rules.Overreach(policy)
			if o.None() {
				continue
			}
			where := ""
			if slices.ContainsFunc(p.servers, func(other *comparer) bool { return other.rules.Overreach(policy).Words() != o.Words() }) {
				where = " in " + p.servers.nameServer(n)
			}
			out.warn("deny_beyond_scope", model.RoleAddress(want.Name), "the Deny of policy %d, on %s,%s %s", i+1, strings.Join(policy.Resources, ", "), where, o.Words())
			if where == "" {
				break
			}
		}
	}
}

// end plans the end of a role that is no longer declared. OSMO makes its built-in
// roles again at every start, so those are let go, not deleted.
func (p rolePlanner) end(have *state.Role, holders []string) (out part) {
	address := model.RoleAddress(have.Name)
	if access.IsBuiltin(have.Name) {
		out.change(Change{Address: address, Action: Forget, Before: showRole(have), Reasons: []string{"no longer declared; the role is built into OSMO and stays there as it is"}})
		return out
	}
	if have.External {
		out.change(Change{Address: address, Action: Forget, Before: showRole(have), Reasons: []string{"no longer declared; it lives on the server and stays there as it is"}})
		return out
	}
	if p.fixesRoles() {
		return p.waitForEnd(have, holders)
	}
	change := Change{Address: address, Action: Delete, Before: showRole(have), Reasons: p.explainDeletion(address)}
	if heir := p.heirs.roles[have.Name]; heir != "" {
		change.Reasons = []string{"renamed to " + heir + ", and no value carries it"}
		change.Due = len(holders) > 0 && !slices.ContainsFunc(holders, func(name string) bool { return !p.keepsOnly(name, have.Name) })
	}
	out.change(change)
	if change.Due {
		return out // The updates of the accounts say so.
	}
	for _, name := range holders {
		out.imply(model.AccountAddress(name), address, "loses role %s with its deletion", have.Name)
	}
	return out
}

// keepsOnly reports whether an account holds a role for values that retire only, as
// one does that was renamed itself.
func (p rolePlanner) keepsOnly(account, role string) bool {
	have := p.have.Accounts[account]
	return slices.Contains(have.Kept(), role) || p.heirs.accounts[account] != "" && onlyWaits(have)
}

// warnEverybody warns, when a project begins, its server is another or the role
// changes, that the role which everybody has makes administrators: the Helm chart's
// form of it does.
func (p rolePlanner) warnEverybody(changes []Change) (out part) {
	address := model.RoleAddress(access.DefaultRole)
	news := !p.have.Exists() || p.have.Meta.Applied.Server != p.server() ||
		slices.ContainsFunc(changes, func(c Change) bool { return c.Address == address })
	if !news {
		return out
	}
	for i, r := range p.servers {
		granted := r.rules.Effective([]*model.Role{r.after[access.DefaultRole]})
		if access.Heaviest(granted) >= access.AdministratorByStep {
			out.warn("everybody_administrates", address, "in %s everybody has auth:Token on anybody's tokens, an administrator's included; to take that away, declare the role in the form that it has in %s",
				p.servers.nameServer(i), model.ModeDatabase.Words())
			break
		}
	}
	return out
}

// grantWords spells grants on one line.
func grantWords(grants []access.Grant) string {
	parts := make([]string, len(grants))
	for i, g := range grants {
		parts[i] = access.Bundle{Action: g.Action, Resources: []string{g.Resource}}.String()
	}
	return strings.Join(parts, ", ")
}
