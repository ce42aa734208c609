package plan

import (
	"slices"
	"sort"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Options is what a plan depends on beside declarations and state.
type Options struct {
	// Today is the day planned for.
	Today model.Date
	// AsOf says that Today was chosen by hand.
	AsOf bool
	// Commit is the one that state was read from, for the plan's base.
	Commit string
	// Observed is what the server has, where there is one: a name that a token
	// has there is not given to another.
	Observed model.Observed
	// Targets restrict the plan; none means everything.
	Targets []model.Address
	// Replace names tokens to rotate whatever their declaration says.
	Replace []model.Address
	// Notices are what is to be said of how declarations and state were read.
	Notices []Notice
	// Limits bound the plan; the zero Limits are the defaults.
	Limits model.Limits
}

// The codes of problems that [Build] reports.
const (
	CodeExpiryPassed  = "expiry_passed"       // a token would be issued dead
	CodeUnknownTarget = "unknown_target"      // an address that nothing has
	CodeNotAToken     = "replace_not_a_token" // --replace of something else
	CodeNameTaken     = "server_name_taken"   // a token's name is another's generation
)

// Build plans. The problems it returns are errors in the declarations that
// only state or the date bring out; with an error there is no plan.
func Build(want *model.Declarations, have *state.Snapshot, opts Options) (*Plan, diag.List) {
	b := basis{want: want, have: have, observed: opts.Observed, today: opts.Today}
	b, seen, adopted := observe(b)
	accounts := pairAccounts(b.want.Accounts, b.have.Accounts)
	p := newPlanner(b, findHeirs(b, accounts))
	d := newDraft(opts.Limits)
	d.join(adopted)
	d.join(checkTargets(b, opts.Targets))
	replace, wrong := checkReplace(b, opts.Replace)
	d.join(wrong)
	p.planRoles(d)
	found := tokenPlanner{p, replace}.planAccounts(d, accounts)
	for _, role := range b.want.Roles {
		found.leaks.lookAtRole(role)
	}
	d.join(found.leaks.refuse())
	seen.explain(d.changes)
	d.join(seen.record(d.changes))
	d.join(warnRenamed(b, d.changes))
	d.join(warnPrevious(b, found.earlier))
	switch {
	case d.problems.HasErrors():
		return nil, d.problems.Bounded()
	case d.room.full():
		return nil, TooLarge(opts.Limits)
	}
	d.join(rolePlanner{p}.warnEverybody(d.changes))
	p.declared, p.readable = found.declared.count, found.readable.count
	made, problems := d.finish(p, KindDeclared, compareSettings(b, opts.Targets), opts)
	if made != nil {
		if !b.observed.Seen() {
			made.heirs = p.heirs.accounts // Of a state that was corrected they may be others.
		}
		seen.describe(made)
		b.noteUnknown(made)
	}
	return made, problems
}

// planRoles plans the roles that are declared or were applied, as long as there is room.
func (p planner) planRoles(d *draft) {
	roles := rolePlanner{p}
	for _, name := range model.Names(p.want.Roles) {
		if !d.join(roles.plan(p.want.Roles[name])) {
			return
		}
	}
	gone := slices.DeleteFunc(missing(p.have.Roles, p.want.Roles), func(name string) bool { return p.heirs.stays[name] })
	holders := rights.Applied(p.have, p.today).Holders(gone...)
	for _, name := range gone {
		if !d.join(roles.end(p.have.Roles[name], holders[name])) {
			return
		}
	}
}

// checkTargets refuses targets that name nothing.
func checkTargets(b basis, targets []model.Address) (out part) {
	for _, a := range targets {
		if !b.knows(a) {
			out.fail(CodeUnknownTarget, diag.Position{}, "osmoctl state show and osmoctl validate list what there is", "target %s is neither declared nor in state", a)
		}
	}
	return out
}

// checkReplace are the tokens to replace; it refuses what is no declared token.
func checkReplace(b basis, list []model.Address) (replace map[model.Address]bool, out part) {
	replace = map[model.Address]bool{}
	for _, a := range list {
		switch {
		case a.Kind != model.KindToken || a.Generation != 0:
			out.fail(CodeNotAToken, diag.Position{}, "write token/ACCOUNT/NAME", "%s cannot be replaced: only a token can", a)
		case b.findDeclared(a) == nil:
			out.fail(CodeUnknownTarget, diag.Position{}, "", "%s cannot be replaced: it is not declared", a)
		default:
			replace[a] = true
		}
	}
	return replace, out
}

// finish puts a draft in its fixed order, compares access, counts, and reads the
// risks off. What a plan says of keys is left out where they are none of its
// business. With an error there is no plan.
func (d *draft) finish(by planner, kind Kind, settings []GuardrailChange, opts Options) (*Plan, diag.List) {
	server := by.server()
	if kind == KindReseal {
		server = by.have.Meta.Applied.Server // No setting changes by it.
	}
	p := &Plan{
		FormatVersion: FormatVersion, Date: by.today, AsOf: opts.AsOf, Server: access.Named(server),
		Base:    Base{Lineage: by.have.Meta.Lineage, Serial: by.have.Meta.Serial, Commit: opts.Commit},
		Targets: sortAddresses(opts.Targets), Replace: sortAddresses(opts.Replace),
		Changes: d.changes, Implied: d.implied, Readers: d.readers, GuardrailChanges: settings,
		Notices: slices.Clone(opts.Notices), WaitingForIdentity: d.waiting, WaitingForHelm: d.helm, Warnings: d.warnings, Upcoming: d.upcoming,
		Rails:   Rails{Declared: by.want.Project.Guardrails, Applied: by.have.Meta.Applied.Guardrails},
		DueOnly: kind == KindDue, Resealing: kind == KindReseal,
	}
	var kept map[model.Address]bool
	servers := by.servers
	if len(opts.Targets) > 0 && kind != KindReseal {
		kept = restrict(p, by)
		servers = newComparers(by.basis, by.heirs, kept)
	}
	steps := opts.Limits.OrDefault().AccessSteps
	entries, err := servers.compareAll(d.cases, kept, by.today, steps, d.room)
	if err != nil && !d.room.unlimited {
		return nil, servers.tooLarge(opts.Limits)
	}
	p.Access = entries
	if (kind == KindDeclared || kind == KindRestore) && (by.want.Project.Guardrails.AboutAccess() || by.have.Meta.Applied.Guardrails.AboutAccess()) {
		p.Holdings = holdingsOf(by, servers, d.cases, kept)
	}
	d.cases = nil // They take as much as the changes, and were answered.
	sortChanges(p.Changes)
	sortUpcoming(p.Upcoming)
	p.Summary = summarise(p.Changes)
	if kind != KindRestore {
		p.Keys = countKeys(p, by, by.declared(), by.readable())
	}
	p.Risks = findRisks(p, by.basis, servers, d.room)
	if d.room.full() {
		return nil, TooLarge(opts.Limits)
	}
	p.Room = d.room.rest()
	if kind == KindDeclared || kind == KindReseal {
		p.AddRisks(findChangedKeys(by, by.declared()))
		p.Warnings = append(warnStaysReadable(p, by), p.Warnings...)
	}
	neverNil(p)
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Covered = c.Due && carriesDeclaration(c, by.basis)
	}
	p.Digest = digest(p)
	return p, d.problems
}

// neverNil makes JSON say [] where there is nothing. That there is nothing that
// blocks the plan is for package guard to say.
func neverNil(p *Plan) {
	p.Changes = orEmpty(p.Changes)
	p.Implied = orEmpty(p.Implied)
	p.Access = orEmpty(p.Access)
	p.Readers = orEmpty(p.Readers)
	p.Keys = orEmpty(p.Keys)
	p.GuardrailChanges = orEmpty(p.GuardrailChanges)
	p.Notices = orEmpty(p.Notices)
	p.Risks = orEmpty(p.Risks)
	p.WaitingForIdentity = orEmpty(p.WaitingForIdentity)
	p.Warnings = orEmpty(p.Warnings)
	p.Upcoming = orEmpty(p.Upcoming)
}

// sortAddresses are addresses in their order, each once.
func sortAddresses(list []model.Address) []model.Address {
	out := slices.Clone(list)
	slices.SortFunc(out, model.Address.Compare)
	return slices.Compact(out)
}

func summarise(changes []Change) (s Summary) {
	counters := map[Action]*int{
		Create: &s.Create, Update: &s.Update, Rotate: &s.Rotate, Revoke: &s.Revoke,
		Delete: &s.Delete, Reseal: &s.Reseal, Adopt: &s.Adopt, Forget: &s.Forget,
	}
	for i := range changes {
		*counters[changes[i].Action]++
	}
	return s
}

// stage is the package comment's drawing as a table: the lower runs first.
func stage(c *Change) int {
	switch ending := c.Action == Delete || c.Action == Forget; {
	case c.Address.Kind == model.KindRole && !ending:
		return 1
	case c.Address.Kind == model.KindAccount && !ending:
		return 2
	case c.Address.Kind == model.KindToken && !ending && c.Action != Revoke:
		return 3
	case c.Action == Revoke:
		return 4
	case c.Address.Kind == model.KindToken:
		return 5
	case c.Address.Kind == model.KindAccount:
		return 6
	}
	return 7
}

func sortChanges(list []Change) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		if s, t := stage(a), stage(b); s != t {
			return s < t
		}
		return a.Address.Compare(b.Address) < 0
	})
}
