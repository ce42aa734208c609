package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Calendar lists what dates bring to the tokens of a snapshot, as they were
// applied: by date and then address, everything up to the day that lies within
// days after today, that day included.
//
// What a day before today was to bring and no apply has done is listed under
// its own date: a rotation that is overdue, a retiring generation whose day has
// passed. An active generation that has expired is listed for as long as
// nothing replaces it.
//
// The days after today are those that [Plan.Upcoming] names in a plan whose
// declarations are the applied ones; both come from the same rules.
func Calendar(s *state.Snapshot, today model.Date, within model.Days) []Upcoming {
	list := []Upcoming{}
	for _, account := range s.Accounts {
		if !account.Live() {
			continue
		}
		for name, t := range account.Tokens {
			if t.Live() {
				list = append(list, datesOf(model.TokenAddress(account.Name, name), t, today)...)
			}
		}
	}
	list = slices.DeleteFunc(list, func(u Upcoming) bool { return u.Date > today.Add(within) })
	sortUpcoming(list)
	return list
}

// datesOf is what dates bring to each live generation of a token.
func datesOf(a model.Address, t *state.Token, today model.Date) (list []Upcoming) {
	for i := range t.Generations {
		switch g := &t.Generations[i]; {
		case g.RevokeAfter != 0:
			list = append(list, Upcoming{Address: a.At(g.Number), Event: EventRevoke, Date: g.EndsOn()})
		case t.RenamedTo == "":
			list = append(list, forecast(a, &t.Spec, g, today)...)
		}
	}
	return list
}

// forecast is what dates bring to an active generation under a declared expiry and
// rhythm. A fixed date ends the token whatever is rotated before, so it is named
// beside the rotation; where a lifetime is declared, a rotation comes before the
// expiry, which is named only once it has come all the same.
func forecast(a model.Address, spec *model.TokenSpec, g *state.Generation, today model.Date) (list []Upcoming) {
	expired := g.ExpiresAt <= today
	if on, ok := findRotation(spec, g, today); ok {
		list = append(list, Upcoming{Address: a, Event: EventRotate, Date: on})
	}
	if spec.Expiry.At != 0 || expired {
		list = append(list, Upcoming{Address: a, Event: EventExpire, Date: g.ExpiresAt})
	}
	return list
}

func sortUpcoming(list []Upcoming) {
	slices.SortStableFunc(list, func(a, b Upcoming) int {
		if a.Date != b.Date {
			return int(a.Date - b.Date)
		}
		return a.Address.Compare(b.Address)
	})
}
