package seal

import (
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// x25519Recipient wraps file keys for an age1 key as [age.X25519Recipient] does, in half
// the time, which is half of what a first apply takes: of the two products on the curve
// that each file needs, the library that age calls computes both twice. What is written
// is age's own stanza (age-encryption.org/v1, X25519), and age itself opens it.
type x25519Recipient struct{ key *ecdh.PublicKey }

func newX25519Recipient(point []byte) (x25519Recipient, error) {
	key, err := ecdh.X25519().NewPublicKey(point)
	return x25519Recipient{key}, err
}

// Wrap implements [age.Recipient].
func (r x25519Recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	// A point of low order, to which anybody could open, is refused here.
	shared, err := ephemeral.ECDH(r.key)
	if err != nil {
		return nil, err
	}
	defer clear(shared)
	share := ephemeral.PublicKey().Bytes()
	aead, err := wrappingCipher(shared, share, r.key.Bytes())
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{
		Type: x25519Stanza, Args: []string{base64.RawStdEncoding.EncodeToString(share)},
		Body: aead.Seal(nil, zeroNonce[:], fileKey, nil),
	}}, nil
}

const x25519Stanza = "X25519"

// zeroNonce is that of every wrapping: its key is of one ephemeral share, and seals one
// text.
var zeroNonce [chacha20poly1305.NonceSize]byte

// wrappingCipher is what wraps a file key, of what the ephemeral key and the recipient's
// have in common, and both public ones.
func wrappingCipher(shared, share, recipient []byte) (cipher.AEAD, error) {
	salt := string(share) + string(recipient)
	key, err := hkdf.Key(sha256.New, shared, []byte(salt), "age-encryption.org/v1/X25519", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return chacha20poly1305.New(key)
}

// x25519Identity opens what is sealed to an age1 key as [age.X25519Identity] does, with
// one product on the curve a file and not two: what the library computes once more each
// time belongs to the identity, and is the same for all files.
type x25519Identity struct{ key *ecdh.PrivateKey }

// parseX25519Identity reads an AGE-SECRET-KEY-1..., which age checks first.
func parseX25519Identity(line string) (*x25519Identity, error) {
	if _, err := age.ParseX25519Identity(line); err != nil {
		return nil, err
	}
	scalar := agePayload(strings.ToLower(line))
	defer clear(scalar)
	key, err := ecdh.X25519().NewPrivateKey(scalar)
	return &x25519Identity{key}, err
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
	ephemeral, err := ecdh.X25519().NewPublicKey(share)
	if err != nil {
		return nil, errMalformedStanza
	}
	shared, err := i.key.ECDH(ephemeral)
	if err != nil {
		return nil, errMalformedStanza // Everybody would share it.
	}
	defer clear(shared)
	aead, err := wrappingCipher(shared, share, i.key.PublicKey().Bytes())
	if err != nil {
		return nil, err
	}
	fileKey, err := aead.Open(nil, zeroNonce[:], s.Body, nil)
	if err != nil {
		return nil, age.ErrIncorrectIdentity // It is sealed to another key.
	}
	return fileKey, nil
}
