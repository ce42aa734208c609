package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/lint"
)

type lintCmd struct {
	Format   view.Format `short:"t" name:"format-type" enum:"text,json,github,sarif" default:"text" help:"Output format: ${enum}."`
	Severity string      `enum:"warning,error" default:"warning" help:"The least severity that is shown: ${enum}. An error is what gives or refuses more than it says."`
	Codes    []string    `name:"code" predictor:"lint-code" placeholder:"CODE" help:"Show only findings of these codes."`
}

func (c lintCmd) OutputFormat() view.Format { return c.Format }

// Help is the long description of the command.
func (lintCmd) Help() string {
	return `The declarations in the work tree are held against a table of rules, by the rules of the OSMO server that osmoctl.yaml names, or of both modes where it names none. docs/access.md lists the codes.

A comment directly above a role, a service account or a statement of a role takes a finding away: # osmoctl:ignore CODE reason. The reason is required, and a comment that suppresses nothing is a finding.

Exit codes: 0 nothing is shown; 6 something is; 1 the declarations cannot be read.`
}

// Run lints the declarations in the work tree.
func (c *lintCmd) Run(ctx context.Context, env *command.Env) error {
	codes, err := readCodes(c.Codes)
	if err != nil {
		return err
	}
	return env.WithDeclared(ctx, func(d command.Declared) error {
		if d.Want == nil {
			return d.Found.Err()
		}
		result := lint.Run(d.Want, d.Found)
		config.Annotate(d.Files, result.Findings)
		least := diag.Warning
		if c.Severity == "error" {
			least = diag.Error
		}
		said := report.LintOf(d.Want, result, codes, least)
		said.Root = workspace.PathInRepository(d.Dir)
		if err := access.ShowLint(env.View(), said, c.Format); err != nil {
			return err
		}
		if len(said.Findings) > 0 {
			return command.Silently(command.ExitInvalid)
		}
		return nil
	})
}

// readCodes checks that every code is one.
func readCodes(codes []string) (map[string]bool, error) {
	asked := map[string]bool{}
	for _, code := range codes {
		if !slices.Contains(lint.Codes(), code) {
			err := fmt.Errorf("there is no rule %q", code)
			if near := diag.Nearest(code, lint.Codes()); near != "" {
				err = diag.Hinted(err, "did you mean "+near+"?")
			}
			return nil, command.Usage(err)
		}
		asked[code] = true
	}
	return asked, nil
}
