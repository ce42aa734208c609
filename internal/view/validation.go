package view

import (
	"path"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Validation is what a check of declarations found.
type Validation struct {
	// Files, Roles, Accounts and Tokens count what was read.
	Files, Roles, Accounts, Tokens int
	Problems                       diag.List
	// Root is the project's directory relative to the repository's, empty
	// where they are one. Annotations and SARIF name files from the
	// repository's.
	Root string
}

type validationDocument struct {
	FormatVersion int `json:"format_version"`
	// Valid says that there is no problem of severity error.
	Valid    bool              `json:"valid"`
	Summary  validationCounts  `json:"summary"`
	Problems []problemDocument `json:"problems"`
}

type validationCounts struct {
	Files    int `json:"files"`
	Roles    int `json:"roles"`
	Accounts int `json:"accounts"`
	Tokens   int `json:"tokens"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

func (r Validation) document() validationDocument {
	return validationDocument{
		formatVersion, !r.Problems.HasErrors(),
		validationCounts{r.Files, r.Roles, r.Accounts, r.Tokens, len(r.Problems.Errors()), len(r.Problems.Warnings())},
		problemsOf(r.Problems),
	}
}

// Validation writes what a check of declarations found: text, JSON, GitHub or
// SARIF. Text is one line; the problems go through [View.Diagnostics].
func (v *View) Validation(r Validation, f Format) error {
	switch f {
	case GitHub:
		return v.annotations(r)
	case SARIF:
		return v.printJSON(v.Out, sarifOf(r))
	}
	return v.show(f, form{
		text: func(p *page) { p.validation(r) },
		json: func() any { return r.document() },
	})
}

func (p *page) validation(r Validation) {
	errors, warnings := len(r.Problems.Errors()), len(r.Problems.Warnings())
	verdict := say(adds, "Valid")
	if errors > 0 {
		verdict = say(fault, "Not valid")
	}
	p.spans(verdict, say(plain, ": "+strings.Join(r.counts(errors, warnings), ", ")))
}

func (r Validation) counts(errors, warnings int) []string {
	var out []string
	add := func(n int, one, many string, always bool) {
		if n > 0 || always {
			out = append(out, plural(n, one, many))
		}
	}
	add(errors, "error", "errors", false)
	add(warnings, "warning", "warnings", false)
	add(r.Files, "file", "files", false)
	add(r.Roles, "role", "roles", errors == 0)
	add(r.Accounts, "service account", "service accounts", errors == 0)
	add(r.Tokens, "token", "tokens", errors == 0)
	return out
}

// annotations writes a workflow command for each problem. This is the one place
// where commands are written, so it goes past the guard against them.
func (v *View) annotations(r Validation) error {
	var b strings.Builder
	for i := range r.Problems {
		b.WriteString(annotation(&r.Problems[i], r.Root) + "\n")
	}
	_, err := v.Out.Write([]byte(b.String()))
	if err != nil {
		return err
	}
	return v.print(func(p *page) { p.validation(r) })
}

// annotation is one problem as a workflow command of GitHub.
func annotation(d *diag.Diagnostic, root string) string {
	var properties []string
	add := func(name, value string) {
		properties = append(properties, name+"="+EscapeWorkflowProperty(value))
	}
	if d.Pos.File != "" {
		add("file", path.Join(root, d.Pos.File))
	}
	if d.Pos.Line > 0 {
		add("line", strconv.Itoa(d.Pos.Line))
	}
	if d.Pos.Column > 0 {
		add("col", strconv.Itoa(d.Pos.Column))
		add("endColumn", strconv.Itoa(d.Pos.Column+max(d.Width, 1)))
	}
	if d.Code != "" {
		add("title", d.Code)
	}
	return "::" + d.Severity.String() + " " + strings.Join(properties, ",") + "::" + EscapeWorkflowData(message(d))
}

// message is a problem in words, its hint and further places included.
func message(d *diag.Diagnostic) string {
	lines := []string{d.Summary}
	if d.Hint != "" {
		lines = append(lines, "hint: "+d.Hint)
	}
	for _, r := range d.Related {
		lines = append(lines, r.Pos.String()+": "+r.Message)
	}
	return strings.Join(lines, "\n")
}
