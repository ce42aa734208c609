package view

import (
	"time"
)

// Finding is a commit that changed state in a way that apply does not.
type Finding struct {
	Commit  string    `json:"commit"`
	Author  string    `json:"author"`
	When    time.Time `json:"when"`
	Subject string    `json:"subject"`
	// Problems are the rules that it breaks.
	Problems []FindingProblem `json:"problems"`
	// Effects say what it did to accounts, tokens and roles.
	Effects []string `json:"effects"`
	// AcceptedBy and UndoneBy are the commits that settled it, or "".
	AcceptedBy string `json:"accepted_by"`
	UndoneBy   string `json:"undone_by"`
	// Hint says what to do next.
	Hint string `json:"hint"`
}

// FindingProblem is one rule that a commit breaks.
type FindingProblem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// History is what a walk through the commits of state found.
type History struct {
	// Commits counts those that were checked.
	Commits int `json:"commits"`
	// Complete says that the history was there to its beginning.
	Complete bool      `json:"complete"`
	Findings []Finding `json:"findings"`
}

// sound reports whether every finding is settled.
func (h *History) sound() bool { return h == nil || h.open() == 0 }

func (h *History) open() (n int) {
	for i := range h.Findings {
		if !h.Findings[i].settled() {
			n++
		}
	}
	return n
}

func (f *Finding) settled() bool { return f.AcceptedBy != "" || f.UndoneBy != "" }

// document fills in what JSON must not leave out.
func (h *History) document() *History {
	if h == nil {
		return nil
	}
	out := &History{h.Commits, h.Complete, make([]Finding, len(h.Findings))}
	for i, f := range h.Findings {
		f.When = f.When.UTC()
		f.Problems, f.Effects = orEmpty(f.Problems), orEmpty(f.Effects)
		out.Findings[i] = f
	}
	return out
}

// Findings writes what is wrong with the history of state to Err.
func (v *View) Findings(list []Finding) {
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

func (p *page) finding(f *Finding) {
	word := say(fault, "error")
	if f.settled() {
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
