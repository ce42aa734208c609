package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// writer is what the commands share that commit state: who does it, how long to
// wait for others, and whether to ask.
type writer struct {
	AutoApprove bool          `help:"Go on without asking."`
	Actor       string        `placeholder:"NAME" help:"Whom to record as the one who made the changes."`
	LockTimeout time.Duration `default:"30s" help:"How long to wait for another osmoctl that is at work in this clone."`

	// answered is the digest of the plan that was said yes to. After a lost
	// race the same plan is not asked about again.
	answered string
}

// checkAsked refuses to begin what nobody could say yes to.
func (w *writer) checkAsked(env *Env) error {
	if !w.AutoApprove && !env.StdinTerminal {
		return usagef("there is nobody to ask here: give --auto-approve")
	}
	return nil
}

// change opens the project for a change, with what that takes of the process.
func (w *writer) change(ctx context.Context, env *Env, make func(*workspace.Workspace) error) error {
	hardenProcess()
	dir, err := env.findProject()
	if err != nil {
		return err
	}
	outside := env.outside()
	outside.LockTimeout = w.LockTimeout
	opened, err := workspace.Open(dir, outside)
	if err != nil {
		return err
	}
	defer opened.Close()
	if err := opened.CheckNearest(ctx, env.Dir); err != nil {
		return err
	}
	return make(opened)
}

// request is what the flags ask of a change. f is the format of its result.
func (w *writer) request(ctx context.Context, env *Env, f view.Format) workspace.Request {
	return workspace.Request{
		Actor: w.Actor,
		Ask:   func(made *plan.Plan, granted bool) error { return w.approve(ctx, env, made, granted, f) },
	}
}

// approve shows the plan where it has to be decided by, and asks. granted says that
// nobody has to be asked.
func (w *writer) approve(ctx context.Context, env *Env, made *plan.Plan, granted bool, f view.Format) error {
	ask := !granted && !w.AutoApprove && made.Pending() && made.Digest != w.answered
	if ask || len(made.Blocked) > 0 {
		v := env.view()
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
	env.infof("")
	plans.ShowHeadline(env.view(), made)
	fmt.Fprint(env.Stderr, "Apply this plan? Only \"yes\" is taken: ")
	answer, _ := untilInterrupted(ctx, func() (string, error) { // What ends without a line is an answer too.
		return bufio.NewReader(env.Stdin).ReadString('\n')
	})
	if ctx.Err() != nil {
		return workspace.ErrUnchanged
	}
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not applied")
	}
	w.answered = made.Digest
	return nil
}

// progress tells a person how far work on many tokens has come; nil where nobody
// watches.
func (e *Env) progress(doing string) func(tokens int) (report func(done, total int), finish func()) {
	if !e.StderrTerminal {
		return nil
	}
	return func(tokens int) (func(done, total int), func()) {
		if tokens <= 100 {
			return nil, func() {}
		}
		return e.view().Progress(tokens, doing, "committing")
	}
}

// lateProgress is progress that shows nothing before something is done: until
// then a person may be asked for a passphrase.
func (e *Env) lateProgress(doing string) func(tokens int) (report func(done, total int), finish func()) {
	progress := e.progress(doing)
	if progress == nil {
		return nil
	}
	return func(tokens int) (func(done, total int), func()) {
		var begin sync.Once
		var report func(done, total int)
		finish := func() {}
		return func(done, total int) {
			begin.Do(func() { report, finish = progress(tokens) })
			if report != nil {
				report(done, total)
			}
		}, func() { finish() }
	}
}
