package seal

import (
	"bytes"
	"testing"

	"filippo.io/age"
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
