package view

import (
	"path"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Validation writes what a check of declarations found: text, JSON, GitHub or
// SARIF. Text is one line; the problems go through [View.Diagnostics].
func (v *View) Validation(r report.Validation, f Format) error {
	switch f {
	case GitHub:
		return v.annotations(r)
	case SARIF:
		return v.printJSON(v.Out, sarifOf(r))
	}
	return v.show(f, form{
		text: func(p *page) { p.validation(r) },
		json: r,
	})
}

func (p *page) validation(r report.Validation) {
	errors, warnings := len(r.Problems.Errors()), len(r.Problems.Warnings())
	verdict := say(adds, "Valid")
	if errors > 0 {
		verdict = say(fault, "Not valid")
	}
	p.spans(verdict, say(plain, ": "+strings.Join(countRead(r, errors, warnings), ", ")))
}

func countRead(r report.Validation, errors, warnings int) []string {
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
func (v *View) annotations(r report.Validation) error {
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
