package cli

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/guard"
)

type applyCmd struct {
	textJSONMarkdown
	scope
	guard.Allow
	writer
	Plan        string   `arg:"" optional:"" type:"path" help:"A plan written by plan --out. It is planned again, and applied only if nothing differs."`
	Expect      string   `placeholder:"DIGEST" help:"Apply only a plan with this digest (sha256:...)."`
	AllowPlugin []string `placeholder:"NAME" help:"Let age-plugin-NAME be run to encrypt. OSMOCTL_PLUGINS does the same, with commas. Repeatable."`
	AcceptState []string `placeholder:"COMMIT" help:"Accept what this commit did to state by hand, and record that. Repeatable."`
}

// Help is the long description of the command.
func (applyCmd) Help() string {
	return `Declarations are read from a commit, never from the work tree, and the new state is one commit; what you have staged or edited stays as it is. Without a remote both are HEAD and its branch. With git.push in osmoctl.yaml the remote's branch is fetched, has to have every commit of HEAD and the same declarations, and is pushed to before anything moves here. git.state_branch keeps the state on a branch of its own. Unattended, give --auto-approve, a plan file or --expect.

A blocked change keeps everything else waiting. With --due-only no declaration is read: rotations and revocations that dates ask for are carried out, of the tokens as they were applied. It is for a job that runs once a day.`
}

// Run plans, asks, and applies.
func (c *applyCmd) Run(ctx context.Context, env *Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	terms := workspace.Terms{Targets: c.Target, Allow: c.Allow, AcceptState: c.AcceptState, RisksFit: plans.RisksFit}
	if c.Plan != "" {
		var err error
		if terms.Saved, err = workspace.ReadPlan(absolute(env.Dir, c.Plan), c.Plan, env.limits, plans.WriteJSON); err != nil {
			return err
		}
	}
	return c.change(ctx, env, func(w *workspace.Workspace) error {
		terms.Seal = env.sealOptions(ctx, w, append(env.allowedPlugins(), c.AllowPlugin...))
		var change workspace.Change = &workspace.Apply{Terms: terms, Replace: c.Replace, Expect: c.Expect}
		if c.DueOnly || terms.Saved != nil && terms.Saved.DueOnly {
			change = &workspace.ApplyDue{Terms: terms}
		}
		r := c.request(ctx, env, c.format())
		r.Progress = env.progress("sealing")
		done, err := w.Run(ctx, change, r)
		if err != nil {
			return err
		}
		return plans.ShowApplied(env.view(), done.Plan, done.Result, c.format())
	})
}

func (c *applyCmd) check(env *Env) error {
	if err := c.checkScope(); err != nil {
		return err
	}
	if c.Plan != "" && (len(c.Target)+len(c.Replace) > 0 || c.DueOnly) {
		return usagef("a saved plan brings its own --target, --replace and --due-only")
	}
	if c.DueOnly && c.Expect != "" {
		return usagef("--expect names what was reviewed, and what is due by date needs no review: give --auto-approve with --due-only")
	}
	if c.Expect != "" && !isDigest(c.Expect) {
		return usagef("--expect takes a digest such as sha256: and 64 hex digits")
	}
	if c.Plan == "" && c.Expect == "" && !c.AutoApprove && !env.StdinTerminal {
		return usagef("there is nobody to ask here: give --auto-approve, --expect DIGEST or a plan file")
	}
	return nil
}

func isDigest(s string) bool {
	sum, found := strings.CutPrefix(s, "sha256:")
	b, err := hex.DecodeString(sum)
	return found && err == nil && len(b) == 32
}
