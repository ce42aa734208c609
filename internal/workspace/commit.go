package workspace

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/gitstore/sign"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/wait"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// commitStore is the [apply.Store] over the ledger.
type commitStore struct {
	ledger *ledger
	base   base
	author git.Signature
	// trust is what the history says of the state that the run began with.
	trust *trust
}

// How often one sealed commit is put on another parent because the branch moved
// meanwhile: on a remote by other people's pushes, in a clone by its one user.
const (
	maxReparents = 30
	maxRebuilds  = 5
)

// Commit writes the objects, flushes them, pushes where there is a remote, and
// moves the local branch. errLostRace says that the plan was made for a state
// that is gone; nothing of this commit is visible then.
func (s *commitStore) Commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	commit, err := s.commit(ctx, changes, message)
	return commit, markNotCommitted(err)
}

// markNotCommitted marks what says that the commit is nowhere, and will not be: what it
// would have published can be taken away at once.
func markNotCommitted(err error) error {
	if errors.As(err, new(*StaleError)) || errors.As(err, new(*remote.RefusedError)) {
		return notCommittedError{err}
	}
	return err
}

type notCommittedError struct{ error }

func (e notCommittedError) Unwrap() []error { return []error{e.error, apply.ErrNotCommitted} }

func (s *commitStore) commit(ctx context.Context, changes []state.Change, message string) (string, error) {
	request := gitstore.Request{Parent: s.base.parent, Message: message, Author: s.author, Committer: s.author}
	for _, c := range changes {
		request.Changes = append(request.Changes, gitstore.Change{Path: state.Dir + "/" + c.Path, Data: c.Data, Delete: c.Delete})
	}
	put, most := s.push, maxReparents
	if s.ledger.remote == nil {
		put, most = s.local, maxRebuilds
	}
	for try := 1; ; try++ {
		s.ledger.w.say("committing")
		commit, err := put(ctx, request)
		if err == nil {
			s.base.parent = commit
			s.ledger.w.rememberKnown(commit)
			s.noteFirst(commit, request.Changes)
		}
		if !isMoved(err) {
			return commit, err
		}
		if try == most {
			return "", stale(diag.Hinted(fmt.Errorf("%s moved %d times while this commit was being made; nothing was applied", s.ledger.target(), try), "apply again"))
		}
		if request.Parent, err = s.reparent(ctx); err != nil {
			return "", err
		}
		s.ledger.w.detailf("%s has moved, but nothing of this project: putting the commit on top of %.12s", s.ledger.target(), request.Parent)
		if err := pause(ctx, try); err != nil {
			return "", err
		}
	}
}

// noteFirst remembers that the history of a first state is sound: there was none before,
// and this run has made it. To find that out from the commit takes as long as it takes to
// read it all. It is remembered of the commit and of no branch, so that a branch that
// does not keep it has not gone back.
func (s *commitStore) noteFirst(commit string, changes []gitstore.Change) {
	if s.trust == nil || s.trust.report == nil || !s.trust.report.Stateless() {
		return // A restore has looked at what it restores alone.
	}
	if m := metaIn(changes); m != nil && m.Serial == 1 {
		s.ledger.w.noteSeen(commit, "", m, true)
	}
}

// metaIn is the meta.json that a commit writes, as all do.
func metaIn(changes []gitstore.Change) *state.Meta {
	for _, c := range changes {
		if c.Path == state.Dir+"/"+state.MetaPath && !c.Delete {
			return state.DecodeMeta(c.Data)
		}
	}
	return nil
}

// noteSeen remembers the state that a run has committed, under a branch or none. A clone
// that cannot be written to has to look at it again.
func (w *Workspace) noteSeen(commit, branch string, m *state.Meta, whole bool) {
	_ = history.SaveSeen(w.repo.CommonDir(), history.Seen{
		Project: w.repo.Prefix(), Branch: branch, Commit: commit, Whole: whole,
		Lineage: m.Lineage, Serial: m.Serial, Digest: m.Digest.String(),
	})
}

// Reload reads the state as it is now, for a run on a server that goes on from there.
// The declarations must be those that were planned, and nobody but osmoctl may have
// written the state.
func (s *commitStore) Reload(ctx context.Context) (*state.Snapshot, error) {
	tip, err := s.tip(ctx)
	if err == nil {
		err = s.checkDeclarations(tip)
	}
	if err == nil {
		err = s.checkNotRewound(tip)
	}
	if err == nil {
		err = s.ledger.obtain(ctx, tip)
	}
	if err != nil {
		return nil, err
	}
	b := s.base
	b.parent = tip
	trust, err := s.ledger.checkTrust(ctx, b)
	if err != nil {
		return nil, err
	}
	if len(trust.listBlocked()) > 0 {
		return nil, stale(errors.New("the state was changed by hand meanwhile"))
	}
	have, err := s.ledger.w.Snapshot(ctx, tip)
	if err == nil {
		s.base.parent = tip
		s.ledger.w.detailf("the state has moved, but not what this run has reserved: going on from %.12s", tip)
	}
	return have, err
}

// isMoved tells that a branch was not where the commit was to go on top.
func isMoved(err error) bool {
	var moved *remote.MovedError
	return errors.As(err, &moved) || errors.Is(err, gitstore.ErrMoved)
}

// local commits where nothing is pushed.
func (s *commitStore) local(ctx context.Context, request gitstore.Request) (string, error) {
	request.Branch = s.localBranch()
	return s.ledger.w.commit(ctx, request, s.ledger.git.StateBranch != "")
}

func (s *commitStore) localBranch() string {
	if s.ledger.git.StateBranch != "" {
		return place.HeadsPrefix + s.ledger.git.StateBranch
	}
	return s.base.head.Branch
}

// tip is where the branch is that commits go to.
func (s *commitStore) tip(ctx context.Context) (string, error) {
	if s.ledger.remote != nil {
		s.ledger.w.say("fetching from " + s.ledger.git.Push)
		return s.ledger.remote.Fetch(ctx, s.ledger.target())
	}
	return s.ledger.w.repo.Ref(s.localBranch())
}

// push writes the commit, pushes it by hash, and lets the local branch follow.
func (s *commitStore) push(ctx context.Context, request gitstore.Request) (string, error) {
	store := s.ledger.w.store
	head, err := s.ledger.w.repo.Head()
	if err != nil {
		return "", err
	}
	// Where the local branch is the one that was fetched, it moves by the
	// usual way, which checks before the push that it can.
	direct := s.ledger.git.StateBranch == "" && head.Branch == place.HeadsPrefix+s.ledger.branch && head.Commit == request.Parent
	if direct {
		request.Branch = head.Branch
	}
	pending, err := s.ledger.w.write(ctx, request)
	if err != nil {
		return "", err
	}
	s.ledger.w.say("pushing to " + s.ledger.git.Push)
	if err := s.ledger.remote.Push(ctx, pending.Commit, s.ledger.target(), request.Parent); err != nil {
		// The remote was looked at, unless it could not be.
		s.ledger.w.committed = s.ledger.w.committed || errors.As(err, new(*remote.UnknownError))
		return "", errors.Join(err, store.Discard(pending))
	}
	// From here on the commit stands, whatever happens locally.
	s.ledger.w.say("updating this clone")
	s.ledger.w.committed = true
	s.ledger.noteBranch(pending.Commit, request.Changes)
	if direct {
		done, err := store.Publish(context.WithoutCancel(ctx), pending)
		s.afterPush(done, err)
		return pending.Commit, nil
	}
	if err := store.Discard(pending); err != nil {
		s.afterPush(gitstore.Result{}, err)
	}
	if s.ledger.git.StateBranch == "" {
		if err := s.ledger.follow(context.WithoutCancel(ctx), pending.Commit); err != nil {
			s.afterPush(gitstore.Result{}, err)
		}
	}
	return pending.Commit, nil
}

// afterPush reports what of the local side could not follow. It is no failure:
// the remote has the commit, and git pull or the next apply brings it here.
func (s *commitStore) afterPush(done gitstore.Result, err error) {
	if err != nil {
		s.ledger.w.warnf("the commit is on the remote, but this clone could not follow: %v; git pull brings it here", err)
		return
	}
	s.ledger.w.warnLeft(done)
}

// reparent looks at what moved. If it was only other projects or other files,
// the sealed commit goes on top of it; if it was this project's state, the plan
// has to be made again; if it was its declarations, it is stale.
func (s *commitStore) reparent(ctx context.Context) (string, error) {
	tip, err := s.tip(ctx)
	if err != nil {
		return "", err
	}
	if err := s.checkDeclarations(tip); err != nil {
		return "", err
	}
	same, err := s.ledger.w.repo.Same(s.base.parent, tip, state.Dir)
	if err == nil && !same {
		err = errLostRace
	}
	if err != nil {
		return "", err
	}
	return tip, s.checkNotRewound(tip)
}

// checkDeclarations demands that the branch still has the declarations that the
// plan was made from. A branch for state alone has none.
func (s *commitStore) checkDeclarations(tip string) error {
	if s.ledger.git.StateBranch != "" {
		return nil
	}
	same, err := s.ledger.w.repo.Same(s.base.declarations, tip, config.Paths()...)
	switch {
	case err != nil || same:
		return err
	case s.base.undeclared:
		return errLostRace
	case s.ledger.remote == nil:
		return stale(diag.Hinted(fmt.Errorf("the declarations on %s were changed while apply was at work; nothing was applied", s.ledger.branch), "plan again"))
	}
	return declarationsMoved(s.ledger.git.Push + "/" + s.ledger.branch)
}

// checkNotRewound refuses a remote branch that lost commits. In a clone its user
// may amend a commit: then the plan is made again, on the new one.
func (s *commitStore) checkNotRewound(tip string) error {
	if s.base.parent == "" {
		return nil
	}
	descends, err := s.ledger.w.repo.IsAncestor(s.base.parent, tip)
	switch {
	case err != nil || descends:
		return err
	case s.ledger.remote == nil:
		return errLostRace
	}
	return stale(diag.Hinted(fmt.Errorf("the remote's %s was rewound: it no longer contains commit %.12s", s.ledger.target(), s.base.parent),
		"find out who rewound it, git pull, and plan again"))
}

// firstPause is the longest wait after a race that was lost for the first time.
const firstPause = 500 * time.Millisecond

// pause waits before another try, at random so that many runners do not meet
// again, and the shorter the more often it was lost: who tries again at once
// meets a branch that has just moved, and wins before those who have just come.
// With waits that grow, one of 16 runners lost 50 times in a row.
func pause(ctx context.Context, try int) error {
	drawn, err := rand.Int(rand.Reader, big.NewInt(int64(firstPause)/int64(try)))
	if err != nil {
		return err
	}
	if wait.For(ctx, time.Duration(drawn.Int64())) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// commit writes and publishes one commit. beside says that it is for a branch
// that HEAD is not on, so that nobody expects the work tree to follow.
func (w *Workspace) commit(ctx context.Context, r gitstore.Request, beside bool) (string, error) {
	pending, err := w.write(ctx, r)
	if err != nil {
		return "", err
	}
	done, err := w.store.Publish(ctx, pending)
	w.committed = w.committed || err == nil || done.Moved
	switch {
	case err != nil && done.Moved:
		return "", diag.Hinted(err, "what the commit holds is safe; the next osmoctl command brings work tree and index to it")
	case err != nil:
		return "", whenFull(err)
	}
	if beside {
		done.OtherHead = false
	}
	w.warnLeft(done)
	return pending.Commit, nil
}

// write stores a commit, signed where git is configured to sign.
func (w *Workspace) write(ctx context.Context, r gitstore.Request) (gitstore.Pending, error) {
	var err error
	r.Sign, err = sign.New(sign.Options{Config: w.repo.Config, Trusted: w.repo.TrustedConfig, Getenv: w.outside.Getenv, Dir: w.repo.Root()})
	if err != nil {
		return gitstore.Pending{}, err
	}
	if sign := r.Sign; sign != nil {
		r.Sign = func(payload []byte) ([]byte, error) { return w.callSigner(ctx, sign, payload) }
	}
	pending, err := w.store.Write(ctx, r)
	return pending, whenFull(err)
}

// AfterCtrlC is the longest that the same Ctrl-C takes to reach us and a program.
const AfterCtrlC = 250 * time.Millisecond

// callSigner signs a commit by a program, which may have the terminal: to ask for a
// passphrase, or for a key to be touched. Ctrl-C there ends the program, and is meant for
// the run.
func (w *Workspace) callSigner(ctx context.Context, sign func([]byte) ([]byte, error), payload []byte) ([]byte, error) {
	w.say("")
	signature, err := sign(payload)
	if err != nil && wait.For(ctx, AfterCtrlC) != nil {
		return nil, context.Cause(ctx)
	}
	w.say("committing")
	return signature, err
}

// noteBranch remembers the branch that state was pushed to for the first time, so
// that the commands after it find it from a HEAD that stays behind.
func (l *ledger) noteBranch(commit string, changes []gitstore.Change) {
	if before, err := history.LoadSeen(l.w.repo.CommonDir(), l.w.repo.Prefix(), l.watchedRef()); err != nil || before != nil {
		return
	}
	if m := metaIn(changes); m != nil {
		l.w.noteSeen(commit, l.watchedRef(), m, false)
	}
}
