package seal_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	ageplugin "filippo.io/age/plugin"

	"github.com/osmoctl/osmoctl/pkg/seal"
)

func zeroPoint(t testing.TB) *ecdh.PublicKey {
	t.Helper()
	p, err := ecdh.X25519().NewPublicKey(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// prompt answers with its text and counts how often it was asked.
type prompt struct {
	answer string
	err    error
	asked  atomic.Int32
	what   atomic.Value
}

func (p *prompt) Passphrase(what string) ([]byte, error) {
	p.asked.Add(1)
	p.what.Store(what)
	return []byte(p.answer), p.err
}

// lock puts content under a passphrase, as age -p does. The work factor is
// small: tests have no secret to keep.
func lock(t testing.TB, content []byte, passphrase string, work int, armored bool) []byte {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(work)
	var b bytes.Buffer
	err = func() error {
		w, err := age.Encrypt(&b, r)
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
		return w.Close()
	}()
	if err != nil {
		t.Fatal(err)
	}
	if !armored {
		return b.Bytes()
	}
	var text bytes.Buffer
	a := armor.NewWriter(&text)
	_, _ = a.Write(b.Bytes())
	_ = a.Close()
	return text.Bytes()
}

func read(t testing.TB, file []byte, opts seal.IdentityOptions) []age.Identity {
	t.Helper()
	ids, err := seal.ReadIdentities(bytes.NewReader(file), "key.txt", opts)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestIdentityFiles(t *testing.T) {
	t.Parallel()
	x, pq, ed := x25519(t), hybrid(t), sshEd25519(t, "")
	both := "# a comment\n\n" + string(pq.identity) + "\r\n  " + string(x.identity)
	for name, c := range map[string]struct {
		file   []byte
		opener pair
		asks   int32
	}{
		"plain":          {x.identity, x, 0},
		"several":        {[]byte(both), x, 0},
		"hybrid":         {[]byte(both), pq, 0},
		"no newline":     {bytes.TrimSpace(x.identity), x, 0},
		"ssh":            {ed.identity, ed, 0},
		"indented pem":   {append([]byte("\n \n"), ed.identity...), ed, 0},
		"locked":         {lock(t, []byte(both), "secret", 8, false), x, 1},
		"locked armored": {lock(t, []byte(both), "secret", 8, true), pq, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &prompt{answer: "secret"}
			ids := read(t, c.file, seal.IdentityOptions{Prompt: p})
			if p.asked.Load() != 0 {
				t.Error("asked before there was a need")
			}
			file := sealed(t, place, c.opener.recipient)
			for range 3 {
				if v, err := seal.Open(file, place, ids...); err != nil || reveal(v) != canary {
					t.Fatal(err)
				}
			}
			if got := p.asked.Load(); got != c.asks {
				t.Errorf("asked %d times, want %d", got, c.asks)
			}
		})
	}
}

func TestLockedSSHKeys(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]pair{"ed25519": sshEd25519(t, "secret"), "rsa": sshRSA(t, "secret")} {
		p := &prompt{answer: "secret"}
		ids := read(t, key.identity, seal.IdentityOptions{Prompt: p})
		if _, err := seal.Open(sealed(t, place, x25519(t).recipient), place, ids...); !errors.Is(err, seal.ErrNoIdentity) {
			t.Errorf("%s: another's file: %v", name, err)
		}
		if p.asked.Load() != 0 {
			t.Errorf("%s: asked for a file that is not for this key", name)
		}
		file := sealed(t, place, key.recipient)
		for range 2 {
			if v, err := seal.Open(file, place, ids...); err != nil || reveal(v) != canary {
				t.Fatal(name, err)
			}
		}
		if p.asked.Load() != 1 {
			t.Errorf("%s: asked %d times", name, p.asked.Load())
		}
	}
}

// A wrong answer counts for the whole run, and is no damaged file.
func TestPassphraseRefusals(t *testing.T) {
	t.Parallel()
	x, ed := x25519(t), sshEd25519(t, "secret")
	gone := errors.New("no terminal")
	for name, c := range map[string]struct {
		file   []byte
		opener pair
		prompt *prompt
		want   string
	}{
		"wrong":     {lock(t, x.identity, "secret", 8, false), x, &prompt{answer: "other"}, "the passphrase is wrong"},
		"empty":     {lock(t, x.identity, "secret", 8, false), x, &prompt{}, "the passphrase is empty"},
		"no answer": {lock(t, x.identity, "secret", 8, false), x, &prompt{err: gone}, "no terminal"},
		"costly":    {costly(lock(t, x.identity, "secret", 8, false)), x, &prompt{answer: "secret"}, "more work than 2^18"},
		"ssh wrong": {ed.identity, ed, &prompt{answer: "other"}, "the passphrase is wrong"},
		"ssh gone":  {ed.identity, ed, &prompt{err: gone}, "no terminal"},
		"cut":       {cut(lock(t, x.identity, "secret", 8, false)), x, &prompt{answer: "secret"}, "cut or changed"},
		"no key":    {lock(t, []byte("hello\n"), "secret", 8, false), x, &prompt{answer: "secret"}, "line 1: this is no identity"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids := read(t, c.file, seal.IdentityOptions{Prompt: c.prompt})
			file := sealed(t, place, c.opener.recipient)
			for range 2 {
				_, err := seal.Open(file, place, ids...)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want %q in it", err, c.want)
				}
				if errors.Is(err, seal.ErrDamaged) || errors.Is(err, seal.ErrNoIdentity) {
					t.Errorf("%v is blamed on the sealed file", err)
				}
				if c.prompt.err != nil && !errors.Is(err, c.prompt.err) {
					t.Errorf("%v does not wrap the prompt's error", err)
				}
			}
			if got := c.prompt.asked.Load(); got != 1 {
				t.Errorf("asked %d times", got)
			}
			if what := c.prompt.what.Load().(string); !strings.Contains(what, "key.txt") {
				t.Errorf("asked for %q", what)
			}
		})
	}
}

// costly raises the work factor of a locked file beyond what is tried.
func costly(file []byte) []byte { return bytes.Replace(file, []byte(" 8\n"), []byte(" 19\n"), 1) }

func cut(file []byte) []byte { return file[:len(file)-1] }

func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	x, ed := x25519(t), sshEd25519(t, "secret")
	for _, c := range []struct{ key pair }{{pair{x.recipient, lock(t, x.identity, "secret", 8, true), ""}}, {ed}} {
		_, err := seal.Open(sealed(t, place, c.key.recipient), place, identities(t, c.key)...)
		if err == nil || !strings.Contains(err.Error(), "nobody to ask") {
			t.Errorf("got %v", err)
		}
	}
}

// The identity that asks is not reached where another one fits, and its failure
// does not keep one after it from fitting.
func TestIdentitiesAreTriedInOrderOfNoise(t *testing.T) {
	t.Parallel()
	x, ed := x25519(t), sshEd25519(t, "secret")
	p := &prompt{answer: "wrong"}
	locked := read(t, lock(t, x.identity, "secret", 8, false), seal.IdentityOptions{Prompt: p})
	file := sealed(t, place, x.recipient, ed.recipient)
	if _, err := seal.Open(file, place, append(locked, identities(t, x)...)...); err != nil {
		t.Error(err)
	}
	if p.asked.Load() != 0 {
		t.Error("asked although a plain identity fits")
	}
	unlocked := read(t, ed.identity, seal.IdentityOptions{Prompt: &prompt{answer: "secret"}})
	if _, err := seal.Open(file, place, append(locked, unlocked...)...); err != nil {
		t.Errorf("a wrong passphrase hid an identity that fits: %v", err)
	}
}

func TestLockedIdentitiesConcurrently(t *testing.T) {
	t.Parallel()
	x, ed := x25519(t), sshEd25519(t, "secret")
	p := &prompt{answer: "secret"}
	ids := append(read(t, lock(t, x.identity, "secret", 8, false), seal.IdentityOptions{Prompt: p}),
		read(t, ed.identity, seal.IdentityOptions{Prompt: p})...)
	var wg sync.WaitGroup
	for _, file := range [][]byte{sealed(t, place, x.recipient), sealed(t, place, ed.recipient)} {
		for range 4 {
			wg.Go(func() {
				if _, err := seal.Open(file, place, ids...); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if p.asked.Load() != 2 {
		t.Errorf("asked %d times for two identities", p.asked.Load())
	}
}

func TestReadIdentitiesRefuses(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 the old format is what is tested
	old, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", der, []byte("secret"), x509.PEMCipherAES128)
	if err != nil {
		t.Fatal(err)
	}
	x := x25519(t)
	for text, want := range map[string]string{
		"":                                      "no identity",
		"# only a comment\n":                    "no identity",
		"hello\n":                               "line 1: this is no identity",
		"\n" + x.recipient.Key + "\n":           "line 2: this is a public key",
		sshEd25519(t, "").recipient.Key:         "line 1: this is a public key",
		string(x.identity[:40]):                 "line 1: this private key is damaged",
		"AGE-SECRET-KEY-PQ-1QQ\n":               "line 1: this private key is damaged",
		"AGE-PLUGIN-X-1QQ\n":                    "line 1: this private key is damaged",
		"age-secret-key-1qq\n":                  "line 1: this is no identity",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n": "no private key that age can use",
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})): "no private key that age can use",
		string(pem.EncodeToMemory(old)):                                            "ssh-keygen -p",
		strings.Repeat("# comment\n", 7000):                                        "longer than 65536 bytes",
		"\xff\xfe":                                                                 "line 1: this is no identity",
	} {
		_, err := seal.ReadIdentities(strings.NewReader(text), "key.txt", seal.IdentityOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "key.txt") {
			t.Errorf("%.40q: got %v, want %q in it", text, err, want)
		}
	}
	broken := errors.New("disk")
	if _, err := seal.ReadIdentities(iotest.ErrReader(broken), "key.txt", seal.IdentityOptions{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// A file locked to a key, not to a passphrase, has its own sentence.
func TestIdentityFileLockedToAKey(t *testing.T) {
	t.Parallel()
	x := x25519(t)
	ids := read(t, sealed(t, place, x.recipient), seal.IdentityOptions{Prompt: &prompt{}})
	_, err := seal.Open(sealed(t, place, x.recipient), place, ids...)
	if err == nil || !strings.Contains(err.Error(), "only a passphrase can be asked for") {
		t.Errorf("got %v", err)
	}
}

func TestGenerateIdentity(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	identity, recipient, err := seal.GenerateIdentity(now)
	if err != nil {
		t.Fatal(err)
	}
	text := reveal(identity)
	want := "# created: 2027-01-02T02:04:05Z\n# public key: " + recipient.Key + "\nAGE-SECRET-KEY-1"
	if !strings.HasPrefix(text, want) || !strings.HasSuffix(text, "\n") || strings.Count(text, "\n") != 3 {
		t.Error("the text is not that of an identity file")
	}
	if parse(t, recipient.Key) != recipient {
		t.Errorf("the recipient is not canonical: %v", recipient)
	}
	p := pair{recipient, []byte(text), "X25519"}
	file := sealed(t, place, recipient)
	if v, err := seal.Open(file, place, identities(t, p)...); err != nil || reveal(v) != canary {
		t.Error(err)
	}
	if out, err := stockAge(t, p, file); err != nil || out != canary {
		t.Errorf("age -d printed %q, %v", out, err)
	}
}

func FuzzReadIdentities(f *testing.F) {
	x := x25519(f)
	for _, p := range []pair{x, hybrid(f), sshEd25519(f, ""), sshEd25519(f, "secret"), sshRSA(f, "")} {
		f.Add(p.identity)
	}
	f.Add(lock(f, x.identity, "secret", 1, false))
	f.Add(lock(f, x.identity, "secret", 1, true))
	f.Add([]byte(ageplugin.EncodeIdentity("yubikey", []byte("data"))))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"))
	file := sealed(f, place, x.recipient)
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := seal.ReadIdentities(bytes.NewReader(b), "key.txt", seal.IdentityOptions{})
		if err == nil && len(ids) == 0 {
			t.Fatal("no identity and no error")
		}
		if err == nil {
			_, err = seal.Open(file, place, ids...)
		}
		if err == nil {
			return
		}
		hints := strings.NewReplacer("begin with AGE-SECRET-KEY- or AGE-PLUGIN-", "", "beginning with AGE-SECRET-KEY-", "")
		if seal.IsPrivateKey(hints.Replace(err.Error())) {
			t.Fatalf("the error shows a key: %v", err)
		}
	})
}
