// Package calendar lays out what dates bring to tokens: a table for people, Markdown for
// the summary of a job, iCalendar for whoever subscribes to it, and metrics for what
// watches.
package calendar

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Show writes what dates bring: text, JSON, Markdown, iCalendar or metrics.
func Show(v *view.View, e report.Expiring, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			writeTable(p, e)
			plans.WriteServer(p, e.Server)
		},
		JSON:     e,
		Calendar: func() []byte { return encodeCalendar(e) },
		Metrics:  func() []byte { return encodeMetrics(e) },
		Markdown: func() view.Document { return documentOf(e) },
	})
}

func writeTable(p *view.Page, e report.Expiring) {
	if len(e.List) == 0 {
		p.Line("Nothing is due by " + e.Until().String())
		return
	}
	p.Field("Due by "+e.Until().String(), view.Count(len(e.List)))
	p.Blank()
	rows := make([][]string, len(e.List))
	for i, u := range e.List {
		rows[i] = []string{u.Date.String(), distance(e.Today.Until(u.Date)), dueWords(e, u), u.Address.String()}
	}
	p.Table([]string{"Date (UTC)", "When", "What", "Address"}, rows)
	if e.Server == nil { // What it has is a paragraph of its own.
		p.Blank()
	}
}

// distance says how far away a day is.
func distance(days model.Days) string {
	switch {
	case days == 0:
		return "today"
	case days < 0:
		return view.Plural(int(-days), "day ago", "days ago")
	}
	return "in " + view.Plural(int(days), "day", "days")
}

// dueWords say what happens, as a plan does, and whether it should have happened.
func dueWords(e report.Expiring, u plan.Upcoming) string {
	switch {
	case u.Event == plan.EventExpire && u.Date <= e.Today:
		return "expired and was not renewed"
	case u.Event == plan.EventExpire, !e.Overdue(u):
		return plans.EventWords[u.Event]
	}
	return overdueWords[u.Event]
}

var overdueWords = map[plan.Event]string{
	plan.EventRotate: "a rotation is overdue",
	plan.EventRevoke: "a revocation is overdue",
}
