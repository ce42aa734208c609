package states

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// ShowFindings writes what is wrong with the history of state to Err.
func ShowFindings(v *view.View, list []report.Finding) {
	if len(list) == 0 {
		return
	}
	v.Complain(func(p *view.Page) {
		p.Blocks(len(list), func(i int) { writeFinding(p, &list[i]) })
	})
}

func writeFinding(p *view.Page, f *report.Finding) {
	word := view.Say(view.Fault, "error")
	if f.Settled() {
		word = view.Say(view.Faint, "settled")
	}
	head := []view.Span{view.QuoteAs(view.Strong, "commit "+view.ShortCommit(f.Commit)), view.Say(view.Plain, ": "), word, view.Say(view.Plain, ": ")}
	if f.Author != "" {
		head = append(head, view.Quote(f.Author+" on "+view.Moment(f.When)+": "))
	}
	p.Spans(append(head, view.Quote(f.Subject))...)
	for _, problem := range firstOf(f.Problems) {
		p.Spans(view.Say(view.Plain, "  "), view.Quote(problem.Message), view.Say(view.Faint, " ["+problem.Code+"]"))
	}
	writeLeft(p, len(f.Problems))
	for _, effect := range firstOf(f.Effects) {
		p.Spans(view.Say(view.Warn, "    ~ "), view.Quote(effect))
	}
	writeLeft(p, len(f.Effects))
	if by := view.ShortCommit(f.AcceptedBy); by != "" {
		p.Spans(view.Say(view.Plain, "  accepted by the apply of commit "), view.Quote(by))
	}
	if by := view.ShortCommit(f.UndoneBy); by != "" {
		p.Spans(view.Say(view.Plain, "  undone by commit "), view.Quote(by))
	}
	p.Hint(f.Hint)
}

// firstOf is as much of a list as people are shown.
func firstOf[T any](list []T) []T { return list[:min(len(list), view.MaxFields)] }

// writeLeft says how much of a list was not shown.
func writeLeft(p *view.Page, n int) {
	if n > view.MaxFields {
		p.Spans(view.Say(view.Faint, "    "+view.LeftWords(n-view.MaxFields)))
	}
}
