// Package codes lays out what is known of codes.
package codes

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// Show explains codes, one after the other.
func Show(v *view.View, c report.Codes, f view.Format) error {
	return v.Show(f, view.Form{
		JSON: c,
		Text: func(p *view.Page) { p.Blocks(len(c.Codes), func(i int) { writeCode(p, c.Codes[i]) }) },
	})
}

// kinds says what an entry is.
var kinds = map[string]string{
	"error": "an error", "warning": "a warning", "notice": "a notice", "blocks": "blocks a plan",
	"critical": "a critical risk", "high": "a high risk",
}

func writeCode(p *view.Page, c report.Code) {
	p.Spans(view.Say(view.Strong, c.Code), view.Say(view.Plain, ": "+kinds[c.Kind]+" ("+c.Section+")"))
	p.Spans(view.Say(view.Plain, "It says: "), view.Quote(c.Meaning))
	p.Spans(view.Say(view.Plain, "For example: "), view.Quote(c.Example))
	p.Spans(view.Say(view.Plain, "To do: "), view.Run(c.Remedy))
}

// ShowList lists codes by section.
func ShowList(v *view.View, c report.Codes, f view.Format) error {
	return v.Show(f, view.Form{
		JSON: c,
		Text: func(p *view.Page) {
			for i, e := range c.Codes {
				if i == 0 || c.Codes[i-1].Section != e.Section {
					if i > 0 {
						p.Blank()
					}
					p.Spans(view.Say(view.Strong, e.Section))
				}
				p.Spans(view.Say(view.Plain, "  "+e.Code+" ("+e.Kind+"): "), view.Quote(e.Meaning))
			}
			p.Blank()
			p.Spans(view.Say(view.Plain, "osmoctl explain CODE says of one what brings it about, and what to do."))
		},
	})
}
