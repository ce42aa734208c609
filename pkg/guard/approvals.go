package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// An approval is a way through a rail that lives in the declarations, so that it is
// reviewed with the change, by those who own its file, rather than typed after the
// merge. It is worth one flag, for the plan of one digest, once: state remembers that
// it was used. The digest covers neither the approvals nor what was spent, since an
// approval could not be written down otherwise.

// Warnings about approvals.
const (
	WarnApprovalStale    = "approval_stale"    // for another plan than this
	WarnApprovalSpent    = "approval_spent"    // used by an earlier apply
	WarnApprovalUnneeded = "approval_unneeded" // nothing that it lifts blocks this plan
	// NoticeLifted says in the head of a plan that an approval lets it through.
	NoticeLifted = "guardrail_lifted"
)

// approve notes in a plan which approvals let it through, and returns what they lift.
// It also returns those that would, had they not been used before.
func approve(p *plan.Plan, f Facts) (lifts model.Allowance, spent []model.Approval) {
	var fitting, risks []model.Approval
	for _, a := range f.Declared.Approvals {
		switch {
		case f.Applied.HasSpent(a):
			if warnApproval(p, WarnApprovalSpent, a, "was used by an apply, and counts once: delete it"); a.Plan == p.Digest {
				spent = append(spent, a)
			}
		case a.Plan != p.Digest:
			warnStale(p, a)
		case a.Lifts.Risks != nil:
			risks = append(risks, a) // Those of approvals count among them.
		default:
			fitting = append(fitting, a)
		}
	}
	f.Allow = model.Allowance{}
	var before []plan.Blocked
	for i, a := range append(fitting, risks...) {
		if i == 0 {
			before, _ = check(p, f)
		}
		f.Allow = f.Allow.With(a.Lifts)
		after, _ := check(p, f)
		if names := namesOfLifted(before, after); len(names) > 0 {
			lift(p, f, a, names)
		} else {
			warnApproval(p, WarnApprovalUnneeded, a, "lifts nothing that blocks this plan: delete it")
		}
		before = after
	}
	return f.Allow, spent
}

// lift notes an approval that lets the plan through guardrails.
func lift(p *plan.Plan, f Facts, a model.Approval, names []string) {
	p.Lifted = append(p.Lifted, plan.Lifted{Plan: a.Plan, Allow: a.Allow, Reason: a.Reason, Guardrails: names, Origin: a.Origin})
	guardrails := "guardrail " + strings.Join(names, " and ")
	p.AddRisks([]plan.Risk{plan.NewRisk(plan.RiskGuardrailLifted, nil,
		fmt.Sprintf("%s is lifted by %s, which %s approves: %s", guardrails, a.Allow, a.Origin, a.Reason))})
	message := fmt.Sprintf("%s approves %s, which lifts %s: %s", a.Origin, a.Allow, guardrails, a.Reason)
	if f.Base != "" && !slices.ContainsFunc(f.BaseApprovals, func(b model.Approval) bool { return isSame(a, b) }) {
		message = fmt.Sprintf("This pull request itself brings the approval of %s, which lifts %s and which %s has not got (%s): %s", a.Allow, guardrails, f.Base, a.Origin, a.Reason)
	}
	p.Notices = append(p.Notices, plan.Notice{Code: NoticeLifted, Message: message})
}

// isSame reports whether two entries approve the same.
func isSame(a, b model.Approval) bool { return a.Plan == b.Plan && a.Allow == b.Allow }

// namesOfLifted are the guardrails that block something in one list that they do not in
// the other.
func namesOfLifted(before, after []plan.Blocked) (names []string) {
	for _, b := range before {
		if !slices.ContainsFunc(after, b.Equal) && !slices.Contains(names, b.Guardrail) {
			names = append(names, b.Guardrail)
		}
	}
	return names
}

func warnApproval(p *plan.Plan, code string, a model.Approval, what string) {
	p.Warnings = append(p.Warnings, plan.Warning{Code: code, Message: fmt.Sprintf("%s: the approval of %s %s", a.Origin, a.Allow, what)})
}

// warnStale says that an approval is for another plan. A plan that was asked for in
// part, or with more than is declared, is another by that alone.
func warnStale(p *plan.Plan, a model.Approval) {
	if len(p.Targets)+len(p.Replace) == 0 {
		warnApproval(p, WarnApprovalStale, a, fmt.Sprintf("is for plan %.15s…, and this one is %.15s…: the plan has changed since. Approve what it is now, or delete the entry", a.Plan, p.Digest))
	}
}

// sayApprovals adds to what blocks a plan the entry that would lift it, or that such an
// entry was used before.
func sayApprovals(p *plan.Plan, b *plan.Blocked, spent []model.Approval) {
	lifts, err := model.ParseAllowance(b.Flag)
	if err != nil {
		return // There is none.
	}
	entry := model.Approval{Plan: p.Digest, Allow: b.Flag, Lifts: lifts}
	if i := slices.IndexFunc(spent, func(a model.Approval) bool { return isSame(a, entry) }); i >= 0 {
		b.Detail += fmt.Sprintf("; the approval in %s was used by an earlier apply of the same plan, and counts once", spent[i].Origin)
		return
	}
	b.Approval = entry.Spelling()
}
