package seal

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/cloudflare/circl/dh/x25519"
)

// What is wrapped here is what age wraps: of the same form, opened by age's own identity
// and by no other, and never twice the same.
func TestX25519(t *testing.T) {
	t.Parallel()
	fileKey := []byte("sixteen bytes!!!")
	seen := map[string]bool{}
	for range 50 {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		other, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := identity.Recipient().Wrap(fileKey)
		if err != nil {
			t.Fatal(err)
		}
		_, native, err := parseRecipient(identity.Recipient().String())
		if err != nil {
			t.Fatal(err)
		}
		ours, err := native.(x25519Recipient).Wrap(fileKey)
		if err != nil {
			t.Fatal(err)
		}
		if len(ours) != 1 || ours[0].Type != theirs[0].Type || len(ours[0].Args) != 1 ||
			len(ours[0].Args[0]) != len(theirs[0].Args[0]) || len(ours[0].Body) != len(theirs[0].Body) {
			t.Fatalf("got %+v, and age makes %+v", ours, theirs)
		}
		if got, err := identity.Unwrap(ours); err != nil || !bytes.Equal(got, fileKey) {
			t.Fatalf("age opens %q, %v", got, err)
		}
		if got, err := other.Unwrap(ours); err == nil {
			t.Fatalf("another identity opens %q", got)
		}
		if seen[ours[0].Args[0]] || seen[string(ours[0].Body)] {
			t.Fatal("two files share a key")
		}
		seen[ours[0].Args[0]], seen[string(ours[0].Body)] = true, true
	}
}

// A point of low order gives everybody the same secret.
func TestX25519LowOrder(t *testing.T) {
	t.Parallel()
	for _, point := range [][]byte{make([]byte, 32), append([]byte{1}, make([]byte, 31)...)} {
		r, err := newX25519Recipient(point)
		if err != nil {
			t.Fatal(err)
		}
		if stanzas, err := r.Wrap([]byte("sixteen bytes!!!")); err == nil {
			t.Errorf("%x: wrapped as %+v", point, stanzas)
		}
	}
}

// The curve of circl is that of crypto/ecdh, whatever the keys: of any bytes a private
// key can be made, and of any a point, also one that is written in two ways, of the
// twist, or of low order.
func FuzzX25519(f *testing.F) {
	p := make([]byte, 32) // 2^255 - 19, which is zero
	for i := range p {
		p[i] = 0xff
	}
	p[0], p[31] = 0xed, 0x7f
	f.Add(make([]byte, 32), make([]byte, 32))
	f.Add(bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{0xff}, 32))
	f.Add([]byte("thirty-two bytes of a private key"[:32]), append([]byte{9}, make([]byte, 31)...))
	f.Add([]byte("thirty-two bytes of a private key"[:32]), p)
	f.Add([]byte("thirty-two bytes of a private key"[:32]), append([]byte{0xf6}, p[1:]...)) // 9, written otherwise
	f.Fuzz(func(t *testing.T, scalar, point []byte) {
		if len(scalar) != x25519.Size || len(point) != x25519.Size {
			t.Skip()
		}
		private, err := ecdh.X25519().NewPrivateKey(scalar)
		if err != nil {
			t.Fatal(err)
		}
		public, err := ecdh.X25519().NewPublicKey(point)
		if err != nil {
			t.Fatal(err)
		}
		var share, shared x25519.Key
		k, u := x25519.Key(scalar), x25519.Key(point)
		x25519.KeyGen(&share, &k)
		if !bytes.Equal(share[:], private.PublicKey().Bytes()) {
			t.Errorf("the share is %x, not %x", share, private.PublicKey().Bytes())
		}
		want, err := private.ECDH(public)
		if ok := x25519.Shared(&shared, &k, &u); ok != (err == nil) || ok && !bytes.Equal(shared[:], want) {
			t.Errorf("in common is %x (%v), not %x (%v)", shared, ok, want, err)
		}
	})
}

// Our identity answers as age's does, whatever it is shown: what is its own, what is
// another's, and whatever is malformed.
func TestX25519Identity(t *testing.T) {
	t.Parallel()
	theirs, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := parseX25519Identity(theirs.String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	fileKey := []byte("sixteen bytes!!!")
	wrap := func(r *age.X25519Recipient) *age.Stanza {
		stanzas, err := r.Wrap(fileKey)
		if err != nil {
			t.Fatal(err)
		}
		return stanzas[0]
	}
	mine, foreign := wrap(theirs.Recipient()), wrap(other.Recipient())
	changed := func(change func(*age.Stanza)) *age.Stanza {
		s := &age.Stanza{Type: mine.Type, Args: slices.Clone(mine.Args), Body: bytes.Clone(mine.Body)}
		change(s)
		return s
	}
	arg := func(a string) *age.Stanza { return changed(func(s *age.Stanza) { s.Args[0] = a }) }
	for name, stanzas := range map[string][]*age.Stanza{
		"mine":              {mine},
		"foreign":           {foreign},
		"foreign, mine":     {foreign, mine},
		"none":              {},
		"another type":      {changed(func(s *age.Stanza) { s.Type = "scrypt" })},
		"bound, mine":       {{Type: "osmoctl", Args: []string{"a"}}, mine},
		"no argument":       {changed(func(s *age.Stanza) { s.Args = nil })},
		"two arguments":     {changed(func(s *age.Stanza) { s.Args = append(s.Args, "a") })},
		"empty":             {arg("")},
		"padded":            {arg(mine.Args[0] + "=")},
		"line end":          {arg(mine.Args[0] + "\n")},
		"line end within":   {arg(mine.Args[0][:10] + "\r\n" + mine.Args[0][10:])},
		"short":             {arg(mine.Args[0][:40])},
		"loose bits":        {arg(mine.Args[0][:42] + "_")},
		"not base64":        {arg("!" + mine.Args[0][1:])},
		"low order":         {arg(base64.RawStdEncoding.EncodeToString(make([]byte, 32)))},
		"body changed":      {changed(func(s *age.Stanza) { s.Body[3]++ })},
		"body cut":          {changed(func(s *age.Stanza) { s.Body = s.Body[:31] })},
		"body longer":       {changed(func(s *age.Stanza) { s.Body = append(s.Body, 0) })},
		"no body":           {changed(func(s *age.Stanza) { s.Body = nil })},
		"malformed, mine":   {arg(""), mine},
		"mine, malformed":   {mine, arg("")},
		"foreign malformed": {foreign, arg("")},
	} {
		want, wantErr := theirs.Unwrap(stanzas)
		got, err := ours.Unwrap(stanzas)
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) || errors.Is(err, age.ErrIncorrectIdentity) != errors.Is(wantErr, age.ErrIncorrectIdentity) {
			t.Errorf("%s: got %q, %v; age says %q, %v", name, got, err, want, wantErr)
		}
	}
	scalar := ours.lend()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, form := range []string{"%v", "%x", "%#v"} {
			if text := fmt.Sprintf(verb, ours); strings.Contains(text, strings.Trim(fmt.Sprintf(form, scalar[:8]), "[]{}")) {
				t.Errorf("printing the identity by %s shows its key", verb)
			}
		}
	}
	for _, line := range []string{"", "AGE-SECRET-KEY-1", theirs.String()[:70], theirs.String() + "Q", theirs.Recipient().String()} {
		if id, err := parseX25519Identity(line); err == nil {
			t.Errorf("%q is %v", line, id)
		}
	}
}

func BenchmarkUnwrapX25519(b *testing.B) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	stanzas, err := identity.Recipient().Wrap([]byte("sixteen bytes!!!"))
	if err != nil {
		b.Fatal(err)
	}
	ours, err := parseX25519Identity(identity.String())
	if err != nil {
		b.Fatal(err)
	}
	for name, id := range map[string]age.Identity{"age": identity, "osmoctl": ours} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := id.Unwrap(stanzas); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
