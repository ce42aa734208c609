package report

import (
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
)

// Log is a part of the history of state.
type Log struct {
	FormatVersion version        `json:"format_version"`
	Entries       List[LogEntry] `json:"entries"`
}

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
	Summary string       `json:"summary"`
	Changes List[string] `json:"changes"`
	// ByOsmoctl says that apply made the commit.
	ByOsmoctl bool `json:"by_osmoctl"`
}

// LogEntryOf reports a commit, by what apply wrote into its message.
func LogEntryOf(c git.Commit) LogEntry {
	m := record.Parse(c.Message)
	return LogEntry{
		Commit: c.Hash, When: c.Committer.When.UTC(), Author: c.Author.Name, Summary: m.Subject, ByOsmoctl: m.ByOsmoctl(), Changes: m.Changes,
		Serial: m.Serial, Plan: m.Plan, Run: m.Run, Actor: m.Actor, Reason: m.Reason,
	}
}

// Concerns reports whether an entry is about an object whose file it changed. The
// tokens of an account share a file, so of those the changes tell. A commit made by
// hand might be about anything in the file.
func (e LogEntry) Concerns(a model.Address) bool {
	if a.Kind != model.KindToken || !e.ByOsmoctl {
		return true
	}
	for _, change := range e.Changes {
		_, address, _ := strings.Cut(change, " ")
		changed, err := model.ParseAddress(address)
		if err != nil || changed == a || changed.Token() == a.Token() && (a.Generation == 0 || changed.Generation == 0) || changed == model.AccountAddress(a.Account) {
			return true
		}
	}
	return false
}
