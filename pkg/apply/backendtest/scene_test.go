package backendtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
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
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

const (
	lineage  = "lineage-1"
	identity = "osmoctl"
)

// The declarations before and after: something of everything is created, changed,
// rotated, revoked and deleted.
const (
	before = `
		guard max_deletes=100%
		role old a:B@*
		role kept a:B@*
		account a kept,old
		  token t overlap=0d
		  token u
		  token gone
		account b old
		  token v
	`
	after = `
		guard max_deletes=100%
		role kept c:D@*
		role new a:B@*
		account a kept
		  token t overlap=0d gen=2
		  token u gen=2
		  token fresh
		account c new
		  token w
	`
)

// errKilled is what every call of a run gets after its end: nothing that a killed
// program would still do has an effect.
var errKilled = errors.New("killed")

// remote is a branch that clones commit to, by comparing and swapping.
type remote struct {
	store applytest.Store
	// blind is a remote that takes whatever is pushed.
	blind bool
}

// scene is a server and a remote, and what is to be true of them.
type scene struct {
	tb     testing.TB
	server *backendtest.Server
	remote *remote
	today  model.Date
	runs   int
	// contested is a name that somebody else takes in the middle of a run.
	contested string
	// keep leaves what others have reserved.
	keep bool
	// wrap, if set, puts something between a run and its backend.
	wrap func(apply.Backend) apply.Backend
	// session is the newest.
	session *backendtest.Session
}

func newScene(tb testing.TB) *scene {
	tb.Helper()
	s := &scene{tb: tb, server: &backendtest.Server{}, remote: &remote{}, today: applytest.Date(tb, applytest.FirstDay)}
	if _, err := s.attempt(before, nil); err != nil {
		tb.Fatal(err)
	}
	// Under a name that a declaration is about to take.
	s.takeName("fresh")
	return s
}

// takeName has somebody else create a token of account a.
func (s *scene) takeName(name string) {
	s.tb.Helper()
	_, err := s.server.Session("somebody").CreateToken(context.Background(), apply.NewToken{
		Generation: model.TokenAddress("a", name).At(1), Name: name, Roles: []string{"kept"},
		ExpiresAt: s.today + 30, Mark: model.Mark{Lineage: "another", Run: "r"},
	})
	if err != nil {
		s.tb.Fatal(err)
	}
}

func (s *scene) decode() (*state.Snapshot, error) {
	snap, problems := state.Decode(s.remote.store.Files())
	return snap, problems.Err()
}

func (s *scene) state() *state.Snapshot {
	s.tb.Helper()
	snap, err := s.decode()
	if err != nil {
		s.tb.Fatal(err)
	}
	return snap
}

// interference is what happens at the calls of one run. It is told the name of each
// call, of the backend or of the store, before it is made.
type interference struct {
	at   string
	kind kind
	// nth, where it is set, is the number of the call in place of its name.
	nth int
	// then is done once, at the call.
	then func()

	mu    sync.Mutex
	seen  []string
	dead  bool
	hit   bool
	ended func()
}

// kind is what goes wrong.
type kind string

const (
	killBefore      kind = "killed before"
	killAfter       kind = "killed after"
	noReply         kind = "reply lost"
	notDone         kind = "not done, no reply"
	refused         kind = "refused"
	late            kind = "done later"
	lateKilled      kind = "done later, and killed"
	overtaken       kind = "taken over before"
	overtakenKilled kind = "taken over before, done, and killed"
	interrupt       kind = "interrupted"
)

var kinds = []kind{killBefore, killAfter, noReply, notDone, refused, late, lateKilled, overtaken, overtakenKilled, interrupt}

// call notes a call, and says what becomes of it.
func (i *interference) call(name string) (backendtest.Fault, error) {
	if i == nil {
		return backendtest.None, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.dead {
		return backendtest.NotDone, errKilled
	}
	i.seen = append(i.seen, name)
	if i.hit || name != i.at && len(i.seen) != i.nth {
		return backendtest.None, nil
	}
	i.hit = true
	switch i.kind {
	case killBefore:
		i.dead = true
		return backendtest.NotDone, errKilled
	case killAfter:
		i.dead = true
		return backendtest.NoReply, nil
	case noReply:
		return backendtest.NoReply, nil
	case notDone:
		return backendtest.NotDone, nil
	case refused:
		return backendtest.Refuse, nil
	case late, lateKilled:
		i.dead = i.kind == lateKilled
		return backendtest.Late, nil
	case interrupt:
		i.ended()
	case overtaken:
		i.then()
	case overtakenKilled:
		i.then()
		i.dead = true
		return backendtest.NoReply, nil
	}
	return backendtest.None, nil
}

// sealer gives up with its context, as age does.
type sealer struct{ applytest.Sealer }

func (s *sealer) Seal(ctx context.Context, b seal.Binding, to []model.Recipient, v secret.Value) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.Sealer.Seal(ctx, b, to, v)
}

// clone is the store of one run.
type clone struct {
	scene *scene
	base  int
	i     *interference
}

// Commit pushes what is made on the tip, and looks at the remote where there was no
// answer.
func (c *clone) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	subject, _, _ := strings.Cut(message, " (serial")
	words := strings.Fields(subject)
	fault, err := c.i.call("commit " + words[1])
	if err != nil {
		return "", err
	}
	tip := len(c.scene.remote.store.Commits)
	switch {
	case fault == backendtest.Refuse:
		return "", fmt.Errorf("%w: refused by policy", apply.ErrNotCommitted)
	case fault == backendtest.NotDone || fault == backendtest.Late:
		return "", errors.New("the remote cannot be reached")
	case tip != c.base && !c.scene.remote.blind:
		return "", fmt.Errorf("%w: lost the race", apply.ErrStateMoved)
	}
	id, err := c.scene.remote.store.Commit(ctx, changes, message)
	c.base = len(c.scene.remote.store.Commits)
	if c.i != nil && c.i.dead {
		return "", errKilled
	}
	return id, err
}

// Reload goes on from the tip.
func (c *clone) Reload(context.Context) (*state.Snapshot, error) {
	c.base = len(c.scene.remote.store.Commits)
	return c.scene.decode()
}

// revoke is a run that revokes a token, whatever others have reserved.
func (s *scene) revoke(token model.Address) error {
	s.tb.Helper()
	s.runs++
	have := s.state()
	p, problems := plan.RevokeNow(nil, have, plan.Revoked{Addresses: []model.Address{token}, Reason: "leaked"}, plan.Options{Today: s.today})
	if err := problems.Err(); err != nil {
		return err
	}
	if err := guard.Hold(p, guard.Facts{Applied: have}); err != nil {
		return err
	}
	run := &apply.Run{
		Backend: s.server.Session(identity), Store: &clone{s, len(s.remote.store.Commits), nil},
		Actor: "eve", ID: fmt.Sprint("run-", s.runs), Now: s.today.Time().Add(12 * time.Hour), Settings: have.Meta.Applied,
	}
	_, err := run.Apply(context.Background(), p, have)
	return err
}

// attempt is one run, from reading the state on.
func (s *scene) attempt(declarations string, i *interference) (*plan.Plan, error) {
	s.tb.Helper()
	s.runs++
	session := s.server.Session(identity)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if i != nil {
		i.ended = cancel
		session.Fault = func(name string) backendtest.Fault {
			fault, _ := i.call(name)
			return fault
		}
	}
	s.session = session
	var backend apply.Backend = session
	if s.wrap != nil {
		backend = s.wrap(session)
	}
	want := applytest.Declare(s.tb, declarations)
	have, err := s.decode()
	if err != nil {
		return nil, err
	}
	run := &apply.Run{
		Backend: backend, Sealer: &sealer{}, Store: &clone{s, len(s.remote.store.Commits), i},
		Actor: "ada", ID: fmt.Sprint("run-", s.runs), Now: s.today.Time().Add(12 * time.Hour), Lineage: lineage, Settings: state.SettingsOf(want.Project),
	}
	if !s.keep {
		if have, err = run.TakeOver(ctx, have); err != nil {
			return nil, err
		}
	}
	users := slices.Concat(model.Names(want.Accounts), model.Names(have.Accounts))
	if run.Observed, err = session.Observe(ctx, users); err != nil {
		return nil, err
	}
	p, problems := plan.Build(want, have, plan.Options{Today: s.today, Observed: run.Observed})
	if err := problems.Err(); err != nil {
		s.tb.Fatal(err)
	}
	if err := guard.Hold(p, guard.Facts{Declared: want, Applied: have}); err != nil {
		s.tb.Fatal(err)
	}
	if len(p.Blocked) > 0 {
		s.tb.Fatalf("%+v", p.Blocked)
	}
	_, err = run.Apply(ctx, p, have)
	for _, v := range session.Values() {
		_ = v.Use(func(b []byte) error {
			if len(bytes.Trim(b, "\x00")) > 0 {
				s.tb.Error("a value was not wiped")
			}
			return nil
		})
	}
	return p, err
}

// converge makes further runs, with nothing in their way, until nothing is left to
// do, and once more after whatever was late has landed.
func (s *scene) converge() error {
	for range 2 {
		for try := 0; ; try++ {
			tip := len(s.remote.store.Commits)
			p, err := s.attempt(after, nil)
			if err == nil && !p.Pending() && len(s.remote.store.Commits) == tip {
				break
			}
			if try == 5 {
				return fmt.Errorf("it does not come to an end: %w", err)
			}
		}
		s.server.Land()
	}
	_, err := s.attempt(after, nil)
	return err
}

// recorded is what must hold at every moment: each token that is alive can be found
// from state, and what state has published has the value that was sealed.
func (s *scene) recorded() error {
	have, err := s.decode()
	if err != nil {
		return err
	}
	tokens := s.server.Tokens()
	var reserved []model.Address
	if u := have.Meta.Underway; u != nil {
		reserved = slices.Concat(u.Create, u.Remove)
	}
	for name, t := range tokens {
		if t.Mark.Lineage != lineage {
			continue
		}
		a := generationOf(name)
		account := have.Accounts[a.Account]
		known := account != nil && account.Tokens[a.Name] != nil && a.Generation <= account.Tokens[a.Name].LastGeneration
		gone := slices.Contains(reserved, model.AccountAddress(a.Account))
		if !known && !gone && !slices.Contains(reserved, a) {
			return fmt.Errorf("%s is alive, and nothing in state says so", name)
		}
	}
	for _, account := range have.Accounts {
		for name, token := range account.Tokens {
			for _, g := range token.Generations {
				if t, alive := tokens[account.Name+"/"+g.ServerName]; !alive || t.Value != g.Value {
					return fmt.Errorf("%s@%d is published, and its value is not valid", name, g.Number)
				}
			}
		}
	}
	if t := tokens["a/fresh"]; t.Mark.Lineage != "another" {
		return errors.New("the token of somebody else is gone")
	}
	for name, n := range s.server.Asked() {
		if n > 1 && name != s.contested {
			return fmt.Errorf("%s was to be created %d times", name, n)
		}
	}
	return nil
}

func generationOf(name string) model.Address {
	account, token, _ := strings.Cut(name, "/")
	return model.GenerationNamed(account, token)
}

// settled is what must hold in the end: nothing is alive but what is published, and
// the server is as declared.
func (s *scene) settled() error {
	if err := s.recorded(); err != nil {
		return err
	}
	have := s.state()
	alive := s.server.Tokens()
	maps.DeleteFunc(alive, func(_ string, t backendtest.Token) bool { return t.Mark.Lineage != lineage })
	published := map[string]bool{}
	for _, account := range have.Accounts {
		for _, token := range account.Tokens {
			for _, g := range token.Generations {
				published[account.Name+"/"+g.ServerName] = true
			}
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(alive)), slices.Sorted(maps.Keys(published))) {
		return fmt.Errorf("alive are %v, and published %v", slices.Sorted(maps.Keys(alive)), slices.Sorted(maps.Keys(published)))
	}
	if users := s.server.Users(); !slices.Equal(users, []string{"a", "c"}) {
		return fmt.Errorf("the users are %v", users)
	}
	seen, err := s.server.Session(identity).Observe(context.Background(), nil)
	if err != nil {
		return err
	}
	if !slices.Equal(model.Names(seen.Roles), []string{"kept", "new"}) || seen.Roles["kept"].Policies[0].Actions[0] != "c:D" {
		return fmt.Errorf("the roles are %v", model.Names(seen.Roles))
	}
	if !slices.Equal(seen.Users["a"].Roles, []string{"kept"}) || !slices.Equal(seen.Users["c"].Roles, []string{"new"}) {
		return fmt.Errorf("the grants are %+v", seen.Users)
	}
	if have.Meta.Underway != nil {
		return fmt.Errorf("something is still underway: %+v", have.Meta.Underway)
	}
	return nil
}
