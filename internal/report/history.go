package report

import (
	"time"

	"github.com/osmoctl/osmoctl/internal/history"
)

// History is what a walk through the commits of state found.
type History struct {
	// Commits counts those that were checked.
	Commits int `json:"commits"`
	// Complete says that the history was there to its beginning.
	Complete bool          `json:"complete"`
	Findings List[Finding] `json:"findings"`
}

// Finding is a commit that changed state in a way that apply does not.
type Finding struct {
	Commit  string    `json:"commit"`
	Author  string    `json:"author"`
	When    time.Time `json:"when"`
	Subject string    `json:"subject"`
	// Problems are the rules that it breaks.
	Problems List[FindingProblem] `json:"problems"`
	// Effects say what it did to accounts, tokens and roles.
	Effects List[string] `json:"effects"`
	// AcceptedBy and UndoneBy are the commits that settled it, or "".
	AcceptedBy string `json:"accepted_by"`
	UndoneBy   string `json:"undone_by"`
	// Hint says what to do next.
	Hint string `json:"hint"`
}

// FindingProblem is one rule that a commit breaks.
type FindingProblem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// HistoryOf reports what a check of history found.
func HistoryOf(r *history.Report) *History {
	return &History{Commits: r.Checked, Complete: !r.Cut, Findings: FindingsOf(r.Findings)}
}

// FindingsOf reports findings, in their order.
func FindingsOf(list []history.Finding) []Finding {
	out := make([]Finding, len(list))
	for i, f := range list {
		out[i] = Finding{
			Commit: f.Commit, Author: f.Author, When: f.When.UTC(), Subject: f.Subject, Effects: f.Effects,
			AcceptedBy: f.AcceptedBy, UndoneBy: f.UndoneBy, Hint: f.Hint(),
		}
		for _, p := range f.Problems {
			out[i].Problems = append(out[i].Problems, FindingProblem(p))
		}
	}
	return out
}

// Sound reports whether every finding is settled. A nil History, which was not
// walked, is sound.
func (h *History) Sound() bool { return h == nil || h.CountOpen() == 0 }

// CountOpen counts the findings that are not settled.
func (h *History) CountOpen() (n int) {
	for i := range h.Findings {
		if !h.Findings[i].Settled() {
			n++
		}
	}
	return n
}

// Settled reports whether a later commit accepted or undid the finding.
func (f *Finding) Settled() bool { return f.AcceptedBy != "" || f.UndoneBy != "" }
