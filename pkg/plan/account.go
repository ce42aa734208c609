package plan

import (
	"maps"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// accountPlanner plans accounts; their tokens are planned by [tokenPlanner].
type accountPlanner struct{ planner }

// plan plans a declared account, without its tokens.
func (p accountPlanner) plan(want *model.Account) (out part) {
	have, address := p.have.Accounts[want.Name], model.AccountAddress(want.Name)
	roles, kept := p.heirs.rolesOf(want), p.heirs.kept[want.Name]
	switch {
	case !have.Live():
		reason := "newly declared"
		for _, old := range want.Previously {
			if p.heirs.accounts[old] == want.Name {
				reason = "renamed from " + old
			}
		}
		out.change(Change{Address: address, Action: Create, After: showDeclared(want), Reasons: []string{reason}, Origin: &want.Origin})
	case !isSameAccount(want, roles, have) || !slices.Equal(have.Kept(), kept):
		before, after := showAccount(have), showDeclared(want)
		after.Roles, after.KeptRoles = roles, kept
		change := Change{Address: address, Action: Update, Before: before, After: after, Reasons: []string{"declaration changed"}, Origin: &want.Origin}
		if dropsKeptOnly(have, before, after, p.today) {
			change.Reasons, change.Due = []string{"no value carries a renamed role any more"}, true
		} else {
			for _, old := range kept {
				out.imply(address, model.RoleAddress(p.heirs.roles[old]), "keeps role %s until %s, for the values that carry it", old, p.heirs.until[want.Name])
			}
		}
		out.change(change)
	}
	p.access().move(&out, address, address, roles)
	p.loseRoles(&out, have, roles)
	return out
}

// loseRoles says what OSMO does by itself: a role that leaves an account leaves
// every token of it.
func (p accountPlanner) loseRoles(out *part, have *state.Account, roles []string) {
	if !have.Live() || slices.EqualFunc(roles, have.Grants, func(r string, g state.Grant) bool { return r == g.Role }) {
		return
	}
	kept := members(roles)
	if !kept.missesAny(have.Roles()) {
		return
	}
	type carrier struct {
		address model.Address
		carries memberSet
	}
	var carriers []carrier
	for _, name := range model.Names(have.Tokens) {
		for i := range have.Tokens[name].Generations {
			g := &have.Tokens[name].Generations[i]
			carriers = append(carriers, carrier{model.TokenAddress(have.Name, name).At(g.Number), members(g.CurrentRoles())})
		}
	}
	for _, g := range have.Grants {
		if kept.has(g.Role) {
			continue
		}
		for _, c := range carriers {
			if c.carries.has(g.Role) {
				out.imply(c.address, model.AccountAddress(have.Name), "loses role %s at once", g.Role)
			}
		}
	}
}

// isSameAccount is the fast path of a plan in which nothing changed.
func isSameAccount(want *model.Account, roles []string, have *state.Account) bool {
	return want.Description == have.Description && want.Protect == have.Protect && maps.Equal(want.Labels, have.Labels) &&
		slices.EqualFunc(roles, have.Grants, func(r string, g state.Grant) bool { return r == g.Role })
}

// dropsKeptOnly reports that an update of an account does nothing but take away
// roles that it kept for values which have ended.
func dropsKeptOnly(have *state.Account, before, after *Object, today model.Date) bool {
	for _, f := range fieldsOf(before, after) {
		if f.Path != "roles" && f.Path != "kept_roles" {
			return false
		}
	}
	kept := minus(before.KeptRoles, after.KeptRoles)
	return len(kept) > 0 && len(minus(after.KeptRoles, before.KeptRoles)) == 0 && slices.Equal(minus(before.Roles, after.Roles), kept) &&
		len(minus(after.Roles, before.Roles)) == 0 && !slices.ContainsFunc(kept, func(role string) bool { return !have.Spent(role, today) })
}

// end plans the end of an account that is no longer declared.
func (p accountPlanner) end(have *state.Account) (out part) {
	address := model.AccountAddress(have.Name)
	out.change(Change{Address: address, Action: Delete, Before: showAccount(have), Reasons: p.explainDeletion(address)})
	p.takeTokens(&out, have)
	return out
}

// takeTokens notes what goes with an account that is deleted.
func (p accountPlanner) takeTokens(out *part, have *state.Account) {
	address := model.AccountAddress(have.Name)
	p.access().move(out, address, address, nil)
	for _, name := range model.Names(have.Tokens) {
		if have.Tokens[name].Live() {
			token := model.TokenAddress(have.Name, name)
			out.imply(token, address, "is deleted with its account, with every generation")
			p.access().move(out, token, address, nil)
		}
	}
}

// rename plans what becomes of an account that another takes over from: it stays
// until the last of its values has ended.
func (p accountPlanner) rename(have *state.Account, heir *model.Account) (out part) {
	address, waits := model.AccountAddress(have.Name), onlyWaits(have)
	until := findLastDay(have, heir, "", p.today)
	if until > p.today {
		if !waits {
			out.imply(address, model.AccountAddress(heir.Name), "stays until %s, for the values that retire", until)
		}
		for _, name := range model.Names(have.Tokens) {
			if have.Tokens[name].Live() {
				p.moveToken(&out, have, name, heir)
			}
		}
		return out
	}
	reason := "renamed to " + heir.Name + ", and none of its values lives on"
	out.change(Change{Address: address, Action: Delete, Before: showAccount(have), Reasons: []string{reason}, Due: waits})
	if !waits {
		p.takeTokens(&out, have)
		return out
	}
	p.access().move(&out, address, address, nil)
	for _, name := range model.Names(have.Tokens) {
		if t := have.Tokens[name]; t.Live() {
			revokeDue(&out, model.TokenAddress(have.Name, name), t, p.today)
		}
	}
	return out
}

// moveToken plans what becomes of a token whose account another takes over from.
func (p accountPlanner) moveToken(out *part, have *state.Account, name string, heir *model.Account) {
	end := tokenEnd{planner: p.planner, address: model.TokenAddress(have.Name, name), have: have.Tokens[name], roles: have.Roles(), heir: heirToken(heir, name)}
	switch {
	case end.have.RenamedTo != "" && len(end.have.Generations) > 0:
		revokeDue(out, end.address, end.have, p.today)
	case end.heir != nil && end.have.Active() != nil && livesUntil(end.have.Active(), end.heir, p.today) > p.today:
		end.rename(out)
	case end.heir != nil && stillRetires(end.have, p.today) && end.heir.Rotate.Overlap > 0:
		end.renameRetiring(out)
	default:
		end.delete(out)
	}
}
