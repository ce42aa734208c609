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

// roles stand before the declarations of every rule.
const roles = `
	role r1 pool:List@pool/*
	role r2 workflow:Create@pool/a
	role r3 app:*@*
`

// rule is one sentence about when what changes: to the state that given left
// days ago, then is planned.
type rule struct {
	name  string
	given string
	days  model.Days
	then  string
	opts  []func(*applytest.Options)
	// want are the changes, each as "action address: reasons", and reasons
	// may be cut short with "…". A leading "due " marks those by date.
	want []string
	// warn are the codes of warnings, token_inherits_roles left out.
	warn []string
	// calm says that no setting differs either.
	calm bool
}

func (r rule) test(t *testing.T) {
	t.Helper()
	t.Run(r.name, func(t *testing.T) {
		t.Parallel()
		w := applytest.New(t)
		if r.given != "" {
			w.Apply(roles + r.given)
		}
		w.Pass(r.days)
		p := w.Plan(roles+r.then, r.opts...)
		if d := cmp.Diff(r.want, lines(p, r.want), emptyIsNil); d != "" {
			t.Error("changes:", d)
		}
		if r.calm && p.Pending() {
			t.Errorf("settings: %v", p.GuardrailChanges)
		}
		if d := cmp.Diff(r.warn, warnings(p), emptyIsNil); d != "" {
			t.Error("warnings:", d)
		}
		w.Apply(roles+r.then, append(r.opts, func(o *applytest.Options) { o.Allow.Deletes = number(100) })...)
		if again := w.Plan(roles + r.then); again.Pending() {
			t.Errorf("still pending after apply: %q", lines(again, nil))
		}
	})
}

var emptyIsNil = cmp.FilterValues(func(a, b []string) bool { return len(a)+len(b) == 0 }, cmp.Ignore())

// lines renders changes as rules spell them. Reasons are shown as far as the
// expected line shows them.
func lines(p *plan.Plan, want []string) []string {
	var out []string
	for i := range p.Changes {
		c := &p.Changes[i]
		line := fmt.Sprintf("%s %s: %s", c.Action, c.Address, strings.Join(c.Reasons, "; "))
		if c.Due {
			line = "due " + line
		}
		if i < len(want) {
			if head, cut := strings.CutSuffix(want[i], "…"); cut && strings.HasPrefix(line, head) {
				line = want[i]
			}
		}
		out = append(out, line)
	}
	return out
}

func warnings(p *plan.Plan) (codes []string) {
	for _, w := range p.Warnings {
		if w.Code != "token_inherits_roles" {
			codes = append(codes, w.Code)
		}
	}
	return codes
}

func number(n int) *int { return &n }

func on(days model.Days) string {
	d, _ := model.ParseDate(applytest.FirstDay)
	return d.Add(days).String()
}

func replace(addresses ...model.Address) func(*applytest.Options) {
	return func(o *applytest.Options) { o.Replace = addresses }
}

func TestRulesOfDates(t *testing.T) {
	t.Parallel()
	const given = "account a r1,r2\ntoken t roles=r1 in=90d every=60d overlap=7d"
	fixed := "account a r1\ntoken t at=" + on(50)
	for _, r := range []rule{
		{name: "the day before it is due", given: given, days: 59, then: given},
		{name: "due by every", given: given, days: 60, then: given, want: []string{"due rotate token/a/t: due since " + on(60)}},
		{name: "due and late", given: given, days: 70, then: given, want: []string{"due rotate token/a/t: due since " + on(60)}},
		{
			name: "due so late that the old value is dead", given: given, days: 91, then: given,
			want: []string{
				"due rotate token/a/t: due since " + on(60),
				"due revoke token/a/t@1: replaced, and expired on " + on(90),
			},
			warn: []string{"missed_window"},
		},
		{
			name: "due by expiry less overlap", given: "account a r1\ntoken t in=90d every= overlap=10d", days: 80,
			then: "account a r1\ntoken t in=90d every= overlap=10d", want: []string{"due rotate token/a/t: due since " + on(80)},
		},
		{
			name: "due a day before expiry without overlap", given: "account a r1\ntoken t in=90d every= overlap=0d", days: 89,
			then: "account a r1\ntoken t in=90d every= overlap=0d", want: []string{
				"due rotate token/a/t: due since " + on(89),
				"due revoke token/a/t@1: replaced, with an overlap of 0d",
			},
		},
		{name: "a fixed date is left alone", given: fixed, days: 10, then: fixed},
		{name: "a fixed date is warned about from 30 days before", given: fixed, days: 20, then: fixed, warn: []string{"expires_soon"}},
		{name: "a fixed date is not warned about before", given: fixed, days: 19, then: fixed},
		{name: "a fixed date that has come", given: fixed, days: 50, then: fixed, warn: []string{"expired"}},
		{name: "a fixed date that has passed", given: fixed, days: 500, then: fixed, warn: []string{"expired"}},
		{
			name: "every rotates within a fixed date", given: fixed + " every=10d overlap=2d", days: 10, then: fixed + " every=10d overlap=2d",
			want: []string{"due rotate token/a/t: due since " + on(10)},
		},
		{
			name: "every does not rotate beyond a fixed date", given: fixed + " every=50d overlap=2d", days: 50, then: fixed + " every=50d overlap=2d",
			warn: []string{"expired"},
		},
		{
			name: "an expired fixed date is not renewed by other changes", given: fixed, days: 60, then: "account a r1,r2\ntoken t roles=r2 at=" + on(50),
			want: []string{"update account/a: declaration changed", "update token/a/t: declaration changed"}, warn: []string{"expired"},
		},
		{
			name: "a later date renews an expired token", given: fixed, days: 60, then: "account a r1\ntoken t at=" + on(100),
			want: []string{
				"rotate token/a/t: expires_at changed from " + on(50) + " to " + on(100),
				"revoke token/a/t@1: replaced, and expired on " + on(50),
			},
		},
	} {
		r.test(t)
	}
}

func TestRulesOfRevocation(t *testing.T) {
	t.Parallel()
	const given = "account a r1,r2\ntoken t roles=r1 in=90d every=60d overlap=7d"
	for _, days := range []model.Days{6, 7, 8} {
		t.Run(fmt.Sprint("day ", days), func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(roles + given)
			w.Pass(60)
			w.Apply(roles + given)
			w.Pass(days)
			want := []string{"due revoke token/a/t@1: its overlap ended on " + on(67)}
			if days < 7 {
				want = nil
			}
			if d := cmp.Diff(want, lines(w.Plan(roles+given), nil)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Several generations retire side by side, each with a date of its own.
func TestSeveralRetireAtOnce(t *testing.T) {
	t.Parallel()
	const given = roles + "account a r1\ntoken t in=90d every=60d overlap=20d"
	w := applytest.New(t)
	for range 3 {
		w.Apply(given, replace(model.TokenAddress("a", "t")))
		w.Pass(5)
	}
	var dates []string
	for _, g := range w.Token("a", "t").Generations {
		dates = append(dates, g.RevokeAfter.String())
	}
	if d := cmp.Diff([]string{on(25), on(30), ""}, dates); d != "" {
		t.Error(d)
	}
	// A shorter overlap takes effect with the next rotation, never backwards.
	w.Apply(strings.Replace(given, "20d", "1d", 1))
	if p := w.Plan(strings.Replace(given, "20d", "1d", 1)); p.Pending() {
		t.Error("a shorter overlap revokes what was promised longer")
	}
}

func TestRulesOfTokens(t *testing.T) {
	t.Parallel()
	const a = "account a r1,r2\n"
	const given = a + "token t roles=r1"
	for _, r := range []rule{
		{name: "create", then: given, want: []string{
			"create role/r1: newly declared", "create role/r2: newly declared", "create role/r3: newly declared",
			"create account/a: newly declared", "create token/a/t: newly declared",
		}},
		{name: "widened roles", given: given, then: a + "token t roles=r1,r2", want: []string{"rotate token/a/t: roles changed from r1 to r1, r2"}},
		{name: "narrowed roles", given: a + "token t roles=r1,r2", then: given, want: []string{"rotate token/a/t: roles changed from r1, r2 to r1"}},
		{name: "roles listed that were inherited already", given: a + "token t", then: a + "token t roles=r1,r2", want: []string{"update token/a/t: declaration changed"}},
		{name: "roles inherited that were listed already", given: a + "token t roles=r1,r2", then: a + "token t", want: []string{"update token/a/t: declaration changed"}},
		{name: "roles inherited instead of fewer", given: given, then: a + "token t", want: []string{"rotate token/a/t: roles changed from r1 to r1, r2"}},
		{
			name: "another fixed date", given: a + "token t roles=r1 at=" + on(50), then: a + "token t roles=r1 at=" + on(60),
			want: []string{"rotate token/a/t: expires_at changed from " + on(50) + " to " + on(60)},
		},
		{name: "a longer lifetime", given: given, then: given + " in=200d", want: []string{"update token/a/t: declaration changed"}},
		{
			name: "a shorter lifetime that the value outlasts", given: given, then: given + " in=80d",
			want: []string{"rotate token/a/t: it outlasts the declared lifetime of 80d"},
		},
		{name: "a clock that fell back", given: given, days: -1, then: given, warn: []string{"clock_behind"}},
		{
			name: "a shorter lifetime, and a clock that fell back", given: given, days: -1, then: given + " in=80d",
			want: []string{"rotate token/a/t: it outlasts the declared lifetime of 80d"}, warn: []string{"clock_behind"},
		},
		{name: "a shorter lifetime that the value keeps", given: given, days: 20, then: given + " in=70d", want: []string{"update token/a/t: declaration changed"}},
		{
			name: "a fixed date instead of a lifetime", given: given, then: given + " at=" + on(100),
			want: []string{"rotate token/a/t: expires_at changed from " + on(90) + " to " + on(100)},
		},
		{name: "the same fixed date instead of a lifetime", given: given, then: given + " at=" + on(90), want: []string{"update token/a/t: declaration changed"}},
		{name: "a description", given: given, then: given + " text=new", want: []string{"update token/a/t: declaration changed"}},
		{name: "a rhythm", given: given, then: given + " every=30d overlap=3d", want: []string{"update token/a/t: declaration changed"}},
		{
			name: "a faster rhythm that is due at once", given: given, days: 40, then: given + " every=30d",
			want: []string{"due rotate token/a/t: due since " + on(30)},
		},
		{name: "a raised counter", given: given, then: given + " gen=2", want: []string{"rotate token/a/t: generation raised from 1 to 2"}},
		{name: "a counter raised by many asks for one", given: given, then: given + " gen=7", want: []string{"rotate token/a/t: generation raised from 1 to 7"}},
		{name: "a lowered counter", given: given + " gen=5", then: given + " gen=2"},
		{name: "a counter left out", given: given + " gen=5", then: given},
		{
			name: "--replace", given: given, then: given, opts: []func(*applytest.Options){replace(model.TokenAddress("a", "t"))},
			want: []string{"rotate token/a/t: asked for by --replace"},
		},
		{
			name: "all causes of a day make one rotation", given: given, days: 60,
			then: a + "token t roles=r2 gen=2 to=rec at=" + on(100) + " every=30d\nrecipients ops=alice rec=bob",
			opts: []func(*applytest.Options){replace(model.TokenAddress("a", "t"))},
			want: []string{"rotate token/a/t: asked for by --replace; generation raised from 1 to 2; roles changed from r1 to r2; " +
				"expires_at changed from " + on(90) + " to " + on(100) + "; recipient ops (age1alice) is no longer a recipient and has seen the value; due since " + on(30)},
			warn: []string{plan.WarnStaysReadable},
		},
		{
			name: "an overlap of nothing revokes at once", given: given + " overlap=0d", then: given + " overlap=0d gen=2",
			want: []string{"rotate token/a/t: generation raised from 1 to 2", "revoke token/a/t@1: replaced, with an overlap of 0d"},
		},
		{name: "no longer declared", given: given, then: a, want: []string{"delete token/a/t: no longer declared"}},
		{
			name: "renamed", given: given, then: a + "token n roles=r1 was=t",
			want: []string{"create token/a/n: renamed from t", "update token/a/t: renamed to n"},
		},
		{
			name: "renamed without overlap", given: given, then: a + "token n roles=r1 was=t overlap=0d",
			want: []string{"create token/a/n: renamed from t", "delete token/a/t: no longer declared"},
		},
		{name: "an earlier name that nothing has", given: "account a r1", then: "account a r1\ntoken n was=t", want: []string{"create token/a/n: newly declared"}, warn: []string{"previous_unknown"}},
		{name: "a rename that is over", given: given, then: a + "token t roles=r1 was=n,m", warn: []string{"previous_unneeded"}},
	} {
		r.test(t)
	}
}

func TestRulesOfRecipients(t *testing.T) {
	t.Parallel()
	const given = "recipients ops=alice\naccount a r1\ntoken t"
	for _, r := range []rule{
		{name: "added to a group", given: given, then: "recipients ops=alice,bob\naccount a r1\ntoken t"},
		{name: "another group of the same keys", given: given, then: "recipients ops=alice dev=alice\naccount a r1\ntoken t to=dev", want: []string{"update token/a/t: declaration changed"}},
		{
			name: "removed from a group", given: "recipients ops=alice,bob\naccount a r1\ntoken t", then: given,
			want: []string{"rotate token/a/t: recipient ops (age1bob) is no longer a recipient and has seen the value"},
			warn: []string{plan.WarnStaysReadable},
		},
		{
			name: "removed from an expired token", given: "recipients ops=alice,bob\naccount a r1\ntoken t at=" + on(5), days: 6,
			then: given + " at=" + on(5), warn: []string{"expired"},
		},
	} {
		r.test(t)
	}
}

func TestRulesOfAccountsAndRoles(t *testing.T) {
	t.Parallel()
	for _, r := range []rule{
		{name: "a role added reaches nobody yet", given: "account a r1\ntoken t", then: "account a r1,r2\ntoken t", want: []string{"update account/a: declaration changed"}},
		{name: "a role removed leaves every token by itself", given: "account a r1,r2\ntoken t\ntoken u roles=r1,r2", then: "account a r1\ntoken t\ntoken u roles=r1", want: []string{
			"update account/a: declaration changed", "update token/a/u: declaration changed",
		}},
		{name: "labels and description", given: "account a r1 label=x:y", then: "account a r1 label=x:z text=new", want: []string{"update account/a: declaration changed"}},
		{name: "protection", given: "account a r1", then: "account a r1 protect", want: []string{"update account/a: declaration changed"}},
		{name: "no longer declared", given: "account a r1\ntoken t\naccount b r1", then: "account b r1", want: []string{"delete account/a: no longer declared"}},
		{name: "a role", given: "account a r1", then: "account a r1\nrole r1 pool:*@pool/*", want: []string{"update role/r1: declaration changed"}},
		{name: "a role's actions in another order", given: "role r4 a:B,c:D@*", then: "role r4 c:D,a:B@*"},
		{name: "a role's resources in another order", given: "role r4 a:B@pool/x,pool/y", then: "role r4 a:B@pool/y,pool/x"},
		{name: "a role's policies in another order", given: "role r4 a:B@x c:D@y -a:B@z", then: "role r4 -a:B@z c:D@y a:B@x"},
		{name: "a policy twice", given: "role r4 a:B@x c:D@y", then: "role r4 c:D@y a:B@x c:D@y"},
		{name: "a policy less", given: "role r4 a:B@x c:D@y", then: "role r4 c:D@y", want: []string{"update role/r4: declaration changed"}},
		{name: "external roles in another order", given: "role r4 a:B@* ext=x,y", then: "role r4 a:B@* ext=y,x"},
		{name: "an external role less", given: "role r4 a:B@* ext=x,y", then: "role r4 a:B@* ext=y", want: []string{"update role/r4: declaration changed"}},
		{name: "another order beside a change", given: "role r4 a:B@* ext=x,y", then: "role r4 c:D@* ext=y,x", want: []string{"update role/r4: declaration changed"}},
		{
			name: "recipients in another order", given: "recipients ops=alice rec=carol\naccount a r1\ntoken t to=ops,rec",
			then: "recipients ops=alice rec=carol\naccount a r1\ntoken t to=rec,ops",
		},
		{name: "required recipients in another order", calm: true, given: "recipients ops=alice rec=carol\nguard required_recipients=ops,rec", then: "recipients ops=alice rec=carol\nguard required_recipients=rec,ops"},
		{name: "external roles left alone", given: "role r4 a:B@* ext=x", then: "role r4 a:B@*"},
		{name: "external roles cleared", given: "role r4 a:B@* ext=x", then: "role r4 a:B@* ext=", want: []string{"update role/r4: declaration changed"}},
		{name: "a role no longer declared", given: "role r4 a:B@*\naccount a r1,r4\ntoken t", then: "account a r1\ntoken t", want: []string{
			"update account/a: declaration changed", "delete role/r4: no longer declared",
		}},
		{name: "a role of OSMO's own", given: "role osmo-user a:B@*", then: "", want: []string{"forget role/osmo-user: no longer declared; the role is built into OSMO and stays there as it is"}},
	} {
		r.test(t)
	}
}

// A role that left and came back is not given back by OSMO.
func TestRoleThatComesBack(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1,r2\ntoken t")
	w.Apply(roles + "account a r1\ntoken t")
	if d := cmp.Diff([]string{"r1"}, w.Token("a", "t").Active().CurrentRoles()); d != "" {
		t.Error("the role is still carried:", d)
	}
	got := lines(w.Plan(roles+"account a r1,r2\ntoken t"), nil)
	want := []string{"update account/a: declaration changed", "rotate token/a/t: role r2 left the account and came back: only a new generation carries it"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDateThatHasPassed(t *testing.T) {
	t.Parallel()
	alive := "account a r1\ntoken t at=" + on(50)
	for _, c := range []struct {
		name, given string
		days        model.Days
		then        string
		opts        plan.Options
	}{
		{name: "of a new token", given: "account a r1", then: "account a r1\ntoken t at=" + on(0)},
		{name: "moved there", given: alive, days: 10, then: "account a r1\ntoken t at=" + on(10)},
		{name: "and a raised counter", given: alive, days: 60, then: alive + " gen=2"},
		{name: "and --replace", given: alive, days: 60, then: alive, opts: plan.Options{Replace: []model.Address{model.TokenAddress("a", "t")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(roles + c.given)
			w.Pass(c.days)
			problem(t, w, c.then, c.opts, plan.CodeExpiryPassed)
		})
	}
}

// problem expects a plan to fail for one reason.
func problem(t *testing.T, w *applytest.World, declarations string, opts plan.Options, code string) {
	t.Helper()
	opts.Today = w.Today
	p, problems := plan.Build(applytest.Declare(t, roles+declarations), w.State(), opts)
	if p != nil || len(problems) != 1 || problems[0].Code != code {
		t.Errorf("got %v, want one problem of code %s", problems, code)
	}
}

func TestNamesOnTheServer(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken x-g2\ntoken x-g3")
	w.Apply(roles + "account a r1\ntoken x-g2\ntoken x-g3\ntoken x")
	w.Apply(roles + "account a r1\ntoken x-g2\ntoken x-g3\ntoken x gen=2")
	if g := w.Token("a", "x").Active(); g.Number != 4 || g.ServerName != "x-g4" {
		t.Errorf("generation %d is called %s: numbers whose names are taken are to be skipped", g.Number, g.ServerName)
	}
	problem(t, w, "account a r1\ntoken x-g2\ntoken x-g3\ntoken x gen=2\ntoken x-g4", plan.Options{}, plan.CodeNameTaken)
}

func TestUnknownAddresses(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t")
	const same = "account a r1\ntoken t"
	problem(t, w, same, plan.Options{Targets: []model.Address{model.AccountAddress("none")}}, plan.CodeUnknownTarget)
	problem(t, w, same, plan.Options{Targets: []model.Address{model.RoleAddress("none")}}, plan.CodeUnknownTarget)
	problem(t, w, same, plan.Options{Targets: []model.Address{model.TokenAddress("a", "none")}}, plan.CodeUnknownTarget)
	problem(t, w, same, plan.Options{Replace: []model.Address{model.TokenAddress("a", "none")}}, plan.CodeUnknownTarget)
	problem(t, w, same, plan.Options{Replace: []model.Address{model.AccountAddress("a")}}, plan.CodeNotAToken)
	problem(t, w, same, plan.Options{Replace: []model.Address{model.TokenAddress("a", "t").At(1)}}, plan.CodeNotAToken)
}

// The counter last honoured is remembered through rotations of other causes, so
// that putting an old value back asks for nothing.
func TestCounterNeverFalls(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1,r2\ntoken t roles=r1 gen=5")
	w.Apply(roles + "account a r1,r2\ntoken t roles=r2 gen=1")
	if p := w.Plan(roles + "account a r1,r2\ntoken t roles=r2 gen=5"); p.Pending() {
		t.Errorf("a counter honoured before is honoured again: %q", lines(p, nil))
	}
}

// A token that is declared again counts requests anew and numbers on.
func TestTokenThatComesBack(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t gen=5\naccount b r1")
	for range 3 {
		w.Apply(roles + "account b r1")
		w.Apply(roles + "account a r1\ntoken t\naccount b r1")
	}
	if g := w.Token("a", "t").Active(); g.Number != 4 {
		t.Errorf("the fourth value has the number %d", g.Number)
	}
	if d := cmp.Diff([]string{"rotate token/a/t: generation raised from 1 to 2"}, lines(w.Plan(roles+"account a r1\ntoken t gen=2\naccount b r1"), nil)); d != "" {
		t.Error(d)
	}
	wellFormed(t, w)
}

func TestRenaming(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken old")
	w.Apply(roles + "account a r1\ntoken new was=old")
	w.Pass(3)
	// The second name goes while the first still retires, which keeps its date.
	w.Apply(roles + "account a r1\ntoken newer was=new")
	if w.Token("a", "old") == nil || !w.Token("a", "old").Live() {
		t.Error("renaming the heir cut the overlap of the first name short")
	}
	w.Pass(4)
	if d := cmp.Diff([]string{"due revoke token/a/old@1: its overlap ended on " + on(7)}, lines(w.Apply(roles+"account a r1\ntoken newer was=new"), nil)); d != "" {
		t.Error(d)
	}
	w.Pass(3)
	w.Apply(roles + "account a r1\ntoken newer")
	for _, name := range []string{"old", "new"} {
		if w.Token("a", name).Live() {
			t.Errorf("%s lives on after its last generation was revoked", name)
		}
	}
}

// The old name may be declared again while it retires, and whoever removes the
// heir removes both.
func TestRenamingUndone(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken old")
	w.Apply(roles + "account a r1\ntoken new was=old")
	back := lines(w.Plan(roles+"account a r1\ntoken old was=new"), nil)
	if d := cmp.Diff([]string{"update token/a/new: renamed to old", "rotate token/a/old: no generation is active"}, back); d != "" {
		t.Error(d)
	}
	gone := lines(w.Plan(roles+"account a r1"), nil)
	if d := cmp.Diff([]string{"delete token/a/new: no longer declared", "delete token/a/old: no longer declared"}, gone); d != "" {
		t.Error(d)
	}
}
