package access

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/report"
	view "github.com/osmoctl/osmoctl/internal/view/access"
)

type showCmd struct {
	command.TextOrJSON
	moment
	subject
	Matrix bool `help:"Show all subjects by services and pools instead."`
}

// Help is the long description of the command.
func (showCmd) Help() string {
	return `Each grant stands with its weight and the policy that gives it, the heaviest first; below stands what some policy allows and a Deny refuses. With --matrix a cell says how much a subject can do in a service, or with the workflows of a pool: r reads, w writes, W all of a scope, S administrator by a step, A administrator.`
}

// Run shows.
func (c *showCmd) Run(ctx context.Context, env *command.Env) error {
	if named := c.Subject != "" || len(c.Roles) > 0; named == c.Matrix {
		return command.Usagef("name a SUBJECT or --roles, or give --matrix for all of them")
	}
	if c.Matrix {
		m, err := c.openForAll(ctx, env)
		if err != nil {
			return err
		}
		return view.ShowMatrix(env.View(), report.AccessMatrix{At: c.At, Matrix: m.Matrix()}, c.Format)
	}
	m, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	asked, err := c.find(m, c.At)
	if err != nil {
		return err
	}
	return view.Show(env.View(), report.AccessShow{At: c.At, Report: m.Show(asked)}, c.Format)
}
