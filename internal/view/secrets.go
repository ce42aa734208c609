package view

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Who says which keys can read a token, by the record.
type Who struct {
	FormatVersion int    `json:"format_version"`
	UserName      string `json:"user_name"`
	TokenName     string `json:"token_name"`
	// Generations are the live ones that were asked for, newest first.
	Generations []WhoGeneration `json:"generations"`
	// Next are the keys that the next value would be sealed to; nil where the
	// declarations do not say it.
	Next []plan.Reader `json:"next"`
}

// WhoGeneration is one live value.
type WhoGeneration struct {
	Generation int        `json:"generation"`
	Status     string     `json:"status"`
	ExpiresAt  model.Date `json:"expires_at"`
	// Recipients are the keys it is sealed to, FormerRecipients those that it
	// was sealed to earlier.
	Recipients       []plan.Reader `json:"recipients"`
	FormerRecipients []plan.Reader `json:"former_recipients"`
	// Ciphertext is the path of the sealed value, Stanzas what its header has.
	Ciphertext string   `json:"ciphertext"`
	Stanzas    []string `json:"stanzas"`
	// Fits says that the file is the recorded one, and its header can be that
	// of these recipients.
	Fits bool `json:"fits"`
	// Problem says why it does not fit.
	Problem string `json:"problem,omitzero"`
}

// Who writes who can read a token: text or JSON.
func (v *View) Who(w Who, f Format) error {
	w.FormatVersion = formatVersion
	return v.show(f, form{
		text: func(p *page) { p.who(w) },
		json: func() any { return w },
	})
}

func (p *page) who(w Who) {
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

func (p *page) whoGeneration(g WhoGeneration) {
	p.line("Generation " + count(g.Generation) + " (" + g.Status + ", " + endWords(g.Status, Midnight(g.ExpiresAt)) + "):")
	p.readers("  - ", g.Recipients)
	p.readers("  - formerly ", g.FormerRecipients)
	if g.Fits {
		p.line("  File: " + g.Ciphertext + " fits, with " + StanzaWords(g.Stanzas))
		return
	}
	p.spans(say(fault, "  File: "), quote(g.Ciphertext), say(plain, " does not fit: "), quote(g.Problem))
}

func (p *page) readers(before string, list []plan.Reader) {
	for _, r := range list {
		p.line(before + keyName(r.Name, r.Key))
	}
}

// StanzaWords counts stanzas by type: 2 X25519, 1 ssh-ed25519.
func StanzaWords(types []string) string {
	var parts []string
	for _, group := range grouped(types, func(t string) string { return t }) {
		parts = append(parts, count(len(group))+" "+group[0])
	}
	return joined(parts)
}

// Exposure says which live values a key could ever read, and how they are
// replaced.
type Exposure struct {
	FormatVersion int    `json:"format_version"`
	Query         string `json:"query"`
	// Keys are those that the query stands for, with the names they ever had.
	Keys []ExposedKey `json:"keys"`
	// Complete says that all of history was looked at: the clone is not
	// shallow, and every record could be read.
	Complete bool `json:"complete"`
	// Commits is how many that changed state were looked at.
	Commits int      `json:"commits"`
	Notes   []string `json:"notes"`
	// Live are the values that still work, by address.
	Live []ExposedValue `json:"live"`
	// Expired and Ended count values that one of the keys could read and that
	// do not work any more. Elsewhere counts those that state does not know,
	// such as what was issued on a branch that was not merged.
	Expired   int `json:"expired"`
	Ended     int `json:"ended"`
	Elsewhere int `json:"elsewhere"`
	// Rotate are tokens to rotate, Revoke generations that no rotation ends.
	Rotate []model.Address `json:"rotate"`
	Revoke []model.Address `json:"revoke"`
	// Commands are what does it, ready to be run.
	Commands []string `json:"commands"`
}

// ExposedKey is a key that was asked about.
type ExposedKey struct {
	Key   string   `json:"key"`
	Names []string `json:"names"`
	// Live is how many live values it could read.
	Live int `json:"live"`
}

// ExposedValue is a live value that one of the keys could read.
type ExposedValue struct {
	Address     model.Address `json:"address"`
	Status      string        `json:"status"`
	ExpiresAt   model.Date    `json:"expires_at"`
	RevokeAfter model.Date    `json:"revoke_after,omitzero"`
	// Keys are those of the keys that could read it.
	Keys []string `json:"keys"`
	// Recipient says that the file at hand is sealed to one of them; else it
	// is history alone that one of them opens.
	Recipient bool `json:"recipient"`
}

// Exposure writes what a key could read: text or JSON.
func (v *View) Exposure(e Exposure, f Format) error {
	e.FormatVersion = formatVersion
	if f == JSON {
		return v.printJSON(v.Out, e)
	}
	return v.showDocument(f, exposureReport(e))
}

func exposureReport(e Exposure) document {
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

func exposureHeadline(e Exposure) []span {
	words := plural(len(e.Live), "live value", "live values") + " could be read by "
	if len(e.Live) == 0 {
		words = "No live value was ever sealed to "
	}
	return []span{say(strong, words), quoteAs(strong, e.Query), say(strong, ".")}
}

func exposedKeys(e Exposure) section {
	return sectionOf("Keys", e.Keys, maxItems, func(k ExposedKey) item {
		i := item{mark: "*", head: []span{quoteAs(strong, k.Key)}}
		if len(k.Names) > 0 {
			i.add(say(plain, "declared as "), quote(joined(k.Names)))
		}
		i.add(say(plain, "could read "+plural(k.Live, "live value", "live values")))
		return i
	})
}

func exposedValues(e Exposure) section {
	groups := grouped(e.Live, func(x ExposedValue) string { return x.Status + strconv.FormatBool(x.Recipient) })
	return sectionOf("Live values", groups, maxItems, func(group []ExposedValue) item {
		i := item{mark: "!", tone: warn}
		i.head = append([]span{say(warn, group[0].Status), say(plain, " ")}, subjects(group, func(x ExposedValue) model.Address { return x.Address })...)
		if group[0].Recipient {
			i.add(say(plain, "sealed to it now"))
		} else {
			i.add(say(plain, "no longer sealed to it, but was: git's history keeps that file"))
		}
		return i
	})
}

// exposureFoot ends with commands as they are run, one flag a line.
func exposureFoot(e Exposure) [][]span {
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

func elsewhereWords(e Exposure) string {
	if e.Elsewhere == 0 {
		return ""
	}
	return ", and " + plural(e.Elsewhere, "is", "are") + " not in this state but on another branch"
}
