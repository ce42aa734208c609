package plan

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
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
	b := newBuilder(want, have, opts)
	b.findHeirs()
	b.rights = b.allRights(nil)
	b.checkAddresses()
	b.leaked()
	b.roles()
	b.accounts()
	b.renames()
	if b.problems.HasErrors() {
		return nil, b.problems.Bounded()
	}
	b.settings()
	b.everybodyHas()
	p := b.finish(KindDeclared)
	if b.full() {
		return nil, b.tooLarge()
	}
	return p, b.problems
}

func newBuilder(want *model.Declarations, have *state.Snapshot, opts Options) *builder {
	return &builder{
		want: want, have: have, opts: opts, today: opts.Today, room: roomFor(opts.Limits),
		names:   namesByID(have.Meta.Applied.Recipients),
		renamed: map[model.Address]model.Address{}, replace: map[model.Address]bool{}, warnedExpired: map[model.Address]bool{},
	}
}

type builder struct {
	room
	want  *model.Declarations
	have  *state.Snapshot
	opts  Options
	today model.Date

	replace map[model.Address]bool
	// names maps the IDs of keys to the names they last stood under.
	names map[string]string
	// declared is what declaredCounts has counted.
	declared map[string]int
	// values is what issued has collected.
	values map[state.Sum]model.Address
	// renamed maps a token's earlier address to its declared one.
	renamed map[model.Address]model.Address
	// rights compare access, by the rules of each server in question.
	rights []*rights
	// heirs are who takes over from what is no longer declared.
	heirs heirs
	// compared are those that the access section was made by.
	compared []*rights
	// ids and shown remember what lists of recipients come to.
	ids   map[*model.Recipient][]string
	shown map[*model.Recipient][]Reader
	// warnedExpired has the tokens whose passed date was warned about.
	warnedExpired map[model.Address]bool

	changes  []Change
	implied  []Implied
	cases    []accessCase
	readers  []Readers
	settled  []GuardrailChange
	waiting  []Waiting
	warnings []Warning
	upcoming []Upcoming
	problems diag.List
}

// namesByID inverts the recorded recipients. A key under several names gets the
// first of those that name nothing else.
func namesByID(recipients map[string][]string) map[string]string {
	out := map[string]string{}
	for _, single := range []bool{true, false} {
		for _, name := range model.Names(recipients) {
			ids := recipients[name]
			for _, id := range ids {
				if _, known := out[id]; !known && (len(ids) == 1) == single {
					out[id] = name
				}
			}
		}
	}
	return out
}

func (b *builder) add(c Change) {
	if c.Reasons == nil {
		c.Reasons = []string{}
	}
	if !b.take(c.size()) {
		return
	}
	c.Fields = fieldsOf(c.Before, c.After)
	b.changes = append(b.changes, c)
}

func (b *builder) imply(a model.Address, cause model.Address, format string, args ...any) {
	if b.full() {
		return
	}
	effect := fmt.Sprintf(format, args...)
	if b.take(entryFrame + sizeOfAddress(a) + len(effect) + sizeOfAddress(cause)) {
		b.implied = append(b.implied, Implied{Address: a, Effect: effect, Cause: cause})
	}
}

func (b *builder) warn(code string, a model.Address, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if b.take(entryFrame + sizeOfAddress(a) + len(message)) {
		b.warnings = append(b.warnings, Warning{Code: code, Address: &a, Message: message})
	}
}

func (b *builder) problem(code string, at diag.Position, hint, format string, args ...any) {
	b.problems.Add(diag.Diagnostic{Code: code, Pos: at, Hint: hint, Summary: fmt.Sprintf(format, args...)})
}

// checkAddresses refuses targets and replacements that name nothing.
func (b *builder) checkAddresses() {
	for _, a := range b.opts.Targets {
		if !b.known(a) {
			b.problem(CodeUnknownTarget, diag.Position{}, "osmoctl state show and osmoctl validate list what there is", "target %s is neither declared nor in state", a)
		}
	}
	for _, a := range b.opts.Replace {
		t := b.declaredToken(a)
		switch {
		case a.Kind != model.KindToken || a.Generation != 0:
			b.problem(CodeNotAToken, diag.Position{}, "write token/ACCOUNT/NAME", "%s cannot be replaced: only a token can", a)
		case t == nil:
			b.problem(CodeUnknownTarget, diag.Position{}, "", "%s cannot be replaced: it is not declared", a)
		default:
			b.replace[a] = true
		}
	}
}

func (b *builder) known(a model.Address) bool {
	switch a.Kind {
	case model.KindRole:
		return b.want.Roles[a.Name] != nil || b.have.Roles[a.Name] != nil
	case model.KindAccount:
		return b.want.Accounts[a.Name] != nil || b.have.Accounts[a.Name].Live()
	}
	t := a.Token()
	return b.declaredToken(t) != nil || b.appliedToken(t).Live()
}

func (b *builder) declaredToken(a model.Address) *model.Token {
	if account := b.want.Accounts[a.Account]; account != nil {
		return account.Tokens[a.Name]
	}
	return nil
}

func (b *builder) appliedToken(a model.Address) *state.Token {
	if account := b.have.Accounts[a.Account]; account != nil {
		return account.Tokens[a.Name]
	}
	return nil
}

func (b *builder) roles() {
	for _, name := range model.Names(b.want.Roles) {
		b.role(b.want.Roles[name], b.have.Roles[name])
	}
	gone := slices.DeleteFunc(missing(b.have.Roles, b.want.Roles), func(name string) bool { return b.heirs.stays[name] })
	holders := b.holders(gone)
	for _, name := range gone {
		b.roleGone(b.have.Roles[name], holders[name])
	}
}

// holders has, for each of the roles, the accounts that were granted it, sorted.
func (b *builder) holders(roles []string) map[string][]string {
	if len(roles) == 0 {
		return nil
	}
	wanted, out := members(roles), map[string][]string{}
	for _, name := range model.Names(b.have.Accounts) {
		for _, g := range b.have.Accounts[name].Grants {
			if wanted.has(g.Role) {
				out[g.Role] = append(out[g.Role], name)
			}
		}
	}
	return out
}

func (b *builder) role(want *model.Role, have *state.Role) {
	address := model.RoleAddress(want.Name)
	after := declaredRole(want)
	if have == nil {
		change := Change{Address: address, Action: Create, After: after, Reasons: []string{"newly declared"}, Origin: &want.Origin}
		if access.IsBuiltin(want.Name) {
			change.Action, change.Reasons = Adopt, []string{"newly declared; the role is built into OSMO"}
		}
		b.add(change)
		b.roleAccess(want)
		return
	}
	before := appliedRole(have)
	if want.ExternalRoles == nil {
		// Left alone: the mapping of the last apply stays on record.
		after.ExternalRoles = have.ExternalRoles
	}
	after.keepSpelling(before)
	if len(fieldsOf(before, after)) > 0 {
		b.add(Change{Address: address, Action: Update, Before: before, After: after, Reasons: []string{"declaration changed"}, Origin: &want.Origin})
		b.roleAccess(want)
	}
}

// roleAccess notes what a role does by itself: that of everybody gives and takes
// whatever changes in it, and a server that keeps its roles in the database gives
// back what a built-in one was narrowed by.
func (b *builder) roleAccess(want *model.Role) {
	address := model.RoleAddress(want.Name)
	if want.Name == access.DefaultRole {
		b.cases = append(b.cases, accessCase{subject: address, cause: address, effective: b.today, everybody: true})
	}
	for _, r := range b.rights {
		back, _ := r.rules.Diff([]*model.Role{want}, []*model.Role{r.after[want.Name]})
		if len(back) == 0 {
			continue
		}
		b.warn("builtin_restored", address, "only a Deny narrows the role on a server in %s: at its next start it adds back what OSMO's own form grants, %s",
			ModeWords(r.rules.Server().Mode), grantWords(back))
		break
	}
}

// ModeWords is what people call a mode.
func ModeWords(m model.Mode) string {
	if m == model.ModeConfigMap {
		return "ConfigMap mode"
	}
	return "database mode"
}

// everybodyHas warns, when a project begins, its server is another or the role
// changes, that the role which everybody has makes administrators: the Helm chart's
// form of it does.
func (b *builder) everybodyHas() {
	address := model.RoleAddress(access.DefaultRole)
	news := !b.have.Exists() || b.have.Meta.Applied.Server != b.want.Project.Server ||
		slices.ContainsFunc(b.changes, func(c Change) bool { return c.Address == address })
	if !news {
		return
	}
	for i, r := range b.rights {
		granted := r.rules.Effective([]*model.Role{r.after[access.DefaultRole]})
		if access.Heaviest(granted) < access.AdministratorByStep {
			continue
		}
		b.warn("everybody_administrates", address, "in %s everybody has auth:Token on anybody's tokens, an administrator's included; to take that away, declare the role in the form that it has in %s",
			b.serverWords(i), ModeWords(model.ModeDatabase))
		return
	}
}

// serverWords names a server as far as the others differ from it.
func (b *builder) serverWords(i int) string {
	server := b.rights[i].rules.Server()
	words := ModeWords(server.Mode)
	if slices.ContainsFunc(b.rights, func(r *rights) bool { return r.rules.Server().Version != server.Version }) {
		words += " of OSMO " + server.Version
	}
	return words
}

// grantWords spells grants on one line.
func grantWords(grants []access.Grant) string {
	parts := make([]string, len(grants))
	for i, g := range grants {
		parts[i] = access.Bundle{Action: g.Action, Resources: []string{g.Resource}}.String()
	}
	return strings.Join(parts, ", ")
}

// roleGone plans the end of a role that is no longer declared. OSMO makes its
// built-in roles again at every start, so those are let go, not deleted.
func (b *builder) roleGone(have *state.Role, holders []string) {
	address := model.RoleAddress(have.Name)
	if access.IsBuiltin(have.Name) {
		b.add(Change{Address: address, Action: Forget, Before: appliedRole(have), Reasons: []string{"no longer declared; the role is built into OSMO and stays there as it is"}})
		return
	}
	change := Change{Address: address, Action: Delete, Before: appliedRole(have), Reasons: []string{"no longer declared"}}
	if heir := b.heirs.roles[have.Name]; heir != "" {
		change.Reasons = []string{"renamed to " + heir + ", and no value carries it"}
		change.Due = len(holders) > 0 && !slices.ContainsFunc(holders, func(name string) bool { return !b.keptRole(name, have.Name) })
	}
	b.add(change)
	if change.Due {
		return // The updates of the accounts say so.
	}
	for _, name := range holders {
		b.imply(model.AccountAddress(name), address, "loses role %s with its deletion", have.Name)
	}
}

func (b *builder) accounts() {
	for _, name := range model.Names(b.want.Accounts) {
		b.account(b.want.Accounts[name], b.have.Accounts[name])
	}
	for _, name := range missing(b.have.Accounts, b.want.Accounts) {
		have, heir := b.have.Accounts[name], b.want.Accounts[b.heirs.accounts[name]]
		switch {
		case !have.Live():
		case heir != nil:
			b.accountRenamed(have, heir)
		default:
			b.accountGone(have)
		}
	}
}

// missing are the names that have has and want lacks, sorted.
func missing[H, W any](have map[string]H, want map[string]W) (names []string) {
	for name := range have {
		if _, wanted := want[name]; !wanted {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (b *builder) account(want *model.Account, have *state.Account) {
	address := model.AccountAddress(want.Name)
	if !have.Live() {
		reason := "newly declared"
		for _, old := range want.Previously {
			if b.heirs.accounts[old] == want.Name {
				reason = "renamed from " + old
			}
		}
		b.add(Change{Address: address, Action: Create, After: declaredAccount(want), Reasons: []string{reason}, Origin: &want.Origin})
	} else if !sameAccount(want, b.rolesOf(want), have) || !slices.Equal(have.Kept(), b.heirs.kept[want.Name]) {
		before, after := appliedAccount(have), declaredAccount(want)
		after.Roles, after.KeptRoles = b.rolesOf(want), b.heirs.kept[want.Name]
		change := Change{Address: address, Action: Update, Before: before, After: after, Reasons: []string{"declaration changed"}, Origin: &want.Origin}
		if b.onlyKeptGo(have, before, after) {
			change.Reasons, change.Due = []string{"no value carries a renamed role any more"}, true
		} else {
			b.noteKept(want)
		}
		b.add(change)
	}
	b.accountAccess(want, have)
	b.tokens(want, have)
}

// sameAccount is the fast path of a plan in which nothing changed.
func sameAccount(want *model.Account, roles []string, have *state.Account) bool {
	return want.Description == have.Description && want.Protect == have.Protect && len(want.Labels) == len(have.Labels) &&
		slices.EqualFunc(roles, have.Grants, func(r string, g state.Grant) bool { return r == g.Role }) &&
		equalLabels(want.Labels, have.Labels)
}

func equalLabels(a, b map[string]string) bool {
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func (b *builder) accountGone(have *state.Account) {
	address := model.AccountAddress(have.Name)
	b.add(Change{Address: address, Action: Delete, Before: appliedAccount(have), Reasons: []string{"no longer declared"}})
	b.accountEnds(have)
}

// accountEnds notes what goes with an account that is deleted.
func (b *builder) accountEnds(have *state.Account) {
	address := model.AccountAddress(have.Name)
	b.accountAccess(nil, have)
	for _, name := range model.Names(have.Tokens) {
		if t := have.Tokens[name]; t.Live() {
			token := model.TokenAddress(have.Name, name)
			b.imply(token, address, "is deleted with its account, with every generation")
			b.tokenAccess(token, address, nil, t)
		}
	}
}

// finish puts everything in its fixed order and counts. What a plan says of keys
// is left out where they are none of its business.
func (b *builder) finish(kind Kind) *Plan {
	server := b.want.Project.Server
	if kind == KindReseal {
		server = b.have.Meta.Applied.Server // No setting changes by it.
	}
	p := &Plan{
		FormatVersion: FormatVersion, Date: b.today, AsOf: b.opts.AsOf, Server: access.Named(server),
		Base:    Base{Lineage: b.have.Meta.Lineage, Serial: b.have.Meta.Serial, Commit: b.opts.Commit},
		Targets: sortedAddresses(b.opts.Targets), Replace: sortedAddresses(b.opts.Replace),
		Changes: b.changes, Implied: b.implied, Readers: b.readers, GuardrailChanges: b.settled,
		Notices: slices.Clone(b.opts.Notices), WaitingForIdentity: b.waiting, Warnings: b.warnings, Upcoming: b.upcoming,
		DueOnly: kind == KindDue, Resealing: kind == KindReseal,
	}
	var kept map[model.Address]bool
	if len(b.opts.Targets) > 0 && kind != KindReseal {
		kept = b.restrict(p)
	}
	p.Access = b.accessSection(kept)
	sortChanges(p.Changes)
	sortUpcoming(p.Upcoming)
	p.Summary = summarise(p.Changes)
	if kind != KindRestore {
		p.Keys = b.keys(p)
	}
	p.Risks = b.risks(p)
	if kind == KindDeclared || kind == KindReseal {
		p.AddRisks(b.changedKeys())
		p.Warnings = append(b.staysReadable(p), p.Warnings...)
	}
	neverNil(p)
	p.Digest = b.digest(p)
	p.Room = b.left
	return p
}

// neverNil makes JSON say [] where there is nothing.
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

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func sortedAddresses(list []model.Address) []model.Address {
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
	sort.SliceStable(list, func(i, j int) bool { return orderOf(&list[i], &list[j]) < 0 })
}

func orderOf(a, b *Change) int {
	if s, t := stage(a), stage(b); s != t {
		return s - t
	}
	return a.Address.Compare(b.Address)
}
