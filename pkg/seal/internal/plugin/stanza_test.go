package plugin

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func roundTrip(t *testing.T, s *age.Stanza) *age.Stanza {
	t.Helper()
	b, err := encode(s)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(bytes.NewReader(b))
	got, err := decode(r)
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(r); len(rest) != 0 {
		t.Errorf("%q is left over", rest)
	}
	return got
}

func TestStanzaRoundTrip(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		want := &age.Stanza{Type: "type", Args: []string{"a", "~!"}, Body: bytes.Repeat([]byte{byte(n)}, n)}
		if diff := cmp.Diff(want, roundTrip(t, want), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d bytes: %s", n, diff)
		}
	}
}

// The form is age's: whoever changes it is understood by no plugin.
func TestStanzaForm(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("QUFB", 16)
	for _, c := range []struct {
		bytes int
		want  string
	}{
		{0, "-> t x\n\n"},
		{3, "-> t x\nQUFB\n"},
		{48, "-> t x\n" + line + "\n\n"},
		{51, "-> t x\n" + line + "\nQUFB\n"},
	} {
		got, err := encode(&age.Stanza{Type: "t", Args: []string{"x"}, Body: bytes.Repeat([]byte("A"), c.bytes)})
		if err != nil || string(got) != c.want {
			t.Errorf("%d bytes: got %q, %v", c.bytes, got, err)
		}
	}
}

func TestStanzaRefusals(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("QUFB", 16)
	for _, text := range []string{
		"hello\n", "->\n\n", "-> \n\n", "->t\n\n", "-> t \n\n", "-> t  x\n\n", "-> t\tx\n\n", "-> t é\n\n", "-> t\r\n\n",
		"-> t\nQUFB=\n", "-> t\nQQ==\n", "-> t\nQUF\rB\n", "-> t\nQR\n", "-> t\n" + line + "QUFB\n\n", "-> t\n!\n",
	} {
		if s, err := decode(bufio.NewReader(strings.NewReader(text))); !errors.Is(err, errMalformed) {
			t.Errorf("%q: got %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "-> t", "-> t\n", "-> t\nQUFB", "-> t\n" + line + "\n"} {
		if s, err := decode(bufio.NewReader(strings.NewReader(text))); !errors.Is(err, io.EOF) {
			t.Errorf("%q: got %v, %v", text, s, err)
		}
	}
	for _, s := range []*age.Stanza{{}, {Type: "a b"}, {Type: "t", Args: []string{""}}, {Type: "t", Args: []string{"x\n-> done"}}} {
		if b, err := encode(s); err == nil {
			t.Errorf("%v is written as %q", s, b)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"yubikey": true, "fido2-hmac": true, "a.b_c+d": true,
		"": false, "../x": false, "a/b": false, `a\b`: false, "a b": false, "a\x00": false, "é": false,
	} {
		if isName(name) != want {
			t.Errorf("%q: not %v", name, want)
		}
	}
	if _, err := Find("../x", nil, ""); err == nil {
		t.Error("a path was looked for")
	}
}

func FuzzStanza(f *testing.F) {
	f.Add([]byte("-> t x\nQUFB\n"))
	f.Add([]byte("-> t\n\n"))
	f.Add([]byte("-> t\n" + strings.Repeat("QUFB", 16) + "\n\n"))
	f.Add([]byte("-> t\r\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		again, err := encode(s)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, again) {
			t.Fatalf("%q reads as %q", b, again)
		}
	})
}
