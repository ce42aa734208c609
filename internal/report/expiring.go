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
	// Tokens are what dates mean to every live token, however far away, and LastApply
	// is when osmoctl last made a commit of state; the zero time is not known. Only the
	// metrics need them.
	Tokens    []TokenDates
	LastApply time.Time
}

// TokenDates are the dates of a token as it was applied. A date that nothing sets is 0.
type TokenDates struct {
	Address model.Address
	// Generation is the number of the value that was not replaced; 0 where there is
	// none, as after a revocation. Renamed says that there will be none: another token
	// has taken its place, and this one waits for its last value to be revoked.
	Generation int
	Renamed    bool
	// ExpiresAt is when that value dies, and RotationDue the day on which a date alone
	// asks for the next one; it may have passed.
	ExpiresAt, RotationDue model.Date
	// RevocationDue is the first day on which a replaced value is to be revoked.
	RevocationDue model.Date
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

// TokenDatesOf are the dates of the live tokens of one account, or of all, by address.
func TokenDatesOf(snap *state.Snapshot, account string, today model.Date) (list []TokenDates) {
	for _, name := range snap.AccountNames() {
		if account != "" && name != account {
			continue
		}
		tokens := snap.Accounts[name].Tokens
		for _, token := range model.Names(tokens) {
			t := tokens[token]
			if !t.Live() {
				continue
			}
			d := TokenDates{Address: model.TokenAddress(name, token), Renamed: t.RenamedTo != ""}
			if g := t.Active(); g != nil {
				d.Generation, d.ExpiresAt, d.RotationDue = g.Number, g.ExpiresAt, plan.NextRotation(t, today)
			}
			for i := range t.Generations {
				if g := &t.Generations[i]; g.RevokeAfter != 0 && (d.RevocationDue == 0 || g.EndsOn() < d.RevocationDue) {
					d.RevocationDue = g.EndsOn()
				}
			}
			list = append(list, d)
		}
	}
	return list
}

// Until is the last day that is looked at.
func (e Expiring) Until() model.Date { return e.Today.Add(e.Within) }

// Overdue reports whether a day before today was to bring it. On the day itself
// nothing is late: an apply may still come.
func (e Expiring) Overdue(u plan.Upcoming) bool { return u.Date < e.Today }

// Late reports whether somebody has to act: it is overdue, or the value is dead.
func (e Expiring) Late(u plan.Upcoming) bool {
	return e.Overdue(u) || u.Event == plan.EventExpire && u.Date <= e.Today
}

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
