// Package access lays out answers about access: who can do what, by which policy, and
// what would change it. The heaviest stands first, as everywhere.
package access

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
)

// ShowCan writes the answer to a question: text or JSON.
func ShowCan(v *view.View, c report.AccessCan, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeCan(p, c) },
		JSON: c,
	})
}

func writeCan(p *view.Page, c report.AccessCan) {
	verdict, tone := "yes", view.Adds
	if !c.Allowed {
		verdict, tone = "no", view.Removes
		if slices.ContainsFunc(c.Parts, func(v inquiry.Verdict) bool { return v.Allowed }) {
			verdict = "not always"
		}
	}
	p.Spans(view.Say(tone, verdict), view.Say(view.Plain, ": "), view.Quote(c.Subject+", "+c.Question))
	p.Optional("roles", strings.Join(c.Roles, ", "))
	for _, part := range c.Parts {
		writeVerdict(p, part, len(c.Parts) > 1)
	}
}

func writeVerdict(p *view.Page, v inquiry.Verdict, many bool) {
	if many {
		p.Blank()
		answer := "no"
		if v.Allowed {
			answer = "yes"
		}
		p.Line(strings.Join(slices.DeleteFunc([]string{answer, requestWords(v.Action, v.Resource), report.ServerWords(v.Server)}, isEmpty), ", "))
	}
	p.Optional("what", v.Why)
	if v.DecidedOn != "" {
		p.Field("decided on", v.DecidedOn+", since the server cannot tell the pool of a workflow")
	}
	p.Optional("on", placesWords(v.On))
	p.Field("by", byWords(v.By))
	p.Field("what would change it", v.Change)
}

// placesWords lists resources; the empty one is that of requests that have none.
func placesWords(on []string) string {
	words := slices.Clone(on)
	for i, s := range words {
		if s == "" {
			words[i] = "what has no resource"
		}
	}
	return strings.Join(words, "; ")
}

func isEmpty(s string) bool { return s == "" }

func requestWords(action, resource string) string {
	switch {
	case action == "":
		return "what has no action"
	case resource == "":
		return action
	}
	return action + " on " + resource
}

func byWords(by *inquiry.Statement) string {
	if by == nil {
		return "no policy: what nothing allows is refused"
	}
	what := string(by.Effect) + " " + by.Action
	if by.Resource != "" {
		what += " on " + by.Resource
	}
	return by.Words() + ": " + what
}

// ShowWords lists what can be asked: text or JSON.
func ShowWords(v *view.View, f view.Format) error {
	var all report.AccessWords
	for _, a := range access.Actions() {
		all.Actions = append(all.Actions, a.Name)
	}
	for _, t := range access.Tasks() {
		all.Tasks = append(all.Tasks, inquiry.TaskPrefix+t.Name)
	}
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			for _, list := range [][]string{all.Actions, all.Tasks} {
				for _, word := range list {
					p.Line(word)
				}
			}
		},
		JSON: all,
	})
}

// ShowList writes what a subject can, action by action: text or JSON.
func ShowList(v *view.View, l report.AccessList, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			p.Field("Subject", l.Subject)
			p.Field("Roles", view.OrNone(l.Roles))
			p.Blank()
			var rows [][]string
			for _, a := range l.Actions {
				for _, part := range a.Parts {
					rows = append(rows, listRow(part))
				}
			}
			p.Table([]string{"Action", "Can", "On", "Where", "By"}, rows)
		},
		JSON: l,
	})
}

func listRow(v inquiry.Verdict) []string {
	can, by := "no", "-"
	if v.Allowed {
		can = "yes"
	}
	if v.By != nil {
		by = v.By.Words()
	}
	action := v.Action
	if action == "" {
		action = "(no action)"
	}
	return []string{action, can, view.OrDash(placesWords(v.On)), view.OrDash(report.ServerWords(v.Server)), by}
}

// ShowWho writes who can do something: text or JSON.
func ShowWho(v *view.View, w report.AccessWho, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			if len(w.Holders) == 0 {
				p.Line("Nobody can " + w.Question + ".")
				return
			}
			p.Line(view.Plural(len(w.Holders), "subject", "subjects") + " can " + w.Question + ":")
			p.Blank()
			rows := make([][]string, len(w.Holders))
			for i, h := range w.Holders {
				rows[i] = []string{h.Subject, weightWords(h.Weight), view.OrDash(placesWords(h.On)), view.OrDash(report.ServerWords(h.Server)), byWords(h.By)}
			}
			p.Table([]string{"Subject", "Weight", "On", "Where", "By"}, rows)
			p.Blank()
			p.Line("What would end it for one of them: osmoctl access can SUBJECT " + w.Question)
		},
		JSON: w,
	})
}

func weightWords(w access.Weight) string { return strings.ReplaceAll(w.String(), "_", " ") }

// ShowAdministrators writes who is an administrator, with the steps: text or JSON.
func ShowAdministrators(v *view.View, a report.AccessAdministrators, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			if len(a.Administrators) == 0 {
				p.Line("Nobody is an administrator, nor becomes one by a step.")
			}
			p.Blocks(len(a.Administrators), func(i int) { writeAdministrator(p, a.Administrators[i]) })
		},
		JSON: a,
	})
}

func writeAdministrator(p *view.Page, a inquiry.Administrator) {
	line := []view.Span{view.QuoteAs(view.Strong, a.Subject), view.Say(view.Plain, ": "+weightWords(a.Weight))}
	if where := report.ServerWords(a.Server); where != "" {
		line = append(line, view.Say(view.Plain, ", "+where))
	}
	p.Spans(line...)
	for _, s := range a.Steps {
		p.Spans(view.Say(view.Plain, "  "), view.Quote(s.Does+": "+requestWords(s.Action, s.Resource)))
		p.Spans(view.Say(view.Plain, "    by "), view.Quote(byWords(s.By)))
	}
}

// Show writes all that a subject can do: text or JSON.
func Show(v *view.View, s report.AccessShow, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			p.Field("Subject", s.Subject)
			p.Field("Roles", view.OrNone(s.Roles))
			for _, part := range s.Parts {
				writePart(p, part)
			}
			p.Blank()
			p.Line("What would change one of these: osmoctl access can SUBJECT ACTION RESOURCE")
		},
		JSON: s,
	})
}

func writePart(p *view.Page, part inquiry.Part) {
	p.Blank()
	heading := "Weight: " + weightWords(part.Weight)
	if where := report.ServerWords(part.Server); where != "" {
		heading += ", " + where
	}
	p.Spans(view.Say(view.Strong, heading))
	for _, list := range []struct {
		title  string
		grants []inquiry.Granted
	}{{"Can", part.Granted}, {"Cannot, although a policy allows it", part.Refused}} {
		if len(list.grants) == 0 {
			continue
		}
		p.Blank()
		rows := make([][]string, len(list.grants))
		for i, g := range list.grants {
			rows[i] = []string{grantWords(g.Grant), weightWords(g.Weight), byWords(g.By)}
		}
		p.Table([]string{list.title, "Weight", "By"}, rows)
	}
}

func grantWords(g access.Grant) string {
	if g.Resource == "" {
		return g.Action
	}
	return g.Action + " on " + g.Resource
}

// glyphs are the cells of a matrix.
var glyphs = map[access.Weight]string{
	access.Nothing: "-", access.Reading: "r", access.Writing: "w", access.WholeScope: "W", access.AdministratorByStep: "S", access.Administrator: "A",
}

// ShowMatrix writes subjects by services and pools: text or JSON.
func ShowMatrix(v *view.View, m report.AccessMatrix, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			heading := append([]string{"Subject"}, m.Services...)
			for _, pool := range m.Pools {
				heading = append(heading, "pool/"+pool)
			}
			rows := make([][]string, len(m.Rows))
			for i, r := range m.Rows {
				name := r.Subject
				if where := report.ServerWords(r.Server); where != "" {
					name += " (" + where + ")"
				}
				rows[i] = []string{name}
				for _, w := range append(slices.Clone(r.Services), r.Pools...) {
					rows[i] = append(rows[i], glyphs[w])
				}
			}
			p.Table(heading, rows)
			p.Blank()
			p.Line("- nothing, r reads, w writes, W all of a scope, S administrator by a step, A administrator")
		},
		JSON: m,
	})
}

// ShowDiff writes what subjects gain and lose: text or JSON.
func ShowDiff(v *view.View, d report.AccessDiff, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			if len(d.Differences) == 0 {
				p.Line("No difference in access between " + d.From + " and " + d.To + ".")
			}
			p.Blocks(len(d.Differences), func(i int) { writeDifference(p, d.Differences[i]) })
		},
		JSON: d,
	})
}

func writeDifference(p *view.Page, d inquiry.Difference) {
	line := []view.Span{view.QuoteAs(view.Strong, strings.Join(d.Subjects, ", "))}
	if where := report.ServerWords(d.Server); where != "" {
		line = append(line, view.Say(view.Plain, ", "+where))
	}
	p.Spans(line...)
	for _, side := range []struct {
		word    string
		tone    view.Tone
		changes []inquiry.Change
	}{{"gains ", view.Adds, d.Gained}, {"loses ", view.Removes, d.Lost}} {
		for _, c := range side.changes {
			p.Spans(view.Say(side.tone, "  "+side.word), view.Quote(grantWords(c.Grant)), view.Say(view.Plain, " ("+weightWords(c.Weight)+")"))
			p.Spans(view.Say(view.Plain, "    by "), view.Quote(byWords(c.By)))
			if c.Witness.Method != "" {
				p.Spans(view.Say(view.Plain, "    try "), view.Quote(c.Witness.Method+" "+c.Witness.Path), view.Say(view.Plain, ": "), view.Quote(requestWords(c.Witness.Action, c.Witness.Resource)))
			}
		}
	}
}

// ShowTest writes what came of expected answers: text or JSON.
func ShowTest(v *view.View, t report.AccessTest, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			for _, s := range t.Failed {
				writeSurprise(p, s)
			}
			p.Line(view.Plural(t.Passed, "answer is", "answers are") + " as expected, " + view.Count(len(t.Failed)) + " not.")
		},
		JSON: t,
	})
}

func writeSurprise(p *view.Page, s inquiry.Surprise) {
	what := " cannot "
	if !s.Expected {
		what = " can "
	}
	p.Spans(view.QuoteAs(view.Strong, s.Place.String()), view.Say(view.Plain, ": "), view.Quote(s.Subject), view.Say(view.Fault, what), view.Quote(s.Question))
	for _, v := range s.Answers {
		where := report.ServerWords(v.Server)
		if where != "" {
			where += ": "
		}
		p.Spans(view.Say(view.Plain, "  "+where+"by "), view.Quote(byWords(v.By)))
		p.Spans(view.Say(view.Plain, "  what would change it: "), view.Quote(v.Change))
	}
	p.Blank()
}
