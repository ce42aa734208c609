package workspace

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// StaleError says that what was planned, or what a plan would be made from, is no
// longer what the branch has, or that another run came first.
type StaleError struct{ Err error }

func (e *StaleError) Error() string { return e.Err.Error() }
func (e *StaleError) Unwrap() error { return e.Err }

func stale(err error) error { return &StaleError{err} }

// ArgumentError says that what the caller named, such as a revision, is a mistake.
type ArgumentError struct{ Err error }

func (e *ArgumentError) Error() string { return e.Err.Error() }
func (e *ArgumentError) Unwrap() error { return e.Err }

var (
	// ErrInterrupted is the cause of a context that a signal ended.
	ErrInterrupted = errors.New("interrupted")
	// ErrUnchanged is an interruption that came before any commit was to be seen.
	ErrUnchanged = fmt.Errorf("%w: nothing was changed", ErrInterrupted)
	// ErrHalfway is an interruption after which a commit stands, or may stand: the
	// remote could not be asked any more.
	ErrHalfway = diag.Hinted(fmt.Errorf("%w while the commit was being made", ErrInterrupted), "osmoctl log shows whether it stands, after a git fetch where it is pushed; going on is safe either way")
	// ErrNoHistory says that what would be built on could not be checked, so that
	// nothing is written on top of what may have been edited by hand.
	ErrNoHistory = errors.New("the history of the state could not be checked, and nothing is written on top of what may have been edited by hand")
)

// errLostRace says that somebody else's apply came first, so that the plan has
// to be made again.
var errLostRace error = lostRaceError{}

type lostRaceError struct{}

func (lostRaceError) Error() string { return "another apply came first" }

func (lostRaceError) Unwrap() error { return apply.ErrStateMoved }

// interruption adds to an interrupt what is known of what it left behind.
func (w *Workspace) interruption(err error) error {
	interrupted := errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled)
	switch {
	case !interrupted, errors.Is(err, ErrUnchanged), errors.As(err, new(*StaleError)), errors.As(err, new(*ArgumentError)), errors.As(err, new(*apply.PartialError)):
		return err
	case w.committed:
		return ErrHalfway
	}
	return ErrUnchanged
}

// whenFull adds to an error of a disk that takes no more what it has not done.
func whenFull(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS} {
		if errors.Is(err, full) {
			return diag.Hinted(err, "nothing was issued, and the branch is where it was; make room and apply again")
		}
	}
	return err
}
