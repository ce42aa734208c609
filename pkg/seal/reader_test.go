package seal_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"strings"
	"testing"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"
	"filippo.io/edwards25519"
	"golang.org/x/crypto/curve25519"

	"github.com/osmoctl/osmoctl/pkg/seal"
)

// smallOrder are the points of ed25519 whose order divides eight, but for one.
var smallOrder = []string{
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}

func pointOf(t *testing.T, b []byte) *edwards25519.Point {
	t.Helper()
	p, err := new(edwards25519.Point).SetBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Beside every key there are seven points that the same identity opens, and each of
// them would count as a reader.
func TestPointsOfMixedOrderAreRefused(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := pointOf(t, public)
	scalar := make([]byte, 32)
	_, _ = rand.Read(scalar)
	want, err := curve25519.X25519(scalar, key.BytesMontgomery())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range smallOrder {
		small, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		other := new(edwards25519.Point).Add(key, pointOf(t, small))
		if got, err := curve25519.X25519(scalar, other.BytesMontgomery()); err != nil || string(got) != string(want) {
			t.Fatalf("%s makes another secret: this test tests nothing", text)
		}
		for what, spelled := range map[string]string{
			"age":         native(t, other.BytesMontgomery()),
			"ssh":         authorizedKey(t, ed25519.PublicKey(other.Bytes())),
			"small":       native(t, pointOf(t, small).BytesMontgomery()),
			"small, ssh":  authorizedKey(t, ed25519.PublicKey(small)),
			"in a hybrid": hybridEnding(t, other.BytesMontgomery()),
		} {
			if _, err := seal.ParseRecipient(spelled); err == nil {
				t.Errorf("%s + %s was taken", what, text)
			}
		}
	}
}

// hybridEnding is a post-quantum key with another coordinate at its end.
func hybridEnding(t *testing.T, u []byte) string {
	t.Helper()
	data := point(t, hybrid(t).recipient.Key)
	return ageplugin.EncodeRecipient("pq", append(data[:len(data)-len(u)], u...))
}

// Half of all coordinates are on another curve, where no identity has a point.
func TestPointsOfTheTwistAreRefused(t *testing.T) {
	t.Parallel()
	refused := 0
	for i := range 64 {
		u := make([]byte, 32)
		_, _ = rand.Read(u)
		u[31], u[0] = u[31]&0x3f, byte(i)
		if _, err := seal.ParseRecipient(native(t, u)); err != nil {
			refused++
		}
	}
	if refused < 40 { // Of those on the curve, seven of eight are of mixed order.
		t.Errorf("only %d of 64 coordinates by chance were refused", refused)
	}
}

// Whatever an identity makes is taken.
func TestKeysOfIdentitiesAreTaken(t *testing.T) {
	t.Parallel()
	for range 50 {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		public, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{identity.Recipient().String(), authorizedKey(t, public)} {
			if _, err := seal.ParseRecipient(key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
}

// One secret is one reader, however its public key is written.
func TestReader(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append(ed25519.PublicKey{}, public...)
	flipped[31] ^= 0x80
	compressed := compressedPoint(t)
	opposite := append([]byte{}, compressed...)
	opposite[0] ^= 1
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	another := &rsa.PublicKey{N: private.N, E: 3}
	ssh := authorizedKey(t, public)
	pairs := map[string][2]string{
		"an SSH key, and age's of it": {ssh, native(t, pointOf(t, public).BytesMontgomery())},
		"a point and its opposite":    {ssh, authorizedKey(t, flipped)},
		"the same of P-256":           {ageplugin.EncodeRecipient("tag", compressed), ageplugin.EncodeRecipient("tag", opposite)},
		"RSA, and another exponent":   {authorizedKey(t, private.Public()), authorizedKey(t, another)},
		"a comment":                   {ssh, ssh + " me@host"},
	}
	seen := map[string]string{}
	for name, pair := range pairs {
		var readers []string
		for _, text := range pair {
			r, err := seal.ParseRecipient(text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			readers = append(readers, seal.Reader(r))
		}
		if readers[0] != readers[1] {
			t.Errorf("%s: two readers, %v", name, readers)
		}
		if !strings.Contains(pair[0], ssh) {
			if other, twice := seen[readers[0]]; twice {
				t.Errorf("%s and %s are one reader", name, other)
			}
			seen[readers[0]] = name
		}
	}
	for range 20 {
		r, err := seal.ParseRecipient(x25519(t).recipient.Key)
		if err != nil {
			t.Fatal(err)
		}
		if reader := seal.Reader(r); seen[reader] != "" {
			t.Errorf("a new key is an old reader")
		} else {
			seen[reader] = "new"
		}
	}
}
