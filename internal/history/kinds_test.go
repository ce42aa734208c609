package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// No commit that osmoctl makes is a finding, whatever kinds of them come after
// one another.
func TestEveryKindOfCommitIsSound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			l := &lives{repo: newRepo(t), Rand: rand.New(rand.NewPCG(seed, 7))}
			for range 12 {
				l.step(t)
			}
			if report := l.check(Options{Full: true}); len(report.Findings) > 0 {
				t.Errorf("findings: %+v", report.Findings)
			}
		})
	}
}

// lives is a project to which everything happens that osmoctl can do.
type lives struct {
	*repo
	*rand.Rand
	states [][]state.File
}

func (l *lives) pick(words ...string) string { return words[l.IntN(len(words))] }

// declarations are few enough to come, go, be renamed and come back.
func (l *lives) declarations() string {
	text := "guard max_deletes=999/100% max_rotations=999\n" + l.pick(
		"recipients ops=alice", "recipients ops=alice,bob", "recipients ops=bob", "recipients ops=alice,carol", "recipients ops=carol,bob") +
		"\nrole r1 pool:List@*\nrole r2 app:*@*\naccount a " + l.pick("r1", "r1,r2") + "\n"
	return text + l.pick("token t", "token u was=t", "token t was=u", "token t gen=2", "token t\ntoken u", "token u gen=3\ntoken t every=9d overlap=2d", "") + "\n" +
		l.pick("", "account b r1\ntoken t in=20d every=10d overlap=9d\n")
}

func (l *lives) step(t *testing.T) {
	t.Helper()
	w, made := l.world, len(l.world.Store.Commits)
	switch w.Pass(model.Days(l.IntN(15))); l.IntN(6) {
	case 0:
		l.revoke(t)
	case 1, 2:
		w.Reseal(l.declarations())
	case 3:
		l.restore(t)
	default:
		w.Apply(l.declarations())
	}
	if len(w.Store.Commits) > made {
		l.states = append(l.states, w.Store.Files())
		l.commit(w.Store.Commits[made].Message, l.applied())
	}
}

func (l *lives) revoke(t *testing.T) {
	t.Helper()
	want, have := applytest.Declare(t, l.declarations()), l.world.State()
	for _, name := range model.Names(have.Accounts) {
		for _, token := range model.Names(have.Accounts[name].Tokens) {
			if l.IntN(2) == 0 {
				continue
			}
			what := plan.Revoked{Addresses: []model.Address{model.TokenAddress(name, token)}, Reason: "leaked"}
			p, problems := plan.RevokeNow(want, have, what, plan.Options{Today: l.world.Today})
			if err := problems.Err(); err != nil {
				t.Fatal(err)
			}
			run := l.world.Run(want)
			run.Settings = have.Meta.Applied
			if _, err := run.Apply(context.Background(), l.world.Hold(p, guard.Facts{Declared: want}), have); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

func (l *lives) restore(t *testing.T) {
	t.Helper()
	if len(l.states) == 0 {
		return
	}
	old, now := l.states[l.IntN(len(l.states))], l.world.Store.Files()
	then, problems := state.Decode(old)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	sealed := func(path string, sum state.Sum) []byte {
		for _, f := range append(append([]state.File{}, now...), old...) {
			if f.Path == path && state.SumOf(f.Data) == sum {
				return f.Data
			}
		}
		return nil
	}
	next := (&state.Restoration{
		Then: then, Known: []*state.Snapshot{l.world.State()}, On: l.world.Today, Reason: "restored",
		Has: func(path string, sum state.Sum) bool { return sealed(path, sum) != nil },
	}).Snapshot()
	changes, err := next.Over(now, sealed)
	if err != nil {
		t.Fatal(err)
	}
	restored := plan.Restored{Commit: hashOf("then"), Files: []string{}}
	for _, c := range changes {
		if c.Path != state.MetaPath {
			restored.Files = append(restored.Files, c.Path)
		}
	}
	p := plan.Restore(l.world.State(), next, restored, plan.Options{Today: l.world.Today})
	l.world.Hold(p, guard.Facts{})
	if _, err := l.world.Run(applytest.Declare(t, "")).Restore(context.Background(), p, next, changes); err != nil {
		t.Fatal(err)
	}
}
