package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// randomProject writes declarations as a person might over the years: few
// names, so that they come, go and come back.
func randomProject(r *rand.Rand, today model.Date) string {
	var b strings.Builder
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	fmt.Fprintln(&b, "recipients", pick("ops=alice", "ops=alice,bob", "ops=bob,carol"), "rec=dave")
	fmt.Fprintln(&b, "guard max_deletes=1000 max_rotations=1000 max_token_lifetime="+pick("400d", "3000d"))
	fmt.Fprintln(&b, "role r1 pool:List@pool/*", pick("", "-pool:List@pool/x", "ext=a", "ext=", "text=words"))
	fmt.Fprintln(&b, "role r2", pick("workflow:*@*", "workflow:Create@pool/a"))
	third := pick("", ",r3", ",r4")
	switch third {
	case ",r3":
		fmt.Fprintln(&b, "role r3 app:*@*", pick("", "was=r4"))
	case ",r4":
		fmt.Fprintln(&b, "role r4 app:*@*", pick("", "was=r3"))
	}
	before := ""
	for _, account := range []string{"a", "b", "c"} {
		if r.IntN(4) == 0 {
			before = " was=" + account
			continue
		}
		roles := pick("r1", "r2", "r1,r2") + pick("", third)
		fmt.Fprintln(&b, "account", account, roles, pick("", "text=note", "label=team:x"), pick("", before))
		if r.IntN(2) == 0 {
			before = ""
		}
		gone := ""
		for _, token := range []string{"t", "u", "v"} {
			if r.IntN(3) == 0 {
				gone = " was=" + token
				continue
			}
			narrow, _, _ := strings.Cut(roles, ",")
			expiry := pick("", "in=30d every=20d overlap=5d", "in=90d every= overlap=0d", "in=10d every=3d overlap=2d",
				"at="+today.Add(model.Days(1+r.IntN(90))).String(), "at="+today.Add(60).String()+" every=10d overlap=2d")
			fmt.Fprintln(&b, "token", token, expiry, pick("", "roles="+narrow, "roles="+roles),
				pick("", "to=ops,rec", "to=rec"), pick("", "gen=2", "gen=3"), pick("", "text=note"), pick("", gone))
		}
	}
	return b.String()
}

// worlds runs f over many random histories: each history is a world to which
// several random projects were applied, with days between them, and revocations
// and reseals.
func worlds(t *testing.T, histories int, f func(t *testing.T, r *rand.Rand, w *applytest.World)) {
	t.Helper()
	if testing.Short() {
		histories /= 5
	}
	for seed := range uint64(histories) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			w := applytest.New(t)
			for range r.IntN(6) {
				w.Apply(randomProject(r, w.Today))
				w.Pass(model.Days(r.IntN(40)))
				disturb(t, r, w)
			}
			f(t, r, w)
		})
	}
}

// disturb does what comes between two applies.
func disturb(t *testing.T, r *rand.Rand, w *applytest.World) {
	t.Helper()
	if live := liveGenerations(w); len(live) > 0 && r.IntN(3) == 0 {
		a := live[r.IntN(len(live))]
		if r.IntN(2) == 0 {
			a = a.Token()
		}
		revoke(t, w, randomProject(r, w.Today), a.String())
	}
	if r.IntN(3) == 0 {
		w.Reseal(randomProject(r, w.Today))
	}
}

// liveGenerations are sorted.
func liveGenerations(w *applytest.World) (live []model.Address) {
	for _, name := range model.Names(w.State().Accounts) {
		tokens := w.State().Accounts[name].Tokens
		for _, token := range model.Names(tokens) {
			for i := range tokens[token].Generations {
				live = append(live, model.TokenAddress(name, token).At(tokens[token].Generations[i].Number))
			}
		}
	}
	return live
}

// What was agreed to as an apply can never be taken for a revocation or a reseal,
// nor one of those for the other, unless nothing is to be agreed to.
func TestDigestTellsWhatIsDone(t *testing.T) {
	t.Parallel()
	worlds(t, 60, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		want := applytest.Declare(t, randomProject(r, w.Today))
		digests := map[string]string{}
		note := func(what string, p *plan.Plan) {
			if !slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return !c.Due }) {
				return
			}
			if other := digests[p.Digest]; other != "" && other != what {
				t.Errorf("%s and %s have one digest:\n%s", what, other, text(t, p))
			}
			digests[p.Digest] = what
		}
		note("an apply", w.PlanFor(want))
		note("a reseal", w.PlanResealFor(want))
		for _, a := range liveGenerations(w) {
			note("an apply", w.PlanFor(want, func(o *applytest.Options) { o.Targets = []model.Address{a} }))
			p, problems := plan.RevokeNow(want, w.State(), plan.Revoked{Addresses: []model.Address{a}, Reason: "r"}, plan.Options{Today: w.Today})
			if err := problems.Err(); err != nil {
				t.Fatal(err)
			}
			note("a revocation", p)
		}
	})
}

func TestPlanAfterApplyIsEmpty(t *testing.T) {
	t.Parallel()
	worlds(t, 50, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		w.Apply(project)
		if p := w.Plan(project); p.Pending() {
			t.Errorf("the same project on the same day is still pending:\n%s", text(t, p))
		}
	})
}

func TestSameInputsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	worlds(t, 30, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		first := text(t, w.Plan(project))
		for range 5 {
			// Maps walk in another order on every reading.
			if second := text(t, w.Plan(project)); first != second {
				t.Fatal(cmp.Diff(first, second))
			}
		}
	})
}

func TestBuildLeavesItsInputsAlone(t *testing.T) {
	t.Parallel()
	worlds(t, 30, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		want, have := applytest.Declare(t, project), w.State()
		w.PlanFor(want)
		if _, problems := plan.Build(want, have, plan.Options{Today: w.Today}); problems.HasErrors() {
			t.Fatal(problems)
		}
		if d := cmp.Diff(applytest.Declare(t, project), want); d != "" {
			t.Error("declarations changed:", d)
		}
		unchanged, _ := state.Decode(w.Store.Files())
		if d := cmp.Diff(unchanged, have, cmpopts.IgnoreUnexported(state.Snapshot{})); d != "" {
			t.Error("the snapshot changed:", d)
		}
	})
}

func TestChangesStandInOrder(t *testing.T) {
	t.Parallel()
	worlds(t, 40, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		p := w.Plan(randomProject(r, w.Today))
		for i := 1; i < len(p.Changes); i++ {
			if a, b := &p.Changes[i-1], &p.Changes[i]; rank(a) > rank(b) {
				t.Errorf("%s %s stands before %s %s", a.Action, a.Address, b.Action, b.Address)
			} else if rank(a) == rank(b) && a.Address.Compare(b.Address) >= 0 {
				t.Errorf("%s and %s are out of order or repeated", a.Address, b.Address)
			}
		}
	})
}

// rank restates the drawing of the package comment, from the top down.
func rank(c *plan.Change) string {
	drawing := map[string]string{
		"role create": "1", "role update": "1", "account create": "2", "account update": "2",
		"token create": "3", "token rotate": "3", "token update": "3", "token revoke": "4",
		"token delete": "5", "account delete": "6", "role delete": "7", "role forget": "7",
	}
	return drawing[c.Address.Kind.String()+" "+string(c.Action)]
}

// Commits and places are no part of what a reviewer agrees to.
func TestDigestIgnoresCommitAndOrigin(t *testing.T) {
	t.Parallel()
	worlds(t, 30, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		digest := w.Plan(project).Digest
		moved := w.Plan("\n\n"+project, func(o *applytest.Options) { o.Commit = "another" })
		if moved.Digest != digest {
			t.Error("the digest depends on a commit or a position")
		}
	})
}

// A whole plan is the sum of its targets: what a targeted plan leaves out, a
// plan afterwards still has.
func TestTargetsAddUp(t *testing.T) {
	t.Parallel()
	worlds(t, 40, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		for range 30 {
			whole := w.Plan(project)
			if len(whole.Changes) == 0 {
				break
			}
			target := whole.Changes[r.IntN(len(whole.Changes))].Address
			only := func(o *applytest.Options) { o.Targets = []model.Address{target} }
			p := w.Plan(project, only)
			if !contains(p, target) {
				t.Fatalf("a plan for %s leaves it out", target)
			}
			w.Apply(project, only)
		}
		if p := w.Plan(project); len(p.Changes) > 0 {
			t.Errorf("not everything was reached target by target:\n%s", text(t, p))
		}
		wellFormed(t, w)
	})
}

func contains(p *plan.Plan, a model.Address) bool {
	for i := range p.Changes {
		if p.Changes[i].Address == a {
			return true
		}
	}
	return false
}

// wellFormed holds the state against the law of numbers: a number belongs to
// one value, for ever.
func wellFormed(t *testing.T, w *applytest.World) {
	t.Helper()
	for account, a := range w.State().Accounts {
		for token, tok := range a.Tokens {
			seen := map[int]bool{}
			for _, g := range tok.Generations {
				seen[g.Number] = true
			}
			for _, s := range tok.Tombstones {
				if seen[s.Generation] {
					t.Errorf("%s/%s: generation %d is there twice", account, token, s.Generation)
				}
				seen[s.Generation] = true
			}
			if len(seen) != tok.LastGeneration {
				t.Errorf("%s/%s: %d generations are remembered of %d", account, token, len(seen), tok.LastGeneration)
			}
		}
	}
}

// An apply a day, for more than a year, with stretches in which CI is off.
func TestDatesAloneForAYear(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("plans 400 days one after the other")
	}
	rhythms := map[string]int{ // the longest stretch without an apply that leaves no gap
		"in=90d every=60d overlap=7d":                    29,
		"in=90d every= overlap=0d":                       0,
		"in=10d every=3d overlap=2d":                     6,
		"in=2d every=1d overlap=0d":                      0,
		"in=1d every= overlap=0d":                        0,
		"in=365d every=180d overlap=30d":                 184,
		"at=2028-03-01 every=30d overlap=5d":             100,
		"in=30d every= overlap=7d":                       6,
		"in=8d every=7d overlap=6d":                      0,
		"in=365d every=364d overlap=0d text=late":        0,
		"in=90d every=60d overlap=7d roles=r1 to=ops":    10,
		"in=90d every=60d overlap=7d gen=4 text=counted": 10,
	}
	for rhythm, slack := range rhythms {
		for _, skip := range model.Set([]string{"0", strconv.Itoa(slack)}) {
			t.Run(rhythm+" skip="+skip, func(t *testing.T) {
				t.Parallel()
				days, _ := strconv.Atoi(skip)
				year(t, rhythm, days)
			})
		}
	}
}

func year(t *testing.T, rhythm string, skip int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(len(rhythm)), uint64(skip)))
	project := "guard max_token_lifetime=800d\nrole r1 pool:List@*\naccount a r1\ntoken t " + rhythm
	want := applytest.Declare(t, project)
	w := applytest.New(t)
	rotated := 0
	next := w.Today
	for range 400 {
		if w.Today >= next {
			p := w.ApplyFor(want)
			rotated += p.Summary.Rotate
			if again := w.PlanFor(want); again.Pending() {
				t.Fatalf("%s: pending again on the same day:\n%s", w.Today, text(t, again))
			}
			next = w.Today.Add(model.Days(1 + r.IntN(skip+1)))
		}
		oneValid(t, w)
		w.Pass(1)
	}
	wellFormed(t, w)
	if limit := 400 / int(interval(want.Accounts["a"].Tokens["t"])); rotated > limit {
		t.Errorf("%d rotations in 400 days, at most %d were to be expected", rotated, limit)
	}
}

// interval is how long a generation stays active where every apply happens.
func interval(t *model.Token) model.Days {
	switch e := t.Expiry; {
	case e.At != 0:
		return t.Rotate.Every
	case t.Rotate.Every == 0:
		return max(e.In-max(t.Rotate.Overlap, 1), 1)
	default:
		return min(t.Rotate.Every, max(e.In-max(t.Rotate.Overlap, 1), 1))
	}
}

// oneValid checks that at most one generation is active and that some value
// works today.
func oneValid(t *testing.T, w *applytest.World) {
	t.Helper()
	active, valid := 0, 0
	for _, g := range w.Token("a", "t").Generations {
		if g.RevokeAfter == 0 {
			active++
		}
		if g.ExpiresAt > w.Today && (g.RevokeAfter == 0 || g.RevokeAfter > w.Today) {
			valid++
		}
	}
	if active != 1 || valid < 1 {
		t.Fatalf("%s: %d generations are active and %d valid", w.Today, active, valid)
	}
}

// Whatever a year of changes and applies brings, a cause is acted upon once.
func TestNothingIsProposedTwice(t *testing.T) {
	t.Parallel()
	worlds(t, 12, func(t *testing.T, r *rand.Rand, w *applytest.World) {
		project := randomProject(r, w.Today)
		last := map[string]model.Date{}
		for range 70 {
			p := w.Apply(project)
			for i := range p.Changes {
				c := &p.Changes[i]
				key := fmt.Sprint(c.Address, c.Action)
				if day, seen := last[key]; seen && day == w.Today.Add(-1) {
					t.Fatalf("%s on %s and the day before, for %q", key, w.Today, c.Reasons)
				}
				last[key] = w.Today
			}
			w.Pass(1)
		}
		wellFormed(t, w)
	})
}

// text is a plan as JSON, which is written in pieces and must be the same as if it
// were not.
func text(t *testing.T, p *plan.Plan) string {
	t.Helper()
	b, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.MarshalIndent(p, "", "  ")
	if err != nil || !bytes.Equal(b, append(whole, '\n')) {
		t.Fatalf("in pieces (%v):\n%s\nas a whole:\n%s", err, b, whole)
	}
	readBack(t, p, b)
	return string(bytes.TrimSpace(b))
}

// readBack demands that what osmoctl plan --out writes can be read again.
func readBack(t *testing.T, p *plan.Plan, b []byte) {
	t.Helper()
	if k := p.Kind(); k != plan.KindDeclared && k != plan.KindDue {
		return
	}
	read, err := plan.Read(b, "plan.json", model.Limits{}, func(to io.Writer, p *plan.Plan) error { return p.WriteJSON(to) })
	if err != nil {
		t.Fatalf("%v, of\n%s", err, b)
	}
	for i := range p.Changes {
		if !reflect.DeepEqual(p.Changes[i].Fields, read.Changes[i].Fields) {
			t.Fatalf("the fields of %s are %#v, and read again %#v", p.Changes[i].Address, p.Changes[i].Fields, read.Changes[i].Fields)
		}
	}
	if !reflect.DeepEqual(p.GuardrailChanges, read.GuardrailChanges) {
		t.Fatalf("the settings are %#v, and read again %#v", p.GuardrailChanges, read.GuardrailChanges)
	}
}
