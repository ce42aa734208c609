package plan

import (
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// basis is what a plan is made from. Planning changes nothing of it.
type basis struct {
	want *model.Declarations
	have *state.Snapshot
	// observed is what the server has, where there is one.
	observed model.Observed
	today    model.Date
	// owned has what was never applied and is taken away all the same, and why.
	owned map[model.Address]string
}

// explainDeletion is the reason for deleting what is not declared.
func (b basis) explainDeletion(a model.Address) []string {
	if why := b.owned[a]; why != "" {
		return []string{why}
	}
	return []string{"no longer declared"}
}

// knows reports whether an object is declared or in state.
func (b basis) knows(a model.Address) bool {
	declared := b.findDeclared(a.Token()) != nil
	switch a.Kind {
	case model.KindRole:
		declared = b.want.Roles[a.Name] != nil
	case model.KindAccount:
		declared = b.want.Accounts[a.Name] != nil
	}
	return declared || isApplied(b.have, a)
}

// isApplied reports whether a state has an object.
func isApplied(s *state.Snapshot, a model.Address) bool {
	switch a.Kind {
	case model.KindRole:
		return s.Roles[a.Name] != nil
	case model.KindAccount:
		return s.Accounts[a.Name].Live()
	}
	return findToken(s, a).Live()
}

// findDeclared is the token of an address as declared, and findApplied as the last
// apply left it; nil where there is none.
func (b basis) findDeclared(a model.Address) *model.Token {
	if account := b.want.Accounts[a.Account]; account != nil {
		return account.Tokens[a.Name]
	}
	return nil
}

func (b basis) findApplied(a model.Address) *state.Token {
	return findToken(b.have, a)
}

func findToken(s *state.Snapshot, a model.Address) *state.Token {
	if account := s.Accounts[a.Account]; account != nil {
		return account.Tokens[a.Name]
	}
	return nil
}

// planner plans by what follows from the basis: who takes over from whom, what keys
// are called, and how to compare access.
type planner struct {
	basis
	heirs   heirs
	keys    *keyring
	servers comparers
	// declared and readable wait for how many tokens each key is of.
	declared, readable func() map[string]int
}

func (p planner) access() accessNotes {
	return accessNotes{p.servers, rights.Applied(p.have, p.today), p.today}
}

func newPlanner(b basis, h heirs) planner {
	return planner{basis: b, heirs: h, keys: newKeyring(b.have.Meta.Applied), servers: newComparers(b, h, nil)}
}

// newCountingPlanner is like newPlanner, for who does not walk over all accounts.
func newCountingPlanner(b basis, h heirs) planner {
	p := newPlanner(b, h)
	p.declared, p.readable = b.countBeside()
	return p
}

// asApplied declares the roles and guardrails of a state, and nothing else of it:
// what makes a plan of another kind than Build's changes none of them.
func asApplied(s *state.Snapshot) *model.Declarations {
	want := &model.Declarations{Roles: map[string]*model.Role{}, Accounts: map[string]*model.Account{}}
	want.Project.Guardrails, want.Project.Server = s.Meta.Applied.Guardrails, s.Meta.Applied.Server
	for name, r := range s.Roles {
		want.Roles[name] = &model.Role{Name: name, Policies: r.Policies}
	}
	return want
}
