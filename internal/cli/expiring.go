package cli

import (
	"slices"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type expiringCmd struct {
	Format string     `short:"t" name:"format-type" enum:"text,json,icalendar" default:"text" help:"Output format: ${enum}."`
	Within model.Days `default:"30d" help:"How far to look ahead, in days; 0d is today alone."`
	User   string     `short:"u" placeholder:"USER" help:"Only the tokens of this service account."`
}

func (c expiringCmd) format() view.Format { return view.Format(c.Format) }

// Help is the long description of the command.
func (expiringCmd) Help() string {
	return `Dates are days of UTC: a token is dead at 00:00 UTC on its date. Listed is what comes within the days, the last one included, and whatever is overdue: a rotation or revocation that no apply has done since its day, and a value that expired without a newer one. The exit code is 2 where anything is listed.`
}

// Run lists what dates bring.
func (c *expiringCmd) Run(env *Env) error {
	return env.withState(func(p *project, snap *state.Snapshot) error {
		if c.User != "" {
			a, err := accountNamed(snap, c.User)
			if err != nil {
				return err
			}
			c.User = a.Name
		}
		now, err := env.now()
		if err != nil {
			return err
		}
		due := c.expiring(snap, model.DateOf(now))
		due.Now = now
		if err := env.view().Expiring(due, c.format()); err != nil {
			return err
		}
		if len(due.List) > 0 {
			return silently(exitPending)
		}
		return nil
	})
}

func (c *expiringCmd) expiring(snap *state.Snapshot, today model.Date) view.Expiring {
	list := plan.Calendar(snap, today, c.Within)
	if c.User != "" {
		list = slices.DeleteFunc(list, func(u plan.Upcoming) bool { return u.Address.Account != c.User })
	}
	return view.Expiring{Today: today, Within: c.Within, List: list, Lineage: snap.Meta.Lineage, Serial: snap.Meta.Serial}
}
