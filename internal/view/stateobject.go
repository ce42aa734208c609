package view

import (
	"fmt"
	"strconv"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// StateObject is what state holds at one address, or all of it: whatever is not
// asked for is absent.
type StateObject struct {
	FormatVersion int    `json:"format_version"`
	Address       string `json:"address,omitzero"`
	// Meta is there only where all of state is shown.
	Meta  *StateMeta  `json:"meta,omitempty"`
	Roles []Role      `json:"roles,omitzero"`
	Users []StateUser `json:"users,omitzero"`
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
	out := StateObject{FormatVersion: formatVersion}
	if a == (model.Address{}) {
		out.everything(s, today, names)
		return out, nil
	}
	out.Address = a.String()
	role, account := s.Roles[a.Name], s.Accounts[a.Name]
	switch {
	case a.Kind == model.KindRole && role != nil:
		out.Roles = []Role{RoleOf(role)}
	case a.Kind == model.KindAccount && account != nil:
		out.Users = []StateUser{stateUserOf(account, today, names)}
	case a.Kind == model.KindToken:
		return out, out.token(s, a, today, names)
	default:
		return out, notInState(a)
	}
	return out, nil
}

func notInState(a model.Address) error {
	return fmt.Errorf("state holds no %s: osmoctl state show lists what it holds", a)
}

func (o *StateObject) everything(s *state.Snapshot, today model.Date, names map[string]string) {
	m := s.Meta
	o.Meta = &StateMeta{m.Lineage, m.Serial, m.Digest.String(), m.Applied.Backend, m.Applied.Git, m.Applied.Guardrails, m.Applied.Server, m.Applied.Recipients}
	o.Roles, o.Users = []Role{}, []StateUser{}
	for _, name := range model.Names(s.Roles) {
		o.Roles = append(o.Roles, RoleOf(s.Roles[name]))
	}
	for _, name := range model.Names(s.Accounts) {
		o.Users = append(o.Users, stateUserOf(s.Accounts[name], today, names))
	}
}

func (o *StateObject) token(s *state.Snapshot, a model.Address, today model.Date, names map[string]string) error {
	account := s.Accounts[a.Account]
	if account == nil || account.Tokens[a.Name] == nil {
		return notInState(a)
	}
	t := TokenOf(account, a.Name, today, names)
	if a.Generation != 0 && !t.keepOnly(a.Generation) {
		return notInState(a)
	}
	o.Tokens = []Token{t}
	return nil
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

// StateObject writes what state holds: text or JSON.
func (v *View) StateObject(o StateObject, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.stateObject(o) },
		json: func() any { return o },
	})
}

func (p *page) stateObject(o StateObject) {
	if o.Meta != nil {
		p.stateOverview(o)
		return
	}
	for _, r := range o.Roles {
		p.role(r)
	}
	for _, u := range o.Users {
		p.user(u.User)
		p.userTokens(u.TokenList)
	}
	for _, t := range o.Tokens {
		p.token(t)
	}
}

func (p *page) userTokens(list []Token) {
	p.blank()
	if len(list) == 0 {
		p.line("Tokens: None")
		return
	}
	p.line("Tokens:")
	for _, t := range list {
		p.line("  - " + tokenSummary(t))
	}
}

// tokenSummary is a token on one line: ci (generation 2, active until
// 2027-01-01; osmo-user).
func tokenSummary(t Token) string {
	if t.Generation == 0 {
		return t.TokenName + " (" + t.Status + ")"
	}
	return t.TokenName + " (generation " + strconv.Itoa(t.Generation) + ", " + t.Status + ", " + endWords(t.Status, t.ExpiresAt) + "; roles: " + orNone(t.Roles) + ")"
}

func (p *page) stateOverview(o StateObject) {
	if o.Meta.Serial == 0 {
		p.line("Nothing was applied yet")
		return
	}
	p.field("Lineage", o.Meta.Lineage)
	p.field("Serial", strconv.Itoa(o.Meta.Serial))
	p.field("Digest", "sha256:"+o.Meta.Digest)
	p.blank()
	p.line("Addresses:")
	for _, r := range o.Roles {
		p.line("  role/" + r.Name)
	}
	for _, u := range o.Users {
		p.line("  account/" + u.ID + deletedWords(u.DeletedOn))
		for _, t := range u.TokenList {
			p.line("  token/" + u.ID + "/" + tokenSummary(t))
		}
	}
}

func deletedWords(on model.Date) string {
	if on == 0 {
		return ""
	}
	return " (deleted on " + on.String() + ")"
}
