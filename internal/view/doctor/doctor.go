// Package doctor lays out what a check of everything found.
package doctor

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// Show writes a checkup: text or JSON.
func Show(v *view.View, c report.Checkup, f view.Format) error {
	return v.Show(f, view.Form{JSON: c, Text: func(p *view.Page) { write(p, c) }})
}

// tones are how a status is shown.
var tones = map[string]view.Tone{
	report.CheckOK: view.Adds, report.CheckWarning: view.Warn, report.CheckProblem: view.Fault, report.CheckSkipped: view.Faint,
}

func write(p *view.Page, c report.Checkup) {
	area := ""
	for _, check := range c.Checks {
		if check.Area != area {
			area = check.Area
			p.Spans(view.Say(view.Strong, area))
		}
		const widest = len(report.CheckProblem)
		pad := "             "[:widest-len(check.Status)+2]
		p.Spans(view.Say(view.Plain, "  "), view.Say(tones[check.Status], check.Status), view.Say(view.Plain, pad), view.Quote(check.Message))
		if check.Remedy != "" {
			p.Spans(view.Say(view.Plain, "           to do: "), view.Run(check.Remedy))
		}
	}
	p.Blank()
	switch {
	case c.Problems > 0:
		p.Line(view.Plural(c.Problems, "problem", "problems") + " and " + view.Plural(c.Warnings, "warning", "warnings"))
	case c.Warnings > 0:
		p.Line("No problems, " + view.Plural(c.Warnings, "warning", "warnings"))
	default:
		p.Line("No problems")
	}
}
