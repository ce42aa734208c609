package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

type stateRestoreCmd struct {
	textOrJSON
	writer
	Commit string `arg:"" placeholder:"COMMIT" help:"The commit whose state is to come back: of this project's history, made by osmoctl."`
}

// Help is the long description of the command.
func (stateRestoreCmd) Help() string {
	return `A restore repairs forward: it shows a plan, and makes one new commit with the next serial. Roles, accounts and tokens are then as they were at COMMIT, with exceptions. What has ended since stays ended, and no number is given out twice. Generations that are live now and were not at COMMIT are ended. A token that comes back without a live generation gets one from the next apply. Guardrails and recipients stay those last recorded. It works also where the state at hand cannot be read: after an edit by hand or a bad merge. What the declarations want on top is for osmoctl plan to show.`
}

// Run plans, asks, and restores.
func (c *stateRestoreCmd) Run(env *Env) error {
	if err := c.checkAsked(env); err != nil {
		return err
	}
	err := c.locked(env, func(l *ledger) error { return c.restore(env, l) })
	if errors.Is(err, errLostRace) {
		return stale(diag.Hinted(errors.New("the state was changed while this restore was made; nothing was restored"), "look at the new state, and restore again"))
	}
	return err
}

func (c *stateRestoreCmd) restore(env *Env, l *ledger) error {
	b, err := l.whole(env.Context, l.found)
	if err != nil {
		return err
	}
	g, err := l.gather(env.Context, b, c.Commit)
	if err != nil {
		return err
	}
	return c.execute(env, l, b, g)
}

func (c *stateRestoreCmd) execute(env *Env, l *ledger, b base, g *grounds) error {
	day, err := env.today()
	if err != nil {
		return err
	}
	next, changes, err := g.restored(plan.Options{Today: day, Commit: b.parent})
	if err != nil {
		return err
	}
	if stop, err := c.approved(env, g.plan, false, c.format()); stop || err != nil {
		return err
	}
	run, err := c.run(env, l, b, &trust{accepted: g.accepted})
	if err != nil {
		return err
	}
	run.Declarations = g.declarations
	result, err := run.Restore(env.Context, g.plan, next, changes)
	if err != nil {
		return err
	}
	return env.view().Applied(g.plan, result, c.format())
}

// ground is a commit with its state.
type ground struct {
	commit string
	// files are all of them, sealed values too; snap is nil where they are
	// not sound.
	files  []state.File
	snap   *state.Snapshot
	sealed map[string][]byte
}

// grounds are what a restore works from.
type grounds struct {
	now, then ground
	// sound is the newest state of first parents that nothing is wrong with,
	// and seen the one that this clone has seen on the branch, if it is
	// newer: the branch was reset then. Either may have no commit.
	sound, seen ground
	// serial is the highest known.
	serial int
	// declarations is the commit that state was last made from, where it has
	// a branch of its own.
	declarations string
	// doubt says that something is wrong with the state at hand.
	doubt bool
	// accepted names the commit where the branch was reset to.
	accepted []string
	plan     *plan.Plan
}

// gather reads what a restore works from.
func (l *ledger) gather(ctx context.Context, b base, rev string) (*grounds, error) {
	g := &grounds{}
	err := l.supply(ctx, b, true)
	if err != nil {
		return nil, err
	}
	if g.now, err = l.project.ground(ctx, b.parent); err != nil {
		return nil, err
	}
	open, err := l.findings(ctx, b)
	if err != nil {
		return nil, err
	}
	g.doubt = g.now.snap == nil || len(open) > 0
	if err := l.findSound(ctx, b, g, open); err != nil {
		return nil, err
	}
	if err := l.recall(ctx, b, g, open); err != nil {
		return nil, err
	}
	if g.then, err = l.wanted(ctx, b, rev, open); err != nil {
		return nil, err
	}
	return g, g.checkLineage()
}

// findings are what is wrong with the history of state as a whole, whatever this
// clone remembers. That a clone is shallow does not keep it from being repaired.
func (l *ledger) findings(ctx context.Context, b base) ([]history.Finding, error) {
	report, err := history.Check(ctx, l.project.store, b.parent, history.Options{Full: true})
	if err != nil {
		return nil, fmt.Errorf("check the history of state: %w", err)
	}
	return slices.DeleteFunc(report.Open(), func(f history.Finding) bool { return f.Has(history.CodeCut) }), nil
}

// recall heeds the state that this clone has seen on the branch, where the branch
// was reset since: its serial is not given out again, and what ended there stays
// ended if its commit is still in the clone. Where another state has taken its
// serial, the restore accepts that by name.
func (l *ledger) recall(ctx context.Context, b base, g *grounds, open []history.Finding) error {
	seen, err := history.LoadSeen(l.project.store.CommonDir(), l.project.store.Prefix(), l.watched())
	if err != nil || seen == nil || seen.Serial < g.serial {
		return err
	}
	trust, err := l.trust(ctx, b)
	if err != nil {
		return err
	}
	for _, f := range trust.report.Open() {
		if f.Has(history.CodeRollback) && !isOpen(open, f.Commit) {
			g.serial, g.doubt = seen.Serial, true
			g.seen, _ = l.project.ground(ctx, seen.Commit)
			g.accepted = []string{f.Commit}
		}
	}
	return nil
}

func (p *project) ground(ctx context.Context, commit string) (ground, error) {
	files, err := p.stateFiles(ctx, commit, nil)
	if err != nil {
		return ground{}, err
	}
	snap, _ := state.Decode(files)
	if snap != nil && !snap.Exists() {
		snap = nil
	}
	sealed := map[string][]byte{}
	for _, f := range files {
		if f.Mode == state.RegularMode && state.IsCiphertext(f.Path) {
			sealed[f.Path] = f.Data
		}
	}
	return ground{commit, files, snap, sealed}, nil
}

// findSound goes back along first parents for the newest state that osmoctl made,
// and for the highest serial.
func (l *ledger) findSound(ctx context.Context, b base, g *grounds, open []history.Finding) error {
	err := l.project.store.History(ctx, b.parent, state.Dir, func(c gitstore.Commit) error {
		m := record.Parse(c.Message)
		if !m.ByOsmoctl() {
			return nil
		}
		g.serial = max(g.serial, m.Serial)
		if g.sound.snap != nil || isOpen(open, c.Hash) {
			return nil
		}
		at, err := l.project.ground(ctx, c.Hash)
		if err == nil && at.madeBy(m) {
			g.sound, g.declarations = at, m.Declarations
		}
		return err
	})
	if errors.Is(err, gitstore.ErrShallow) {
		err = nil
	}
	return err
}

func isOpen(open []history.Finding, commit string) bool {
	return slices.ContainsFunc(open, func(f history.Finding) bool { return f.Commit == commit })
}

// madeBy tells whether a commit's message is about its state.
func (g ground) madeBy(m record.Message) bool {
	return g.snap != nil && m.Serial == g.snap.Meta.Serial && m.Lineage == g.snap.Meta.Lineage
}

// wanted is the state to go back to: that of the newest commit of state at or
// before the one named.
func (l *ledger) wanted(ctx context.Context, b base, rev string, open []history.Finding) (ground, error) {
	store := l.project.store
	commit, err := store.Resolve(rev)
	if err != nil {
		return ground{}, usage(err)
	}
	in, err := store.IsAncestor(commit, b.parent)
	if err != nil {
		return ground{}, err
	}
	if !in {
		return ground{}, refuse("commit %.12s is not in the history of this project's state", commit)
	}
	made, err := l.stateAt(ctx, commit)
	if err != nil {
		return ground{}, err
	}
	if made.Hash == "" {
		return ground{}, refuse("at commit %.12s nothing was applied yet", commit)
	}
	then, err := l.project.ground(ctx, made.Hash)
	if err != nil {
		return ground{}, err
	}
	if !then.madeBy(record.Parse(made.Message)) || isOpen(open, made.Hash) {
		return ground{}, refuse("the state at commit %.12s was not made by osmoctl, or was damaged since", made.Hash)
	}
	return then, nil
}

func refuse(format string, args ...any) error {
	return diag.Hinted(fmt.Errorf(format, args...), "osmoctl log lists the commits that can be restored")
}

// stateAt is the newest commit of state at or before a commit.
func (l *ledger) stateAt(ctx context.Context, commit string) (made gitstore.Commit, err error) {
	stop := errors.New("found")
	err = l.project.store.History(ctx, commit, state.Dir, func(c gitstore.Commit) error {
		made = c
		return stop
	})
	if errors.Is(err, stop) || errors.Is(err, gitstore.ErrShallow) {
		err = nil
	}
	return made, err
}

// known are the states since, the most trusted first.
func (g *grounds) known() (list []*state.Snapshot) {
	for _, k := range []ground{g.seen, g.sound, g.now} {
		if k.snap != nil {
			list = append(list, k.snap)
		}
	}
	return list
}

// checkLineage refuses to mix what has nothing to do with each other.
func (g *grounds) checkLineage() error {
	for _, k := range []ground{g.sound, g.now} {
		if k.snap == nil {
			continue
		}
		if want, has := k.snap.Meta.Lineage, g.then.snap.Meta.Lineage; want != has {
			return refuse("the state at commit %.12s is of lineage %s, and this one is of lineage %s", g.then.commit, has, want)
		}
		return nil
	}
	return nil
}

// restored makes the next state, what it writes, and the plan.
func (g *grounds) restored(opts plan.Options) (*state.Snapshot, []state.Change, error) {
	known := g.known()
	r := state.Restoration{
		Then: g.then.snap, Known: known, Serial: g.serial, On: opts.Today,
		Reason: fmt.Sprintf("ended by a restore of commit %.12s", g.then.commit),
		Has:    func(path string, sum state.Sum) bool { return g.sealed(path, sum) != nil },
	}
	next := r.Snapshot()
	changes, err := next.Over(g.now.files, g.sealed)
	if err != nil {
		return nil, nil, err
	}
	before := g.then.snap
	if len(known) > 0 {
		before = known[len(known)-1]
	}
	restored := plan.Restored{Commit: g.then.commit, Files: []string{}}
	for _, c := range changes {
		if c.Path != state.MetaPath || g.doubt {
			restored.Files = append(restored.Files, c.Path)
		}
	}
	g.plan = plan.Restore(before, next, restored, opts)
	if g.now.snap == nil {
		g.plan.Warnings = append(g.plan.Warnings, plan.Warning{
			Code: "state_unreadable", Message: fmt.Sprintf("the state at hand cannot be read; it is compared with that of serial %d", before.Meta.Serial),
		})
	}
	return next, changes, nil
}

// sealed finds a sealed value by its place and sum; nil where there is none.
func (g *grounds) sealed(path string, sum state.Sum) []byte {
	for _, from := range []ground{g.now, g.sound, g.then, g.seen} {
		if data, there := from.sealed[path]; there && state.SumOf(data) == sum {
			return data
		}
	}
	return nil
}
