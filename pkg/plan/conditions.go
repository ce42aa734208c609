package plan

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Applies come late, or not at all, and clocks are wrong. Each such condition
// has a name, a defined outcome, and a warning. None of them keeps a plan from
// being made or applied: what waits for somebody to mend a date is jammed.
//
//	missed_window   no apply came between the day a rotation was due and the
//	                expiry: nothing is valid until this plan is applied
//	short_overlap   the rotation comes so late, or so near to the expiry, that
//	                the old value dies before the declared overlap is over
//	still_retiring  a rotation comes while earlier generations retire: each
//	                keeps its own day, and all of them work until then
//	clock_behind    the newest generation was issued on a day that is yet to
//	                come: its dates count from there, and nothing is issued for
//	                a date before it

// warnLate names what a rotation that comes after its day means for users of the
// old value.
func warnLate(out *part, c *tokenCase, g *state.Generation, resolved *Resolved, today model.Date) {
	overlap := c.want.Rotate.Overlap
	if g.ExpiresAt <= today {
		warnMissedWindow(out, c, g, today)
		return
	}
	if left := today.Until(g.ExpiresAt); left < overlap && resolved.ExpiresAt > g.ExpiresAt {
		out.warn("short_overlap", c.address(), "generation %d expires on %s, so it works beside the new one for %s and not for %s", g.Number, g.ExpiresAt, left, overlap)
	}
}

// warnMissedWindow tells a value that nobody renewed in time from one that was not
// to be renewed, or, living for a day, could not be renewed sooner.
func warnMissedWindow(out *part, c *tokenCase, g *state.Generation, today model.Date) {
	spec := &c.have.Spec
	on, ok := findDueDay(spec, g)
	if spec.Expiry.In == 0 || !ok || on >= today {
		return
	}
	out.warn("missed_window", c.address(), "no apply came between %s, when a rotation was due, and %s, when generation %d expired: run apply once a day", on, g.ExpiresAt, g.Number)
}

// warnStillRetiring names the earlier generations that go on beside the one that a
// rotation replaces. A Secret of OSMO's service has a place for one of them, the
// newest: those before it are refused once the Secret is delivered.
func warnStillRetiring(out *part, c *tokenCase, resolved *Resolved, today model.Date) {
	var each []string
	for i := len(c.have.Generations) - 1; i >= 0; i-- {
		if g := &c.have.Generations[i]; g.RevokeAfter != 0 && g.EndsOn() > today {
			each = append(each, fmt.Sprintf("generation %d until %s", g.Number, g.EndsOn()))
		}
	}
	if len(each) == 0 {
		return
	}
	dropped := each
	if resolved.RevokeAfter <= today {
		dropped = each[1:] // The newest of them moves into the place that is free.
	}
	message := nameFew(each) + " still retires"
	if len(each) > 1 {
		message = nameFew(each) + " still retire, each to its own day"
	}
	if len(dropped) > 0 {
		message += fmt.Sprintf("; export backend-secret has a place for one retiring generation, and none for %s", nameFew(dropped))
	}
	out.warn("still_retiring", c.address(), "%s; to rotate later keeps it, token revoke ends one sooner", message)
}

// warnClock notices a day before that of the newest generation.
func warnClock(out *part, c *tokenCase, today model.Date) {
	g := c.have.Generation(c.have.LastGeneration)
	if g == nil || DateOfIssue(g) <= today {
		return
	}
	out.warn("clock_behind", c.address(), "generation %d was issued on %s, which is yet to come: the clock of this run or of that one is wrong. If this one is right, --replace %s issues one with the right dates",
		g.Number, DateOfIssue(g), c.address())
}

// warnNeverRotated warns where a fixed date comes before the rhythm's first day. Of
// a lifetime that is an error of the declaration; here it depends on the day of
// issue, and no day that passes may fail a plan.
func warnNeverRotated(out *part, t *model.Token, generation int, expires, today model.Date) {
	if t.Expiry.At == 0 || t.Rotate.Every == 0 || today.Add(t.Rotate.Every) < expires {
		return
	}
	out.warn("never_rotated", t.Address(), "generation %d expires on %s, in %s, and every of %s is not below that: it is never rotated; declare a smaller every, or expires_in",
		generation, expires, model.Plural(int(today.Until(expires)), "day", "days"), t.Rotate.Every)
}
