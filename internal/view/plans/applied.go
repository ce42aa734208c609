package plans

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// applyReport is what an apply did, for people.
func applyReport(p *plan.Plan, r *apply.Result) view.Document {
	d := describeApplied(p, r)
	d.Title = titleOf("Apply", d.Head[0][0].Text)
	d.Sections = append(d.Sections, endedSection(r))
	return d
}

func describeApplied(p *plan.Plan, r *apply.Result) view.Document {
	if r.Commit == "" && p.Restored != nil {
		return view.Document{Head: [][]view.Span{{view.Say(view.Strong, restoreHeadline(p))}}}
	}
	if r.Commit == "" && p.Revoked != nil {
		return view.Document{Head: [][]view.Span{{view.Say(view.Strong, revokeHeadline(p))}}, Sections: []view.Section{warningsSection(p)}}
	}
	if r.Commit == "" && p.DueOnly {
		return view.Document{Head: [][]view.Span{{view.Say(view.Strong, nothingDue)}}, Sections: []view.Section{warningsSection(p)}}
	}
	if r.Commit == "" && len(r.Ended) > 0 {
		return view.Document{Head: [][]view.Span{{view.Say(view.Strong, "Nothing to do but to take away what had ended.")}}}
	}
	if r.Commit == "" {
		return view.Document{Head: [][]view.Span{{view.Say(view.Strong, "Nothing to do. State equals the declarations.")}}, Sections: []view.Section{helmSection(p)}}
	}
	d := view.Document{
		Head:     [][]view.Span{{view.Say(view.Adds, applyHeadline(p, r))}},
		Sections: []view.Section{issuedSection(r), risksSection(p), keySection(p)},
		Foot:     applyFoot(p, r),
	}
	if p.DueOnly {
		d.Sections = append(d.Sections, changesSection(p), warningsSection(p))
	} else {
		d.Sections = append(d.Sections, helmSection(p))
	}
	if p.Revoked != nil {
		// Nobody was shown a plan where nobody was asked.
		d.Sections = []view.Section{changesSection(p), accessSection(p), impliedSection(p), warningsSection(p)}
	}
	return d
}

// partialReport is what a run on a server did of a plan, for people.
func partialReport(p *plan.Plan, e *apply.PartialError) view.Document {
	head := "Applied in part: " + view.Plural(len(e.Done.Issued), "token", "tokens") + " issued, " + view.Count(len(e.Failed)) + " failed, " + view.Count(len(e.NotReached)) + " not reached."
	d := view.Document{
		Title:    titleOf("Apply", head),
		Head:     [][]view.Span{{view.Say(view.Warn, head)}},
		Sections: []view.Section{failedSection(e), notReachedSection(e), issuedSection(e.Done), endedSection(e.Done), risksSection(p)},
	}
	if e.Done.Commit != "" {
		d.Foot = [][]view.Span{{view.Say(view.Plain, "Commit "), view.Quote(view.ShortCommit(e.Done.Commit)), view.Say(view.Plain, ", state serial "+strconv.Itoa(e.Done.Serial)+".")}}
	}
	return d
}

func failedSection(e *apply.PartialError) view.Section {
	s := view.SectionOf("Failed", e.Failed, view.MaxChanges, func(f apply.Failure) view.Item {
		return view.Item{Mark: "!", Tone: view.Fault, Head: []view.Span{view.QuoteAs(view.Strong, f.Address.String()), view.Say(view.Plain, " "), view.Tell(view.Clip(f.Err.Error()))}}
	})
	s.Tone = view.Fault
	return s
}

func notReachedSection(e *apply.PartialError) view.Section {
	return view.SectionOf("Not reached", e.NotReached, view.MaxChanges, func(a model.Address) view.Item {
		return view.Item{Mark: "*", Tone: view.Faint, Head: []view.Span{view.Quote(a.String())}}
	})
}

func applyHeadline(p *plan.Plan, r *apply.Result) string {
	if p.Restored != nil {
		words := view.Plural(len(p.Restored.Files), "file", "files") + " put back"
		if len(p.Changes) > 0 {
			words = summaryWords(p.Summary, done)
		}
		return "Restored commit " + view.ShortCommit(p.Restored.Commit) + ": " + words + "."
	}
	if len(p.Changes) == 0 && len(r.Ended) > 0 && len(p.GuardrailChanges) == 0 {
		return "Applied: what had ended was taken away from the server."
	}
	if len(p.Changes) == 0 {
		return "Applied: project settings recorded."
	}
	return "Applied: " + summaryWords(p.Summary, done) + "."
}

func issuedSection(r *apply.Result) view.Section {
	return view.SectionOf("Issued", r.Issued, view.MaxChanges, func(g apply.Issued) view.Item {
		i := view.Item{Mark: "+", Tone: view.Adds, Head: []view.Span{view.QuoteAs(view.Strong, g.Address.String()), view.Say(view.Plain, " expires on "+g.ExpiresAt.String())}}
		i.Add(view.Say(view.Plain, "sealed in "), view.Quote(g.Path))
		return i
	})
}

// endedSection is what the server has confirmed to be without. Before it has, nothing
// of a server has ended.
func endedSection(r *apply.Result) view.Section {
	return view.SectionOf("Gone from the server", r.Ended, view.MaxChanges, func(a model.Address) view.Item {
		return view.Item{Mark: "-", Tone: view.Removes, Head: []view.Span{view.Quote(a.String())}}
	})
}

func applyFoot(p *plan.Plan, r *apply.Result) [][]view.Span {
	foot := [][]view.Span{
		{view.Say(view.Plain, "Commit "), view.Quote(view.ShortCommit(r.Commit)), view.Say(view.Plain, ", state serial "+strconv.Itoa(r.Serial)+".")},
		{view.Say(view.Plain, "Digest: "), view.Quote(p.Digest)},
	}
	if len(r.Issued) > 0 {
		a := r.Issued[0].Address
		foot = append(foot, []view.Span{view.Say(view.Plain, "Next: "), view.Run("osmoctl token decrypt " + a.Account + "/" + a.Name + " -o " + model.ShellWord("~/"+a.Name))})
	}
	if n := len(p.WaitingForIdentity); n > 0 {
		foot = append(foot, []view.Span{view.Say(view.Warn, "Waiting"), view.Say(view.Plain, ": new readers reach "+view.Plural(n, "token", "tokens")+" with the next rotation, or by "), view.Run("osmoctl secrets reseal"), view.Say(view.Plain, ".")})
	}
	return foot
}
