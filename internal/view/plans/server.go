package plans

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// DriftSection says what a server has otherwise than the last apply left it. In a plan it
// stands apart from the changes, which nobody declared those differences by.
func DriftSection(title string, drift []plan.Drift) view.Section {
	s := view.SectionOf(title, drift, view.MaxItems, func(d plan.Drift) view.Item {
		i := view.Item{Mark: "!", Tone: view.Warn, Head: []view.Span{view.QuoteAs(view.Strong, d.Address.String()), view.Say(view.Plain, " "), view.Tell(view.Clip(d.Effect))}}
		addAuthor(&i, d.By, d.At)
		if d.Left {
			i.Add(view.Say(view.Faint, "left as it is"))
		}
		return i
	})
	s.Tone = view.Warn
	return s
}

// addAuthor says who did something on a server, and when, as far as it knows.
func addAuthor(i *view.Item, by, at string) {
	switch {
	case by == "":
	case at == "":
		i.Add(view.Say(view.Faint, "by "), view.QuoteAs(view.Faint, by))
	default:
		i.Add(view.Say(view.Faint, "by "), view.QuoteAs(view.Faint, by), view.Say(view.Faint, " at "), view.QuoteAs(view.Faint, at))
	}
}

// helmSection says what a server that takes no roles has to be given otherwise.
func helmSection(p *plan.Plan) view.Section {
	return view.SectionOf("Waiting for Helm values", p.WaitingForHelm, view.MaxChanges, func(w plan.HelmWait) view.Item {
		i := view.Item{Mark: "~", Tone: view.Alters, Head: []view.Span{view.QuoteAs(view.Strong, w.Address.String()), view.Say(view.Plain, " "), view.Tell(view.Clip(w.Detail))}}
		for _, f := range w.Fields {
			i.Add(difference(f.Path, f.Before, f.After)...)
		}
		if w.Action != "" && w.Action != plan.Delete {
			i.Add(view.Say(view.Plain, "the values: "), view.Run("osmoctl export helm-values"))
		}
		return i
	})
}

// undeclaredSection names what is on the server and is not the project's.
func undeclaredSection(p *plan.Plan) view.Section {
	return view.SectionOf("Not declared", p.Undeclared, view.MaxItems, func(u plan.Undeclared) view.Item {
		i := view.Item{Mark: "*", Tone: view.Faint, Head: []view.Span{view.QuoteAs(view.Strong, u.Address.String()), view.Say(view.Plain, " is on the server and is left alone")}}
		addAuthor(&i, u.By, u.At)
		return i
	})
}

// WriteServer says below what state has what its server has otherwise, where that was
// looked at.
func WriteServer(p *view.Page, s *report.Server) {
	if s == nil {
		return
	}
	p.Blank()
	if len(s.Drift) == 0 {
		p.Line("On The Server: As recorded")
		return
	}
	p.Line("On The Server:")
	for _, d := range s.Drift {
		line := "  - " + d.Address.String() + " " + d.Effect
		if d.By != "" {
			line += ", by " + d.By
		}
		if d.At != "" {
			line += " at " + d.At
		}
		p.Line(line)
	}
}
