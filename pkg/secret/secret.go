// Package secret holds a token's value so that it cannot be printed.
//
// A [Value] keeps its bytes behind a closure: no verb of fmt, no JSON, YAML,
// text or gob encoder, no slog handler and no reflection-based printer reaches
// them, also where the Value is an unexported field of something printed with
// %+v. The only ways to the bytes are [Value.Use], which lends them for the
// time of one call, and [Value.SHA256].
//
// A value is wiped with [Value.Wipe] as soon as it is sealed. That is best
// effort: the Go runtime may have copied the bytes while they moved, and swap
// is the operator's to encrypt. What it prevents is the ordinary leak, by log,
// error or panic text.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
)

const redacted = "[secret]"

// ErrEncoded is returned by every marshalling method: whoever tries to encode
// a Value has a bug, and an error shows it sooner than a placeholder would.
var ErrEncoded = errors.New("a secret value cannot be encoded")

// Value is a secret. The zero Value is empty. Copies share the same bytes, so
// wiping one wipes all.
type Value struct {
	lend func() []byte
}

// New takes ownership of b: the caller must not use or keep it afterwards.
func New(b []byte) Value {
	return Value{lend: func() []byte { return b }}
}

func (v Value) bytes() []byte {
	if v.lend == nil {
		return nil
	}
	return v.lend()
}

// Use calls f with the bytes of the value and returns its error. f must not
// keep the slice, change it, or put it into an error.
func (v Value) Use(f func([]byte) error) error { return f(v.bytes()) }

// Len is the number of bytes.
func (v Value) Len() int { return len(v.bytes()) }

// SHA256 is the digest that state keeps instead of the value.
func (v Value) SHA256() [sha256.Size]byte { return sha256.Sum256(v.bytes()) }

// Equal compares two values in constant time.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare(v.bytes(), w.bytes()) == 1
}

// Wipe overwrites the bytes with zeros.
func (v Value) Wipe() { clear(v.bytes()) }

// String returns a placeholder.
func (Value) String() string { return redacted }

// GoString returns a placeholder.
func (Value) GoString() string { return redacted }

// Format prints a placeholder under every verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue logs a placeholder.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON fails with [ErrEncoded].
func (Value) MarshalJSON() ([]byte, error) { return nil, ErrEncoded }

// MarshalText fails with [ErrEncoded].
func (Value) MarshalText() ([]byte, error) { return nil, ErrEncoded }

// MarshalBinary fails with [ErrEncoded].
func (Value) MarshalBinary() ([]byte, error) { return nil, ErrEncoded }

// MarshalYAML fails with [ErrEncoded].
func (Value) MarshalYAML() (any, error) { return nil, ErrEncoded }

// GobEncode fails with [ErrEncoded].
func (Value) GobEncode() ([]byte, error) { return nil, ErrEncoded }
