package guard_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// roles stand before the declarations of every case.
const roles = `
	role r1 pool:List@pool/*
	role r2 workflow:Create@pool/a
	role r3 app:*@*
`

var emptyIsNil = cmp.FilterValues(func(a, b []string) bool { return len(a)+len(b) == 0 }, cmp.Ignore())

func number(n int) *int { return &n }

func on(t *testing.T, days model.Days) string {
	t.Helper()
	return applytest.Date(t, applytest.FirstDay).Add(days).String()
}

// TestGuardrails has for each rail a plan that it blocks and the flag that
// lifts it for one run.
func TestGuardrails(t *testing.T) {
	t.Parallel()
	const six = "account a r1\ntoken t1\ntoken t2\ntoken t3\ntoken t4\ntoken t5\ntoken t6\n"
	const people = "recipients ops=alice dev=bob rec=carol\n"
	for _, c := range []struct {
		name, given, then string
		edited            []string
		// blocked is "rail address flag".
		blocked []string
		lift    model.Allowance
	}{
		{
			name: "lifetime", given: "guard max_token_lifetime=50d\naccount a r1", then: "guard max_token_lifetime=50d\naccount a r1\ntoken t",
			blocked: []string{"max_token_lifetime token/a/t --allow-lifetime 90d"}, lift: model.Allowance{Lifetime: 90},
		},
		{
			name: "lifetime by default", given: "account a r1", then: "account a r1\ntoken t at=" + on(t, 366) + "\ntoken u at=" + on(t, 365),
			blocked: []string{"max_token_lifetime token/a/t --allow-lifetime 366d"}, lift: model.Allowance{Lifetime: 366},
		},
		{
			name: "token roles", given: "guard require_token_roles=true\naccount a r1", then: "guard require_token_roles=true\naccount a r1\ntoken t\ntoken u roles=r1",
			blocked: []string{"require_token_roles token/a/t --allow token/a/t"}, lift: model.Allowance{Objects: []model.Address{model.TokenAddress("a", "t")}},
		},
		{
			name: "account name", given: "guard account_name=svc-.*", then: "guard account_name=svc-.*\naccount a\naccount svc-a\naccount my-svc-b",
			blocked: []string{"account_name account/a --allow account/a", "account_name account/my-svc-b --allow account/my-svc-b"},
			lift:    model.Allowance{Objects: []model.Address{model.AccountAddress("a"), model.AccountAddress("my-svc-b")}},
		},
		{
			name: "account name that cannot be read", given: "guard account_name=(", then: "guard account_name=(\naccount a",
			blocked: []string{"account_name account/a --allow account/a"}, lift: model.Allowance{Objects: []model.Address{model.AccountAddress("a")}},
		},
		{
			name: "fewest recipients", given: people + "guard min_recipients=2\naccount a r1", then: people + "guard min_recipients=2\naccount a r1\ntoken t\ntoken u to=ops,dev",
			blocked: []string{"min_recipients token/a/t --allow token/a/t"}, lift: model.Allowance{Objects: []model.Address{model.TokenAddress("a", "t")}},
		},
		{
			name: "required recipients", given: people + "guard required_recipients=rec\naccount a r1", then: people + "guard required_recipients=rec\naccount a r1\ntoken t\ntoken u to=ops,rec",
			blocked: []string{"required_recipients token/a/t --allow token/a/t"}, lift: model.Allowance{Objects: []model.Address{model.TokenAddress("a", "t")}},
		},
		{
			name: "new readers", given: people + "guard max_new_readers=1\naccount a r1\ntoken t", then: people + "guard max_new_readers=1\naccount a r1\ntoken t\ntoken u to=dev,rec",
			blocked: []string{"max_new_readers --allow-new-readers 2"}, lift: model.Allowance{NewReaders: number(2)},
		},
		{
			name: "deletions by number", given: six, then: "account a r1", blocked: []string{"max_deletes --allow-deletes 6"}, lift: model.Allowance{Deletes: number(6)},
		},
		{
			name: "deletions by share", given: six, then: "account a r1\ntoken t1\ntoken t2\ntoken t3", blocked: []string{"max_deletes --allow-deletes 3"}, lift: model.Allowance{Deletes: number(3)},
		},
		{name: "one deletion is no share", given: "account a r1", then: ""},
		{
			name: "deletions by name", given: six, then: "account a r1\ntoken t1\ntoken t2\ntoken t3", blocked: []string{"max_deletes --allow-deletes 3"},
			lift: model.Allowance{Delete: []model.Address{model.TokenAddress("a", "t4"), model.TokenAddress("a", "t5")}},
		},
		{
			name: "rotations", given: "guard max_rotations=2\n" + six, then: "guard max_rotations=2\n" + strings.NewReplacer("t1", "t1 gen=2", "t2", "t2 gen=2", "t3", "t3 gen=2").Replace(six),
			blocked: []string{"max_rotations --allow-rotations 3"}, lift: model.Allowance{Rotations: number(3)},
		},
		{
			name: "rotations by share", given: "guard max_rotations=40%\n" + six, then: "guard max_rotations=40%\n" + strings.NewReplacer("t1", "t1 gen=2", "t2", "t2 gen=2", "t3", "t3 gen=2").Replace(six),
			blocked: []string{"max_rotations --allow-rotations 3"}, lift: model.Allowance{Rotations: number(3)},
		},
		{
			name: "protected account", given: "account a r1 protect\naccount b r1", then: "account b r1", blocked: []string{"protect account/a"},
		},
		{
			name: "roles of a protected account", given: "account a r1,r2 protect", then: "account a r1 protect", blocked: []string{"protect account/a"},
		},
		{
			name: "last token of a protected account", given: "account a r1 protect\ntoken t", then: "account a r1 protect", blocked: []string{"protect token/a/t"},
		},
		{name: "a token of a protected account that has others", given: "account a r1 protect\ntoken t\ntoken u", then: "account a r1 protect\ntoken u"},
		{
			name: "another backend", given: "account a r1\ntoken t", then: "backend\naccount a r1\ntoken t",
			blocked: []string{"backend_changed --allow-backend-change https://osmo.example.com"}, lift: model.Allowance{BackendChange: "https://osmo.example.com"},
		},
		{
			name: "no server any more", given: "backend\naccount a r1\ntoken t", then: "account a r1\ntoken t",
			blocked: []string{"backend_changed --allow-backend-change local"}, lift: model.Allowance{BackendChange: "local"},
		},
		{name: "what is the project's own on the same server", given: "backend\naccount a r1", then: "backend owns=account/a*\naccount a r1"},
		{
			name: "administrators", given: "role root *:*@none\nguard max_administrators=1\naccount a root\naccount b r1", then: "role root *:*@none\nguard max_administrators=1\naccount a root\naccount b root",
			blocked: []string{"max_administrators --allow-administrators 2"}, lift: model.Allowance{Administrators: number(2)},
		},
		{
			name: "state edited", given: "account a r1", then: "account a r1", edited: []string{"state/meta.json"},
			blocked: []string{"state_edited"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(roles + c.given)
			p := w.Plan(roles+c.then, func(o *applytest.Options) { o.StateEdited = c.edited })
			if d := cmp.Diff(c.blocked, blocked(p), emptyIsNil); d != "" {
				t.Error("blocked:", d)
			}
			lifted := w.Plan(roles+c.then, func(o *applytest.Options) { o.Allow = c.lift })
			if flag := hasFlag(p); flag && len(lifted.Blocked) > 0 {
				t.Errorf("still blocked: %q", blocked(lifted))
			}
			approved := w.Plan(roles+c.then, approveAll(t, p))
			if flag := hasFlag(p); flag && (len(approved.Blocked) > 0 || len(approved.Lifted) != len(approvals(t, p))) {
				t.Errorf("approved and still blocked: %q", blocked(approved))
			}
			if p.Digest != lifted.Digest || p.Digest != approved.Digest {
				t.Error("what is allowed changes what is agreed to")
			}
		})
	}
}

func blocked(p *plan.Plan) (out []string) {
	for _, b := range p.Blocked {
		line := b.Guardrail
		if b.Address != nil {
			line += " " + b.Address.String()
		}
		if b.Flag != "" {
			line += " " + b.Flag
		}
		out = append(out, line)
	}
	return out
}

func hasFlag(p *plan.Plan) bool { return len(p.Blocked) > 0 && p.Blocked[0].Flag != "" }

func TestVanishedDeclarations(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1")
	want := []string{"declarations_vanished --allow-empty"}
	if d := cmp.Diff(want, blocked(w.Plan("", func(o *applytest.Options) { o.Allow.Deletes = number(99) }))); d != "" {
		t.Error(d)
	}
	if p := w.Plan("", func(o *applytest.Options) { o.Allow = model.Allowance{Empty: true, Deletes: number(99)} }); len(p.Blocked) > 0 {
		t.Error(blocked(p))
	}
}

// A rail binds until an apply recorded that it does not: the change that loosens
// it cannot be the one that profits.
func TestRecordedGuardrailsBind(t *testing.T) {
	t.Parallel()
	const people = "recipients ops=alice dev=bob rec=carol\n"
	const six = "account a r1\ntoken t1\ntoken t2\ntoken t3\n"
	for _, c := range []struct{ rail, strict, loose, given, then string }{
		{"max_token_lifetime", "guard max_token_lifetime=50d\n", "guard max_token_lifetime=99d\n", "account a r1", "account a r1\ntoken t"},
		{"require_token_roles", "guard require_token_roles=true\n", "guard require_token_roles=false\n", "account a r1", "account a r1\ntoken t"},
		{"account_name", "guard account_name=x\n", "", "", "account a r1"},
		{"min_recipients", "guard min_recipients=2\n", "", "account a r1", "account a r1\ntoken t"},
		{"required_recipients", people + "guard required_recipients=rec\n", people, "account a r1", "account a r1\ntoken t"},
		{"required_recipients", people + "guard required_recipients=rec\n", "recipients ops=alice rec=alice\nguard required_recipients=rec\n", "account a r1", "account a r1\ntoken t"},
		{"max_new_readers", people + "guard max_new_readers=0\n", people, "account a r1\ntoken t", "account a r1\ntoken t to=dev,ops"},
		{"max_deletes", "guard max_deletes=1\n", "guard max_deletes=100\n", six, "account a r1"},
		{"max_rotations", "guard max_rotations=0\n", "", six, strings.Replace(six, "t1", "t1 gen=2", 1)},
	} {
		t.Run(c.rail, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(c.strict + roles + c.given)
			p := w.Plan(c.loose + roles + c.then)
			if len(p.Blocked) != 1 || p.Blocked[0].Guardrail != c.rail {
				t.Fatalf("loosened and profited from in one go: %q", blocked(p))
			}
			w.Apply(c.loose + roles + c.given)
			if p := w.Plan(c.loose + roles + c.then); len(p.Blocked) > 0 {
				t.Errorf("still blocked after the loosening was applied: %q", blocked(p))
			}
		})
	}
}

// A plan that records no setting would mix two backends, so no flag lets it.
func TestTargetAndAnotherBackend(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t")
	p := w.Plan(roles+"backend\naccount a r1\ntoken t gen=2", func(o *applytest.Options) {
		o.Targets, o.Allow.BackendChange = []model.Address{model.TokenAddress("a", "t")}, "https://osmo.example.com"
	})
	if d := cmp.Diff([]string{"backend_changed"}, blocked(p)); d != "" {
		t.Error(d)
	}
}

// Protection ends with an apply that recorded its end, and begins likewise.
func TestProtectionIsRecorded(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1,r2 protect")
	if p := w.Plan(roles + "account a r1"); len(p.Blocked) != 1 {
		t.Error("protection was taken away and profited from in one go")
	}
	w.Apply(roles + "account a r1,r2")
	if p := w.Plan(roles + "account a r1 protect"); len(p.Blocked) != 0 {
		t.Error("protection binds before it was recorded")
	}
}

// What dates ask for is not bounded, but single rails hold for it.
func TestDueRotationsAndGuardrails(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("guard max_rotations=0\n" + roles + "account a r1\ntoken t")
	w.Pass(60)
	if p := w.Plan("guard max_rotations=0\n" + roles + "account a r1\ntoken t"); p.Summary.Rotate != 1 || len(p.Blocked) > 0 {
		t.Errorf("a due rotation is blocked: %q", blocked(p))
	}
	if p := w.Plan("guard max_rotations=0 min_recipients=2\n" + roles + "account a r1\ntoken t"); len(p.Blocked) != 1 {
		t.Error("a due rotation need not satisfy min_recipients")
	}
}

// A new reader is blocked where it is declared, not on every day after.
func TestNewReaderIsCountedOnce(t *testing.T) {
	t.Parallel()
	const before = "recipients ops=alice eve=eve\nguard max_new_readers=0\n" + roles + "account a r1\ntoken t"
	const after = "recipients ops=alice,bob eve=eve\nguard max_new_readers=0\n" + roles + "account a r1\ntoken t"
	w := applytest.New(t)
	w.Apply(before)
	w.Apply(after, func(o *applytest.Options) { o.Allow.NewReaders = number(1) })
	w.Pass(1)
	if p := w.Plan(after); len(p.Blocked) > 0 || len(p.WaitingForIdentity) != 1 {
		t.Errorf("the key that waits for a reseal is blocked again: %q", blocked(p))
	}
	if p := w.Plan(after + " to=ops,eve"); len(p.Blocked) != 1 {
		t.Error("a key that was declared and read nothing is let through")
	}
}

// What one change or one key crosses is said of one.
func TestBlockedByOne(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	rails := "guard max_rotations=0 max_new_readers=0 min_recipients=2\n"
	w.Apply("recipients ops=alice\nrole r1 pool:List@*\naccount a r1\ntoken t roles=r1")
	p := w.Plan("recipients ops=bob\n" + rails + "role r1 pool:List@*\naccount a r1\ntoken t roles=r1 gen=2")
	var details []string
	for _, b := range p.Blocked {
		details = append(details, b.Detail)
	}
	want := []string{
		"1 rotation is more than the limit of 0",
		"1 key that read nothing so far would read tokens, the limit is 0: bob (age1bob)",
		"the token would have 1 recipient, at least 2 are asked for",
	}
	if d := cmp.Diff(want, details); d != "" {
		t.Error(d)
	}
}

func TestResealKeepsToTheRails(t *testing.T) {
	t.Parallel()
	const people = "recipients ops=alice,bob dev=bob rec=carol\n"
	token := "account a r1\ntoken t to=ops,rec"
	only := "account a r1\ntoken t to=dev"
	allow := model.Allowance{Objects: []model.Address{model.TokenAddress("a", "t")}}
	for _, c := range []struct {
		name, given, then string
		blocked           []string
		lift              model.Allowance
	}{
		{
			name: "fewest, declared", given: people + token, then: people + "guard min_recipients=2\n" + only,
			blocked: []string{"min_recipients token/a/t --allow token/a/t"}, lift: allow,
		},
		{
			name: "fewest, recorded", given: people + "guard min_recipients=2\n" + token, then: people + only,
			blocked: []string{"min_recipients token/a/t --allow token/a/t"}, lift: allow,
		},
		{
			name: "required, declared", given: people + token, then: people + "guard required_recipients=rec\n" + only,
			blocked: []string{"required_recipients token/a/t --allow token/a/t"}, lift: allow,
		},
		{
			name: "required, recorded", given: people + "guard required_recipients=rec\n" + token, then: people + only,
			blocked: []string{"required_recipients token/a/t --allow token/a/t"}, lift: allow,
		},
		{
			name: "new readers, declared", given: "recipients ops=alice\naccount a r1\ntoken t", then: "guard max_new_readers=0\nrecipients ops=alice,bob\naccount a r1\ntoken t",
			blocked: []string{"max_new_readers --allow-new-readers 1"}, lift: model.Allowance{NewReaders: number(1)},
		},
		{
			name: "new readers, recorded", given: "guard max_new_readers=0\nrecipients ops=alice\naccount a r1\ntoken t", then: "recipients ops=alice,bob\naccount a r1\ntoken t",
			blocked: []string{"max_new_readers --allow-new-readers 1"}, lift: model.Allowance{NewReaders: number(1)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(roles + c.given)
			p := w.PlanReseal(roles + c.then)
			if d := cmp.Diff(c.blocked, blocked(p)); d != "" {
				t.Error("blocked:", d)
			}
			lifted := w.PlanReseal(roles+c.then, func(o *applytest.Options) { o.Allow = c.lift })
			if len(lifted.Blocked) > 0 || p.Digest != lifted.Digest {
				t.Errorf("still blocked, or another plan: %q", blocked(lifted))
			}
		})
	}
}

// What blocks a plan counts as part of it: it is said whole, or there is no plan.
func TestBlockedIsBounded(t *testing.T) {
	t.Parallel()
	const people = "recipients ops=alice rec=bob\nguard required_recipients=rec\nrole r pool:List@*\n"
	w := applytest.New(t)
	want := applytest.Declare(t, people+"account a r\ntoken t to=ops")
	p, problems := plan.Build(want, w.State(), plan.Options{Today: w.Today})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p.Room = 100
	err := guard.Hold(p, guard.Facts{Declared: want, Applied: w.State()})
	if d := diag.List(nil); !errors.As(err, &d) || d[0].Code != plan.CodeTooLarge || p.Blocked != nil {
		t.Errorf("%v, blocked %v", err, p.Blocked)
	}
	p.Room = 10_000
	if err := guard.Hold(p, guard.Facts{Declared: want, Applied: w.State()}); err != nil || len(p.Blocked) != 1 {
		t.Errorf("%v, blocked %v", err, p.Blocked)
	}
}

// What others found stands around what the guardrails block, of every kind of plan.
func TestFindingsBlock(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t")
	facts := guard.Facts{
		Applied: w.State(), Declared: applytest.Declare(t, ""),
		First: []plan.Blocked{{Guardrail: "place"}}, Found: []plan.Blocked{{Guardrail: "history"}},
		RisksFit: func(*plan.Plan) bool { return false },
	}
	p, problems := plan.Build(facts.Declared, w.State(), plan.Options{Today: w.Today})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if err := guard.Hold(p, facts); err != nil {
		t.Fatal(err)
	}
	want := []string{"place", "declarations_vanished --allow-empty", "max_deletes --allow-deletes 4", "history", "unread_risks --allow-risks 2"}
	if d := cmp.Diff(want, blocked(p)); d != "" {
		t.Error(d)
	}
	revoked := plan.Revoked{Addresses: []model.Address{model.TokenAddress("a", "t")}, Reason: "leaked"}
	p, problems = plan.RevokeNow(facts.Declared, w.State(), revoked, plan.Options{Today: w.Today})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if err := guard.Hold(p, facts); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"place", "history"}, blocked(p)); d != "" {
		t.Error(d)
	}
}
