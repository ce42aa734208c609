package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// DeletedError says that something was asked for which an apply deleted. State knows the
// day, and the log the commit.
type DeletedError struct {
	Address model.Address
	Err     error
	// by is how the commit is told of; empty where it is not known.
	by string
}

func (e *DeletedError) Error() string {
	return e.Err.Error() + e.by
}

func (e *DeletedError) Unwrap() error { return e.Err }

// nameCommit adds to an error about something deleted which commit did it. Where the log
// cannot be read, or does not say, the day has to do.
func nameCommit(ctx context.Context, w *workspace.Workspace, err error) error {
	var deleted *DeletedError
	if errors.As(err, &deleted) {
		if by := EndedBy(ctx, w, deleted.Address); by != "" {
			deleted.by = "; " + by
		}
	}
	return err
}

// EndedBy says which commit deleted an account or a token, or ended a generation; "" is
// that the log does not tell.
func EndedBy(ctx context.Context, w *workspace.Workspace, ended model.Address) (words string) {
	owner := ended.Account
	if ended.Kind == model.KindAccount {
		owner = ended.Name
	}
	wanted := []string{"delete " + ended.Token().String(), "delete " + model.AccountAddress(owner).String()}
	if ended.Generation > 0 {
		wanted = append(wanted, "revoke "+ended.String())
	}
	_, _ = w.Commits(ctx, state.Dir+"/"+state.AccountPath(owner), func(c git.Commit) (more bool) {
		entry := report.LogEntryOf(c)
		if !entry.ByOsmoctl || !slices.ContainsFunc(entry.Changes, func(change string) bool { return slices.Contains(wanted, change) }) {
			return true
		}
		words = fmt.Sprintf("commit %s did it, with serial %d, for %s", view.ShortCommit(entry.Commit), entry.Serial, entry.Actor)
		return false
	})
	return words
}
