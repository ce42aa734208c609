package backendtest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/osmoctl/osmoctl/internal/wait"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/apply/backendtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

var stride = flag.Int("stride", 31, "of the pairs of faults, try one in so many")

// calls are those of a run, by name.
func (s *scene) calls() []string {
	s.tb.Helper()
	i := &interference{}
	if _, err := s.attempt(after, i); err != nil {
		s.tb.Fatal(err)
	}
	return model.Set(i.seen)
}

func TestUndisturbed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	want := []string{
		"commit 4", "commit confirm", "commit reserve", "create a/fresh-g2", "create a/t-g2", "create a/u-g2", "create c/w",
		"end a/gone", "end a/t", "end role old", "end user b", "grants a", "grants c", "observe", "role kept", "role new", "user c",
	}
	if got := s.calls(); !slices.Equal(got, want) {
		t.Errorf("the calls are %q", got)
	}
	if err := s.settled(); err != nil {
		t.Error(err)
	}
	tip := len(s.remote.store.Commits)
	if _, err := s.attempt(after, nil); err != nil || len(s.remote.store.Commits) != tip {
		t.Errorf("with nothing to do: %v, %d commits", err, len(s.remote.store.Commits)-tip)
	}
}

func (s *scene) interfere(at string, k kind) *interference {
	return &interference{at: at, kind: k, then: func() {
		for range 3 {
			if p, err := s.attempt(after, nil); err == nil && !p.Pending() {
				return
			}
		}
	}}
}

// meddle has one run after the other interfered with, and then others left in
// peace.
func (s *scene) meddle(faults ...*interference) error {
	for _, f := range faults {
		_, err := s.attempt(after, f)
		if err := s.recorded(); err != nil {
			return fmt.Errorf("at once: %w", err)
		}
		if f.hit && f.kind == refused && err == nil && f == faults[0] {
			return errors.New("a refusal was passed over")
		}
	}
	if err := s.converge(); err != nil {
		return err
	}
	return s.settled()
}

// Whatever goes wrong at whatever call of a run, no token is lost, none is alive
// that is not recorded, no name is asked for twice, nothing of anyone else's is
// touched, and further runs make everything as declared.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for _, at := range newScene(t).calls() {
		for _, k := range kinds {
			t.Run(at+" "+string(k), func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				if err := s.meddle(s.interfere(at, k)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The same with a second fault in the run that comes after the first.
func TestTwoFaults(t *testing.T) {
	t.Parallel()
	pair := 0
	for _, first := range newScene(t).calls() {
		for _, k := range kinds {
			s := newScene(t)
			_, _ = s.attempt(after, s.interfere(first, k))
			second := &interference{}
			_, _ = s.attempt(after, second)
			for _, at := range model.Set(second.seen) {
				for _, l := range kinds {
					if pair++; pair%*stride != 0 {
						continue
					}
					t.Run(fmt.Sprintf("%s %s, %s %s", first, k, at, l), func(t *testing.T) {
						t.Parallel()
						s := newScene(t)
						if err := s.meddle(s.interfere(first, k), s.interfere(at, l)); err != nil {
							t.Error(err)
						}
					})
				}
			}
		}
	}
}

// Each way to be interrupted that the design lists, and how it is recovered from.
// What it says of a branch that was rewound is for package history, which refuses
// it before a run begins; no phase reads a clock.
func TestRecovery(t *testing.T) {
	t.Parallel()
	publish, create := "commit 4", "create c/w"
	for name, faults := range map[string][]struct {
		at   string
		kind kind
	}{
		"before reserve":                                {{"commit reserve", killBefore}},
		"reserve pushed, reply lost":                    {{"commit reserve", noReply}},
		"reserve pushed, killed":                        {{"commit reserve", killAfter}},
		"killed before the create":                      {{create, killBefore}},
		"killed in the create":                          {{create, killAfter}},
		"the create's reply lost":                       {{create, noReply}},
		"the create not done, no reply":                 {{create, notDone}},
		"the create lands after the delete":             {{create, late}},
		"killed, and the create lands after the delete": {{create, lateKilled}},
		"value in memory, killed":                       {{publish, killBefore}},
		"publish pushed, reply lost":                    {{publish, noReply}},
		"publish pushed, killed":                        {{publish, killAfter}},
		"publish refused by policy":                     {{publish, refused}},
		"publish refused, own names cannot be deleted":  {{publish, refused}, {"end c/w", notDone}},
		"published, old one not deleted":                {{"end a/t", killBefore}},
		"published, deleting the old one refused":       {{"end a/t", refused}},
		"delete's reply lost":                           {{"end a/t", noReply}},
		"two runs start":                                {{"commit reserve", overtaken}},
		"taken over while alive, before its create":     {{create, overtaken}},
		"taken over, create done late, killed":          {{create, overtakenKilled}},
		"taken over while alive, after its create":      {{publish, overtaken}},
		"user created, killed":                          {{"user c", killAfter}},
		"role created, killed":                          {{"role new", killAfter}},
		"grants made, killed":                           {{"grants c", killAfter}},
		"user deleted, killed":                          {{"end user b", killAfter}},
		"confirmed, reply lost":                         {{"commit confirm", noReply}},
		"not confirmed, killed":                         {{"commit confirm", killBefore}},
		"interrupted":                                   {{create, interrupt}},
		"the server lists nothing":                      {{"observe", notDone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			var list []*interference
			for _, f := range faults {
				list = append(list, s.interfere(f.at, f.kind))
			}
			if err := s.meddle(list...); err != nil {
				t.Error(err)
			}
			if !list[0].hit {
				t.Errorf("there was no %s", faults[0].at)
			}
		})
	}
}

// A publish that is refused leaves nothing alive, and one that was overtaken
// neither, without another run having to look.
func TestUnpublishedIsEndedAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	if _, err := s.attempt(after, s.interfere("commit 4", refused)); !errors.Is(err, apply.ErrNotCommitted) {
		t.Errorf("got %v", err)
	}
	for name := range s.server.Tokens() {
		if strings.HasSuffix(name, "-g2") || name == "c/w" {
			t.Errorf("%s is alive", name)
		}
	}
	if u := s.state().Meta.Underway; u == nil || !slices.Contains(u.Create, model.TokenAddress("c", "w").At(1)) {
		t.Errorf("the reservation was let go of: %+v", u)
	}
}

// An interrupted run publishes what it has, takes nothing away, and says what it
// did not come to.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, err := s.attempt(after, s.interfere("create c/w", interrupt))
	var partial *apply.PartialError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &partial) || partial.Done.Commit == "" {
		t.Fatalf("got %v", err)
	}
	have := s.state()
	if have.Accounts["c"].Tokens["w"].Active() == nil || !have.Accounts["b"].Live() || have.Accounts["a"].Tokens["t"].Generation(1) == nil {
		t.Error("it did too little or too much")
	}
	// Creates go to the server at once: one that was on its way has no answer, so that its
	// number is burned and to be taken away. What was not asked for is not reserved.
	u := have.Underway()
	if len(u.Create) > 0 {
		t.Errorf("what was not asked for stays reserved: %+v", u)
	}
	for _, a := range u.Remove {
		token := have.Accounts[a.Account].Tokens[a.Name]
		if token.Generation(a.Generation) != nil || token.LastGeneration < a.Generation {
			t.Errorf("%s is to be taken away, and is not burned", a)
		}
	}
	want := len(partial.Done.Issued) + len(partial.NotReached)
	if want != 4+4 { // Four tokens to create, and four changes that take away.
		t.Errorf("issued %d, and did not reach %v", len(partial.Done.Issued), partial.NotReached)
	}
}

// failing has every call of a name's beginning go wrong.
func (s *scene) failing(beginning string, fault backendtest.Fault) {
	s.wrap = func(b apply.Backend) apply.Backend {
		b.(*backendtest.Session).Fault = func(call string) backendtest.Fault {
			if strings.HasPrefix(call, beginning) {
				return fault
			}
			return backendtest.None
		}
		return b
	}
}

// A token that cannot be created is tried under two numbers, which are used up. The
// others are published, and nothing is deleted meanwhile.
func TestFailedToken(t *testing.T) {
	t.Parallel()
	for fault, tries := range map[backendtest.Fault]int{backendtest.NotDone: 2, backendtest.NoReply: 2, backendtest.Late: 2, backendtest.Refuse: 1} {
		s := newScene(t)
		s.failing("create c/", fault)
		_, err := s.attempt(after, nil)
		var partial *apply.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[0].Address != model.TokenAddress("c", "w") || len(partial.Done.Issued) != 3 {
			t.Fatalf("fault %d: %v", fault, err)
		}
		have := s.state()
		if n := have.Accounts["c"].Tokens["w"].LastGeneration; n != tries {
			t.Errorf("fault %d: %d numbers are used up", fault, n)
		}
		if !have.Accounts["b"].Live() || have.Roles["old"] == nil || !have.Accounts["a"].Tokens["gone"].Live() {
			t.Errorf("fault %d: something was deleted", fault)
		}
		if have.Accounts["a"].Tokens["t"].Generation(1) != nil {
			t.Errorf("fault %d: what ends in another account was left", fault)
		}
		s.wrap = nil
		if err := errors.Join(s.recorded(), s.converge(), s.settled()); err != nil {
			t.Errorf("fault %d: %v", fault, err)
		}
		if n := s.state().Accounts["c"].Tokens["w"].Active().Number; n != tries+1 {
			t.Errorf("fault %d: number %d is published", fault, n)
		}
	}
}

// What others need is missing: they are not reached, and the rest is done.
func TestFailedRoleAndUser(t *testing.T) {
	t.Parallel()
	for call, failed := range map[string]string{"role new": "role/new", "user c": "account/c", "grants c": "account/c"} {
		s := newScene(t)
		s.failing(call, backendtest.Refuse)
		_, err := s.attempt(after, nil)
		var partial *apply.PartialError
		if !errors.As(err, &partial) || partial.Failed[len(partial.Failed)-1].Address.Kind > model.KindAccount && partial.Failed[0].Address.String() != failed {
			t.Fatalf("%s: %v", call, err)
		}
		if s.server.Asked()["c/w"] > 0 || !slices.Contains(partial.NotReached, model.TokenAddress("c", "w")) || len(partial.Done.Issued) != 3 {
			t.Errorf("%s: %+v", call, partial)
		}
		s.wrap = nil
		if err := errors.Join(s.recorded(), s.converge(), s.settled()); err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// A user whom somebody else creates while a run is at work is not taken for one of
// ours.
func TestForeignUser(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, err := s.attempt(after, &interference{at: "commit reserve", kind: overtaken, then: func() {
		if err := s.server.Session("somebody").EnsureUser(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
	}})
	var partial *apply.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || !errors.Is(partial.Failed[0].Err, apply.ErrForeign) {
		t.Errorf("got %v", err)
	}
	if s.state().Accounts["c"].Live() || s.server.Asked()["c/w"] > 0 || s.state().Meta.Underway != nil {
		t.Error("the user was taken")
	}
}

// A user that was deleted, and whom somebody has made again before a run could record
// that, is somebody else's. One that was made by a run that did not come to its end goes
// once it is declared no more.
func TestUsersOfOthersAndOurs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	if _, err := s.attempt(after, s.interfere("commit confirm", notDone)); err == nil {
		t.Fatal("the deletion was recorded")
	}
	if err := s.server.Session("somebody").EnsureUser(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.attempt(after+"\ntoken further", nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(s.server.Users(), "b") || s.state().Meta.Underway != nil {
		t.Errorf("the users are %q, and %+v is to do", s.server.Users(), s.state().Meta.Underway)
	}

	s = newScene(t)
	_, _ = s.attempt(after, s.interfere("grants c", killBefore))
	if !slices.Contains(s.server.Users(), "c") {
		t.Fatal("there is no user")
	}
	for range 2 {
		if _, err := s.attempt(before, nil); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Contains(s.server.Users(), "c") || s.state().Meta.Underway != nil {
		t.Errorf("the users are %q, and %+v is to do", s.server.Users(), s.state().Meta.Underway)
	}
}

// A name that somebody takes after it was reserved is left to them.
func TestNameTakenMeanwhile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.contested = "a/u-g2"
	if err := s.meddle(&interference{at: "commit reserve", kind: overtaken, then: func() { s.takeName("u-g2") }}); err != nil {
		t.Error(err)
	}
	if s.server.Tokens()["a/u-g2"].Mark.Lineage != "another" || s.state().Accounts["a"].Tokens["u"].Active().Number != 3 {
		t.Error("the name was not left to who has it")
	}
}

// Another run's reservation is respected until it is taken over.
func TestReserved(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	_, _ = s.attempt(after, s.interfere("create c/w", killBefore))
	s.keep = true
	var reserved *apply.ReservedError
	if _, err := s.attempt(after, nil); !errors.As(err, &reserved) || reserved.Run != "run-2" {
		t.Errorf("got %v", err)
	}
	s.keep = false
	if err := errors.Join(s.converge(), s.settled()); err != nil {
		t.Error(err)
	}
}

// Many tokens are published some at a time.
func TestBatches(t *testing.T) {
	t.Parallel()
	text := "role r a:B@*\n"
	for i := range 25 {
		text += fmt.Sprintf("account many%d r\n", i)
		for j := range 10 {
			text += fmt.Sprintf("token t%d\n", j)
		}
	}
	s := &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: newScene(t).today}
	i := &interference{}
	if _, err := s.attempt(text, i); err != nil {
		t.Fatal(err)
	}
	var commits []string
	for _, c := range i.seen {
		if strings.HasPrefix(c, "commit") {
			commits = append(commits, c)
		}
	}
	if want := []string{"commit reserve", "commit 126", "commit 100", "commit 50"}; !slices.Equal(commits, want) {
		t.Errorf("the commits are %q", commits)
	}
	if len(s.server.Tokens()) != 250 || s.state().Meta.Underway != nil {
		t.Errorf("%d tokens", len(s.server.Tokens()))
	}

	// Killed half-way, no more than one of those times has to be done again.
	s = &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: s.today}
	_, err := s.attempt(text, &interference{at: "commit 100", kind: notDone})
	var partial *apply.PartialError
	if !errors.As(err, &partial) || len(partial.Done.Issued) != 100 || len(partial.NotReached) != 150 {
		t.Fatalf("got %v", err)
	}
	if _, err := s.attempt(text, nil); err != nil {
		t.Fatal(err)
	}
	if asked := s.server.Asked(); len(asked) != 250+100 {
		t.Errorf("%d names were asked for", len(asked))
	}
	if len(s.server.Tokens()) != 250 || s.state().Meta.Underway != nil {
		t.Errorf("%d tokens", len(s.server.Tokens()))
	}
}

// slow takes its time for each token, and notes when it began with it.
type slow struct {
	apply.Backend
	mu    *sync.Mutex
	began map[string]time.Time
}

func (b slow) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	b.mu.Lock()
	b.began[t.Name] = time.Now()
	b.mu.Unlock()
	if err := wait.For(ctx, 10*time.Second); err != nil {
		return secret.Value{}, err
	}
	return b.Backend.CreateToken(ctx, t)
}

// On a slow server a batch is published before it is full: what was begun within 30 s,
// so that others see that the run is alive. What there was no time for is not asked for
// and not given up, and comes later under the number that it has.
func TestPublishesByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		text := "role r a:B@*\naccount many r\n"
		for i := range 100 {
			text += fmt.Sprintf("token t%d\n", i)
		}
		s := &scene{tb: t, server: &backendtest.Server{}, remote: &remote{}, today: applytest.Date(t, applytest.FirstDay)}
		b := slow{mu: &sync.Mutex{}, began: map[string]time.Time{}}
		s.wrap = func(session apply.Backend) apply.Backend {
			b.Backend = session
			return b
		}
		start := time.Now()
		if _, err := s.attempt(text, nil); err != nil {
			t.Fatal(err)
		}
		var published [][]string
		for _, c := range s.remote.store.Commits {
			if names := publishedFirst(c.Changes); len(names) > 0 {
				published = append(published, names)
			}
		}
		var early []string
		for name, at := range b.began {
			if at.Sub(start) <= 30*time.Second {
				early = append(early, name)
			}
		}
		slices.Sort(early)
		if len(early) == 0 || len(early) == 100 || len(published) < 2 || !slices.Equal(published[0], early) {
			t.Errorf("published are %q, and begun within 30 s were %q", published, early)
		}
		if all := slices.Concat(published...); len(all) != 100 {
			t.Errorf("%d are published in all", len(all))
		}
		asked, have := s.server.Asked(), s.state()
		for name, token := range have.Accounts["many"].Tokens {
			if n := asked["many/"+name]; n != 1 || token.LastGeneration != 1 || token.Active() == nil {
				t.Errorf("%s was asked for %d times, and its last number is %d", name, n, token.LastGeneration)
			}
		}
		if len(asked) != 100 || have.Meta.Underway != nil {
			t.Errorf("%d names were asked for, and %+v is to do", len(asked), have.Meta.Underway)
		}
	})
}

// publishedFirst are the tokens whose number 1 is published with these files, sorted.
func publishedFirst(files []state.Change) (names []string) {
	for _, c := range files {
		if name, found := strings.CutSuffix(path.Base(c.Path), ".1.age"); found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// again asks for a name once more where the answer was lost, which no one may.
type again struct{ apply.Backend }

func (b again) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	v, err := b.Backend.CreateToken(ctx, t)
	if errors.Is(err, apply.ErrUnknown) {
		v, err = b.Backend.CreateToken(ctx, t)
	}
	return v, err
}

// eager ends a token as soon as there is another to replace it.
type eager struct{ apply.Backend }

func (b eager) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	v, err := b.Backend.CreateToken(ctx, t)
	if err == nil && t.Generation.Generation == 2 {
		err = b.EndToken(ctx, apply.OldToken{User: t.Generation.Account, Name: t.Generation.Name, Lineage: t.Mark.Lineage})
	}
	return v, err
}

// The tests above see what would be wrong.
func TestMutants(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*scene){
		"no compare-and-swap":         func(s *scene) { s.remote.blind = true },
		"the same name after unknown": func(s *scene) { s.wrap = func(b apply.Backend) apply.Backend { return again{b} } },
		"deleted before published":    func(s *scene) { s.wrap = func(b apply.Backend) apply.Backend { return eager{b} } },
	} {
		caught := false
		for _, k := range []kind{noReply, overtaken, killBefore} {
			for _, at := range newScene(t).calls() {
				s := newScene(t)
				spoil(s)
				caught = caught || s.meddle(s.interfere(at, k)) != nil
			}
		}
		if !caught {
			t.Errorf("%s: nothing is found to be wrong", name)
		}
	}
}

// A revocation does not wait for a run that is at work, and that one publishes on top of
// it: nothing that was created is given up.
func TestRevokedBeside(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"create c/w", "commit 4", "end a/gone"} {
		s := newScene(t)
		_, err := s.attempt(after, &interference{at: at, kind: overtaken, then: func() {
			if err := s.revoke(model.TokenAddress("a", "u")); err != nil {
				t.Error(err)
			}
		}})
		if err != nil && at != "end a/gone" {
			t.Errorf("%s: %v", at, err)
		}
		if s.server.Asked()["c/w"] != 1 || s.state().Accounts["c"].Tokens["w"].Active() == nil {
			t.Errorf("%s: what was created was given up", at)
		}
		if err := errors.Join(s.recorded(), s.converge(), s.settled()); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}
