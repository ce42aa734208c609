package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Holdings are who holds which roles before and after a plan, and what these allow, for
// guardrails that are about access. They are a view of what the plan was made from, and
// no part of it.
type Holdings struct {
	// List has the accounts by name, and each before its tokens.
	List []Holding
	// Servers has the roles in force on each server that the plan answers for.
	Servers []ServerRoles
	// Unknown has the roles of which it is not known what they allow after the plan.
	Unknown map[string]bool
}

// Holding is what an account, a token's coming value, or another of its values that
// works on holds before and after a plan.
type Holding struct {
	Subject model.Address
	// Before and After are names of roles. What was or will be gone holds none.
	Before, After []string
	// Account has the roles of a token's account after the plan.
	Account []string
}

// ServerRoles are the roles in force on one server.
type ServerRoles struct {
	Rules *access.Rules
	// Words name the server as far as the others differ from it.
	Words string
	by    *comparer
}

// Compile are roles by their names, with the one that everybody has, as they are in
// force before or after the plan. A role that says the same in both is compiled once.
// The answers of one server are not asked for by several goroutines.
func (s ServerRoles) Compile(names []string, after bool) []*access.Compiled {
	compiled, roles := s.by.compiledBefore, s.by.before
	if after {
		compiled, roles = s.by.compiledAfter, s.by.after
	}
	everybody := []string{access.DefaultRole}
	return s.by.compile(append(minus(names, everybody), everybody...), compiled, roles)
}

// holdingsOf reads off a plan who holds what. Whoever is in no case holds what they
// held, of roles that say what they said.
func holdingsOf(by planner, servers comparers, cases []accessCase, kept map[model.Address]bool) *Holdings {
	h := &Holdings{Unknown: by.findUnknown()}
	for i, r := range servers {
		h.Servers = append(h.Servers, ServerRoles{r.rules, servers.nameServer(i), r})
	}
	moves := map[model.Address]accessCase{}
	for _, c := range cases {
		if kept == nil || kept[c.cause] {
			moves[c.subject] = c
		}
	}
	held := rights.Applied(by.have, by.today)
	find := func(a model.Address) Holding {
		before := held.Roles(a)
		if c, moves := moves[a]; moves {
			return Holding{Subject: a, Before: before, After: c.after}
		}
		return Holding{Subject: a, Before: before, After: before}
	}
	tokens := namesOf(by.have, moves)
	for _, name := range model.Names(tokens) {
		account := find(model.AccountAddress(name))
		h.List = append(h.List, account)
		for _, token := range model.Names(tokens[name]) {
			coming := find(model.TokenAddress(name, token))
			coming.Account = account.After
			h.List = append(h.List, coming)
			if a := by.have.Accounts[name]; a != nil && len(account.After) > 0 {
				h.List = append(h.List, findRetiring(a.Tokens[token], coming, by.today)...)
			}
		}
	}
	return h
}

// namesOf has the tokens of every account, those that are there and those that move.
func namesOf(have *state.Snapshot, moves map[model.Address]accessCase) map[string]map[string]bool {
	tokens := map[string]map[string]bool{}
	note := func(account, token string) {
		if tokens[account] == nil {
			tokens[account] = map[string]bool{}
		}
		if token != "" {
			tokens[account][token] = true
		}
	}
	for a := range moves {
		switch a.Kind {
		case model.KindAccount:
			note(a.Name, "")
		case model.KindToken:
			note(a.Account, a.Name)
		}
	}
	for name, a := range have.Accounts {
		if !a.Live() {
			continue
		}
		note(name, "")
		for token, t := range a.Tokens {
			if t.Live() {
				note(name, token)
			}
		}
	}
	return tokens
}

// findRetiring are the values of a token that work beside its coming one.
func findRetiring(t *state.Token, coming Holding, today model.Date) (list []Holding) {
	if !t.Live() {
		return nil
	}
	for i := range t.Generations {
		g := &t.Generations[i]
		before := g.CurrentRoles()
		after := intersect(before, coming.Account)
		if g.ExpiresAt <= today || g.RevokeAfter != 0 && g.EndsOn() <= today || slices.Equal(after, coming.After) {
			continue
		}
		list = append(list, Holding{Subject: coming.Subject.At(g.Number), Before: before, After: after, Account: coming.Account})
	}
	return list
}
