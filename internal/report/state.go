package report

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// StateObject is what state holds at one address, or all of it: whatever is not
// asked for is absent.
type StateObject struct {
	FormatVersion version `json:"format_version"`
	Address       string  `json:"address,omitzero"`
	// Meta is there only where all of state is shown.
	Meta  *StateMeta      `json:"meta,omitempty"`
	Roles []Role          `json:"roles,omitzero"`
	Users Each[StateUser] `json:"users,omitzero"`
	// Tokens is there only where one token is shown.
	Tokens []Token `json:"tokens,omitzero"`
}

// StateMeta is what state holds of the project as a whole.
type StateMeta struct {
	Lineage string `json:"lineage"`
	Serial  int    `json:"serial"`
	// Digest is the SHA-256 over all state files, in hex.
	Digest     string              `json:"digest"`
	Backend    model.Backend       `json:"backend"`
	Git        model.Git           `json:"git"`
	Guardrails model.Guardrails    `json:"guardrails"`
	Server     model.Server        `json:"osmo,omitzero"`
	Recipients map[string][]string `json:"recipients"`
}

// StateUser is an account with its tokens, deleted ones included.
type StateUser struct {
	User
	TokenList []Token `json:"token_list"`
}

// StateOf is what a snapshot holds at an address, or all of it for the zero
// Address. It is an error to ask for what was never there.
func StateOf(s *state.Snapshot, a model.Address, today model.Date) (StateObject, error) {
	names := s.Meta.Applied.KeyNames()
	if a == (model.Address{}) {
		return wholeState(s, today, names), nil
	}
	out := StateObject{Address: a.String()}
	role, account := s.Roles[a.Name], s.Accounts[a.Name]
	if a.Kind == model.KindToken {
		account = s.Accounts[a.Account]
	}
	switch {
	case a.Kind == model.KindRole && role != nil:
		out.Roles = []Role{RoleOf(role)}
		return out, nil
	case a.Kind == model.KindAccount && account != nil:
		out.Users = EachOf([]StateUser{stateUserOf(account, today, names)})
		return out, nil
	case a.Kind == model.KindToken && account != nil && account.Tokens[a.Name] != nil:
		t := TokenOf(account, a.Name, today, names)
		if a.Generation == 0 || t.keepOnly(a.Generation) {
			out.Tokens = []Token{t}
			return out, nil
		}
	}
	return out, fmt.Errorf("state holds no %s: osmoctl state show lists what it holds", a)
}

func wholeState(s *state.Snapshot, today model.Date, names map[string]string) StateObject {
	m := s.Meta
	out := StateObject{
		Meta:  &StateMeta{m.Lineage, m.Serial, m.Digest.String(), m.Applied.Backend, m.Applied.Git, m.Applied.Guardrails, m.Applied.Server, m.Applied.Recipients},
		Roles: []Role{},
	}
	for _, name := range model.Names(s.Roles) {
		out.Roles = append(out.Roles, RoleOf(s.Roles[name]))
	}
	out.Users = func(yield func(StateUser) bool) {
		for _, name := range model.Names(s.Accounts) {
			if !yield(stateUserOf(s.Accounts[name], today, names)) {
				return
			}
		}
	}
	return out
}

// keepOnly leaves a token one generation, and reports whether it has that.
func (t *Token) keepOnly(number int) bool {
	generations, tombstones := t.Generations, t.Tombstones
	t.Generations, t.Tombstones = []Generation{}, []Tombstone{}
	for _, g := range generations {
		if g.Generation == number {
			t.Generations = append(t.Generations, g)
		}
	}
	for _, g := range tombstones {
		if g.Generation == number {
			t.Tombstones = append(t.Tombstones, g)
		}
	}
	return len(t.Generations)+len(t.Tombstones) > 0
}

func stateUserOf(a *state.Account, today model.Date, names map[string]string) StateUser {
	out := StateUser{User: UserOf(a), TokenList: []Token{}}
	for _, name := range model.Names(a.Tokens) {
		out.TokenList = append(out.TokenList, TokenOf(a, name, today, names))
	}
	return out
}
