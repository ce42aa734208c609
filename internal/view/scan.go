package view

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
)

// Scan writes what a search for leaked tokens found: text, JSON or SARIF. What was
// not searched goes to Err, as warnings; JSON has it in the document.
func (v *View) Scan(r report.Scan, f Format) error {
	if f != JSON {
		v.leftOut(r)
	}
	if f == SARIF {
		return v.printJSON(v.Out, sarifOfScan(r))
	}
	return v.show(f, form{
		text: func(p *page) { p.scan(r) },
		json: r,
	})
}

func (v *View) leftOut(r report.Scan) {
	for _, l := range r.Left {
		v.Warn(l.Path + ": " + l.Reason)
	}
	for _, note := range r.Notes {
		v.Note(note)
	}
}

func (p *page) scan(r report.Scan) {
	for _, f := range r.Finds {
		p.spans(quote(placeOf(f)), say(plain, ": "), say(findTone(f), statusOf(f)), say(plain, " "), quote(describe(f)))
		p.spans(say(faint, "  hint: "), run(f.Hint()))
	}
	if len(r.Finds) > 0 {
		p.blank()
	}
	p.spans(say(toneOf(r), verdictOf(r)), quote(": "+countSearched(r)))
}

func toneOf(r report.Scan) tone {
	if len(r.Finds) > 0 {
		return fault
	}
	if len(r.Left) > 0 {
		return warn
	}
	return adds
}

func verdictOf(r report.Scan) string {
	switch {
	case len(r.Finds) > 0:
		return plural(len(r.Finds), "token found", "tokens found")
	case len(r.Left) > 0:
		return "No tokens found in what was searched"
	}
	return "No tokens found"
}

func countSearched(r report.Scan) string {
	words := plural(r.Files, "file", "files")
	if r.Versions > 0 {
		words += " and " + plural(r.Versions, "version", "versions") + " in history"
	}
	words += ", " + byteCount(r.Bytes)
	if r.Compared == "" {
		return words + "; there was no state to compare with"
	}
	return words
}

// byteCount is a number of bytes in the unit that suits it.
func byteCount(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= unit.size {
			return strconv.FormatFloat(float64(n)/float64(unit.size), 'f', 1, 64) + " " + unit.name
		}
	}
	return plural(int(n), "byte", "bytes")
}

func placeOf(f report.ScanFind) string {
	where := f.Path
	switch {
	case f.Commit != "" && f.Path == "":
		where = shortCommit(f.Commit) + " (message)"
	case f.Commit != "":
		where = shortCommit(f.Commit) + ":" + f.Path
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

func findTone(f report.ScanFind) tone {
	if f.Dead() {
		return warn
	}
	return fault
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

func sarifOfScan(r report.Scan) sarifLog {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "osmoctl", InformationURI: informationURI, Rules: []sarifRule{{leakedToken}, {deadToken}}}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, len(r.Finds)),
	}
	for i, f := range r.Finds {
		run.Results[i] = resultOf(f)
	}
	invocation := sarifInvocation{Successful: len(r.Left) == 0}
	for _, l := range r.Left {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{"warning", sarifSays(l.Path + ": " + l.Reason)})
	}
	run.Invocations = []sarifInvocation{invocation}
	return sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}}
}

func resultOf(f report.ScanFind) sarifResult {
	what := statusOf(f) + " " + describe(f)
	switch {
	case f.Path == "":
		what = placeOf(f) + ": " + what
	case f.Commit != "":
		what = "in commit " + f.Commit + ": " + what
	}
	out := sarifResult{RuleID: leakedToken, Level: "error", Message: sarifSays(what, "hint: "+f.Hint())}
	if f.Dead() {
		out.RuleID, out.Level = deadToken, "warning"
	}
	if f.Path == "" {
		return out
	}
	place := sarifPhysical{Artifact: sarifFile(f.Path)}
	if f.Line > 0 {
		place.Region = &sarifRegion{StartLine: f.Line, StartColumn: f.Column}
	}
	out.Locations = []sarifLocation{{Physical: place}}
	return out
}
