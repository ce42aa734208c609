package view

import "github.com/osmoctl/osmoctl/internal/report"

// Findings writes what is wrong with the history of state to Err.
func (v *View) Findings(list []report.Finding) {
	if len(list) == 0 {
		return
	}
	v.complain(func(p *page) {
		for i := range list {
			if i > 0 {
				p.blank()
			}
			p.finding(&list[i])
		}
	})
}

func (p *page) finding(f *report.Finding) {
	word := say(fault, "error")
	if f.Settled() {
		word = say(faint, "settled")
	}
	head := []span{quoteAs(strong, "commit "+shortCommit(f.Commit)), say(plain, ": "), word, say(plain, ": ")}
	if f.Author != "" {
		head = append(head, quote(f.Author+" on "+moment(f.When)+": "))
	}
	p.spans(append(head, quote(f.Subject))...)
	for _, problem := range shown(f.Problems) {
		p.spans(say(plain, "  "), quote(problem.Message), say(faint, " ["+problem.Code+"]"))
	}
	p.leftOut(len(f.Problems))
	for _, effect := range shown(f.Effects) {
		p.spans(say(warn, "    ~ "), quote(effect))
	}
	p.leftOut(len(f.Effects))
	if by := shortCommit(f.AcceptedBy); by != "" {
		p.spans(say(plain, "  accepted by the apply of commit "), quote(by))
	}
	if by := shortCommit(f.UndoneBy); by != "" {
		p.spans(say(plain, "  undone by commit "), quote(by))
	}
	p.hint(f.Hint)
}

// shown is as much of a list as people are shown.
func shown[T any](list []T) []T { return list[:min(len(list), maxFields)] }

// leftOut says how much of a list was not shown.
func (p *page) leftOut(n int) {
	if n > maxFields {
		p.spans(say(faint, "    "+leftWords(n-maxFields)))
	}
}
