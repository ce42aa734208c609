package doctor

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// checkProject reads what the work tree declares.
func (p *patient) checkProject(ctx context.Context) []report.Check {
	const area = "project"
	var found report.Check
	err := p.env.WithDeclared(ctx, func(d command.Declared) error {
		errors, warnings := len(d.Found.Errors()), len(d.Found.Warnings())
		p.want = d.Want
		switch {
		case errors > 0:
			found = check(area, "declarations", report.CheckProblem, "osmoctl validate", "what is declared has %s", model.Plural(errors, "error", "errors"))
		case warnings > 0:
			found = check(area, "declarations", report.CheckWarning, "osmoctl validate", "what is declared has %s", model.Plural(warnings, "warning", "warnings"))
		default:
			found = fine(area, "declarations", "%s and %s are declared without a mistake",
				model.Plural(len(d.Want.Accounts), "service account", "service accounts"), model.Plural(len(d.Want.Roles), "role", "roles"))
		}
		return nil
	})
	if err != nil {
		found = fault(area, "declarations", err)
	}
	return []report.Check{found}
}
