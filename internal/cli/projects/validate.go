package projects

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/config"
)

// ValidateCmd checks declarations.
type ValidateCmd struct {
	Format view.Format `short:"t" name:"format-type" enum:"text,json,github,sarif" default:"text" help:"Output format: ${enum}."`
}

func (c ValidateCmd) OutputFormat() view.Format { return c.Format }

// Help is the long description of the command.
func (ValidateCmd) Help() string {
	return `Everything is checked that needs neither state nor repository; all problems are shown in one pass. In a repository the work tree is read as git would store it, as plan does; elsewhere, as it lies.`
}

// Run checks the declarations in the work tree.
func (c *ValidateCmd) Run(ctx context.Context, env *command.Env) error {
	return env.WithDeclared(ctx, func(d command.Declared) error {
		if c.Format == view.Text {
			problems.Show(env.View(), d.Found)
		}
		validation := report.ValidationOf(d.Want, config.CountManifests(d.Files, env.Limits), d.Found)
		validation.Root = workspace.PathInRepository(d.Dir)
		if err := problems.ShowValidation(env.View(), validation, c.Format); err != nil {
			return err
		}
		if d.Found.HasErrors() {
			return command.Silently(command.ExitError)
		}
		return nil
	})
}
