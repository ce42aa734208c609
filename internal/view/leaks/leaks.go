// Package leaks lays out what a search for leaked tokens found.
package leaks

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/sarif"
)

// Show writes what a search for leaked tokens found: text, JSON or SARIF. What was
// not searched goes to Err, as warnings; JSON has it in the document.
func Show(v *view.View, r report.Scan, f view.Format) error {
	if f != view.JSON {
		warnLeft(v, r)
	}
	if f == view.SARIF {
		return v.WriteJSON(v.Out, sarifOf(r))
	}
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeScan(p, r) },
		JSON: r,
	})
}

func warnLeft(v *view.View, r report.Scan) {
	for _, l := range r.Left {
		v.Warn(l.Path + ": " + l.Reason)
	}
	for _, note := range r.Notes {
		v.Note(note)
	}
}

func writeScan(p *view.Page, r report.Scan) {
	for _, f := range r.Finds {
		p.Spans(view.Quote(placeOf(f)), view.Say(view.Plain, ": "), view.Say(findTone(f), statusOf(f)), view.Say(view.Plain, " "), view.Quote(describe(f)))
		p.Spans(view.Say(view.Faint, "  hint: "), view.Run(f.Hint()))
	}
	if len(r.Finds) > 0 {
		p.Blank()
	}
	p.Spans(view.Say(toneOf(r), verdictOf(r)), view.Quote(": "+countSearched(r)))
}

func toneOf(r report.Scan) view.Tone {
	if len(r.Finds) > 0 {
		return view.Fault
	}
	if len(r.Left) > 0 {
		return view.Warn
	}
	return view.Adds
}

func verdictOf(r report.Scan) string {
	switch {
	case len(r.Finds) > 0:
		return view.Plural(len(r.Finds), "token found", "tokens found")
	case len(r.Left) > 0:
		return "No tokens found in what was searched"
	}
	return "No tokens found"
}

func countSearched(r report.Scan) string {
	words := view.Plural(r.Files, "file", "files")
	if r.Versions > 0 {
		words += " and " + view.Plural(r.Versions, "version", "versions") + " in history"
	}
	words += ", " + view.Size(r.Bytes)
	if r.Compared == "" {
		return words + "; there was no state to compare with"
	}
	return words
}

func placeOf(f report.ScanFind) string {
	where := f.Path
	switch {
	case f.Commit != "" && f.Path == "":
		where = view.ShortCommit(f.Commit) + " (message)"
	case f.Commit != "":
		where = view.ShortCommit(f.Commit) + ":" + f.Path
	}
	if f.Line == 0 {
		return where
	}
	return fmt.Sprintf("%s:%d:%d", where, f.Line, f.Column)
}

// statusOf is what is known of the token, in the words of the design.
func statusOf(f report.ScanFind) string {
	v := f.Verdict
	switch f.Status {
	case report.ScanUnchecked:
		return "a token"
	case report.ScanUnknown:
		return "a token that this project never issued"
	case "ended":
		return "ended on " + v.EndedOn.String()
	case "expired":
		return "expired since " + v.ExpiresAt.String()
	case "retiring":
		return "retiring until " + v.RevokeAfter.String()
	}
	return f.Status
}

func findTone(f report.ScanFind) view.Tone {
	if f.Dead() {
		return view.Warn
	}
	return view.Fault
}

// describe is whose token it is and how it was written.
func describe(f report.ScanFind) string {
	var words []string
	if a := f.Address(); a != "" {
		words = append(words, a)
	}
	if f.Line == 0 {
		words = append(words, "in the name")
	}
	if len(f.Encodings) > 0 {
		words = append(words, "in "+strings.Join(f.Encodings, ", in "))
	}
	if f.Verdict.EndedReason != "" {
		words = append(words, "because "+f.Verdict.EndedReason)
	}
	return strings.TrimPrefix(strings.Join(words, ", ")+" ("+f.Verdict.Fingerprint+")", " ")
}

// leakRules name the rules of SARIF: tokens that may be valid, and those that
// are not any more.
const (
	leakedToken = "leaked_token"
	deadToken   = "leaked_dead_token"
)

func sarifOf(r report.Scan) sarif.Log {
	results := make([]sarif.Result, len(r.Finds))
	for i, f := range r.Finds {
		results[i] = resultOf(f)
	}
	run := sarif.Invocation{Successful: len(r.Left) == 0}
	for _, l := range r.Left {
		run.Notifications = append(run.Notifications, sarif.Notification{Level: "warning", Message: sarif.Say(l.Path + ": " + l.Reason)})
	}
	return sarif.Of([]sarif.Rule{{ID: leakedToken}, {ID: deadToken}}, results, run)
}

func resultOf(f report.ScanFind) sarif.Result {
	what := statusOf(f) + " " + describe(f)
	switch {
	case f.Path == "":
		what = placeOf(f) + ": " + what
	case f.Commit != "":
		what = "in commit " + f.Commit + ": " + what
	}
	out := sarif.Result{RuleID: leakedToken, Level: "error", Message: sarif.Say(what, "hint: "+f.Hint())}
	if f.Dead() {
		out.RuleID, out.Level = deadToken, "warning"
	}
	if f.Path == "" {
		return out
	}
	place := sarif.Physical{Artifact: sarif.ArtifactOf(f.Path)}
	if f.Line > 0 {
		place.Region = &sarif.Region{StartLine: f.Line, StartColumn: f.Column}
	}
	out.Locations = []sarif.Location{{Physical: place}}
	return out
}
