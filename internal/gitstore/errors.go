package gitstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrMoved says that the branch is no longer where the commit expects it.
	ErrMoved = errors.New("the branch has moved meanwhile")
	// ErrNoChange says that the files asked for are in the parent already.
	ErrNoChange = errors.New("there is nothing to commit")
	// ErrInterrupted says that a run was interrupted, and Recover comes first.
	ErrInterrupted = errors.New("an interrupted run has to be finished first")
	// ErrNotLocked says that something was written without [Store.Lock].
	ErrNotLocked = errors.New("the repository was not locked before writing")
)

// The reasons why a repository, or the state it is in, cannot be written.
const (
	InProgress   git.Reason = "in-progress"
	Unmerged     git.Reason = "unmerged"
	Signing      git.Reason = "signing"
	LinkedPath   git.Reason = "linked-path"
	DetachedHead git.Reason = "detached"
	IndexForm    git.Reason = "index"
)

// A LockedError says that somebody else holds a lock.
type LockedError struct {
	// Path is the lock file.
	Path string
	// Holder is what the holder wrote about itself, possibly nothing. It is
	// text from a file: escape it before showing it.
	Holder string
	// Git says that the lock is one of git's own (index.lock and the like).
	Git bool
}

func (e *LockedError) Error() string {
	switch {
	case e.Git:
		return fmt.Sprintf("another git process seems to be at work, since %s exists; "+
			"if none is, remove that file and try again", e.Path)
	case strings.TrimSpace(e.Holder) == "":
		return "another osmoctl is at work here; try again when it is done"
	}
	return "another osmoctl is at work here: " + strings.Join(strings.Fields(e.Holder), " ")
}
