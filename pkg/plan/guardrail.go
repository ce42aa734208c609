package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The guardrails, by the names that osmoctl.yaml and [Blocked] use. The last
// four are always in force.
const (
	RailTokenLifetime  = "max_token_lifetime"
	RailTokenRoles     = "require_token_roles"
	RailAccountName    = "account_name"
	RailMinRecipients  = "min_recipients"
	RailRecipients     = "required_recipients"
	RailNewReaders     = "max_new_readers"
	RailDeletes        = "max_deletes"
	RailRotations      = "max_rotations"
	RailProtect        = "protect"
	RailEmpty          = "declarations_vanished"
	RailStateEdited    = "state_edited"
	RailUnreadRisks    = "unread_risks"
	RailStateMoved     = "state_moved"
	defaultMaxDeletes  = 5
	defaultMaxDeletePC = 20
)

// DefaultTokenLifetime is OSMO's own limit, max_token_duration.
const DefaultTokenLifetime model.Days = 365

// Allow lifts guardrails for one run. Each says the number or the name that it
// lets through, so that none of them can be a habit.
type Allow struct {
	// Empty lets a project without any declaration delete everything.
	Empty bool
	// Deletes, Rotations and NewReaders raise the bounds to a number.
	Deletes, Rotations, NewReaders *int
	// Risks says how many risks were read where no comment has room for them.
	Risks *int
	// Lifetime raises the bound on a token's lifetime.
	Lifetime model.Days
	// Delete names objects whose deletion does not count.
	Delete []model.Address
	// Objects lifts what else bears on one object alone: the pattern of its
	// name, the roles or recipients it lacks.
	Objects []model.Address
	// StateMove is the place, by [model.Git.Place], that state may move to.
	StateMove string
}

// guard holds the plan against the guardrails recorded by the last apply and
// against the declared ones: whatever either forbids is blocked.
func (b *builder) guard(p *Plan) []Blocked {
	g := &guard{builder: b, plan: p, seen: map[string]bool{}, blocked: slices.Clone(b.opts.Blocked)}
	g.stateEdited()
	g.stateMoved()
	g.vanished()
	g.protect()
	for _, r := range g.bothRails() {
		g.deletes(r.MaxDeletes)
		g.rotations(r.MaxRotations)
		g.newReaders(r.MaxNewReaders)
		g.issues(r)
	}
	return g.blocked
}

// rails are guardrails with the keys that their recipient names stood for when
// they were declared.
type rails struct {
	model.Guardrails
	keys map[string][]string
}

// bothRails are those declared and those recorded.
func (b *builder) bothRails() []rails {
	both := []rails{{b.want.Project.Guardrails, b.declaredKeys()}}
	if b.have.Exists() {
		both = append(both, appliedRails(b.have.Meta.Applied))
	}
	return both
}

func appliedRails(s state.Settings) rails { return rails{s.Guardrails, s.Recipients} }

func (b *builder) declaredKeys() map[string][]string {
	return state.SettingsOf(b.want.Project).Recipients
}

type guard struct {
	*builder
	plan    *Plan
	blocked []Blocked
	// seen keeps what both sets of guardrails forbid from being said twice.
	seen map[string]bool
}

func (g *guard) block(a *model.Address, rail, flag, format string, args ...any) {
	blocked := Blocked{Address: a, Guardrail: rail, Flag: flag, Detail: fmt.Sprintf(format, args...)}
	key := rail + " " + flag
	if a != nil {
		key += " " + a.String()
	}
	switch rail {
	case RailStateEdited, RailProtect, RailRecipients:
		// These can forbid several things about one object.
		key += " " + blocked.Detail
	}
	if !g.seen[key] && g.take(entryFrame+2*len(key)+len(blocked.Detail)) {
		g.seen[key] = true
		g.blocked = append(g.blocked, blocked)
	}
}

func (g *guard) allowed(a model.Address) bool { return slices.Contains(g.opts.Allow.Objects, a) }

func (g *guard) stateEdited() {
	for _, path := range g.opts.StateEdited {
		g.block(nil, RailStateEdited, "", "%s differs from the state that the plan is made against: state is written by apply alone, so take the file from there", path)
	}
}

// stateMoved keeps a change of the git settings from deciding by itself which
// state everything else is compared with: who may push any branch could prepare
// one, with other rails and other protections.
func (g *guard) stateMoved() {
	moves := slices.ContainsFunc(g.settled, func(c GuardrailChange) bool { return strings.HasPrefix(c.Path, "git.") })
	before, after := g.have.Meta.Applied.Git, g.want.Project.Git
	if to := movedTo(before, after); moves && g.opts.Allow.StateMove != to {
		g.block(nil, RailStateMoved, "--allow-state-move "+model.ShellWord(to), "the git settings changed, so state would move from %s to %s: it is planned against the state where the last apply recorded it", before.Place(), to)
	}
}

// movedTo names a move for its flag: the place, and the branch of the declarations
// where that changes beside a state branch, which the place does not tell.
func movedTo(before, after model.Git) string {
	if after.StateBranch == "" || before.Branch == after.Branch {
		return after.Place()
	}
	branch := after.Branch
	if branch == "" {
		branch = "HEAD"
	}
	return after.Place() + "#" + branch
}

// StateMoveFlag is the flag that lets state move to where the settings say.
func StateMoveFlag(to model.Git) string { return "--allow-state-move " + model.ShellWord(to.Place()) }

// vanished keeps a project whose declarations are gone, by a bad merge or a
// moved directory, from deleting everything.
func (g *guard) vanished() {
	deletes := g.plan.Summary.Delete + g.plan.Summary.Forget
	if deletes > 0 && len(g.want.Roles) == 0 && len(g.want.Accounts) == 0 && !g.opts.Allow.Empty {
		g.block(nil, RailEmpty, "--allow-empty", "no role and no service account is declared any more, which would delete all %d objects", deletes)
	}
}

// protect keeps protected accounts, their last token and their roles. What
// binds is what state recorded: protection ends once an apply recorded its end.
func (g *guard) protect() {
	for _, old := range model.Names(g.heirs.accounts) {
		if heir := g.want.Accounts[g.heirs.accounts[old]]; g.have.Accounts[old].Protect && !heir.Protect {
			a := model.AccountAddress(old)
			g.block(&a, RailProtect, "", "the account is protected, and account/%s, which takes over from it, is not: declare protect: true there", heir.Name)
		}
	}
	for i := range g.plan.Changes {
		c := &g.plan.Changes[i]
		switch {
		case c.Address.Kind == model.KindAccount && c.Before != nil && c.Before.Protect:
			g.protectAccount(c)
		case c.Address.Kind == model.KindToken && c.Action == Delete:
			g.protectLastToken(c.Address)
		}
	}
}

const protectHint = "declare protect: false, apply that, and then make this change"

func (g *guard) protectAccount(c *Change) {
	if c.Action == Delete && g.heirs.accounts[c.Address.Name] != "" {
		return // The one that takes over is looked at when the rename begins.
	}
	if c.Action == Delete {
		g.block(&c.Address, RailProtect, "", "the account is protected from deletion: %s", protectHint)
		return
	}
	for _, role := range c.Before.Roles {
		if !slices.Contains(c.After.Roles, role) && !g.spent(g.have.Accounts[c.Address.Name], role) {
			g.block(&c.Address, RailProtect, "", "the account is protected and would lose role %s: %s", role, protectHint)
		}
	}
}

func (g *guard) protectLastToken(a model.Address) {
	have := g.have.Accounts[a.Account]
	want := g.want.Accounts[a.Account]
	if !have.Protect || want == nil || len(want.Tokens) > 0 {
		return
	}
	g.block(&a, RailProtect, "", "this is the last token of a protected account: %s", protectHint)
}

// deletes bounds deletions. The percentage counts from the second one on:
// in a project of three accounts any single deletion would be above it.
func (g *guard) deletes(limit *model.Limit) {
	if limit == nil {
		count, percent := defaultMaxDeletes, defaultMaxDeletePC
		limit = &model.Limit{Count: &count, Percent: &percent}
	}
	n := 0
	for i := range g.plan.Changes {
		// What a rename leaves behind goes by date: it was counted as declared.
		if c := &g.plan.Changes[i]; c.Action == Delete && !c.Due && !slices.Contains(g.opts.Allow.Delete, c.Address) {
			n++
		}
	}
	g.bound(RailDeletes, "--allow-deletes", "deletions", n, g.objects, limit, g.opts.Allow.Deletes)
}

// rotations bounds new generations that a change asks for; those due by date
// are left out, since they come whether or not anybody changes anything.
func (g *guard) rotations(limit *model.Limit) {
	if limit == nil {
		return
	}
	n := 0
	for i := range g.plan.Changes {
		if c := &g.plan.Changes[i]; c.Action == Rotate && !c.Due {
			n++
		}
	}
	g.bound(RailRotations, "--allow-rotations", "rotations", n, g.tokenCount, limit, g.opts.Allow.Rotations)
}

// bound blocks n changes that are more than limit. total counts what there is,
// which takes its time and is rarely asked for.
func (g *guard) bound(rail, flag, what string, n int, total func() int, limit *model.Limit, allowed *int) {
	if n == 0 || (allowed != nil && n <= *allowed) {
		return
	}
	flag = fmt.Sprintf("%s %d", flag, n)
	are := plural(n, strings.TrimSuffix(what, "s")+" is", what+" are")
	switch {
	case limit.Count != nil && n > *limit.Count:
		g.block(nil, rail, flag, "%s more than the limit of %d", are, *limit.Count)
	case limit.Percent != nil && n > 1 && n*100 > *limit.Percent*total():
		g.block(nil, rail, flag, "%d %s of %d objects are more than the limit of %d%%", n, what, total(), *limit.Percent)
	}
}

func (g *guard) objects() int {
	n := len(g.have.Roles) + g.tokenCount()
	for _, a := range g.have.Accounts {
		if a.Live() {
			n++
		}
	}
	return n
}

func (g *guard) tokenCount() (n int) {
	for _, a := range g.have.Accounts {
		for _, t := range a.Tokens {
			if t.Live() {
				n++
			}
		}
	}
	return n
}

// newReaders bounds the keys that could read nothing before and will read
// something after. A key counts once: from the apply that recorded it for a
// token on it is known, although it waits for a reseal or a rotation. The first
// apply of a project has nothing to compare with.
func (g *guard) newReaders(limit *int) {
	if limit == nil || !g.have.Exists() {
		return
	}
	known := g.knownReaders()
	var names []string
	for _, r := range g.plan.Readers {
		for _, k := range r.Gained {
			if !known[k.Key] {
				known[k.Key] = true
				names = append(names, fmt.Sprintf("%s (%s)", k.Name, model.KeyFingerprint(k.Key)))
			}
		}
	}
	n := len(names)
	if n > *limit && (g.opts.Allow.NewReaders == nil || n > *g.opts.Allow.NewReaders) {
		g.block(nil, RailNewReaders, fmt.Sprintf("--allow-new-readers %d", n), "%s that read nothing so far would read tokens, the limit is %d: %s", plural(n, "key", "keys"), *limit, listOr(names, ""))
	}
}

func (g *guard) knownReaders() map[string]bool {
	known := map[string]bool{}
	note := func(ids []string) {
		for _, id := range ids {
			known[id] = true
		}
	}
	for account, a := range g.have.Accounts {
		for token, t := range a.Tokens {
			note(g.granted(model.TokenAddress(account, token)))
			for i := range t.Generations {
				note(t.Generations[i].Recipients)
			}
		}
	}
	return known
}

// issues holds what would be created or issued against the rails that concern
// single objects.
func (g *guard) issues(r rails) {
	matches := nameRule(r.AccountName)
	for i := range g.plan.Changes {
		c := &g.plan.Changes[i]
		switch {
		case c.Address.Kind == model.KindAccount && c.Action == Create:
			if !matches(c.Address.Name) && !g.allowed(c.Address) {
				g.block(&c.Address, RailAccountName, "--allow "+c.Address.String(), "the name does not match %s", r.AccountName)
			}
		case c.Action == Create && c.Address.Kind == model.KindToken, c.Action == Rotate:
			g.issued(c, r)
		}
	}
}

// nameRule is the test that a pattern of account names stands for. A pattern
// that does not compile, or would take too long, matches nothing: config refuses
// it, and a rail must not vanish where state holds one all the same.
func nameRule(pattern string) func(string) bool {
	if pattern == "" {
		return func(string) bool { return true }
	}
	rule, err := model.CompilePattern(pattern)
	if err != nil {
		return func(string) bool { return false }
	}
	return rule.MatchString
}

// issued holds one token that is about to be issued against the rails.
func (g *guard) issued(c *Change, r rails) {
	g.lifetime(c, r.MaxTokenLifetime)
	if g.allowed(c.Address) {
		return
	}
	lift := "--allow " + c.Address.String()
	if r.RequireTokenRoles != nil && *r.RequireTokenRoles && c.After.Roles == nil {
		g.block(&c.Address, RailTokenRoles, lift, "the token lists no roles of its own")
	}
	g.sealedTo(c, r)
}

// sealedTo holds the keys that a value is to be sealed to against the rails.
func (g *guard) sealedTo(c *Change, r rails) {
	token := c.Address.Token()
	if g.allowed(token) {
		return
	}
	lift := "--allow " + token.String()
	if n := len(c.Resolved.Readers); n < r.MinRecipients {
		g.block(&token, RailMinRecipients, lift, "the token would have %s, at least %d are asked for", plural(n, "recipient", "recipients"), r.MinRecipients)
	}
	g.required(c, r, lift)
}

func (g *guard) lifetime(c *Change, limit model.Days) {
	if limit == 0 {
		limit = DefaultTokenLifetime
	}
	if life := g.today.Until(c.Resolved.ExpiresAt); life > max(limit, g.opts.Allow.Lifetime) {
		g.block(&c.Address, RailTokenLifetime, "--allow-lifetime "+life.String(), "the token would live %s, the limit is %s", life, limit)
	}
}

func (g *guard) required(c *Change, r rails, lift string) {
	reads := members(g.idsOf(c.Resolved.Readers))
	for _, name := range r.RequiredRecipients {
		for _, key := range r.keys[name] {
			if !reads.has(key) {
				token := c.Address.Token()
				g.block(&token, RailRecipients, lift, "recipient %s (%s) could not read the token", name, model.KeyFingerprint(key))
			}
		}
	}
}
