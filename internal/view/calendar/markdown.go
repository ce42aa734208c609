package calendar

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// documentOf is the summary of a scheduled job: what is late comes first, since somebody
// has to do something about it, then what comes, by date.
func documentOf(e report.Expiring) view.Document {
	var late, coming []plan.Upcoming
	for _, u := range e.List {
		if e.Late(u) {
			late = append(late, u)
		} else {
			coming = append(coming, u)
		}
	}
	d := view.Document{Title: view.Heading{What: "What is due", Verdict: verdict(e, len(late))}, Head: [][]view.Span{
		nil,
		{view.Say(view.Plain, "Looked at on "+e.Today.String()+" (UTC), up to "+e.Until().String()+".")},
	}}
	overdue := view.SectionOf("Overdue", late, view.MaxChanges, func(u plan.Upcoming) view.Item {
		i := itemOf(e, u)
		i.Tone, i.Heavy = view.Fault, true
		i.Add(view.Say(view.Faint, adviceWords[u.Event]))
		return i
	})
	d.Sections = []view.Section{overdue, view.SectionOf("Coming", coming, view.MaxChanges, func(u plan.Upcoming) view.Item { return itemOf(e, u) })}
	if e.Server != nil {
		d.Sections = append(d.Sections, plans.DriftSection("On the server", e.Server.Drift))
	}
	return d
}

// verdict is how much is due, in the words of a heading.
func verdict(e report.Expiring, late int) string {
	switch n := len(e.List); {
	case n == 0:
		return "nothing"
	case late == 0:
		return view.Count(n) + ", none of it late"
	default:
		return view.Count(n) + ", " + view.Count(late) + " of it late"
	}
}

// adviceWords say what ends it.
var adviceWords = map[plan.Event]string{
	plan.EventRotate: "the next apply issues a new value",
	plan.EventRevoke: "the next apply revokes the value",
	plan.EventExpire: "the value is dead: apply where a rotation is due, else declare a later date or remove the token",
}

// itemOf is one date on one line.
func itemOf(e report.Expiring, u plan.Upcoming) view.Item {
	return view.Item{Mark: "-", Head: []view.Span{
		view.Say(view.Strong, u.Date.String()), view.Say(view.Plain, " "+distance(e.Today.Until(u.Date))+": "+dueWords(e, u)+" "), view.Quote(u.Address.String()),
	}}
}
