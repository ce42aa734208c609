package gitstore

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrMoved says that the branch is no longer where the commit expects it.
	ErrMoved = errors.New("the branch has moved meanwhile")
	// ErrNoChange says that the files asked for are in the parent already.
	ErrNoChange = errors.New("there is nothing to commit")
	// ErrUnknownRevision says that a revision names no commit.
	ErrUnknownRevision = errors.New("no such revision")
	// ErrAmbiguousRevision says that a revision names several.
	ErrAmbiguousRevision = errors.New("the name is ambiguous")
	// ErrMissingObject says that git has not got an object it should have.
	ErrMissingObject = errors.New("an object is missing in the git repository")
	// ErrShallow says that history goes on where this clone has none.
	ErrShallow = errors.New("history is cut off here, since the clone is shallow; run: git fetch --unshallow")
	// ErrInterrupted says that a run was interrupted, and Recover comes first.
	ErrInterrupted = errors.New("an interrupted run has to be finished first")
	// ErrNotLocked says that something was written without [Store.Lock].
	ErrNotLocked = errors.New("the repository was not locked before writing")
)

// A Reason says, for programs, why a repository cannot be used.
type Reason string

// The reasons.
const (
	NoRepository   Reason = "no-repository"
	BareRepository Reason = "bare"
	OtherWorktree  Reason = "other-work-tree"
	HashFormat     Reason = "object-format"
	RefFormat      Reason = "ref-storage"
	Extension      Reason = "extension"
	ForeignOwner   Reason = "owner"
	Environment    Reason = "environment"
	InProgress     Reason = "in-progress"
	Unmerged       Reason = "unmerged"
	Signing        Reason = "signing"
	LinkedPath     Reason = "linked-path"
	DetachedHead   Reason = "detached"
	IndexForm      Reason = "index"
	BranchName     Reason = "branch-name"
)

// An UnsupportedError says that a repository, or the state it is in, is not one
// that osmoctl reads or writes, and what to do about it.
type UnsupportedError struct {
	Reason Reason
	Detail string
}

func (e *UnsupportedError) Error() string { return e.Detail }

func unsupported(reason Reason, format string, args ...any) error {
	return &UnsupportedError{reason, fmt.Sprintf(format, args...)}
}

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
