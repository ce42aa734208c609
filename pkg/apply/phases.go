package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

const (
	// batchSize is how many tokens are created between two commits.
	batchSize = 100
	// atOnce is how many of a batch are asked for at a time: enough for any
	// backend, which knows how many requests its server likes.
	atOnce = 16
	// publishEvery is how long a batch may take: what is published is safe, and each
	// commit tells others that the run is alive.
	publishEvery = 30 * time.Second
	// attempts is how many numbers a run tries for one token.
	attempts = 2
)

// ReservedError is returned where another run has reserved numbers, and may be at
// work. [Run.TakeOver] burns them.
type ReservedError struct{ Run string }

func (e *ReservedError) Error() string {
	return fmt.Sprintf("run %s has reserved what it is to create, and has not come to its end", e.Run)
}

// PartialError is returned where a run did some of a plan. What it did is
// committed, and planning again yields what is left.
type PartialError struct {
	// Done is what was done.
	Done *Result
	// Failed are what could not be created or ended, by address.
	Failed []Failure
	// NotReached are changes that were left for a further run: because the run was
	// interrupted, or because what they need has failed.
	NotReached []model.Address
	// Cause is set where the run was interrupted, or a commit failed.
	Cause error
}

// Failure is what became of one address.
type Failure struct {
	Address model.Address
	Err     error
}

func (e *PartialError) Error() string {
	text := fmt.Sprintf("the plan was applied in part: %d failed, %d not reached", len(e.Failed), len(e.NotReached))
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	} else if len(e.Failed) > 0 {
		text += ": " + e.Failed[0].Address.String() + ": " + e.Failed[0].Err.Error()
	}
	return text
}

// Unwrap is the cause, where there is one.
func (e *PartialError) Unwrap() error { return e.Cause }

// phases is a run on a server: what the next phase has to know of those before.
type phases struct {
	run  *Run
	plan *plan.Plan
	// have is the state after the last commit.
	have    *state.Snapshot
	lineage string
	// gone has what was seen to be gone from the server since the last commit.
	gone map[model.Address]bool
	// failed has why something could not be created or ended.
	failed     map[model.Address]error
	notReached []model.Address
	done       *Result
	// beside says that another run has reserved numbers. This one creates nothing,
	// and leaves them as they are.
	beside bool
	// rebases counts how often another run's state was taken up.
	rebases int
	// corrected is set once state says what the server was seen to have.
	corrected bool
}

// applyInPhases executes p where a server has to be told: see the package comment
// for what each phase is and what a crash in it leaves.
func (r *Run) applyInPhases(ctx context.Context, p *plan.Plan, have *state.Snapshot, births []*generation) (*Result, error) {
	run, reserved := ReservedBy(have)
	if reserved && (len(births) > 0 || createsObjects(p)) {
		return nil, &ReservedError{Run: run}
	}
	s := &phases{
		run: r, plan: p, have: have, lineage: r.lineage(have), beside: reserved,
		gone: map[model.Address]bool{}, failed: map[model.Address]error{}, done: &Result{Serial: have.Meta.Serial},
	}
	leftovers := r.leftovers(have)
	for _, a := range leftovers {
		s.gone[a] = r.isAnother(a, have.Accounts[a.Name], s.lineage)
	}
	s.end(ctx, slices.DeleteFunc(slices.Clone(leftovers), func(a model.Address) bool { return !isGeneration(a) }))
	leftovers = s.withoutGone(leftovers)
	objects := slices.DeleteFunc(slices.Clone(leftovers), isGeneration)
	if err := s.reserve(ctx, births); err != nil {
		return nil, err
	}
	// Users and roles come back under their names, so they go once no other run can
	// have made them again.
	s.end(ctx, objects)
	leftovers = s.withoutGone(leftovers)
	changes, births := s.ensure(ctx, births)
	tokens := len(births)
	for tried := map[model.Address]int{}; ; {
		n := min(batchSize, len(births))
		s.createBatch(ctx, births[:n], tokens-len(births), tokens)
		o := s.sortOut(births[:n], tried)
		births = append(births[n:len(births):len(births)], o.next...)
		interrupted := ctx.Err()
		if interrupted != nil {
			s.abandon(births)
			births = nil
		}
		// What was created is published by a run that was interrupted, too.
		err := s.publish(context.WithoutCancel(ctx), changes, o, births, interrupted == nil)
		switch {
		case err != nil && s.done.Commit == "":
			return nil, err
		case err != nil:
			s.abandon(slices.Concat(o.created, births))
			return s.result(err)
		case interrupted != nil:
			return s.result(interrupted)
		}
		if changes = nil; len(births) == 0 {
			break
		}
	}
	for a, err := range s.end(ctx, addressSet(slices.Concat(leftovers, s.have.Underway().Remove))) {
		s.failed[a] = err
	}
	return s.result(cmp.Or(s.confirm(context.WithoutCancel(ctx)), ctx.Err()))
}

// ReservedBy is the run that has reserved numbers and has not come to its end, if one
// has.
func ReservedBy(have *state.Snapshot) (run string, reserved bool) {
	u := have.Underway()
	if len(u.Numbers()) == 0 {
		return "", false
	}
	return u.Run, true
}

// createsObjects reports whether a plan has roles or users to reserve.
func createsObjects(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Action == plan.Create })
}

// abandon leaves to another run what was not created and what was not taken away.
func (s *phases) abandon(births []*generation) {
	for _, g := range births {
		s.notReached = append(s.notReached, g.address.Token())
	}
	for _, c := range s.plan.Changes {
		if takesAway(c.Action) {
			s.notReached = append(s.notReached, c.Address)
		}
	}
}

// result is what was done, as an error where that was not all.
func (s *phases) result(cause error) (*Result, error) {
	s.done.Ended = addressSet(s.done.Ended)
	if cause == nil && len(s.failed)+len(s.notReached) == 0 {
		return s.done, nil
	}
	partial := &PartialError{Done: s.done, NotReached: addressSet(s.notReached), Cause: cause}
	for a, err := range s.failed {
		partial.Failed = append(partial.Failed, Failure{a, err})
	}
	slices.SortFunc(partial.Failed, func(a, b Failure) int { return a.Address.Compare(b.Address) })
	return nil, partial
}

// TakeOver burns what another run has reserved, so that it cannot publish it, and
// returns the state after. It may be done at any moment: the numbers are not given
// out again, and what the other run created under them is ended by the next apply,
// or by the other run where it finds out first.
func (r *Run) TakeOver(ctx context.Context, have *state.Snapshot) (*state.Snapshot, error) {
	u := have.Underway()
	burned, edit := u.Numbers(), have.Edit()
	if len(burned) == 0 {
		return have, nil
	}
	for _, a := range burned {
		edit.Burn(a, model.DateOf(r.Now))
	}
	kept := slices.DeleteFunc(slices.Clone(u.Create), isGeneration)
	edit.SetUnderway(state.Underway{Run: r.ID, Create: kept, Remove: addressSet(slices.Concat(u.Remove, burned))})
	next, _, err := r.commit(ctx, edit, &sealedSet{}, r.note(fmt.Sprintf("take over from run %s", u.Run), burnLines(burned)))
	return next, err
}

// leftovers are what state has let go of and the server may still have, among it
// tokens that appeared after their number was burned.
func (r *Run) leftovers(have *state.Snapshot) []model.Address {
	u := have.Underway()
	list := slices.Clone(u.Remove)
	for user, seen := range r.Observed.Users {
		account := have.Accounts[user]
		if account == nil {
			continue
		}
		for name, t := range seen.Tokens {
			if t.Mark.Lineage == have.Meta.Lineage {
				list = append(list, deadGeneration(account, name, u)...)
			}
		}
	}
	return addressSet(list)
}

// isAnother reports whether a user that was to go is gone, and somebody else has made
// one of the same name since: neither this identity created it, nor is it the one that
// was adopted, nor has it a token of ours.
func (r *Run) isAnother(a model.Address, had *state.Account, lineage string) bool {
	is, there := r.Observed.Users[a.Name]
	if a.Kind != model.KindAccount || !there || had == nil || is.Created.By == r.Observed.Identity ||
		is.Created.By == had.CreatedBy && is.Created.At.Truncate(time.Second).Equal(had.CreatedAt) {
		return false
	}
	for _, t := range is.Tokens {
		if t.Mark.Lineage == lineage {
			return false
		}
	}
	return true
}

// deadGeneration is the generation that a name on the server belongs to, if that
// has ended or was burned. A name may be that of a token, and of a later generation
// of another: it is dead if it is so for one and not alive for the other.
func deadGeneration(account *state.Account, name string, u state.Underway) (dead []model.Address) {
	names := []model.Address{model.TokenAddress(account.Name, name).At(1)}
	if base, number, ok := model.SplitServerName(name); ok {
		names = append(names, model.TokenAddress(account.Name, base).At(number))
	}
	for _, a := range names {
		t := account.Tokens[a.Name]
		switch {
		case u.Creates(a), t != nil && t.Generation(a.Generation) != nil:
			return nil
		case t != nil && a.Generation <= t.LastGeneration:
			dead = append(dead, a)
		}
	}
	return dead
}

// begin begins the next snapshot. The first of a run is corrected by what the server
// was seen to have of the objects that the plan changes: the plan is the way from there.
func (s *phases) begin() *state.Edit {
	e := s.run.begin(s.have)
	if !s.plan.Refreshed || s.corrected {
		return e
	}
	s.corrected = true
	changed := map[model.Address]bool{}
	for i := range s.plan.Changes {
		changed[plan.Bearer(s.plan.Changes[i].Address)] = true
	}
	e.Correct(s.run.Observed, s.plan.Date, func(a model.Address) bool { return changed[a] })
	return e
}

// reserve commits the names of all that is to be created.
func (s *phases) reserve(ctx context.Context, births []*generation) error {
	create := make([]model.Address, len(births))
	for i, g := range births {
		create[i] = g.address
	}
	for i := range s.plan.Changes {
		if c := &s.plan.Changes[i]; c.Action == plan.Create && c.Address.Kind != model.KindToken {
			create = append(create, c.Address)
		}
	}
	if len(create) == 0 {
		return nil
	}
	lines := make([]string, len(create))
	for i, a := range create {
		lines[i] = "reserve " + a.String()
	}
	u := s.have.Underway()
	edit := s.begin()
	edit.SetUnderway(state.Underway{Run: s.run.ID, Create: addressSet(append(create, u.Create...)), Remove: s.withoutGone(u.Remove)})
	return s.commit(ctx, edit, &sealedSet{}, s.run.note("reserve", lines))
}

// ensure makes roles, users and grants true on the server, each before what needs
// it. It returns the changes that can be recorded, with those of tokens that the
// server is not asked about, and the generations that can be created.
func (s *phases) ensure(ctx context.Context, births []*generation) (changes []plan.Change, able []*generation) {
	var roles, accounts, tokens []plan.Change
	for _, c := range s.plan.Changes {
		switch {
		case takesAway(c.Action), c.Resolved != nil && c.Resolved.Generation > 0:
		case c.Address.Kind == model.KindRole:
			roles = append(roles, c)
		case c.Address.Kind == model.KindAccount:
			accounts = append(accounts, c)
		default:
			tokens = append(tokens, c)
		}
	}
	for _, group := range []struct {
		what    string
		changes []plan.Change
		ensure  func(context.Context, plan.Change) error
	}{{"roles", roles, s.ensureRole}, {"accounts", accounts, s.ensureAccount}} {
		if len(group.changes) > 0 {
			s.run.say("bringing "+group.what+" to the server", 0, 0)
		}
		for i, err := range each(group.changes, func(c plan.Change) error { return group.ensure(ctx, c) }) {
			if err != nil {
				s.failed[group.changes[i].Address] = err
				continue
			}
			changes = append(changes, group.changes[i])
		}
	}
	for _, c := range tokens {
		if s.failed[model.AccountAddress(c.Address.Account)] != nil {
			s.notReached = append(s.notReached, c.Address)
			continue
		}
		changes = append(changes, c)
	}
	for _, g := range births {
		if s.failed[model.AccountAddress(g.address.Account)] != nil {
			s.notReached = append(s.notReached, g.address.Token())
			continue
		}
		able = append(able, g)
	}
	return changes, able
}

func (s *phases) ensureRole(ctx context.Context, c plan.Change) error {
	switch {
	case c.Action == plan.Adopt:
		return nil // The server has it.
	case c.After.External || plan.OnlyOwner(c.Fields):
		return nil // Nothing but who writes it changes, or it is not ours to write.
	case s.stillThere(c.Address):
		return errStillThere
	}
	return s.run.Backend.EnsureRole(ctx, &model.Role{
		Name: c.Address.Name, Description: c.After.Description, SyncMode: c.After.SyncMode,
		ExternalRoles: c.After.ExternalRoles, Policies: c.After.Policies,
	})
}

func (s *phases) ensureAccount(ctx context.Context, c plan.Change) error {
	if c.Action == plan.Adopt {
		return nil // The server has it.
	}
	for _, role := range c.After.Roles {
		if a := model.RoleAddress(role); s.failed[a] != nil {
			return fmt.Errorf("%s has failed", a)
		}
	}
	if s.stillThere(c.Address) {
		return errStillThere
	}
	if c.Action == plan.Create {
		if err := s.run.Backend.EnsureUser(ctx, c.Address.Name); err != nil {
			return err
		}
	}
	return s.run.Backend.EnsureGrants(ctx, c.Address.Name, model.Set(c.After.Roles))
}

// errStillThere is the failure of what cannot come while it has to go.
var errStillThere = errors.New("the server has not let go of the one before it")

func (s *phases) stillThere(a model.Address) bool {
	return s.have.Underway().Removes(a) && !s.gone[a]
}

// errNotYet is for what a batch had no time for.
var errNotYet = errors.New("it is left for the next batch")

// createBatch creates and seals what it can; what became of each is in its err. before of
// all tokens were created earlier.
func (s *phases) createBatch(ctx context.Context, batch []*generation, before, all int) {
	began := time.Now()
	var done atomic.Int64
	say := func(n int64) {
		if all > 0 {
			s.run.say("creating "+model.Plural(all, "token", "tokens")+" on the server", before+int(n), all)
		}
	}
	say(0)
	each(batch, func(g *generation) error {
		if g.err = ctx.Err(); g.err == nil && time.Since(began) > publishEvery {
			g.err = errNotYet
		}
		if g.err == nil {
			g.asked = true
			g.err = s.run.create(ctx, g, s.lineage)
		}
		if g.err == nil {
			// There is no other value under this name, interrupted or not.
			g.err = s.run.sealValue(context.WithoutCancel(ctx), g)
		}
		say(done.Add(1))
		return nil
	})
	known := s.have.Values()
	for _, g := range batch {
		if g.err == nil && known[g.sum] {
			g.err = fmt.Errorf("%s: %w", g.address, ErrRepeatedValue)
		}
		known[g.sum] = true
	}
}

// outcome is what became of a batch: what is there to publish, which numbers are
// used up for nothing, and what is to be created yet.
type outcome struct{ created, burned, next []*generation }

// sortOut decides about each of a batch. A number that the server was asked for,
// and whose value is not at hand, is burned; where it is not known what became of
// it, the token gets another number, and has failed after the last of its attempts.
func (s *phases) sortOut(batch []*generation, tried map[model.Address]int) (o outcome) {
	for _, g := range batch {
		token := g.address.Token()
		if g.err == nil {
			o.created = append(o.created, g)
			continue
		}
		again := &generation{address: g.address, resolved: g.resolved, description: g.description}
		if !g.asked {
			o.next = append(o.next, again)
			continue
		}
		o.burned = append(o.burned, g)
		if tried[token]++; tried[token] == attempts || errors.Is(g.err, ErrRefused) || errors.Is(g.err, ErrRepeatedValue) {
			s.failed[token] = g.err
			continue
		}
		again.address.Generation = s.nextNumber(g.address)
		o.next = append(o.next, again)
	}
	return o
}

// nextNumber is one whose name on the server no other token has or had.
func (s *phases) nextNumber(a model.Address) int {
	listed := s.run.Observed.Users[a.Account].Tokens
	var siblings map[string]*state.Token
	if account := s.have.Accounts[a.Account]; account != nil {
		siblings = account.Tokens
	}
	for number := a.Generation + 1; ; number++ {
		name := model.ServerName(a.Name, number)
		if _, taken := listed[name]; !taken && !state.IsUsed(siblings, name) {
			return number
		}
	}
}

// publish commits what was created, and what of the plan comes with it. births are
// what is left to create. With the last of them, unless the run was interrupted, the
// commit takes away what the plan takes away, and the project's settings are in
// force from then on.
func (s *phases) publish(ctx context.Context, changes []plan.Change, o outcome, births []*generation, toTheEnd bool) error {
	created := &sealedSet{order: o.created}
	defer created.wipe()
	defer (&sealedSet{order: o.burned}).wipe()
	by := created.byToken()
	for _, c := range s.plan.Changes {
		if by[c.Address] != nil && c.Resolved != nil && c.Resolved.Generation > 0 {
			changes = append(changes, c)
		}
	}
	var removed []model.Address
	last := toTheEnd && len(births) == 0
	if last {
		endings := s.endings()
		changes, removed = append(changes, endings...), s.removals(endings)
	}
	whole := last && len(s.failed) == 0
	part := s.plan.Part(changes)
	if !whole {
		part.Digest, part.GuardrailChanges = "", nil
	}
	if !last {
		part.Lifted = nil
	}
	burned := make([]model.Address, len(o.burned))
	for i, g := range o.burned {
		burned[i] = g.address
	}
	issued := created.results()
	var err error
	for again := true; again; again = err != nil && s.rebase(ctx, err) {
		edit := s.run.edit(s.begin(), part, created, whole)
		if last {
			s.run.spend(edit, s.plan)
		}
		for _, a := range burned {
			edit.Burn(a, s.plan.Date)
		}
		before := s.have.Underway()
		after := state.Underway{Run: s.run.ID, Create: s.stillToCreate(births), Remove: s.withoutGone(slices.Concat(removed, burned, before.Remove))}
		if s.beside {
			after.Run, after.Create = before.Run, before.Create
		}
		edit.SetUnderway(after)
		records := len(part.GuardrailChanges) > 0 || s.run.Moved != "" || len(s.run.Accepted) > 0 || last && len(s.plan.Lifted) > 0
		if len(changes)+len(o.burned) == 0 && !records && slices.Equal(before.Create, after.Create) && slices.Equal(before.Remove, after.Remove) {
			return nil
		}
		about := func(next *state.Snapshot) record.Message { return s.run.message(part, next) }
		if len(changes) == 0 && !records {
			about = s.run.note("record where the run stands", burnLines(burned))
		}
		err = s.commit(ctx, edit, created, about)
	}
	switch {
	case err == nil:
		s.done.Issued = append(s.done.Issued, issued...)
	case errors.Is(err, ErrNotCommitted), errors.Is(err, ErrSelfLeak):
		// No one will ever use them. The reservation stands: what cannot be ended
		// now is burned by the next run.
		each(slices.Concat(o.created, o.burned), func(g *generation) error { return s.endOne(ctx, g.address) })
	}
	return err
}

func burnLines(burned []model.Address) (lines []string) {
	for _, a := range burned {
		lines = append(lines, "burn "+a.String())
	}
	return lines
}

// maxRebases bounds how often one run goes on from what others made of the state.
const maxRebases = 20

// rebase takes up the state that another run has left, where a publish met it: one that
// revoked something, or changed what needs no number. What this run has reserved must
// be its own still; then what it created can be published on top of that.
func (s *phases) rebase(ctx context.Context, err error) bool {
	store, can := s.run.Store.(Reloader)
	if !can || !errors.Is(err, ErrStateMoved) || s.rebases == maxRebases {
		return false
	}
	next, failed := store.Reload(ctx)
	if failed != nil {
		return false
	}
	if run, reserved := ReservedBy(next); !reserved || run != s.run.ID {
		return false
	}
	s.have, s.rebases = next, s.rebases+1
	return true
}

// stillToCreate is what stays reserved: what is to come, and what may have come to
// be without anyone knowing.
func (s *phases) stillToCreate(births []*generation) (create []model.Address) {
	settled := map[model.Address]bool{}
	for i := range s.plan.Changes {
		a := s.plan.Changes[i].Address
		err := s.failed[a]
		settled[a] = err == nil || errors.Is(err, ErrRefused)
	}
	for _, a := range s.run.stillWanted(s.plan, s.have) {
		if !settled[a] {
			create = append(create, a)
		}
	}
	for _, g := range births {
		create = append(create, g.address)
	}
	return addressSet(create)
}

// stillWanted are the roles and users that runs were to create and that may come to be
// yet. A plan that looked at everything and does not create one finds it made, or wanted
// no more.
func (r *Run) stillWanted(p *plan.Plan, have *state.Snapshot) []model.Address {
	objects := slices.DeleteFunc(slices.Clone(have.Underway().Create), isGeneration)
	if !p.Refreshed || len(p.Targets) > 0 || len(objects) == 0 {
		return objects
	}
	planned := map[model.Address]bool{}
	for i := range p.Changes {
		planned[p.Changes[i].Address] = true
	}
	return slices.DeleteFunc(objects, func(a model.Address) bool { return !planned[a] })
}

// hasUnwanted reports whether something is reserved that no plan creates any more.
func (r *Run) hasUnwanted(p *plan.Plan, have *state.Snapshot) bool {
	u := have.Underway()
	return len(r.stillWanted(p, have)) < len(u.Create)-len(u.Numbers())
}

// endings are the changes of the plan that take away, as far as nothing is
// missing that was to come first: where something has failed, only generations end,
// and only those of other accounts.
func (s *phases) endings() (changes []plan.Change) {
	touched := map[string]bool{}
	for a := range s.failed {
		touched[a.Account], touched[a.Name] = true, true
	}
	for _, c := range s.plan.Changes {
		if !takesAway(c.Action) {
			continue
		}
		if len(s.failed) > 0 && (c.Action != plan.Revoke || touched[c.Address.Account]) {
			s.notReached = append(s.notReached, c.Address)
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

// removals are what the server has to take away for these changes.
func (s *phases) removals(changes []plan.Change) (removed []model.Address) {
	for _, c := range changes {
		switch {
		case c.Action == plan.Forget:
			// The server keeps it.
		case c.Action == plan.Revoke || c.Address.Kind != model.KindToken:
			removed = append(removed, c.Address)
		default:
			for _, g := range s.have.Accounts[c.Address.Account].Tokens[c.Address.Name].Generations {
				removed = append(removed, c.Address.At(g.Number))
			}
		}
	}
	return removed
}

// end asks the server to take away what state has let go of: tokens first, then
// users, then roles. It returns what failed. Users and roles are left to a run that has
// looked at the server, since they have no mark that tells whose they are.
func (s *phases) end(ctx context.Context, list []model.Address) map[model.Address]error {
	failed := map[model.Address]error{}
	if len(list) > 0 {
		s.run.say("taking away from the server what has ended", 0, 0)
	}
	for _, kind := range []model.Kind{model.KindToken, model.KindAccount, model.KindRole} {
		if kind != model.KindToken && !s.run.Observed.Seen() {
			break
		}
		some := slices.DeleteFunc(slices.Clone(list), func(a model.Address) bool { return a.Kind != kind || s.gone[a] })
		for i, err := range each(some, func(a model.Address) error { return s.endOne(ctx, a) }) {
			if err != nil {
				failed[some[i]] = err
				continue
			}
			s.gone[some[i]] = true
			s.done.Ended = append(s.done.Ended, some[i])
		}
	}
	return failed
}

func (s *phases) endOne(ctx context.Context, a model.Address) error {
	switch a.Kind {
	case model.KindRole:
		return s.run.Backend.EndRole(ctx, a.Name)
	case model.KindAccount:
		return s.run.Backend.EndUser(ctx, a.Name)
	}
	return s.run.Backend.EndToken(ctx, OldToken{User: a.Account, Name: model.ServerName(a.Name, a.Generation), Lineage: s.lineage, Adopted: s.wasAdopted(a)})
}

// wasAdopted reports whether a generation that has ended was created by somebody else.
func (s *phases) wasAdopted(a model.Address) bool {
	account := s.have.Accounts[a.Account]
	if account == nil || account.Tokens[a.Name] == nil {
		return false
	}
	for _, t := range account.Tokens[a.Name].Tombstones {
		if t.Generation == a.Generation {
			return t.Adopted
		}
	}
	return false
}

// confirm commits what is gone from the server.
func (s *phases) confirm(ctx context.Context) error {
	u := s.have.Underway()
	remove := s.withoutGone(u.Remove)
	if len(remove) == len(u.Remove) {
		return nil
	}
	var lines []string
	for _, a := range u.Remove {
		if s.gone[a] {
			lines = append(lines, "gone "+a.String())
		}
	}
	edit := s.have.Edit()
	edit.SetUnderway(state.Underway{Run: u.Run, Create: u.Create, Remove: remove})
	return s.commit(ctx, edit, &sealedSet{}, s.run.note("confirm what is gone", lines))
}

func (s *phases) commit(ctx context.Context, edit *state.Edit, sealed *sealedSet, about func(*state.Snapshot) record.Message) error {
	next, id, err := s.run.commit(ctx, edit, sealed, about)
	if err != nil {
		return err
	}
	s.have, s.gone = next, map[model.Address]bool{}
	s.done.Commit, s.done.Serial = id, next.Meta.Serial
	return nil
}

// withoutGone is a set of addresses without those that are gone.
func (s *phases) withoutGone(list []model.Address) []model.Address {
	return slices.DeleteFunc(addressSet(list), func(a model.Address) bool { return s.gone[a] })
}

// takesAway tells whether an action takes something away that is there.
func takesAway(a plan.Action) bool { return a == plan.Revoke || a == plan.Delete || a == plan.Forget }

func isGeneration(a model.Address) bool { return a.Generation > 0 }

// addressSet sorts addresses and leaves out repeated ones.
func addressSet(list []model.Address) []model.Address {
	list = slices.Clone(list)
	slices.SortFunc(list, model.Address.Compare)
	return slices.Compact(list)
}

// each does something with all of a list, some at once, and returns what came of
// each.
func each[T any](list []T, do func(T) error) []error {
	errs := make([]error, len(list))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range list {
		group.Go(func() error {
			errs[i] = do(list[i])
			return nil
		})
	}
	_ = group.Wait() // No error stops the others.
	return errs
}
