package seal

import (
	"encoding/hex"
	"errors"
	"math/big"
	"strings"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
	"golang.org/x/crypto/ssh"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// errMixedOrder is for points that no identity has: beside each key of Curve25519
// there are others that differ from it by a point of small order. What is sealed
// to one of them opens with the identity of the key, so it would count as a second
// reader.
var errMixedOrder = errors.New("this public key is none that an identity has: its point is not of the prime order. Write the key that age-keygen -y or ssh-keygen -y prints, or generate another pair")

// checkOrder refuses keys of Curve25519 whose points are not of the prime order.
func checkOrder(r model.Recipient) error {
	u := montgomery(r)
	if u == nil {
		return nil
	}
	p := edwards(u)
	if p == nil {
		return errMixedOrder
	}
	var one [32]byte
	one[0] = 1
	minus, err := edwards25519.NewScalar().SetCanonicalBytes(one[:])
	if err != nil {
		return err
	}
	minus.Negate(minus) // The order less one: times it, a point of that order is its own opposite.
	zero := edwards25519.NewIdentityPoint()
	if new(edwards25519.Point).Add(p, new(edwards25519.Point).ScalarMult(minus, p)).Equal(zero) == 0 {
		return errMixedOrder
	}
	return nil
}

// montgomery is the coordinate of a key's point on Curve25519, nil where the key
// has none.
func montgomery(r model.Recipient) []byte {
	switch r.Kind {
	case model.RecipientX25519, model.RecipientHybrid:
		data := agePayload(r.Key)
		return data[len(data)-len(fieldPrime):]
	case model.RecipientSSHEd25519:
		key := sshKey(r.Key)
		if key == nil {
			return nil
		}
		wire := key.Marshal()
		p, err := new(edwards25519.Point).SetBytes(wire[len(wire)-len(fieldPrime):])
		if err != nil {
			return nil
		}
		return p.BytesMontgomery()
	}
	return nil
}

func sshKey(text string) ssh.PublicKey {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return nil
	}
	return key
}

// edwards is one of the two points with a coordinate on Curve25519, nil where there
// is none: half of all coordinates belong to another curve, on which no key lies.
func edwards(u []byte) *edwards25519.Point {
	x, err := new(field.Element).SetBytes(u)
	if err != nil {
		return nil
	}
	one := new(field.Element).One()
	y := new(field.Element).Invert(new(field.Element).Add(x, one))
	y.Multiply(y, new(field.Element).Subtract(x, one))
	p, err := new(edwards25519.Point).SetBytes(y.Bytes())
	if err != nil {
		return nil
	}
	return p
}

// Reader tells whom a public key lets read: two keys with the same Reader are opened
// by one secret, however different they look, and count as one under
// min_recipients. An ed25519 key of SSH and the age1... key that tools make of it
// are of one secret; so are a point and its opposite, of which either may be
// written, and RSA keys of one modulus.
//
// r is one that [ParseRecipient] returned.
func Reader(r model.Recipient) string {
	switch r.Kind {
	case model.RecipientX25519, model.RecipientSSHEd25519:
		if u := montgomery(r); u != nil {
			return "curve25519 " + hex.EncodeToString(u)
		}
	case model.RecipientTag:
		return "p256 " + hex.EncodeToString(agePayload(r.Key)[1:]) // without the sign
	case model.RecipientSSHRSA:
		if n := modulus(r.Key); n != nil {
			return "rsa " + n.Text(16)
		}
	}
	return strings.TrimSpace(r.Key)
}

func modulus(text string) *big.Int {
	key := sshKey(text)
	if key == nil {
		return nil
	}
	var wire struct {
		Name string
		E, N *big.Int
	}
	if ssh.Unmarshal(key.Marshal(), &wire) != nil {
		return nil
	}
	return wire.N
}
