package seal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// tagKey is a public key as a hardware-backed plugin prints it: a compressed
// point of P-256.
func tagKey(t testing.TB) string {
	t.Helper()
	return ageplugin.EncodeRecipient("tag", compressedPoint(t))
}

func compressedPoint(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return elliptic.MarshalCompressed(elliptic.P256(), key.X, key.Y)
}

func authorizedKey(t testing.TB, public any) string {
	t.Helper()
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func TestParseRecipient(t *testing.T) {
	t.Parallel()
	x, pq, ed, rsa := x25519(t).recipient, hybrid(t).recipient, sshEd25519(t, "").recipient, sshRSA(t, "").recipient
	tagged, plugged := tagKey(t), ageplugin.EncodeRecipient("never-installed", []byte("data"))
	for _, c := range []struct {
		text, key string
		kind      model.RecipientKind
	}{
		{x.Key, x.Key, model.RecipientX25519},
		{"\t " + x.Key + " \r\n", x.Key, model.RecipientX25519},
		{pq.Key, pq.Key, model.RecipientHybrid},
		{tagged, tagged, model.RecipientTag},
		{ed.Key, ed.Key, model.RecipientSSHEd25519},
		{"  " + ed.Key + "  me@host, my laptop\n", ed.Key, model.RecipientSSHEd25519},
		{strings.Replace(ed.Key, " ", "   ", 1), ed.Key, model.RecipientSSHEd25519},
		{rsa.Key + " me@host", rsa.Key, model.RecipientSSHRSA},
		{plugged, plugged, model.RecipientPlugin},
	} {
		got, err := seal.ParseRecipient(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if want := (model.Recipient{Key: c.key, Kind: c.kind}); got != want {
			t.Errorf("%q: got %v, want %v", c.text, got, want)
		}
		if again, err := seal.ParseRecipient(got.Key); err != nil || again != got {
			t.Errorf("the canonical key %q reads as %v, %v", got.Key, again, err)
		}
	}
}

func TestParseRecipientRefuses(t *testing.T) {
	t.Parallel()
	x, ed := x25519(t).recipient.Key, sshEd25519(t, "").recipient.Key
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other := "q"
	if x[20] == 'q' {
		other = "p"
	}
	for text, want := range map[string]string{
		"":                                      "empty",
		" \n":                                   "empty",
		"alice":                                 "not a public key that age knows",
		x[:len(x)-1]:                            "damaged",
		x[:20] + other + x[21:]:                 "damaged",
		strings.ToUpper(x):                      "lower case",
		"Age1" + x[4:]:                          "lower case",
		x + " alice":                            "text follows",
		x + "\n" + x:                            "one line",
		x + "\r" + x:                            "one line",
		"age1":                                  "damaged",
		"age1-plugin1":                          "damaged",
		"age1pq1" + x[4:]:                       "damaged",
		"age1" + strings.Repeat("q", 9e3):       "too long",
		"ssh-ed25519":                           "not a public key that age knows",
		"ssh-ed25519 ":                          "not a public key that age knows",
		"ssh-ed25519 !!!":                       "damaged",
		"ssh-rsa " + strings.Fields(ed)[1]:      "damaged",
		`from="host" ` + ed:                     "not a public key that age knows",
		authorizedKey(t, small.Public()):        "at least 2048 bits",
		authorizedKey(t, ec.Public()):           "ECDSA",
		"sk-ssh-ed25519@openssh.com AAAA":       "security keys",
		"ssh-dss AAAA":                          "DSA",
		"ssh-ed25519-cert-v01@openssh.com AAAA": "certificate",
		ageplugin.EncodeRecipient("tag", make([]byte, 33)):   "damaged",
		ageplugin.EncodeRecipient("tagpq", make([]byte, 33)): "damaged",
	} {
		_, err := seal.ParseRecipient(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

// A key whose shared secret is always zero seals to nobody, or to everybody.
func TestParseRecipientRefusesLowOrder(t *testing.T) {
	t.Parallel()
	key, err := ageplugin.EncodeX25519Recipient(zeroPoint(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := age.ParseX25519Recipient(key); err != nil {
		t.Fatal("age refuses it by itself:", err)
	}
	if _, err := seal.ParseRecipient(key); err == nil || !strings.Contains(err.Error(), "degenerate") {
		t.Errorf("got %v", err)
	}
}

// privateKeys are every form of private key that somebody could paste.
func privateKeys(t testing.TB) map[string]string {
	t.Helper()
	x, pq, ed := string(x25519(t).identity), string(hybrid(t).identity), string(sshEd25519(t, "").identity)
	block, _ := pem.Decode([]byte(ed))
	if block == nil {
		t.Fatal("no PEM")
	}
	body := strings.Split(ed, "\n")[1]
	return map[string]string{
		"x25519": x, "hybrid": pq, "pem": ed, "lower case": strings.ToLower(x), "blanks": "  \t" + x,
		"plugin":     ageplugin.EncodeIdentity("yubikey", []byte("data-of-the-identity")),
		"rsa pem":    string(sshRSA(t, "").identity),
		"locked":     string(sshEd25519(t, "passphrase").identity),
		"pkcs8":      string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: block.Bytes})),
		"body only":  body,
		"after age1": "age1" + x,
		"broken":     x[:30] + "1" + x[31:],
		"with name":  "alice: " + x,
		"packed":     base64.StdEncoding.EncodeToString([]byte(x)),
		"packed, 1":  base64.StdEncoding.EncodeToString([]byte("1" + x)),
		"packed, 2":  base64.StdEncoding.EncodeToString([]byte("22" + x)),
		"packed pem": base64.URLEncoding.EncodeToString([]byte(ed)),
	}
}

// assertNoKey looks for any eight characters in a row of the key's secret part.
func assertNoKey(t *testing.T, what, key, text string) {
	t.Helper()
	for line := range strings.Lines(key) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "-----") {
			continue
		}
		for _, public := range []string{"AGE-SECRET-KEY-", "AGE-PLUGIN-"} {
			if i := strings.Index(strings.ToUpper(line), public); i >= 0 {
				line = line[i+len(public):]
			}
		}
		for i := 0; i+8 <= len(line); i++ {
			if part := line[i : i+8]; strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
				t.Errorf("%s shows %q of the private key: %s", what, part, text)
				return
			}
		}
	}
}

func TestPrivateKeysAreNotShown(t *testing.T) {
	t.Parallel()
	for name, key := range privateKeys(t) {
		_, err := seal.ParseRecipient(key)
		if !errors.Is(err, seal.ErrPrivateKey) {
			t.Errorf("%s as a recipient: got %v", name, err)
			continue
		}
		assertNoKey(t, name+" as a recipient", key, err.Error())
		if !seal.IsPrivateKey(key) {
			t.Errorf("%s is not taken for a private key", name)
		}
		for _, r := range []model.Recipient{{Key: key}, {Key: key, Kind: model.RecipientX25519}, {Key: key, Kind: model.RecipientHybrid}} {
			if err := seal.CheckMix([]model.Recipient{x25519(t).recipient, r}); err != nil {
				assertNoKey(t, name+" in a mix", key, err.Error())
			}
			_, err := seal.NewSealer(seal.Options{}).Seal(t.Context(), place, []model.Recipient{r}, value())
			assertNoKey(t, name+" when sealing", key, err.Error())
		}
		if _, err := seal.Open([]byte(key), place, identities(t, x25519(t))...); err == nil {
			t.Errorf("%s was opened", name)
		} else {
			assertNoKey(t, name+" as a sealed file", key, err.Error())
		}
		for what, text := range map[string]string{"whole": key, "cut": key[:len(key)-9], "edited": key[:len(key)/2] + "1" + key[len(key)/2+1:], "indented": "x" + key} {
			if _, err := seal.ReadIdentities(strings.NewReader(text), "key.txt", seal.IdentityOptions{}); err != nil {
				assertNoKey(t, name+" "+what+" as an identity", key, err.Error())
			}
		}
	}
}

// A key that came along in an error is hidden wherever it stands, and nothing
// else of the text is.
func TestPrivateKeysAreHidden(t *testing.T) {
	t.Parallel()
	for name, key := range privateKeys(t) {
		for _, form := range []string{"error: open /home/alice/%s: no such file\n", "{\n  \"message\": \"open %s\",\n  \"exit_code\": 1\n}\n", "%s"} {
			before, after, _ := strings.Cut(form, "%s")
			got := string(seal.HidePrivateKeys([]byte(before + key + after)))
			assertNoKey(t, name+" in "+form, key, got)
			if !strings.HasPrefix(got, before) || strings.Contains(form, "exit_code") && !strings.HasSuffix(got, after) {
				t.Errorf("%s: the text around it is gone: %q", name, got)
			}
		}
	}
	for _, text := range []string{
		"", "those begin with AGE-SECRET-KEY- or AGE-PLUGIN-", "AGE-SECRET-KEY-1…", "age-plugin-yubikey: touch it", "open /usr/bin/age-plugin-tpm: no",
		x25519(t).recipient.Key, hybrid(t).recipient.Key, sshEd25519(t, "").recipient.Key, sshRSA(t, "").recipient.Key,
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	} {
		if got := string(seal.HidePrivateKeys([]byte(text))); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestPublicKeysAreNotPrivate(t *testing.T) {
	t.Parallel()
	for _, p := range []pair{x25519(t), hybrid(t), sshEd25519(t, ""), sshRSA(t, "")} {
		if seal.IsPrivateKey(p.recipient.Key) {
			t.Errorf("%s is taken for a private key", p.recipient.Key)
		}
	}
}

func TestCheckMix(t *testing.T) {
	t.Parallel()
	of := func(kinds ...model.RecipientKind) (rs []model.Recipient) {
		for _, k := range kinds {
			rs = append(rs, model.Recipient{Name: "n-" + string(k), Key: string(k), Kind: k})
		}
		return rs
	}
	for _, c := range []struct {
		rs []model.Recipient
		ok bool
	}{
		{nil, false},
		{of(model.RecipientX25519), true},
		{of(model.RecipientX25519, model.RecipientSSHEd25519, model.RecipientSSHRSA, model.RecipientTag, model.RecipientPlugin), true},
		{of(model.RecipientHybrid, model.RecipientTagHybrid), true},
		{of(model.RecipientHybrid, model.RecipientX25519), false},
		{of(model.RecipientX25519, model.RecipientX25519, model.RecipientTagHybrid), false},
		{of(model.RecipientTag, model.RecipientTagHybrid), false},
		{of(model.RecipientHybrid, model.RecipientPlugin), false},
	} {
		if err := seal.CheckMix(c.rs); (err == nil) != c.ok {
			t.Errorf("%v: got %v", c.rs, err)
		}
	}
	err := seal.CheckMix(of(model.RecipientX25519, model.RecipientHybrid))
	for _, name := range []string{"n-x25519", "n-hybrid"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

// The kinds that only hardware opens are sealed to as well.
func TestTagHeader(t *testing.T) {
	t.Parallel()
	file := sealed(t, place, parse(t, tagKey(t)), x25519(t).recipient)
	header, err := seal.Inspect(file)
	if err != nil || strings.Join(header.Stanzas, " ") != "p256tag X25519" {
		t.Errorf("got %v, %v", header, err)
	}
}

func FuzzParseRecipient(f *testing.F) {
	for _, p := range []pair{x25519(f), hybrid(f), sshEd25519(f, ""), sshRSA(f, "")} {
		f.Add(p.recipient.Key)
		f.Add(string(p.identity))
	}
	f.Add(tagKey(f))
	f.Add(ageplugin.EncodeRecipient("yubikey", []byte("data")))
	f.Add("age1")
	f.Add("ssh-rsa AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := seal.ParseRecipient(s)
		if err != nil {
			if trimmed := strings.TrimSpace(s); len(trimmed) > 12 && strings.Contains(err.Error(), trimmed) {
				t.Fatalf("the error repeats its input: %v", err)
			}
			return
		}
		if r.Name != "" || strings.TrimSpace(r.Key) != r.Key || strings.ContainsAny(r.Key, "\r\n\t") {
			t.Fatalf("%q reads as %v", s, r)
		}
		if again, err := seal.ParseRecipient(r.Key); err != nil || again != r {
			t.Fatalf("%v reads back as %v, %v", r, again, err)
		}
		if r.Kind == model.RecipientPlugin {
			return
		}
		if _, err := seal.NewSealer(seal.Options{}).Seal(t.Context(), place, []model.Recipient{r}, value()); err != nil {
			t.Fatalf("%v is accepted and cannot be sealed to: %v", r, err)
		}
	})
}

func BenchmarkParseRecipient(b *testing.B) {
	for name, p := range map[string]pair{"X25519": x25519(b), "Hybrid": hybrid(b), "Ed25519": sshEd25519(b, "")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := seal.ParseRecipient(p.recipient.Key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
