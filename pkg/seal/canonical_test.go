package seal_test

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	ageplugin "filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/osmoctl/osmoctl/pkg/seal"
)

// point is the data of a native key: what plugin keys carry in the same encoding.
func point(t *testing.T, key string) []byte {
	t.Helper()
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var out []byte
	var bits, value uint
	for _, c := range key[strings.LastIndexByte(key, '1')+1 : len(key)-6] {
		value, bits = value<<5|uint(strings.IndexRune(alphabet, c)), bits+5
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(value>>bits))
		}
	}
	return out
}

// native spells data as an X25519 key; age writes any 32 bytes.
func native(t *testing.T, data []byte) string {
	t.Helper()
	p, err := ecdh.X25519().NewPublicKey(data)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ageplugin.EncodeX25519Recipient(p)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// One reader must have one spelling: any other would count as a second one.
func TestKeysHaveOneSpelling(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	plain := identity.Recipient().String()
	data := point(t, plain)
	if got := native(t, data); got != plain {
		t.Fatalf("%s was written as %s", plain, got)
	}

	// The top bit is left out by X25519, so the same identity opens both.
	flipped := append([]byte{}, data...)
	flipped[31] |= 0x80
	refusesSpelling(t, "top bit", native(t, flipped))

	// u and u+p are one coordinate; only those below 19 have room for both.
	reduced := make([]byte, 32)
	for i := range reduced {
		reduced[i] = 0xff
	}
	reduced[0], reduced[31] = 0xed+9, 0x7f // p + 9: the base point's own coordinate
	refusesSpelling(t, "not reduced", native(t, reduced))
	reduced[31] |= 0x80
	refusesSpelling(t, "not reduced, top bit", native(t, reduced))
	below := append([]byte{}, reduced...)
	below[0], below[31] = 0xed-3, 0x7f // p - 3 is reduced
	if _, err := seal.ParseRecipient(native(t, below)); err != nil && strings.Contains(err.Error(), "canonical") {
		t.Errorf("p-3: %v", err)
	}

	// A post-quantum key ends in one of X25519.
	pq := hybrid(t).recipient.Key
	last := point(t, pq)
	last[len(last)-1] |= 0x80
	refusesSpelling(t, "hybrid, top bit", ageplugin.EncodeRecipient("pq", last))
}

func TestSSHKeysHaveOneSpelling(t *testing.T) {
	t.Parallel()
	// y = p + 3 stands for y = 3, which is on the curve.
	var y [32]byte
	for i := range y {
		y[i] = 0xff
	}
	y[0], y[31] = 0xed+3, 0x7f
	for sign := range 2 {
		y[31] = 0x7f | byte(sign)<<7
		line := "ssh-ed25519 " + base64.StdEncoding.EncodeToString(sshWire("ssh-ed25519", y[:]))
		if _, err := agessh.ParseRecipient(line); err != nil {
			continue // age refuses it by itself
		}
		refusesSpelling(t, "ed25519, not reduced", line)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	line := string(ssh.MarshalAuthorizedKey(key))
	if _, err := seal.ParseRecipient(line); err != nil {
		t.Error(err)
	}
}

func sshWire(parts ...any) []byte {
	var out []byte
	for _, p := range parts {
		var b []byte
		switch p := p.(type) {
		case string:
			b = []byte(p)
		case []byte:
			b = p
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(b))), b...)
	}
	return out
}

func refusesSpelling(t *testing.T, what, key string) {
	t.Helper()
	_, err := seal.ParseRecipient(key)
	if err == nil || !strings.Contains(err.Error(), "canonical") {
		t.Errorf("%s: got %v", what, err)
	}
}
