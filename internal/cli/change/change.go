// Package change is what the commands share that commit state, which are apply, revoke,
// reseal and restore: who does it, how long to wait for others, and whether to ask. What
// an attempt does is the workspace's; here a person is shown the plan and says yes.
package change

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Options are the flags of the commands that commit state.
type Options struct {
	AutoApprove bool          `help:"Go on without asking."`
	Actor       string        `placeholder:"NAME" help:"Whom to record as the one who made the changes."`
	LockTimeout time.Duration `default:"30s" help:"How long to wait for another osmoctl that is at work in this clone."`

	// answered is the digest of the plan that was said yes to. After a lost
	// race the same plan is not asked about again.
	answered string
}

// CheckAsked refuses to begin what nobody could say yes to.
func (o *Options) CheckAsked(env *command.Env) error {
	if !o.AutoApprove && !env.StdinTerminal {
		return command.Usagef("there is nobody to ask here: give --auto-approve")
	}
	return nil
}

// Open opens the project for a change, with what that takes of the process.
func (o *Options) Open(ctx context.Context, env *command.Env, outside workspace.Outside, make func(*workspace.Workspace) error) error {
	command.Harden()
	outside.LockTimeout = o.LockTimeout
	opened, err := env.OpenWith(ctx, outside)
	if err != nil {
		return err
	}
	defer opened.Close()
	return make(opened)
}

// Make makes a change as the flags ask for it, and lets a person see what is being done.
// f is the format of its result.
func (o *Options) Make(ctx context.Context, env *command.Env, w *workspace.Workspace, what workspace.Change, f view.Format) (*workspace.Done, error) {
	say, end := env.Watch()
	defer end()
	return w.Run(ctx, what, workspace.Request{
		Actor: o.Actor, Phase: say,
		Ask: func(made *plan.Plan, granted bool) error { return o.approve(ctx, env, made, granted, f) },
	})
}

// approve shows the plan where it has to be decided by, and asks. granted says that
// nobody has to be asked.
func (o *Options) approve(ctx context.Context, env *command.Env, made *plan.Plan, granted bool, f view.Format) error {
	ask := !granted && !o.AutoApprove && made.Pending() && made.Digest != o.answered
	if ask || len(made.Blocked) > 0 {
		v := env.View()
		if f != view.Text || !ask {
			// Results alone belong on stdout; this is to decide by.
			v.Out, v.Color, v.Width = v.Err, v.ErrColor, v.ErrWidth
		}
		if err := plans.Show(v, made, view.Text); err != nil {
			return err
		}
	}
	if len(made.Blocked) > 0 {
		return diag.Hinted(apply.ErrBlocked, "every entry under Blocked names the flag that lifts it, where there is one")
	}
	if !ask {
		return nil
	}
	env.Infof("")
	plans.ShowHeadline(env.View(), made)
	fmt.Fprint(env.Stderr, "Apply this plan? Only \"yes\" is taken: ")
	answer, _ := command.UntilInterrupted(ctx, func() (string, error) { // What ends without a line is an answer too.
		return bufio.NewReader(env.Stdin).ReadString('\n')
	})
	if ctx.Err() != nil {
		return workspace.ErrUnchanged
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not applied")
	}
	o.answered = made.Digest
	return nil
}

// ShowPartial shows what a run on a server did before it ended with an error, and
// returns that.
func ShowPartial(env *command.Env, done *workspace.Done, err error, f view.Format) error {
	var partial *apply.PartialError
	if done == nil || !errors.As(err, &partial) {
		return err
	}
	if err := plans.ShowPartial(env.View(), done.Plan, partial, f); err != nil {
		return err
	}
	if workspace.IsForeign(err) {
		return diag.Hinted(err, "osmoctl plan --refresh shows what is there now: what is declared is adopted by the next apply")
	}
	var refused *remote.RefusedError
	if errors.As(err, &refused) {
		return diag.Hinted(err, "let this identity push there; then osmoctl apply completes it")
	}
	return diag.Hinted(err, "osmoctl apply completes it")
}
