package access

import (
	"context"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	view "github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/pkg/config"
)

type testCmd struct {
	command.TextOrJSON
	moment
	File string `arg:"" type:"path" predictor:"file" placeholder:"FILE" help:"A table of expected answers; osmoctl schema access-expectations has its form."`
}

// Help is the long description of the command.
func (testCmd) Help() string {
	return `For a team's own CI: what must stay possible, and what must never become so. What is expected to be possible has to be so on every server that the project may be for, and what is not has to be refused by every one.

The file:
  access:
    - subject: account/svc-ci
      can: ["workflow:Create pool/ml-training"]
      cannot: ["workflow:Exec pool/prod", "POST /api/auth/user"]`
}

// Run tests.
func (c *testCmd) Run(ctx context.Context, env *command.Env) error {
	path := env.Abs(c.File)
	list, problems := config.LoadExpectations(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if problems.HasErrors() {
		return problems
	}
	m, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	passed, failed, problems := m.Check(list)
	if problems.HasErrors() {
		config.Annotate(os.DirFS(filepath.Dir(path)), problems)
		return problems
	}
	if err := view.ShowTest(env.View(), report.AccessTest{At: c.At, Passed: passed, Failed: failed}, c.Format); err != nil {
		return err
	}
	if len(failed) > 0 {
		return command.Silently(command.ExitInvalid)
	}
	return nil
}
