// Package overview is the command that shows a project on one page: report.
package overview

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/overview"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Cmd is osmoctl report.
type Cmd struct {
	Format view.Format `short:"t" name:"format-type" enum:"html,json" default:"html" help:"Output format: ${enum}."`
	Out    string      `short:"o" type:"path" placeholder:"FILE" help:"Write to FILE, which appears whole or not at all; - is stdout."`
	Within model.Days  `default:"30d" help:"How far to look ahead, in days."`
	Number int         `short:"n" default:"50" placeholder:"N" help:"How many of the latest changes. Default: ${default}."`
	AsOf   model.Date  `placeholder:"DATE" help:"The UTC day by which things are due or late. Default: today. The same day, state and declarations give the same bytes."`
}

func (c Cmd) OutputFormat() view.Format { return c.Format }

// Help is the long description of the command.
func (Cmd) Help() string {
	return `The page is for people who use no terminal. It says what is overdue or risky, and shows the life of every token, who may do what, who can read what, and the latest changes; it can be searched, sorted, printed, and shared with the search in its address. It is one file that loads nothing, and holds no value of a token. It does hold every name, role and reader, so whoever gets it sees as much as a reader of the repository.

It is made of the newest state that this clone knows of and of the declarations of HEAD; no server is looked at. docs/report.md explains it.`
}

// Run writes the report.
func (c *Cmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	return env.WithState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		facts, err := c.gather(ctx, env, w, snap)
		if err != nil {
			return err
		}
		return c.write(ctx, env, report.OverviewOf(facts))
	})
}

// check refuses what cannot be written before anything is read.
func (c *Cmd) check(env *command.Env) error {
	switch {
	case c.Number < 1:
		return command.Usagef("-n takes a number of changes, at least 1")
	case c.Out == "" && c.Format == view.HTML && env.StdoutTerminal:
		return command.Usage(diag.Hinted(errors.New("a page is for a browser and not for a terminal"), "osmoctl report -o report.html, or -t json"))
	}
	return env.CheckOut(c.Out)
}

// gather asks all that the report says.
func (c *Cmd) gather(ctx context.Context, env *command.Env, w *workspace.Workspace, snap *state.Snapshot) (f report.OverviewFacts, err error) {
	day := c.AsOf
	if day == 0 {
		if day, err = env.Today(); err != nil {
			return f, err
		}
	}
	at, err := w.Newest(ctx)
	if err != nil {
		return f, err
	}
	f = report.OverviewFacts{State: snap, Within: c.Within}
	f.AsOf = report.AsOf{Date: day, Project: workspace.PathInRepository(w.Dir()), Commit: at.Commit, Server: snap.Meta.Applied.Server}
	doubts, gap, err := w.Doubts(ctx, at)
	switch f.Doubts = doubts; {
	case err != nil:
		f.Notes = append(f.Notes, "The history of state could not be checked: "+err.Error()+".")
	case gap != "":
		f.Notes = append(f.Notes, gap+".")
	}
	moment := inquiry.At(rights.Applied(snap, day), snap.Meta.Applied.Server)
	if err := moment.CheckWork(env.Limits.OrDefault().AccessSteps); err != nil {
		f.Notes = append(f.Notes, "Who may do what is left out: "+err.Error()+"; "+diag.Hint(err)+".")
	} else {
		f.Moment = moment
	}
	c.lint(w, &f)
	cut, err := w.Commits(ctx, state.Dir, func(commit git.Commit) (more bool) {
		f.Changes = append(f.Changes, report.LogEntryOf(commit))
		return len(f.Changes) < c.Number
	})
	if cut {
		w.WarnCut()
	}
	return f, err
}

// lint looks for findings in the declarations of HEAD. A report is made without them
// where they cannot be read: what was applied does not depend on them.
func (c *Cmd) lint(w *workspace.Workspace, f *report.OverviewFacts) {
	want, problems, commit, err := w.DeclaredAtHead()
	if err == nil {
		err = problems.Err()
	}
	if err != nil {
		f.Notes = append(f.Notes, "The declarations of HEAD cannot be read, so nothing is said of findings: osmoctl validate says why.")
		return
	}
	f.AsOf.Declarations, f.Findings = commit, lint.Run(want, problems).Findings
}

// write writes the report where it was asked to go.
func (c *Cmd) write(ctx context.Context, env *command.Env, o report.Overview) error {
	size, err := env.ShowIn(ctx, c.Out, func(v *view.View) error { return overview.Show(v, o, c.Format) })
	if err == nil && size > 0 {
		env.Infof("Wrote %s: %s of %s.", c.Out, view.Size(int64(size)), view.Plural(o.Summary.Accounts, "account", "accounts"))
	}
	return err
}
