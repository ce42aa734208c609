package report

import (
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Expiring is what dates bring to the applied tokens, up to a number of days
// after today.
type Expiring struct {
	Today  model.Date
	Within model.Days
	// List is what [plan.Calendar] has, or a part of it.
	List []plan.Upcoming
	// Server is what was seen on the server; nil where it was not looked at.
	Server *Server
	// Lineage and Serial are those of the state, and Now is the time of the
	// command. Only the calendar needs them.
	Lineage string
	Serial  int
	Now     time.Time
}

// ExpiringOf reports what dates bring to the tokens of one account, or of all
// where account is empty.
func ExpiringOf(snap *state.Snapshot, account string, now time.Time, within model.Days) Expiring {
	today := model.DateOf(now)
	list := plan.Calendar(snap, today, within)
	if account != "" {
		list = slices.DeleteFunc(list, func(u plan.Upcoming) bool { return u.Address.Account != account })
	}
	return Expiring{Today: today, Within: within, List: list, Lineage: snap.Meta.Lineage, Serial: snap.Meta.Serial, Now: now}
}

// Until is the last day that is looked at.
func (e Expiring) Until() model.Date { return e.Today.Add(e.Within) }

// Overdue reports whether a day before today was to bring it. On the day itself
// nothing is late: an apply may still come.
func (e Expiring) Overdue(u plan.Upcoming) bool { return u.Date < e.Today }

type expiringDocument struct {
	FormatVersion version         `json:"format_version"`
	Date          model.Date      `json:"date"`
	Within        model.Days      `json:"within"`
	Until         model.Date      `json:"until"`
	Entries       []expiringEntry `json:"entries"`
	Server        *Server         `json:"server,omitzero"`
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

// MarshalJSON writes the document.
func (e Expiring) MarshalJSON() ([]byte, error) {
	d := expiringDocument{Date: e.Today, Within: e.Within, Until: e.Until(), Entries: make([]expiringEntry, len(e.List)), Server: e.Server}
	for i, u := range e.List {
		d.Entries[i] = expiringEntry{
			u.Address, u.Address.Account, u.Address.Name, u.Address.Generation, u.Event, u.Date,
			int(e.Today.Until(u.Date)), e.Overdue(u),
		}
	}
	return encode(d)
}
