package workspace

import (
	"context"
	"errors"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Commits goes through the commits of the newest state that changed a path, newest first,
// until each wants no more. cut says that the clone is shallow and older ones are missing.
func (w *Workspace) Commits(ctx context.Context, path string, each func(git.Commit) (more bool)) (cut bool, err error) {
	at, err := w.Newest(ctx)
	if err != nil {
		return false, err
	}
	return walkCommits(ctx, w.repo, at.Commit, path, each)
}

// WarnCut says that history is missing.
func (w *Workspace) WarnCut() {
	w.warnf("this clone is shallow, so older history is missing: git fetch --unshallow brings it")
}

// walkCommits is [Workspace.Commits] from a commit on.
func walkCommits(ctx context.Context, repo *git.Repository, from, path string, each func(git.Commit) (more bool)) (cut bool, err error) {
	enough := errors.New("enough")
	err = repo.History(ctx, from, path, func(c git.Commit) error {
		if each(c) {
			return nil
		}
		return enough
	})
	cut = errors.Is(err, git.ErrShallow)
	if cut || errors.Is(err, enough) {
		err = nil
	}
	return cut, err
}

// LastApply is when osmoctl last made a commit of state, by what the commit says. The
// zero time is that of a clone that has none, as a shallow one may.
func (w *Workspace) LastApply(ctx context.Context) (when time.Time, err error) {
	cut, err := w.Commits(ctx, state.Dir, func(c git.Commit) (more bool) {
		if !record.Parse(c.Message).ByOsmoctl() {
			return true
		}
		when = c.Committer.When.UTC()
		return false
	})
	if cut {
		w.WarnCut()
	}
	return when, err
}
