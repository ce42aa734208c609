package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

const project = `
	recipients ops=alice dev=bob
	role r1 a:B@*
	account a r1
	  token t
	  token u to=dev
	account b r1
	  token v
`

// faulty wraps the parts of a run: the call of the number fail, counted over all
// of them, fails. 0 lets all succeed.
type faulty struct {
	apply.Serverless
	w     *applytest.World
	fail  int64
	calls atomic.Int64
}

var errFault = errors.New("a fault on purpose")

func (f *faulty) step() error {
	if f.calls.Add(1) == f.fail {
		return errFault
	}
	return nil
}

// CreateToken fails after the value was made, which must be wiped all the same.
func (f *faulty) CreateToken(ctx context.Context, t apply.NewToken) (secret.Value, error) {
	v, err := f.w.Backend.CreateToken(ctx, t)
	return v, errors.Join(err, f.step())
}

func (f *faulty) Check(ctx context.Context, to []model.Recipient) error {
	return errors.Join(f.step(), f.w.Sealer.Check(ctx, to))
}

func (f *faulty) Seal(ctx context.Context, b seal.Binding, to []model.Recipient, v secret.Value) ([]byte, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	return f.w.Sealer.Seal(ctx, b, to, v)
}

func (f *faulty) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	if err := f.step(); err != nil {
		return "", err
	}
	return f.w.Store.Commit(ctx, changes, message)
}

// run applies p with everything but the settings taken from f.
func (f *faulty) run(want *model.Declarations, p *plan.Plan) (*apply.Result, error) {
	r := f.w.Run(want)
	r.Backend, r.Sealer, r.Store = f, f, f
	return r.Apply(context.Background(), p, f.w.State())
}

// Whatever step fails, nothing was committed, no value is left in the clear, and
// a second run does it all.
func TestEveryStepMayFail(t *testing.T) {
	t.Parallel()
	want := applytest.Declare(t, project)
	count := &faulty{w: applytest.New(t)}
	if _, err := count.run(want, count.w.PlanFor(want)); err != nil {
		t.Fatal(err)
	}
	steps := count.calls.Load()
	if steps != 2+3+3+1 {
		t.Fatalf("%d steps: two sets of recipients, three tokens issued and sealed, one commit were to be expected", steps)
	}
	for k := int64(1); k <= steps; k++ {
		t.Run(fmt.Sprint("step ", k), func(t *testing.T) {
			t.Parallel()
			f := &faulty{w: applytest.New(t), fail: k}
			if _, err := f.run(want, f.w.PlanFor(want)); !errors.Is(err, errFault) {
				t.Fatalf("got %v, want the fault", err)
			}
			if len(f.w.Store.Commits) > 0 || f.w.State().Exists() {
				t.Error("something was committed")
			}
			wiped(t, f.w)
			if _, err := f.run(want, f.w.PlanFor(want)); err != nil {
				t.Errorf("the second run: %v", err)
			}
			wiped(t, f.w)
			if p := f.w.PlanFor(want); p.Pending() {
				t.Error("the second run left something to do")
			}
		})
	}
}

// wiped checks that no value handed out is still there to be read.
func wiped(t *testing.T, w *applytest.World) {
	t.Helper()
	for _, v := range w.Backend.Values() {
		_ = v.Use(func(b []byte) error {
			if len(bytes.Trim(b, "\x00")) > 0 {
				t.Error("a value was not wiped")
			}
			return nil
		})
	}
}

// No value is in a file, a path or a message, whatever is applied.
func TestNoValueIsWritten(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	for _, text := range []string{project, strings.TrimSpace(project) + " gen=2", "role r1 a:B@*\naccount a r1\ntoken n was=t"} {
		w.Apply(text, func(o *applytest.Options) { n := 9; o.Allow.Deletes = &n })
		w.Pass(60)
	}
	wiped(t, w)
	detector := secret.NewDetector()
	for _, text := range w.Backend.Texts() {
		detector.Add(secret.New([]byte(text)))
	}
	if len(w.Backend.Texts()) < 5 {
		t.Fatal("too few values for a test")
	}
	for _, commit := range w.Store.Commits {
		if detector.Find([]byte(commit.Message)) {
			t.Error("a value is in a message")
		}
		for _, c := range commit.Changes {
			if detector.Find(c.Data) || detector.Find([]byte(c.Path)) {
				t.Errorf("a value is in %s", c.Path)
			}
		}
	}
}

// leaking is a sealer that does not encrypt, and an actor that knows too much.
type leaking struct{ encode func([]byte) string }

func (leaking) Check(context.Context, []model.Recipient) error { return nil }

func (l leaking) Seal(_ context.Context, _ seal.Binding, _ []model.Recipient, v secret.Value) (out []byte, err error) {
	return out, v.Use(func(b []byte) error {
		out = []byte("-----\n" + l.encode(b) + "\n-----")
		return nil
	})
}

func TestSelfLeak(t *testing.T) {
	t.Parallel()
	want := applytest.Declare(t, project)
	for _, format := range []string{"%s", "%x", "%X", "a%sb"} {
		w := applytest.New(t)
		r := w.Run(want)
		r.Sealer = leaking{func(b []byte) string { return fmt.Sprintf(format, b) }}
		_, err := r.Apply(context.Background(), w.PlanFor(want), w.State())
		if !errors.Is(err, apply.ErrSelfLeak) || len(w.Store.Commits) > 0 {
			t.Errorf("%s: %v", format, err)
		}
		for _, text := range w.Backend.Texts() {
			if strings.Contains(err.Error(), text) {
				t.Error("the error holds the value")
			}
		}
		wiped(t, w)
	}
}

// repeating gives out one value again and again.
type repeating struct {
	apply.Serverless
	text string
}

func (r repeating) CreateToken(context.Context, apply.NewToken) (secret.Value, error) {
	return secret.New([]byte(r.text)), nil
}

func TestRepeatedValue(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	want := applytest.Declare(t, project)
	r := w.Run(want)
	r.Backend = repeating{text: "the same"}
	if _, err := r.Apply(context.Background(), w.PlanFor(want), w.State()); !errors.Is(err, apply.ErrRepeatedValue) {
		t.Errorf("twice in one run: %v", err)
	}

	// A value that ended long ago, of a token that is gone, counts as well.
	w.ApplyFor(want)
	ended := w.Backend.Texts()[0]
	few := "role r1 a:B@*\naccount c r1"
	w.Apply(few, func(o *applytest.Options) { n := 9; o.Allow.Deletes = &n })
	again := applytest.Declare(t, few+"\ntoken t")
	r = w.Run(again)
	r.Backend = repeating{text: ended}
	before := len(w.Store.Commits)
	if _, err := r.Apply(context.Background(), w.PlanFor(again), w.State()); !errors.Is(err, apply.ErrRepeatedValue) {
		t.Errorf("an ended value: %v", err)
	}
	if len(w.Store.Commits) != before {
		t.Error("something was committed")
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	t.Parallel()
	want := applytest.Declare(t, project)
	for name, c := range map[string]struct {
		spoil func(*plan.Plan, *apply.Run)
		want  error
	}{
		"held to nothing":    {func(p *plan.Plan, _ *apply.Run) { p.Blocked = nil }, apply.ErrUnguarded},
		"blocked":            {func(p *plan.Plan, _ *apply.Run) { p.Blocked = []plan.Blocked{{}} }, apply.ErrBlocked},
		"made with --as-of":  {func(p *plan.Plan, _ *apply.Run) { p.AsOf = true }, apply.ErrAsOf},
		"of yesterday":       {func(_ *plan.Plan, r *apply.Run) { r.Now = r.Now.Add(24 * time.Hour) }, apply.ErrStale},
		"of tomorrow":        {func(_ *plan.Plan, r *apply.Run) { r.Now = r.Now.Add(-24 * time.Hour) }, apply.ErrStale},
		"of another serial":  {func(p *plan.Plan, _ *apply.Run) { p.Base.Serial++ }, apply.ErrStale},
		"of another lineage": {func(p *plan.Plan, _ *apply.Run) { p.Base.Lineage = "other" }, apply.ErrStale},
	} {
		w := applytest.New(t)
		p, r := w.PlanFor(want), w.Run(want)
		c.spoil(p, r)
		if _, err := r.Apply(context.Background(), p, w.State()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.Store.Commits) > 0 || len(w.Backend.Texts()) > 0 {
			t.Errorf("%s: something was done", name)
		}
	}
}

// The UTC day counts, not that of the machine.
func TestDayIsUTC(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	want := applytest.Declare(t, project)
	r := w.Run(want)
	r.Now = w.Today.Time().Add(23*time.Hour + 59*time.Minute).In(time.FixedZone("east", 5*3600))
	if _, err := r.Apply(context.Background(), w.PlanFor(want), w.State()); err != nil {
		t.Fatal(err)
	}
	if at := w.Token("a", "t").Active().IssuedAt; at.Location() != time.UTC || model.DateOf(at) != w.Today {
		t.Errorf("issued at %s", at)
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	want := applytest.Declare(t, project)
	result, err := w.Run(want).Apply(context.Background(), w.PlanFor(want), w.State())
	if err != nil {
		t.Fatal(err)
	}
	if result.Commit != "commit-1" || result.Serial != 1 || len(result.Issued) != 3 {
		t.Errorf("%+v", result)
	}
	written := map[string][]byte{}
	for _, c := range w.Store.Commits[0].Changes {
		written[state.Dir+"/"+c.Path] = c.Data
	}
	for _, issued := range result.Issued {
		g := w.Token(issued.Address.Account, issued.Address.Name).Generation(issued.Address.Generation)
		if g == nil || g.Value != issued.Value || g.ExpiresAt != issued.ExpiresAt || state.SumOf(written[issued.Path]) != g.Ciphertext {
			t.Errorf("%s at %s does not agree with state", issued.Address, issued.Path)
		}
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(project)
	want := applytest.Declare(t, project)
	result, err := w.Run(want).Apply(context.Background(), w.PlanFor(want), w.State())
	if err != nil || result.Commit != "" || result.Serial != 1 || len(w.Store.Commits) != 1 {
		t.Errorf("%+v, %v, %d commits", result, err, len(w.Store.Commits))
	}
}

// cancelling ends its run's context at the first call of Seal.
type cancelling struct {
	*applytest.Sealer
	cancel func()
}

func (c cancelling) Seal(ctx context.Context, b seal.Binding, to []model.Recipient, v secret.Value) ([]byte, error) {
	c.cancel()
	return c.Sealer.Seal(ctx, b, to, v)
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{project, "role r1 a:B@*"} {
		w := applytest.New(t)
		want := applytest.Declare(t, text)
		ctx, cancel := context.WithCancel(context.Background())
		r := w.Run(want)
		r.Sealer = cancelling{w.Sealer, cancel}
		if text != project {
			cancel()
		}
		if _, err := r.Apply(ctx, w.PlanFor(want), w.State()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if len(w.Store.Commits) > 0 {
			t.Error("something was committed")
		}
		wiped(t, w)
		cancel()
	}
}

// Many tokens at once: every goroutine has its own generation, and progress
// counts each of them.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	text := "role r1 a:B@*\n"
	for i := range 20 {
		text += fmt.Sprintf("account a%d r1\n", i)
		for j := range 10 {
			text += fmt.Sprintf("token t%d\n", j)
		}
	}
	w := applytest.New(t)
	want := applytest.Declare(t, text)
	r := w.Run(want)
	var reports, most atomic.Int64
	r.Phase = func(doing string, done, total int) {
		if doing != "sealing 200 tokens" || done == 0 {
			return
		}
		reports.Add(1)
		if total != 200 {
			t.Errorf("of %d", total)
		}
		for old := most.Load(); int64(done) > old && !most.CompareAndSwap(old, int64(done)); old = most.Load() {
		}
	}
	if _, err := r.Apply(context.Background(), w.PlanFor(want), w.State()); err != nil {
		t.Fatal(err)
	}
	if reports.Load() != 200 || most.Load() != 200 {
		t.Errorf("%d reports, up to %d", reports.Load(), most.Load())
	}
	for _, account := range w.State().Accounts {
		for name, token := range account.Tokens {
			g := token.Active()
			sealed := fmt.Sprintf("sealed token/%s/%s@1\n", account.Name, name)
			if i := slices.IndexFunc(w.Store.Files(), func(f state.File) bool { return bytes.HasPrefix(f.Data, []byte(sealed)) }); i < 0 || state.SumOf(w.Store.Files()[i].Data) != g.Ciphertext {
				t.Fatalf("%s/%s has another one's ciphertext", account.Name, name)
			}
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Actor = "Eve\nOsmoctl-Serial: 99\r\n\u2028\x00 <eve@example.org>"
	p := w.Apply(project)
	want := strings.Join([]string{
		"osmoctl: 6 create (serial 1)", "",
		"create role/r1", "create account/a", "create account/b", "create token/a/t", "create token/a/u", "create token/b/v", "",
		"Osmoctl-Serial: 1", "Osmoctl-Lineage: lineage-1", "Osmoctl-Plan: " + p.Digest, "Osmoctl-Run: run-1",
		"Osmoctl-Actor: Eve Osmoctl-Serial: 99 <eve@example.org>", "",
	}, "\n")
	if d := cmp.Diff(want, w.Store.Commits[0].Message); d != "" {
		t.Error(d)
	}
	w.Actor = "ada"
	w.Apply(project + "\nguard min_recipients=1")
	if m := w.Store.Commits[1].Message; !strings.HasPrefix(m, "osmoctl: settings (serial 2)\n\nrecord changed project settings\n\n") {
		t.Error(m)
	}
}

func TestMessageOfMany(t *testing.T) {
	t.Parallel()
	text := ""
	for i := range 150 {
		text += fmt.Sprintf("role r%d a:B@*\n", i)
	}
	w := applytest.New(t)
	w.Apply(text)
	m := w.Store.Commits[0].Message
	if strings.Count(m, "create role/") != 100 || !strings.Contains(m, "\nand 50 more\n") {
		t.Error(m)
	}
}

// What state records of a change: who, when, and what the declaration said.
func TestRecords(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("role r1 a:B@*\nrole r2 a:B@*\naccount a r1 label=k:v text=words\ntoken t roles=r1 text=words gen=3")
	w.Pass(1)
	w.Actor = "bob"
	w.Apply("role r1 c:D@*\nrole r2 a:B@*\naccount a r1,r2 protect\ntoken t roles=r1 text=other gen=3")
	s := w.State()
	noon := applytest.Date(t, applytest.FirstDay).Time().Add(12 * time.Hour)
	if r := s.Roles["r1"]; !r.CreatedAt.Equal(noon) || r.CreatedBy != "ada" || r.Policies[0].Actions[0] != "c:D" {
		t.Errorf("%+v", r)
	}
	a := s.Accounts["a"]
	want := []state.Grant{{Role: "r1", AssignedAt: noon, AssignedBy: "ada"}, {Role: "r2", AssignedAt: noon.AddDate(0, 0, 1), AssignedBy: "bob"}}
	if d := cmp.Diff(want, a.Grants); d != "" || !a.CreatedAt.Equal(noon) || !a.Protect || a.Description != "" || len(a.Labels) > 0 {
		t.Errorf("%+v %s", a, d)
	}
	token := a.Tokens["t"]
	if token.Honoured != 3 || token.Spec.Description != "other" || token.Active().Description != "words" || token.Active().IssuedBy != "ada" {
		t.Errorf("%+v", token)
	}
}

// A restricted plan leaves the recorded settings as they are; the first apply
// records them all the same, since there were none.
func TestSettingsAreRecorded(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	only := func(o *applytest.Options) { o.Targets = []model.Address{model.RoleAddress("r1")} }
	w.Apply("role r1 a:B@*\nguard min_recipients=1", only)
	w.Apply("role r1 c:D@*\nguard min_recipients=2", only)
	if n := w.State().Meta.Applied.Guardrails.MinRecipients; n != 1 {
		t.Errorf("a restricted plan recorded min_recipients %d", n)
	}
	w.Apply("role r1 c:D@*\nguard min_recipients=2")
	if n := w.State().Meta.Applied.Guardrails.MinRecipients; n != 2 {
		t.Errorf("min_recipients is recorded as %d", n)
	}
}
