// Package plans is the commands plan and apply, and what both of them restrict.
package plans

import (
	"context"
	"errors"
	"slices"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// textJSONMarkdown is the -t of plan and apply.
type textJSONMarkdown struct {
	Format        view.Format `short:"t" name:"format-type" enum:"text,json,markdown" default:"text" help:"Output format: ${enum}."`
	MarkdownLimit *int        `placeholder:"BYTES" help:"How long Markdown may be, at least 8192 bytes. What there is no room for is counted. Default: 63536, as much as a comment on GitHub holds with something round it. GitLab's hold 1000000. No guardrail depends on it."`
}

// bound gives documents in Markdown the room that was asked for.
func (f textJSONMarkdown) bound(env *command.Env) error {
	if f.MarkdownLimit == nil {
		return nil
	}
	if *f.MarkdownLimit < view.MinMarkdownLimit {
		return command.Usagef("--markdown-limit takes at least %d bytes, for what must not be left out", view.MinMarkdownLimit)
	}
	env.Comment.Limit = *f.MarkdownLimit
	return nil
}

// OutputFormat is that of the plan, and of errors.
func (f textJSONMarkdown) OutputFormat() view.Format { return f.Format }

// scope is what plan and apply restrict or force alike.
type scope struct {
	Target  []model.Address `predictor:"address" name:"target" placeholder:"ADDR" help:"Plan only this object, what it needs, and what falls with its deletion. Repeatable."`
	Replace []model.Address `predictor:"token" name:"replace" placeholder:"ADDR" help:"Rotate this token whatever its declaration says. Repeatable."`
	DueOnly bool            `help:"Only what dates ask for of what is applied: rotations and revocations that are due. No declaration is read, so whatever is declared meanwhile neither comes along nor stands in the way."`
}

// checkScope refuses what does not go together.
func (s scope) checkScope() error {
	if s.DueOnly && len(s.Replace) > 0 {
		return command.Usagef("--due-only is for what dates ask for, and --replace for what they do not: give one of them")
	}
	return nil
}

// flags are the scope as it would be typed, but for --due-only.
func (s scope) flags() (line []string) {
	line = append(line, addressFlags("--target", s.Target)...)
	return append(line, addressFlags("--replace", s.Replace)...)
}

func addressFlags(flag string, list []model.Address) (line []string) {
	for _, a := range list {
		line = append(line, flag+" "+model.ShellWord(a.String()))
	}
	return line
}

// PlanCmd plans.
type PlanCmd struct {
	textJSONMarkdown
	scope
	model.Allowance
	server.Flags
	Refresh          *bool      `help:"Look at the project's OSMO server, and plan from what it has. Default: where OSMO_URL and a credential are given. --refresh=false plans from state."`
	Out              string     `type:"path" placeholder:"FILE|-" help:"Also write the plan as JSON to FILE, for apply FILE. It holds no secret. With - it goes to stdout, and what people read to stderr."`
	DetailedExitcode bool       `help:"Exit with 2 when changes are pending."`
	StateRef         string     `placeholder:"REF" help:"The branch that HEAD is to be merged into: state, its guardrails and its place are read where HEAD left it, and any difference under state/ is blocked. Default: what a pull request's pipeline says."`
	AsOf             model.Date `placeholder:"DATE" help:"Plan for this UTC day. Such a plan cannot be applied."`
}

// Help is the long description of the command.
func (PlanCmd) Help() string {
	return `Declarations are read from the work tree, as git would store them, and state from where the last apply recorded it; on a pull request, from where the branch left its base. A plan starts no program, but a pager on a terminal, and needs no key, and opens no connection but to the project's OSMO server, where OSMO_URL and a credential allow that; so anybody can make one of any pull request.`
}

// Unpaged says that stdout has the plan's JSON, and what people read is on stderr.
func (c *PlanCmd) Unpaged() bool { return c.Out != "" && delivery.IsStdout(c.Out) }

// Run plans and shows the plan.
func (c *PlanCmd) Run(ctx context.Context, env *command.Env) error {
	if err := errors.Join(c.bound(env), c.checkScope(), c.checkOut(env)); err != nil {
		return err
	}
	outside, err := c.Outside(env)
	if err != nil {
		return err
	}
	w, err := env.OpenFrom(ctx, outside)
	if err != nil {
		return err
	}
	defer w.Close()
	made, err := w.Plan(ctx, workspace.PlanRequest{
		Targets: c.Target, Replace: c.Replace, DueOnly: c.DueOnly, Allow: c.Allowance, StateRef: c.StateRef, AsOf: c.AsOf, Refresh: c.Refresh,
		RisksFit: plans.RisksFit,
	})
	if err != nil {
		return err
	}
	env.Paste.Flags = slices.Concat(c.scope.flags(), c.Allowance.Flags(), c.Typed())
	if !c.DueOnly {
		steps := w.StepsToApply(ctx, made)
		env.Paste.Before, env.Paste.Only = steps.Commands, steps.Only
	}
	if err := c.save(ctx, env, made); err != nil {
		return err
	}
	if err := plans.Show(c.view(env), made, c.Format); err != nil {
		return err
	}
	switch {
	case len(made.Blocked) > 0:
		return command.Silently(command.ExitBlocked)
	case c.DetailedExitcode && made.Pending():
		return command.Silently(command.ExitPending)
	}
	return nil
}
