package plan_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// keysOf are the keys of a state, which in these tests are short enough to stand
// for themselves.
func keysOf(s *state.Snapshot) map[string]model.Recipient {
	keys := map[string]model.Recipient{}
	add := func(ids []string) {
		for _, id := range ids {
			keys[id] = model.Recipient{Key: id}
		}
	}
	for _, ids := range s.Meta.Applied.Recipients {
		add(ids)
	}
	for _, a := range s.Accounts {
		for _, t := range a.Tokens {
			for i := range t.Generations {
				add(t.Generations[i].Recipients)
			}
		}
	}
	return keys
}

func due(t *testing.T, w *applytest.World, opts plan.Options) *plan.Plan {
	t.Helper()
	opts.Today = w.Today
	p, problems := plan.Due(w.State(), keysOf(w.State()), opts)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return w.Hold(p, guard.Facts{})
}

func applyDue(t *testing.T, w *applytest.World, p *plan.Plan) {
	t.Helper()
	run := w.Run(applytest.Declare(t, leaky))
	run.Settings = w.State().Meta.Applied
	if _, err := run.Apply(context.Background(), p, w.State()); err != nil {
		t.Fatal(err)
	}
}

// What is due is what the calendar says, whatever was applied, revoked and sealed
// again before; it touches nothing else, and once done it is done.
func TestDueIsWhatTheCalendarSays(t *testing.T) {
	t.Parallel()
	var rotated atomic.Int64
	t.Run("worlds", func(t *testing.T) {
		worlds(t, 80, func(t *testing.T, _ *rand.Rand, w *applytest.World) {
			w.Pass(20)
			p := due(t, w, plan.Options{})
			if d := cmp.Diff(dueNow(w), carriedOut(p), emptyIsNil); d != "" {
				t.Fatalf("(-calendar +plan):\n%s", d)
			}
			if len(p.Blocked) > 0 || len(p.GuardrailChanges) > 0 || len(p.WaitingForIdentity) > 0 {
				t.Errorf("blocked %v, settings %v, waiting %v", p.Blocked, p.GuardrailChanges, p.WaitingForIdentity)
			}
			for i := range p.Changes {
				c := &p.Changes[i]
				if c.Action != plan.Rotate && c.Action != plan.Revoke || !c.Due || c.Origin != nil {
					t.Errorf("%s %s: due %v, origin %v", c.Action, c.Address, c.Due, c.Origin)
				}
			}
			before := w.State()
			applyDue(t, w, p)
			after := w.State()
			rotated.Add(int64(p.Summary.Rotate))
			sameDeclarations(t, before, after)
			if again := due(t, w, plan.Options{}); again.Pending() {
				t.Errorf("still due: %v", steps(again))
			}
			wellFormed(t, w)
		})
	})
	t.Cleanup(func() {
		if n := rotated.Load(); n < 20 {
			t.Errorf("only %d rotations: nothing was tried", n)
		}
	})
}

// sameDeclarations demands that two states record the same declarations, and that
// new values are sealed to nobody whom they do not name.
func sameDeclarations(t *testing.T, before, after *state.Snapshot) {
	t.Helper()
	if d := cmp.Diff(before.Meta.Applied, after.Meta.Applied); d != "" {
		t.Errorf("settings:\n%s", d)
	}
	if d := cmp.Diff(before.Roles, after.Roles); d != "" {
		t.Errorf("roles:\n%s", d)
	}
	for name, a := range after.Accounts {
		was := before.Accounts[name]
		if d := cmp.Diff(was.Grants, a.Grants); d != "" {
			t.Errorf("grants of %s:\n%s", name, d)
		}
		for token, is := range a.Tokens {
			old := was.Tokens[token]
			if is.Live() && (!is.Spec.Equal(old.Spec) || is.Honoured != old.Honoured) {
				t.Errorf("%s/%s: %+v became %+v", name, token, old.Spec, is.Spec)
			}
			for i := range is.Generations {
				if g := &is.Generations[i]; old.Generation(g.Number) == nil {
					sealedAsApplied(t, before, old, g)
				}
			}
		}
	}
}

func sealedAsApplied(t *testing.T, before *state.Snapshot, old *state.Token, g *state.Generation) {
	t.Helper()
	var allowed []string
	for _, name := range old.Spec.Recipients {
		allowed = append(allowed, before.Meta.Applied.Recipients[name]...)
	}
	if d := cmp.Diff(model.Set(allowed), g.Recipients); d != "" {
		t.Errorf("readers (-applied +sealed):\n%s", d)
	}
}

const dueProject = `
recipients ops=alice rec=bob
role r1 pool:List@pool/*
account svc r1
  token t in=30d every=20d overlap=5d roles=r1
  token u in=30d every=20d overlap=5d roles=r1
`

func TestDue(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(dueProject)
	if p := due(t, w, plan.Options{}); p.Pending() || !p.DueOnly || p.Base.Serial != 1 {
		t.Errorf("before its day: %+v", p.Summary)
	}
	w.Pass(20)
	both := []string{"rotate token/svc/t", "rotate token/svc/u"}
	p := due(t, w, plan.Options{})
	if d := cmp.Diff(both, steps(p)); d != "" {
		t.Error(d)
	}
	if len(p.Upcoming) == 0 {
		t.Error("nothing is upcoming, though an overlap ends")
	}

	// A bound on rotations is for those that a change asks for.
	w.Apply("guard max_rotations=0" + dueProject)
	w.Pass(20)
	if p := due(t, w, plan.Options{}); len(p.Blocked) > 0 || p.Summary.Rotate != 2 {
		t.Errorf("%v %+v", p.Blocked, p.Summary)
	}

	// Targets narrow it.
	target := plan.Options{Targets: addresses("token/svc/u")}
	if d := cmp.Diff([]string{"rotate token/svc/u"}, steps(due(t, w, target))[:1]); d != "" {
		t.Error(d)
	}
	_, problems := plan.Due(w.State(), nil, plan.Options{Today: w.Today, Targets: addresses("token/svc/none")})
	if len(problems.Errors()) != 1 || problems[0].Code != plan.CodeUnknownTarget {
		t.Errorf("unknown target: %v", problems)
	}
}

// A token whose key is not at hand is left as it is; the others are rotated.
func TestDueWithoutAKey(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(dueProject + "  token x in=30d every=20d overlap=5d roles=r1 to=rec\n")
	w.Pass(20)
	keys := keysOf(w.State())
	missing := w.State().Meta.Applied.Recipients["ops"][0]
	if need := plan.DueKeys(w.State(), w.Today); !slices.Contains(need, missing) || len(need) != 2 {
		t.Errorf("needed: %v", need)
	}
	delete(keys, missing)
	p, _ := plan.Due(w.State(), keys, plan.Options{Today: w.Today})
	if d := cmp.Diff([]string{"rotate token/svc/x"}, steps(p)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"key_unknown", "key_unknown"}, warnings(p)); d != "" {
		t.Error(d)
	}
	if need := plan.DueKeys(w.State(), w.Today-1); len(need) > 0 {
		t.Errorf("needed before the day: %v", need)
	}
}
