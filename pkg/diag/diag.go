// Package diag holds problems as values: what is wrong, where, and what to do
// next.
//
// A [Diagnostic] is made where the problem is seen and printed once, at the
// rim, by the view. Packages below the command line collect every problem of
// their input in a [List] instead of stopping at the first, because the reader
// is somebody in a pull request who would rather fix five mistakes in one
// round than in five.
//
// The summary is constant words plus the names involved, the hint says what to
// do next, and the code is stable: tools may match on it, and nothing ever
// matches on text. Text that came from a file or a server is put into a
// diagnostic as it is; escaping belongs to the output that shows it.
package diag

import (
	"fmt"
	"sort"
	"strings"
)

// Severity says whether a problem stops the work.
type Severity uint8

const (
	// Error stops the command; nothing is written.
	Error Severity = iota
	// Warning is shown and changes nothing.
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Position is a place in a file. Line and Column count from 1, Column in
// characters, not bytes. A zero Line means the file as a whole.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitzero"`
	Column int    `json:"column,omitzero"`
}

// String formats the position as file:line:column, leaving out what is unknown.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Compare orders positions by file, line and column.
func (p Position) Compare(q Position) int {
	if c := strings.Compare(p.File, q.File); c != 0 {
		return c
	}
	if p.Line != q.Line {
		return p.Line - q.Line
	}
	return p.Column - q.Column
}

// Related is a second place that a problem is about, such as the first of two
// declarations with one name.
type Related struct {
	Pos     Position `json:"position"`
	Message string   `json:"message"`
}

// Diagnostic is one problem.
type Diagnostic struct {
	Severity Severity
	// Code is a stable name in snake_case, such as "unknown_key".
	Code string
	// Summary is one line without a full stop.
	Summary string
	// Hint says what to do next; it may be empty.
	Hint string
	// Pos is where the problem stands; the zero value means nowhere in a file.
	Pos Position
	// Source is the line of text at Pos, already masked where it held
	// anything shaped like a secret, and Width how many characters from
	// Pos.Column on the problem covers.
	Source string
	Width  int
	// Related names further places.
	Related []Related
}

// Error formats the problem on one line, so that a Diagnostic can be returned
// as an error.
func (d Diagnostic) Error() string {
	if d.Pos.File == "" {
		return d.Summary
	}
	return d.Pos.String() + ": " + d.Summary
}

// List is a collection of problems. The zero value is ready to use.
type List []Diagnostic

// Add appends problems.
func (l *List) Add(d ...Diagnostic) { *l = append(*l, d...) }

// HasErrors reports whether any problem is an error.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Errors returns the problems of severity Error, in their order.
func (l List) Errors() List { return l.only(Error) }

// Warnings returns the problems of severity Warning, in their order.
func (l List) Warnings() List { return l.only(Warning) }

func (l List) only(s Severity) List {
	var out List
	for _, d := range l {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Sort orders the problems by position and, at one position, by code, so that
// the same input gives the same output whatever order it was read in.
func (l List) Sort() {
	sort.SliceStable(l, func(i, j int) bool {
		if c := l[i].Pos.Compare(l[j].Pos); c != 0 {
			return c < 0
		}
		return l[i].Code < l[j].Code
	})
}

// maxShown is how many problems a run reports. Nobody reads more, and there may be
// as many as a hostile input has bytes.
const maxShown = 1000

// CodeTooManyProblems closes a list that was cut.
const CodeTooManyProblems = "too_many_problems"

// Bounded sorts the list and returns at most a thousand of it, errors before
// warnings, closed by a line that says how many more there are.
func (l List) Bounded() List {
	l.Sort()
	if len(l) <= maxShown {
		return l
	}
	kept := l.Errors()
	kept = append(kept, l.Warnings()...)[:maxShown:maxShown]
	kept.Sort()
	severity := Warning
	if kept.HasErrors() {
		severity = Error
	}
	return append(kept, Diagnostic{
		Severity: severity, Code: CodeTooManyProblems,
		Summary: fmt.Sprintf("and %d more problems", len(l)-maxShown), Hint: "fix some of them and look again",
	})
}

// Err returns the list as an error if it holds one, else nil. The result is a
// [List]; take it back with errors.As.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error summarises the list: the first error and how many more there are.
func (l List) Error() string {
	errs := l.Errors()
	switch len(errs) {
	case 0:
		return "no problems"
	case 1:
		return errs[0].Error()
	}
	return fmt.Sprintf("%s (and %d more)", errs[0].Error(), len(errs)-1)
}
