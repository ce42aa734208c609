package cli

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// scope is what plan and apply restrict or force alike.
type scope struct {
	Target  []model.Address `predictor:"address" name:"target" placeholder:"ADDR" help:"Plan only this object, what it needs, and what falls with its deletion. Repeatable."`
	Replace []model.Address `predictor:"token" name:"replace" placeholder:"ADDR" help:"Rotate this token whatever its declaration says. Repeatable."`
	DueOnly bool            `help:"Only what dates ask for of what is applied: rotations and revocations that are due. No declaration is read, so whatever is declared meanwhile neither comes along nor stands in the way."`
}

// checkScope refuses what does not go together.
func (s scope) checkScope() error {
	if s.DueOnly && len(s.Replace) > 0 {
		return usagef("--due-only is for what dates ask for, and --replace for what they do not: give one of them")
	}
	return nil
}

type planCmd struct {
	textJSONMarkdown
	scope
	guard.Allow
	Out              string     `type:"path" placeholder:"FILE|-" help:"Also write the plan as JSON to FILE, for apply FILE. It holds no secret. With - it goes to stdout, and what people read to stderr."`
	DetailedExitcode bool       `help:"Exit with 2 when changes are pending."`
	StateRef         string     `placeholder:"REF" help:"The branch that HEAD is to be merged into: state, its guardrails and its place are read where HEAD left it, and any difference under state/ is blocked. Default: what a pull request's pipeline says."`
	AsOf             model.Date `placeholder:"DATE" help:"Plan for this UTC day. Such a plan cannot be applied."`
}

// Help is the long description of the command.
func (planCmd) Help() string {
	return `Declarations are read from the work tree, as git would store them, and state from where the last apply recorded it; on a pull request, from where the branch left its base. A plan opens no connection, starts no program and needs no key, so anybody can make one of any pull request.`
}

// Run plans and shows the plan.
func (c *planCmd) Run(ctx context.Context, env *Env) error {
	if err := errors.Join(c.checkScope(), c.checkOut(env)); err != nil {
		return err
	}
	w, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	made, err := w.Plan(ctx, workspace.PlanRequest{
		Targets: c.Target, Replace: c.Replace, DueOnly: c.DueOnly, Allow: c.Allow, StateRef: c.StateRef, AsOf: c.AsOf,
		RisksFit: plans.RisksFit,
	})
	if err != nil {
		return err
	}
	env.paste.Flags = append(c.scope.flags(), c.Allow.Flags()...)
	if !c.DueOnly {
		steps := w.StepsToApply(ctx, made)
		env.paste.Before, env.paste.Only = steps.Commands, steps.Only
	}
	if err := c.save(ctx, env, made); err != nil {
		return err
	}
	if err := plans.Show(c.view(env), made, c.format()); err != nil {
		return err
	}
	switch {
	case len(made.Blocked) > 0:
		return silently(exitBlocked)
	case c.DetailedExitcode && made.Pending():
		return silently(exitPending)
	}
	return nil
}

type validateCmd struct {
	Format string `short:"t" name:"format-type" enum:"text,json,github,sarif" default:"text" help:"Output format: ${enum}."`
}

func (c validateCmd) format() view.Format { return view.Format(c.Format) }

// Help is the long description of the command.
func (validateCmd) Help() string {
	return `Everything is checked that needs neither state nor repository; all problems are shown in one pass. In a repository the work tree is read as git would store it, as plan does; elsewhere, as it lies.`
}

// Run checks the declarations in the work tree.
func (c *validateCmd) Run(ctx context.Context, env *Env) error {
	dir, err := env.findProject()
	if err != nil {
		return err
	}
	files, closeFiles, err := workspace.OpenDeclared(ctx, dir, env.outside())
	if err != nil {
		return err
	}
	defer closeFiles()
	want, found, err := env.outside().Load(files)
	if err != nil {
		return err
	}
	for _, n := range workspace.Otherwise(files) {
		env.notify(n)
	}
	if c.format() == view.Text {
		problems.Show(env.view(), found)
	}
	validation := report.ValidationOf(want, config.CountManifests(files, env.limits), found)
	if err := problems.ShowValidation(env.view(), validation, c.format()); err != nil {
		return err
	}
	if found.HasErrors() {
		return silently(exitError)
	}
	return nil
}
