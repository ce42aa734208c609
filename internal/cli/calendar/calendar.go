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
	Format view.Format `short:"t" name:"format-type" enum:"text,json,icalendar" default:"text" help:"Output format: ${enum}."`
	Within model.Days  `default:"30d" help:"How far to look ahead, in days; 0d is today alone."`
	server.Look
	User string `predictor:"account" short:"u" placeholder:"USER" help:"Only the tokens of this service account."`
}

func (c Cmd) OutputFormat() view.Format { return c.Format }

// Help is the long description of the command.
func (Cmd) Help() string {
	return `Dates are days of UTC: a token is dead at 00:00 UTC on its date. Listed is what comes within the days, the last one included, and whatever is overdue: a rotation or revocation that no apply has done since its day, and a value that expired without a newer one. The exit code is 2 where anything is listed.

Where the project's tokens are issued by an OSMO server and it is looked at, dates are those that the server has, and what else it has otherwise than state stands below; that alone does not change the exit code. A calendar looks at no server.`
}

// Run lists what dates bring.
func (c *Cmd) Run(ctx context.Context, env *command.Env) error {
	if c.Format == view.Calendar {
		if c.Refresh != nil && *c.Refresh {
			return command.Usagef("a calendar is of dates alone, and looks at no server: leave --refresh out, or take -t text or json")
		}
		c.Refresh = new(bool)
	}
	return c.See(ctx, env, func(snap *state.Snapshot, see func([]string) (*workspace.Sight, error)) error {
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
		if err := calendar.Show(env.View(), due, c.Format); err != nil {
			return err
		}
		if len(due.List) > 0 {
			return command.Silently(command.ExitPending)
		}
		return nil
	})
}
