package diag

import (
	"errors"
	"fmt"
)

// HintError is an error with what to do about it. Its text is that of the error:
// the hint is shown apart.
type HintError struct {
	Err  error
	hint string
}

// Hinted adds to an error what to do next: a command or a short sentence. A nil
// error must not be given.
func Hinted(err error, hint string) error { return &HintError{err, hint} }

// HintNear adds to an error which of some names was probably meant by name, else another
// hint, where there is one.
func HintNear(err error, name string, among []string, otherwise string) error {
	switch near := Nearest(name, among); {
	case near != "":
		return Hinted(err, fmt.Sprintf("did you mean %q?", near))
	case otherwise == "":
		return err
	}
	return Hinted(err, otherwise)
}

// Error is the text of the error itself.
func (e *HintError) Error() string { return e.Err.Error() }

// Hint says what to do next.
func (e *HintError) Hint() string { return e.hint }

func (e *HintError) Unwrap() error { return e.Err }

// Hint is what an error says to do next, "" where it says nothing.
func Hint(err error) string {
	if h, ok := errors.AsType[*HintError](err); ok {
		return h.hint
	}
	return ""
}
