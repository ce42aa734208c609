package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"

	"filippo.io/age"
	"github.com/cloudflare/circl/dh/x25519"
	"golang.org/x/crypto/chacha20poly1305"
)

// x25519Recipient wraps file keys for an age1 key as [age.X25519Recipient] does, in a
// third of the time, which is most of what a first apply takes: the library that age
// calls computes each of the two products on the curve that a file needs twice, and
// circl computes each once, and faster. What is written is age's own stanza
// (age-encryption.org/v1, X25519), and age itself opens it.
type x25519Recipient struct{ key x25519.Key }

func newX25519Recipient(point []byte) (r x25519Recipient, err error) {
	if len(point) != x25519.Size {
		return r, errors.New("the point of an X25519 key has another length")
	}
	return x25519Recipient{x25519.Key(point)}, nil
}

// Wrap implements [age.Recipient].
func (r x25519Recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	var ephemeral, share x25519.Key
	defer clear(ephemeral[:])
	rand.Read(ephemeral[:]) // It returns no error: without randomness the process ends.
	x25519.KeyGen(&share, &ephemeral)
	aead, err := wrappingCipher(&ephemeral, &r.key, share[:], r.key[:])
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{
		Type: x25519Stanza, Args: []string{base64.RawStdEncoding.EncodeToString(share[:])},
		Body: aead.Seal(nil, zeroNonce[:], fileKey, nil),
	}}, nil
}

const x25519Stanza = "X25519"

// zeroNonce is that of every wrapping: its key is of one ephemeral share, and seals one
// text.
var zeroNonce [chacha20poly1305.NonceSize]byte

// wrappingCipher is what wraps a file key, of what a private key and the public key of
// the other side have in common, and of both public ones. A point of low order, which
// everybody has in common with everybody, is refused.
func wrappingCipher(private, public *x25519.Key, share, recipient []byte) (cipher.AEAD, error) {
	if err := checkCurve(); err != nil {
		return nil, err
	}
	var shared x25519.Key
	defer clear(shared[:])
	if !x25519.Shared(&shared, private, public) {
		return nil, errLowOrder
	}
	salt := string(share) + string(recipient)
	key, err := hkdf.Key(sha256.New, shared[:], []byte(salt), "age-encryption.org/v1/X25519", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return chacha20poly1305.New(key)
}

var (
	errLowOrder = errors.New("an X25519 key is a point of low order")
	errCurve    = errors.New("this processor and osmoctl disagree about X25519: nothing was sealed or opened; please report this")
)

// checkCurve compares one exchange of keys with crypto/ecdh, once in a process. circl
// computes by what the processor can do; no test has seen every processor, and a value
// that was sealed to a wrong point is lost.
var checkCurve = sync.OnceValue(func() error {
	mine, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	theirs, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	want, err := mine.ECDH(theirs.PublicKey())
	if err != nil {
		return err
	}
	var public, shared x25519.Key
	private, other := x25519.Key(mine.Bytes()), x25519.Key(theirs.PublicKey().Bytes())
	x25519.KeyGen(&public, &private)
	if ok := x25519.Shared(&shared, &private, &other); !ok || !bytes.Equal(shared[:], want) || !bytes.Equal(public[:], mine.PublicKey().Bytes()) {
		return errCurve
	}
	return nil
})

// x25519Identity opens what is sealed to an age1 key as [age.X25519Identity] does, with
// one product on the curve a file and not two: what the library computes once more each
// time belongs to the identity, and is the same for all files.
type x25519Identity struct {
	// lend keeps the private key behind a closure, so that nothing prints it.
	lend   func() *x25519.Key
	public x25519.Key
}

// parseX25519Identity reads an AGE-SECRET-KEY-1..., which age checks first.
func parseX25519Identity(line string) (*x25519Identity, error) {
	if _, err := age.ParseX25519Identity(line); err != nil {
		return nil, err
	}
	scalar := agePayload(strings.ToLower(line))
	defer clear(scalar)
	if len(scalar) != x25519.Size {
		return nil, errors.New("an X25519 identity has another length")
	}
	private := x25519.Key(scalar)
	i := &x25519Identity{lend: func() *x25519.Key { return &private }}
	x25519.KeyGen(&i.public, &private)
	return i, nil
}

var errMalformedStanza = errors.New("an X25519 stanza is malformed")

// Unwrap implements [age.Identity].
func (i *x25519Identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != x25519Stanza {
			continue
		}
		if fileKey, err := i.unwrap(s); !errors.Is(err, age.ErrIncorrectIdentity) {
			return fileKey, err
		}
	}
	return nil, age.ErrIncorrectIdentity
}

func (i *x25519Identity) unwrap(s *age.Stanza) ([]byte, error) {
	if len(s.Args) != 1 || strings.ContainsAny(s.Args[0], "\r\n") || len(s.Body) != fileKeySize+chacha20poly1305.Overhead {
		return nil, errMalformedStanza // The decoder below passes over line ends.
	}
	share, err := base64.RawStdEncoding.Strict().DecodeString(s.Args[0])
	if err != nil {
		return nil, errMalformedStanza
	}
	if len(share) != x25519.Size {
		return nil, errMalformedStanza
	}
	ephemeral := x25519.Key(share)
	aead, err := wrappingCipher(i.lend(), &ephemeral, share, i.public[:])
	switch {
	case errors.Is(err, errLowOrder):
		return nil, errMalformedStanza // Everybody would share it.
	case err != nil:
		return nil, err
	}
	fileKey, err := aead.Open(nil, zeroNonce[:], s.Body, nil)
	if err != nil {
		return nil, age.ErrIncorrectIdentity // It is sealed to another key.
	}
	return fileKey, nil
}
