package git

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrUnknownRevision says that a revision names no commit.
	ErrUnknownRevision = errors.New("no such revision")
	// ErrAmbiguousRevision says that a revision names several.
	ErrAmbiguousRevision = errors.New("the name is ambiguous")
	// ErrMissingObject says that git has not got an object it should have.
	ErrMissingObject = errors.New("an object is missing in the git repository")
	// ErrShallow says that history goes on where this clone has none.
	ErrShallow = errors.New("history is cut off here, since the clone is shallow; run: git fetch --unshallow")
)

// A Reason says, for programs, why a repository cannot be used.
type Reason string

// The reasons why a repository cannot be read.
const (
	NoRepository   Reason = "no-repository"
	BareRepository Reason = "bare"
	OtherWorktree  Reason = "other-work-tree"
	HashFormat     Reason = "object-format"
	RefFormat      Reason = "ref-storage"
	Extension      Reason = "extension"
	ForeignOwner   Reason = "owner"
	Environment    Reason = "environment"
	BranchName     Reason = "branch-name"
)

// An UnsupportedError says that a repository, or the state it is in, is not one
// that osmoctl reads or writes, and what to do about it.
type UnsupportedError struct {
	Reason Reason
	Detail string
}

func (e *UnsupportedError) Error() string { return e.Detail }

// Unsupported makes an UnsupportedError.
func Unsupported(reason Reason, format string, args ...any) error {
	return &UnsupportedError{reason, fmt.Sprintf(format, args...)}
}
