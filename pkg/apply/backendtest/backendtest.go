// Package backendtest is the contract of [apply.Backend] as tests: [Run] holds any
// backend against it.
//
//	func TestBackend(t *testing.T) {
//		backendtest.Run(t, func(t *testing.T) apply.Backend { return local.Backend{} })
//	}
//
// [Server] is one that passes, in memory, and that can be told to fail at any call:
// for tests of what is built on backends.
package backendtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// The names that the tests use. A server that takes no roles must have these.
const (
	FirstRole  = "contract-first"
	SecondRole = "contract-second"

	user    = "contract-user"
	other   = "contract-other"
	lineage = "contract"
)

// expires is far enough away for any server, and near enough.
const expires = 30

// Run tests a backend. open gives each test one to itself, with nothing in it but,
// where its server takes no roles, [FirstRole] and [SecondRole].
func Run(t *testing.T, open func(t *testing.T) apply.Backend) {
	t.Helper()
	tests := map[string]func(*contract){
		"values differ": (*contract).valuesDiffer, "a cancelled context": (*contract).giveUp, "ending what is not there": (*contract).endNothing,
	}
	if open(t).Server() {
		for name, test := range map[string]func(*contract){
			"roles": (*contract).roles, "users": (*contract).users, "grants": (*contract).grants, "tokens": (*contract).tokens,
			"a name that is taken": (*contract).takeName, "ending tokens": (*contract).endTokens, "a role taken away": (*contract).roleTakenAway,
			"ending users": (*contract).endUsers, "ending roles": (*contract).endRoles,
		} {
			tests[name] = test
		}
	} else {
		tests["no server"] = (*contract).noServer
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(&contract{T: t, Backend: open(t)}) })
	}
}

// contract is one test with its backend.
type contract struct {
	*testing.T
	apply.Backend
}

func (c *contract) done(what string, err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("%s: %v", what, err)
	}
}

func (c *contract) observe() model.Observed {
	c.Helper()
	seen, err := c.Observe(c.Context(), []string{user, other, "contract-nobody"})
	c.done("observe", err)
	if seen.Seen() != c.Server() {
		c.Error("it cannot be told whether a server was looked at")
	}
	return seen
}

// role makes sure of a role; some servers have it already and take none.
func (c *contract) role(name string) {
	c.Helper()
	if err := c.EnsureRole(c.Context(), role(name)); err != nil && (!errors.Is(err, apply.ErrRefused) || c.observe().Roles[name] == nil) {
		c.Fatalf("there is no role %s: %v", name, err)
	}
}

func role(name string) *model.Role {
	return &model.Role{Name: name, Description: "words", SyncMode: model.SyncImport, Policies: []model.Policy{
		{Effect: model.Allow, Actions: []string{"pool:List", "workflow:Read"}, Resources: []string{"pool/a"}},
	}}
}

// account makes sure of a user with roles.
func (c *contract) account(name string, roles ...string) {
	c.Helper()
	for _, r := range roles {
		c.role(r)
	}
	c.done("user", c.EnsureUser(c.Context(), name))
	c.done("grants", c.EnsureGrants(c.Context(), name, roles))
}

func newToken(user, name string, roles ...string) apply.NewToken {
	return apply.NewToken{
		Generation: model.TokenAddress(user, name).At(1), Name: name, Description: "words", Roles: roles,
		ExpiresAt: model.DateOf(time.Now()).Add(expires), Mark: model.Mark{Lineage: lineage, Run: "r1"},
	}
}

func (c *contract) create(t apply.NewToken) secret.Value {
	c.Helper()
	v, err := c.CreateToken(c.Context(), t)
	c.done("create "+t.Name, err)
	c.Cleanup(v.Wipe)
	return v
}

func (c *contract) valuesDiffer() {
	if c.Server() {
		c.account(user, FirstRole)
	}
	a, b := c.create(newToken(user, "one", FirstRole)), c.create(newToken(user, "two", FirstRole))
	if a.Equal(b) {
		c.Error("two tokens have one value")
	}
	_ = a.Use(func(text []byte) error {
		if len(text) < 20 {
			c.Errorf("a value has %d characters: it can be guessed", len(text))
		}
		return nil
	})
}

// A call that was given up tells so, and is not taken for one that was refused.
func (c *contract) giveUp() {
	ctx, cancel := context.WithCancel(c.Context())
	cancel()
	_, err := c.CreateToken(ctx, newToken(user, "t", FirstRole))
	if err == nil || errors.Is(err, apply.ErrRefused) {
		c.Errorf("got %v", err)
	}
}

func (c *contract) endNothing() {
	for range 2 {
		c.done("a token", c.EndToken(c.Context(), apply.OldToken{User: "contract-nobody", Name: "t", Lineage: lineage}))
		c.done("a user", c.EndUser(c.Context(), "contract-nobody"))
		c.done("a role", c.EndRole(c.Context(), "contract-nothing"))
	}
}

func (c *contract) noServer() {
	c.account(user)
	c.create(newToken(user, "t"))
	if d := cmp.Diff(model.Observed{}, c.observe()); d != "" {
		c.Errorf("without a server something is observed: %s", d)
	}
	c.done("end", c.EndToken(c.Context(), apply.OldToken{User: user, Name: "t", Lineage: lineage}))
}

func (c *contract) roles() {
	want := role(FirstRole)
	if err := c.EnsureRole(c.Context(), want); errors.Is(err, apply.ErrRefused) {
		c.Skip("the server takes no roles")
	}
	for range 2 {
		c.done("ensure", c.EnsureRole(c.Context(), want))
		got := c.observe().Roles[FirstRole]
		if got == nil || got.Description != want.Description || !cmp.Equal(got.Policies, want.Policies) {
			c.Fatalf("the role is %+v", got)
		}
	}
	want.Description = "other words"
	want.Policies[0].Actions = []string{"pool:List"}
	switch err := c.EnsureRole(c.Context(), want); {
	case errors.Is(err, apply.ErrRefused):
		// A server that takes no roles, and had this one just so.
		want = role(FirstRole)
	default:
		c.done("change", err)
	}
	if got := c.observe().Roles[FirstRole]; got.Description != want.Description || !cmp.Equal(got.Policies, want.Policies) {
		c.Errorf("the changed role is %+v", got)
	}
}

func (c *contract) users() {
	for range 2 {
		c.done("ensure", c.EnsureUser(c.Context(), user))
		seen := c.observe()
		if u, there := seen.Users[user]; !there || len(u.Roles)+len(u.Tokens) > 0 || u.Created.By != seen.Identity {
			c.Errorf("the new user is %+v", u)
		}
		if _, there := seen.Users[other]; there {
			c.Error("there is a user that no one has created")
		}
	}
	c.account(user, FirstRole)
	c.done("again", c.EnsureUser(c.Context(), user))
	if got := c.observe().Users[user].Roles; !slices.Equal(got, []string{FirstRole}) {
		c.Errorf("ensuring a user again left it the roles %q", got)
	}
}

func (c *contract) grants() {
	c.role(FirstRole)
	c.role(SecondRole)
	c.account(user)
	for _, roles := range [][]string{{FirstRole}, {FirstRole, SecondRole}, {FirstRole, SecondRole}, {SecondRole}, nil} {
		c.done("ensure", c.EnsureGrants(c.Context(), user, roles))
		if got := c.observe().Users[user].Roles; !slices.Equal(got, roles) {
			c.Errorf("the roles are %q, and %q were asked for", got, roles)
		}
	}
	if err := c.EnsureGrants(c.Context(), "contract-nobody", []string{FirstRole}); !errors.Is(err, apply.ErrRefused) {
		c.Errorf("a user that is not there: %v", err)
	}
	if err := c.EnsureGrants(c.Context(), user, []string{"contract-nothing"}); !errors.Is(err, apply.ErrRefused) {
		c.Errorf("a role that is not there: %v", err)
	}
}

func (c *contract) tokens() {
	c.account(user, FirstRole, SecondRole)
	want := newToken(user, "t", FirstRole)
	c.create(want)
	c.create(newToken(user, "all", FirstRole, SecondRole))
	list := c.observe().Users[user].Tokens
	if d := cmp.Diff(model.ObservedToken{Description: want.Description, ExpiresAt: want.ExpiresAt, Roles: want.Roles, Mark: want.Mark}, list["t"]); d != "" || len(list) != 2 {
		c.Errorf("%d tokens; the first is (-want +got):\n%s", len(list), d)
	}
	seen, err := c.Observe(c.Context(), nil)
	c.done("observe", err)
	if _, there := seen.Users[user]; !there || seen.Users[user].Tokens != nil {
		c.Errorf("no tokens were asked for, and the user is %+v", seen.Users[user])
	}
	if _, err := c.CreateToken(c.Context(), newToken(user, "wide", FirstRole, "contract-nothing")); !errors.Is(err, apply.ErrRefused) {
		c.Errorf("a token with a role that its user lacks: %v", err)
	}
	if _, err := c.CreateToken(c.Context(), newToken("contract-nobody", "t", FirstRole)); !errors.Is(err, apply.ErrRefused) {
		c.Errorf("a token of nobody: %v", err)
	}
}

// What has the name keeps it, whatever the answer is.
func (c *contract) takeName() {
	c.account(user, FirstRole)
	c.account(other, FirstRole)
	first := newToken(user, "t", FirstRole)
	c.create(first)
	second := first
	second.Mark.Run = "r2"
	if _, err := c.CreateToken(c.Context(), second); err == nil {
		c.Error("one name was given to two tokens")
	}
	if got := c.observe().Users[user].Tokens["t"]; got.Mark != first.Mark {
		c.Errorf("the token is that of %v", got.Mark)
	}
	c.create(newToken(other, "t", FirstRole)) // Names are a user's own.
}

func (c *contract) endTokens() {
	c.account(user, FirstRole)
	c.create(newToken(user, "t", FirstRole))
	foreign := newToken(user, "foreign", FirstRole)
	foreign.Mark.Lineage = "somebody-else"
	c.create(foreign)
	unmarked := newToken(user, "unmarked", FirstRole)
	unmarked.Mark = model.Mark{}
	c.create(unmarked)
	for range 2 {
		c.done("end", c.EndToken(c.Context(), apply.OldToken{User: user, Name: "t", Lineage: lineage}))
		c.done("end a foreign one", c.EndToken(c.Context(), apply.OldToken{User: user, Name: "foreign", Lineage: lineage}))
		list := c.observe().Users[user].Tokens
		if _, there := list["t"]; there {
			c.Error("the token is still there")
		}
		if _, there := list["foreign"]; !there {
			c.Error("the token of another lineage is gone")
		}
	}
	for _, adopted := range []bool{false, true} {
		for _, name := range []string{"unmarked", "foreign"} {
			c.done("end", c.EndToken(c.Context(), apply.OldToken{User: user, Name: name, Lineage: lineage, Adopted: adopted}))
		}
		list := c.observe().Users[user].Tokens
		if _, there := list["unmarked"]; there == adopted {
			c.Errorf("the token without a mark is there: %t; it was adopted: %t", there, adopted)
		}
		if _, there := list["foreign"]; !there {
			c.Error("the token of another lineage is gone")
		}
	}
}

func (c *contract) roleTakenAway() {
	c.account(user, FirstRole, SecondRole)
	c.create(newToken(user, "t", FirstRole, SecondRole))
	for _, roles := range [][]string{{FirstRole}, {FirstRole, SecondRole}} {
		c.done("grants", c.EnsureGrants(c.Context(), user, roles))
		if got := c.observe().Users[user].Tokens["t"].Roles; !slices.Equal(got, []string{FirstRole}) {
			c.Errorf("the user has the roles %q, and the token %q", roles, got)
		}
	}
}

func (c *contract) endUsers() {
	c.account(user, FirstRole)
	c.create(newToken(user, "t", FirstRole))
	for range 2 {
		c.done("end", c.EndUser(c.Context(), user))
		if u, there := c.observe().Users[user]; there {
			c.Errorf("the user is still there: %+v", u)
		}
	}
	c.account(user, FirstRole)
	if list := c.observe().Users[user].Tokens; len(list) > 0 {
		c.Errorf("the user came back with tokens: %+v", list)
	}
}

func (c *contract) endRoles() {
	c.account(user, FirstRole, SecondRole)
	c.create(newToken(user, "t", FirstRole, SecondRole))
	if err := c.EndRole(c.Context(), SecondRole); errors.Is(err, apply.ErrRefused) {
		c.Skip("the server takes no roles")
	}
	c.done("end", c.EndRole(c.Context(), SecondRole))
	seen := c.observe()
	u := seen.Users[user]
	if seen.Roles[SecondRole] != nil || !slices.Equal(u.Roles, []string{FirstRole}) || !slices.Equal(u.Tokens["t"].Roles, []string{FirstRole}) {
		c.Errorf("the user is %+v", u)
	}
}
