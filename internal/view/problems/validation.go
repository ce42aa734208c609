package problems

import (
	"path"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// ShowValidation writes what a check of declarations found: text, JSON, GitHub or
// SARIF. Text is one line; the problems go through [Show].
func ShowValidation(v *view.View, r report.Validation, f view.Format) error {
	switch f {
	case view.GitHub:
		if err := ShowAnnotations(v, r.Problems, r.Root); err != nil {
			return err
		}
		return v.Print(func(p *view.Page) { writeValidation(p, r) })
	case view.SARIF:
		return v.WriteJSON(v.Out, sarifOf(r))
	}
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeValidation(p, r) },
		JSON: r,
	})
}

func writeValidation(p *view.Page, r report.Validation) {
	errors, warnings := len(r.Problems.Errors()), len(r.Problems.Warnings())
	verdict := view.Say(view.Adds, "Valid")
	if errors > 0 {
		verdict = view.Say(view.Fault, "Not valid")
	}
	line := ": " + strings.Join(countRead(r, errors, warnings), ", ")
	if r.Server.Version != "" {
		line += "; for OSMO " + r.Server.Version
	}
	p.Spans(verdict, view.Say(view.Plain, line))
}

func countRead(r report.Validation, errors, warnings int) []string {
	var out []string
	add := func(n int, one, many string, always bool) {
		if n > 0 || always {
			out = append(out, view.Plural(n, one, many))
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

// ShowAnnotations writes a workflow command of GitHub for each problem, in files below root.
// This is the one place where commands are written, so it goes past the guard against
// them.
func ShowAnnotations(v *view.View, list diag.List, root string) error {
	var b strings.Builder
	for i := range list {
		b.WriteString(annotation(&list[i], root) + "\n")
	}
	_, err := v.Out.Write([]byte(b.String()))
	return err
}

// annotation is one problem as a workflow command of GitHub.
func annotation(d *diag.Diagnostic, root string) string {
	var properties []string
	add := func(name, value string) {
		properties = append(properties, name+"="+view.EscapeWorkflowProperty(value))
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
	return "::" + d.Severity.String() + " " + strings.Join(properties, ",") + "::" + view.EscapeWorkflowData(message(d))
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
