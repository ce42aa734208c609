package apply

import (
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// editor applies a plan's changes, in their order, to the next snapshot.
type editor struct {
	*state.Edit
	run    *Run
	plan   *plan.Plan
	now    time.Time
	sealed map[model.Address]*generation
}

// edit makes the changes of p. whole says that nothing of what was planned is left out,
// so that the project's settings are in force from then on.
func (r *Run) edit(next *state.Edit, p *plan.Plan, sealed *sealedSet, whole bool) *state.Edit {
	e := &editor{Edit: next, run: r, plan: p, now: r.Now.UTC().Truncate(time.Second), sealed: sealed.byToken()}
	if whole && len(p.Targets) == 0 {
		e.SetSettings(r.Settings)
	}
	for i := range p.Changes {
		switch c := &p.Changes[i]; c.Address.Kind {
		case model.KindRole:
			e.role(c)
		case model.KindAccount:
			e.account(c)
		case model.KindToken:
			e.token(c)
		}
	}
	return e.Edit
}

// spend records that the approvals which let a plan through were used, with the commit
// that ends the plan. Plans of other kinds read none.
func (r *Run) spend(e *state.Edit, p *plan.Plan) *state.Edit {
	if p.Kind() != plan.KindDeclared {
		return e
	}
	var used []model.Approval
	for _, l := range p.Lifted {
		used = append(used, model.Approval{Plan: l.Plan, Allow: l.Allow})
	}
	e.Spend(used, r.Approvals)
	return e
}

// begin begins the next snapshot. The first of all gets a name and settings: there
// are none that a restricted plan could leave as they are.
func (r *Run) begin(have *state.Snapshot) *state.Edit {
	e := have.Edit()
	if !have.Exists() {
		e.SetLineage(r.Lineage)
		e.SetSettings(r.Settings)
	}
	return e
}

func (e *editor) role(c *plan.Change) {
	if c.After == nil {
		e.DeleteRole(c.Address.Name)
		return
	}
	next := &state.Role{
		Name: c.Address.Name, CreatedAt: e.now, CreatedBy: e.run.Actor,
		Description: c.After.Description, SyncMode: c.After.SyncMode, External: c.After.External,
		ExternalRoles: c.After.ExternalRoles, Policies: c.After.Policies,
	}
	if before := e.Role(c.Address.Name); before != nil {
		next.CreatedAt, next.CreatedBy = before.CreatedAt, before.CreatedBy
	}
	e.SetRole(next)
}

func (e *editor) account(c *plan.Change) {
	if c.After == nil {
		// What was on the server and never in state leaves nothing to remember.
		if e.Snapshot().Accounts[c.Address.Name].Live() {
			e.DeleteAccount(c.Address.Name, e.plan.Date, reason(c))
		}
		return
	}
	a := e.Account(c.Address.Name)
	switch c.Action {
	case plan.Create:
		a.CreatedAt, a.CreatedBy, a.DeletedOn = e.now, e.run.Actor, 0
	case plan.Adopt:
		seen := e.run.Observed.Users[c.Address.Name]
		a.CreatedAt, a.CreatedBy, a.DeletedOn = seen.Created.At.UTC().Truncate(time.Second), seen.Created.By, 0
		a.Grants = state.ObservedGrants(seen, c.After.Roles...)
	}
	a.Description, a.Labels, a.Protect = c.After.Description, c.After.Labels, c.After.Protect
	a.Grants = e.grants(a.Grants, c.After.Roles, c.After.KeptRoles)
	for _, t := range a.Tokens {
		dropRoles(t, c.After.Roles)
	}
}

// grants marks those that are kept for values which retire. It keeps the grants that stay as they are and adds the new ones.
func (e *editor) grants(before []state.Grant, roles, kept []string) []state.Grant {
	out := make([]state.Grant, 0, len(roles))
	for _, role := range model.Set(roles) {
		g := state.Grant{Role: role, AssignedAt: e.now, AssignedBy: e.run.Actor}
		if i := slices.IndexFunc(before, func(g state.Grant) bool { return g.Role == role }); i >= 0 {
			g = before[i]
		}
		g.Kept = slices.Contains(kept, role)
		out = append(out, g)
	}
	return out
}

// dropRoles records what OSMO does when an account loses a role: every token of
// it loses the role too, and does not get it back with the account.
func dropRoles(t *state.Token, kept []string) {
	for i := range t.Generations {
		g := &t.Generations[i]
		for _, role := range g.CurrentRoles() {
			if !slices.Contains(kept, role) {
				g.RemovedRoles = model.Set(append(slices.Clone(g.RemovedRoles), role))
			}
		}
	}
}

func (e *editor) token(c *plan.Change) {
	switch c.Action {
	case plan.Create, plan.Rotate:
		e.issue(c)
	case plan.Adopt:
		e.adopt(c)
	case plan.Update:
		// What was seen of one generation is corrected already.
		if c.Address.Generation == 0 {
			e.update(c)
		}
	case plan.Revoke:
		e.revoke(c)
	case plan.Delete:
		e.DeleteToken(c.Address, e.plan.Date, reason(c))
	}
}

func (e *editor) issue(c *plan.Change) {
	t := e.Token(c.Address.Account, c.Address.Name)
	if g := t.Active(); g != nil && c.Resolved.Replaces == g.Number {
		g.RevokeAfter = c.Resolved.RevokeAfter
	}
	t.DeletedOn, t.RenamedTo = 0, ""
	t.Spec, t.Honoured = c.After.TokenSpec(), c.Resolved.Requested
	sealed := e.sealed[c.Address]
	number := sealed.address.Generation
	e.Issue(c.Address, state.Generation{
		Number: number, ServerName: model.ServerName(c.Address.Name, number),
		IssuedAt: e.now, IssuedBy: e.run.Actor, ExpiresAt: c.Resolved.ExpiresAt,
		Description: c.After.Description, Roles: c.Resolved.Roles,
		Recipients: model.Set(model.IDs(c.Resolved.Readers)), Value: sealed.sum,
	}, sealed.ciphertext)
}

// adopt takes over a token that somebody else has created, without its value.
func (e *editor) adopt(c *plan.Change) {
	first := c.Address.At(1)
	e.Adopt(first, state.AdoptedGeneration(first, e.run.Observed.Users[first.Account].Tokens[first.Name], e.now, e.run.Actor))
	t := e.Token(first.Account, first.Name)
	t.DeletedOn, t.RenamedTo, t.Spec, t.Honoured = 0, "", c.After.TokenSpec(), c.After.Requested
}

func (e *editor) update(c *plan.Change) {
	t := e.Token(c.Address.Account, c.Address.Name)
	t.Spec, t.RenamedTo = c.After.TokenSpec(), c.After.RenamedTo
	if g := t.Active(); g != nil && c.Resolved != nil && c.Resolved.Replaces == g.Number {
		g.RevokeAfter = c.Resolved.RevokeAfter
	}
}

// revoke ends one generation. A renamed token is only kept for its last ones.
func (e *editor) revoke(c *plan.Change) {
	e.End(c.Address, e.plan.Date, reason(c))
	t := e.Token(c.Address.Account, c.Address.Name)
	if t.RenamedTo != "" && len(t.Generations) == 0 {
		e.DeleteToken(c.Address.Token(), e.plan.Date, reason(c))
	}
}

// reason is what a tombstone says.
func reason(c *plan.Change) string { return strings.Join(c.Reasons, "; ") }
