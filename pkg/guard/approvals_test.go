package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// approval is an entry as a reviewer writes it.
func approval(t *testing.T, digest, flag string) model.Approval {
	t.Helper()
	lifts, err := model.ParseAllowance(flag)
	if err != nil {
		t.Fatal(err)
	}
	return model.Approval{Plan: digest, Allow: flag, Lifts: lifts, Reason: "agreed", Origin: diag.Position{File: "approvals.yaml", Line: 2, Column: 5}}
}

// approvals are those that a blocked plan prints.
func approvals(t *testing.T, p *plan.Plan) (list []model.Approval) {
	t.Helper()
	said := map[string]bool{}
	for _, b := range p.Blocked {
		if (b.Flag == "") != (b.Approval == "") || !strings.Contains(b.Approval, p.Digest) && b.Approval != "" {
			t.Errorf("%s prints %q", b.Guardrail, b.Approval)
		}
		if b.Flag != "" && !said[b.Flag] {
			said[b.Flag] = true
			list = append(list, approval(t, p.Digest, b.Flag))
		}
	}
	return list
}

func declaring(list ...model.Approval) func(*applytest.Options) {
	return func(o *applytest.Options) { o.Declared.Approvals = list }
}

func approveAll(t *testing.T, p *plan.Plan) func(*applytest.Options) {
	t.Helper()
	return declaring(approvals(t, p)...)
}

func warned(p *plan.Plan, code string) (messages []string) {
	for _, w := range p.Warnings {
		if w.Code == code {
			messages = append(messages, w.Message)
		}
	}
	return messages
}

const (
	sixTokens = "account a r1\ntoken t1\ntoken t2\ntoken t3\ntoken t4\ntoken t5\ntoken t6\n"
	noTokens  = "account a r1\n"

	sixAccounts = "account a\naccount b\naccount c\naccount d\naccount e\naccount f\naccount g\n"
)

// An approval lifts one guardrail for one plan, and a reviewer sees it.
func TestApprovalLifts(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + sixTokens)
	p := w.Plan(roles + noTokens)
	a := approval(t, p.Digest, "--allow-deletes 6")
	lifted := w.Plan(roles+noTokens, declaring(a))
	want := []plan.Lifted{{Plan: p.Digest, Allow: a.Allow, Reason: "agreed", Guardrails: []string{guard.Deletes}, Origin: a.Origin}}
	if d := cmp.Diff(want, lifted.Lifted); d != "" || len(lifted.Blocked) > 0 {
		t.Errorf("%q\n%s", blocked(lifted), d)
	}
	var risks []string
	for _, r := range lifted.Risks {
		if r.Code == plan.RiskGuardrailLifted {
			risks = append(risks, r.Message)
		}
	}
	if d := cmp.Diff([]string{"guardrail max_deletes is lifted by --allow-deletes 6, which approvals.yaml:2:5 approves: agreed"}, risks); d != "" {
		t.Error(d)
	}
	if n := lifted.Notices; len(n) != 1 || n[0].Code != guard.NoticeLifted || strings.Contains(n[0].Message, "pull request") {
		t.Errorf("%+v", n)
	}
	// A pull request that brings the approval itself says so, whatever its reason.
	on := func(base ...model.Approval) func(*applytest.Options) {
		return func(o *applytest.Options) { o.Base, o.BaseApprovals = "origin/main", base }
	}
	if n := w.Plan(roles+noTokens, declaring(a), on()).Notices; len(n) != 1 || !strings.HasPrefix(n[0].Message, "This pull request itself brings the approval of --allow-deletes 6") {
		t.Errorf("%+v", n)
	}
	other := a
	other.Reason = "another"
	if n := w.Plan(roles+noTokens, declaring(a), on(other)).Notices; len(n) != 1 || strings.Contains(n[0].Message, "pull request") {
		t.Errorf("%+v", n)
	}
}

// Each says what it is good for.
func TestApprovalsThatDoNotFit(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + sixTokens)
	p := w.Plan(roles + noTokens)
	for name, c := range map[string]struct {
		a         model.Approval
		code      string
		isBlocked bool
	}{
		"stale":             {approval(t, w.Plan(roles+noTokens+"account b").Digest, "--allow-deletes 6"), guard.WarnApprovalStale, true},
		"too little":        {approval(t, p.Digest, "--allow-deletes 5"), guard.WarnApprovalUnneeded, true},
		"another guardrail": {approval(t, p.Digest, "--allow-rotations 6"), guard.WarnApprovalUnneeded, true},
	} {
		got := w.Plan(roles+noTokens, declaring(c.a))
		if n := len(warned(got, c.code)); n != 1 || len(got.Warnings) != 1 || len(got.Lifted)+len(got.Notices) > 0 || (len(got.Blocked) > 0) != c.isBlocked {
			t.Errorf("%s: %+v %q", name, got.Warnings, blocked(got))
		}
	}
	// What a flag lifts too is approved all the same.
	both := w.Plan(roles+noTokens, declaring(approval(t, p.Digest, "--allow-deletes 6")), func(o *applytest.Options) { o.Allow.Deletes = new(7) })
	if len(both.Lifted) != 1 || len(both.Warnings) > 0 {
		t.Errorf("%+v", both.Warnings)
	}
	// Several go together: each lifts a part.
	var each []model.Approval
	for _, token := range []string{"t1", "t2", "t3", "t4"} {
		each = append(each, approval(t, p.Digest, "--allow-delete token/a/"+token))
	}
	if got := w.Plan(roles+noTokens, declaring(each[:3]...)); len(got.Blocked) != 1 {
		t.Errorf("three of six: %q", blocked(got))
	}
	if got := w.Plan(roles+noTokens, declaring(each...)); len(got.Blocked) > 0 || len(got.Lifted) != 4 {
		t.Errorf("four of six: %q, %+v", blocked(got), got.Lifted)
	}
	// A plan in part is another one by that alone.
	part := w.Plan(roles+noTokens, declaring(approval(t, p.Digest, "--allow-deletes 6")), func(o *applytest.Options) {
		o.Targets = []model.Address{model.TokenAddress("a", "t1")}
	})
	if len(warned(part, guard.WarnApprovalStale)) > 0 {
		t.Errorf("%+v", part.Warnings)
	}
}

// An apply uses an approval up, for as long as it is declared.
func TestApprovalCountsOnce(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + sixAccounts)
	p := w.Plan(roles + "account a")
	a := approval(t, p.Digest, "--allow-deletes 6")
	w.Apply(roles+"account a", declaring(a))
	if message := w.Store.Commits[len(w.Store.Commits)-1].Message; !strings.Contains(message, "\nlift max_deletes by --allow-deletes 6, approved in approvals.yaml:2:5: agreed\n") {
		t.Error(message)
	}
	if !w.State().HasSpent(a) {
		t.Fatal("nothing is recorded")
	}
	w.Apply(roles+sixAccounts, declaring(a))
	again := w.Plan(roles+"account a", declaring(a))
	if again.Digest != p.Digest {
		t.Fatal("the same plan has another digest")
	}
	if len(again.Blocked) != 1 || !strings.Contains(again.Blocked[0].Detail, "approvals.yaml:2:5 was used by an earlier apply") || again.Blocked[0].Approval != "" {
		t.Errorf("%+v", again.Blocked)
	}
	if len(warned(again, guard.WarnApprovalSpent)) != 1 {
		t.Errorf("%+v", again.Warnings)
	}
	// What is due leaves the record as it is, and an apply without the entry ends it.
	w.Apply(roles+sixAccounts+"account h", declaring())
	if w.State().HasSpent(a) {
		t.Error("the record outlives the entry")
	}
}

// Only plans of the declarations are approved: what is due reads none, and a reseal is
// somebody's with an identity.
func TestApprovalsAreForApplies(t *testing.T) {
	t.Parallel()
	const people = "recipients ops=alice dev=bob\nguard max_new_readers=0\n"
	w := applytest.New(t)
	w.Apply(roles + people + "account a r1\ntoken t to=ops")
	w.Apply(roles+people+"account a r1\ntoken t to=ops,dev", func(o *applytest.Options) { o.Allow.NewReaders = new(1) })
	p := w.PlanReseal(roles + "recipients ops=alice dev=carol\nguard max_new_readers=0\naccount a r1\ntoken t to=ops,dev")
	if len(p.Blocked) != 1 || p.Blocked[0].Approval != "" {
		t.Fatalf("%+v", p.Blocked)
	}
	got := w.PlanReseal(roles+"recipients ops=alice dev=carol\nguard max_new_readers=0\naccount a r1\ntoken t to=ops,dev", declaring(approval(t, p.Digest, p.Blocked[0].Flag)))
	if len(got.Blocked) != 1 || len(got.Lifted) > 0 {
		t.Errorf("%+v", got.Blocked)
	}
}

// What others found is lifted as well, where a flag of these lifts it.
func TestApprovalLiftsFindings(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1")
	found := func(o *applytest.Options) {
		o.Found = []plan.Blocked{{Guardrail: guard.StateMoved, Detail: "unfinished", Flag: "--allow-state-move origin/state"}, {Guardrail: "state_foreign_commit", Detail: "by hand", Flag: "--accept-state abc"}}
	}
	p := w.Plan(roles+"account b r1", found)
	got := w.Plan(roles+"account b r1", found, declaring(approval(t, p.Digest, "--allow-state-move origin/state")))
	if d := cmp.Diff([]string{"state_foreign_commit --accept-state abc"}, blocked(got)); d != "" || len(got.Lifted) != 1 {
		t.Error(d)
	}
	if got.Blocked[0].Approval != "" {
		t.Errorf("%+v", got.Blocked)
	}
}

// Risks that are approved count without the approvals, or none would ever be enough.
func TestApprovedRisks(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + sixTokens)
	full := func(o *applytest.Options) { o.RisksFit = func(p *plan.Plan) bool { return len(p.Risks) == 0 } }
	p := w.Plan(roles+noTokens, full)
	if d := cmp.Diff([]string{"max_deletes --allow-deletes 6", "unread_risks --allow-risks 6"}, blocked(p)); d != "" {
		t.Fatal(d)
	}
	if got := w.Plan(roles+noTokens, full, approveAll(t, p)); len(got.Blocked) > 0 || len(got.Lifted) != 2 {
		t.Errorf("%q", blocked(got))
	}
}
