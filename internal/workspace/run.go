package workspace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Request is what every change asks of whoever wants it.
type Request struct {
	// Actor is whom to record; "" takes what the environment and git say.
	Actor string
	// Ask is shown a plan that may be blocked, and returns an error unless the plan
	// is to be executed. granted says that the change was agreed to before.
	Ask func(made *plan.Plan, granted bool) error
	// Phase, if set, is told what is being done, and how many of how many are; both are
	// 0 where nothing is counted. doing is empty while the terminal is somebody else's:
	// who is asked, or a program that may ask. It may be called from several goroutines.
	Phase func(doing string, done, total int)
}

// Done is what a change came to. It is there too, beside the error, where a run on a
// server did a part.
type Done struct {
	Plan *plan.Plan
	// Have is the state that it was made on.
	Have   *state.Snapshot
	Result *apply.Result
}

// Change is one kind of change of state: [Apply], [ApplyDue], [Revoke], [Reseal] or
// [Restore]. Its methods are the steps of an attempt that differ.
type Change interface {
	// findBase finds what the attempt builds on.
	findBase(ctx context.Context, l *ledger) (base, error)
	// plan plans on it.
	plan(ctx context.Context, l *ledger, b base) (*planned, error)
	// review adds to the plan what is wrong with the history and the place of
	// state, and holds it against what was agreed to before.
	review(ctx context.Context, l *ledger, b base, p *planned) error
	// isGranted says that nobody need be asked.
	isGranted() bool
	// execute carries the plan out.
	execute(ctx context.Context, l *ledger, b base, p *planned, r Request) (*apply.Result, error)
	// afterLostRace is the error where another run came first; nil tries again.
	afterLostRace() error
	// explainError adds to an error what to do about it.
	explainError(l *ledger, err error) error
}

// usual is what most changes do in the steps that seldom differ.
type usual struct{}

func (usual) isGranted() bool { return false }

func (usual) afterLostRace() error { return nil }

func (usual) explainError(_ *ledger, err error) error { return err }

// planned is a plan of an attempt.
type planned struct {
	plan *plan.Plan
	have *state.Snapshot
	// settings are those that the commit records.
	settings state.Settings
	// approvals are those declared.
	approvals []model.Approval
	// declarations is the commit that it says to be made from, where it has to.
	declarations string
	// warnChanged names what was changed by hand, once it was looked for; nil where
	// it was not.
	warnChanged func()
	// backend issues what the plan asks for, and observed is what it was seen to
	// have.
	backend  apply.Backend
	observed model.Observed
	// facts are what the plan is held against the guardrails by.
	facts guard.Facts
	// trust is what the history of the base says, once the plan is reviewed.
	trust *trust
}

// maxAttempts bounds how often a plan is made again because another apply came
// first. Each time one of the others has succeeded, so that many runners at once
// all come to an end; the bound is for a branch that never rests.
const maxAttempts = 200

// maxMissing is how often a change is tried again because an object was missing.
const maxMissing = 2

// mayReappear says that an attempt has ended for want of an object that somebody's "git
// gc" may have taken from under it, with nothing committed: the next attempt fetches
// again, and reads in a fresh view. What a shallow or partial clone lacks stays away.
func (w *Workspace) mayReappear(err error) bool {
	if !errors.Is(err, git.ErrMissingObject) || w.committed {
		return false
	}
	shallow, shallowErr := w.repo.Shallow()
	partial, partialErr := w.repo.Partial()
	return errors.Join(shallowErr, partialErr) == nil && !shallow && !partial
}

// Run makes a change: under the lock, with nothing interrupted left behind, on what
// is there now, and again where another run came first.
func (w *Workspace) Run(ctx context.Context, c Change, r Request) (*Done, error) {
	lock, err := w.lock(ctx)
	if err != nil {
		return nil, w.interruption(err)
	}
	defer func() { _ = lock.Unlock() }()
	w.phase = r.Phase
	w.run, w.patience = randomID(8), time.Now().Add(w.outside.LockTimeout)
	if err := w.recover(ctx); err != nil {
		return nil, err
	}
	head, err := w.repo.Head()
	if err != nil {
		return nil, err
	}
	l, err := w.openLedger(ctx, head)
	if err == nil {
		err = l.checkRoom(ctx)
	}
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		done, err := l.attempt(ctx, c, r)
		lost := errors.Is(err, errLostRace)
		if again := lost || try <= maxMissing && w.mayReappear(err); done != nil || !again {
			return done, w.interruption(err)
		}
		if lost {
			err = errors.New("what the plan was made from has moved")
			if stop := c.afterLostRace(); stop != nil {
				return nil, stop
			}
		}
		if try == maxAttempts {
			return nil, stale(fmt.Errorf("other applies came first %d times in a row; nothing of this one was applied", try))
		}
		w.detailf("%v: planning again (%d)", err, try)
		if err := pause(ctx, try); err != nil {
			return nil, w.interruption(err)
		}
	}
}

// attempt makes a change on what is there now.
func (l *ledger) attempt(ctx context.Context, c Change, r Request) (*Done, error) {
	if l.remote != nil {
		l.w.say("fetching from " + l.git.Push)
	}
	b, err := l.find(ctx, func(ctx context.Context) (base, error) { return c.findBase(ctx, l) })
	if err != nil {
		return nil, err
	}
	l.w.say("planning")
	p, err := c.plan(ctx, l, b)
	if err != nil {
		return nil, c.explainError(l, err)
	}
	l.w.say("reading the history of state")
	if err := c.review(ctx, l, b, p); err != nil {
		return nil, err
	}
	l.w.say("")
	if err := r.Ask(p.plan, c.isGranted()); err != nil {
		return nil, c.explainError(l, err)
	}
	p.facts = guard.Facts{} // What was declared is in the plan, as far as it is to be done.
	p.plan.Forget()
	if len(p.plan.Changes) > manyFiles {
		l.w.repo.ForgetIndex() // It is as large as the plan, and read again at the end.
	}
	result, err := c.execute(ctx, l, b, p, r)
	var partial *apply.PartialError
	switch {
	case errors.As(err, &partial) && len(partial.Failed)+len(partial.NotReached) == 0 && errors.Is(err, errLostRace):
		// All is done. That it was seen to be gone from the server, the next run
		// records.
		return &Done{p.plan, p.have, partial.Done}, nil
	case errors.As(err, &partial):
		return &Done{p.plan, p.have, partial.Done}, explainPartial(err)
	case err != nil:
		return nil, err
	}
	return &Done{p.plan, p.have, result}, nil
}

// readBase reads the declarations and the state that an attempt builds on; files are
// those of the declarations.
func (l *ledger) readBase(ctx context.Context, b base) (files fs.FS, want *model.Declarations, have *state.Snapshot, err error) {
	if files, err = l.w.openCommitted(b.declarations); err != nil {
		return nil, nil, nil, err
	}
	want, have, err = l.w.readBoth(ctx, b.parent, func() (*model.Declarations, error) { return l.w.declarations(files) })
	return files, want, have, err
}

// prepare makes a run that commits on top of b. What it issues and seals is the
// caller's to add.
func (l *ledger) prepare(b base, p *planned, r Request) (*apply.Run, error) {
	now, err := l.w.outside.Now()
	if err != nil {
		return nil, err
	}
	who, err := l.w.findActor(r.Actor)
	if err != nil {
		return nil, err
	}
	return &apply.Run{
		Backend: p.backend, Observed: p.observed, Store: &commitStore{ledger: l, base: b, author: who.signature, trust: p.trust},
		Phase: r.Phase, Actor: who.name, ID: l.w.run, Now: now, Declarations: p.declarations, Settings: p.settings, Approvals: p.approvals, Accepted: p.trust.accepted,
	}, nil
}

// randomID is n random bytes in hex.
func randomID(n int) string {
	b := make([]byte, n)
	// crypto/rand.Read never fails: it ends the process where the system has
	// no randomness.
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
