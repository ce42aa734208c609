package view

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Expiring writes what dates bring: text, JSON or iCalendar.
func (v *View) Expiring(e report.Expiring, f Format) error {
	return v.show(f, form{
		text:      func(p *page) { p.expiring(e) },
		json:      e,
		icalendar: func() []byte { return encodeCalendar(e) },
	})
}

func (p *page) expiring(e report.Expiring) {
	if len(e.List) == 0 {
		p.line("Nothing is due by " + e.Until().String())
		return
	}
	p.field("Due by "+e.Until().String(), count(len(e.List)))
	p.blank()
	rows := make([][]string, len(e.List))
	for i, u := range e.List {
		rows[i] = []string{u.Date.String(), distance(e.Today.Until(u.Date)), dueWords(e, u), u.Address.String()}
	}
	p.table([]string{"Date (UTC)", "When", "What", "Address"}, rows)
	p.blank()
}

// distance says how far away a day is.
func distance(days model.Days) string {
	switch {
	case days == 0:
		return "today"
	case days < 0:
		return plural(int(-days), "day ago", "days ago")
	}
	return "in " + plural(int(days), "day", "days")
}

// dueWords say what happens, as a plan does, and whether it should have happened.
func dueWords(e report.Expiring, u plan.Upcoming) string {
	switch {
	case u.Event == plan.EventExpire && u.Date <= e.Today:
		return "expired and was not renewed"
	case u.Event == plan.EventExpire, !e.Overdue(u):
		return eventWords[u.Event]
	}
	return overdueWords[u.Event]
}

var overdueWords = map[plan.Event]string{
	plan.EventRotate: "a rotation is overdue",
	plan.EventRevoke: "a revocation is overdue",
}
