package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

const (
	onlyAlice   = "recipients ops=alice\n" + roles
	aliceAndBob = "recipients ops=alice,bob\n" + roles
	twoTokens   = "account a r1\ntoken t\ntoken u\n"
)

// TestReseals has, for a state and declarations, what there is to seal again.
func TestReseals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given string
		days        model.Days
		then        string
		opts        func(*applytest.Options)
		want        []string
	}{
		{name: "nothing", given: onlyAlice + twoTokens, then: onlyAlice + twoTokens},
		{name: "a key added", given: onlyAlice + twoTokens, then: aliceAndBob + twoTokens, want: []string{
			"reseal token/a/t@1: sealed to recipient bob (age1bob) from now on", "reseal token/a/u@1: sealed to recipient bob (age1bob) from now on",
		}},
		{name: "a key taken out", given: aliceAndBob + "account a r1\ntoken t", then: onlyAlice + "account a r1\ntoken t", want: []string{
			"reseal token/a/t@1: no longer sealed to recipient ops (age1bob)",
		}},
		{name: "a key for another", given: onlyAlice + "account a r1\ntoken t", then: "recipients ops=bob\n" + roles + "account a r1\ntoken t", want: []string{
			"reseal token/a/t@1: sealed to recipient bob (age1bob) from now on; no longer sealed to recipient ops (age1alice)",
		}},
		{name: "other names of the same keys", given: onlyAlice + twoTokens, then: "recipients ops=alice dev=alice\n" + roles + strings.ReplaceAll(twoTokens, "token t", "token t to=dev")},
		{name: "an expired value", given: onlyAlice + "account a r1\ntoken t at=" + on(5), days: 5, then: aliceAndBob + "account a r1\ntoken t at=" + on(5)},
		{name: "a token that is not applied yet", given: onlyAlice + "account a r1", then: aliceAndBob + twoTokens},
		{name: "a token that is not declared any more", given: onlyAlice + twoTokens, then: aliceAndBob + "account a r1\ntoken t", want: []string{
			"reseal token/a/t@1: sealed to recipient bob (age1bob) from now on",
		}},
		{
			name: "one target of two", given: onlyAlice + twoTokens, then: aliceAndBob + twoTokens,
			opts: func(o *applytest.Options) { o.Targets = []model.Address{model.TokenAddress("a", "u")} },
			want: []string{"reseal token/a/u@1: sealed to recipient bob (age1bob) from now on"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(c.given)
			w.Pass(c.days)
			opts := func(o *applytest.Options) {
				if c.opts != nil {
					c.opts(o)
				}
			}
			p := w.PlanReseal(c.then, opts)
			if d := cmp.Diff(c.want, lines(p, c.want), emptyIsNil); d != "" {
				t.Error("changes:", d)
			}
			if p.Pending() != (len(c.want) > 0) || p.Summary.Reseal != len(c.want) {
				t.Errorf("pending %v, %+v", p.Pending(), p.Summary)
			}
			w.Reseal(c.then, opts)
			if again := w.PlanReseal(c.then, opts); again.Pending() {
				t.Errorf("a second reseal: %q", lines(again, nil))
			}
		})
	}
}

// What retires is sealed again as well: it still works.
func TestResealOfWhatRetires(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(onlyAlice + "account a r1\ntoken t")
	w.Apply(onlyAlice + "account a r1\ntoken t gen=2")
	p := w.PlanReseal(aliceAndBob + "account a r1\ntoken t gen=2")
	if d := cmp.Diff([]model.Address{model.TokenAddress("a", "t").At(1), model.TokenAddress("a", "t").At(2)}, addressesOf(p)); d != "" {
		t.Error(d)
	}
	if len(p.Readers) != 1 || len(p.Readers[0].Gained) != 1 {
		t.Errorf("readers: %+v", p.Readers)
	}
	one := w.PlanReseal(aliceAndBob+"account a r1\ntoken t gen=2", func(o *applytest.Options) {
		o.Targets = []model.Address{model.TokenAddress("a", "t").At(1)}
	})
	if len(one.Changes) != 1 {
		t.Errorf("one generation of two: %v", addressesOf(one))
	}
}

func addressesOf(p *plan.Plan) (out []model.Address) {
	for i := range p.Changes {
		out = append(out, p.Changes[i].Address)
	}
	return out
}

// A reseal that came first leaves nothing to surprise anybody in the apply: the
// key does not wait, is not announced again, and is no new reader.
func TestApplyAfterReseal(t *testing.T) {
	t.Parallel()
	const guard = "guard max_new_readers=0\n"
	w := applytest.New(t)
	w.Apply(guard + onlyAlice + twoTokens)
	before := w.Plan(guard + aliceAndBob + twoTokens)
	if len(before.WaitingForIdentity) != 2 || len(before.Readers) != 2 || len(before.Blocked) != 1 {
		t.Fatalf("before the reseal: %+v", before)
	}
	w.Reseal(guard+aliceAndBob+twoTokens, func(o *applytest.Options) { o.Allow.NewReaders = number(1) })
	p := w.Plan(guard + aliceAndBob + twoTokens)
	if len(p.WaitingForIdentity)+len(p.Readers)+len(p.Changes)+len(p.Blocked) > 0 || len(p.GuardrailChanges) != 1 {
		t.Errorf("after the reseal: %+v", p)
	}
	w.Apply(guard + aliceAndBob + twoTokens)
	if p := w.Plan(guard + aliceAndBob + twoTokens); p.Pending() {
		t.Errorf("after the apply: %+v", p)
	}
}

// A token that is renamed while a key is taken out leaves that key a value that
// works for the overlap, as a rotation does.
func TestRenameTakesAKeyOut(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(aliceAndBob + "role r1 pool:List@*\naccount a r1\n token old roles=r1")
	p := w.Apply(onlyAlice + "role r1 pool:List@*\naccount a r1\n token new roles=r1 was=old")
	if d := cmp.Diff([]string{plan.WarnStaysReadable}, warnings(p)); d != "" {
		t.Error(d)
	}
}

// A key that was taken out and sealed away from still knows the value: the
// rotation stays planned, whichever comes first, and a key that comes back is
// welcome.
func TestResealForgetsNobody(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(aliceAndBob + "account a r1\ntoken t")
	w.Reseal(onlyAlice + "account a r1\ntoken t")
	g := w.Token("a", "t").Active()
	if d := cmp.Diff([][]string{{"age1alice"}, {"age1bob"}}, [][]string{g.Recipients, g.FormerRecipients}); d != "" {
		t.Fatal(d)
	}
	p := w.Plan(onlyAlice + "account a r1\ntoken t")
	want := []string{"rotate token/a/t: recipient ops (age1bob) is no longer a recipient and has seen the value"}
	if d := cmp.Diff(want, lines(p, nil)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{plan.WarnStaysReadable}, warnings(p)); d != "" {
		t.Error(d)
	}
	if p := w.Plan(aliceAndBob + "account a r1\ntoken t"); len(p.Changes) > 0 || len(p.WaitingForIdentity) != 1 {
		t.Errorf("he came back: %q", lines(p, nil))
	}
	w.Apply(onlyAlice + "account a r1\ntoken t")
	if p := w.Plan(onlyAlice + "account a r1\ntoken t"); p.Pending() {
		t.Errorf("after the rotation: %q", lines(p, nil))
	}
}

func TestUnknownTargetOfAReseal(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(onlyAlice + twoTokens)
	token := model.TokenAddress("a", "zzz")
	for _, a := range []model.Address{token, token.At(1), model.TokenAddress("a", "t").At(9)} {
		_, problems := plan.BuildReseal(applytest.Declare(t, onlyAlice+twoTokens), w.State(), plan.Options{Today: w.Today, Targets: []model.Address{a}})
		if len(problems) != 1 || problems[0].Code != plan.CodeUnknownTarget {
			t.Errorf("%s: %v", a, problems)
		}
	}
}

// A key that changes under an unchanged name is a risk of its own, and nothing
// else is that.
func TestChangedKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before, after string
		want                []string
	}{
		{"the same", "recipients alice=k1", "recipients alice=k1", nil},
		{"another key", "recipients alice=k1", "recipients alice=k2", []string{"recipient alice is now age1k2, was age1k1: it would read new values of 2 tokens"}},
		{"a new name", "recipients bob=k2", "recipients alice=k1 bob=k2", nil},
		{"a name gone", "recipients alice=k1 bob=k2", "recipients bob=k2", nil},
		{"two swapped", "recipients alice=k1 bob=k2", "recipients alice=k2 bob=k1", []string{
			"recipient alice is now age1k2, was age1k1: it would read new values of 2 tokens", "recipient bob is now age1k1, was age1k2: it would read new values of 2 tokens",
		}},
		{"a key more", "recipients ops=k1", "recipients ops=k1,k2", nil},
		{"a key less", "recipients ops=k1,k2", "recipients ops=k1", nil},
		{"one of two", "recipients ops=k1,k2", "recipients ops=k1,k3", []string{"recipient ops is now age1k3, was age1k2: it would read new values of 2 tokens"}},
		{"a group with one of a name", "recipients alice=k1 ops=k1,k2", "recipients alice=k4 ops=k3,k4", []string{
			"recipient alice is now age1k4, was age1k1: it would read new values of 2 tokens",
			"recipient ops is now age1k3, age1k4, was age1k2: it would read new values of 2 tokens",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.ApplyFor(named(t, c.before))
			for _, p := range []*plan.Plan{w.PlanFor(named(t, c.after)), w.PlanResealFor(named(t, c.after))} {
				var got []string
				for _, risk := range p.Risks {
					if risk.Code == plan.RiskKeyChanged {
						got = append(got, risk.Message)
					}
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

// named declares two tokens for all of the recipients, whose keys stand under
// the names themselves, as in osmoctl.yaml.
func named(t *testing.T, recipients string) *model.Declarations {
	t.Helper()
	names := strings.Fields(recipients)[1:]
	for i, n := range names {
		names[i], _, _ = strings.Cut(n, "=")
	}
	to := " to=" + strings.Join(names, ",") + "\n"
	want := applytest.Declare(t, recipients+"\nrole r1 pool:List@*\naccount a r1\ntoken t"+to+"token u"+to)
	for name, keys := range want.Project.Recipients {
		for i := range keys {
			keys[i].Name = name
		}
	}
	return want
}

func TestKeysOfEveryPlan(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("recipients ops=alice,bob rec=carol\n" + roles + twoTokens)
	same := w.Plan("recipients ops=alice,bob rec=carol\n" + roles + twoTokens)
	want := []plan.Key{
		{Key: "age1alice", Name: "alice", Tokens: 2, Declared: 2},
		{Key: "age1bob", Name: "bob", Tokens: 2, Declared: 2},
		{Key: "age1carol", Name: "carol"},
	}
	if d := cmp.Diff(want, same.Keys); d != "" {
		t.Error("nothing changed:", d)
	}
	p := w.Plan("recipients ops=alice rec=carol\n" + roles + "account a r1\ntoken t\ntoken u to=ops,rec\n")
	want = []plan.Key{
		{Key: "age1carol", Name: "carol", Declared: 1, Gained: 1},
		{Key: "age1bob", Name: "ops", Tokens: 2, Lost: 2},
		{Key: "age1alice", Name: "alice", Tokens: 2, Declared: 2},
	}
	if d := cmp.Diff(want, p.Keys); d != "" {
		t.Error("one key out, one in:", d)
	}
}

// The numbers are right however many different lists of recipients there are.
func TestKeysOfManyLists(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("recipients all=all")
	for i := range 40 {
		fmt.Fprintf(&text, " g%d=k%d", i, i)
	}
	text.WriteString("\n" + roles + "account a r1\n")
	for i := range 40 {
		fmt.Fprintf(&text, "token t%d to=all,g%d\ntoken u%d to=all,g%d\n", i, i, i, i)
	}
	w := applytest.New(t)
	w.Apply(text.String())
	for _, k := range w.Plan(text.String()).Keys {
		want := 2
		if k.Name == "all" {
			want = 80
		}
		if k.Tokens != want || k.Declared != want {
			t.Errorf("%+v, want %d", k, want)
		}
	}
}
