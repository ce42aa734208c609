package backendtest_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

var (
	worlds = flag.Int("worlds", 150, "how many random worlds to live through")
	world  = flag.Uint64("world", 0, "live through this one alone, and tell what happens in it")
)

// life is a random world: declarations that come and go, people who change the server
// by hand, runs that go wrong at any call, and days that pass.
type life struct {
	*scene
	r    *rand.Rand
	told []string
	// project is what is declared now.
	project string
	// past has the files of state after each run.
	past [][]state.File

	mu sync.Mutex
	// asked counts how often runs asked for each name.
	asked map[string]int
	// byHand has the users and roles that somebody else has made and no run has
	// taken over.
	byHand map[model.Address]bool
	// wrong is the first law that was broken in the middle of a run.
	wrong error
}

func (l *life) pick(words ...string) string { return words[l.r.IntN(len(words))] }

func (l *life) tell(format string, args ...any) {
	l.told = append(l.told, fmt.Sprintf(format, args...))
}

// declare writes declarations of few names, so that they come, go, come back, and
// follow each other.
func (l *life) declare() string {
	var b strings.Builder
	fmt.Fprintln(&b, "backend", l.pick("", "", "", "owns=account/c", "owns=role/r2"))
	fmt.Fprintln(&b, "guard max_deletes=1000 max_rotations=1000 max_token_lifetime=3000d")
	fmt.Fprintln(&b, "role r1 pool:List@pool/*", l.pick("", "-pool:List@pool/x", "ext=a", "ext=", "text=words"))
	others := ""
	switch l.r.IntN(4) {
	case 0:
		others = ",r2"
		fmt.Fprintln(&b, "role r2 app:*@*", l.pick("", "was=r3", "text=words"))
	case 1:
		others = ",r3"
		fmt.Fprintln(&b, "role r3 app:*@*", l.pick("", "was=r2"))
	case 2:
		others = ",r2,r3"
		fmt.Fprint(&b, "role r2 app:*@*\nrole r3 app:*@*\n")
	}
	before := ""
	for _, account := range []string{"a", "b", "c"} {
		if l.r.IntN(4) == 0 {
			before = "was=" + account
			continue
		}
		roles := "r1" + l.pick("", others)
		fmt.Fprintln(&b, "account", account, roles, l.pick("", "text=note"), l.pick("", before))
		gone := ""
		// No account may have both t and t-g2.
		for _, token := range []string{l.pick("t", "t", "t-g2"), "u", "v"} {
			if l.r.IntN(3) == 0 {
				gone = "was=" + token
				continue
			}
			fmt.Fprintln(&b, "token", token, l.pick("", "in=30d every=20d overlap=5d", "in=90d every= overlap=0d", "in=10d every=3d overlap=2d"),
				l.pick("", "roles=r1", "roles="+roles), l.pick("", "gen=2", "gen=3"), l.pick("", "text=note"), l.pick("", gone))
		}
	}
	return b.String()
}

// meddle is what somebody else does to the server by hand.
func (l *life) meddle() {
	mine := l.server.Session("somebody")
	ctx := context.Background()
	user, role, token := l.pick("a", "b", "c"), l.pick("r1", "r2", "r3"), l.pick("t", "u", "t-g2", "t-g3", "u-g2", "x")
	seen, _ := mine.Observe(ctx, []string{user})
	u, there := seen.Users[user]
	var err error
	switch l.r.IntN(10) {
	case 0, 1:
		l.tell("  somebody gives %s the role %s", user, role)
		err = mine.EnsureGrants(ctx, user, model.Set(append(u.Roles, role)))
	case 2, 3:
		l.tell("  somebody takes the role %s from %s", role, user)
		err = mine.EnsureGrants(ctx, user, slices.DeleteFunc(u.Roles, func(r string) bool { return r == role }))
	case 4, 5:
		if t, is := u.Tokens[token]; is {
			l.tell("  somebody deletes the token %s/%s", user, token)
			err = mine.EndToken(ctx, apply.OldToken{User: user, Name: token, Lineage: t.Mark.Lineage, Adopted: true})
			break
		}
		mark := model.Mark{}
		if l.r.IntN(2) == 0 {
			mark = model.Mark{Lineage: "another", Run: "r"}
		}
		l.tell("  somebody creates the token %s/%s %v", user, token, mark)
		_, err = mine.CreateToken(ctx, apply.NewToken{
			Generation: model.TokenAddress(user, token), Name: token, Roles: slices.Clone(u.Roles), ExpiresAt: l.today + 20, Mark: mark,
		})
	case 6:
		if there {
			l.tell("  somebody deletes the user %s", user)
			err = mine.EndUser(ctx, user)
			l.noteByHand(model.AccountAddress(user), false)
			break
		}
		fallthrough
	case 7:
		if !there {
			l.tell("  somebody creates the user %s", user)
			err = mine.EnsureUser(ctx, user)
			l.noteByHand(model.AccountAddress(user), true)
		}
	case 8:
		l.tell("  somebody deletes the role %s", role)
		err = mine.EndRole(ctx, role)
		l.noteByHand(model.RoleAddress(role), false)
	case 9:
		l.tell("  somebody writes the role %s", role)
		err = mine.EnsureRole(ctx, &model.Role{Name: role, SyncMode: model.SyncImport, Description: l.pick("", "words"), Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"mine:*"}, Resources: []string{"*"}}}})
		if seen.Roles[role] == nil {
			l.noteByHand(model.RoleAddress(role), true)
		}
	}
	if err != nil {
		l.tell("    %v", err)
	}
}

// noteByHand notes who made a user or role. What state has it goes on to have, and a
// role it goes on to create or take away: its name is all that tells it from another.
func (l *life) noteByHand(a model.Address, is bool) {
	have := l.state()
	l.mu.Lock()
	defer l.mu.Unlock()
	if u := have.Meta.Underway; u != nil && a.Kind == model.KindRole && (slices.Contains(u.Create, a) || slices.Contains(u.Remove, a)) {
		is = false
	}
	l.byHand[a] = is && (a.Kind == model.KindRole && have.Roles[a.Name] == nil || a.Kind == model.KindAccount && !have.Accounts[a.Name].Live())
}

// watch is a backend whose every call is held against the laws.
type watch struct {
	apply.Backend
	*life
}

func (w watch) broken(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wrong == nil {
		w.wrong = fmt.Errorf(format, args...)
	}
}

func (w watch) isByHand(a model.Address) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byHand[a]
}

func (w watch) EndToken(ctx context.Context, t apply.OldToken) error {
	name := t.User + "/" + t.Name
	before, was := w.server.Tokens()[name]
	err := w.Backend.EndToken(ctx, t)
	_, is := w.server.Tokens()[name]
	have, _ := w.decode()
	if have == nil || !was || is {
		return err
	}
	// What is alive by state has to be recorded as ended first.
	if account := have.Accounts[t.User]; account != nil {
		for token, s := range account.Tokens {
			for _, g := range s.Generations {
				if g.ServerName == t.Name && (g.Adopted || g.Value == before.Value) {
					w.broken("%s was ended on the server, and is %s@%d, which state has as alive", name, token, g.Number)
				}
			}
		}
	}
	if before.Mark.Lineage != lineage && !t.Adopted && slices.Contains(w.server.Users(), t.User) {
		w.broken("%s was somebody else's, and was ended", name)
	}
	return err
}

func (w watch) CreateToken(ctx context.Context, t apply.NewToken) (v secret.Value, err error) {
	name := t.Generation.Account + "/" + t.Name
	w.mu.Lock()
	w.asked[name]++
	if w.asked[name] > 1 && w.wrong == nil {
		w.wrong = fmt.Errorf("%s was asked for twice", name)
	}
	w.mu.Unlock()
	return w.Backend.CreateToken(ctx, t)
}

func (w watch) EndUser(ctx context.Context, name string) error {
	a, was := model.AccountAddress(name), slices.Contains(w.server.Users(), name)
	err := w.Backend.EndUser(ctx, name)
	have, problem := w.decode()
	switch {
	case problem != nil, !was, slices.Contains(w.server.Users(), name):
	case w.isByHand(a):
		w.broken("user %s was somebody else's, and was deleted", name)
	case have.Accounts[name].Live():
		w.broken("user %s was deleted, and is alive in state", name)
	}
	return err
}

func (w watch) EndRole(ctx context.Context, name string) error {
	a, was := model.RoleAddress(name), w.hasRole(name)
	err := w.Backend.EndRole(ctx, name)
	have, problem := w.decode()
	switch {
	case problem != nil, !was, w.hasRole(name):
	case w.isByHand(a):
		w.broken("role %s was somebody else's, and was deleted", name)
	case have.Roles[name] != nil:
		w.broken("role %s was deleted, and is alive in state", name)
	}
	return err
}

func (w watch) hasRole(name string) bool {
	seen, _ := w.server.Session(identity).Observe(context.Background(), nil)
	return seen.Roles[name] != nil
}

// run is one run on what state says now: of all that is declared or of targets, of what
// is due, or of a revocation.
func (l *life) run(what string, i *interference) (p *plan.Plan, err error) {
	l.runs++
	id := l.runs
	session := l.server.Session(identity)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if i == nil {
		i = &interference{}
	}
	i.ended = cancel
	session.Fault = func(name string) backendtest.Fault {
		fault, _ := i.call(name)
		return fault
	}
	defer func() {
		l.tell("run %d: %s; %s at call %d of %q: %v", id, what, i.kind, i.nth, i.seen, err)
		if p != nil {
			for _, c := range p.Changes {
				l.tell("    %s %s %q", c.Action, c.Address, c.Reasons)
			}
		}
	}()
	want, have := applytest.Declare(l.tb, l.project), l.state()
	for a := range l.byHand {
		if want.Project.Backend.Owned(a) {
			l.byHand[a] = false // osmoctl.yaml says that it is ours.
		}
	}
	run := &apply.Run{
		Backend: watch{session, l}, Sealer: &sealer{}, Store: &clone{l.scene, len(l.remote.store.Commits), i},
		Actor: "ada", ID: fmt.Sprint("run-", id), Now: l.today.Time().Add(12 * time.Hour), Lineage: lineage, Settings: state.SettingsOf(want.Project),
	}
	if what != "revoke" {
		if have, err = run.TakeOver(ctx, have); err != nil {
			return nil, err
		}
		users := slices.Concat(model.Names(want.Accounts), model.Names(have.Accounts))
		if run.Observed, err = session.Observe(ctx, users); err != nil {
			return nil, err
		}
	}
	if p, err = l.plan(what, want, have, run.Observed); err != nil {
		return nil, err
	}
	facts := guard.Facts{Declared: want, Applied: have}
	if what == "revoke" || what == "due" {
		run.Settings, facts.Declared = have.Meta.Applied, nil
	}
	if err = guard.Hold(p, facts); err != nil {
		return p, err
	}
	_, err = run.Apply(ctx, p, have)
	for _, v := range session.Values() {
		_ = v.Use(func(b []byte) error {
			if len(bytes.Trim(b, "\x00")) > 0 {
				l.tb.Error("a value was not wiped")
			}
			return nil
		})
	}
	return p, err
}

func (l *life) plan(what string, want *model.Declarations, have *state.Snapshot, seen model.Observed) (*plan.Plan, error) {
	opts := plan.Options{Today: l.today, Observed: seen}
	switch what {
	case "due":
		p, problems := plan.Due(have, map[string]model.Recipient{"age1alice": {Name: "alice", Key: "age1alice", Kind: model.RecipientX25519}}, opts)
		return p, problems.Err()
	case "revoke":
		var all []model.Address
		for _, account := range model.Names(have.Accounts) {
			for _, token := range model.Names(have.Accounts[account].Tokens) {
				for _, g := range have.Accounts[account].Tokens[token].Generations {
					all = append(all, model.TokenAddress(account, token).At(g.Number))
				}
			}
		}
		if len(all) == 0 {
			return nil, errors.New("there is nothing to revoke")
		}
		p, problems := plan.RevokeNow(want, have, plan.Revoked{Addresses: []model.Address{all[l.r.IntN(len(all))]}, Reason: "r"}, opts)
		return p, problems.Err()
	case "targets":
		account := l.pick("a", "b", "c")
		for _, a := range []model.Address{model.AccountAddress(account), model.TokenAddress(account, l.pick("t", "u")), model.RoleAddress(l.pick("r1", "r2"))} {
			if l.r.IntN(2) == 0 {
				opts.Targets = append(opts.Targets, a)
			}
		}
	case "replace":
		if a := model.TokenAddress(l.pick("a", "b", "c"), l.pick("t", "u")); want.Accounts[a.Account] != nil && want.Accounts[a.Account].Tokens[a.Name] != nil {
			opts.Replace = []model.Address{a}
		}
	}
	p, problems := plan.Build(want, have, opts)
	return p, problems.Err()
}

// restore brings back a state of the past.
func (l *life) restore() {
	then, problems := state.Decode(l.past[l.r.IntN(len(l.past))])
	if problems.HasErrors() || !then.Exists() {
		return
	}
	sealed := func(path string, sum state.Sum) []byte {
		for _, files := range l.past {
			for _, f := range files {
				if f.Path == path && state.SumOf(f.Data) == sum {
					return f.Data
				}
			}
		}
		return nil
	}
	next := (&state.Restoration{
		Then: then, Known: []*state.Snapshot{l.state()}, On: l.today, Reason: "restored",
		Has: func(path string, sum state.Sum) bool { return sealed(path, sum) != nil },
	}).Snapshot()
	changes, err := next.Over(l.remote.store.Files(), sealed)
	if err == nil {
		_, err = l.remote.store.Commit(context.Background(), changes, "restored")
	}
	l.tell("the state of serial %d is restored: %v", then.Meta.Serial, err)
}

// lawful is what must hold at every moment.
func (l *life) lawful() error {
	if l.wrong != nil {
		return l.wrong
	}
	have, err := l.decode()
	if err != nil {
		return err
	}
	var underway state.Underway
	if have.Meta.Underway != nil {
		underway = *have.Meta.Underway
	}
	for name, t := range l.server.Tokens() {
		if t.Mark.Lineage != lineage {
			continue
		}
		user, token, _ := strings.Cut(name, "/")
		known := slices.Contains(underway.Remove, model.AccountAddress(user))
		for _, a := range generationsOf(user, token) {
			s := &state.Token{}
			if account := have.Accounts[user]; account != nil && account.Tokens[a.Name] != nil {
				s = account.Tokens[a.Name]
			}
			known = known || a.Generation <= s.LastGeneration || slices.Contains(underway.Create, a)
			if g := s.Generation(a.Generation); g != nil && g.ServerName == token && !g.Adopted && g.Value != t.Value {
				return fmt.Errorf("%s has another value than state has sealed", name)
			}
		}
		if !known {
			return fmt.Errorf("%s is alive, and nothing in state says so", name)
		}
	}
	for a, is := range l.byHand {
		if is && (a.Kind == model.KindAccount && have.Accounts[a.Name].Live() || a.Kind == model.KindRole && have.Roles[a.Name] != nil) {
			l.byHand[a] = false // It was taken over.
		}
	}
	return nil
}

// generationsOf are those that a name may be of.
func generationsOf(user, name string) []model.Address {
	list := []model.Address{model.TokenAddress(user, name).At(1)}
	if base, number, ok := model.SplitServerName(name); ok {
		list = append(list, model.TokenAddress(user, base).At(number))
	}
	return list
}

// settle has runs with nothing in their way until nothing is left to do, and demands
// that everything is then as declared.
func (l *life) settle() error {
	for late := range 2 {
		for try := 0; ; try++ {
			tip := len(l.remote.store.Commits)
			p, err := l.run("apply", nil)
			if err := l.lawful(); err != nil {
				return err
			}
			if p != nil && len(p.Blocked) > 0 {
				return fmt.Errorf("blocked: %+v", p.Blocked)
			}
			if err == nil && !p.Pending() && len(l.remote.store.Commits) == tip {
				break
			}
			if try == 3 {
				return fmt.Errorf("it does not come to an end: %w", err)
			}
		}
		if late == 0 {
			l.server.Land()
		}
	}
	return l.settled()
}

// settled demands that the server is as declared, and state as the server.
func (l *life) settled() error {
	have, want := l.state(), applytest.Declare(l.tb, l.project)
	published, adopted := map[string]bool{}, 0
	tokens := l.server.Tokens()
	for _, account := range have.Accounts {
		for token, s := range account.Tokens {
			for _, g := range s.Generations {
				name := account.Name + "/" + g.ServerName
				t, alive := tokens[name]
				switch {
				case !alive:
					return fmt.Errorf("state has %s/%s@%d, and it is not alive", account.Name, token, g.Number)
				case !g.Adopted && t.Value != g.Value:
					return fmt.Errorf("%s/%s@%d has another value", account.Name, token, g.Number)
				case g.Adopted:
					adopted++
				}
				published[name] = true
			}
		}
	}
	for name, t := range tokens {
		if t.Mark.Lineage == lineage && !published[name] {
			return fmt.Errorf("%s is alive, and not published", name)
		}
	}
	seen, err := l.server.Session(identity).Observe(context.Background(), model.Names(have.Accounts))
	if err != nil {
		return err
	}
	for _, name := range model.Names(want.Accounts) {
		u, there := seen.Users[name]
		if !there {
			return fmt.Errorf("there is no user %s", name)
		}
		kept := have.Accounts[name].Kept()
		if d := slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return slices.Contains(kept, r) || slices.Contains(want.Accounts[name].Roles, r) }); len(d) > 0 || len(u.Roles) < len(want.Accounts[name].Roles) {
			return fmt.Errorf("user %s has the roles %q, and %q declared", name, u.Roles, want.Accounts[name].Roles)
		}
		for token, s := range want.Accounts[name].Tokens {
			g := have.Accounts[name].Tokens[token].Active()
			if g == nil || g.ExpiresAt <= l.today && !g.Adopted {
				return fmt.Errorf("%s/%s has no value that is alive", name, token)
			}
			is := u.Tokens[g.ServerName]
			if !slices.Equal(is.Roles, g.CurrentRoles()) {
				return fmt.Errorf("%s/%s has %q on the server, and %q in state", name, token, is.Roles, g.CurrentRoles())
			}
			if !s.Inherit && !g.Adopted && !slices.Equal(is.Roles, s.Roles) {
				return fmt.Errorf("%s/%s has %q on the server, and %q declared", name, token, is.Roles, s.Roles)
			}
		}
	}
	for name, role := range want.Roles {
		if is := seen.Roles[name]; is == nil || !model.EqualPolicies(is.Policies, role.Policies) || is.Description != role.Description {
			return fmt.Errorf("role %s is %+v", name, is)
		}
	}
	if have.Meta.Underway != nil {
		return fmt.Errorf("something is still underway: %+v", have.Meta.Underway)
	}
	return nil
}

// live lives through a world.
func (l *life) live() error {
	for range 2 + l.r.IntN(6) {
		switch l.r.IntN(5) {
		case 0, 1:
			l.project = l.declare()
			l.tell("declared:\n%s", l.project)
		case 2:
			days := model.Days(l.r.IntN(25))
			l.today = l.today.Add(days)
			l.tell("%d days pass", days)
		}
		for range l.r.IntN(3) {
			l.meddle()
		}
		if l.r.IntN(4) == 0 {
			l.server.Land()
		}
		if l.past = append(l.past, l.remote.store.Files()); l.r.IntN(8) == 0 {
			l.restore()
		}
		i := &interference{}
		if l.r.IntN(3) > 0 {
			*i = interference{kind: kinds[l.r.IntN(len(kinds))], nth: 1 + l.r.IntN(15), then: func() {
				if l.r.IntN(2) == 0 {
					l.meddle()
				} else {
					_, _ = l.run("apply", nil)
				}
			}}
		}
		_, _ = l.run(l.pick("apply", "apply", "apply", "targets", "replace", "due", "revoke"), i)
		if err := l.lawful(); err != nil {
			return err
		}
	}
	if _, err := l.try(l.project); err != nil {
		l.tell("no plan: %v", err)
		l.project = "backend\nguard max_deletes=1000 max_rotations=1000 max_token_lifetime=3000d\nrole r1 a:B@*\naccount a r1\ntoken u\n"
	}
	return l.settle()
}

// try plans declarations that state may not go with.
func (l *life) try(declarations string) (*plan.Plan, error) {
	p, problems := plan.Build(applytest.Declare(l.tb, declarations), l.state(), plan.Options{Today: l.today})
	return p, problems.Err()
}

func newLife(tb testing.TB, seed uint64) *life {
	l := &life{
		scene: &scene{tb: tb, server: &backendtest.Server{}, remote: &remote{}, today: applytest.Date(tb, applytest.FirstDay)},
		r:     rand.New(rand.NewPCG(seed, 1)), asked: map[string]int{}, byHand: map[model.Address]bool{},
	}
	l.project = l.declare()
	l.tell("declared:\n%s", l.project)
	return l
}

// Whatever is declared, whoever changes the server by hand, and whatever goes wrong
// with runs: no token is alive that state does not name, none is ended before state says
// so, no name is asked for twice, nothing of anybody else is touched, and in the end
// everything is as declared.
func TestWorlds(t *testing.T) {
	t.Parallel()
	first, last := uint64(1), uint64(*worlds)
	if *world > 0 {
		first, last = *world, *world
	}
	failed := 0
	for seed := first; seed <= last && failed < 5; seed++ {
		l := newLife(t, seed)
		err := l.live()
		if err != nil {
			failed++
			t.Errorf("world %d: %v", seed, err)
		}
		if err != nil && failed == 1 || *world > 0 {
			t.Log(strings.Join(l.told, "\n"))
		}
	}
}
