package token_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/osmoctl/osmoctl/pkg/token"
)

const chars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// vectors are published: another implementation must find the same.
var vectors = []string{
	"osmo_000000000000000000000000000000002OQ9pT",
	"osmo_0123456789ABCDEFGHIJKLMNOPQRSTUV2JbFAe",
	"osmo_" + strings.Repeat("z", 32) + "3tmr0j",
}

func generate(t testing.TB, r io.Reader) string {
	t.Helper()
	v, err := token.Generate(r)
	if err != nil {
		t.Fatal(err)
	}
	var s string
	_ = v.Use(func(b []byte) error { s = string(b); return nil })
	return s
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		sum := token.Checksum([]byte(v[:token.BodyLength]))
		if got, want := string(sum[:]), v[token.BodyLength:]; got != want {
			t.Errorf("checksum of %s is %s, want %s", v[:token.BodyLength], got, want)
		}
		if !token.Valid([]byte(v)) {
			t.Errorf("%s is not valid", v)
		}
	}
}

func TestGenerated(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		s := generate(t, rand.Reader)
		if !token.Valid([]byte(s)) {
			t.Fatalf("generated value of %d bytes is not valid", len(s))
		}
		if seen[s] {
			t.Fatal("a value was generated twice")
		}
		seen[s] = true
	}
}

// The mapping from random bytes to characters is part of no format, but a
// change of it shows here: rejected bytes leave no trace and the rest are taken
// in order.
func TestRejection(t *testing.T) {
	t.Parallel()
	source := append(bytes.Repeat([]byte{248, 255}, 8), make([]byte, 32)...)
	if got := generate(t, bytes.NewReader(source)); got != vectors[0] {
		t.Errorf("got %s, want %s", got, vectors[0])
	}
}

func TestDistribution(t *testing.T) {
	t.Parallel()
	const tokens = 6200
	count := map[byte]int{}
	for range tokens {
		for _, c := range []byte(generate(t, rand.Reader)[len(token.Prefix):token.BodyLength]) {
			count[c]++
		}
	}
	// Chi squared with 61 degrees of freedom: above 150 less than once in
	// 10^8 runs. Taking bytes modulo 62 would give about 2,100.
	expected := float64(tokens*32) / 62
	chi := 0.0
	for _, c := range []byte(chars) {
		d := float64(count[c]) - expected
		chi += d * d / expected
	}
	if chi > 150 {
		t.Errorf("chi squared is %.0f: characters are not equally likely", chi)
	}
}

func TestSingleEditsAreRefused(t *testing.T) {
	t.Parallel()
	for _, v := range append(vectors, generate(t, rand.Reader)) {
		for i := range v {
			for c := range 256 {
				edited := []byte(v)
				edited[i] = byte(c)
				if byte(c) != v[i] && token.Valid(edited) {
					t.Fatalf("byte %d of %s may be %q", i, v, byte(c))
				}
			}
			if token.Valid([]byte(v[:i])) || token.Valid([]byte(v[:i]+v[i+1:])) || token.Valid([]byte(v[:i]+"0"+v[i:])) {
				t.Fatalf("%s is valid when cut, shortened or lengthened at %d", v, i)
			}
		}
	}
}

// A right checksum does not make up for characters that no token has.
func TestOtherCharactersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"-", "_", "/", ":", "@", "[", "`", "{", " ", "\x00", "\xc3"} {
		body := vectors[1][:token.BodyLength-1] + c
		sum := token.Checksum([]byte(body))
		if token.Valid([]byte(body + string(sum[:]))) {
			t.Errorf("a token may hold %q", c)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	if _, err := token.Generate(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
	if _, err := token.Generate(bytes.NewReader(make([]byte, 5))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want an unexpected end", err)
	}
	if _, err := token.Generate(constant(255)); !errors.Is(err, token.ErrSource) {
		t.Errorf("got %v, want ErrSource", err)
	}
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func FuzzValid(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v))
	}
	f.Add([]byte{})
	f.Add([]byte("osmo_"))
	f.Add([]byte(strings.Repeat("\xff", token.Length)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !token.Valid(b) {
			return
		}
		if len(b) != token.Length || !bytes.HasPrefix(b, []byte(token.Prefix)) || strings.Trim(string(b), chars+"_") != "" {
			t.Fatalf("%q is called valid", b)
		}
		if sum := token.Checksum(b[:token.BodyLength]); !bytes.Equal(sum[:], b[token.BodyLength:]) {
			t.Fatalf("%q is called valid against its checksum", b)
		}
	})
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		v, err := token.Generate(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		v.Wipe()
	}
}

func BenchmarkValid(b *testing.B) {
	v := []byte(vectors[1])
	for b.Loop() {
		if !token.Valid(v) {
			b.Fatal("not valid")
		}
	}
}
