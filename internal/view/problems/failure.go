package problems

import (
	"errors"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// ShowFailure writes to Out, as Markdown, the error that keeps a command from having a
// result: a comment that is made of it says why there is none. [ShowError] says it
// to whoever reads Err.
func ShowFailure(v *view.View, err error) error {
	return v.ShowDocument(view.Markdown, failureReport(err))
}

func failureReport(err error) view.Document {
	var list diag.List
	hint := report.ErrorOf(err, 0).Hint
	if !errors.As(err, &list) {
		d := view.Document{Title: view.Heading{What: "Failed"}, Head: [][]view.Span{nil}}
		label := []view.Span{view.Say(view.Fault, "Error"), view.Say(view.Plain, ": ")}
		for line := range strings.SplitSeq(strings.TrimSpace(secret.Mask(err.Error())), "\n") {
			d.Head = append(d.Head, append(label, view.Quote(strings.TrimSpace(line))))
			label = nil
		}
		return withHint(d, hint)
	}
	found := len(list.Errors())
	d := view.Document{
		Title:    view.Heading{What: "Not valid", Verdict: view.Plural(found, "error", "errors") + ", and nothing was changed."},
		Sections: []view.Section{view.SectionOf("Problems", list, view.MaxChanges, problemItem)},
	}
	if first, ok := report.FirstProblem(err); ok && hint == first.Hint {
		return d // It stands with the problem.
	}
	return withHint(d, hint)
}

func withHint(d view.Document, hint string) view.Document {
	if hint != "" {
		d.Foot = append(d.Foot, append([]view.Span{view.Say(view.Plain, "Hint: ")}, view.Advise(hint)...))
	}
	return d
}

// problemItem is one problem with its line of source, its hint and further places.
func problemItem(p diag.Diagnostic) view.Item {
	i := view.Item{Mark: "!", Tone: severityTone(p.Severity)}
	if place := p.Pos.String(); place != "" {
		i.Head = append(i.Head, view.QuoteAs(view.Strong, place), view.Say(view.Plain, " "))
	}
	i.Head = append(i.Head, view.Say(view.Plain, p.Severity.String()+": "), view.Tell(p.Summary))
	if p.Code != "" {
		i.Head = append(i.Head, view.Say(view.Faint, " "), view.Quote(p.Code))
	}
	if p.Source != "" && p.Pos.Line > 0 {
		line, _, _ := excerpt(&p, excerptWidth)
		i.Add(view.Say(view.Plain, "line: "), view.Quote(line))
	}
	if p.Hint != "" {
		i.Add(append([]view.Span{view.Say(view.Plain, "hint: ")}, view.Advise(p.Hint)...)...)
	}
	for _, r := range p.Related {
		i.Add(view.Quote(r.Pos.String()), view.Say(view.Plain, " "), view.Tell(r.Message))
	}
	return i
}
