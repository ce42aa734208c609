package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Two years in the life of a project: declarations change, applies are missed,
// fail, or run with a wrong clock, and values leak. Whatever comes, on each day
//
//   - at most one generation of a token is active;
//   - some generation works, provided that an apply succeeded between the day on
//     which a rotation was due and the expiry, and nobody revoked or removed it;
//   - a plan after an apply is empty, and no passing date makes planning fail;
//   - a day of revocation, once set, is not put off, and is kept;
//   - no number and no value is forgotten or given out twice.
func TestTwoYears(t *testing.T) {
	t.Parallel()
	lives := 16
	if testing.Short() {
		lives = 1
	}
	for seed := range uint64(lives) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			l := &life{T: t, r: rand.New(rand.NewPCG(seed, 3)), w: applytest.New(t), promised: map[model.Address]model.Date{}, values: map[state.Sum]bool{}, ended: map[state.Sum]bool{}}
			l.live(2 * 365)
		})
	}
}

type life struct {
	*testing.T
	r *rand.Rand
	w *applytest.World
	// project is what is declared since the day it was written on.
	project string
	// applied are the days on which an apply of it succeeded by a right clock.
	applied []model.Date
	// skewed is set from an apply with a wrong clock to one with a right one.
	skewed bool
	// promised are the days until which retiring generations were to work.
	promised map[model.Address]model.Date
	// values were ever issued, and ended are those that no longer live.
	values, ended map[state.Sum]bool
}

func (l *life) live(days int) {
	hold := 0
	for range days {
		if hold--; hold < 0 {
			// It is applied at once: a new token whose date passes meanwhile is
			// an error of whoever declared it.
			l.project, l.applied, hold = randomProject(l.r, l.w.Today), nil, 5+l.r.IntN(150)
			l.apply()
		}
		l.day()
		l.check()
		l.w.Pass(1)
	}
	wellFormed(l.T, l.w)
	if len(l.values) < 20 {
		l.Errorf("only %d values were issued: such a life proves nothing", len(l.values))
	}
}

// day is what happens on one day, if anything does.
func (l *life) day() {
	switch n := l.r.IntN(100); {
	case n < 50:
		l.apply()
	case n < 55:
		l.failed()
	case n < 58:
		l.wrongClock()
	case n < 60:
		l.leak()
	}
}

func (l *life) apply() {
	l.w.Apply(l.project)
	l.applied, l.skewed = append(l.applied, l.w.Today), false
	if p := l.w.Plan(l.project); p.Pending() {
		l.Fatalf("%s: pending after an apply:\n%s", l.w.Today, text(l.T, p))
	}
}

// failed is an apply that does not come to its commit.
func (l *life) failed() {
	before := len(l.w.Store.Commits)
	want := applytest.Declare(l.T, l.project)
	run := l.w.Run(want)
	run.Store = noStore{}
	p := l.w.PlanFor(want)
	if _, err := run.Apply(l.Context(), p, l.w.State()); (err == nil) == p.Pending() {
		l.Fatalf("%s: %v", l.w.Today, err)
	}
	if len(l.w.Store.Commits) != before {
		l.Fatal("an apply that failed has committed")
	}
}

// wrongClock applies on another day than today.
func (l *life) wrongClock() {
	right := l.w.Today
	l.w.Pass(model.Days(l.r.IntN(120) - 40))
	defer func() { l.w.Today = right }()
	l.w.Apply(l.project)
	l.skewed = true
}

// leak revokes a token or one generation.
func (l *life) leak() {
	var live []string
	for account, a := range l.w.State().Accounts {
		for token, t := range a.Tokens {
			for i := range t.Generations {
				at := model.TokenAddress(account, token)
				live = append(live, at.String(), at.At(t.Generations[i].Number).String())
			}
		}
	}
	if len(live) == 0 {
		return
	}
	slices.Sort(live) // maps walk in another order on every reading
	revoke(l.T, l.w, l.project, live[l.r.IntN(len(live))])
}

func (l *life) check() {
	l.Helper()
	for account, a := range l.w.State().Accounts {
		for token, t := range a.Tokens {
			address := model.TokenAddress(account, token)
			l.checkToken(address, t)
			l.checkPromises(address, t)
		}
	}
	now := l.w.State().Values()
	for value := range l.values {
		if !now[value] {
			l.Fatalf("%s: the value %s is forgotten", l.w.Today, value.Short())
		}
	}
	l.values = now
}

func (l *life) checkToken(a model.Address, t *state.Token) {
	l.Helper()
	active, valid := 0, 0
	for i := range t.Generations {
		g := &t.Generations[i]
		if g.RevokeAfter == 0 {
			active++
		}
		if g.ExpiresAt > l.w.Today {
			valid++
		}
	}
	if active > 1 {
		l.Fatalf("%s: %d generations of %s are active", l.w.Today, active, a)
	}
	if valid == 0 && t.Live() && t.RenamedTo == "" && !l.excused(t) {
		l.Fatalf("%s: no generation of %s works: %+v", l.w.Today, a, t)
	}
}

// checkOverlap holds the day that was set today against what is declared.
func (l *life) checkOverlap(a model.Address, overlap model.Days, g *state.Generation) {
	l.Helper()
	if want := min(l.w.Today.Add(overlap), g.ExpiresAt); g.RevokeAfter != want {
		l.Fatalf("%s: %s works on until %s, and should until %s", l.w.Today, a, g.RevokeAfter, want)
	}
}

// excused tells whether a token may be without a value that works.
func (l *life) excused(t *state.Token) bool {
	if l.skewed {
		return true
	}
	g := t.Active()
	if g == nil {
		// What was revoked is replaced by an apply after that.
		last := t.Tombstones[len(t.Tombstones)-1]
		return strings.HasPrefix(last.Reason, "revoked: ") && !l.appliedIn(last.EndedOn+1, l.w.Today+1) || t.Spec.Expiry.At != 0
	}
	if t.Spec.Expiry.At != 0 {
		return g.ExpiresAt >= t.Spec.Expiry.At
	}
	return !l.appliedIn(dueDay(t.Spec, g), g.ExpiresAt)
}

// dueDay restates the rule of a declared lifetime in other words than the
// planner's, so that the two are held against each other.
func dueDay(s model.TokenSpec, g *state.Generation) model.Date {
	day := g.ExpiresAt - 1
	if s.Rotate.Overlap > 1 {
		day = g.ExpiresAt - model.Date(s.Rotate.Overlap)
	}
	issued := plan.DateOfIssue(g)
	if by := issued + model.Date(s.Rotate.Every); s.Rotate.Every != 0 && by < day {
		day = by
	}
	if day <= issued {
		return issued + 1
	}
	return day
}

// appliedIn tells whether an apply succeeded on a day from one to before another.
func (l *life) appliedIn(from, before model.Date) bool {
	return slices.ContainsFunc(l.applied, func(d model.Date) bool { return from <= d && d < before })
}

// checkPromises holds what ended against the day that was set for it.
func (l *life) checkPromises(a model.Address, t *state.Token) {
	l.Helper()
	for i := range t.Generations {
		g := &t.Generations[i]
		day, known := l.promised[a.At(g.Number)]
		if known && g.RevokeAfter != day {
			l.Fatalf("%s: %s was to work until %s, and now until %s", l.w.Today, a.At(g.Number), day, g.RevokeAfter)
		}
		if g.RevokeAfter != 0 && !known && !l.skewed && t.RenamedTo == "" {
			l.checkOverlap(a.At(g.Number), t.Spec.Rotate.Overlap, g)
		}
		if g.RevokeAfter != 0 {
			l.promised[a.At(g.Number)] = g.RevokeAfter
		}
	}
	for _, s := range t.Tombstones {
		day, known := l.promised[a.At(s.Generation)]
		if known && strings.HasPrefix(s.Reason, "its overlap ended") && s.EndedOn < day {
			l.Fatalf("%s ended on %s, and was to work until %s", a.At(s.Generation), s.EndedOn, day)
		}
		ended := !l.ended[s.Value]
		l.ended[s.Value] = true
		if ended && !l.skewed && s.Reason == "replaced, with an overlap of 0d" && t.Live() && t.Spec.Rotate.Overlap > 0 {
			l.Fatalf("%s: %s was cut off, and an overlap of %s is declared", l.w.Today, a.At(s.Generation), t.Spec.Rotate.Overlap)
		}
	}
}
