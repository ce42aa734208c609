package plans

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// planDocument is a plan for people: what stands in the way first, then what no
// change shows, then the changes, those that take away before those that add,
// then what they mean for access, for readers and for the rails themselves, and
// last what is good to know.
func planDocument(p *plan.Plan, c view.Paste) view.Document {
	sections := []view.Section{blockedSection(p), risksSection(p)}
	sections = append(sections, view.Fold(DriftSection("Drift", p.Drift), changesSection(p), filesSection(p))...)
	sections = append(sections, accessSection(p))
	sections = append(sections, view.Fold(
		readersSection(p),
		settingsSection(p),
		impliedSection(p),
		waitingSection(p),
		helmSection(p),
		warningsSection(p),
		undeclaredSection(p),
		upcomingSection(p),
	)...)
	return view.Document{Title: planTitle(p), Head: planHead(p), Sections: sections, Foot: planFoot(p, c)}
}

// planTitle is the plan in one line, the verdict before what there is to do.
func planTitle(p *plan.Plan) view.Heading {
	title := titleOf("Plan", headline(p))
	var verdict []string
	if len(p.Blocked) > 0 {
		verdict = append(verdict, "blocked")
	}
	if n := len(p.Risks); n > 0 {
		verdict = append(verdict, view.Plural(n, "risk", "risks"))
	}
	verdict = append(verdict, title.Verdict)
	title.Verdict = strings.Join(append([]string{strings.Join(verdict, ", ")}, riskWords(p)...), " ")
	return title
}

// titleOf is a headline that says what it is about, or else of what it says.
func titleOf(what, headline string) view.Heading {
	if about, words, named := strings.Cut(headline, ": "); named {
		return view.Heading{What: about, Verdict: words}
	}
	return view.Heading{What: what, Verdict: strings.ToLower(headline[:1]) + headline[1:]}
}

func planHead(p *plan.Plan) [][]view.Span {
	head := [][]view.Span{{view.Say(view.Strong, strings.Join(append([]string{headline(p)}, riskWords(p)...), " "))}}
	if len(p.Blocked) > 0 {
		who := "apply refuses this plan"
		if p.Resealing {
			who = "this plan is refused"
		}
		head = append(head, []view.Span{view.Say(view.Fault, "Blocked"), view.Say(view.Plain, ": "+who+" for "+view.Plural(len(p.Blocked), "reason", "reasons")+".")})
	}
	for _, n := range p.Notices {
		head = append(head, noticeLine(n))
	}
	if p.DueOnly {
		head = append(head, []view.Span{view.Say(view.Warn, "Partial"), view.Say(view.Plain, ": only what dates ask for of what is applied. The declarations were not read.")})
	}
	if len(p.Targets) > 0 {
		head = append(head, []view.Span{view.Say(view.Warn, "Partial"), view.Say(view.Plain, ": only what "), view.Quote(view.ListAddresses(p.Targets)), view.Say(view.Plain, " needs.")})
	}
	return head
}

// noticeLine is a notice with what to do about it.
func noticeLine(n plan.Notice) []view.Span {
	line := []view.Span{view.Say(view.Warn, "Notice"), view.Say(view.Plain, ": "), view.Tell(n.Message)}
	switch {
	case n.Hint == "":
		return line
	case view.IsCommand(n.Hint):
		return append(line, view.Say(view.Plain, ". Next: "), view.Run(n.Hint))
	}
	return append(append(line, view.Say(view.Plain, ". Hint: ")), view.Advise(n.Hint)...)
}

// ShowHeadline writes to Err what a plan does, in one line with its gravest risks, for
// a question about it.
func ShowHeadline(v *view.View, p *plan.Plan) {
	v.Complain(func(to *view.Page) { to.Spans(planHead(p)[0]...) })
}

// headline is the plan in one line.
func headline(p *plan.Plan) string {
	switch {
	case p.Restored != nil:
		return restoreHeadline(p)
	case p.Revoked != nil:
		return revokeHeadline(p)
	case p.Resealing:
		return resealHeadline(p)
	case p.DueOnly && !p.Pending():
		return nothingDue
	case !p.Pending():
		return noChanges(p)
	case len(p.Changes) == 0:
		return "Plan: project settings to record."
	}
	return "Plan: " + summaryWords(p.Summary, toDo) + "."
}

const nothingDue = "Nothing is due."

// noChanges is calm only as far as was looked.
func noChanges(p *plan.Plan) string {
	for _, n := range p.Notices {
		if strings.HasPrefix(n.Code, "history_") {
			return "No changes against the state in this clone, whose history was not checked."
		}
	}
	if n := len(p.WaitingForHelm); n > 0 {
		return "Nothing to apply. " + view.Plural(n, "object waits", "objects wait") + " for Helm values."
	}
	if p.Refreshed {
		return "No changes. State and server equal the declarations."
	}
	return "No changes. State equals the declarations."
}

func restoreHeadline(p *plan.Plan) string {
	to := "Restore of commit " + view.ShortCommit(p.Restored.Commit) + ": "
	switch {
	case !p.Pending():
		return to + "nothing to do. State is as it was there; what ended since stays ended."
	case len(p.Changes) == 0:
		return to + view.Plural(len(p.Restored.Files), "file", "files") + " to put back."
	}
	return to + summaryWords(p.Summary, toDo) + "."
}

func revokeHeadline(p *plan.Plan) string {
	if !p.Pending() {
		return "Nothing to revoke: what was named has ended."
	}
	return "Revoke now: " + view.Plural(p.Summary.Revoke, "generation", "generations") + "."
}

func resealHeadline(p *plan.Plan) string {
	if !p.Pending() {
		return "Nothing to reseal. What lives is sealed to its declared recipients."
	}
	return "Plan: " + summaryWords(p.Summary, toDo) + "."
}

// toDo and done are how a headline speaks of an action.
func toDo(a plan.Action) string { return "to " + string(a) }

func done(a plan.Action) string { return looks[a].done }

// summaryWords counts changes: 3 to create, 1 to delete.
func summaryWords(s plan.Summary, words func(plan.Action) string) string {
	var parts []string
	for _, c := range []struct {
		n      int
		action plan.Action
	}{
		{s.Create, plan.Create},
		{s.Adopt, plan.Adopt},
		{s.Update, plan.Update},
		{s.Reseal, plan.Reseal},
		{s.Rotate, plan.Rotate},
		{s.Forget, plan.Forget},
		{s.Revoke, plan.Revoke},
		{s.Delete, plan.Delete},
	} {
		if c.n > 0 {
			parts = append(parts, view.Count(c.n)+" "+words(c.action))
		}
	}
	return strings.Join(parts, ", ")
}

func planFoot(p *plan.Plan, c view.Paste) [][]view.Span {
	base := "State serial " + strconv.Itoa(p.Base.Serial) + ", planned for " + p.Date.String() + "."
	if p.Base.Serial == 0 {
		base = "Nothing was applied yet, planned for " + p.Date.String() + "."
	}
	foot := [][]view.Span{
		{view.Say(view.Plain, base)},
		{view.Say(view.Plain, "Digest: "), view.Quote(p.Digest)},
	}
	if next := nextStep(p, c); next != nil {
		foot = append(foot, next)
	}
	return append(foot, approvalLines(p)...)
}

// approvalLines are the entries that would let the plan through what blocks it, each
// once, to be pasted.
func approvalLines(p *plan.Plan) (lines [][]view.Span) {
	said := map[string]bool{}
	for _, b := range p.Blocked {
		if b.Approval == "" || said[b.Approval] {
			continue
		}
		if said[b.Approval] = true; len(said) > maxApprovals {
			continue
		}
		if len(said) == 1 {
			lines = append(lines, []view.Span{view.Say(view.Plain, "Or approve it where it is reviewed, for this plan alone, with your reason, under "), view.Quote("approvals:"), view.Say(view.Plain, " in "), view.Quote(config.ApprovalsFile), view.Say(view.Plain, ":")})
		}
		lines = append(lines, []view.Span{view.Say(view.Plain, "  "), view.Quote("- " + b.Approval)})
	}
	if rest := len(said) - maxApprovals; rest > 0 {
		lines = append(lines, []view.Span{view.Say(view.Faint, view.LeftWords(rest))})
	}
	return lines
}

// maxApprovals is how many entries are shown: who has to approve more should rather
// make smaller changes.
const maxApprovals = 20

// nextStep says what to do with the plan.
func nextStep(p *plan.Plan, c view.Paste) []view.Span {
	switch {
	case p.Restored != nil, p.Revoked != nil, p.Resealing && len(p.Blocked) == 0:
		return nil
	case p.AsOf:
		return []view.Span{view.Say(view.Plain, "Made for a day that was chosen by hand, so it cannot be applied.")}
	case len(p.Blocked) > 0:
		return []view.Span{view.Say(view.Plain, "To go on, change the declarations, or lift each guardrail for one run by the flag that it names.")}
	case !p.Pending():
		return nil
	}
	line := c.Apply("--expect", p.Digest)
	if p.DueOnly {
		line = c.Apply("--due-only")
	}
	if line == "" {
		return []view.Span{view.Say(view.Plain, "To go on, apply it with the flags that it was planned with: the line would be too long to be shown.")}
	}
	return []view.Span{view.Say(view.Plain, "Next: "), view.Run(line)}
}
