package plan_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

const leaky = `
role r1 pool:List@pool/*
role r2 workflow:*@*
account a r1,r2
  token t in=90d every=60d overlap=7d
  token fixed at=2026-06-01 overlap=7d
`

func addresses(list ...string) (out []model.Address) {
	for _, s := range list {
		a, err := model.ParseAddress(s)
		if err != nil {
			panic(err)
		}
		out = append(out, a)
	}
	return out
}

// revoke plans and applies a revocation.
func revoke(t *testing.T, w *applytest.World, declarations string, list ...string) *plan.Plan {
	t.Helper()
	var want *model.Declarations
	if declarations != "" {
		want = applytest.Declare(t, declarations)
	}
	p, problems := plan.RevokeNow(want, w.State(), plan.Revoked{Addresses: addresses(list...), Reason: "in a log"}, plan.Options{Today: w.Today})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	w.Hold(p, guard.Facts{Declared: want})
	run := w.Run(applytest.Declare(t, leaky))
	run.Settings = w.State().Meta.Applied
	if _, err := run.Apply(context.Background(), p, w.State()); err != nil {
		t.Fatal(err)
	}
	return p
}

func steps(p *plan.Plan) (out []string) {
	for i := range p.Changes {
		out = append(out, string(p.Changes[i].Action)+" "+p.Changes[i].Address.String())
	}
	return out
}

func effects(p *plan.Plan) (out []string) {
	for _, i := range p.Implied {
		out = append(out, i.Address.String()+" "+i.Effect)
	}
	return out
}

// What is revoked, what is left, and what the declarations make of it.
func TestRevokeNow(t *testing.T) {
	t.Parallel()
	replaced := "\n" + strings.Replace(leaky, "overlap=7d", "overlap=7d gen=2", 1)
	for name, c := range map[string]struct {
		// first is applied before, then is what is declared at the revocation.
		first, then string
		days        model.Days
		revoke      []string
		steps       []string
		effect      string
		lost        bool
		next        []string
	}{
		"every generation": {
			first: replaced, then: leaky, revoke: []string{"token/a/t"},
			steps:  []string{"revoke token/a/t@1", "revoke token/a/t@2"},
			effect: "the next apply issues generation 3, which expires on 2026-05-30", lost: true,
			next: []string{"rotate token/a/t"},
		},
		"the active one": {
			first: replaced, then: leaky, revoke: []string{"token/a/t@2"},
			steps:  []string{"revoke token/a/t@2"},
			effect: "the next apply issues generation 3", next: []string{"rotate token/a/t"},
		},
		"a retiring one": {
			first: replaced, then: replaced, revoke: []string{"token/a/t@1"},
			steps: []string{"revoke token/a/t@1"}, effect: "generation 2 stays active",
		},
		"named twice": {
			then: leaky, revoke: []string{"token/a/t", "token/a/t@1", "token/a/t"},
			steps: []string{"revoke token/a/t@1"}, effect: "generation 2", lost: true, next: []string{"rotate token/a/t"},
		},
		"no longer declared": {
			then: "role r1 pool:List@pool/*\nrole r2 workflow:*@*\naccount a r1,r2\ntoken fixed at=2026-06-01 overlap=7d", revoke: []string{"token/a/t"},
			steps: []string{"revoke token/a/t@1"}, effect: "no longer declared: the next apply issues nothing", lost: true,
			next: []string{"delete token/a/t"},
		},
		"renamed since": {
			then: strings.Replace(leaky, "token t in=90d", "token n was=t in=90d", 1), revoke: []string{"token/a/t"},
			steps: []string{"revoke token/a/t@1"}, effect: "token/a/n takes over from it: the next apply issues its generation 1", lost: true,
			next: []string{"create token/a/n", "delete token/a/t"},
		},
		"renamed before": {
			first: strings.Replace(leaky, "token t in=90d", "token n was=t in=90d", 1),
			then:  strings.Replace(leaky, "token t in=90d", "token n was=t in=90d", 1), revoke: []string{"token/a/t"},
			steps: []string{"revoke token/a/t@1"}, effect: "token/a/n has taken over from it", lost: true,
		},
		"a fixed date that has passed": {
			then: leaky, days: 93, revoke: []string{"token/a/fixed"},
			steps: []string{"revoke token/a/fixed@1"}, effect: "issues nothing in its place",
			next: []string{"rotate token/a/t", "revoke token/a/t@1"},
		},
		"declarations that cannot be read": {
			revoke: []string{"token/a/t"}, steps: []string{"revoke token/a/t@1"}, effect: "cannot be read", lost: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(leaky)
			if c.first != "" {
				w.Apply(c.first)
			}
			w.Pass(c.days)
			p := revoke(t, w, c.then, c.revoke...)
			if d := cmp.Diff(c.steps, steps(p)); d != "" {
				t.Error(d)
			}
			if all := strings.Join(effects(p), "\n"); !strings.Contains(all, c.effect) || len(p.Implied) != 1 {
				t.Errorf("follows: %s", all)
			}
			if lost := len(p.Access) > 0 && len(p.Access[0].Lost) > 0; lost != c.lost {
				t.Errorf("loses access: %v, want %v", lost, c.lost)
			}
			if c.then == "" {
				return
			}
			next := w.Plan(c.then)
			if d := cmp.Diff(c.next, steps(next)); d != "" {
				t.Error("the plan after it:", d)
			}
			w.Apply(c.then)
			if again := w.Plan(c.then); again.Pending() {
				t.Errorf("pending after the apply:\n%s", text(t, again))
			}
			wellFormed(t, w)
		})
	}
}

// The reason stands in the tombstone, and the next plan repeats it.
func TestRevocationIsRemembered(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(leaky)
	revoke(t, w, leaky, "token/a/t")
	tombs := w.Token("a", "t").Tombstones
	if len(tombs) != 1 || tombs[0].Reason != "revoked: in a log" || tombs[0].EndedOn != w.Today {
		t.Errorf("tombstones: %+v", tombs)
	}
	want := "no generation is active: generation 1 ended on 2026-03-01: revoked: in a log"
	if p := w.Plan(leaky); p.Changes[0].Reasons[0] != want {
		t.Errorf("reasons: %q", p.Changes[0].Reasons)
	}
	if len(w.Plan(leaky).Readers) != 0 {
		t.Error("who could read the token before it was revoked is called new")
	}
	if got := w.Store.Commits[len(w.Store.Commits)-1].Message; !strings.Contains(got, "\nOsmoctl-Reason: in a log\n") {
		t.Errorf("message:\n%s", got)
	}
}

// A revocation leaves everything alone that it was not asked about.
func TestRevokeNowDoesNothingElse(t *testing.T) {
	t.Parallel()
	worlds(t, 30, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		live := liveGenerations(w)
		if len(live) == 0 {
			return
		}
		victim := live[r.IntN(len(live))].Token().String()
		before := w.State()
		p := revoke(t, w, randomProject(r, w.Today), victim)
		for i := range p.Changes {
			if c := &p.Changes[i]; c.Action != plan.Revoke || c.Address.Token().String() != victim {
				t.Errorf("%s %s", c.Action, c.Address)
			}
		}
		for _, c := range plan.Compare(before, w.State(), "") {
			if c.Address.Token().String() != victim {
				t.Errorf("%s %s was not asked for", c.Action, c.Address)
			}
		}
		if d := cmp.Diff(before.Meta.Applied, w.State().Meta.Applied); d != "" {
			t.Error("settings changed:", d)
		}
	})
}

// Asked for again it is done; what never was is a mistake.
func TestRevokeNowTwice(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(leaky)
	revoke(t, w, leaky, "token/a/t")
	for _, again := range []string{"token/a/t", "token/a/t@1"} {
		p := revoke(t, w, leaky, again)
		if p.Pending() || len(p.Warnings) != 1 || p.Warnings[0].Code != "already_ended" {
			t.Errorf("%s: %v %+v", again, steps(p), p.Warnings)
		}
	}
	for _, never := range []string{"token/a/t@2", "token/a/x", "token/b/t"} {
		what := plan.Revoked{Addresses: addresses(never), Reason: "r"}
		if _, problems := plan.RevokeNow(nil, w.State(), what, plan.Options{Today: w.Today}); !problems.HasErrors() {
			t.Errorf("%s was revoked", never)
		}
	}
}

// A renamed token waits for its last generation only, and goes with it.
func TestRevokeRenamed(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("role r1 pool:List@*\naccount a r1\ntoken old")
	renamed := "role r1 pool:List@*\naccount a r1\ntoken new was=old"
	w.Apply(renamed)
	revoke(t, w, renamed, "token/a/old")
	if w.Token("a", "old").Live() {
		t.Error("the old name lives on")
	}
	if p := w.Plan(renamed); p.Pending() {
		t.Errorf("pending:\n%s", text(t, p))
	}
}

// A rename after the active generation was revoked, or expired, leaves to what
// retires its days.
func TestRenameAfterRevocation(t *testing.T) {
	t.Parallel()
	const account = "role r1 pool:List@*\naccount a r1\n"
	for name, c := range map[string]struct {
		second string
		days   model.Days
		end    bool
		want   []string
	}{
		"revoked": {second: "gen=2", end: true, want: []string{"create token/a/new", "update token/a/old"}},
		"expired": {
			second: "at=" + on(3), days: 4,
			want: []string{"create token/a/new", "update token/a/old", "revoke token/a/old@2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(account + "token old")
			w.Apply(account + "token old " + c.second)
			w.Pass(c.days)
			if c.end {
				revoke(t, w, account+"token old "+c.second, "token/a/old@2")
			}
			renamed := account + "token new was=old"
			if d := cmp.Diff(c.want, steps(w.Apply(renamed))); d != "" {
				t.Error(d)
			}
			if p := w.Plan(renamed); p.Pending() {
				t.Errorf("pending:\n%s", text(t, p))
			}
			w.Pass(7 - c.days)
			if d := cmp.Diff([]string{"revoke token/a/old@1"}, steps(w.Apply(renamed))); d != "" {
				t.Error(d)
			}
			if w.Token("a", "old").Live() {
				t.Error("the old name lives on after its last generation was revoked")
			}
		})
	}
}

// A protected account keeps its tokens, but a leaked value must go.
func TestRevokeProtected(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	guarded := "guard max_deletes=0 max_rotations=0\nrole r1 pool:List@*\naccount a r1 protect\ntoken t"
	w.Apply(guarded)
	if p := revoke(t, w, guarded, "token/a/t"); len(p.Blocked) > 0 {
		t.Errorf("blocked: %+v", p.Blocked)
	}
	p := w.Plan(guarded)
	if len(p.Blocked) != 1 || p.Blocked[0].Guardrail != guard.Rotations {
		t.Errorf("a new value is asked for by nobody's date, so the rail holds: %+v", p.Blocked)
	}
}
