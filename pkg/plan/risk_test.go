package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// risksOf lists a plan's risks as CODE ADDRESS: MESSAGE.
func risksOf(p *plan.Plan) []string {
	out := []string{}
	for _, r := range p.Risks {
		words := r.Code
		if r.Address != nil {
			words += " " + r.Address.String()
		}
		out = append(out, words+": "+r.Message)
	}
	return out
}

func TestRisks(t *testing.T) {
	t.Parallel()
	const (
		admin = "role boss *:*@none\n"
		step  = "role scribe config:Update@config/role\n"
		all   = "role runner workflow:Read@pool/*\n"
	)
	for _, c := range []struct {
		name, given, then string
		opts              []func(*applytest.Options)
		want              []string
	}{
		{name: "nothing", given: "account a r1", then: "account a r1\naccount b r1\ntoken t"},
		{
			name: "an administrator and its token", given: admin + "account a r1\ntoken t", then: admin + "account a r1,boss\ntoken t\ntoken u roles=boss",
			want: []string{
				"administrator account/a: becomes an administrator at once: gains * on users, roles of users, deletion of configuration, workflow tags and all else without an action",
				"administrator token/a/u: becomes an administrator at once: gains * on users, roles of users, deletion of configuration, workflow tags and all else without an action",
			},
		},
		{
			name: "a role that nobody holds yet", then: admin + step,
			want: []string{
				"administrator role/boss: makes an administrator of whoever holds it: grants * on users, roles of users, deletion of configuration, workflow tags and all else without an action",
				"administrator_by_step role/scribe: lets whoever holds it become an administrator: grants config:Update on config/role",
			},
		},
		{
			name: "a built-in role", given: "account a r1", then: "account a osmo-user,r1",
			want: []string{
				"administrator_by_step account/a: can make itself an administrator: gains auth:Token on user/*",
				"whole_scope account/a: gains a wildcard over a whole scope: workflow:Read on pool/*",
			},
		},
		{
			name: "a denial goes", given: "role lock -*:*@*\n" + admin + "account a boss,lock", then: "role lock pool:List@*\n" + admin + "account a boss,lock",
			want: []string{"administrator account/a: becomes an administrator at once: gains * on users, roles of users, deletion of configuration, workflow tags and all else without an action"},
		},
		{
			name: "a denial that takes nothing", given: "account a r1", then: "role sly config:*@config/* -config:*@config/ROLE,config/Service\naccount a r1,sly",
			want: []string{
				"administrator_by_step account/a: can make itself an administrator: gains config:* on config/* except config/ROLE, config/Service",
				"administrator_by_step role/sly: lets whoever holds it become an administrator: grants config:* on config/* except config/ROLE, config/Service",
			},
		},
		{
			name: "split over two roles", given: "role x workflow:Read,workflow:Cancel,workflow:Create,workflow:Delete,workflow:Exec@pool/a*,pool/b*\naccount a x",
			then: "role x workflow:Read,workflow:Cancel,workflow:Create,workflow:Delete,workflow:Exec@pool/a*,pool/b*\nrole y workflow:*@*\naccount a x,y",
			want: []string{
				"whole_scope account/a: gains a wildcard over a whole scope: workflow:* except workflow:PortForward, workflow:Rsync, workflow:Update on pool/* except pool/a*, pool/b*",
				"whole_scope account/a: gains a wildcard over a whole scope: workflow:PortForward on pool/*",
				"whole_scope account/a: gains a wildcard over a whole scope: workflow:Rsync on pool/*",
				"whole_scope account/a: gains a wildcard over a whole scope: workflow:Update on pool/*",
				"whole_scope role/y: grants a wildcard over a whole scope: workflow:* on pool/*",
			},
		},
		{
			name: "a wildcard", given: "account a r1", then: all + "account a r1,runner",
			want: []string{
				"whole_scope account/a: gains a wildcard over a whole scope: workflow:Read on pool/*",
				"whole_scope role/runner: grants a wildcard over a whole scope: workflow:Read on pool/*",
			},
		},
		{
			name: "a login that gives a heavy role", given: admin + "role light pool:List@*", then: "role boss ext=staff *:*@none\nrole light ext=staff pool:List@*",
			want: []string{"identity_provider role/boss: grants an administrator's access, and is given at login to whoever has external role staff"},
		},
		{
			name: "a role that was given at login becomes heavy", given: "role light ext=staff pool:List@*", then: "role light ext=staff *:*@none",
			want: []string{
				"administrator role/light: makes an administrator of whoever holds it: grants * on users, roles of users, deletion of configuration, workflow tags and all else without an action",
				"identity_provider role/light: grants an administrator's access, and is given at login to whoever has external role staff",
			},
		},
		{
			name: "a wildcard by prefixes", given: "account a r1", then: "role x workflow:Read@pool/aa*,pool/ab*,pool/ac*,pool/ad*,pool/ba*,pool/bb*,pool/bc*,pool/bd*\naccount a r1,x",
			want: []string{
				"whole_scope account/a: gains a wildcard over a whole scope: 8 prefixes of two characters below pool/",
				"whole_scope role/x: grants a wildcard over a whole scope: 8 prefixes of two characters below pool/",
			},
		},
		{
			name: "a login that gives a role to everybody", given: "role light pool:List@*", then: "role light ext=osmo-default pool:List@*",
			want: []string{"identity_provider role/light: is given to everybody who logs in, by external role osmo-default"},
		},
		{
			name: "protection", given: "account a r1 protect", then: "account a r1",
			want: []string{"protection_lifted account/a: is no longer protected from the next apply on"},
		},
		{
			name: "deletions of what is in use", given: "account a r1,r2\ntoken t roles=r1\ntoken u roles=r1\naccount b r1\ntoken v\naccount c r1",
			then: "account a r1,r2\ntoken u roles=r1",
			want: []string{"deletes_in_use account/b: is deleted with 1 live value", "deletes_in_use token/a/t: is deleted with 1 live value"},
		},
		{
			name: "a role that is held", given: "role old pool:List@*\naccount a old,r1\naccount b old", then: "account a r1\naccount b r1",
			want: []string{"deletes_in_use role/old: is deleted while 2 accounts hold it"},
		},
		{
			name: "values without roles", given: "account a r1,r2\ntoken t roles=r1\ntoken u roles=r2", then: "account a r2\ntoken t roles=r2\ntoken u roles=r2",
			want: []string{"loses_all_roles token/a/t@1: lives on until 2026-03-08 and loses all its roles at once, so there is no overlap: leave r1 on the account until then"},
		},
		{
			name: "a value that is not replaced and without roles", given: "account a r1,r2\ntoken t at=2026-03-20 roles=r1", then: "account a r2\ntoken u roles=r2\ntoken t at=2026-03-20 roles=r2 overlap=0d",
		},
		{
			name: "an overlap that can do less", given: "role pools pool:List@*\nrole jobs workflow:Read@*\naccount a jobs,pools\ntoken t roles=jobs,pools",
			then: "role pools pool:List@*\nrole jobs workflow:Read@*\naccount a pools\ntoken t roles=pools",
		},
		{
			name: "an overlap that can do less and another thing changes", given: "role pools pool:List@*\nrole jobs workflow:Read@*\naccount a jobs,pools\ntoken t roles=jobs,pools",
			then: "role pools pool:List@*\nrole jobs workflow:Read@*\naccount a pools\ntoken t roles=pools gen=2",
			want: []string{"overlap_cut token/a/t@1: lives on until 2026-03-08 and loses access with jobs at once: leave it on the account until then"},
		},
		{
			name: "an overlap that loses a role and no access", given: "role pools pool:List@*\nrole same pool:List@*\naccount a pools,same\ntoken t roles=pools,same",
			then: "role pools pool:List@*\nrole same pool:List@*\naccount a pools\ntoken t roles=pools gen=2",
		},
		{
			name: "values without roles, and the role gone", given: "role old pool:List@*\naccount a old,r2\ntoken t roles=old", then: "account a r2\ntoken t roles=r2",
			want: []string{"deletes_in_use role/old: is deleted while 1 account holds it", "loses_all_roles token/a/t@1: lives on until 2026-03-08 and loses all its roles at once, so there is no overlap: leave old on the account until then"},
		},
		{
			name: "values that end at once", given: "account a r1,r2\ntoken t roles=r1 overlap=0d", then: "account a r2\ntoken t roles=r2 overlap=0d",
		},
		{
			name: "a role that grants nothing any more", given: "role old workflow:Read@pool/a\naccount a old\ntoken t", then: "role old\naccount a old\ntoken t",
			want: []string{"loses_all_roles role/old: grants nothing any more, and 1 account holds it"},
		},
		{
			name: "a restricted plan", given: admin + "account a r1\naccount b r1", then: admin + "account a boss,r1\naccount b boss,r1",
			opts: []func(*applytest.Options){target(model.AccountAddress("b"))},
			want: []string{"administrator account/b: becomes an administrator at once: gains * on users, roles of users, deletion of configuration, workflow tags and all else without an action"},
		},
		{
			name: "a required recipient loses a key", given: "recipients ops=alice rec=carol,dave\nguard required_recipients=rec", then: "recipients ops=alice rec=carol\nguard required_recipients=rec",
			want: []string{"guardrail_loosened: guardrail required_recipients is loosened: rec no longer stands for age1dave"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(roles + c.given)
			p := w.Plan(roles+c.then, c.opts...)
			if c.want == nil {
				c.want = []string{}
			}
			if diff := cmp.Diff(c.want, risksOf(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func target(a model.Address) func(*applytest.Options) {
	return func(o *applytest.Options) { o.Targets = []model.Address{a} }
}

// TestLoosenedGuardrailsAreRisks has each guardrail in two states. From the first
// to the second it is looser, and the other way round not.
func TestLoosenedGuardrailsAreRisks(t *testing.T) {
	t.Parallel()
	const people = "recipients ops=alice rec=carol\n"
	for _, c := range []struct{ strict, loose, want string }{
		{"max_token_lifetime=50d", "max_token_lifetime=99d", "guardrail max_token_lifetime is loosened from 50d to 99d"},
		{"max_token_lifetime=50d", "", "guardrail max_token_lifetime is loosened from 50d to the default"},
		{"require_token_roles=true", "require_token_roles=false", "guardrail require_token_roles is loosened from true to false"},
		{"require_token_roles=true", "", "guardrail require_token_roles is loosened from true to the default"},
		{"account_name=x", "", `guardrail account_name is loosened from "x" to the default`},
		{"min_recipients=2", "min_recipients=1", "guardrail min_recipients is loosened from 2 to 1"},
		{"required_recipients=ops,rec", "required_recipients=ops", "guardrail required_recipients is loosened: it no longer asks for [rec]"},
		{"max_new_readers=0", "max_new_readers=3", "guardrail max_new_readers is loosened from 0 to 3"},
		{"max_new_readers=0", "", "guardrail max_new_readers is loosened from 0 to the default"},
		{"max_deletes=3", "max_deletes=50", "guardrail max_deletes is loosened from 3 to 50"},
		{"", "max_deletes=5", "guardrail max_deletes is loosened from the default to 5"},
		{"", "max_deletes=5/30%", "guardrail max_deletes is loosened from the default to 5 or 30%"},
		{"max_rotations=2/10%", "max_rotations=2", "guardrail max_rotations is loosened from 2 or 10% to 2"},
		{"max_rotations=2", "", "guardrail max_rotations is loosened from 2 to the default"},
	} {
		rails := func(s string) string {
			if s == "" {
				return people + roles
			}
			return people + roles + "guard " + s + "\n"
		}
		w := applytest.New(t)
		w.Apply(rails(c.strict))
		if diff := cmp.Diff([]string{"guardrail_loosened: " + c.want}, risksOf(w.Plan(rails(c.loose)))); diff != "" {
			t.Errorf("%q to %q (-want +got):\n%s", c.strict, c.loose, diff)
		}
		w = applytest.New(t)
		w.Apply(rails(c.loose))
		if got := risksOf(w.Plan(rails(c.strict))); len(got) > 0 {
			t.Errorf("%q to %q is stricter and said to be %q", c.loose, c.strict, got)
		}
	}
	for _, after := range []string{".*", "x"} {
		w := applytest.New(t)
		w.Apply(roles + "guard account_name=svc-.*")
		if got := risksOf(w.Plan(roles + "guard account_name=" + after)); len(got) != 1 || !strings.Contains(got[0], "another pattern") {
			t.Errorf("the pattern %q: %q", after, got)
		}
	}
}

// Five guardrails at once are said one by one, and in front of what they let through.
func TestEveryLoosenedGuardrailIsNamed(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("recipients ops=alice\nguard max_token_lifetime=50d require_token_roles=true min_recipients=1 max_new_readers=0 max_rotations=1\n" + roles + "account a r1")
	p := w.Plan("recipients ops=alice\n" + roles + "account a r1")
	if got := risksOf(p); len(got) != 5 || slices.ContainsFunc(got, func(s string) bool { return !strings.HasPrefix(s, "guardrail_loosened: ") }) {
		t.Errorf("got %q", got)
	}
}

func TestMovedStateAndBackendAreRisks(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1")
	want := applytest.Declare(t, roles+"account a r1")
	want.Project.Git = model.Git{Push: "origin", Branch: "main", StateBranch: "elsewhere"}
	want.Project.Backend.Kind = "other"
	diff := cmp.Diff([]string{
		`state_moved: git.branch changes from the default to "main": from the next apply on state is read and written there`,
		`state_moved: git.push changes from the default to "origin": from the next apply on state is read and written there`,
		`state_moved: git.state_branch changes from the default to "elsewhere": from the next apply on state is read and written there`,
		`backend_changed: backend.kind changes from "local" to "other"`,
	}, risksOf(w.PlanFor(want)))
	if diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A restoration may bring an administrator back.
func TestRestorationsHaveRisks(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "role boss *:*@none\naccount a boss,r1\naccount b r1 protect")
	before := w.State()
	w.Apply(roles + "role boss *:*@none\naccount a r1\naccount b r1 protect")
	p := plan.Restore(w.State(), before, plan.Restored{}, plan.Options{Today: w.Today})
	if diff := cmp.Diff([]string{"administrator account/a: becomes an administrator at once: gains * on users, roles of users, deletion of configuration, workflow tags and all else without an action"}, risksOf(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEverybodyGains is about the default role, which declarations cannot change;
// a state that was edited can have another.
func TestEverybodyGains(t *testing.T) {
	t.Parallel()
	want := applytest.Declare(t, "role osmo-default auth:Token@*")
	p, _ := plan.Build(want, &state.Snapshot{}, plan.Options{Today: applytest.Date(t, applytest.FirstDay)})
	if got := risksOf(p); len(got) == 0 || got[0] != "everybody_gains role/osmo-default: everybody has this role and gains auth:Token" && !strings.Contains(strings.Join(got, "\n"), "gains auth:Token on user/*") {
		t.Errorf("got %q", got)
	}
}

// TestNoHeavyGainIsUnsaid plans crowds of every shape around one heavy grant: each
// heavy grant of the access section is a risk of its own.
func TestNoHeavyGainIsUnsaid(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "role r%d workflow:*@pool/p%d,pool/q%d\naccount svc-%d r%d\ntoken t\n", i, i, i, i, i)
	}
	for i, heavy := range []string{
		"*:*@none", "*:*@pool/x", "*:Update@config/ro*", "con:*,*:Update@c*", "auth:*@user/root", "workflow:*@p*", "config:*@config/service", "internal:*@*",
	} {
		fmt.Fprintf(&b, "role zz%d %s\naccount zz-%d r1,r2,r3,zz%d\ntoken nightly roles=zz%d\n", i, heavy, i, i, i)
	}
	p := applytest.New(t).Plan("recipients ops=alice\n" + b.String())
	said := map[string]bool{}
	for _, r := range p.Risks {
		said[r.Address.String()+" "+r.Message[strings.LastIndex(r.Message, ": ")+2:]] = true
	}
	heavy := 0
	for _, a := range p.Access {
		for _, g := range a.Gained {
			if !g.Weight().Heavy() {
				continue
			}
			heavy++
			words := g.Action + " on " + g.Resource
			if !said[a.Subject.String()+" gains "+words] && !said[a.Subject.String()+" "+words] {
				t.Errorf("%s gains %s, and no risk says so", a.Subject, words)
			}
		}
	}
	if heavy < 16 {
		t.Errorf("only %d heavy grants", heavy)
	}
	if !slices.IsSortedFunc(p.Risks, func(a, b plan.Risk) int { return strings.Compare(string(a.Severity), string(b.Severity)) }) {
		t.Error("a high risk stands before a critical one")
	}
}

func TestExceptionsOfARiskAreFew(t *testing.T) {
	t.Parallel()
	var denied []string
	for i := range 2000 {
		denied = append(denied, fmt.Sprintf("pool/team-%d", i))
	}
	p := applytest.New(t).Plan("role r workflow:*@pool/* -workflow:*@" + strings.Join(denied, ",") + "\naccount a r")
	for _, r := range p.Risks {
		if len(r.Message) > 400 || !strings.Contains(r.Message, "and 1992 more") {
			t.Errorf("%d bytes: %.200s", len(r.Message), r.Message)
		}
	}
	if len(p.Risks) != 2 || access.Heaviest(p.Access[0].Gained) != access.WholeScope {
		t.Errorf("%d risks", len(p.Risks))
	}
}

// Many accounts that gain many heavy grants make few risks each, and say of all
// grants that they are there.
func TestRisksAreBundled(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("role many config:Update@config/role auth:Token@user/u0")
	for i := range 1500 {
		fmt.Fprintf(&b, ",user/u%d", i+1)
	}
	for i := range 2000 {
		fmt.Fprintf(&b, "\naccount a-%04d many", i)
	}
	p := applytest.New(t).Plan(b.String())
	if n := len(p.Risks); n != 2*2001 {
		t.Errorf("%d risks", n)
	}
	if got := risksOf(p)[0]; got != "administrator_by_step account/a-0000: can make itself an administrator: gains auth:Token on user/u0; user/u1; user/u10; user/u100; user/u1000; user/u1001; user/u1002; user/u1003; and 1493 more below user/" {
		t.Errorf("got %s", got)
	}
}

// A risk that a policy brings names it: which one, of which role.
func TestRiskNamesItsPolicy(t *testing.T) {
	t.Parallel()
	p := applytest.New(t).Plan("recipients ops=alice\nrole quiet pool:List@pool/a config:Update@config/role\nrole boss *:*@none\naccount a quiet\naccount b boss\ntoken t")
	found := map[string]string{}
	for _, r := range p.Risks {
		if r.By == nil {
			t.Errorf("%s %s is brought by nothing", r.Code, r.Message)
			continue
		}
		found[r.Address.String()] = r.By.Words()
	}
	if d := cmp.Diff(map[string]string{
		"account/a": "policy 2 of role quiet", "role/quiet": "policy 2 of role quiet",
		"account/b": "policy 1 of role boss", "token/b/t": "policy 1 of role boss", "role/boss": "policy 1 of role boss",
	}, found); d != "" {
		t.Error(d)
	}
}

// A Deny that refuses more than it says is named where it is new, and not again.
func TestDenyBeyondItsScope(t *testing.T) {
	t.Parallel()
	const given, then = "osmo mode=database\nrole r workflow:*@*", "osmo mode=database\nrole r workflow:*@* -workflow:*@pool/prod"
	warned := func(p *plan.Plan) (out []string) {
		for _, w := range p.Warnings {
			if w.Code == "deny_beyond_scope" {
				out = append(out, w.Message)
			}
		}
		return out
	}
	w := applytest.New(t)
	w.Apply(given)
	want := []string{"the Deny of policy 2, on pool/prod, refuses workflow:List everywhere, as no request of that kind has a resource"}
	if d := cmp.Diff(want, warned(w.Plan(then))); d != "" {
		t.Error(d)
	}
	w.Apply(then)
	if got := warned(w.Plan(then + "\nrole s pool:List@*")); len(got) > 0 {
		t.Errorf("said again: %q", got)
	}
}
