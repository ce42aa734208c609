package view

import (
	"errors"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

type errorDocument struct {
	FormatVersion int         `json:"format_version"`
	Error         errorObject `json:"error"`
}

type errorObject struct {
	Message string `json:"message"`
	// Code is that of the first problem, where the error has one.
	Code     string `json:"code,omitzero"`
	Hint     string `json:"hint"`
	ExitCode int    `json:"exit_code"`
	// Problems are there where the error is a list of them.
	Problems []problemDocument `json:"problems,omitzero"`
}

// Error writes the error that ends a command to Err: as text with its hint, or as
// JSON. An error that has a method Hint() string says by it what to do next.
func (v *View) Error(err error, exitCode int, f Format) {
	if err == nil {
		return
	}
	if f == JSON {
		_ = v.printJSON(v.Err, v.errorDocumentOf(err, exitCode))
		return
	}
	v.complain(func(p *page) {
		first, rest, _ := strings.Cut(strings.TrimRight(secret.Mask(err.Error()), "\r\n"), "\n")
		p.spans(say(fault, "error"), say(plain, ": "), quote(first))
		p.more(rest)
		p.hint(hintOf(err))
	})
}

// more writes the further lines of a message, such as a server's words, indented.
func (p *page) more(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.line("  " + strings.TrimRight(line, "\r"))
	}
}

func (v *View) errorDocumentOf(err error, exitCode int) errorDocument {
	out := errorObject{Message: err.Error(), Hint: v.Paste.in(hintOf(err)), ExitCode: exitCode}
	var list diag.List
	if d, ok := firstProblem(err); ok {
		out.Code = d.Code
	}
	if errors.As(err, &list) {
		out.Problems = problemsOf(list)
	}
	return errorDocument{formatVersion, out}
}

// hintOf is what an error says to do next.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	if d, ok := firstProblem(err); ok {
		return d.Hint
	}
	return ""
}

// firstProblem is the problem that an error is, or is a list of.
func firstProblem(err error) (diag.Diagnostic, bool) {
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
