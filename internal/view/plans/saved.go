package plans

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// ShowSaved writes a plan that came as a file, of which [plan.Read] has found that its
// digest is that of its content: text, JSON or Markdown. What the digest covers stands
// first. Everything else is the word of whoever wrote the file, and says so: they may
// have left out a risk, or made up that nothing is lost. Commands and flags that the
// file proposes are not shown, since nobody should paste them.
func ShowSaved(v *view.View, p *plan.Plan, f view.Format) error {
	if f == view.JSON {
		return WriteJSON(v.Out, p)
	}
	return v.ShowDocument(f, savedDocument(p))
}

func savedDocument(p *plan.Plan) view.Document {
	reviewed, said := p.Reviewed(), sayOnly(p)
	d := view.Document{Title: titleOf("Plan", reviewedHeadline(reviewed)), Head: savedHead(reviewed, said)}
	d.Sections = append(d.Sections, reviewedSection(reviewed), readersSection(reviewed), settingsSection(reviewed))
	for i := range d.Sections {
		d.Sections[i].Vital = true
	}
	blocked := blockedSection(said)
	for i := range blocked.Items {
		blocked.Items[i].Body = blocked.Items[i].Body[:1] // Not the flag that would lift it.
	}
	claims := append([]view.Section{blocked, risksSection(said), accessSection(said)}, view.Fold(
		changesSection(said), DriftSection("Drift", said.Drift), impliedSection(said), waitingSection(said), helmSection(said),
		warningsSection(said), undeclaredSection(said), upcomingSection(said),
	)...)
	for _, s := range claims {
		d.Sections = append(d.Sections, quoteSection(s))
	}
	d.Foot = [][]view.Span{
		{view.Say(view.Plain, fileSays+"state serial "+strconv.Itoa(p.Base.Serial)+", planned for "+p.Date.String()+".")},
		{view.Say(view.Plain, "Digest: "), view.Quote(p.Digest)},
	}
	return d
}

// sayOnly is what a plan says and its digest does not cover.
func sayOnly(p *plan.Plan) *plan.Plan {
	said := *p
	said.Changes = nil
	for i := range p.Changes {
		if !p.Changes[i].Reviewed() {
			said.Changes = append(said.Changes, p.Changes[i])
		}
	}
	return &said
}

func reviewedHeadline(p *plan.Plan) string {
	switch {
	case !p.Pending():
		return "Plan: nothing to be reviewed."
	case len(p.Changes) == 0:
		return "Plan: project settings to record."
	}
	return "Plan: " + summaryWords(p.Summary, toDo) + "."
}

// savedHead says what the digest stands for, and then what the file says of itself.
func savedHead(reviewed, said *plan.Plan) [][]view.Span {
	head := [][]view.Span{
		{view.Say(view.Strong, reviewedHeadline(reviewed))},
		{view.Say(view.Plain, "The digest below was computed again. It stands for the changes, readers and settings that are listed first, and for the guardrails in force.")},
		{view.Say(view.Warn, "What the file says"), view.Say(view.Plain, " is the word of whoever wrote the file, such as the pull request's own pipeline: it may be made up, and what is missing there may be left out.")},
	}
	var claims []string
	if n := len(said.Blocked); n > 0 {
		claims = append(claims, "blocked for "+view.Plural(n, "reason", "reasons"))
	}
	if n := len(said.Risks); n > 0 {
		claims = append(claims, view.Plural(n, "risk", "risks"))
	}
	if said.DueOnly || len(said.Targets) > 0 {
		claims = append(claims, "planned in part")
	}
	if said.AsOf {
		claims = append(claims, "made for a day that was chosen by hand")
	}
	if len(claims) > 0 {
		head = append(head, []view.Span{view.Say(view.Warn, fileSays), view.Say(view.Plain, strings.Join(claims, ", ")+".")})
	}
	for _, n := range said.Notices[:min(len(said.Notices), maxSavedNotices)] {
		head = append(head, []view.Span{view.Say(view.Warn, fileSays), view.Tell(view.Clip(n.Message))})
	}
	if rest := len(said.Notices) - maxSavedNotices; rest > 0 {
		head = append(head, []view.Span{view.Say(view.Warn, fileSays), view.Say(view.Plain, view.LeftWords(rest))})
	}
	return head
}

// maxSavedNotices is how many notices of a file are shown: a plan has few, and a head is
// never cut.
const maxSavedNotices = 8

// fileSays stands before everything that the digest does not cover.
const fileSays = "The file says: "

// quoteSection marks a section as the file's word. None of it keeps room for itself: so
// much may be claimed that nothing else would be seen.
func quoteSection(s view.Section) view.Section {
	s.Title, s.Graded, s.Vital = fileSays+s.Title, false, false
	for i := range s.Items {
		s.Items[i].Heavy = false
	}
	return s
}

// reviewedSection lists the changes that the digest covers, field by field.
func reviewedSection(p *plan.Plan) view.Section {
	s := view.Section{Title: "Changes"}
	for n, c := range byRisk(p.Changes, nil) {
		i := nameChange(c)
		addFields(&i, c)
		if n < view.MaxChanges || i.Heavy {
			s.Items = append(s.Items, i)
		} else {
			s.Left++
		}
	}
	return s
}
