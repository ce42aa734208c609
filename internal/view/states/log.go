package states

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// ShowLog writes history, in its order: text or JSON.
func ShowLog(v *view.View, list []report.LogEntry, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeLog(p, list) },
		JSON: report.Log{Entries: list},
	})
}

func writeLog(p *view.Page, list []report.LogEntry) {
	if len(list) == 0 {
		p.Line("No history found")
		return
	}
	p.Blocks(len(list), func(i int) { writeLogEntry(p, list[i]) })
}

func writeLogEntry(p *view.Page, e report.LogEntry) {
	head := []view.Span{view.QuoteAs(view.Alters, view.ShortCommit(e.Commit)), view.Quote("  " + view.Moment(e.When) + "  " + actorWords(e))}
	if e.Serial > 0 {
		head = append(head, view.Say(view.Plain, "  serial "+strconv.Itoa(e.Serial)))
	}
	p.Spans(head...)
	if !e.ByOsmoctl {
		p.Spans(view.Say(view.Warn, "  not made by osmoctl"))
	}
	p.Line("  " + e.Summary)
	for _, c := range e.Changes {
		p.Line("    " + c)
	}
	if e.Reason != "" {
		p.Spans(view.Say(view.Plain, "  reason "), view.Quote(e.Reason))
	}
	if e.Plan != "" {
		run := ""
		if e.Run != "" {
			run = "  run " + e.Run
		}
		p.Spans(view.Say(view.Faint, "  plan "), view.QuoteAs(view.Faint, e.Plan), view.Say(view.Faint, run))
	}
}

// actorWords names who asked for the change and, where that differs, who made
// the commit.
func actorWords(e report.LogEntry) string {
	if e.Actor == "" || e.Actor == e.Author {
		return e.Author
	}
	return e.Actor + " (committed by " + e.Author + ")"
}
