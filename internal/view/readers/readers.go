// Package readers lays out which keys can read a token, and what a key could ever
// read.
package readers

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// ShowWho writes who can read a token: text or JSON.
func ShowWho(v *view.View, w report.Who, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeWho(p, w) },
		JSON: w,
	})
}

func writeWho(p *view.Page, w report.Who) {
	p.Field("Token", w.TokenName)
	p.Field("Owner", w.UserName)
	p.Blank()
	if len(w.Generations) == 0 {
		p.Line("Generations: None")
	}
	for _, g := range w.Generations {
		writeWhoGeneration(p, g)
	}
	switch {
	case w.Next == nil:
		p.Line("Next value: the declarations do not say")
	default:
		p.Line("Next value, as declared:")
		writeReaders(p, "  - ", w.Next)
	}
	p.Blank()
	p.Line("This is what was recorded when the values were sealed. Most stanzas of age name no key, so a file cannot prove who reads it: the number and kinds of its stanzas were compared.")
}

func writeWhoGeneration(p *view.Page, g report.WhoGeneration) {
	p.Line("Generation " + view.Count(g.Generation) + " (" + g.Status + ", " + tokens.EndWords(g.Status, report.Midnight(g.ExpiresAt)) + "):")
	if g.Adopted {
		p.Line("  - unknown: the token was adopted, so osmoctl never had its value, and no key opens it")
		return
	}
	writeReaders(p, "  - ", g.Recipients)
	writeReaders(p, "  - formerly ", g.FormerRecipients)
	if g.Fits {
		p.Line("  File: " + string(g.Ciphertext) + " fits, with " + seal.CountStanzas(g.Stanzas))
		return
	}
	p.Spans(view.Say(view.Fault, "  File: "), view.Quote(string(g.Ciphertext)), view.Say(view.Plain, " does not fit: "), view.Quote(g.Problem))
}

func writeReaders(p *view.Page, before string, list []plan.Reader) {
	for _, r := range list {
		p.Line(before + view.KeyName(r.Name, r.Key))
	}
}

// ShowExposure writes what a key could read: text or JSON.
func ShowExposure(v *view.View, e report.Exposure, f view.Format) error {
	if f == view.JSON {
		return v.WriteJSON(v.Out, e)
	}
	return v.ShowDocument(f, exposureReport(e))
}

func exposureReport(e report.Exposure) view.Document {
	head := [][]view.Span{exposureHeadline(e)}
	if !e.Complete {
		head = append(head, []view.Span{view.Say(view.Fault, "Not complete"), view.Say(view.Plain, ": there may be more, see the notes.")})
	}
	return view.Document{
		Head: head,
		Sections: []view.Section{
			keysSection(e), valuesSection(e),
			view.SectionOf("Notes", e.Notes, view.MaxItems, func(note string) view.Item {
				return view.Item{Mark: "*", Tone: view.Warn, Head: []view.Span{view.Tell(note)}}
			}),
		},
		Foot: exposureFoot(e),
	}
}

func exposureHeadline(e report.Exposure) []view.Span {
	words := view.Plural(len(e.Live), "live value", "live values") + " could be read by "
	if len(e.Live) == 0 {
		words = "No live value was ever sealed to "
	}
	return []view.Span{view.Say(view.Strong, words), view.QuoteAs(view.Strong, e.Query), view.Say(view.Strong, ".")}
}

func keysSection(e report.Exposure) view.Section {
	return view.SectionOf("Keys", e.Keys, view.MaxItems, func(k report.ExposedKey) view.Item {
		i := view.Item{Mark: "*", Head: []view.Span{view.QuoteAs(view.Strong, k.Key)}}
		if len(k.Names) > 0 {
			i.Add(view.Say(view.Plain, "declared as "), view.Quote(strings.Join(k.Names, ", ")))
		}
		i.Add(view.Say(view.Plain, "could read "+view.Plural(k.Live, "live value", "live values")))
		return i
	})
}

func valuesSection(e report.Exposure) view.Section {
	groups := view.Group(e.Live, func(x report.ExposedValue) string { return x.Status + strconv.FormatBool(x.Recipient) })
	return view.SectionOf("Live values", groups, view.MaxItems, func(group []report.ExposedValue) view.Item {
		i := view.Item{Mark: "!", Tone: view.Warn}
		i.Head = append([]view.Span{view.Say(view.Warn, group[0].Status), view.Say(view.Plain, " ")}, view.Subjects(group, func(x report.ExposedValue) model.Address { return x.Address })...)
		if group[0].Recipient {
			i.Add(view.Say(view.Plain, "sealed to it now"))
		} else {
			i.Add(view.Say(view.Plain, "no longer sealed to it, but was: git's history keeps that file"))
		}
		return i
	})
}

// exposureFoot ends with commands as they are run, one flag a line.
func exposureFoot(e report.Exposure) [][]view.Span {
	foot := [][]view.Span{{view.Say(view.Plain, "Looked at "+view.Plural(e.Commits, "commit", "commits")+" of state. Of what it could read, "+
		view.Count(e.Ended)+" ended and "+view.Count(e.Expired)+" expired"+elsewhereWords(e)+".")}}
	if len(e.Commands) == 0 {
		return foot
	}
	foot = append(foot, []view.Span{view.Say(view.Plain, "To replace what is exposed:")}, nil)
	for _, command := range e.Commands {
		for line := range strings.SplitSeq(command, "\n") {
			foot = append(foot, []view.Span{view.Quote("  " + line)})
		}
	}
	return foot
}

func elsewhereWords(e report.Exposure) string {
	if e.Elsewhere == 0 {
		return ""
	}
	return ", and " + view.Plural(e.Elsewhere, "is", "are") + " not in this state but on another branch"
}
