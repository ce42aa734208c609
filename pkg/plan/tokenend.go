package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// tokenEnd is an applied token that is no longer declared.
type tokenEnd struct {
	planner
	address model.Address
	have    *state.Token
	// roles are those that its account has once the plan is applied.
	roles []string
	// heir is the declared token that takes its place, or nil.
	heir *model.Token
}

// endToken plans the end of a token that its account no longer declares: deletion,
// or, where another token took over from it, retirement.
func (p planner) endToken(account *model.Account, roles []string, name string) (out part) {
	applied := p.have.Accounts[account.Name].Tokens
	end := tokenEnd{planner: p, address: model.TokenAddress(account.Name, name), have: applied[name], roles: roles}
	if heir, renamed := p.heirs.tokens[end.address]; renamed {
		end.heir = account.Tokens[heir.Name]
	}
	g, overlaps := end.have.Active(), end.heir != nil && end.heir.Rotate.Overlap > 0
	switch {
	case overlaps && g != nil && g.ExpiresAt > p.today:
		end.rename(&out)
	case overlaps && end.have.RenamedTo == "" && stillRetires(end.have, p.today):
		end.renameRetiring(&out)
	case len(end.have.Generations) > 0 && p.heirs.isContinued(account, applied, end.have.RenamedTo):
		revokeDue(&out, end.address, end.have, p.today)
	default:
		end.delete(&out)
	}
	return out
}

// isContinued reports whether a token that took over from another is declared, or was
// itself taken over from by one that is. Else the whole line is removed.
func (h *heirs) isContinued(account *model.Account, applied map[string]*state.Token, heir string) bool {
	for range len(applied) + 1 { // names may go round in a circle
		if account.Tokens[heir] != nil {
			return true
		}
		next, renamed := h.tokens[model.TokenAddress(account.Name, heir)]
		switch {
		case renamed && account.Tokens[next.Name].Rotate.Overlap > 0:
			heir = next.Name
		case applied[heir] != nil:
			heir = applied[heir].RenamedTo
		default:
			return false
		}
	}
	return false
}

func (e *tokenEnd) delete(out *part) {
	out.change(Change{Address: e.address, Action: Delete, Before: showToken(e.have, e.keys.names), Reasons: []string{"no longer declared"}})
	e.access().move(out, e.address, e.address, nil)
}

// rename plans that the active generation retires for the overlap of the heir.
func (e *tokenEnd) rename(out *part) {
	g := e.have.Active()
	resolved := &Resolved{Replaces: g.Number, RevokeAfter: min(e.today.Add(e.heir.Rotate.Overlap), g.ExpiresAt)}
	resolved.cutOverlap(g, e.roles)
	e.change(out, resolved)
	out.expect(e.today, Upcoming{Address: e.address.At(g.Number), Event: EventRevoke, Date: resolved.RevokeAfter})
	e.access().overlap(out, e.address, nil, e.roles, resolved.RevokeAfter)
	revokeDue(out, e.address, e.have, e.today)
}

// renameRetiring renames a token of which no generation is active, because it was
// revoked or has expired: those that it replaced keep their days.
func (e *tokenEnd) renameRetiring(out *part) {
	e.change(out, nil)
	if g := e.have.Active(); g != nil {
		out.change(Change{Address: e.address.At(g.Number), Action: Revoke, Reasons: []string{"replaced, and expired on " + g.ExpiresAt.String()}, Before: showGeneration(g)})
	}
	revokeDue(out, e.address, e.have, e.today)
}

// change records the name of the heir, with its account where that is another.
func (e *tokenEnd) change(out *part, resolved *Resolved) {
	before, after := showToken(e.have, e.keys.names), showToken(e.have, e.keys.names)
	after.RenamedTo = e.heir.Name
	if e.heir.Account != e.address.Account {
		after.RenamedTo = e.heir.Account + "/" + e.heir.Name
	}
	out.change(Change{
		Address: e.address, Action: Update, Reasons: []string{"renamed to " + after.RenamedTo}, Before: before, After: after,
		Resolved: resolved, Origin: &e.heir.Origin,
	})
}

// stillRetires reports whether a generation of a token that was replaced works on.
func stillRetires(t *state.Token, today model.Date) bool {
	return slices.ContainsFunc(t.Generations, func(g state.Generation) bool { return g.RevokeAfter != 0 && g.EndsOn() > today })
}

// revokeDue revokes the generations of a token whose overlap is over.
func revokeDue(out *part, a model.Address, t *state.Token, today model.Date) {
	for i := range t.Generations {
		g := &t.Generations[i]
		if g.RevokeAfter == 0 {
			continue
		}
		if on := g.EndsOn(); on > today {
			out.expect(today, Upcoming{Address: a.At(g.Number), Event: EventRevoke, Date: on})
		} else {
			out.change(Change{
				Address: a.At(g.Number), Action: Revoke, Due: true, Before: showGeneration(g),
				Reasons: []string{"its overlap ended on " + on.String()},
			})
		}
	}
}
