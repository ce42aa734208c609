package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// UpcomingDays is how far ahead a plan names what dates will bring.
const UpcomingDays model.Days = 30

// tokenPlanner plans declared tokens.
type tokenPlanner struct {
	planner
	// replace has those to rotate whatever their declaration says.
	replace map[model.Address]bool
}

// tokenCase is one declared token beside what was applied of it. have is nil where
// there was nothing; what it remembers of earlier generations still counts, since
// their numbers are never reused.
type tokenCase struct {
	account  *model.Account
	want     *model.Token
	have     *state.Token
	siblings map[string]*state.Token
	// roles are those that the account has once the plan is applied.
	roles []string
}

func (c *tokenCase) address() model.Address { return c.want.Address() }

// caseOf is a declared token of an account beside its state.
func (p planner) caseOf(account *model.Account, roles []string, name string) *tokenCase {
	c := &tokenCase{account: account, want: account.Tokens[name], roles: roles}
	if have := p.have.Accounts[account.Name]; have != nil {
		c.have, c.siblings = have.Tokens[name], have.Tokens
	}
	return c
}

// plan plans a declared token.
func (p tokenPlanner) plan(c *tokenCase) (out part) {
	if !c.have.Live() {
		return p.create(c)
	}
	warnClock(&out, c, p.today)
	why := p.findCauses(&out, c)
	if why.none() {
		p.update(&out, c)
	} else {
		p.rotate(&out, c, why)
	}
	revokeDue(&out, c.address(), c.have, p.today)
	return out
}

func (p tokenPlanner) create(c *tokenCase) (out part) {
	reasons := []string{"newly declared"}
	for _, old := range c.want.Previously {
		if p.heirs.tokens[model.TokenAddress(c.want.Account, old)] == c.address() {
			reasons = []string{"renamed from " + old}
		}
	}
	for _, old := range p.heirs.findPredecessors(p.basis, c.want) {
		reasons = []string{"takes over from " + old.String()}
	}
	resolved := p.issue(&out, c, true)
	if resolved == nil {
		return out
	}
	out.change(Change{Address: c.address(), Action: Create, Reasons: reasons, After: p.keys.object(c.want), Resolved: resolved, Origin: &c.want.Origin})
	warnNeverRotated(&out, c.want, resolved.Generation, resolved.ExpiresAt, p.today)
	p.access().move(&out, c.address(), c.address(), resolved.Roles)
	out.read(p.keys.compare(c.address(), resolved.Readers, nil))
	out.expect(p.today, forecast(c.address(), &c.want.TokenSpec, resolved.generation(p.today), p.today)...)
	return out
}

// issue resolves what the next generation will be; nil where none can be issued.
// strict says that somebody asks for it now, so that a date in the past is an error
// of theirs.
func (p tokenPlanner) issue(out *part, c *tokenCase, strict bool) *Resolved {
	expires := c.want.Expiry.On(p.today)
	if expires <= p.today {
		if strict {
			out.fail(CodeExpiryPassed, c.want.ExpiryOrigin, "choose a later date: a token is dead at 00:00 UTC on its date",
				"%s would be issued on %s with the date %s, which has passed", c.address(), p.today, expires)
		}
		return nil
	}
	if taken := c.findNamesake(); taken != "" {
		out.fail(CodeNameTaken, c.want.Origin, "choose another name", "token name %q is what %s is called on a server", c.want.Name, taken)
		return nil
	}
	if c.want.Inherit {
		out.warn("token_inherits_roles", c.address(), "the token takes all roles of its account; list its own under roles to keep it narrow")
	}
	requested := max(1, c.want.Generation)
	if c.have.Live() {
		// The counter does not fall: a value that was honoured before asks for nothing.
		requested = max(requested, c.have.Honoured)
	}
	number := c.nextGeneration(p.observed.Users[c.want.Account].Tokens)
	return &Resolved{
		Generation: number, ServerName: model.ServerName(c.want.Name, number),
		Roles: c.want.RolesAtIssue(c.account), ExpiresAt: expires,
		Requested: requested, Readers: c.want.Readers,
	}
}

// nextGeneration is the next number whose server name no other token has or had, by
// state, or has among those that a server lists.
func (c *tokenCase) nextGeneration(listed map[string]model.ObservedToken) int {
	number := 1
	if c.have != nil {
		number = c.have.LastGeneration + 1
	}
	for {
		name := model.ServerName(c.want.Name, number)
		if _, taken := listed[name]; !taken && !state.IsUsed(c.siblings, name) {
			return number
		}
		number++
	}
}

// findNamesake finds the live generation of another token that is called on the
// server as this new token would be.
func (c *tokenCase) findNamesake() string {
	base, number, ok := model.SplitServerName(c.want.Name)
	if !ok || c.have.Live() || c.siblings[base] == nil || c.siblings[base].Generation(number) == nil {
		return ""
	}
	return model.TokenAddress(c.want.Account, base).At(number).String()
}

// update plans what changes of a token that keeps its generation.
func (p tokenPlanner) update(out *part, c *tokenCase) {
	p.keep(out, c)
	if c.want.Equal(c.have.Spec) && c.have.RenamedTo == "" {
		return
	}
	before, after := showToken(c.have, p.keys.names), p.keys.object(c.want)
	after.keepSpelling(before)
	after.Requested = before.Requested
	if g := c.have.Active(); g != nil && c.want.Rotate.Every != c.have.Spec.Rotate.Every {
		warnNeverRotated(out, c.want, g.Number, g.ExpiresAt, p.today)
	}
	out.change(Change{Address: c.address(), Action: Update, Reasons: []string{"declaration changed"}, Before: before, After: after, Origin: &c.want.Origin})
}

// keep reports on a token that keeps its generation: the keys that wait to be
// sealed to, the access that changes with its account, and what dates bring.
func (p tokenPlanner) keep(out *part, c *tokenCase) {
	g := c.have.Active()
	if g == nil || g.ExpiresAt <= p.today {
		return // There is nothing to reseal, and no date will bring anything.
	}
	p.waitForReseal(out, c, g)
	after := intersect(g.CurrentRoles(), c.roles)
	p.access().move(out, c.address(), model.AccountAddress(c.account.Name), after)
	sayNextRoles(out, c, g, after)
	out.expect(p.today, forecast(c.address(), &c.want.TokenSpec, g, p.today)...)
}

// waitForReseal lists the keys that were added since the value was sealed. Keys that
// were removed have seen it, and make a rotation instead. A value that is not known
// waits for nobody: a key that is added reads the next one.
func (p tokenPlanner) waitForReseal(out *part, c *tokenCase, g *state.Generation) {
	if p.keys.matches(c.want.Readers, g.Recipients) {
		return
	}
	gained := p.keys.compare(c.address(), c.want.Readers, g.Recipients).Gained
	if len(gained) > 0 && g.Known() {
		out.waiting = append(out.waiting, Waiting{Address: c.address().At(g.Number), Gained: gained})
	}
	known := members(p.have.Granted(c.have))
	news := slices.DeleteFunc(slices.Clone(gained), func(r Reader) bool { return known.has(r.Key) })
	out.read(Readers{Token: c.address(), Gained: news, Lost: []Reader{}})
}

// sayNextRoles says when a role added to the account reaches an inheriting token.
func sayNextRoles(out *part, c *tokenCase, g *state.Generation, current []string) {
	if !c.want.Inherit || len(current) == len(c.account.Roles) {
		return
	}
	when := "at its next rotation, which no date brings"
	if due, ok := findDueDay(&c.want.TokenSpec, g); ok {
		when = "at its next rotation, due " + due.String()
	}
	for _, role := range minus(c.account.Roles, current) {
		out.imply(c.address(), model.AccountAddress(c.account.Name), "takes role %s %s", role, when)
	}
}

func (p tokenPlanner) rotate(out *part, c *tokenCase, why causes) {
	resolved := p.issue(out, c, why.asked)
	if resolved == nil {
		warnExpired(out, c)
		p.update(out, c)
		return
	}
	before, after := showToken(c.have, p.keys.names), p.keys.object(c.want)
	after.keepSpelling(before)
	after.Requested = resolved.Requested
	out.change(Change{
		Address: c.address(), Action: Rotate, Reasons: why.reasons, Due: why.dueOnly(),
		Before: before, After: after, Resolved: resolved, Origin: &c.want.Origin,
	})
	if c.want.Expiry != c.have.Spec.Expiry || c.want.Rotate.Every != c.have.Spec.Rotate.Every {
		warnNeverRotated(out, c.want, resolved.Generation, resolved.ExpiresAt, p.today)
	}
	effective := p.today
	if g := c.have.Active(); g != nil {
		effective = p.retire(out, c, g, resolved, why.dueOnly())
		warnLate(out, c, g, resolved, p.today)
		out.read(p.keys.compare(c.address(), resolved.Readers, g.Recipients))
	} else {
		// Nothing lives, but who may read it was settled before.
		out.read(p.keys.compare(c.address(), resolved.Readers, p.have.Granted(c.have)))
	}
	warnStillRetiring(out, c, resolved, p.today)
	p.access().overlap(out, c.address(), resolved.Roles, c.roles, effective)
	out.expect(p.today, forecast(c.address(), &c.want.TokenSpec, resolved.generation(p.today), p.today)...)
}

// retire plans the end of the generation that a rotation replaces, and returns
// the day from which it is gone.
func (p tokenPlanner) retire(out *part, c *tokenCase, g *state.Generation, resolved *Resolved, due bool) model.Date {
	resolved.Replaces = g.Number
	resolved.RevokeAfter = min(p.today.Add(c.want.Rotate.Overlap), g.ExpiresAt)
	if resolved.RevokeAfter > p.today {
		out.expect(p.today, Upcoming{Address: c.address().At(g.Number), Event: EventRevoke, Date: resolved.RevokeAfter})
		resolved.cutOverlap(g, c.roles)
		return resolved.RevokeAfter
	}
	reason := "replaced, with an overlap of 0d"
	if g.ExpiresAt <= p.today {
		reason = "replaced, and expired on " + g.ExpiresAt.String()
	}
	out.change(Change{Address: c.address().At(g.Number), Action: Revoke, Reasons: []string{reason}, Before: showGeneration(g), Due: due})
	return p.today
}
