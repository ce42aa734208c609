package plan

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// UpcomingDays is how far ahead a plan names what dates will bring.
const UpcomingDays model.Days = 30

// tokens plans the tokens of a declared account. have is nil or dead where the
// account is new; what it remembers of earlier tokens still counts, since
// generation numbers are never reused.
func (b *builder) tokens(account *model.Account, have *state.Account) {
	var applied map[string]*state.Token
	if have != nil {
		applied = have.Tokens
	}
	b.impliedByLostRoles(account, have)
	names := model.Names(account.Tokens)
	for _, name := range names {
		b.previously(account.Tokens[name], account, applied)
	}
	for _, name := range names {
		b.token(tokenCase{account: account, want: account.Tokens[name], have: applied[name], siblings: applied})
	}
	for _, name := range missing(applied, account.Tokens) {
		if applied[name].Live() {
			b.tokenGone(account, name, applied)
		}
	}
}

// impliedByLostRoles says what OSMO does by itself: a role that leaves an
// account leaves every token of it.
func (b *builder) impliedByLostRoles(account *model.Account, have *state.Account) {
	if !have.Live() || slices.EqualFunc(b.rolesOf(account), have.Grants, func(r string, g state.Grant) bool { return r == g.Role }) {
		return
	}
	kept := members(b.rolesOf(account))
	if !kept.missesAny(have.Roles()) {
		return
	}
	type carrier struct {
		address model.Address
		carries memberSet
	}
	var carriers []carrier
	for _, name := range model.Names(have.Tokens) {
		for i := range have.Tokens[name].Generations {
			g := &have.Tokens[name].Generations[i]
			carriers = append(carriers, carrier{model.TokenAddress(account.Name, name).At(g.Number), members(g.CurrentRoles())})
		}
	}
	cause := model.AccountAddress(account.Name)
	for _, g := range have.Grants {
		if kept.has(g.Role) {
			continue
		}
		for _, c := range carriers {
			if c.carries.has(g.Role) {
				b.imply(c.address, cause, "loses role %s at once", g.Role)
			}
		}
	}
}

// previously notes which applied tokens a declared one takes over from.
func (b *builder) previously(t *model.Token, account *model.Account, applied map[string]*state.Token) {
	for _, old := range t.Previously {
		if applied[old].Live() && account.Tokens[old] == nil {
			b.renamed[model.TokenAddress(t.Account, old)] = t.Address()
		}
	}
}

// tokenCase is one declared token beside what was applied of it.
type tokenCase struct {
	account  *model.Account
	want     *model.Token
	have     *state.Token
	siblings map[string]*state.Token
}

func (c tokenCase) address() model.Address { return c.want.Address() }

// requested is the counter that the next generation honours. It does not fall
// while the token lives: a value that was honoured before asks for nothing.
func (c tokenCase) requested() int {
	n := max(1, c.want.Generation)
	if c.have.Live() {
		n = max(n, c.have.Honoured)
	}
	return n
}

func (b *builder) token(c tokenCase) {
	if !c.have.Live() {
		b.createToken(c)
		return
	}
	b.clock(c)
	causes := b.causes(c)
	switch {
	case causes.none():
		b.updateToken(c)
	default:
		b.rotateToken(c, causes)
	}
	b.revokeDue(c.address(), c.have)
}

func (b *builder) createToken(c tokenCase) {
	reasons := []string{"newly declared"}
	for _, old := range c.want.Previously {
		if b.renamed[model.TokenAddress(c.want.Account, old)] == c.address() {
			reasons = []string{"renamed from " + old}
		}
	}
	for _, old := range b.takenOver(c.want) {
		reasons = []string{"takes over from " + old.String()}
	}
	resolved, ok := b.issue(c, true)
	if !ok {
		return
	}
	b.add(Change{Address: c.address(), Action: Create, Reasons: reasons, After: b.declaredObject(c.want), Resolved: resolved, Origin: &c.want.Origin})
	b.neverRotated(c.want, resolved.Generation, resolved.ExpiresAt)
	b.tokenAccess(c.address(), c.address(), resolved.Roles, nil)
	b.tokenReaders(c.address(), resolved.Readers, nil)
	b.forecast(c.want, b.born(resolved))
}

// issue resolves what the next generation will be. strict says that somebody
// asks for it now, so that a date in the past is an error of theirs.
func (b *builder) issue(c tokenCase, strict bool) (*Resolved, bool) {
	expires := c.want.Expiry.On(b.today)
	if expires <= b.today {
		if strict {
			b.problem(CodeExpiryPassed, c.want.ExpiryOrigin, "choose a later date: a token is dead at 00:00 UTC on its date",
				"%s would be issued on %s with the date %s, which has passed", c.address(), b.today, expires)
		}
		return nil, false
	}
	if taken := b.nameTaken(c); taken != "" {
		b.problem(CodeNameTaken, c.want.Origin, "choose another name", "token name %q is what %s is called on a server", c.want.Name, taken)
		return nil, false
	}
	if c.want.Inherit {
		b.warn("token_inherits_roles", c.address(), "the token takes all roles of its account; list its own under roles to keep it narrow")
	}
	number := b.nextGeneration(c)
	return &Resolved{
		Generation: number, ServerName: model.ServerName(c.want.Name, number),
		Roles: c.want.RolesAtIssue(c.account), ExpiresAt: expires,
		Requested: c.requested(), Readers: c.want.Readers,
	}, true
}

// nextGeneration is the next number whose server name no other token has.
func (b *builder) nextGeneration(c tokenCase) int {
	number := 1
	if c.have != nil {
		number = c.have.LastGeneration + 1
	}
	listed := b.opts.Observed.Users[c.want.Account].Tokens
	for {
		name := model.ServerName(c.want.Name, number)
		_, taken := listed[name]
		if !taken && (number == 1 || !c.siblings[name].Live()) {
			return number
		}
		number++
	}
}

// nameTaken finds the live generation of another token that is called on the
// server as this new token would be.
func (b *builder) nameTaken(c tokenCase) string {
	base, number, ok := model.SplitServerName(c.want.Name)
	if !ok || c.have.Live() || c.siblings[base] == nil || c.siblings[base].Generation(number) == nil {
		return ""
	}
	return model.TokenAddress(c.want.Account, base).At(number).String()
}

func (b *builder) updateToken(c tokenCase) {
	b.standing(c)
	if state.SpecOf(c.want).Equal(c.have.Spec) && c.have.RenamedTo == "" {
		return
	}
	before, after := appliedToken(c.have, b.names), b.declaredObject(c.want)
	after.keepSpelling(before)
	after.Requested = before.Requested
	if g := c.have.Active(); g != nil && c.want.Rotate.Every != c.have.Spec.Rotate.Every {
		b.neverRotated(c.want, g.Number, g.ExpiresAt)
	}
	b.add(Change{Address: c.address(), Action: Update, Reasons: []string{"declaration changed"}, Before: before, After: after, Origin: &c.want.Origin})
}

// standing reports on a token that keeps its generation: the keys that wait to
// be sealed to, the access that changes with its account, and what dates bring.
func (b *builder) standing(c tokenCase) {
	g := c.have.Active()
	if g == nil || g.ExpiresAt <= b.today {
		return // There is nothing to reseal, and no date will bring anything.
	}
	b.reseal(c, g)
	after := intersect(g.CurrentRoles(), b.rolesOf(c.account))
	b.tokenAccess(c.address(), model.AccountAddress(c.account.Name), after, c.have)
	b.nextRoles(c, g, after)
	b.forecast(c.want, g)
}

// reseal lists the keys that were added since the value was sealed. Keys that
// were removed have seen it, and make a rotation instead.
func (b *builder) reseal(c tokenCase, g *state.Generation) {
	if b.sameKeys(c.want.Readers, g.Recipients) {
		return
	}
	granted := b.have.Granted(c.have)
	var gained, news []Reader
	sealed, known := members(g.Recipients), members(granted)
	for i, id := range b.idsOf(c.want.Readers) {
		reader := Reader{Name: c.want.Readers[i].Name, Key: id}
		if sealed.has(id) {
			continue
		}
		gained = append(gained, reader)
		if !known.has(id) {
			news = append(news, reader)
		}
	}
	if len(gained) > 0 && b.take(entryFrame+sizeOfReaders(gained)) {
		b.waiting = append(b.waiting, Waiting{Address: c.address().At(g.Number), Gained: gained})
	}
	b.addReaders(Readers{Token: c.address(), Gained: orEmpty(news), Lost: []Reader{}})
}

// nextRoles says when a role added to the account reaches an inheriting token.
func (b *builder) nextRoles(c tokenCase, g *state.Generation, current []string) {
	if !c.want.Inherit || len(current) == len(c.account.Roles) {
		return
	}
	when := "at its next rotation, which no date brings"
	if due, ok := dueOn(c.want, g); ok {
		when = "at its next rotation, due " + due.String()
	}
	for _, role := range minus(c.account.Roles, current) {
		b.imply(c.address(), model.AccountAddress(c.account.Name), "takes role %s %s", role, when)
	}
}

// PendingRoles are the roles of its account that an applied token does not
// carry yet and takes with its next generation, sorted: those that were granted
// since it was issued, where it inherits. What date brings that generation is
// for [NextRotation] to say.
func PendingRoles(a *state.Account, t *state.Token) []string {
	if !a.Live() || !t.Live() || !t.Spec.Inherit || t.RenamedTo != "" {
		return nil
	}
	var carried []string
	if g := t.Active(); g != nil {
		carried = g.CurrentRoles()
	}
	return minus(a.Lasting(), carried)
}

func (b *builder) rotateToken(c tokenCase, causes causes) {
	resolved, ok := b.issue(c, causes.asked)
	if !ok {
		b.warnExpired(c)
		b.updateToken(c)
		return
	}
	before, after := appliedToken(c.have, b.names), b.declaredObject(c.want)
	after.keepSpelling(before)
	after.Requested = resolved.Requested
	b.add(Change{
		Address: c.address(), Action: Rotate, Reasons: causes.reasons, Due: causes.dueOnly(),
		Before: before, After: after, Resolved: resolved, Origin: &c.want.Origin,
	})
	if c.want.Expiry != c.have.Spec.Expiry || c.want.Rotate.Every != c.have.Spec.Rotate.Every {
		b.neverRotated(c.want, resolved.Generation, resolved.ExpiresAt)
	}
	effective := b.today
	if g := c.have.Active(); g != nil {
		effective = b.retire(c, g, resolved, causes.dueOnly())
		b.late(c, g, resolved)
		b.tokenReaders(c.address(), resolved.Readers, g.Recipients)
	} else {
		// Nothing lives, but who may read it was settled before.
		b.tokenReaders(c.address(), resolved.Readers, b.have.Granted(c.have))
	}
	b.stillRetiring(c, resolved)
	b.overlapAccess(c.address(), resolved.Roles, c.have, c.account, effective)
	b.forecast(c.want, b.born(resolved))
}

// retire plans the end of the generation that a rotation replaces, and returns
// the day from which it is gone.
func (b *builder) retire(c tokenCase, g *state.Generation, resolved *Resolved, due bool) model.Date {
	resolved.Replaces = g.Number
	resolved.RevokeAfter = min(b.today.Add(c.want.Rotate.Overlap), g.ExpiresAt)
	if resolved.RevokeAfter > b.today {
		b.upcomingAt(c.address().At(g.Number), EventRevoke, resolved.RevokeAfter)
		resolved.overlapOf(g, b.rolesOf(c.account))
		return resolved.RevokeAfter
	}
	reason := "replaced, with an overlap of 0d"
	if g.ExpiresAt <= b.today {
		reason = "replaced, and expired on " + g.ExpiresAt.String()
	}
	b.add(Change{Address: c.address().At(g.Number), Action: Revoke, Reasons: []string{reason}, Before: appliedGeneration(g), Due: due})
	return b.today
}

// revokeDue revokes the generations whose overlap is over.
func (b *builder) revokeDue(a model.Address, t *state.Token) {
	for i := range t.Generations {
		g := &t.Generations[i]
		if g.RevokeAfter == 0 {
			continue
		}
		on := g.EndsOn()
		if on > b.today {
			b.upcomingAt(a.At(g.Number), EventRevoke, on)
			continue
		}
		b.add(Change{
			Address: a.At(g.Number), Action: Revoke, Due: true, Before: appliedGeneration(g),
			Reasons: []string{"its overlap ended on " + on.String()},
		})
	}
}

// tokenGone plans the end of a token that is no longer declared: deletion, or,
// where another token took over from it, retirement.
func (b *builder) tokenGone(account *model.Account, name string, applied map[string]*state.Token) {
	a, have := model.TokenAddress(account.Name, name), applied[name]
	heir, renamed := b.renamed[a]
	g := have.Active()
	switch {
	case renamed && g != nil && g.ExpiresAt > b.today && account.Tokens[heir.Name].Rotate.Overlap > 0:
		b.renameToken(account, a, have, g, account.Tokens[heir.Name])
	case renamed && have.RenamedTo == "" && b.stillRetires(have) && account.Tokens[heir.Name].Rotate.Overlap > 0:
		b.renameRetiring(a, have, account.Tokens[heir.Name])
	case len(have.Generations) > 0 && b.heirStands(account, applied, have.RenamedTo):
		b.revokeDue(a, have)
	default:
		b.add(Change{Address: a, Action: Delete, Before: appliedToken(have, b.names), Reasons: []string{"no longer declared"}})
		b.tokenAccess(a, a, nil, have)
	}
}

// heirStands reports whether a token that took over from another is declared, or
// was itself taken over from by one that is. Else the whole line is removed.
func (b *builder) heirStands(account *model.Account, applied map[string]*state.Token, heir string) bool {
	for range len(applied) + 1 { // names may go round in a circle
		if account.Tokens[heir] != nil {
			return true
		}
		next, renamed := b.renamed[model.TokenAddress(account.Name, heir)]
		switch {
		case renamed && account.Tokens[next.Name].Rotate.Overlap > 0:
			heir = next.Name
		case applied[heir] != nil:
			heir = applied[heir].RenamedTo
		default:
			return false
		}
	}
	return false
}

func (b *builder) renameToken(account *model.Account, a model.Address, have *state.Token, g *state.Generation, heir *model.Token) {
	before, after := appliedToken(have, b.names), appliedToken(have, b.names)
	resolved := &Resolved{Replaces: g.Number, RevokeAfter: min(b.today.Add(heir.Rotate.Overlap), g.ExpiresAt)}
	after.RenamedTo = heirName(a, heir)
	resolved.overlapOf(g, b.rolesOf(account))
	b.add(Change{Address: a, Action: Update, Reasons: []string{"renamed to " + after.RenamedTo}, Before: before, After: after, Resolved: resolved, Origin: &heir.Origin})
	b.upcomingAt(a.At(g.Number), EventRevoke, resolved.RevokeAfter)
	b.overlapAccess(a, nil, have, account, resolved.RevokeAfter)
	b.revokeDue(a, have)
}

// heirName names the token that takes the place of a, with its account where that
// is another.
func heirName(a model.Address, heir *model.Token) string {
	if heir.Account != a.Account {
		return heir.Account + "/" + heir.Name
	}
	return heir.Name
}

// stillRetires reports whether a generation of a token that was replaced works on.
func (b *builder) stillRetires(t *state.Token) bool {
	return slices.ContainsFunc(t.Generations, func(g state.Generation) bool { return g.RevokeAfter != 0 && g.EndsOn() > b.today })
}

// renameRetiring renames a token of which no generation is active, because it was
// revoked or has expired: those that it replaced keep their days.
func (b *builder) renameRetiring(a model.Address, have *state.Token, heir *model.Token) {
	before, after := appliedToken(have, b.names), appliedToken(have, b.names)
	after.RenamedTo = heirName(a, heir)
	b.add(Change{Address: a, Action: Update, Reasons: []string{"renamed to " + after.RenamedTo}, Before: before, After: after, Origin: &heir.Origin})
	if g := have.Active(); g != nil {
		b.add(Change{Address: a.At(g.Number), Action: Revoke, Reasons: []string{"replaced, and expired on " + g.ExpiresAt.String()}, Before: appliedGeneration(g)})
	}
	b.revokeDue(a, have)
}

func intersect(a, b []string) []string {
	if slices.Equal(a, b) {
		return a
	}
	in := members(b)
	if !in.missesAny(a) {
		return a
	}
	both := make([]string, 0, len(a))
	for _, s := range a {
		if in.has(s) {
			both = append(both, s)
		}
	}
	return both
}
