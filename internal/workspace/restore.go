package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Restore brings back the state of an earlier commit, by a new one.
type Restore struct {
	usual
	// Commit is a revision of this project's history.
	Commit string
	// Allow lifts guardrails.
	Allow model.Allowance

	// next is the state to come, and changes what it writes.
	next    *state.Snapshot
	changes []state.Change
}

// findBase takes any state that is there, since that may be what is to be repaired.
func (c *Restore) findBase(ctx context.Context, l *ledger) (base, error) { return l.findBase(ctx) }

func (c *Restore) plan(ctx context.Context, l *ledger, b base) (*planned, error) {
	from, err := l.gather(ctx, b, c.Commit)
	if err != nil {
		return nil, err
	}
	day, err := l.w.today()
	if err != nil {
		return nil, err
	}
	made, next, changes, err := from.makeNext(plan.Options{Today: day, Commit: b.parent, Limits: l.w.outside.Limits}, c.Allow)
	if err != nil {
		return nil, err
	}
	c.next, c.changes = next, changes
	return &planned{plan: made, declarations: from.declarations, trust: &trust{accepted: from.accepted}}, nil
}

// review has nothing to add: what is wrong with the history is what a restore
// repairs.
func (c *Restore) review(context.Context, *ledger, base, *planned) error { return nil }

func (c *Restore) execute(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error) {
	run, err := l.prepare(b, p, r)
	if err != nil {
		return nil, err
	}
	return run.Restore(ctx, p.plan, c.next, c.changes)
}

// afterLostRace ends it: what another run has made since may be what was to come back.
func (c *Restore) afterLostRace() error {
	return stale(diag.Hinted(errors.New("the state was changed while this restore was made; nothing was restored"), "look at the new state, and restore again"))
}

// stateAt is a commit with its state.
type stateAt struct {
	commit string
	// files are all of them, sealed values too; snap is nil where they are
	// not sound.
	files  []state.File
	snap   *state.Snapshot
	sealed map[string][]byte
}

// restoration is what a restore works from.
type restoration struct {
	now, then stateAt
	// sound is the newest state of first parents that nothing is wrong with,
	// and seen the one that this clone has seen on the branch, if it is
	// newer: the branch was reset then. Either may have no commit.
	sound, seen stateAt
	// serial is the highest known.
	serial int
	// declarations is the commit that state was last made from, where it has
	// a branch of its own.
	declarations string
	// doubt says that something is wrong with the state at hand.
	doubt bool
	// accepted names the commit where the branch was reset to.
	accepted []string
}

// gather reads what a restore works from.
func (l *ledger) gather(ctx context.Context, b base, rev string) (*restoration, error) {
	g := &restoration{}
	err := l.supply(ctx, b, true)
	if err != nil {
		return nil, err
	}
	if g.now, err = l.w.readStateAt(ctx, b.parent); err != nil {
		return nil, err
	}
	open, err := l.checkAll(ctx, b)
	if err != nil {
		return nil, err
	}
	g.doubt = g.now.snap == nil || len(open) > 0
	if err := l.findSound(ctx, b, g, open); err != nil {
		return nil, err
	}
	if err := l.recallSeen(ctx, b, g, open); err != nil {
		return nil, err
	}
	if g.then, err = l.findThen(ctx, b, rev, open); err != nil {
		return nil, err
	}
	return g, g.checkLineage()
}

// checkAll finds what is wrong with the history of state as a whole, whatever this
// clone remembers. That a clone is shallow does not keep it from being repaired.
func (l *ledger) checkAll(ctx context.Context, b base) ([]history.Finding, error) {
	report, err := history.Check(ctx, l.w.repo, b.parent, history.Options{Full: true})
	if err != nil {
		return nil, fmt.Errorf("check the history of state: %w", err)
	}
	return slices.DeleteFunc(report.Open(), func(f history.Finding) bool { return f.Has(history.CodeCut) }), nil
}

// recallSeen heeds the state that this clone has seen on the branch, where the branch
// was reset since: its serial is not given out again, and what ended there stays
// ended if its commit is still in the clone. Where another state has taken its
// serial, the restore accepts that by name.
func (l *ledger) recallSeen(ctx context.Context, b base, g *restoration, open []history.Finding) error {
	seen, err := history.LoadSeen(l.w.repo.CommonDir(), l.w.repo.Prefix(), l.watchedRef())
	if err != nil || seen == nil || seen.Serial < g.serial {
		return err
	}
	trust, err := l.checkTrust(ctx, b)
	if err != nil {
		return err
	}
	for _, f := range trust.report.Open() {
		if f.Has(history.CodeRollback) && !isOpen(open, f.Commit) {
			g.serial, g.doubt = seen.Serial, true
			g.seen, _ = l.w.readStateAt(ctx, seen.Commit)
			g.accepted = []string{f.Commit}
		}
	}
	return nil
}

func (w *Workspace) readStateAt(ctx context.Context, commit string) (stateAt, error) {
	files, err := w.StateFiles(ctx, commit, nil)
	if err != nil {
		return stateAt{}, err
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
	return stateAt{commit, files, snap, sealed}, nil
}

// findSound goes back along first parents for the newest state that osmoctl made,
// and for the highest serial.
func (l *ledger) findSound(ctx context.Context, b base, g *restoration, open []history.Finding) error {
	err := l.w.repo.History(ctx, b.parent, state.Dir, func(c git.Commit) error {
		m := record.Parse(c.Message)
		if !m.ByOsmoctl() {
			return nil
		}
		g.serial = max(g.serial, m.Serial)
		if g.sound.snap != nil || isOpen(open, c.Hash) {
			return nil
		}
		at, err := l.w.readStateAt(ctx, c.Hash)
		if err == nil && at.isMadeBy(m) {
			g.sound, g.declarations = at, m.Declarations
		}
		return err
	})
	if errors.Is(err, git.ErrShallow) {
		err = nil
	}
	return err
}

func isOpen(open []history.Finding, commit string) bool {
	return slices.ContainsFunc(open, func(f history.Finding) bool { return f.Commit == commit })
}

// isMadeBy tells whether a commit's message is about its state.
func (g stateAt) isMadeBy(m record.Message) bool {
	return g.snap != nil && m.Serial == g.snap.Meta.Serial && m.Lineage == g.snap.Meta.Lineage
}

// findThen finds the state to go back to: that of the newest commit of state at or
// before the one named.
func (l *ledger) findThen(ctx context.Context, b base, rev string, open []history.Finding) (stateAt, error) {
	repo := l.w.repo
	commit, err := repo.Resolve(rev)
	if err != nil {
		return stateAt{}, &ArgumentError{err}
	}
	in, err := repo.IsAncestor(commit, b.parent)
	if err != nil {
		return stateAt{}, err
	}
	if !in {
		return stateAt{}, refuse("commit %.12s is not in the history of this project's state", commit)
	}
	made, err := l.findStateCommit(ctx, commit)
	if err != nil {
		return stateAt{}, err
	}
	if made.Hash == "" {
		return stateAt{}, refuse("at commit %.12s nothing was applied yet", commit)
	}
	then, err := l.w.readStateAt(ctx, made.Hash)
	if err != nil {
		return stateAt{}, err
	}
	if !then.isMadeBy(record.Parse(made.Message)) || isOpen(open, made.Hash) {
		return stateAt{}, refuse("the state at commit %.12s was not made by osmoctl, or was damaged since", made.Hash)
	}
	return then, nil
}

func refuse(format string, args ...any) error {
	return diag.Hinted(fmt.Errorf(format, args...), "osmoctl log lists the commits that can be restored")
}

// findStateCommit finds the newest commit of state at or before a commit.
func (l *ledger) findStateCommit(ctx context.Context, commit string) (made git.Commit, err error) {
	stop := errors.New("found")
	err = l.w.repo.History(ctx, commit, state.Dir, func(c git.Commit) error {
		made = c
		return stop
	})
	if errors.Is(err, stop) || errors.Is(err, git.ErrShallow) {
		err = nil
	}
	return made, err
}

// statesSince are the states since, the most trusted first.
func (g *restoration) statesSince() (list []*state.Snapshot) {
	for _, k := range []stateAt{g.seen, g.sound, g.now} {
		if k.snap != nil {
			list = append(list, k.snap)
		}
	}
	return list
}

// checkLineage refuses to mix what has nothing to do with each other.
func (g *restoration) checkLineage() error {
	for _, k := range []stateAt{g.sound, g.now} {
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

// makeNext makes the plan, the next state, and what it writes.
func (g *restoration) makeNext(opts plan.Options, allow model.Allowance) (*plan.Plan, *state.Snapshot, []state.Change, error) {
	known := g.statesSince()
	r := state.Restoration{
		Then: g.then.snap, Known: known, Serial: g.serial, On: opts.Today,
		Reason: fmt.Sprintf("ended by a restore of commit %.12s", g.then.commit),
		Has:    func(path string, sum state.Sum) bool { return g.findSealed(path, sum) != nil },
	}
	next := r.Snapshot()
	changes, err := next.Over(g.now.files, g.findSealed)
	if err != nil {
		return nil, nil, nil, err
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
	made := plan.Restore(before, next, restored, opts)
	// The guardrails are those that stay in force, whatever the state at hand says.
	under := *before
	under.Meta.Applied = next.Meta.Applied
	if err := guard.Hold(made, guard.Facts{Applied: &under, Restored: next, Allow: allow, Limits: opts.Limits}); err != nil {
		return nil, nil, nil, err
	}
	if g.now.snap == nil {
		made.Warnings = append(made.Warnings, plan.Warning{
			Code: "state_unreadable", Message: fmt.Sprintf("the state at hand cannot be read; it is compared with that of serial %d", before.Meta.Serial),
		})
	}
	return made, next, changes, nil
}

// findSealed finds a sealed value by its place and sum; nil where there is none.
func (g *restoration) findSealed(path string, sum state.Sum) []byte {
	for _, from := range []stateAt{g.now, g.sound, g.then, g.seen} {
		if data, there := from.sealed[path]; there && state.SumOf(data) == sum {
			return data
		}
	}
	return nil
}
