// Package doctor is the command that looks at everything on which a run depends: osmoctl
// doctor.
//
// # The parts
//
// A [patient] is what there is to look at, as far as it could be opened: environment,
// repository, declarations, state. Each area has a file with functions that take it and
// return checks. A check never ends the others: what cannot be looked at is skipped, and
// says why.
//
// # What it does not do
//
// It mends nothing, and changes nothing: no interrupted run is finished, nothing is fetched,
// nothing is remembered, no passphrase is asked for and no age plugin is run. It opens a
// connection only to the remote and the server that the project is configured with, waits
// for each no longer than [patience], and with --offline to none. It shows no key.
package doctor

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/doctor"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// patience is how long a remote or a server is waited for.
const patience = 15 * time.Second

// Cmd is osmoctl doctor.
type Cmd struct {
	command.TextOrJSON
	identity.Keys
	server.Flags
	Offline bool `help:"Open no connection."`
}

// Help is the long description of the command.
func (Cmd) Help() string {
	return `Looked at are the project and its declarations, the repository, whether an identity here opens what is sealed to the declared recipients, the clock, who is at work, the remote, the CI, the state and the server. Each check is ok, a warning, a problem, or skipped, with what to do. Nothing is changed, and nothing is asked: an identity behind a passphrase or a plugin is not tried. The exit code is 1 where there is a problem.`
}

// Run looks at everything.
func (c *Cmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.CheckStdin(env); err != nil {
		return err
	}
	outside, err := c.Outside(env)
	if err != nil {
		return err
	}
	checkup := report.CheckupOf(c.examine(ctx, env, outside))
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := doctor.Show(env.View(), checkup, c.Format); err != nil {
		return err
	}
	if checkup.Problems > 0 {
		return command.Silently(command.ExitError)
	}
	return nil
}

// examine makes the checks in the order in which one builds on the other.
func (c *Cmd) examine(ctx context.Context, env *command.Env, outside workspace.Outside) []report.Check {
	if _, err := env.FindProject(); err != nil {
		return []report.Check{fault("project", "project", err)}
	}
	p := &patient{env: quiet(env), offline: c.Offline}
	outside.Notify = func(n workspace.Notice) {
		if n.Level == workspace.Warning && n.Text != "" {
			p.warned = append(p.warned, n.Text)
		}
	}
	checks := p.checkProject(ctx)
	w, err := env.OpenWith(ctx, outside)
	if err != nil {
		return append(checks, fault("repository", "repository", err))
	}
	defer w.Close()
	p.w = w
	stateChecks := p.checkState(ctx) // What others ask of it is known from here on.
	checks = append(checks, p.checkRepository(ctx)...)
	checks = append(checks, p.checkKeys(ctx, &c.Keys)...)
	checks = append(checks, p.checkClock()...)
	checks = append(checks, p.checkLocks()...)
	checks = append(checks, p.checkRemote(ctx)...)
	checks = append(checks, p.checkCI()...)
	checks = append(checks, stateChecks...)
	return append(checks, p.checkServer(ctx)...)
}

// patient is what there is to look at.
type patient struct {
	env     *command.Env
	offline bool
	// warned is what the workspace had to say.
	warned []string
	// want is nil where the declarations have mistakes.
	want *model.Declarations
	w    *workspace.Workspace
	// at is where the newest state is, and snap what it says; nil where it cannot be read.
	at   place.Place
	snap *state.Snapshot
}

// quiet is an environment in which nothing is said beside the checks.
func quiet(env *command.Env) *command.Env {
	silent := *env
	silent.Stderr, silent.StderrTerminal = io.Discard, false
	return &silent
}

// settings are git's, as the last apply recorded them, else as they are declared.
func (p *patient) settings() model.Git {
	if p.at.Git == (model.Git{}) && p.want != nil {
		return p.want.Project.Git
	}
	return p.at.Git
}

func check(area, name, status, remedy, format string, args ...any) report.Check {
	return report.Check{Area: area, Name: name, Status: status, Message: fmt.Sprintf(format, args...), Remedy: remedy}
}

func fine(area, name, format string, args ...any) report.Check {
	return check(area, name, report.CheckOK, "", format, args...)
}

func skip(area, name, format string, args ...any) report.Check {
	return check(area, name, report.CheckSkipped, "", format, args...)
}

func fault(area, name string, err error) report.Check {
	return check(area, name, report.CheckProblem, diag.Hint(err), "%v", err)
}

func warning(area, name string, err error) report.Check {
	return check(area, name, report.CheckWarning, diag.Hint(err), "%v", err)
}
