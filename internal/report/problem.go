package report

import (
	"errors"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// problem is the JSON form of a problem.
type problem struct {
	Severity string         `json:"severity"`
	Code     string         `json:"code"`
	Message  string         `json:"message"`
	Hint     string         `json:"hint"`
	Position *diag.Position `json:"position"`
	Related  []related      `json:"related"`
}

type related struct {
	Position diag.Position `json:"position"`
	Message  string        `json:"message"`
}

func problemsOf(list diag.List) []problem {
	out := make([]problem, len(list))
	for i := range list {
		d := &list[i]
		out[i] = problem{Severity: d.Severity.String(), Code: d.Code, Message: d.Summary, Hint: d.Hint, Related: make([]related, len(d.Related))}
		if d.Pos.File != "" {
			out[i].Position = &d.Pos
		}
		for n, r := range d.Related {
			out[i].Related[n] = related{r.Pos, r.Message}
		}
	}
	return out
}

// Error is the error that ends a command.
type Error struct {
	// Message is the error in words, Hint what it says to do next, or "".
	Message, Hint string
	// Code is that of the first problem, where the error has one.
	Code     string
	ExitCode int
	// Problems are there where the error is a list of them.
	Problems diag.List
}

// ErrorOf reports an error. One that has a method Hint() string says by it what to
// do next; else the first problem that it is, or is a list of, does.
func ErrorOf(err error, exitCode int) Error {
	out := Error{Message: err.Error(), ExitCode: exitCode}
	_ = errors.As(err, &out.Problems)
	first, isProblem := FirstProblem(err)
	if isProblem {
		out.Code, out.Hint = first.Code, first.Hint
	}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		out.Hint = hinted.Hint()
	}
	return out
}

// FirstProblem is the problem that an error is, or the first of severity error in
// the list that it is.
func FirstProblem(err error) (diag.Diagnostic, bool) {
	var one diag.Diagnostic
	if errors.As(err, &one) {
		return one, true
	}
	var list diag.List
	if errors.As(err, &list) {
		if found := list.Errors(); len(found) > 0 {
			return found[0], true
		}
	}
	return diag.Diagnostic{}, false
}

type errorDocument struct {
	FormatVersion version     `json:"format_version"`
	Error         errorObject `json:"error"`
}

type errorObject struct {
	Message  string    `json:"message"`
	Code     string    `json:"code,omitzero"`
	Hint     string    `json:"hint"`
	ExitCode int       `json:"exit_code"`
	Problems []problem `json:"problems,omitzero"`
}

// MarshalJSON writes the document.
func (e Error) MarshalJSON() ([]byte, error) {
	o := errorObject{Message: e.Message, Code: e.Code, Hint: e.Hint, ExitCode: e.ExitCode}
	if e.Problems != nil {
		o.Problems = problemsOf(e.Problems)
	}
	return encode(errorDocument{Error: o})
}
