package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/rights"
)

// calendar lists what a world's dates bring within some days.
func calendar(w *applytest.World, within model.Days) (out []string) {
	for _, u := range plan.Calendar(w.State(), w.Today, within) {
		out = append(out, fmt.Sprintf("%s %s %s", u.Address, u.Event, u.Date))
	}
	return out
}

// What a plan names as upcoming is what the calendar has of the state that it
// leads to.
func TestUpcomingIsTheCalendarAfterApply(t *testing.T) {
	t.Parallel()
	worlds(t, 60, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		agree(t, w, w.Apply(project))
		for range 6 {
			w.Pass(model.Days(1 + r.IntN(25)))
			agree(t, w, w.Apply(project))
		}
	})
}

func agree(t *testing.T, w *applytest.World, p *plan.Plan) {
	t.Helper()
	later := slices.DeleteFunc(plan.Calendar(w.State(), w.Today, plan.UpcomingDays), func(u plan.Upcoming) bool { return u.Date <= w.Today })
	if d := cmp.Diff(p.Upcoming, later); d != "" {
		t.Errorf("%s (-plan +calendar):\n%s", w.Today, d)
	}
}

// Where the declarations are the applied ones, a plan carries out what the
// calendar has up to today, and nothing else.
func TestWhatIsDueIsPlanned(t *testing.T) {
	t.Parallel()
	worlds(t, 60, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		w.Apply(project)
		for range 6 {
			w.Pass(model.Days(r.IntN(30)))
			if d := cmp.Diff(dueNow(w), carriedOut(w.Plan(project)), emptyIsNil); d != "" {
				t.Errorf("%s (-calendar +plan):\n%s", w.Today, d)
			}
		}
	})
}

// dueNow is what the calendar has up to today. An expiry asks for nothing.
func dueNow(w *applytest.World) (out []string) {
	for _, u := range plan.Calendar(w.State(), w.Today, 0) {
		if u.Event != plan.EventExpire {
			out = append(out, fmt.Sprint(u.Event, " ", u.Address))
		}
	}
	slices.Sort(out)
	return out
}

// carriedOut are a plan's changes, but for the generations that its rotations
// replace and end at once.
func carriedOut(p *plan.Plan) (out []string) {
	replaced := map[model.Address]bool{}
	for _, c := range p.Changes {
		if c.Action == plan.Rotate {
			replaced[c.Address.At(c.Resolved.Replaces)] = true
		}
	}
	for _, c := range p.Changes {
		// What a rename leaves behind goes with the last value on it.
		left := c.Due && c.Address.Kind != model.KindToken
		if !replaced[c.Address] && !left {
			out = append(out, fmt.Sprint(c.Action, " ", c.Address))
		}
	}
	slices.Sort(out)
	return out
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, tokens string
		pass, within model.Days
		want         []string
	}{
		{"nothing within", "token t in=90d every=60d overlap=7d", 0, 59, nil},
		{"the last day is within", "token t in=90d every=60d overlap=7d", 0, 60, []string{"token/a/t rotate " + on(60)}},
		{"the day itself", "token t in=90d every=60d overlap=7d", 60, 0, []string{"token/a/t rotate " + on(60)}},
		{"overdue", "token t in=90d every=60d overlap=7d", 61, 0, []string{"token/a/t rotate " + on(60)}},
		{"overdue and about to expire", "token t in=90d every=60d overlap=7d", 89, 9, []string{"token/a/t rotate " + on(60)}},
		{"overdue and expired", "token t in=90d every=60d overlap=7d", 90, 0, []string{"token/a/t rotate " + on(60), "token/a/t expire " + on(90)}},
		{"a life of one day", "token t in=1d every= overlap=0d", 1, 0, []string{"token/a/t rotate " + on(1), "token/a/t expire " + on(1)}},
		{"a fixed date", "token t at=" + on(80), 50, 30, []string{"token/a/t expire " + on(80)}},
		{"a day before it is within", "token t at=" + on(80), 49, 30, nil},
		{"a fixed date that has passed", "token t at=" + on(80), 200, 0, []string{"token/a/t expire " + on(80)}},
		{"a rhythm within a fixed date", "token t at=" + on(80) + " every=60d overlap=7d", 0, 80, []string{"token/a/t rotate " + on(60), "token/a/t expire " + on(80)}},
		{"a rhythm that a fixed date ended", "token t at=" + on(80) + " every=60d overlap=7d", 80, 0, []string{"token/a/t expire " + on(80)}},
		{"by date, then address", "token t in=20d every=10d overlap=1d\ntoken b in=20d every=10d overlap=1d\ntoken c in=20d every=5d overlap=1d", 0, 15, []string{
			"token/a/c rotate " + on(5), "token/a/b rotate " + on(10), "token/a/t rotate " + on(10),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(roles + "account a r1\n" + c.tokens)
			w.Pass(c.pass)
			if d := cmp.Diff(c.want, calendar(w, c.within), emptyIsNil); d != "" {
				t.Error(d)
			}
		})
	}
}

// A generation that was replaced has a date of its own, and so has that of a
// token that was renamed.
func TestCalendarOfWhatRetires(t *testing.T) {
	t.Parallel()
	const rhythm = " in=90d every=60d overlap=7d"
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t" + rhythm)
	w.Pass(60)
	w.Apply(roles + "account a r1\ntoken t" + rhythm)
	w.Apply(roles + "account a r1\ntoken n" + rhythm + " was=t")
	want := []string{"token/a/t@1 revoke " + on(67), "token/a/t@2 revoke " + on(67), "token/a/n rotate " + on(120)}
	for _, days := range []model.Days{0, 7, 100} {
		w.Pass(days)
		if d := cmp.Diff(want, calendar(w, 60)); d != "" {
			t.Errorf("%s: %s", w.Today, d)
		}
		if days == 7 {
			want = append(want, "token/a/n expire "+on(150))
		}
	}
	w.Apply("guard max_deletes=9\n"+roles+"account a r1", func(o *applytest.Options) { o.Allow.Deletes = new(9) })
	if got := calendar(w, 3000); got != nil {
		t.Errorf("what is gone has dates: %q", got)
	}
}

// No date brings anything to the tokens of a deleted account.
func TestCalendarOfADeletedAccount(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t\naccount b r1\ntoken u at=" + on(9))
	w.Apply(roles + "account a r1\ntoken t")
	if d := cmp.Diff([]string{"token/a/t rotate " + on(60)}, calendar(w, 3000)); d != "" {
		t.Error(d)
	}
}

// What a token carries and what it is to carry is what its next generation is
// issued with.
func TestPendingRolesComeWithTheNextGeneration(t *testing.T) {
	t.Parallel()
	worlds(t, 60, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		w.Apply(project)
		for account, a := range w.State().Accounts {
			for name, token := range a.Tokens {
				address := model.TokenAddress(account, name)
				pending := rights.Pending(a, token)
				if !a.Live() || !token.Live() || token.RenamedTo != "" || !token.Spec.Inherit {
					if pending != nil {
						t.Errorf("%s is to take %q", address, pending)
					}
					continue
				}
				next := w.Plan(project, func(o *applytest.Options) { o.Replace = []model.Address{address} })
				want := model.Set(append(pending, token.Active().CurrentRoles()...))
				for _, c := range next.Changes {
					if c.Address == address && !slices.Equal(c.Resolved.Roles, want) {
						t.Errorf("%s: the next generation has %q, want %q", address, c.Resolved.Roles, want)
					}
				}
			}
		}
	})
}
