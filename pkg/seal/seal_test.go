package seal_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const canary = "osmo_0123456789ABCDEFGHIJKLMNOPQRSTUV2JbFAe"

var place = seal.Binding{Account: "svc-ci", Token: "deploy", Generation: 3}

func value() secret.Value { return secret.New([]byte(canary)) }

func reveal(v secret.Value) string {
	var s string
	_ = v.Use(func(b []byte) error { s = string(b); return nil })
	return s
}

// pair is a key pair as a person has it: the public key in one line, and the
// identity file's text.
type pair struct {
	recipient model.Recipient
	identity  []byte
	stanza    string
}

func parse(t testing.TB, key string) model.Recipient {
	t.Helper()
	r, err := seal.ParseRecipient(key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func x25519(t testing.TB) pair {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return pair{parse(t, id.Recipient().String()), []byte(id.String() + "\n"), "X25519"}
}

func hybrid(t testing.TB) pair {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return pair{parse(t, id.Recipient().String()), []byte(id.String() + "\n"), "mlkem768x25519"}
}

func sshPair(t testing.TB, public, private any, passphrase string) pair {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "me@host")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "me@host", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	line := " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " me@host\n"
	return pair{parse(t, line), pem.EncodeToMemory(block), key.Type()}
}

func sshEd25519(t testing.TB, passphrase string) pair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sshPair(t, public, private, passphrase)
}

// rsaKey is made once: it takes a quarter of a second.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func sshRSA(t testing.TB, passphrase string) pair {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return sshPair(t, key.Public(), key, passphrase)
}

func identities(t testing.TB, p pair) []age.Identity {
	t.Helper()
	ids, err := seal.ReadIdentities(bytes.NewReader(p.identity), "key.txt", seal.IdentityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func sealed(t testing.TB, b seal.Binding, to ...model.Recipient) []byte {
	t.Helper()
	file, err := seal.NewSealer(seal.Options{}).Seal(context.Background(), b, to, value())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// ageProgram builds the stock age command.
var ageProgram = sync.OnceValues(func() (string, error) {
	dir, err := scratchDir()
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "age.exe")
	out, err := exec.Command("go", "build", "-o", program, "filippo.io/age/cmd/age").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return program, nil
})

func stockAge(t *testing.T, p pair, file []byte) (string, error) {
	t.Helper()
	program, err := ageProgram()
	if err != nil {
		t.Skip("the stock age command cannot be built here:", err)
	}
	dir := t.TempDir()
	key, sealed := filepath.Join(dir, "key"), filepath.Join(dir, "sealed.age")
	if err := errors.Join(os.WriteFile(key, p.identity, 0o600), os.WriteFile(sealed, file, 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-d", "-i", key, sealed).Output()
	return string(out), err
}

// Every kind of key opens what was sealed to it, by this package and by the
// stock program, and gives exactly the value.
func TestContract(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t testing.TB) pair{
		"x25519": x25519,
		"hybrid": hybrid,
		"ssh-ed25519": func(t testing.TB) pair {
			return sshEd25519(t, "")
		},
		"ssh-rsa": func(t testing.TB) pair { return sshRSA(t, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := make(t)
			file := sealed(t, place, p.recipient)
			header, err := seal.Inspect(file)
			if err != nil {
				t.Fatal(err)
			}
			if header.Binding != place || !slices.Equal(header.Stanzas, []string{p.stanza}) {
				t.Errorf("header is %v", header)
			}
			v, err := seal.Open(file, place, identities(t, p)...)
			if err != nil {
				t.Fatal(err)
			}
			if reveal(v) != canary {
				t.Error("another value came back")
			}
			out, err := stockAge(t, p, file)
			if err != nil || out != canary {
				t.Errorf("age -d printed %q, %v", out, err)
			}
		})
	}
}

func TestEveryRecipientOpens(t *testing.T) {
	t.Parallel()
	for name, set := range map[string][]pair{
		"classic": {x25519(t), sshEd25519(t, ""), sshRSA(t, ""), x25519(t)},
		"hybrid":  {hybrid(t), hybrid(t)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var to []model.Recipient
			for _, p := range set {
				to = append(to, p.recipient)
			}
			file := sealed(t, place, to...)
			for i, p := range set {
				if v, err := seal.Open(file, place, identities(t, p)...); err != nil || reveal(v) != canary {
					t.Errorf("recipient %d: %v", i, err)
				}
			}
		})
	}
}

func TestNotForYou(t *testing.T) {
	t.Parallel()
	file := sealed(t, place, x25519(t).recipient, x25519(t).recipient, sshEd25519(t, "").recipient)
	for name, ids := range map[string][]age.Identity{
		"nobody":  nil,
		"another": identities(t, x25519(t)),
		"several": append(identities(t, hybrid(t)), identities(t, sshEd25519(t, ""))...),
	} {
		_, err := seal.Open(file, place, ids...)
		var notForYou *seal.NotForYouError
		if !errors.Is(err, seal.ErrNoIdentity) || !errors.As(err, &notForYou) {
			t.Fatalf("%s: got %v", name, err)
		}
		if want := []string{"X25519", "X25519", "ssh-ed25519"}; !slices.Equal(notForYou.Stanzas, want) {
			t.Errorf("%s: stanzas are %v, want %v", name, notForYou.Stanzas, want)
		}
		if want := "no identity opens this file: it is sealed to 2 X25519, 1 ssh-ed25519"; !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %q, want it to end in %q", name, err, want)
		}
	}
}

func TestMovedFilesAreRefused(t *testing.T) {
	t.Parallel()
	p := x25519(t)
	file := sealed(t, place, p.recipient)
	for _, elsewhere := range []seal.Binding{
		{Account: "svc-other", Token: "deploy", Generation: 3},
		{Account: "svc-ci", Token: "other", Generation: 3},
		{Account: "svc-ci", Token: "deploy", Generation: 2},
	} {
		_, err := seal.Open(file, elsewhere, identities(t, p)...)
		var moved *seal.BindingError
		if !errors.As(err, &moved) {
			t.Fatalf("opened in %s: %v", elsewhere, err)
		}
		if moved.Got != place || moved.Want != elsewhere {
			t.Errorf("got %v", moved)
		}
		for _, name := range []string{place.String(), elsewhere.String()} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%q does not name %s", err, name)
			}
		}
	}
}

// Rewriting the binding of a moved file breaks the header's MAC.
func TestEditedBindingIsRefused(t *testing.T) {
	t.Parallel()
	p := x25519(t)
	file := sealed(t, place, p.recipient)
	edited := bytes.Replace(file, []byte("svc-ci deploy 3"), []byte("svc-ci deploy 4"), 1)
	forged := place
	forged.Generation = 4
	if header, err := seal.Inspect(edited); err != nil || header.Binding != forged {
		t.Fatalf("the edit did not take: %v, %v", header, err)
	}
	if _, err := seal.Open(edited, forged, identities(t, p)...); !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if _, err := stockAge(t, p, edited); err == nil {
		t.Error("age -d opened it")
	}
}

// stanzas writes what it holds into a header, as somebody with only the public
// keys could.
type stanzas []*age.Stanza

func (s stanzas) Wrap([]byte) ([]*age.Stanza, error) { return s, nil }

func forge(t testing.TB, p pair, content string, more ...*age.Stanza) []byte {
	t.Helper()
	r, err := agessh.ParseRecipient(p.recipient.Key)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r, stanzas(more))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func binding(args ...string) *age.Stanza {
	return &age.Stanza{Type: "osmoctl.dev/token", Args: args}
}

func TestForeignHeadersAreRefused(t *testing.T) {
	t.Parallel()
	p := sshEd25519(t, "")
	good := binding("svc-ci", "deploy", "3")
	full := binding("svc-ci", "deploy", "3")
	full.Body = []byte("x")
	large := &age.Stanza{Type: "grease", Body: make([]byte, seal.MaxFile)}
	crowd := make([]*age.Stanza, seal.MaxStanzas)
	for i := range crowd {
		crowd[i] = &age.Stanza{Type: "grease"}
	}
	for name, c := range map[string]struct {
		content string
		header  []*age.Stanza
		want    error
	}{
		"control":          {canary, []*age.Stanza{good}, nil},
		"beside others":    {canary, []*age.Stanza{good, {Type: "grease", Args: []string{"x"}}}, nil},
		"longest":          {strings.Repeat("v", seal.MaxValue), []*age.Stanza{good}, nil},
		"unbound":          {canary, nil, seal.ErrUnbound},
		"bound twice":      {canary, []*age.Stanza{good, good}, seal.ErrDamaged},
		"two places":       {canary, []*age.Stanza{good, binding("a", "b", "1")}, seal.ErrDamaged},
		"with a body":      {canary, []*age.Stanza{full}, seal.ErrDamaged},
		"few arguments":    {canary, []*age.Stanza{binding("svc-ci", "deploy")}, seal.ErrDamaged},
		"many arguments":   {canary, []*age.Stanza{binding("svc-ci", "deploy", "3", "4")}, seal.ErrDamaged},
		"other spelling":   {canary, []*age.Stanza{binding("svc-ci", "deploy", "03")}, seal.ErrDamaged},
		"signed":           {canary, []*age.Stanza{binding("svc-ci", "deploy", "+3")}, seal.ErrDamaged},
		"no generation":    {canary, []*age.Stanza{binding("svc-ci", "deploy", "0")}, seal.ErrDamaged},
		"a path":           {canary, []*age.Stanza{binding("../svc-ci", "deploy", "3")}, seal.ErrDamaged},
		"too many stanzas": {canary, append(crowd, good), seal.ErrDamaged},
		"large header":     {canary, []*age.Stanza{large, good}, seal.ErrDamaged},
		"empty content":    {"", []*age.Stanza{good}, seal.ErrDamaged},
		"long content":     {strings.Repeat("v", seal.MaxValue+1), []*age.Stanza{good}, seal.ErrDamaged},
		"long file":        {strings.Repeat("v", seal.MaxFile), []*age.Stanza{good}, seal.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := forge(t, p, c.content, c.header...)
			v, err := seal.Open(file, place, identities(t, p)...)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == nil && reveal(v) != c.content {
				t.Error("another value came back")
			}
		})
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]pair{"x25519": x25519(t), "ssh": sshEd25519(t, "")} {
		file, ids := sealed(t, place, p.recipient), identities(t, p)
		for n := range file {
			if _, err := seal.Open(file[:n], place, ids...); err == nil {
				t.Fatalf("%s: opened after %d of %d bytes", name, n, len(file))
			}
		}
		if _, err := seal.Open(append(file, 0), place, ids...); !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: trailing byte: got %v", name, err)
		}
	}
}

func TestEveryBitFlipIsRefused(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]pair{"x25519": x25519(t), "ssh": sshEd25519(t, "")} {
		file, ids := sealed(t, place, p.recipient), identities(t, p)
		for i := range file {
			for bit := range 8 {
				file[i] ^= 1 << bit
				if _, err := seal.Open(file, place, ids...); err == nil {
					t.Fatalf("%s: opened with bit %d of byte %d flipped", name, bit, i)
				}
				file[i] ^= 1 << bit
			}
		}
	}
}

func TestNotAgeFiles(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"empty":   "",
		"a token": canary + "\n",
		"a key":   "AGE-SECRET-KEY-1XXX\n",
		"armored": "-----BEGIN AGE ENCRYPTED FILE-----\n",
	} {
		_, err := seal.Open([]byte(file), place, identities(t, x25519(t))...)
		if !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
		if strings.Contains(err.Error(), canary[:10]) || strings.Contains(err.Error(), "KEY-1X") {
			t.Errorf("%s: the error shows the content: %v", name, err)
		}
	}
}

func TestSealRefusals(t *testing.T) {
	t.Parallel()
	p, q := x25519(t).recipient, hybrid(t).recipient
	q.Name = "quantum"
	liar := p
	liar.Kind = model.RecipientHybrid
	many := slices.Repeat([]model.Recipient{p}, seal.MaxStanzas)
	large := slices.Repeat([]model.Recipient{q}, 45)
	for name, c := range map[string]struct {
		place seal.Binding
		to    []model.Recipient
		value secret.Value
		want  string
	}{
		"nobody":        {place, nil, value(), "no recipient"},
		"mixed":         {place, []model.Recipient{p, q}, value(), "quantum (hybrid)"},
		"empty":         {place, []model.Recipient{p}, secret.Value{}, "1 to 4096 bytes"},
		"long":          {place, []model.Recipient{p}, secret.New(make([]byte, 5000)), "1 to 4096 bytes"},
		"no place":      {seal.Binding{}, []model.Recipient{p}, value(), "account name"},
		"no generation": {seal.Binding{Account: "a", Token: "b"}, []model.Recipient{p}, value(), "generation"},
		"bad account":   {seal.Binding{Account: "a b", Token: "b", Generation: 1}, []model.Recipient{p}, value(), "account name"},
		"other kind":    {place, []model.Recipient{liar}, value(), "is one of kind"},
		"private key":   {place, []model.Recipient{{Key: "AGE-SECRET-KEY-1XYZ"}}, value(), "private key"},
		"many":          {place, many, value(), "at most 99"},
		"large":         {place, large, value(), "fewer recipients"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.NewSealer(seal.Options{}).Seal(context.Background(), c.place, c.to, c.value)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			if strings.Contains(err.Error(), "KEY-1X") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := seal.NewSealer(seal.Options{})
	p, q := x25519(t).recipient, hybrid(t).recipient
	if err := s.Check(context.Background(), []model.Recipient{p}); err != nil {
		t.Error(err)
	}
	if err := s.Check(context.Background(), []model.Recipient{p, q}); err == nil {
		t.Error("a mixed set passed")
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Check(canceled, []model.Recipient{p}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := seal.NewSealer(seal.Options{})
	p := x25519(t)
	ids := identities(t, p)
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			b := seal.Binding{Account: "svc", Token: "t", Generation: n + 1}
			file, err := s.Seal(context.Background(), b, []model.Recipient{p.recipient}, value())
			if err != nil {
				t.Error(err)
				return
			}
			if v, err := seal.Open(file, b, ids...); err != nil || reveal(v) != canary {
				t.Error(b, err)
			}
		})
	}
	wg.Wait()
}

func TestValueIsLeftAlone(t *testing.T) {
	t.Parallel()
	v := value()
	if _, err := seal.NewSealer(seal.Options{}).Seal(context.Background(), place, []model.Recipient{x25519(t).recipient}, v); err != nil {
		t.Fatal(err)
	}
	if reveal(v) != canary {
		t.Error("sealing changed the value")
	}
}

func FuzzInspect(f *testing.F) {
	p := x25519(f)
	file := sealed(f, place, p.recipient)
	f.Add(file)
	f.Add(sealed(f, place, hybrid(f).recipient))
	f.Add(forge(f, sshEd25519(f, ""), canary))
	f.Add([]byte("age-encryption.org/v1\n-> osmoctl.dev/token a b 1\n\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"))
	f.Add([]byte(canary))
	ids := identities(f, p)
	f.Fuzz(func(t *testing.T, b []byte) {
		header, err := seal.Inspect(b)
		if err != nil && !errors.Is(err, seal.ErrDamaged) && !errors.Is(err, seal.ErrUnbound) {
			t.Fatalf("unclassed error %v", err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Fatal("the error shows the content")
		}
		v, openErr := seal.Open(b, place, ids...)
		if openErr == nil && (err != nil || header.Binding != place || reveal(v) != canary) {
			t.Fatalf("opened what Inspect calls %v, %v", header, err)
		}
	})
}

func benchmarkSeal(b *testing.B, p pair) {
	s := seal.NewSealer(seal.Options{})
	to := []model.Recipient{p.recipient}
	v := value()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Seal(context.Background(), place, to, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealX25519(b *testing.B)  { benchmarkSeal(b, x25519(b)) }
func BenchmarkSealHybrid(b *testing.B)  { benchmarkSeal(b, hybrid(b)) }
func BenchmarkSealEd25519(b *testing.B) { benchmarkSeal(b, sshEd25519(b, "")) }

func BenchmarkOpenX25519(b *testing.B) {
	p := x25519(b)
	file, ids := sealed(b, place, p.recipient), identities(b, p)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.Open(file, place, ids...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	file := sealed(b, place, x25519(b).recipient)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seal.Inspect(file); err != nil {
			b.Fatal(err)
		}
	}
}
