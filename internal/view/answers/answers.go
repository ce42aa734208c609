// Package answers lays out the declarations that commands of OSMO's own CLI are answered
// with.
package answers

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// Show writes the YAML to Out, so that it can be kept as it is, and what to do with it
// to Err; as JSON all of it goes to Out.
func Show(v *view.View, a report.Answer, f view.Format) error {
	if f != view.JSON {
		v.Complain(func(p *view.Page) { writeWhere(p, a) })
	}
	return v.Show(f, view.Form{
		Text: func(p *view.Page) {
			for line := range strings.Lines(a.YAML) {
				p.Line(strings.TrimSuffix(line, "\n"))
			}
		},
		JSON: a,
	})
}

func writeWhere(p *view.Page, a report.Answer) {
	p.Spans(view.Say(view.Strong, "nothing was changed"), view.Say(view.Plain, ": accounts, roles and tokens are declared in YAML, and not made by a command"))
	p.Spans(view.Say(view.Strong, "to do"), view.Say(view.Plain, ": "), view.Quote(a.Where))
	for _, note := range a.Notes {
		p.Spans(view.Say(view.Strong, "note"), view.Say(view.Plain, ": "), view.Run(note))
	}
	if len(a.Next) > 0 {
		p.Spans(view.Say(view.Strong, "then"), view.Say(view.Plain, ": "), view.Run(strings.Join(a.Next, "; ")))
	}
}
