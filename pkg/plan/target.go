package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
)

// restrict cuts a whole plan down to its targets and to what they draw in: what
// a target needs to exist, and what falls with a deletion. It warns of what was
// left out, because a restricted plan is not the whole truth, and returns what
// it reaches.
func restrict(p *Plan, by planner) map[model.Address]bool {
	wanted := findReach(p, by)
	keep := func(a model.Address) bool { return wanted[a] || wanted[a.Token()] }
	left := 0
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool {
		drop := !keep(c.Address)
		if drop {
			left++
		}
		return drop
	})
	p.Implied = slices.DeleteFunc(p.Implied, func(i Implied) bool { return !wanted[i.Cause] })
	p.Readers = slices.DeleteFunc(p.Readers, func(r Readers) bool { return !keep(r.Token) })
	p.WaitingForIdentity = slices.DeleteFunc(p.WaitingForIdentity, func(w Waiting) bool { return !keep(w.Address) })
	p.Warnings = slices.DeleteFunc(p.Warnings, func(w Warning) bool { return !keep(*w.Address) })
	p.Upcoming = slices.DeleteFunc(p.Upcoming, func(u Upcoming) bool { return !keep(u.Address) })
	if left > 0 {
		p.Warnings = append(p.Warnings, Warning{Code: "targeted", Message: model.Plural(left, "change was", "changes were") + " left out because of --target, and so are changed project settings"})
	}
	return wanted
}

// findReach is the set of objects that the targets reach.
func findReach(p *Plan, by planner) map[model.Address]bool {
	byObject := map[model.Address][]*Change{}
	for i := range p.Changes {
		a := p.Changes[i].Address.Token()
		byObject[a] = append(byObject[a], &p.Changes[i])
	}
	wanted := map[model.Address]bool{}
	var visit func(a model.Address)
	visit = func(a model.Address) {
		if wanted[a] {
			return
		}
		wanted[a] = true
		for _, c := range byObject[a] {
			for _, next := range findNeeds(c, by) {
				if byObject[next] != nil {
					visit(next)
				}
			}
		}
	}
	for _, a := range p.Targets {
		visit(a.Token())
	}
	return wanted
}

// findNeeds is what one change cannot go without.
func findNeeds(c *Change, by planner) (out []model.Address) {
	switch c.Address.Kind {
	case model.KindToken:
		return findTokenNeeds(c, by.heirs)
	case model.KindAccount:
		if c.After == nil {
			return nil
		}
		for _, role := range c.After.Roles {
			out = append(out, model.RoleAddress(role))
		}
		// One that waits for its last values, or has drifted, need not be declared.
		want := by.want.Accounts[c.Address.Name]
		if want != nil && c.Before != nil && len(minus(c.Before.Roles, c.After.Roles)) > 0 {
			// The tokens were declared for the roles the account keeps.
			for name := range want.Tokens {
				out = append(out, model.TokenAddress(c.Address.Name, name))
			}
		}
	case model.KindRole:
		if c.Action == Delete {
			role := c.Address.Name
			for _, name := range rights.Applied(by.have, by.today).Holders(role)[role] {
				out = append(out, model.AccountAddress(name))
			}
		}
	}
	return out
}

func findTokenNeeds(c *Change, h heirs) []model.Address {
	if c.After == nil {
		return nil
	}
	out := []model.Address{model.AccountAddress(c.Address.Account)}
	for _, role := range c.After.Roles {
		out = append(out, model.RoleAddress(role))
	}
	for old, heir := range h.tokens {
		if heir == c.Address {
			out = append(out, old)
		}
		if old == c.Address {
			out = append(out, heir)
		}
	}
	return out
}
