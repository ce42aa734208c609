package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// The exit codes. They are part of the contract: pipelines branch on them.
const (
	ExitDone        = 0
	ExitError       = 1
	ExitPending     = 2
	ExitBlocked     = 3
	ExitStale       = 4
	ExitInPart      = 5
	ExitInvalid     = 6
	ExitUsage       = 80
	ExitInterrupted = 130
)

// usageError is a mistake on the command line.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// Usage marks an error as one of the command line itself.
func Usage(err error) error { return &usageError{err} }

// Usagef is Usage with words.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// codeError ends a command with an exit code. With a nil error it says nothing:
// whatever there was to say has been printed.
type codeError struct {
	error
	code int
}

func (e *codeError) Unwrap() error { return e.error }

func (e *codeError) Error() string {
	if e.error == nil {
		return ""
	}
	return e.error.Error()
}

// WithCode ends a command with an error and the exit code.
func WithCode(err error, code int) error { return &codeError{err, code} }

// Silently ends a command with a code and no further words.
func Silently(code int) error { return &codeError{nil, code} }

// exitCode maps an error to its code.
func exitCode(err error) int {
	var coded *codeError
	var misused *usageError
	var locked *gitstore.LockedError
	var mistaken *workspace.ArgumentError
	var outrun *workspace.StaleError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &misused), errors.As(err, &mistaken):
		return ExitUsage
	case errors.Is(err, apply.ErrBlocked), workspace.IsForeign(err):
		return ExitBlocked
	case errors.As(err, &outrun), errors.As(err, &locked), errors.Is(err, gitstore.ErrMoved):
		return ExitStale
	case errors.Is(err, workspace.ErrInterrupted), errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, new(*apply.PartialError)):
		return ExitInPart
	}
	return ExitError
}

// Fail prints an error, once, and returns its exit code.
func (e *Env) Fail(err error) int {
	code := exitCode(err)
	var list diag.List
	if code == ExitInterrupted {
		if !errors.Is(err, workspace.ErrUnchanged) && !errors.Is(err, workspace.ErrHalfway) {
			err = workspace.ErrInterrupted
		}
		if e.StderrTerminal {
			// What is said stands on a line of its own, not behind ^C.
			_, _ = e.Stderr.Write([]byte("\n"))
		}
	}
	if e.Format == view.Markdown && err.Error() != "" {
		// Whatever makes a comment of stdout has to have something to show.
		_ = problems.ShowFailure(e.View(), err)
	}
	if errors.As(err, &list) && e.Format != view.JSON {
		problems.Show(e.View(), list)
		hint := diag.Hint(err)
		n := len(list.Errors())
		err = fmt.Errorf("%s found, and nothing was changed", model.Plural(n, "problem was", "problems were"))
		if hint != "" {
			err = diag.Hinted(err, hint)
		}
	}
	if err.Error() != "" {
		problems.ShowError(e.View(), err, code, e.Format)
	}
	return code
}
