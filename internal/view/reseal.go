package view

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Resealed writes what executing a plan to reseal did: text or JSON.
func (v *View) Resealed(p *plan.Plan, r *apply.Result, f Format) error {
	if f == JSON {
		return v.printJSON(v.Out, report.ResealedOf(p, r))
	}
	return v.showDocument(f, resealedReport(p, r))
}

func resealedReport(p *plan.Plan, r *apply.Result) document {
	if r.Commit == "" {
		return document{head: [][]span{{say(strong, resealHeadline(p))}}}
	}
	return document{
		head: [][]span{{say(adds, "Resealed: "+plural(len(r.Resealed), "value", "values")+".")}},
		sections: []section{
			resealsSection("Resealed", report.ChangesOf(p, r.Resealed)),
			leftSection(report.ChangesOf(p, r.Left)),
			risksSection(p),
			warningsSection(p),
		},
		foot: [][]span{{say(plain, "Commit "), quote(shortCommit(r.Commit)), say(plain, ", state serial "+strconv.Itoa(r.Serial)+".")}},
	}
}

// resealsSection groups values by who gains and who loses the power to open
// them: mostly it is the same for all.
func resealsSection(title string, changes []plan.Change) section {
	groups := grouped(changes, func(c plan.Change) string { return strings.Join(c.Reasons, "\n") })
	return sectionOf(title, groups, maxItems, func(group []plan.Change) item {
		i := item{mark: looks[plan.Reseal].mark, tone: looks[plan.Reseal].tone}
		i.head = append([]span{say(i.tone, "reseal"), say(plain, " ")}, subjects(group, func(c plan.Change) model.Address { return c.Address })...)
		for _, r := range group[0].Reasons {
			i.add(tell(clip(r)))
		}
		return i
	})
}

func leftSection(changes []plan.Change) section {
	groups := grouped(changes, func(c plan.Change) string { return readerNames(c.Before.Readers) })
	s := sectionOf("Left as it was", groups, maxItems, func(group []plan.Change) item {
		i := item{mark: "!", tone: warn, head: subjects(group, func(c plan.Change) model.Address { return c.Address })}
		i.add(say(plain, "opened by "), quote(clip(readerNames(group[0].Before.Readers))))
		return i
	})
	s.tone = warn
	return s
}
