package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// joined is project after carol has joined everybody.
var joined = strings.NewReplacer("ops=alice", "ops=alice,carol", "dev=bob", "dev=bob,carol").Replace(project)

// begun is a world to which project was applied.
func begun(t *testing.T) *applytest.World {
	t.Helper()
	w := applytest.New(t)
	w.Apply(project)
	return w
}

// failing is an opener of which one call fails, counted with the steps of f.
type failing struct {
	*faulty
	opener *applytest.Opener
}

func (f failing) Open(ctx context.Context, a model.Address, g *state.Generation) (secret.Value, error) {
	v, err := f.opener.Open(ctx, a, g)
	return v, errors.Join(err, f.step())
}

func (f *faulty) reseal(o *applytest.Opener) (*apply.Result, error) {
	r := f.w.Run(applytest.Declare(f.w.TB(), joined))
	r.Backend, r.Sealer, r.Store = nil, f, f
	return r.Reseal(context.Background(), f.w.PlanReseal(joined), f.w.State(), failing{f, o}, false)
}

// Whatever step fails, nothing was committed, no value is left in the clear, and
// a second run does it all.
func TestEveryStepOfAResealMayFail(t *testing.T) {
	t.Parallel()
	count := &faulty{w: begun(t)}
	if _, err := count.reseal(&applytest.Opener{World: count.w}); err != nil {
		t.Fatal(err)
	}
	steps := count.calls.Load()
	if steps != 2+3+3+1 {
		t.Fatalf("%d steps: two sets of recipients, three values opened and sealed, one commit were to be expected", steps)
	}
	for k := int64(1); k <= steps; k++ {
		t.Run(fmt.Sprint("step ", k), func(t *testing.T) {
			t.Parallel()
			f := &faulty{w: begun(t), fail: k}
			before, opener := f.w.State(), &applytest.Opener{World: f.w}
			if _, err := f.reseal(opener); !errors.Is(err, errFault) {
				t.Fatalf("got %v, want the fault", err)
			}
			if len(f.w.Store.Commits) != 1 || f.w.State() != before {
				t.Error("something was committed")
			}
			allWiped(t, opener)
			if _, err := f.reseal(opener); err != nil {
				t.Errorf("the second run: %v", err)
			}
			allWiped(t, opener)
			if p := f.w.PlanReseal(joined); p.Pending() {
				t.Error("the second run left something to do")
			}
		})
	}
}

func allWiped(t *testing.T, o *applytest.Opener) {
	t.Helper()
	for _, v := range o.Values() {
		_ = v.Use(func(b []byte) error {
			if len(bytes.Trim(b, "\x00")) > 0 {
				t.Error("a value was not wiped")
			}
			return nil
		})
	}
}

// A reseal changes the recipients and the sealed files, and nothing else: all
// other files stay byte for byte, and so does the rest of each record.
func TestResealChangesNothingElse(t *testing.T) {
	t.Parallel()
	w := begun(t)
	before := w.State()
	only := strings.Replace(project, "dev=bob", "dev=bob,carol", 1)
	w.Reseal(only)
	commit := w.Store.Commits[1]
	var paths []string
	for _, c := range commit.Changes {
		paths = append(paths, c.Path)
	}
	want := []string{state.AccountPath("a"), state.CiphertextPath("a", "u", 1), state.MetaPath}
	if d := cmp.Diff(want, paths); d != "" {
		t.Error("files:", d)
	}
	was, is := *before.Accounts["a"].Tokens["u"].Active(), *w.Token("a", "u").Active()
	if d := cmp.Diff([]string{"age1bob", "age1carol"}, is.Recipients); d != "" || is.Ciphertext == was.Ciphertext {
		t.Error(d)
	}
	is.Recipients, is.Ciphertext = was.Recipients, was.Ciphertext
	if d := cmp.Diff(was, is); d != "" {
		t.Error("the rest of the record:", d)
	}
	if d := cmp.Diff(before.Meta.Applied, w.State().Meta.Applied); d != "" {
		t.Error("settings:", d)
	}
	for _, line := range []string{"osmoctl: 1 reseal (serial 2)", "\nreseal token/a/u@1\n", "\nOsmoctl-Plan: sha256:", "\nOsmoctl-Serial: 2\n"} {
		if !strings.Contains(commit.Message, line) {
			t.Errorf("the message lacks %q:\n%s", line, commit.Message)
		}
	}
}

// What cannot be opened keeps everything from being changed, unless it may be
// left out.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	all := []model.Address{model.TokenAddress("a", "t").At(1), model.TokenAddress("a", "u").At(1), model.TokenAddress("b", "v").At(1)}
	for _, c := range []struct {
		name string
		left []model.Address
		skip bool
		ok   bool
	}{
		{"all readable", nil, true, true},
		{"one, all or nothing", all[1:2], false, false},
		{"one, left out", all[1:2], true, true},
		{"none readable", all, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := begun(t)
			opener := &applytest.Opener{World: w, Unreadable: map[model.Address]bool{}}
			for _, a := range c.left {
				opener.Unreadable[a] = true
			}
			p := w.PlanReseal(joined)
			r, err := w.Run(applytest.Declare(t, joined)).Reseal(context.Background(), p, w.State(), opener, c.skip)
			allWiped(t, opener)
			var unreadable *apply.UnreadableError
			if !c.ok {
				if !errors.As(err, &unreadable) || cmp.Diff(c.left, unreadable.Left) != "" || len(w.Store.Commits) != 1 {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.left, r.Left); d != "" || len(r.Resealed)+len(r.Left) != len(all) {
				t.Errorf("%+v", r)
			}
			for _, a := range c.left {
				if strings.Contains(w.Store.Commits[1].Message, a.String()) || slices.Contains(w.Token(a.Account, a.Name).Active().Recipients, "age1carol") {
					t.Errorf("%s was not left out", a)
				}
			}
		})
	}
}

// forging opens every file to a value of its own.
type forging struct{}

func (forging) Open(context.Context, model.Address, *state.Generation) (secret.Value, error) {
	return secret.New([]byte("osmo_of_somebody_else")), nil
}

func TestResealTakesNoOtherValue(t *testing.T) {
	t.Parallel()
	w := begun(t)
	_, err := w.Run(applytest.Declare(t, joined)).Reseal(context.Background(), w.PlanReseal(joined), w.State(), forging{}, true)
	if !errors.Is(err, apply.ErrOtherValue) || len(w.Store.Commits) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestSelfLeakOfAReseal(t *testing.T) {
	t.Parallel()
	w := begun(t)
	r := w.Run(applytest.Declare(t, joined))
	r.Sealer = leaking{func(b []byte) string { return string(b) }}
	_, err := r.Reseal(context.Background(), w.PlanReseal(joined), w.State(), &applytest.Opener{World: w}, false)
	if !errors.Is(err, apply.ErrSelfLeak) || len(w.Store.Commits) != 1 {
		t.Errorf("got %v", err)
	}
}

// A plan to reseal and one to apply are not taken for each other.
func TestResealIsNoApply(t *testing.T) {
	t.Parallel()
	w := begun(t)
	r := w.Run(applytest.Declare(t, joined))
	if _, err := r.Apply(context.Background(), w.PlanReseal(joined), w.State()); !errors.Is(err, apply.ErrReseal) {
		t.Errorf("apply took it: %v", err)
	}
	blocked := w.PlanReseal("guard min_recipients=9\n" + joined)
	if _, err := r.Reseal(context.Background(), blocked, w.State(), &applytest.Opener{World: w}, false); !errors.Is(err, apply.ErrBlocked) {
		t.Errorf("a blocked plan was executed: %v", err)
	}
	old := w.PlanReseal(joined)
	w.Reseal(joined)
	if _, err := r.Reseal(context.Background(), old, w.State(), &applytest.Opener{World: w}, false); !errors.Is(err, apply.ErrStale) {
		t.Errorf("a stale plan was executed: %v", err)
	}
}

// unsealable is a sealer to which one key is no good.
type unsealable struct{ applytest.Sealer }

func (*unsealable) Check(context.Context, []model.Recipient) error { return errFault }

// No value is opened that could not be sealed again.
func TestRecipientsAreTriedBeforeOpening(t *testing.T) {
	t.Parallel()
	w := begun(t)
	opener := &applytest.Opener{World: w}
	r := w.Run(applytest.Declare(t, joined))
	r.Sealer = &unsealable{}
	_, err := r.Reseal(context.Background(), w.PlanReseal(joined), w.State(), opener, false)
	if !errors.Is(err, errFault) || len(opener.Values()) > 0 {
		t.Errorf("%v, %d values opened", err, len(opener.Values()))
	}
}
