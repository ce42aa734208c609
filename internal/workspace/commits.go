package workspace

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// LastApply is when osmoctl last made a commit of state, by what the commit says. The
// zero time is that of a clone that has none, as a shallow one may.
func (w *Workspace) LastApply(ctx context.Context) (when time.Time, err error) {
	err = w.walkCommits(ctx, func(c git.Commit) error {
		if !record.Parse(c.Message).ByOsmoctl() {
			return nil
		}
		when = c.Committer.When.UTC()
		return io.EOF
	})
	return when, err
}

// LatestCommits are the newest commits of state, at most this many, newest first.
func (w *Workspace) LatestCommits(ctx context.Context, most int) (list []git.Commit, err error) {
	err = w.walkCommits(ctx, func(c git.Commit) error {
		if list = append(list, c); len(list) < most {
			return nil
		}
		return io.EOF
	})
	return list, err
}

// walkCommits goes through the commits of the newest state until each returns io.EOF.
func (w *Workspace) walkCommits(ctx context.Context, each func(git.Commit) error) error {
	at, err := w.Newest(ctx)
	if err != nil {
		return err
	}
	err = w.repo.History(ctx, at.Commit, state.Dir, each)
	switch {
	case errors.Is(err, git.ErrShallow):
		w.warnf("this clone is shallow, so older history is missing: git fetch --unshallow brings it")
		return nil
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}
