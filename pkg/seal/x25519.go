package seal

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

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
	salt := string(share) + string(r.key.Bytes())
	wrappingKey, err := hkdf.Key(sha256.New, shared, []byte(salt), "age-encryption.org/v1/X25519", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(wrappingKey)
	aead, err := chacha20poly1305.New(wrappingKey)
	if err != nil {
		return nil, err
	}
	// The key is of one ephemeral share, and seals this one text: the nonce may be zero.
	var nonce [chacha20poly1305.NonceSize]byte
	return []*age.Stanza{{
		Type: "X25519", Args: []string{base64.RawStdEncoding.EncodeToString(share)},
		Body: aead.Seal(nil, nonce[:], fileKey, nil),
	}}, nil
}
