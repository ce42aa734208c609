package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// FinishInterrupted brings work tree and index to the commit that an interrupted
// apply has made: until then a git commit -a would take it back. Reading goes on
// whatever comes of it, since state is read from commits.
func (w *Workspace) FinishInterrupted(ctx context.Context) {
	if !w.store.Interrupted() {
		return
	}
	lock, err := w.store.Lock(ctx, w.holder())
	var locked *gitstore.LockedError
	if errors.As(err, &locked) {
		return // It is not dead, but at work.
	}
	if err == nil {
		defer func() { _ = lock.Unlock() }()
		err = w.recover(ctx)
	}
	if err != nil {
		w.warnf("an interrupted apply has yet to be completed, so do not commit before the next apply: %v", err)
	}
}

// recover finishes what an interrupted apply left in work tree and index.
func (w *Workspace) recover(ctx context.Context) error {
	done, err := w.store.Recover(ctx)
	if err != nil {
		return err
	}
	if done.Commit != "" {
		w.notef("An interrupted apply was completed: commit %.12s now stands in work tree and index.", done.Commit)
	}
	w.warnLeft(done.Result)
	return nil
}

// warnLeft names what a commit could not bring along without overwriting
// somebody's work.
func (w *Workspace) warnLeft(r gitstore.Result) {
	for _, path := range r.LeftAlone {
		w.warnf("%s was changed by hand and left alone: git checkout HEAD -- %s brings the applied state back", path, model.ShellWord(path))
	}
	if r.OtherHead {
		w.warnf("HEAD is on another branch now, so the work tree was left as it is")
	}
}

// lock waits for other runs in this clone, and says so where it takes long
// enough to wonder.
func (w *Workspace) lock(ctx context.Context) (*gitstore.Lock, error) {
	said := make(chan struct{})
	notice := time.AfterFunc(300*time.Millisecond, func() {
		defer close(said)
		w.notef("Waiting up to %s for another osmoctl that is at work here.", w.outside.LockTimeout)
	})
	lock, err := w.store.Lock(ctx, w.holder())
	if !notice.Stop() {
		<-said // Nobody else is told anything meanwhile.
	}
	return lock, err
}

// holder is what the lock file says to whoever waits for it.
func (w *Workspace) holder() gitstore.Holder {
	host, _ := os.Hostname()
	return gitstore.Holder{
		Who:   firstGiven(w.getenv("GITHUB_ACTOR"), w.getenv("GITLAB_USER_LOGIN"), w.getenv("USER")),
		Where: fmt.Sprintf("%s, process %d", host, os.Getpid()),
		Run:   firstGiven(w.getenv("GITHUB_RUN_ID"), w.getenv("CI_JOB_URL")),
		Since: time.Now(), // The text is for people: it says when this process began.
	}
}
