package plans

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/cli/change"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// ApplyCmd applies.
type ApplyCmd struct {
	textJSONMarkdown
	scope
	model.Allowance
	change.Options
	server.Flags
	Plan         string   `arg:"" optional:"" type:"path" help:"A plan written by plan --out. It is planned again, and applied only if nothing differs."`
	Expect       string   `placeholder:"DIGEST" help:"Apply only a plan with this digest (sha256:...)."`
	AllowPlugin  []string `placeholder:"NAME" help:"Let age-plugin-NAME be run to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
	TakeOver     string   `placeholder:"RUN" help:"Give up what this run has reserved on the server and not published, however lately it was heard of. It harms nobody: that run notices."`
	SingleWriter bool     `help:"Apply to an OSMO server without git.push: for a project that one clone alone ever applies."`
	AcceptState  []string `placeholder:"COMMIT" help:"Accept what this commit did to state by hand, and record that. Repeatable."`
}

// Help is the long description of the command.
func (ApplyCmd) Help() string {
	return `Declarations are read from a commit, never from the work tree, and the new state is one commit; what you have staged or edited stays as it is. Without a remote both are HEAD and its branch. With git.push in osmoctl.yaml the remote's branch is fetched, has to have every commit of HEAD and the same declarations, and is pushed to before anything moves here. git.state_branch keeps the state on a branch of its own. Unattended, give --auto-approve, a plan file or --expect.

A blocked change keeps everything else waiting. With --due-only no declaration is read: rotations and revocations that dates ask for are carried out, of the tokens as they were applied. It is for a job that runs once a day.`
}

// Run plans, asks, and applies.
func (c *ApplyCmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	outside, err := c.Outside(env)
	if err != nil {
		return err
	}
	terms := workspace.Terms{TakeOver: c.TakeOver, SingleWriter: c.SingleWriter, Targets: c.Target, Allow: c.Allowance, AcceptState: c.AcceptState, RisksFit: plans.RisksFit}
	if c.Plan != "" {
		if terms.Saved, err = workspace.ReadPlan(env.Abs(c.Plan), c.Plan, env.Limits, plans.WriteJSON); err != nil {
			return err
		}
	}
	return c.Open(ctx, env, outside, func(w *workspace.Workspace) error {
		terms.Seal = identity.SealOptions(ctx, env, w, c.AllowPlugin)
		var what workspace.Change = &workspace.Apply{Terms: terms, Replace: c.Replace, Expect: c.Expect}
		if c.DueOnly || terms.Saved != nil && terms.Saved.DueOnly {
			what = &workspace.ApplyDue{Terms: terms}
		}
		done, err := c.Make(ctx, env, w, what, c.Format)
		if err != nil {
			return change.ShowPartial(env, done, err, c.Format)
		}
		return plans.ShowApplied(env.View(), done.Plan, done.Result, c.Format)
	})
}

func (c *ApplyCmd) check(env *command.Env) error {
	if err := errors.Join(c.bound(env), c.checkScope()); err != nil {
		return err
	}
	if c.Plan != "" && (len(c.Target)+len(c.Replace) > 0 || c.DueOnly) {
		return command.Usagef("a saved plan brings its own --target, --replace and --due-only")
	}
	if c.DueOnly && c.Expect != "" {
		return command.Usagef("--expect names what was reviewed, and what is due by date needs no review: give --auto-approve with --due-only")
	}
	if c.Expect != "" && !model.IsDigest(c.Expect) {
		return command.Usagef("--expect takes a digest such as sha256: and 64 hex digits")
	}
	if c.Plan == "" && c.Expect == "" && !c.AutoApprove && !env.StdinTerminal {
		return command.Usagef("there is nobody to ask here: give --auto-approve, --expect DIGEST or a plan file")
	}
	return nil
}
