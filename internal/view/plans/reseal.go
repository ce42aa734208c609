package plans

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// ShowResealed writes what executing a plan to reseal did: text or JSON.
func ShowResealed(v *view.View, p *plan.Plan, r *apply.Result, f view.Format) error {
	if f == view.JSON {
		return v.WriteJSON(v.Out, report.ResealedOf(p, r))
	}
	return v.ShowDocument(f, resealReport(p, r))
}

func resealReport(p *plan.Plan, r *apply.Result) view.Document {
	if r.Commit == "" {
		return view.Document{Head: [][]view.Span{{view.Say(view.Strong, resealHeadline(p))}}}
	}
	return view.Document{
		Head: [][]view.Span{{view.Say(view.Adds, "Resealed: "+view.Plural(len(r.Resealed), "value", "values")+".")}},
		Sections: []view.Section{
			resealsSection("Resealed", report.ChangesOf(p, r.Resealed)),
			untouchedSection(report.ChangesOf(p, r.Left)),
			risksSection(p),
			warningsSection(p),
		},
		Foot: [][]view.Span{{view.Say(view.Plain, "Commit "), view.Quote(view.ShortCommit(r.Commit)), view.Say(view.Plain, ", state serial "+strconv.Itoa(r.Serial)+".")}},
	}
}

// resealsSection groups values by who gains and who loses the power to open
// them: mostly it is the same for all.
func resealsSection(title string, changes []plan.Change) view.Section {
	groups := view.Group(changes, func(c plan.Change) string { return strings.Join(c.Reasons, "\n") })
	return view.SectionOf(title, groups, view.MaxItems, func(group []plan.Change) view.Item {
		i := view.Item{Mark: looks[plan.Reseal].mark, Tone: looks[plan.Reseal].tone}
		i.Head = append([]view.Span{view.Say(i.Tone, "reseal"), view.Say(view.Plain, " ")}, view.Subjects(group, func(c plan.Change) model.Address { return c.Address })...)
		for _, r := range group[0].Reasons {
			i.Add(view.Tell(view.Clip(r)))
		}
		return i
	})
}

func untouchedSection(changes []plan.Change) view.Section {
	groups := view.Group(changes, func(c plan.Change) string { return readerNames(c.Before.Readers) })
	s := view.SectionOf("Left as it was", groups, view.MaxItems, func(group []plan.Change) view.Item {
		i := view.Item{Mark: "!", Tone: view.Warn, Head: view.Subjects(group, func(c plan.Change) model.Address { return c.Address })}
		i.Add(view.Say(view.Plain, "opened by "), view.Quote(view.Clip(readerNames(group[0].Before.Readers))))
		return i
	})
	s.Tone = view.Warn
	return s
}
