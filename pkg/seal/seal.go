// Package seal encrypts token values with age and binds each to its place.
//
// A sealed file is an ordinary binary age file. Its plaintext is the token's
// bytes and nothing else, so the stock age program prints a usable token. Its
// header carries, beside one stanza a recipient, the [Binding]: an empty stanza
//
//	-> osmoctl.dev/token ACCOUNT TOKEN GENERATION
//
// which age's header MAC covers and every other implementation ignores. A file
// that was moved, swapped or renamed is found by [Open] before a byte of it is
// returned.
//
// Three promises, and what they rest on:
//
//   - Sealing needs public keys only. [Sealer] never holds an identity.
//   - Nothing is issued that cannot be sealed: [Sealer.Check] tries a set of
//     recipients on a value that is thrown away, [CheckMix] and
//     [ParseRecipient] find most mistakes without even that.
//   - No text of this package holds key material. age's own errors quote what
//     they were given, which may be a private key pasted where a public one
//     belongs, so they are never passed on.
//
// What it does not promise: age knows no sender. Whoever has the public keys
// can make a file with a perfect binding and a value of their choice. Callers
// compare the file's and the value's SHA-256 with state, the first before
// opening, the second before use.
//
// Plugins are programs. None runs unless its name was allowed by the operator;
// then it runs from a directory that only root and the user can write to, with
// an environment of three variables and a time limit. Parsing and inspecting
// never run any.
package seal

import (
	"errors"
	"fmt"
	"strings"
)

// Limits on what is sealed and opened. A sealer refuses to make what [Open]
// would refuse to read.
const (
	// MaxFile is the largest sealed file in bytes.
	MaxFile = 64 << 10
	// MaxStanzas is the largest number of stanzas in a header, the binding
	// among them.
	MaxStanzas = 100
	// MaxValue is the longest value in bytes.
	MaxValue = 4 << 10
)

var (
	// ErrPrivateKey is returned where a public key belongs and a private one
	// was given.
	ErrPrivateKey = errors.New("this is a private key: put its public key here, and make a new pair if this one was ever committed")
	// ErrNoIdentity is what a [NotForYouError] is.
	ErrNoIdentity = errors.New("no identity opens this file")
	// ErrUnbound is returned for an age file that carries no binding.
	ErrUnbound = errors.New("this age file names no token: osmoctl did not seal it")
	// ErrDamaged is returned for anything that is no whole age file any more,
	// or never was.
	ErrDamaged = errors.New("the sealed file is damaged")
)

// NotForYouError is returned by [Open] when no identity fits.
type NotForYouError struct {
	// Stanzas are the types of the file's recipient stanzas, such as "X25519"
	// or "ssh-ed25519", in their order.
	Stanzas []string
}

func (e *NotForYouError) Error() string {
	return fmt.Sprintf("%v: it is sealed to %s", ErrNoIdentity, countKinds(e.Stanzas))
}

// Is makes errors.Is(err, [ErrNoIdentity]) true.
func (e *NotForYouError) Is(target error) bool { return target == ErrNoIdentity }

// countKinds writes [a b b] as "1 a, 2 b", in order of appearance.
func countKinds(kinds []string) string {
	var order []string
	count := map[string]int{}
	for _, k := range kinds {
		if count[k]++; count[k] == 1 {
			order = append(order, k)
		}
	}
	for i, k := range order {
		order[i] = fmt.Sprintf("%d %s", count[k], k)
	}
	return strings.Join(order, ", ")
}

// BindingError is returned when a file belongs to another place than the one it
// was found in.
type BindingError struct {
	// Want is the place it was found in, Got the one that its header names.
	Want, Got Binding
}

func (e *BindingError) Error() string {
	return fmt.Sprintf("this file belongs to %s, not to %s: it was moved or swapped", e.Got, e.Want)
}
