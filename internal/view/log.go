package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
)

// Log writes history, in its order: text or JSON.
func (v *View) Log(list []report.LogEntry, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.log(list) },
		json: report.Log{Entries: list},
	})
}

func (p *page) log(list []report.LogEntry) {
	if len(list) == 0 {
		p.line("No history found")
		return
	}
	for i, e := range list {
		if i > 0 {
			p.blank()
		}
		p.logEntry(e)
	}
}

func (p *page) logEntry(e report.LogEntry) {
	head := []span{quoteAs(alters, shortCommit(e.Commit)), quote("  " + moment(e.When) + "  " + actorWords(e))}
	if e.Serial > 0 {
		head = append(head, say(plain, "  serial "+strconv.Itoa(e.Serial)))
	}
	p.spans(head...)
	if !e.ByOsmoctl {
		p.spans(say(warn, "  not made by osmoctl"))
	}
	p.line("  " + e.Summary)
	for _, c := range e.Changes {
		p.line("    " + c)
	}
	if e.Reason != "" {
		p.spans(say(plain, "  reason "), quote(e.Reason))
	}
	if e.Plan != "" {
		p.spans(say(faint, "  plan "), quoteAs(faint, e.Plan), say(faint, runWords(e.Run)))
	}
}

func runWords(run string) string {
	if run == "" {
		return ""
	}
	return "  run " + run
}

// actorWords names who asked for the change and, where that differs, who made
// the commit.
func actorWords(e report.LogEntry) string {
	if e.Actor == "" || e.Actor == e.Author {
		return e.Author
	}
	return e.Actor + " (committed by " + e.Author + ")"
}
