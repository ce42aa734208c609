package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// causes collects why a token needs a new generation. All causes of one day
// make one rotation.
type causes struct {
	reasons []string
	// due counts the causes that a date alone brought, all the others.
	due bool
	// asked is set where somebody asks for a new generation now.
	asked bool
}

func (c *causes) none() bool    { return len(c.reasons) == 0 }
func (c *causes) dueOnly() bool { return c.due && len(c.reasons) == 1 }

func (c *causes) add(format string, args ...any) {
	c.reasons = append(c.reasons, fmt.Sprintf(format, args...))
}

// findCauses applies the rules of rotation to one applied token.
//
// A generation that reached a fixed date is not renewed, whatever else
// changed: nothing could be issued under that date. Only who asks for a
// generation in so many words, or moves the date, is told so as an error.
func (p tokenPlanner) findCauses(out *part, c *tokenCase) (why causes) {
	why.asked = c.want.Expiry != c.have.Spec.Expiry
	if p.replace[c.address()] {
		why.asked = true
		why.add("asked for by --replace")
	}
	if honoured := max(1, c.have.Honoured); c.want.Generation > honoured {
		why.asked = true
		why.add("generation raised from %d to %d", honoured, c.want.Generation)
	}
	g := c.have.Active()
	if g == nil {
		if c.have.Generation(c.have.LastGeneration) != nil {
			why.add("no generation is active") // It was renamed back, and only retires.
		} else {
			why.add("no generation is active: %s", explainEnd(c.have, c.have.LastGeneration))
		}
		return why
	}
	why.compareRoles(c, g, p.heirs)
	why.compareExpiry(c, g, p.today)
	why.compareRecipients(c, g, p.keys)
	if due, ok := findDueDay(&c.want.TokenSpec, g); ok && due <= p.today {
		why.due = true
		why.add("due since %s", due)
	}
	warnDates(out, c, g, p.today)
	return why
}

// compareRoles compares the roles that the live generation will carry once the account
// has its declared roles with those that the declaration wants.
func (why *causes) compareRoles(c *tokenCase, g *state.Generation, h heirs) {
	current := intersect(g.CurrentRoles(), c.roles)
	want := c.want.RolesAtIssue(c.account)
	if !c.want.Inherit || !c.have.Spec.Inherit {
		if !slices.Equal(current, want) {
			why.add("roles changed from %s to %s", listOr(g.CurrentRoles(), "none"), listOr(want, "none"))
		}
		return
	}
	if old := intersect(g.CurrentRoles(), h.kept[c.account.Name]); len(old) > 0 {
		why.add("role %s was renamed to %s", old[0], h.roles[old[0]])
	}
	if back := intersect(g.RemovedRoles, c.account.Roles); len(back) > 0 {
		why.add("role %s left the account and came back: only a new generation carries it", strings.Join(back, ", "))
	}
}

// compareExpiry counts a declared lifetime from today, or from the day on which the
// generation was issued, if that is later: a clock that fell back is no reason to
// rotate what was issued a moment ago.
func (why *causes) compareExpiry(c *tokenCase, g *state.Generation, today model.Date) {
	e := c.want.Expiry
	switch {
	case e.At != 0 && e.At != g.ExpiresAt:
		why.add("expires_at changed from %s to %s", g.ExpiresAt, e.At)
	case e.In != 0 && g.ExpiresAt > max(today, DateOfIssue(g)).Add(e.In):
		why.add("it outlasts the declared lifetime of %s", e.In)
	}
}

// compareRecipients asks for another value where somebody knows the present one who
// should not. That it was sealed again since makes them forget nothing.
func (why *causes) compareRecipients(c *tokenCase, g *state.Generation, keys *keyring) {
	if len(g.FormerRecipients) == 0 && keys.matches(c.want.Readers, g.Recipients) {
		return
	}
	for _, id := range keys.findLost(c.want.Readers, g.EverReadable()) {
		why.add("%s is no longer a recipient and has seen the value", keyName(id, keys.names))
	}
}

// DateOfIssue is the UTC day on which a generation was issued.
func DateOfIssue(g *state.Generation) model.Date { return model.DateOf(g.IssuedAt) }

// findDueDay is the day on which a date alone asks for a new generation, if one
// does: min(issued + every, expiry - max(overlap, 1d)) for a declared lifetime,
// and issued + every within a fixed date. It is always after the day of issue,
// so no generation is due on the day it is born.
func findDueDay(spec *model.TokenSpec, g *state.Generation) (model.Date, bool) {
	issued, rotate := DateOfIssue(g), spec.Rotate
	every := issued.Add(rotate.Every)
	if spec.Expiry.At != 0 {
		return every, rotate.Every > 0 && every < g.ExpiresAt
	}
	last := g.ExpiresAt.Add(-max(rotate.Overlap, 1))
	if rotate.Every > 0 {
		last = min(last, every)
	}
	return max(last, issued+1), true
}

// NextRotation is the day on which a date alone will rotate an applied token, or
// the zero Date where none does. It has passed where no apply came since.
func NextRotation(t *state.Token, today model.Date) model.Date {
	g := t.Active()
	if g == nil || t.RenamedTo != "" {
		return 0
	}
	on, ok := findRotation(&t.Spec, g, today)
	if !ok {
		return 0
	}
	return on
}

// findRotation is the day on which a date alone rotates an active generation, if
// one does. Under a fixed date that has passed nothing can be issued.
func findRotation(spec *model.TokenSpec, g *state.Generation, today model.Date) (model.Date, bool) {
	on, ok := findDueDay(spec, g)
	return on, ok && (spec.Expiry.At == 0 || today < g.ExpiresAt)
}

// warnDates warns of a fixed date that comes near or has passed.
func warnDates(out *part, c *tokenCase, g *state.Generation, today model.Date) {
	if c.want.Expiry.At == 0 || c.want.Expiry.At != g.ExpiresAt {
		return
	}
	switch left := today.Until(g.ExpiresAt); {
	case left <= 0:
		warnExpired(out, c)
	case left <= UpcomingDays:
		out.warn("expires_soon", c.address(), "expires on %s, in %s, and a fixed expires_at is never renewed by itself: declare a later one", g.ExpiresAt, model.Plural(int(left), "day", "days"))
	}
}

// warnExpired says once of a token that its fixed date has passed.
func warnExpired(out *part, c *tokenCase) {
	const code = "expired"
	said := slices.ContainsFunc(out.warnings, func(w Warning) bool { return w.Code == code && *w.Address == c.address() })
	if c.want.Expiry.At != 0 && !said {
		out.warn(code, c.address(), "expired on %s: declare a later expires_at for a new one, or remove the token", c.want.Expiry.At)
	}
}

// generation is the one that a change issues, as far as dates ask for it.
func (r *Resolved) generation(today model.Date) *state.Generation {
	return &state.Generation{Number: r.Generation, IssuedAt: today.Time(), ExpiresAt: r.ExpiresAt}
}
