package view

import (
	"strconv"
	"time"
)

// LogEntry is one commit of state.
type LogEntry struct {
	Commit string    `json:"commit"`
	When   time.Time `json:"when"`
	Author string    `json:"author"`
	// Actor, Serial, Plan and Run are what the commit's trailers say.
	Actor  string `json:"actor,omitzero"`
	Serial int    `json:"serial,omitzero"`
	Plan   string `json:"plan,omitzero"`
	Run    string `json:"run,omitzero"`
	// Reason is why generations were revoked before their time.
	Reason string `json:"reason,omitzero"`
	// Summary is the commit's subject, Changes one line for each change.
	Summary string   `json:"summary"`
	Changes []string `json:"changes"`
	// ByOsmoctl says that apply made the commit.
	ByOsmoctl bool `json:"by_osmoctl"`
}

type logDocument struct {
	FormatVersion int        `json:"format_version"`
	Entries       []LogEntry `json:"entries"`
}

// Log writes history, in its order: text or JSON.
func (v *View) Log(list []LogEntry, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.log(list) },
		json: func() any { return logDocumentOf(list) },
	})
}

func logDocumentOf(list []LogEntry) logDocument {
	entries := make([]LogEntry, len(list))
	for i, e := range list {
		e.When, e.Changes = e.When.UTC(), orEmpty(e.Changes)
		entries[i] = e
	}
	return logDocument{formatVersion, entries}
}

func (p *page) log(list []LogEntry) {
	if len(list) == 0 {
		p.line("No history found")
		return
	}
	for i, e := range list {
		if i > 0 {
			p.blank()
		}
		p.logEntry(e)
	}
}

func (p *page) logEntry(e LogEntry) {
	head := []span{quoteAs(alters, shortCommit(e.Commit)), quote("  " + moment(e.When) + "  " + actorWords(e))}
	if e.Serial > 0 {
		head = append(head, say(plain, "  serial "+strconv.Itoa(e.Serial)))
	}
	p.spans(head...)
	if !e.ByOsmoctl {
		p.spans(say(warn, "  not made by osmoctl"))
	}
	p.line("  " + e.Summary)
	for _, c := range e.Changes {
		p.line("    " + c)
	}
	if e.Reason != "" {
		p.spans(say(plain, "  reason "), quote(e.Reason))
	}
	if e.Plan != "" {
		p.spans(say(faint, "  plan "), quoteAs(faint, e.Plan), say(faint, runWords(e.Run)))
	}
}

func runWords(run string) string {
	if run == "" {
		return ""
	}
	return "  run " + run
}

// actorWords names who asked for the change and, where that differs, who made
// the commit.
func actorWords(e LogEntry) string {
	if e.Actor == "" || e.Actor == e.Author {
		return e.Author
	}
	return e.Actor + " (committed by " + e.Author + ")"
}
