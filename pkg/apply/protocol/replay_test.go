package protocol

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

// The real code does what the model says, step by step: runs of package apply are held
// at each of their calls, and let go as a way through the model has it. After every
// step state and server are those of the model, and at its end a run is at its end.
// Every way ends where all is as declared.
//
// The ways are one to each kind of step that there is, and others at random.
func TestReplay(t *testing.T) {
	t.Parallel()
	random := 200
	if testing.Short() {
		random = 20
	}
	ways := oneOfEachKind(t)
	for seed := range uint64(random) {
		ways[fmt.Sprint(seed)] = atRandom(rand.New(rand.NewPCG(seed, 5)))
	}
	steps := 0
	for name, way := range ways {
		way = toTheEnd(way)
		steps += len(way.strides)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replay(t, way)
		})
	}
	t.Logf("%d ways, %d steps", len(ways), steps)
}

// way is one through the model.
type way struct {
	begin   world
	strides []stride
}

func (w *way) last() *world {
	if len(w.strides) == 0 {
		return &w.begin
	}
	return &w.strides[len(w.strides)-1].world
}

func replay(t *testing.T, w way) {
	t.Helper()
	d := newDriver(t, w.begin)
	for i, s := range w.strides {
		if err := d.follow(s.move, s.world); err != nil {
			d.abandon()
			lines := make([]string, i+1)
			for j := range lines {
				lines[j] = w.strides[j].String()
			}
			t.Fatalf("%v, after\n%s", err, strings.Join(lines, "\n"))
		}
	}
}

// oneOfEachKind has a way to every kind of step that occurs with two faults: by which
// call of a run, and what becomes of it.
func oneOfEachKind(t *testing.T) map[string]way {
	t.Helper()
	ways := map[string]way{}
	for _, begin := range []world{rotation(2), past(rotation(2))} {
		e := explore(begin, rules{})
		for at, k := range e.worlds {
			s := stepper{violation: func(move, string) {}}
			s.emit = func(m move, next world) {
				name := strings.TrimSpace(programs[m.at] + string(m.how))
				if _, there := ways[name]; there {
					return
				}
				// The runs may be named otherwise on the way than in the key.
				strides := e.way(rules{}, at)
				w := way{begin, strides}
				last := stepper{violation: s.violation, emit: func(o move, n world) {
					if o.at == m.at && o.how == m.how && n.pack() == next.pack() {
						w.strides = append(strides[:len(strides):len(strides)], stride{o, n})
					}
				}}
				last.steps(*w.last())
				if possible(w) {
					ways[name] = w
				}
			}
			s.steps(k.unpack())
		}
	}
	return ways
}

// past is a world in which the overlap has been over from the beginning: none is
// declared.
func past(w world) world {
	w.over = true
	return w
}

// possible tells whether days pass where that is a day: while the old generation
// retires.
func possible(w way) bool {
	for i, s := range w.strides {
		if s.how == dayPasses && (&way{w.begin, w.strides[:i]}).last().numbers[1].status != retiring {
			return false
		}
	}
	return true
}

// atRandom is a way on which what can go wrong does, some time.
func atRandom(draw *rand.Rand) way {
	w := way{begin: [...]world{rotation(4), past(rotation(4)), creation(4)}[draw.IntN(3)]}
	for len(w.strides) < 100 && (w.last().faults > 0 || !w.last().done()) {
		var options []stride
		s := stepper{violation: func(move, string) {}}
		s.emit = func(m move, n world) {
			// Of what goes wrong there is more, and it should not happen all at once.
			if (!m.isFault() || draw.IntN(6) == 0) && (m.how != dayPasses || w.last().numbers[1].status == retiring) {
				options = append(options, stride{m, n})
			}
		}
		for len(options) == 0 {
			s.steps(*w.last())
		}
		w.strides = append(w.strides, options[draw.IntN(len(options))])
	}
	return w
}

// toTheEnd goes on until all is as declared.
func toTheEnd(w way) way {
	for !w.last().done() {
		w.strides = append(w.strides, quiet(*w.last()))
	}
	return w
}

const (
	user, token, lineage = "svc", "t", "lineage-1"
	identity             = "osmoctl"
	declarations         = "guard max_deletes=100%\nrole r a:B@*\naccount svc r\n"
)

// driver is a remote, a server, and two runs that do one step at a time.
type driver struct {
	tb       testing.TB
	server   *backendtest.Server
	store    *applytest.Store
	today    model.Date
	declared string
	started  int
	runs     [2]*live
	// creates and push are what lands later.
	creates map[uint8]func()
	push    func()
}

// newDriver makes what a walk begins with.
func newDriver(tb testing.TB, begin world) *driver {
	tb.Helper()
	options := "overlap=1d"
	if begin.over {
		options = "overlap=0d"
	}
	d := &driver{tb: tb, server: &backendtest.Server{}, store: &applytest.Store{}, today: applytest.Date(tb, applytest.FirstDay), creates: map[uint8]func(){}}
	d.declared = declarations + "token t " + options
	d.undisturbed()
	if begin.numbers[1].status == gone {
		d.declared = declarations
		d.undisturbed()
		d.declared = declarations + "token t " + options
	} else {
		d.declared += " gen=2"
	}
	return d
}

// undisturbed makes a whole run.
func (d *driver) undisturbed() {
	l := d.start(false)
	for {
		a, ended := l.wait()
		if ended {
			break
		}
		l.answer(a, well)
	}
	if l.err != nil {
		d.tb.Fatal(l.err)
	}
}

// live is a run of the real code.
type live struct {
	driver *driver
	id     string
	base   int
	cancel context.CancelFunc
	calls  chan call
	done   chan struct{}
	err    error
	// pending are calls that wait for their answer.
	pending map[string]call
}

// call is one of a run: it is told what becomes of it, and tells when it was done.
type call struct {
	name   string
	answer chan how
	acted  chan struct{}
}

const (
	// goOn is the call of a run that has just had an answer, so that it can be
	// interrupted before it does what follows.
	goOn = "go on"
	// endCall begins those that delete, of which several are made at once.
	endCall = "end "
)

var (
	errKilled  = errors.New("killed")
	errHarness = errors.New("the run cannot be made")
)

// ask waits for what becomes of a call.
func (l *live) ask(name string) (h how, acted func()) {
	c := call{name, make(chan how, 1), make(chan struct{})}
	l.calls <- c
	return <-c.answer, func() { close(c.acted) }
}

// wait is the next call, or the end.
func (l *live) wait() (c call, ended bool) {
	select {
	case c := <-l.calls:
		return c, false
	case <-l.done:
		return call{}, true
	case <-time.After(time.Minute):
		l.driver.tb.Fatal("a run hangs")
	}
	return call{}, true
}

// answer lets a call be done, and waits until it was.
func (l *live) answer(c call, h how) {
	c.answer <- h
	<-c.acted
}

// expect waits for a call. Others wait, if they are of those that are made at once.
func (l *live) expect(name string) (call, error) {
	for {
		if c, there := l.pending[name]; there {
			delete(l.pending, name)
			return c, nil
		}
		if c, there := l.pending[goOn]; there {
			delete(l.pending, goOn)
			l.answer(c, well)
		}
		for other := range l.pending {
			if !strings.HasPrefix(name, endCall) || !strings.HasPrefix(other, endCall) {
				return call{}, fmt.Errorf("the run wants to %s instead of %s", other, name)
			}
		}
		c, ended := l.wait()
		if ended {
			return c, fmt.Errorf("the run has ended instead of %s: %v", name, l.err)
		}
		l.pending[c.name] = c
	}
}

// finish waits for the end of a run that makes no further call.
func (l *live) finish() error {
	for {
		for name, c := range l.pending {
			if name != goOn {
				return fmt.Errorf("the run still wants to %s", name)
			}
			delete(l.pending, name)
			l.answer(c, well)
		}
		c, ended := l.wait()
		if ended {
			return nil
		}
		l.pending[c.name] = c
	}
}

// kill ends a run: nothing that it still does has an effect.
func (l *live) kill() {
	for _, c := range l.pending {
		l.answer(c, killed)
	}
	l.pending = nil
	for {
		c, ended := l.wait()
		if ended {
			return
		}
		l.answer(c, killed)
	}
}

// start reads the state, and begins a run.
func (d *driver) start(beside bool) *live {
	d.started++
	ctx, cancel := context.WithCancel(context.Background())
	l := &live{
		driver: d, id: fmt.Sprint("run-", d.started), base: len(d.store.Commits), cancel: cancel,
		calls: make(chan call), done: make(chan struct{}), pending: map[string]call{},
	}
	have, want, today := d.state(), applytest.Declare(d.tb, d.declared), d.today
	go func() {
		defer close(l.done)
		defer cancel()
		l.err = l.run(ctx, want, have, today, beside)
	}()
	return l
}

func (l *live) run(ctx context.Context, want *model.Declarations, have *state.Snapshot, today model.Date, beside bool) (err error) {
	backend := &backend{l.driver.server.Session(identity), l}
	run := &apply.Run{
		Backend: backend, Sealer: &applytest.Sealer{}, Store: (*remote)(l), Actor: "ada", ID: l.id,
		Now: today.Time().Add(12 * time.Hour), Lineage: lineage, Settings: state.SettingsOf(want.Project),
	}
	if !beside {
		if have, err = run.TakeOver(ctx, have); err != nil {
			return err
		}
	}
	if run.Observed, err = backend.Observe(ctx, []string{user}); err != nil {
		return err
	}
	p, problems := plan.Build(want, have, plan.Options{Today: today, Observed: run.Observed})
	if beside {
		run.Settings = have.Meta.Applied
		p, problems = plan.RevokeNow(want, have, revoked(have), plan.Options{Today: today})
	}
	if err := problems.Err(); err != nil {
		return fmt.Errorf("%w: %w", errHarness, err)
	}
	if err := guard.Hold(p, guard.Facts{Declared: want, Applied: have}); err != nil || len(p.Blocked) > 0 {
		return fmt.Errorf("%w: %w %v", errHarness, err, p.Blocked)
	}
	_, err = run.Apply(ctx, p, have)
	return err
}

// revoked is the old generation, unless it is in use.
func revoked(have *state.Snapshot) plan.Revoked {
	a := model.TokenAddress(user, token).At(1)
	if g := have.Accounts[user].Tokens[token].Generation(1); g != nil && g.RevokeAfter == 0 {
		return plan.Revoked{Addresses: []model.Address{}, Reason: "leaked"}
	}
	return plan.Revoked{Addresses: []model.Address{a}, Reason: "leaked"}
}

// backend is a session whose calls wait to be told what becomes of them.
type backend struct {
	*backendtest.Session
	live *live
}

func (b *backend) Observe(_ context.Context, users []string) (model.Observed, error) {
	h, acted := b.live.ask("observe")
	defer acted()
	if h != well {
		return model.Observed{}, apply.ErrUnknown
	}
	return b.Session.Observe(context.Background(), users)
}

func (b *backend) CreateToken(_ context.Context, t apply.NewToken) (v secret.Value, err error) {
	number := uint8(t.Generation.Generation)
	h, acted := b.live.ask(fmt.Sprint("create ", number))
	switch h {
	case well, heard, heardCut, heardKill:
		v, err = b.Session.CreateToken(context.Background(), t)
	case later, laterCut, laterKill:
		b.live.driver.creates[number] = func() { _, _ = b.Session.CreateToken(context.Background(), t) }
	}
	acted()
	switch {
	case h == refused:
		return v, apply.ErrRefused
	case h != well:
		return secret.Value{}, apply.ErrUnknown
	case err == nil:
		_, acted := b.live.ask(goOn)
		acted()
	}
	return v, err
}

func (b *backend) EndToken(_ context.Context, t apply.OldToken) (err error) {
	number := 1
	if _, n, ok := model.SplitServerName(t.Name); ok {
		number = n
	}
	h, acted := b.live.ask(fmt.Sprint(endCall, number))
	defer acted()
	switch h {
	case well, heard, heardKill:
		err = b.Session.EndToken(context.Background(), t)
	}
	if h != well {
		return apply.ErrUnknown
	}
	return err
}

// remote is the branch, as the store of one run.
type remote live

func (r *remote) Commit(ctx context.Context, changes []state.Change, message string) (id string, err error) {
	l := (*live)(r)
	h, acted := l.ask("commit")
	base := l.base
	push := func() (string, error) {
		if len(l.driver.store.Commits) != base {
			return "", fmt.Errorf("%w: the race is lost", apply.ErrNotCommitted)
		}
		return l.driver.store.Commit(context.Background(), changes, message)
	}
	switch h {
	case well, found, heard, heardKill:
		if id, err = push(); err == nil {
			l.base++
		}
	case later:
		l.driver.push = func() { _, _ = push() }
	}
	acted()
	switch {
	case h == refused:
		return "", apply.ErrNotCommitted
	case h != well && h != found:
		return "", errKilled
	case err != nil:
		return "", err
	}
	_, acted = l.ask(goOn)
	acted()
	return id, nil
}

func (d *driver) state() *state.Snapshot {
	d.tb.Helper()
	have, problems := state.Decode(d.store.Files())
	if err := problems.Err(); err != nil {
		d.tb.Fatal(err)
	}
	return have
}

// follow makes one step of the model, and compares.
func (d *driver) follow(m move, after world) error {
	var err error
	if m.by < 0 {
		err = d.elsewhere(m)
	} else {
		err = d.step(m, after.runners[m.by].pc == idle)
	}
	if err != nil {
		return err
	}
	return d.compare(after)
}

func (d *driver) elsewhere(m move) error {
	switch m.how {
	case createLands:
		d.creates[m.number]()
		delete(d.creates, m.number)
	case pushLands:
		d.push()
	case dayPasses:
		d.today = d.today.Add(1)
	case nameTaken:
		_, err := d.server.Session("somebody").CreateToken(context.Background(), apply.NewToken{
			Generation: model.TokenAddress(user, token).At(int(m.number)), Name: model.ServerName(token, int(m.number)), Roles: []string{"r"},
			ExpiresAt: d.today + 30, Mark: model.Mark{Lineage: "another", Run: "r"},
		})
		return err
	}
	return nil
}

// callOf is the call that a step makes.
func callOf(m move) string {
	switch m.at {
	case observe:
		return "observe"
	case post:
		return fmt.Sprint("create ", m.number)
	case clear, withdraw, finish:
		return fmt.Sprint(endCall, m.number)
	}
	return "commit"
}

// step makes a step of a run, at whose end the run may be at its end.
func (d *driver) step(m move, ends bool) error {
	l := d.runs[m.by]
	switch {
	case m.at == idle:
		l = d.start(m.how == goesBeside)
		d.runs[m.by] = l
	case m.how == killed:
		l.kill()
		return nil
	case m.how == cut:
		// It comes between an answer and what follows.
		c, err := l.expect(goOn)
		if err != nil {
			return err
		}
		l.cancel()
		l.answer(c, well)
	default:
		c, err := l.expect(callOf(m))
		if err != nil {
			return err
		}
		switch m.how {
		case heardCut, unheardCut, laterCut:
			l.cancel()
		}
		l.answer(c, m.how)
	}
	switch {
	case m.how == heardKill, m.how == unheardKill, m.how == laterKill:
		l.kill()
	case ends:
		if err := l.finish(); err != nil {
			return err
		}
		if errors.Is(l.err, errHarness) {
			return l.err
		}
	}
	return nil
}

// compare holds state and server against the model.
func (d *driver) compare(w world) error {
	have, tokens := d.state(), d.server.Tokens()
	for n := uint8(1); n <= highest; n++ {
		a := model.TokenAddress(user, token).At(int(n))
		want := w.numbers[n]
		if want.status == unused && n < w.last() {
			want.status = gone // It was left out, and will not be given out any more.
		}
		got := number{status: statusOf(have, a), asked: want.asked, late: d.creates[n] != nil}
		if t, there := tokens[user+"/"+model.ServerName(token, int(n))]; there {
			got.tenant = ours
			if t.Mark.Lineage != lineage {
				got.tenant = foreign
			}
		}
		if got != want {
			return fmt.Errorf("number %d is %+v, and in the model %+v", n, got, want)
		}
	}
	run := ""
	if u := have.Meta.Underway; u != nil {
		run = u.Run
	}
	for i, l := range d.runs {
		if mine := l != nil && l.id == run; w.owner == first+owner(i) && !mine {
			return fmt.Errorf("the reservation is of %s", run)
		}
	}
	return nil
}

func statusOf(have *state.Snapshot, a model.Address) status {
	t := have.Accounts[a.Account].Tokens[a.Name]
	u := have.Meta.Underway
	switch g := t.Generation(a.Generation); {
	case g != nil && g.RevokeAfter == 0:
		return active
	case g != nil:
		return retiring
	case u != nil && slices.Contains(u.Create, a):
		return open
	case u != nil && slices.Contains(u.Remove, a):
		return ended
	case a.Generation <= t.LastGeneration:
		return gone
	}
	return unused
}

// abandon ends what is still at work.
func (d *driver) abandon() {
	for _, l := range d.runs {
		if l == nil {
			continue
		}
		select {
		case <-l.done:
		default:
			l.kill()
		}
	}
}
