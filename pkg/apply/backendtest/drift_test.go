package backendtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// somebody changes a server by hand.
type somebody struct {
	t *testing.T
	*backendtest.Session
}

func (b somebody) done(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b somebody) grant(user string, roles ...string) {
	b.t.Helper()
	b.done(b.EnsureGrants(context.Background(), user, roles))
}

func (b somebody) end(user, name, lineage string) {
	b.t.Helper()
	b.done(b.EndToken(context.Background(), apply.OldToken{User: user, Name: name, Lineage: lineage}))
}

func (b somebody) create(user, name string, roles ...string) {
	b.t.Helper()
	_, err := b.CreateToken(context.Background(), apply.NewToken{
		Generation: model.TokenAddress(user, name).At(1), Name: name, Description: "theirs", Roles: roles, ExpiresAt: applytestDay + 40,
	})
	b.done(err)
}

// applytestDay is the day of every scene.
var applytestDay = func() model.Date {
	d, err := model.ParseDate("2027-01-15")
	if err != nil {
		panic(err)
	}
	return d
}()

func lines(p *plan.Plan) (out []string) {
	for _, d := range p.Drift {
		out = append(out, fmt.Sprintf("drift %s %s", d.Address, d.Effect))
	}
	for _, u := range p.Undeclared {
		out = append(out, fmt.Sprintf("undeclared %s", u.Address))
	}
	for _, c := range p.Changes {
		text := fmt.Sprintf("%s %s: %s", c.Action, c.Address, strings.Join(c.Reasons, "; "))
		for _, f := range c.Fields {
			if c.Action == plan.Update {
				text += " " + f.Path
			}
		}
		out = append(out, text)
	}
	return out
}

// What somebody changes by hand is seen, told apart from what is declared, and made as
// declared; the plan after it has nothing to say.
func TestDrift(t *testing.T) {
	t.Parallel()
	const declared = `
		guard max_deletes=100%
		role r a:B@*
		role s a:B@*
		account a r
		  token t
		  token narrow roles=r
		account b r,s
		  token v
	`
	for name, tt := range map[string]struct {
		meddle func(somebody)
		want   []string
	}{
		"nothing": {func(somebody) {}, nil},
		"a role that changed": {
			func(b somebody) {
				b.done(b.EnsureRole(context.Background(), &model.Role{Name: "r", SyncMode: model.SyncImport, Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"c:D"}, Resources: []string{"*"}}}}))
			},
			[]string{"drift role/r has another form on the server", "update role/r: changed on the server policies"},
		},
		"a role that is gone": {
			func(b somebody) { b.done(b.EndRole(context.Background(), "s")) },
			[]string{
				"drift role/s is gone from the server", "drift account/b has lost role s on the server", "drift token/b/v@1 has lost role s on the server",
				"create role/s: gone from the server", "update account/b: changed on the server roles",
				"rotate token/b/v: role s left the account and came back: only a new generation carries it",
			},
		},
		"a role taken from a user": {
			func(b somebody) { b.grant("a") },
			[]string{
				"drift account/a has lost role r on the server", "drift token/a/narrow@1 has lost role r on the server", "drift token/a/t@1 has lost role r on the server",
				"update account/a: changed on the server roles", "rotate token/a/narrow: roles changed from none to r",
				"rotate token/a/t: role r left the account and came back: only a new generation carries it",
			},
		},
		"a role given to a user": {
			func(b somebody) { b.grant("a", "r", "s") },
			[]string{"drift account/a was granted role s on the server", "update account/a: changed on the server roles"},
		},
		"a role given and taken again": {
			func(b somebody) { b.grant("a"); b.grant("a", "r") },
			[]string{
				"drift token/a/narrow@1 has lost role r on the server", "drift token/a/t@1 has lost role r on the server",
				"rotate token/a/narrow: roles changed from none to r",
				"rotate token/a/t: role r left the account and came back: only a new generation carries it",
			},
		},
		"a token that is gone": {
			func(b somebody) { b.end("a", "t", lineage) },
			[]string{
				"drift token/a/t@1 is gone from the server", "rotate token/a/t: no generation is active: generation 1 ended on 2027-01-15: gone from the server",
				"revoke token/a/t@1: gone from the server",
			},
		},
		"a token that somebody made again": {
			func(b somebody) { b.end("a", "t", lineage); b.create("a", "t", "r") },
			[]string{
				"drift token/a/t@1 is gone from the server", "undeclared token/a/t",
				"rotate token/a/t: no generation is active: generation 1 ended on 2027-01-15: gone from the server",
				"revoke token/a/t@1: gone from the server",
			},
		},
		"a token of somebody": {func(b somebody) { b.create("a", "theirs", "r") }, []string{"undeclared token/a/theirs"}},
		"a user that is gone": {
			func(b somebody) { b.done(b.EndUser(context.Background(), "b")) },
			[]string{
				"drift account/b is gone from the server, with its tokens", "create account/b: gone from the server", "create token/b/v: gone from the server",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: applytestDay}
			if _, err := s.attempt(declared, nil); err != nil {
				t.Fatal(err)
			}
			tt.meddle(somebody{t, s.server.Session(identity)})
			p, err := s.attempt(declared, nil)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, lines(p)); d != "" {
				t.Errorf("the plan is (-want +got):\n%s", d)
			}
			p, err = s.attempt(declared, nil)
			left := slices.DeleteFunc(lines(p), func(l string) bool { return strings.HasPrefix(l, "undeclared") })
			if err != nil || len(left) > 0 || s.state().Meta.Underway != nil {
				t.Errorf("the plan after it: %v, %v", left, err)
			}
		})
	}
}

// What the server has as a changed declaration asks for is recorded, and no more done.
func TestDriftTowardsTheDeclaration(t *testing.T) {
	t.Parallel()
	const before = "role r a:B@*\nrole s a:B@*\naccount a r\naccount gone r\n"
	const after = "guard max_deletes=100%\nrole r a:B@*\nrole s a:B@*\naccount a r,s\n"
	s := &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: applytestDay}
	if _, err := s.attempt(before, nil); err != nil {
		t.Fatal(err)
	}
	b := somebody{t, s.server.Session(identity)}
	b.grant("a", "r", "s")
	b.done(b.EndUser(context.Background(), "gone"))
	i := &interference{}
	p, err := s.attempt(after, i)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"drift account/a was granted role s on the server", "drift account/gone is gone from the server, with its tokens",
		"update account/a: the server has it so roles", "forget account/gone: no longer declared, and gone from the server",
	}
	if d := cmp.Diff(want, lines(p)); d != "" {
		t.Errorf("the plan is (-want +got):\n%s", d)
	}
	if p, err := s.attempt(after, nil); err != nil || p.Pending() || len(p.Drift) > 0 {
		t.Errorf("the plan after it: %v, %v", lines(p), err)
	}
	if a := s.state().Accounts["a"]; !a.Holds("s") || s.state().Accounts["gone"].Live() {
		t.Errorf("state says %+v", a)
	}
}

// What is declared and there already is adopted: nothing on the server changes by that.
func TestAdoption(t *testing.T) {
	t.Parallel()
	setUp := func(t *testing.T) *scene {
		s := &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: applytestDay}
		b := somebody{t, s.server.Session("somebody")}
		for _, name := range []string{"r", "s"} {
			b.done(b.EnsureRole(context.Background(), &model.Role{Name: name, SyncMode: model.SyncImport, Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"a:B"}, Resources: []string{"*"}}}}))
		}
		b.done(b.EnsureUser(context.Background(), "a"))
		b.grant("a", "r", "s")
		b.create("a", "t", "r")
		b.create("a", "other", "r", "s")
		return s
	}
	const same = "role r a:B@*\nrole s a:B@*\naccount a r,s\n  token t roles=r at=2027-02-24\n"
	for name, tt := range map[string]struct {
		declared string
		want     []string
		calls    []string
	}{
		"as it is": {
			same,
			[]string{
				"undeclared token/a/other", "adopt role/r: newly declared; the server has it", "adopt role/s: newly declared; the server has it",
				"adopt account/a: newly declared; the server has it, created by somebody on 2026-01-01",
				"adopt token/a/t: newly declared; the server has it, with r until 2027-02-24, and its value is not known",
			},
			[]string{"commit 4", "observe"},
		},
		"otherwise": {
			"role r c:D@*\naccount a r\n  token t roles=r\n",
			[]string{
				"undeclared role/s", "undeclared token/a/other", "adopt role/r: newly declared; the server has it", "update role/r: declaration changed policies",
				"adopt account/a: newly declared; the server has it, created by somebody on 2026-01-01", "update account/a: declaration changed roles",
				"adopt token/a/t: newly declared; the server has it, with r until 2027-02-24, and its value is not known",
			},
			[]string{"commit 3", "commit 5", "grants a", "observe", "role r"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, i := setUp(t), &interference{}
			p, err := s.attempt(tt.declared, i)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, lines(p)); d != "" {
				t.Errorf("the plan is (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.calls, model.Set(i.seen)); d != "" && name == "as it is" {
				t.Errorf("the calls are (-want +got):\n%s", d)
			}
			p, err = s.attempt(tt.declared, nil)
			if err != nil || p.Pending() || len(p.Drift) > 0 {
				t.Errorf("the plan after it: %v, %v", lines(p), err)
			}
			if len(s.server.Tokens()) != 2 {
				t.Errorf("there are %v", s.server.Tokens())
			}
		})
	}
	t.Run("and rotated", func(t *testing.T) {
		t.Parallel()
		s := setUp(t)
		if _, err := s.attempt(same, nil); err != nil {
			t.Fatal(err)
		}
		const next = "role r a:B@*\nrole s a:B@*\naccount a r,s\n  token t roles=r gen=2 overlap=0d at=2027-02-24\n"
		if _, err := s.attempt(next, nil); err != nil {
			t.Fatal(err)
		}
		if _, alive := s.server.Tokens()["a/t"]; alive {
			t.Error("the adopted token outlived its revocation")
		}
		if _, alive := s.server.Tokens()["a/other"]; !alive {
			t.Error("a token of somebody else is gone")
		}
		if p, err := s.attempt(next, nil); err != nil || p.Pending() || s.state().Meta.Underway != nil {
			t.Errorf("the plan after it: %v, %v", lines(p), err)
		}
	})
}

// A role that others make is never written: not when it is adopted, not when they change
// it, not when the project makes it its own and gives it back as it stands.
func TestExternalRoleIsNotWritten(t *testing.T) {
	t.Parallel()
	s := &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: applytestDay}
	owner := somebody{t, s.server.Session("owner")}
	write := func(action string) {
		owner.done(owner.EnsureRole(context.Background(), &model.Role{Name: "r", SyncMode: model.SyncImport, Policies: []model.Policy{{Effect: model.Allow, Actions: []string{action}, Resources: []string{"*"}}}}))
	}
	write("a:B")
	for _, step := range []struct {
		declared, action string
		writes           bool
	}{
		{"role r external\naccount a r\n", "", false},
		{"role r external\naccount a r\n", "c:D", false},
		{"role r c:D@*\naccount a r\n", "", false},
		{"role r external\naccount a r\n", "", false},
		{"role r e:F@*\naccount a r\n", "", true},
	} {
		if step.action != "" {
			write(step.action)
		}
		i := &interference{}
		if _, err := s.attempt(step.declared, i); err != nil {
			t.Fatal(err)
		}
		if wrote := slices.Contains(i.seen, "role r"); wrote != step.writes {
			t.Errorf("declared as %q: the calls are %q", step.declared, i.seen)
		}
	}
}
