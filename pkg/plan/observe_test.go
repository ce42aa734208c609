package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// serverOf is a server that has just what declarations say, without tokens.
func serverOf(t *testing.T, mode model.Mode, version, declarations string) model.Observed {
	t.Helper()
	d := applytest.Declare(t, declarations)
	seen := model.Observed{
		Identity: "osmoctl", Server: model.Server{Version: version, Mode: mode},
		Roles: d.Roles, Users: map[string]model.ObservedUser{"osmoctl": {}},
	}
	for name, a := range d.Accounts {
		seen.Users[name] = model.ObservedUser{Created: model.Authorship{By: "ada", At: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}, Roles: a.Roles, Tokens: map[string]model.ObservedToken{}}
	}
	return seen
}

func observing(seen model.Observed) func(*applytest.Options) {
	return func(o *applytest.Options) { o.Observed = seen }
}

func helmLines(p *plan.Plan) (out []string) {
	for _, w := range p.WaitingForHelm {
		line := fmt.Sprintf("%s %s %s", w.Action, w.Address, w.Detail)
		for _, f := range w.Fields {
			line += " " + f.Path
		}
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

// A server in ConfigMap mode takes its roles from a file: what belongs there is said,
// and what is there is recorded.
func TestConfigMapMode(t *testing.T) {
	t.Parallel()
	const project = "backend\nosmo mode=\n"
	for name, tt := range map[string]struct {
		version, server, applied, declared string
		helm, changes                      []string
	}{
		"nothing deployed": {
			"6.4.1", "", "", "role r a:B@*\naccount a r\naccount b osmo-user\n",
			[]string{"create role/r belongs in the Helm values; the server has no such role", "account/a waits, with its tokens, for r to be deployed with the Helm values"},
			[]string{"create account/b: newly declared"},
		},
		"deployed": {
			"6.4.1", "role r a:B@*\n", "", "role r a:B@*\naccount a r\n",
			nil,
			[]string{"adopt role/r: newly declared; the server has it", "create account/a: newly declared"},
		},
		"another form is deployed": {
			"6.4.1", "role r a:B@*\n", "", "role r c:D@*\naccount a r\n",
			[]string{"update role/r belongs in the Helm values; the server has another form policies"},
			[]string{"adopt role/r: newly declared; the server has it", "create account/a: newly declared"},
		},
		"a changed declaration": {
			"6.4.1", "role r a:B@*\naccount a r\n", "role r a:B@*\naccount a r\n", "role r c:D@*\naccount a r\n",
			[]string{"update role/r belongs in the Helm values; the server has another form policies"},
			nil,
		},
		"which is deployed now": {
			"6.4.1", "role r c:D@*\naccount a r\n", "role r a:B@*\naccount a r\n", "role r c:D@*\naccount a r\n",
			nil,
			[]string{"update role/r: the server has it so"},
		},
		"no longer declared": {
			"6.4.1", "role r a:B@*\nrole s a:B@*\naccount a r\n", "role r a:B@*\nrole s a:B@*\naccount a r\n", "role s a:B@*\naccount a s\n",
			[]string{"delete role/r is no longer declared: take it out of the Helm values, which takes it from a and from their tokens"},
			[]string{"update account/a: declaration changed"},
		},
		"and taken out": {
			"6.4.1", "role s a:B@*\naccount a s\n", "role r a:B@*\nrole s a:B@*\naccount a s\n", "role s a:B@*\naccount a s\n",
			nil,
			[]string{"forget role/r: no longer declared, and gone from the server"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			if tt.applied != "" {
				w.Apply("osmo mode=\n" + tt.applied)
			}
			p := w.Plan(project+tt.declared, observing(serverOf(t, model.ModeConfigMap, tt.version, tt.server)))
			if d := cmp.Diff(tt.helm, helmLines(p)); d != "" {
				t.Errorf("Helm values (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.changes, lines(p, nil)); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
			if p.Server != (model.Server{Version: "6.4", Mode: model.ModeConfigMap}) {
				t.Errorf("the plan is for %+v", p.Server)
			}
		})
	}
}

// OSMO 6.3 in ConfigMap mode gives nobody a role that stands only in the file.
func TestRoleThatCannotBeGranted(t *testing.T) {
	t.Parallel()
	seen := serverOf(t, model.ModeConfigMap, "6.3.1", "role r a:B@*\nrole held a:B@*\naccount b held\n")
	seen.FileOnly = map[string]bool{"r": true, "held": true}
	_, problems := plan.Build(applytest.Declare(t, "backend\nosmo mode=\nrole r a:B@*\nrole held a:B@*\naccount a r,osmo-user\naccount b held\n"), applytest.New(t).State(),
		plan.Options{Today: applytest.Date(t, applytest.FirstDay), Observed: seen})
	if len(problems) != 1 || problems[0].Code != plan.CodeNotAssignable || problems[0].Pos.Line != 5 ||
		problems[0].Summary != "account a cannot have role r: it stands only in the server's ConfigMap, and this server, a 6.3.1, grants no such role" {
		t.Errorf("got %+v", problems)
	}
}

// What is said to be the project's own and is not declared goes, whoever made it; but
// not what osmoctl is there, what OSMO brings along, or what is anybody else's.
func TestOwned(t *testing.T) {
	t.Parallel()
	seen := serverOf(t, model.ModeDatabase, "6.3.1", "role svc-r a:B@*\nrole theirs a:B@*\naccount svc-a theirs\naccount svc-b theirs\naccount ada theirs\n")
	seen.Identity = "svc-b"
	w := applytest.New(t)
	p := w.Plan("backend owns=account/svc-*,role/svc-*\nguard max_deletes=100%\n", observing(seen))
	want := []string{
		"delete account/svc-a: not declared, and osmoctl.yaml says that it is the project's own",
		"delete role/svc-r: not declared, and osmoctl.yaml says that it is the project's own",
	}
	if d := cmp.Diff(want, lines(p, nil)); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	if len(p.Undeclared) != 1 || p.Undeclared[0].Address != model.RoleAddress("theirs") {
		t.Errorf("not declared are %+v", p.Undeclared)
	}
	if i := slices.IndexFunc(p.Notices, func(n plan.Notice) bool { return n.Code == "undeclared_users" }); i < 0 || !strings.HasPrefix(p.Notices[i].Message, "2 users") {
		t.Errorf("the notices are %+v", p.Notices)
	}
}

// A grant that a login makes again is told of and left.
func TestSyncedGrant(t *testing.T) {
	t.Parallel()
	const declared = "backend\nosmo mode=database\nrole r a:B@*\naccount a r\n"
	w := applytest.New(t)
	w.Apply(declared)
	seen := serverOf(t, model.ModeDatabase, "6.3.1", declared)
	seen.Users["a"] = model.ObservedUser{Roles: []string{"r", "staff", "with a/slash"}, Tokens: map[string]model.ObservedToken{}, Assigned: map[string]model.Authorship{"staff": {By: "idp-sync"}}}
	p := w.Plan(declared, observing(seen))
	if len(p.Changes) > 0 || len(p.Drift) != 2 || !p.Drift[0].Left || !p.Drift[1].Left {
		t.Errorf("the plan is %q, %+v", lines(p, nil), p.Drift)
	}
}

// What was reserved by a run and is known to be osmoctl's is finished, not adopted.
func TestReservedIsNotAdopted(t *testing.T) {
	t.Parallel()
	const declared = "backend\nrole r a:B@*\naccount a r\n"
	w := applytest.New(t)
	w.Apply("backend\nrole r a:B@*\n")
	seen := serverOf(t, model.ModeDatabase, "6.3.1", declared)
	for by, want := range map[string]string{"osmoctl": "create account/a: newly declared", "ada": "adopt account/a: newly declared; the server has it, created by ada on 2026-02-01"} {
		have := reserve(w, model.AccountAddress("a"))
		user := seen.Users["a"]
		user.Created.By = by
		seen.Users["a"] = user
		p, problems := plan.Build(applytest.Declare(t, declared), have, plan.Options{Today: w.Today, Observed: seen})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		if d := cmp.Diff([]string{want}, lines(p, nil)); d != "" {
			t.Errorf("created by %s (-want +got):\n%s", by, d)
		}
	}
}

// reserve is the world's state with something reserved by a run.
func reserve(w *applytest.World, a model.Address) *state.Snapshot {
	edit := w.State().Edit()
	edit.SetUnderway(state.Underway{Run: "run-9", Create: []model.Address{a}})
	return edit.Snapshot()
}

// What somebody gave a protected account by hand is no role that protection keeps, and
// what was taken from it by hand is given back.
func TestProtectionAndDrift(t *testing.T) {
	t.Parallel()
	const declared = "backend\nosmo mode=database\nrole r a:B@*\nrole s a:B@*\naccount a r protect\ntoken t roles=r\n"
	w := applytest.New(t)
	w.Apply(declared)
	for name, tt := range map[string]struct {
		roles []string
		gone  bool
	}{"given": {[]string{"r", "s"}, false}, "taken": {nil, false}, "gone": {nil, true}} {
		seen := serverOf(t, model.ModeDatabase, "6.3.1", declared)
		user := seen.Users["a"]
		user.Roles = tt.roles
		seen.Users["a"] = user
		if tt.gone {
			delete(seen.Users, "a")
		}
		p := w.Plan(declared, observing(seen))
		if len(p.Blocked) > 0 || len(p.Drift) == 0 || len(p.Changes) == 0 {
			t.Errorf("%s: %+v, %q", name, p.Blocked, lines(p, nil))
		}
	}
}
