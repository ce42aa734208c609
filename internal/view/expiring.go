package view

import (
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Expiring is what dates bring to the applied tokens, up to a number of days
// after today.
type Expiring struct {
	Today  model.Date
	Within model.Days
	// List is what [plan.Calendar] has, or a part of it.
	List []plan.Upcoming
	// Lineage and Serial are those of the state, and Now is the time of the
	// command. Only the calendar needs them.
	Lineage string
	Serial  int
	Now     time.Time
}

type expiringDocument struct {
	FormatVersion int             `json:"format_version"`
	Date          model.Date      `json:"date"`
	Within        model.Days      `json:"within"`
	Until         model.Date      `json:"until"`
	Entries       []expiringEntry `json:"entries"`
}

type expiringEntry struct {
	Address    model.Address `json:"address"`
	UserName   string        `json:"user_name"`
	TokenName  string        `json:"token_name"`
	Generation int           `json:"generation,omitzero"`
	Event      plan.Event    `json:"event"`
	Date       model.Date    `json:"date"`
	// Days is how far away the date is, negative where it has passed.
	Days    int  `json:"days"`
	Overdue bool `json:"overdue"`
}

// until is the last day that is looked at.
func (e Expiring) until() model.Date { return e.Today.Add(e.Within) }

func (e Expiring) document() expiringDocument {
	d := expiringDocument{formatVersion, e.Today, e.Within, e.until(), make([]expiringEntry, len(e.List))}
	for i, u := range e.List {
		d.Entries[i] = expiringEntry{
			u.Address, u.Address.Account, u.Address.Name, u.Address.Generation, u.Event, u.Date,
			int(e.Today.Until(u.Date)), e.overdue(u),
		}
	}
	return d
}

// overdue reports whether a day before today was to bring it. On the day itself
// nothing is late: an apply may still come.
func (e Expiring) overdue(u plan.Upcoming) bool { return u.Date < e.Today }

// Expiring writes what dates bring: text, JSON or iCalendar.
func (v *View) Expiring(e Expiring, f Format) error {
	return v.show(f, form{
		text:      func(p *page) { p.expiring(e) },
		json:      func() any { return e.document() },
		icalendar: e.calendar,
	})
}

func (p *page) expiring(e Expiring) {
	if len(e.List) == 0 {
		p.line("Nothing is due by " + e.until().String())
		return
	}
	p.field("Due by "+e.until().String(), count(len(e.List)))
	p.blank()
	rows := make([][]string, len(e.List))
	for i, u := range e.List {
		rows[i] = []string{u.Date.String(), distance(e.Today.Until(u.Date)), e.words(u), u.Address.String()}
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

// words say what happens, as a plan does, and whether it should have happened.
func (e Expiring) words(u plan.Upcoming) string {
	switch {
	case u.Event == plan.EventExpire && u.Date <= e.Today:
		return "expired and was not renewed"
	case u.Event == plan.EventExpire, !e.overdue(u):
		return eventWords[u.Event]
	}
	return overdueWords[u.Event]
}

var overdueWords = map[plan.Event]string{
	plan.EventRotate: "a rotation is overdue",
	plan.EventRevoke: "a revocation is overdue",
}
