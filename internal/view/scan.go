package view

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Scan is what a search for leaked tokens found.
type Scan struct {
	// Compared is the commit whose state the finds were compared with; empty
	// where there was no state.
	Compared string
	// Files and Bytes count what was searched, archives unpacked.
	Files int
	Bytes int64
	// Versions counts what was searched of git's history; 0 where it was not.
	Versions int
	Finds    []ScanFind
	// Left is what was not searched although it should have been.
	Left []ScanLeft
	// Notes say what is never searched, and was met.
	Notes []string
}

// ScanFind is a token that was found.
type ScanFind struct {
	// Path is where it is. Behind a "!" stands the member of an archive.
	Path string
	// Commit is the first commit that has it, where it was found in history.
	Commit string
	// Line and Column are 0 where it stands in a name.
	Line, Column int
	Offset       int64
	// Encodings are those that it is wrapped in, the outermost first.
	Encodings []string
	// Status is that of the generation; or ScanUnknown, or ScanUnchecked.
	Status string
	// The rest of what is known of it; Verdict.User is empty for a stranger.
	Verdict Verdict
}

// The status of a token that is not in the state, and of one where there is no
// state to look it up in.
const (
	ScanUnknown   = "unknown"
	ScanUnchecked = "unchecked"
)

// ScanLeft is something that was not searched, and why.
type ScanLeft struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

type scanDocument struct {
	FormatVersion int `json:"format_version"`
	// Complete says that all was searched that was asked for.
	Complete bool               `json:"complete"`
	Compared string             `json:"compared_with,omitzero"`
	Searched scanCounts         `json:"searched"`
	Finds    []scanFindDocument `json:"finds"`
	Left     []ScanLeft         `json:"not_searched"`
	Notes    []string           `json:"notes"`
}

type scanCounts struct {
	Files    int   `json:"files"`
	Bytes    int64 `json:"bytes"`
	Versions int   `json:"versions"`
}

type scanFindDocument struct {
	Path        string     `json:"path"`
	Commit      string     `json:"commit,omitzero"`
	Line        int        `json:"line,omitzero"`
	Column      int        `json:"column,omitzero"`
	Offset      int64      `json:"offset"`
	InName      bool       `json:"in_name"`
	Encodings   []string   `json:"encodings"`
	Fingerprint string     `json:"fingerprint"`
	Status      string     `json:"status"`
	Address     string     `json:"address,omitzero"`
	UserName    string     `json:"user_name,omitzero"`
	TokenName   string     `json:"token_name,omitzero"`
	Generation  int        `json:"generation,omitzero"`
	Roles       []string   `json:"roles"`
	ExpiresAt   model.Date `json:"expires_at,omitzero"`
	RevokeAfter model.Date `json:"revoke_after,omitzero"`
	EndedOn     model.Date `json:"ended_on,omitzero"`
	EndedReason string     `json:"ended_reason,omitzero"`
	Hint        string     `json:"hint"`
}

func (r Scan) document() scanDocument {
	d := scanDocument{
		formatVersion, len(r.Left) == 0, r.Compared,
		scanCounts{r.Files, r.Bytes, r.Versions},
		make([]scanFindDocument, len(r.Finds)), orEmpty(r.Left), orEmpty(r.Notes),
	}
	for i, f := range r.Finds {
		v := f.Verdict
		d.Finds[i] = scanFindDocument{
			f.Path, f.Commit, f.Line, f.Column, f.Offset, f.Line == 0, orEmpty(f.Encodings), v.Fingerprint, f.Status,
			f.address(), v.User, v.Token, v.Generation, orEmpty(v.Roles), v.ExpiresAt, v.RevokeAfter, v.EndedOn, v.EndedReason, f.hint(),
		}
	}
	return d
}

// Scan writes what a search for leaked tokens found: text, JSON or SARIF. What was
// not searched goes to Err, as warnings; JSON has it in the document.
func (v *View) Scan(r Scan, f Format) error {
	if f != JSON {
		v.leftOut(r)
	}
	if f == SARIF {
		return v.printJSON(v.Out, r.sarif())
	}
	return v.show(f, form{
		text: func(p *page) { p.scan(r) },
		json: func() any { return r.document() },
	})
}

func (v *View) leftOut(r Scan) {
	for _, l := range r.Left {
		v.Warn(l.Path + ": " + l.Reason)
	}
	for _, note := range r.Notes {
		v.Note(note)
	}
}

func (p *page) scan(r Scan) {
	for _, f := range r.Finds {
		p.spans(quote(f.where()), say(plain, ": "), say(f.tone(), f.status()), say(plain, " "), quote(f.what()))
		p.spans(say(faint, "  hint: "), quote(p.paste.in(f.hint())))
	}
	if len(r.Finds) > 0 {
		p.blank()
	}
	p.spans(say(r.tone(), r.verdict()), quote(": "+r.counts()))
}

func (r Scan) tone() tone {
	if len(r.Finds) > 0 {
		return fault
	}
	if len(r.Left) > 0 {
		return warn
	}
	return adds
}

func (r Scan) verdict() string {
	switch {
	case len(r.Finds) > 0:
		return plural(len(r.Finds), "token found", "tokens found")
	case len(r.Left) > 0:
		return "No tokens found in what was searched"
	}
	return "No tokens found"
}

func (r Scan) counts() string {
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

func (f ScanFind) where() string {
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

// status is what is known of the token, in the words of the design.
func (f ScanFind) status() string {
	v := f.Verdict
	switch f.Status {
	case ScanUnchecked:
		return "a token"
	case ScanUnknown:
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

func (f ScanFind) tone() tone {
	if f.Status == "ended" || f.Status == "expired" {
		return warn
	}
	return fault
}

// what is whose token it is and how it was written.
func (f ScanFind) what() string {
	var words []string
	if a := f.address(); a != "" {
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

func (f ScanFind) address() string {
	if f.Verdict.User == "" {
		return ""
	}
	return model.TokenAddress(f.Verdict.User, f.Verdict.Token).At(f.Verdict.Generation).String()
}

// hint is what to do next.
func (f ScanFind) hint() string {
	v := f.Verdict
	switch f.Status {
	case "ended":
		return "it is not valid any more; keep the others out of this place"
	case "expired":
		return "it is not valid any more, and the next apply that rotates it ends it"
	case ScanUnchecked:
		return "scan again within its project, with -C DIR, to learn whose it is"
	case ScanUnknown:
		return "find the project that issued it, and revoke it there"
	}
	return fmt.Sprintf("osmoctl token revoke %s/%s@%d --reason 'leaked'", v.User, v.Token, v.Generation)
}

// leakRules name the rules of SARIF: tokens that may be valid, and those that
// are not any more.
const (
	leakedToken = "leaked_token"
	deadToken   = "leaked_dead_token"
)

func (r Scan) sarif() sarifLog {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "osmoctl", InformationURI: informationURI, Rules: []sarifRule{{leakedToken}, {deadToken}}}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, len(r.Finds)),
	}
	for i, f := range r.Finds {
		run.Results[i] = f.sarif()
	}
	invocation := sarifInvocation{Successful: len(r.Left) == 0}
	for _, l := range r.Left {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{"warning", sarifSays(l.Path + ": " + l.Reason)})
	}
	run.Invocations = []sarifInvocation{invocation}
	return sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}}
}

func (f ScanFind) sarif() sarifResult {
	what := f.status() + " " + f.what()
	switch {
	case f.Path == "":
		what = f.where() + ": " + what
	case f.Commit != "":
		what = "in commit " + f.Commit + ": " + what
	}
	out := sarifResult{RuleID: leakedToken, Level: "error", Message: sarifSays(what, "hint: "+f.hint())}
	if f.tone() == warn {
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
