package report

import (
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/search"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/state"
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
	Left List[ScanLeft]
	// Notes say what is never searched, and was met.
	Notes List[string]
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
	Encodings List[string]
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

// Known are the values that a project issued, which a search compares with.
type Known struct {
	// Commit is that of the state, "" where there is none to compare with.
	Commit string
	// Values has the verdict on each, by its digest.
	Values map[state.Sum]Verdict
	// Unknown are live generations whose values are not known, so that they cannot
	// be found.
	Unknown []model.Address
	// Left says why there is no state, where it could not be read.
	Left []ScanLeft
}

// ScanOf reports what a search found, in the order of places.
func ScanOf(found *search.Result, known Known) Scan {
	out := Scan{Compared: known.Commit, Files: found.Files, Bytes: found.Bytes, Versions: found.Versions, Left: slices.Clone(known.Left), Notes: append(scanNotes(found), unknownNotes(known.Unknown)...)}
	for _, l := range found.Unread {
		out.Left = append(out.Left, ScanLeft{Path: l.Path, Reason: l.Reason})
	}
	for _, in := range found.Inputs {
		for _, p := range in.Places {
			out.Finds = append(out.Finds, scanFindOf(in.Commit, p, known))
		}
		for _, l := range in.Left {
			path, reason := l.Path, l.Reason
			if in.Commit != "" {
				path = in.Commit + ":" + path
			}
			if l.Budget {
				reason += "; --max-unpacked SIZE raises that"
			}
			out.Left = append(out.Left, ScanLeft{Path: path, Reason: reason})
		}
	}
	return out
}

func scanFindOf(commit string, p scan.Place, known Known) ScanFind {
	f := ScanFind{Path: p.Path, Commit: commit, Line: p.Find.Line, Column: p.Find.Column, Offset: p.Find.Offset}
	for _, e := range p.Find.Encodings {
		f.Encodings = append(f.Encodings, string(e))
	}
	verdict, issued := known.Values[p.Find.Sum]
	switch {
	case issued:
		f.Status = verdict.Status
	case known.Commit == "":
		f.Status = ScanUnchecked
	default:
		f.Status = ScanUnknown
	}
	f.Verdict = verdict
	f.Verdict.Fingerprint = state.Sum(p.Find.Sum).Short()
	return f
}

// scanNotes say what was met and is never searched.
func scanNotes(found *search.Result) (notes []string) {
	gits := found.Gits
	if found.Versions > 0 {
		gits = 0 // What is in them was searched.
	}
	for _, n := range []struct {
		count     int
		one, many string
	}{
		{gits, "1 .git directory was left out: --history searches what is in it", "%d .git directories were left out: --history searches what is in them"},
		{found.Links, "1 link was not followed", "%d links were not followed"},
		{found.Others, "1 device, socket or pipe was not opened", "%d devices, sockets and pipes were not opened"},
	} {
		switch {
		case n.count == 1:
			notes = append(notes, n.one)
		case n.count > 1:
			notes = append(notes, fmt.Sprintf(n.many, n.count))
		}
	}
	return notes
}

// unknownNotes say what was not looked for, since nobody knows its value.
func unknownNotes(list []model.Address) []string {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return []string{fmt.Sprintf("%s was adopted: its value is not known, so it is not found", list[0])}
	}
	return []string{fmt.Sprintf("%d tokens were adopted, %s among them: their values are not known, so they are not found", len(list), list[0])}
}

// Address is the generation that was found, "" for a stranger.
func (f ScanFind) Address() string {
	if f.Verdict.User == "" {
		return ""
	}
	return model.TokenAddress(f.Verdict.User, f.Verdict.Token).At(f.Verdict.Generation).String()
}

// Dead reports whether the value is not valid any more.
func (f ScanFind) Dead() bool { return f.Status == "ended" || f.Status == "expired" }

// Hint is what to do next.
func (f ScanFind) Hint() string {
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

type scanDocument struct {
	FormatVersion version `json:"format_version"`
	// Complete says that all was searched that was asked for.
	Complete bool           `json:"complete"`
	Compared string         `json:"compared_with,omitzero"`
	Searched scanCounts     `json:"searched"`
	Finds    []scanFind     `json:"finds"`
	Left     List[ScanLeft] `json:"not_searched"`
	Notes    List[string]   `json:"notes"`
}

type scanCounts struct {
	Files    int   `json:"files"`
	Bytes    int64 `json:"bytes"`
	Versions int   `json:"versions"`
}

type scanFind struct {
	Path        string       `json:"path"`
	Commit      string       `json:"commit,omitzero"`
	Line        int          `json:"line,omitzero"`
	Column      int          `json:"column,omitzero"`
	Offset      int64        `json:"offset"`
	InName      bool         `json:"in_name"`
	Encodings   List[string] `json:"encodings"`
	Fingerprint string       `json:"fingerprint"`
	Status      string       `json:"status"`
	Address     string       `json:"address,omitzero"`
	UserName    string       `json:"user_name,omitzero"`
	TokenName   string       `json:"token_name,omitzero"`
	Generation  int          `json:"generation,omitzero"`
	Roles       List[string] `json:"roles"`
	ExpiresAt   model.Date   `json:"expires_at,omitzero"`
	RevokeAfter model.Date   `json:"revoke_after,omitzero"`
	EndedOn     model.Date   `json:"ended_on,omitzero"`
	EndedReason string       `json:"ended_reason,omitzero"`
	Hint        string       `json:"hint"`
}

// MarshalJSON writes the document.
func (r Scan) MarshalJSON() ([]byte, error) {
	d := scanDocument{
		Complete: len(r.Left) == 0, Compared: r.Compared, Searched: scanCounts{r.Files, r.Bytes, r.Versions},
		Finds: make([]scanFind, len(r.Finds)), Left: r.Left, Notes: r.Notes,
	}
	for i, f := range r.Finds {
		v := f.Verdict
		d.Finds[i] = scanFind{
			f.Path, f.Commit, f.Line, f.Column, f.Offset, f.Line == 0, f.Encodings, v.Fingerprint, f.Status,
			f.Address(), v.User, v.Token, v.Generation, v.Roles, v.ExpiresAt, v.RevokeAfter, v.EndedOn, v.EndedReason, f.Hint(),
		}
	}
	return encode(d)
}
