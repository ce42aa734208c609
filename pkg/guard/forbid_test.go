package guard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// noExec is the rule of most tests: nobody whose name begins with svc- gets a shell in
// production.
func noExec() model.Forbid {
	return model.Forbid{
		Name: "no-exec", Subjects: model.ForbidSubjects{Accounts: []string{"svc-*"}},
		Actions: []string{"workflow:Exec"}, Resources: []string{"pool/prod"}, Reason: "production is not for playing",
	}
}

func forbidding(rules ...model.Forbid) func(*applytest.Options) {
	return func(o *applytest.Options) { o.Declared.Project.Guardrails.Forbid = rules }
}

func allowForbidden(rule string, subjects ...model.Address) func(*applytest.Options) {
	return func(o *applytest.Options) {
		for _, a := range subjects {
			o.Allow.Forbidden = append(o.Allow.Forbidden, model.ForbiddenSubject{Rule: rule, Subject: a})
		}
	}
}

const forbidden = `
	role exec workflow:Exec@pool/prod
	role exec-anywhere workflow:Exec@*
	role all-of-it workflow:*@p*
	role half workflow:Exec@pool/a
	role read workflow:Read@pool/prod
	role never -workflow:Exec@pool/prod
	role root *:*@none
`

// TestForbid has what a rule catches, however it is spelled, and what it lets pass.
func TestForbid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given, then string
		// blocked has the flags, and stands the subjects of the warnings.
		blocked, stands string
	}{
		{name: "by its words", then: "account svc-a exec", blocked: "account/svc-a"},
		{name: "by a wildcard for pools", then: "account svc-a exec-anywhere", blocked: "account/svc-a"},
		{name: "by wildcards for both", then: "account svc-a all-of-it", blocked: "account/svc-a"},
		{name: "as an administrator of nothing", then: "account svc-a root"},
		{name: "another pool", then: "account svc-a half"},
		{name: "another action", then: "account svc-a read"},
		{name: "somebody else", then: "account bob exec"},
		{name: "denied again", then: "account svc-a exec,never"},
		{name: "no longer denied", given: "account svc-a exec,never", then: "account svc-a exec", blocked: "account/svc-a"},
		{name: "by a role that is wider", given: "account svc-a half", then: "role half workflow:Exec@pool/*\naccount svc-a half", blocked: "account/svc-a"},
		{name: "by what everybody has", given: "account svc-a\naccount bob", then: "role osmo-default workflow:Exec@pool/prod\naccount svc-a read\naccount bob", blocked: "role/osmo-default"},
		{name: "by what everybody has, and nobody is meant", given: "account bob", then: "role osmo-default workflow:Exec@pool/prod\naccount bob read"},
		{name: "by a role that everybody has too", given: "role osmo-default workflow:Exec@pool/prod\naccount svc-a read", then: "role osmo-default workflow:Exec@pool/prod\naccount svc-a read,exec", stands: "everybody"},
		{name: "what stands", given: "account svc-a exec", then: "account svc-a exec\naccount bob", stands: "account/svc-a"},
		{name: "what stands, spelled otherwise", given: "account svc-a exec", then: "account svc-a exec-anywhere", stands: "account/svc-a"},
		{name: "what is taken away", given: "account svc-a exec", then: "account svc-a read"},
		{name: "what is deleted", given: "account svc-a exec\ntoken t", then: "account bob"},
		{name: "a token goes with its account", then: "account svc-a exec\ntoken t", blocked: "account/svc-a"},
		{name: "a token that is not denied", then: "account svc-a exec,never\ntoken t roles=exec\ntoken u", blocked: "token/svc-a/t"},
		{name: "a token that is no longer denied", given: "account svc-a exec,never\ntoken t", then: "account svc-a exec,never\ntoken t roles=exec", blocked: "token/svc-a/t"},
		{name: "a token that stands", given: "account svc-a exec,never\ntoken t roles=exec", then: "account svc-a exec,never\ntoken t roles=exec", stands: "token/svc-a/t"},
		{name: "a token that can do less", given: "account svc-a exec\ntoken t roles=exec", then: "account svc-a exec,read\ntoken t roles=read", stands: "account/svc-a"},
		{
			name: "a value that works on", given: "account svc-a half,never\ntoken t roles=half", then: "role half workflow:Exec@*\naccount svc-a half,never\ntoken t roles=never",
			blocked: "token/svc-a/t",
		},
		{name: "who takes over from it", given: "account svc-a read", then: "account bob exec was=svc-a", blocked: "account/bob"},
		{name: "by a label", given: "account bob read", then: "account bob exec label=team:ml", blocked: "by-label:account/bob"},
		{name: "by the label that is taken off", given: "account bob read label=team:ml", then: "account bob exec", blocked: "by-label:account/bob"},
		{name: "by another label", given: "account bob read label=team:x", then: "account bob exec label=team:x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			byLabel := noExec()
			byLabel.Name, byLabel.Subjects = "by-label", model.ForbidSubjects{Labels: map[string]string{"team": "ml"}}
			rules := forbidding(byLabel, noExec())
			w := applytest.New(t)
			w.Apply(forbidden + c.given)
			then := forbidden + c.then
			if role, _, redeclared := strings.Cut(c.then, "\n"); redeclared && strings.HasPrefix(role, "role half") {
				then = strings.Replace(then, "role half workflow:Exec@pool/a\n", "", 1)
			}
			then += "\nguard max_deletes=9"
			p := w.Plan(then, rules)
			var flags, stand []string
			for _, b := range p.Blocked {
				if b.Guardrail == guard.Forbid {
					flags = append(flags, strings.TrimPrefix(strings.TrimPrefix(b.Flag, "--allow-forbidden "), "no-exec:"))
					if !strings.Contains(b.Detail, "would gain workflow:Exec on pool/") || !strings.Contains(b.Detail, "forbids: production is not for playing") {
						t.Errorf("%q", b.Detail)
					}
				}
			}
			for _, m := range warned(p, guard.WarnForbidden) {
				_, names, _ := strings.Cut(m, "already: ")
				if m == "rule no-exec forbids what everybody can do already, by role osmo-default (production is not for playing)" {
					names = "everybody"
				}
				name, _, _ := strings.Cut(names, " (")
				stand = append(stand, name)
			}
			if d := cmp.Diff(strings.Fields(c.blocked), flags, emptyIsNil); d != "" {
				t.Errorf("blocked: %s\n%+v", d, p.Blocked)
			}
			if d := cmp.Diff(strings.Fields(c.stands), stand, emptyIsNil); d != "" {
				t.Errorf("stands: %s", d)
			}
			// Each flag lifts what it names, and so does an approval.
			if got := w.Plan(then, rules, approveAll(t, p)); len(got.Blocked) > 0 {
				t.Errorf("approved and blocked: %q", blocked(got))
			}
		})
	}
}

// A rule is held against both modes where it is not known which it is, and the other one
// is named.
func TestForbidOnBothServers(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	open := strings.Replace(forbidden, "\n", "\nosmo mode=\n", 1)
	w.Apply(open + "account svc-a read")
	rule := noExec()
	rule.Resources = []string{"pool/other"}
	p := w.Plan(open+"account svc-a exec", forbidding(rule))
	if len(p.Blocked) != 1 || !strings.Contains(p.Blocked[0].Detail, ", in ConfigMap mode, which rule no-exec forbids") {
		t.Errorf("%+v", p.Blocked)
	}
}

// A recorded rule binds although it is taken away, and so do its exceptions.
func TestRecordedRulesBind(t *testing.T) {
	t.Parallel()
	excepting := noExec()
	excepting.Except = []model.Exception{{Subjects: []model.Address{model.AccountAddress("svc-a")}, Owner: "alice", Reason: "on call", Until: applytest.Date(t, "2026-06-01")}}
	w := applytest.New(t)
	w.Apply(forbidden+"account svc-a read", forbidding(noExec()))
	want := []string{"forbid account/svc-a --allow-forbidden no-exec:account/svc-a"}
	for name, rules := range map[string][]model.Forbid{"removed": nil, "excepted": {excepting}} {
		if d := cmp.Diff(want, blocked(w.Plan(forbidden+"account svc-a exec", forbidding(rules...)))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	w.Apply(forbidden+"account svc-a read", forbidding(excepting))
	if p := w.Plan(forbidden+"account svc-a exec\ntoken t", forbidding(excepting)); len(p.Blocked) > 0 {
		t.Errorf("%q", blocked(p))
	}
	if d := cmp.Diff(want, blocked(w.Plan(forbidden+"account svc-a exec", forbidding(noExec())))); d != "" {
		t.Error(d)
	}
	// Lifted by name, for one run.
	if p := w.Plan(forbidden+"account svc-b exec", forbidding(excepting), allowForbidden("no-exec", model.AccountAddress("svc-a"))); len(p.Blocked) != 1 {
		t.Errorf("%q", blocked(p))
	}
	if p := w.Plan(forbidden+"account svc-b exec", forbidding(excepting), allowForbidden("no-exec", model.AccountAddress("svc-b"))); len(p.Blocked) > 0 {
		t.Errorf("%q", blocked(p))
	}
}

// An exception ends on its day: it is named before, and counts no more after.
func TestExceptionEnds(t *testing.T) {
	t.Parallel()
	rule := noExec()
	rule.Except = []model.Exception{
		{Subjects: []model.Address{model.AccountAddress("svc-a"), model.TokenAddress("svc-b", "t")}, Owner: "alice", Reason: "on call", Until: applytest.Date(t, "2026-04-10")},
	}
	w := applytest.New(t)
	text := forbidden + "account svc-a exec\ntoken t at=2027-01-01\naccount svc-b exec,never\ntoken t roles=exec at=2027-01-01"
	w.Apply(text, forbidding(rule))
	for _, c := range []struct {
		day       string
		soon      int
		stands    []string
		hasExcept bool
	}{
		{"2026-03-10", 0, nil, true},
		{"2026-03-11", 2, nil, true},
		{"2026-04-09", 2, nil, true},
		{"2026-04-10", 0, []string{"rule no-exec forbids what 2 accounts and tokens can do already: account/svc-a, token/svc-b/t (production is not for playing)"}, false},
	} {
		w.Today = applytest.Date(t, c.day)
		p := w.Plan(text, forbidding(rule))
		soon := 0
		for _, u := range p.Upcoming {
			if u.Event == plan.EventExceptionEnds {
				soon++
			}
		}
		if soon != c.soon || len(p.Blocked) > 0 {
			t.Errorf("%s: %d end soon, %q", c.day, soon, blocked(p))
		}
		if d := cmp.Diff(c.stands, warned(p, guard.WarnForbidden)); d != "" {
			t.Errorf("%s: %s", c.day, d)
		}
		if ended := warned(p, guard.WarnExceptionEnded); (len(ended) == 0) != c.hasExcept {
			t.Errorf("%s: %q", c.day, ended)
		}
	}
	// From then on it is forbidden anew.
	w.Apply(forbidden+"account svc-a read\naccount svc-b read", forbidding(rule), func(o *applytest.Options) { o.Allow.Deletes = new(9) })
	if p := w.Plan(forbidden+"account svc-a exec\naccount svc-b read", forbidding(rule)); len(p.Blocked) != 1 {
		t.Errorf("%q", blocked(p))
	}
}

// What a rule lets through from now on is said one by one, by what it forbids and not
// by its words.
func TestLoosenedRules(t *testing.T) {
	t.Parallel()
	with := func(change func(*model.Forbid)) *model.Forbid {
		rule := noExec()
		change(&rule)
		return &rule
	}
	exception := model.Exception{Subjects: []model.Address{model.AccountAddress("svc-a")}, Owner: "alice", Reason: "on call", Until: applytest.Date(t, "2026-06-01")}
	long := exception
	long.Until++
	excepting := func(list ...model.Exception) *model.Forbid {
		return with(func(f *model.Forbid) { f.Except = list })
	}
	for _, c := range []struct {
		name          string
		before, after *model.Forbid
		want          []string
	}{
		{"added", nil, with(func(*model.Forbid) {}), nil},
		{"removed", with(func(*model.Forbid) {}), nil, []string{"is removed"}},
		{"another reason", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Reason = "x" }), nil},
		{"more actions", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Actions = []string{"workflow:*"} }), nil},
		{"other words", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Actions, f.Resources = []string{"*:Exec"}, []string{"pool/p*"} }), nil},
		{"everywhere", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Resources = nil }), nil},
		{"another pool", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Resources = []string{"pool/dev"} }), []string{"no longer forbids workflow:Exec on pool/prod"}},
		{
			"fewer actions", with(func(f *model.Forbid) { f.Actions = []string{"workflow:Exec", "workflow:Rsync"} }), with(func(*model.Forbid) {}),
			[]string{"no longer forbids workflow:Rsync on pool/prod"},
		},
		{"all accounts", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Subjects = model.ForbidSubjects{} }), nil},
		{"wider names", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Subjects.Accounts = []string{"s*", "x"} }), nil},
		{
			"narrower names", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Subjects.Accounts = []string{"svc-ci-*"} }),
			[]string{"is for other subjects, which may be fewer: svc-ci-*, was svc-*"},
		},
		{
			"with a label", with(func(*model.Forbid) {}), with(func(f *model.Forbid) { f.Subjects.Labels = map[string]string{"team": "ml"} }),
			[]string{"is for other subjects, which may be fewer: svc-* with team=ml, was svc-*"},
		},
		{"excepted", with(func(*model.Forbid) {}), excepting(exception), []string{"excepts account/svc-a until 2026-06-01, owned by alice: on call"}},
		{"excepted for longer", excepting(exception), excepting(long), []string{"excepts account/svc-a until 2026-06-02, owned by alice: on call"}},
		{"excepted for less", excepting(long), excepting(exception), nil},
		{"excepted no more", excepting(exception), with(func(*model.Forbid) {}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			declare := func(f *model.Forbid) func(*applytest.Options) {
				if f == nil {
					return forbidding()
				}
				return forbidding(*f)
			}
			w.Apply(forbidden+"account a", declare(c.before))
			p := w.Plan(forbidden+"account a", declare(c.after))
			var got []string
			for _, r := range p.Risks {
				if r.Code == plan.RiskGuardrailLoosened {
					got = append(got, strings.TrimPrefix(r.Message, "guardrail forbid is loosened: rule no-exec "))
				}
			}
			if d := cmp.Diff(c.want, got, emptyIsNil); d != "" {
				t.Error(d)
			}
			for _, change := range p.GuardrailChanges {
				if change.Path != "guardrails.forbid.no-exec" {
					t.Errorf("%+v", change)
				}
			}
			// The state that is recorded has the rules as they are declared.
			w.Apply(forbidden+"account a", declare(c.after))
			if again := w.Plan(forbidden+"account a", declare(c.after)); again.Pending() {
				t.Errorf("%+v", again.GuardrailChanges)
			}
		})
	}
}

// Who leaves a rule by a label is named.
func TestReleasedByLabel(t *testing.T) {
	t.Parallel()
	rule := noExec()
	rule.Subjects = model.ForbidSubjects{Labels: map[string]string{"team": "ml"}}
	w := applytest.New(t)
	w.Apply(forbidden+"account a read label=team:ml", forbidding(rule))
	var said []string
	for _, r := range w.Plan(forbidden+"account a read", forbidding(rule)).Risks {
		said = append(said, fmt.Sprint(r.Address, " ", r.Message))
	}
	if d := cmp.Diff([]string{"account/a leaves rule no-exec of guardrail forbid, by its labels"}, said); d != "" {
		t.Error(d)
	}
}

// What it takes follows the sets of roles, and not the accounts.
func BenchmarkForbid(b *testing.B) {
	var text strings.Builder
	text.WriteString(forbidden)
	for i := range 10_000 {
		fmt.Fprintf(&text, "account svc-%d exec,read\n", i)
	}
	w := applytest.New(b)
	want := applytest.Declare(b, text.String()+"guard max_administrators=3")
	want.Project.Guardrails.Forbid = []model.Forbid{noExec()}
	p, problems := plan.Build(want, w.State(), plan.Options{Today: w.Today})
	if problems.HasErrors() {
		b.Fatal(problems)
	}
	for b.Loop() {
		held := *p
		if err := guard.Hold(&held, guard.Facts{Declared: want, Applied: w.State()}); err != nil {
			b.Fatal(err)
		}
	}
}
