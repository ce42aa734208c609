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
	at, err := w.Newest(ctx)
	if err != nil {
		return when, err
	}
	err = w.repo.History(ctx, at.Commit, state.Dir, func(c git.Commit) error {
		if !record.Parse(c.Message).ByOsmoctl() {
			return nil
		}
		when = c.Committer.When.UTC()
		return io.EOF
	})
	switch {
	case errors.Is(err, io.EOF):
		return when, nil
	case errors.Is(err, git.ErrShallow):
		w.warnf("this clone is shallow and lacks the commit of the last apply: git fetch --unshallow brings it")
		return when, nil
	}
	return when, err
}
