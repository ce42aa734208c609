// Package calendar is the command that says what comes and when: expiring.
package calendar

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/server"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/calendar"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Cmd is osmoctl expiring.
type Cmd struct {
	Format view.Format `short:"t" name:"format-type" enum:"text,json,markdown,icalendar,prometheus" default:"text" help:"Output format: ${enum}."`
	Out    string      `short:"o" type:"path" placeholder:"FILE" help:"Write to FILE instead of stdout. It appears whole or not at all, so whoever reads it meanwhile has the one before."`
	Within model.Days  `default:"30d" help:"How far to look ahead, in days; 0d is today alone."`
	server.Look
	User string `predictor:"account" short:"u" placeholder:"USER" help:"Only the tokens of this service account."`
}

func (c Cmd) OutputFormat() view.Format { return c.Format }

// Help is the long description of the command.
func (Cmd) Help() string {
	return `Dates are days of UTC: a token is dead at 00:00 UTC on its date. Listed is what comes within the days, the last one included, and whatever is overdue: a rotation or revocation that no apply has done since its day, and a value that expired without a newer one. The exit code is 2 where anything is listed.

Where the project's tokens are issued by an OSMO server and it is looked at, dates are those that the server has, and what else it has otherwise than state stands below; that alone does not change the exit code. A calendar looks at no server.

-t prometheus has every token, however far away its dates are, for node_exporter's textfile collector; -t markdown is for the summary of a scheduled job. docs/monitoring.md shows both, with rules for alerts.`
}

// Run lists what dates bring.
func (c *Cmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	return c.See(ctx, env, nil, func(w *workspace.Workspace, snap *state.Snapshot, see func([]string) (*workspace.Sight, error)) error {
		var accounts []string
		if c.User != "" {
			a, err := argument.FindAccount(snap, c.User)
			if err != nil {
				return err
			}
			c.User, accounts = a.Name, []string{a.Name}
		}
		now, err := env.ReadClock()
		if err != nil {
			return err
		}
		sight, err := see(accounts)
		if err != nil {
			return err
		}
		due := report.ExpiringOf(sight.State, c.User, now, c.Within)
		due.Server = report.ServerOf(sight.Looked, sight.Drift, func(model.Address) bool { return true })
		if c.Format == view.Metrics {
			due.Tokens = report.TokenDatesOf(sight.State, c.User, due.Today)
			if due.LastApply, err = w.LastApply(ctx); err != nil {
				return err
			}
		}
		if _, err := env.ShowIn(ctx, c.Out, func(v *view.View) error { return calendar.Show(v, due, c.Format) }); err != nil {
			return err
		}
		if len(due.List) > 0 {
			return command.Silently(command.ExitPending)
		}
		return nil
	})
}

// check refuses what cannot be done before anything is read.
func (c *Cmd) check(env *command.Env) error {
	if c.Format == view.Calendar {
		if c.Refresh != nil && *c.Refresh {
			return command.Usagef("a calendar is of dates alone, and looks at no server: leave --refresh out, or take -t text or json")
		}
		c.Refresh = new(bool)
	}
	return env.CheckOut(c.Out)
}
