package sign

import (
	"errors"
	"fmt"
)

// ErrUnsigned says that a commit carries no signature.
var ErrUnsigned = errors.New("the commit is not signed")

// A BadSignatureError says that a commit carries a signature that does not hold
// for it: it was made over something else, or cannot be read.
type BadSignatureError struct {
	// Reason is a clause without a full stop.
	Reason string
}

func (e *BadSignatureError) Error() string { return "the commit's signature is bad: " + e.Reason }

func bad(format string, args ...any) error {
	return &BadSignatureError{fmt.Sprintf(format, args...)}
}

// An UnknownSignerError says that the key of a signature is not among the
// signers, or is and was not valid at the time asked about. The signature itself
// is not looked at before its key is known.
type UnknownSignerError struct {
	// Format is the signature's kind, and Key the key's name for itself: see
	// [Signer].
	Format Format
	Key    string
	// Reason says why a key that is listed does not count; "" means that it is
	// not listed.
	Reason string
}

func (e *UnknownSignerError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("the commit is signed with the %s key %s, which belongs to none of the signers", e.Format, e.Key)
	}
	return fmt.Sprintf("the commit is signed with the %s key %s, which does not count: %s", e.Format, e.Key, e.Reason)
}
