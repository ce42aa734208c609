package states

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/change"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
)

type restoreCmd struct {
	command.TextOrJSON
	change.Options
	AllowAdministrators *int                     `placeholder:"N" help:"Let up to N accounts and tokens be administrators, at once or by a step."`
	AllowForbidden      []model.ForbiddenSubject `placeholder:"RULE:ADDR" help:"Let this account or token gain what the rule forbids. Repeatable."`
	Commit              string                   `arg:"" placeholder:"COMMIT" help:"The commit whose state is to come back: of this project's history, made by osmoctl."`
}

// Help is the long description of the command.
func (restoreCmd) Help() string {
	return `A restore repairs forward: it shows a plan, and makes one new commit with the next serial. Roles, accounts and tokens are then as they were at COMMIT, with exceptions. What has ended since stays ended, and no number is given out twice. Generations that are live now and were not at COMMIT are ended. A token that comes back without a live generation gets one from the next apply. Guardrails and recipients stay those last recorded: max_administrators and forbid hold what comes back, as they do a plan. It works also where the state at hand cannot be read: after an edit by hand or a bad merge. What the declarations want on top is for osmoctl plan to show.`
}

// Run plans, asks, and restores.
func (c *restoreCmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.CheckAsked(env); err != nil {
		return err
	}
	return c.Open(ctx, env, env.Outside(), func(w *workspace.Workspace) error {
		done, err := c.Make(ctx, env, w, &workspace.Restore{Commit: c.Commit, Allow: model.Allowance{Administrators: c.AllowAdministrators, Forbidden: c.AllowForbidden}}, c.Format)
		if err != nil {
			return err
		}
		return plans.ShowApplied(env.View(), done.Plan, done.Result, c.Format)
	})
}
