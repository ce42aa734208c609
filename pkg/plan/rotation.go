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

// causes applies the rules of rotation to one applied token.
//
// A generation that reached a fixed date is not renewed, whatever else
// changed: nothing could be issued under that date. Only who asks for a
// generation in so many words, or moves the date, is told so as an error.
func (b *builder) causes(c tokenCase) causes {
	var out causes
	out.asked = c.want.Expiry != c.have.Spec.Expiry
	b.requests(c, &out)
	g := c.have.Active()
	if g == nil {
		out.add("%s", noneActive(c.have))
		return out
	}
	b.roleCauses(c, g, &out)
	b.expiryCauses(c, g, &out)
	b.recipientCauses(c, g, &out)
	if due, ok := dueOn(c.want, g); ok && due <= b.today {
		out.due = true
		out.add("due since %s", due)
	}
	b.warnDates(c, g)
	return out
}

// noneActive says why a token without an active generation has none. That of a
// token which was renamed back is only retiring.
func noneActive(t *state.Token) string {
	if t.Generation(t.LastGeneration) != nil {
		return "no generation is active"
	}
	return "no generation is active: " + endedWords(t, t.LastGeneration)
}

func (b *builder) requests(c tokenCase, out *causes) {
	if b.replace[c.address()] {
		out.asked = true
		out.add("asked for by --replace")
	}
	if c.want.Generation > max(1, c.have.Honoured) {
		out.asked = true
		out.add("generation raised from %d to %d", max(1, c.have.Honoured), c.want.Generation)
	}
}

// roleCauses compares the roles that the live generation will carry once the
// account has its declared roles with those that the declaration wants.
func (b *builder) roleCauses(c tokenCase, g *state.Generation, out *causes) {
	current := intersect(g.CurrentRoles(), b.rolesOf(c.account))
	want := c.want.RolesAtIssue(c.account)
	if !c.want.Inherit || !c.have.Spec.Inherit {
		if !slices.Equal(current, want) {
			out.add("roles changed from %s to %s", listOr(g.CurrentRoles(), "none"), listOr(want, "none"))
		}
		return
	}
	if old := intersect(g.CurrentRoles(), b.heirs.kept[c.account.Name]); len(old) > 0 {
		out.add("role %s was renamed to %s", old[0], b.heirs.roles[old[0]])
	}
	if back := intersect(g.RemovedRoles, c.account.Roles); len(back) > 0 {
		out.add("role %s left the account and came back: only a new generation carries it", strings.Join(back, ", "))
	}
}

func (b *builder) expiryCauses(c tokenCase, g *state.Generation, out *causes) {
	e := c.want.Expiry
	switch {
	case e.At != 0 && e.At != g.ExpiresAt:
		out.add("expires_at changed from %s to %s", g.ExpiresAt, e.At)
	case e.In != 0 && g.ExpiresAt > b.newest(g).Add(e.In):
		out.add("it outlasts the declared lifetime of %s", e.In)
	}
}

// newest is today, or the day on which g was issued, if that is later: a clock
// that fell back is no reason to rotate what was issued a moment ago.
func (b *builder) newest(g *state.Generation) model.Date {
	return max(b.today, model.DateOf(g.IssuedAt))
}

// recipientCauses asks for another value where somebody knows the present one
// who should not. That it was sealed again since makes them forget nothing.
func (b *builder) recipientCauses(c tokenCase, g *state.Generation, out *causes) {
	if len(g.FormerRecipients) == 0 && b.sameKeys(c.want.Readers, g.Recipients) {
		return
	}
	for _, id := range b.lostKeys(c.want.Readers, g.EverReadable()) {
		out.add("%s is no longer a recipient and has seen the value", keyName(id, b.names))
	}
}

// lostKeys are the keys that a value is sealed to and should not be.
func (b *builder) lostKeys(want []model.Recipient, have []string) (lost []string) {
	return minus(have, b.idsOf(want))
}

func keyName(id string, names map[string]string) string {
	if name := names[id]; name != "" {
		return fmt.Sprintf("recipient %s (%s)", name, model.KeyFingerprint(id))
	}
	return "recipient " + model.KeyFingerprint(id)
}

// DateOfIssue is the UTC day on which a generation was issued.
func DateOfIssue(g *state.Generation) model.Date { return model.DateOf(g.IssuedAt) }

// dueOn is the day on which a date alone asks for a new generation, if one
// does: min(issued + every, expiry - max(overlap, 1d)) for a declared lifetime,
// and issued + every within a fixed date. It is always after the day of issue,
// so no generation is due on the day it is born.
func dueOn(t *model.Token, g *state.Generation) (model.Date, bool) {
	return due(t.Expiry, t.Rotate, DateOfIssue(g), g.ExpiresAt)
}

func due(e model.Expiry, r model.Rotation, issued, expires model.Date) (model.Date, bool) {
	every := issued.Add(r.Every)
	if e.At != 0 {
		return every, r.Every > 0 && every < expires
	}
	last := expires.Add(-max(r.Overlap, 1))
	if r.Every > 0 {
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
	on, ok := rotatesOn(t.Spec.Expiry, t.Spec.Rotate, g, today)
	if !ok {
		return 0
	}
	return on
}

// rotatesOn is the day on which a date alone rotates an active generation, if
// one does. Under a fixed date that has passed nothing can be issued.
func rotatesOn(e model.Expiry, r model.Rotation, g *state.Generation, today model.Date) (model.Date, bool) {
	on, ok := due(e, r, DateOfIssue(g), g.ExpiresAt)
	return on, ok && (e.At == 0 || today < g.ExpiresAt)
}

// warnDates warns of a fixed date that comes near or has passed.
func (b *builder) warnDates(c tokenCase, g *state.Generation) {
	if c.want.Expiry.At == 0 || c.want.Expiry.At != g.ExpiresAt {
		return
	}
	switch left := b.today.Until(g.ExpiresAt); {
	case left <= 0:
		b.warnExpired(c)
	case left <= UpcomingDays:
		b.warn("expires_soon", c.address(), "expires on %s, in %s, and a fixed expires_at is never renewed by itself: declare a later one", g.ExpiresAt, model.Plural(int(left), "day", "days"))
	}
}

func (b *builder) warnExpired(c tokenCase) {
	if c.want.Expiry.At == 0 || b.warnedExpired[c.address()] {
		return
	}
	b.warnedExpired[c.address()] = true
	b.warn("expired", c.address(), "expired on %s: declare a later expires_at for a new one, or remove the token", c.want.Expiry.At)
}

// forecast notes what the coming weeks bring to a generation.
func (b *builder) forecast(t *model.Token, g *state.Generation) {
	for _, u := range ahead(t.Address(), t.Expiry, t.Rotate, g, b.today) {
		b.upcomingAt(u.Address, u.Event, u.Date)
	}
}

// born is the generation that a change issues, as far as dates ask for it.
func (b *builder) born(r *Resolved) *state.Generation {
	return &state.Generation{Number: r.Generation, IssuedAt: b.today.Time(), ExpiresAt: r.ExpiresAt}
}

func (b *builder) upcomingAt(a model.Address, event Event, on model.Date) {
	if on > b.today && on <= b.today.Add(UpcomingDays) && b.take(entryFrame) {
		b.upcoming = append(b.upcoming, Upcoming{Address: a, Event: event, Date: on})
	}
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}
