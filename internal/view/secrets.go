package view

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// Who writes who can read a token: text or JSON.
func (v *View) Who(w report.Who, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.who(w) },
		json: w,
	})
}

func (p *page) who(w report.Who) {
	p.field("Token", w.TokenName)
	p.field("Owner", w.UserName)
	p.blank()
	if len(w.Generations) == 0 {
		p.line("Generations: None")
	}
	for _, g := range w.Generations {
		p.whoGeneration(g)
	}
	switch {
	case w.Next == nil:
		p.line("Next value: the declarations do not say")
	default:
		p.line("Next value, as declared:")
		p.readers("  - ", w.Next)
	}
	p.blank()
	p.line("This is what was recorded when the values were sealed. Most stanzas of age name no key, so a file cannot prove who reads it: the number and kinds of its stanzas were compared.")
}

func (p *page) whoGeneration(g report.WhoGeneration) {
	p.line("Generation " + count(g.Generation) + " (" + g.Status + ", " + endWords(g.Status, report.Midnight(g.ExpiresAt)) + "):")
	p.readers("  - ", g.Recipients)
	p.readers("  - formerly ", g.FormerRecipients)
	if g.Fits {
		p.line("  File: " + g.Ciphertext + " fits, with " + seal.CountStanzas(g.Stanzas))
		return
	}
	p.spans(say(fault, "  File: "), quote(g.Ciphertext), say(plain, " does not fit: "), quote(g.Problem))
}

func (p *page) readers(before string, list []plan.Reader) {
	for _, r := range list {
		p.line(before + keyName(r.Name, r.Key))
	}
}

// Exposure writes what a key could read: text or JSON.
func (v *View) Exposure(e report.Exposure, f Format) error {
	if f == JSON {
		return v.printJSON(v.Out, e)
	}
	return v.showDocument(f, exposureReport(e))
}

func exposureReport(e report.Exposure) document {
	head := [][]span{exposureHeadline(e)}
	if !e.Complete {
		head = append(head, []span{say(fault, "Not complete"), say(plain, ": there may be more, see the notes.")})
	}
	return document{
		head: head,
		sections: []section{
			exposedKeys(e), exposedValues(e),
			sectionOf("Notes", e.Notes, maxItems, func(note string) item { return item{mark: "*", tone: warn, head: []span{tell(note)}} }),
		},
		foot: exposureFoot(e),
	}
}

func exposureHeadline(e report.Exposure) []span {
	words := plural(len(e.Live), "live value", "live values") + " could be read by "
	if len(e.Live) == 0 {
		words = "No live value was ever sealed to "
	}
	return []span{say(strong, words), quoteAs(strong, e.Query), say(strong, ".")}
}

func exposedKeys(e report.Exposure) section {
	return sectionOf("Keys", e.Keys, maxItems, func(k report.ExposedKey) item {
		i := item{mark: "*", head: []span{quoteAs(strong, k.Key)}}
		if len(k.Names) > 0 {
			i.add(say(plain, "declared as "), quote(strings.Join(k.Names, ", ")))
		}
		i.add(say(plain, "could read "+plural(k.Live, "live value", "live values")))
		return i
	})
}

func exposedValues(e report.Exposure) section {
	groups := grouped(e.Live, func(x report.ExposedValue) string { return x.Status + strconv.FormatBool(x.Recipient) })
	return sectionOf("Live values", groups, maxItems, func(group []report.ExposedValue) item {
		i := item{mark: "!", tone: warn}
		i.head = append([]span{say(warn, group[0].Status), say(plain, " ")}, subjects(group, func(x report.ExposedValue) model.Address { return x.Address })...)
		if group[0].Recipient {
			i.add(say(plain, "sealed to it now"))
		} else {
			i.add(say(plain, "no longer sealed to it, but was: git's history keeps that file"))
		}
		return i
	})
}

// exposureFoot ends with commands as they are run, one flag a line.
func exposureFoot(e report.Exposure) [][]span {
	foot := [][]span{{say(plain, "Looked at "+plural(e.Commits, "commit", "commits")+" of state. Of what it could read, "+
		count(e.Ended)+" ended and "+count(e.Expired)+" expired"+elsewhereWords(e)+".")}}
	if len(e.Commands) == 0 {
		return foot
	}
	foot = append(foot, []span{say(plain, "To replace what is exposed:")}, nil)
	for _, command := range e.Commands {
		for line := range strings.SplitSeq(command, "\n") {
			foot = append(foot, []span{quote("  " + line)})
		}
	}
	return foot
}

func elsewhereWords(e report.Exposure) string {
	if e.Elsewhere == 0 {
		return ""
	}
	return ", and " + plural(e.Elsewhere, "is", "are") + " not in this state but on another branch"
}
