package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// draft is a signature of OpenSSH's format in the making, for tests to spoil.
type draft struct {
	signer    ssh.Signer
	algorithm string
	blob      sshBlob
	behind    []byte // put after the key's own signature
}

func newDraft(signer ssh.Signer) draft {
	algorithm := signer.PublicKey().Type()
	if algorithm == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	return draft{signer: signer, algorithm: algorithm, blob: sshBlob{
		Magic: magic, Version: 1, Key: signer.PublicKey().Marshal(), Namespace: "git", Hash: "sha512",
	}}
}

func (d draft) sign(t testing.TB, payload []byte) []byte {
	t.Helper()
	digest := sha512.Sum512(payload)
	message := ssh.Marshal(sshMessage{magic, d.blob.Namespace, d.blob.Reserved, d.blob.Hash, digest[:]})
	if d.blob.Hash == "sha256" {
		digest := sha256.Sum256(payload)
		message = ssh.Marshal(sshMessage{magic, d.blob.Namespace, d.blob.Reserved, d.blob.Hash, digest[:]})
	}
	made, err := d.signer.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, message, d.algorithm)
	if err != nil {
		t.Fatal(err)
	}
	d.blob.Signature = append(ssh.Marshal(made), d.behind...)
	return armor64(ssh.Marshal(d.blob))
}

func armor64(data []byte) []byte {
	text := base64.StdEncoding.EncodeToString(data)
	var out strings.Builder
	out.WriteString(beginSSH + "\n")
	for len(text) > 70 {
		out.WriteString(text[:70] + "\n")
		text = text[70:]
	}
	return []byte(out.String() + text + "\n" + endSSH + "\n")
}

func ed25519Signer(t testing.TB, seed byte) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rsaSigner(t testing.TB, bits int) ssh.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keyText is a public key as files have it.
func keyText(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

const somePayload = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor Ann <ann@example.com> 1767225600 +0000\n" +
	"committer Ann <ann@example.com> 1767225600 +0000\n\nstate: apply\n\nSerial: 1\n"

func mustSigners(t testing.TB, text string) *Signers {
	t.Helper()
	s, err := ParseSigners([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func flipped(raw []byte, i int) []byte {
	changed := bytes.Clone(raw)
	changed[i] ^= 1
	return changed
}

// refusedWith fails where a commit with the byte at i changed is accepted.
func refusedWith(t *testing.T, s *Signers, raw []byte, i int) {
	t.Helper()
	if who, err := s.Verify(raw, far); err == nil || who != (Signer{}) {
		t.Errorf("with byte %d changed, %q was accepted: %+v, %v", i, raw[max(0, i-10):min(len(raw), i+10)], who, err)
	}
}

// Every byte of a commit counts, those of the signature included.
func TestSSHTampered(t *testing.T) {
	t.Parallel()
	signer := ed25519Signer(t, 1)
	raw := signed([]byte(somePayload), newDraft(signer).sign(t, []byte(somePayload)))
	s := mustSigners(t, "ann "+keyText(signer.PublicKey()))
	if who, err := s.Verify(raw, far); err != nil || who.Name != "ann" {
		t.Fatalf("untouched: %+v, %v", who, err)
	}
	for i := range raw {
		refusedWith(t, s, flipped(raw, i), i)
		refusedWith(t, s, append(bytes.Clone(raw[:i]), raw[i+1:]...), i)
		if i > 0 { // nothing is a prefix of something good
			refusedWith(t, s, raw[:i], i-1)
		}
	}
}

func TestBadSSHSignatures(t *testing.T) {
	t.Parallel()
	signer, payload := ed25519Signer(t, 1), []byte(somePayload)
	signers := "ann " + keyText(signer.PublicKey())
	good := newDraft(signer).sign(t, payload)
	spoilt := func(spoil func(*draft)) []byte {
		d := newDraft(signer)
		spoil(&d)
		return d.sign(t, payload)
	}
	for name, c := range map[string]struct {
		signature []byte
		reason    string
	}{
		"for files":           {spoilt(func(d *draft) { d.blob.Namespace = "file" }), `for "file"`},
		"future version":      {spoilt(func(d *draft) { d.blob.Version = 2 }), "version 2"},
		"weak hash":           {spoilt(func(d *draft) { d.blob.Hash = "md5" }), `"md5"`},
		"other magic":         {spoilt(func(d *draft) { d.blob.Magic[0] = 'X' }), "damaged"},
		"text behind":         {spoilt(func(d *draft) { d.behind = []byte("x") }), "damaged"},
		"no key":              {spoilt(func(d *draft) { d.blob.Key = nil }), "key in it"},
		"of something else":   {newDraft(signer).sign(t, []byte("else")), "over this commit"},
		"other key's":         {spoilt(func(d *draft) { d.signer = ed25519Signer(t, 2) }), "over this commit"},
		"text before":         {append([]byte("x\n"), good...), "neither an SSH nor"},
		"text after":          {append(bytes.Clone(good), "x"...), "text stands around"},
		"another behind":      {append(bytes.Clone(good), good...), "damaged"},
		"cut off":             {good[:len(good)-10], "cut off"},
		"empty":               {nil, "neither"},
		"X.509":               {[]byte(beginX509 + "\nx\n-----END SIGNED MESSAGE-----\n"), "X.509"},
		"huge":                {bytes.Repeat([]byte("x"), maxSignature+1), "longer"},
		"blanks in the lines": {bytes.Replace(good, []byte("U1NIU0lH"), []byte("U1NI U0lH"), 1), "damaged"},
	} {
		_, err := Verify(signed(payload, c.signature), []byte(signers), far)
		bad, ok := errors.AsType[*BadSignatureError](err)
		if !ok || !strings.Contains(bad.Reason, c.reason) {
			t.Errorf("%s: got %v, want a bad signature for %q", name, err, c.reason)
		}
	}
}

func TestSHA256AndReserved(t *testing.T) {
	t.Parallel()
	signer, payload := ed25519Signer(t, 1), []byte(somePayload)
	d := newDraft(signer)
	d.blob.Hash, d.blob.Reserved = "sha256", "for later"
	if _, err := Verify(signed(payload, d.sign(t, payload)), []byte("ann "+keyText(signer.PublicKey())), far); err != nil {
		t.Error(err)
	}
}

// Some programs leave a blank line behind the signature.
func TestBlankLineBehind(t *testing.T) {
	t.Parallel()
	raw := strings.Replace(fixedSSHCommit, " "+endSSH+"\n", " "+endSSH+"\n \n", 1)
	if _, err := Verify([]byte(raw), []byte(fixedSigners), far); err != nil || raw == fixedSSHCommit {
		t.Error(err)
	}
}

func TestTwoSignatures(t *testing.T) {
	t.Parallel()
	signer, payload := ed25519Signer(t, 1), []byte(somePayload)
	raw := signed(payload, newDraft(signer).sign(t, payload))
	for _, header := range []string{"gpgsig", "gpgsig-sha256"} {
		twice := bytes.Replace(signed(raw, []byte("x")), []byte("\ngpgsig x\n"), []byte("\n"+header+" x\n"), 1)
		_, err := Verify(twice, []byte("ann "+keyText(signer.PublicKey())), far)
		if bad, ok := errors.AsType[*BadSignatureError](err); !ok || !strings.Contains(bad.Reason, "there are 2") {
			t.Errorf("%s: %v", header, err)
		}
	}
}

func TestRSA(t *testing.T) {
	t.Parallel()
	long, short, payload := rsaSigner(t, 2048), rsaSigner(t, 1024), []byte(somePayload)
	signers := "ann " + keyText(long.PublicKey())
	for algorithm, ok := range map[string]bool{ssh.KeyAlgoRSASHA256: true, ssh.KeyAlgoRSASHA512: true, ssh.KeyAlgoRSA: false} {
		d := newDraft(long)
		d.algorithm = algorithm
		if _, err := Verify(signed(payload, d.sign(t, payload)), []byte(signers), far); (err == nil) != ok {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
	wantReason(t, signed(payload, newDraft(short).sign(t, payload)), signers, far, "2048 bits")
	if _, err := ParseSigners([]byte("ann " + keyText(short.PublicKey()))); err == nil {
		t.Error("a short RSA key may sign")
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	signer, payload := ed25519Signer(t, 1), []byte(somePayload)
	certificate := &ssh.Certificate{Key: signer.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"ann"}, ValidBefore: ssh.CertTimeInfinity}
	if err := certificate.SignCert(rand.Reader, ed25519Signer(t, 2)); err != nil {
		t.Fatal(err)
	}
	d := newDraft(signer)
	d.blob.Key = certificate.Marshal()
	raw := signed(payload, d.sign(t, payload))
	wantReason(t, raw, "ann "+keyText(signer.PublicKey()), far, "certificate")
	if _, err := ParseSigners([]byte("ann " + keyText(certificate))); err == nil {
		t.Error("a certificate may sign")
	}
}

// touched is a security key that says whether somebody touched it.
type touched struct {
	private ed25519.PrivateKey
	flags   byte
}

func (k touched) sign(data []byte) *ssh.Signature {
	app, message := sha256.Sum256([]byte("ssh:")), sha256.Sum256(data)
	rest := []byte{k.flags, 0, 0, 0, 7}
	blob := bytes.Join([][]byte{app[:], rest, message[:]}, nil)
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(k.private, blob), Rest: rest}
}

func TestSecurityKeys(t *testing.T) {
	t.Parallel()
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, private.Public().(ed25519.PublicKey), "ssh:"}))
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte(somePayload)
	for flags, ok := range map[byte]bool{0: false, 1: true, 5: true} {
		digest := sha512.Sum512(payload)
		message := ssh.Marshal(sshMessage{magic, "git", "", "sha512", digest[:]})
		made := touched{private, flags}.sign(message)
		text := armor64(ssh.Marshal(sshBlob{magic, 1, key.Marshal(), "git", "", "sha512", ssh.Marshal(made)}))
		if _, err := Verify(signed(payload, text), []byte("ann "+keyText(key)), far); (err == nil) != ok {
			t.Errorf("flags %d: %v", flags, err)
		}
	}
}

func TestUnlistedKey(t *testing.T) {
	t.Parallel()
	signer, payload := ed25519Signer(t, 1), []byte(somePayload)
	_, err := Verify(signed(payload, newDraft(signer).sign(t, payload)), []byte(fixedSigners), time.Time{})
	unknown, ok := errors.AsType[*UnknownSignerError](err)
	if !ok || unknown.Reason != "" || unknown.Key != ssh.FingerprintSHA256(signer.PublicKey()) {
		t.Errorf("%+v, %v", unknown, err)
	}
}

// The longest histories have a hundred thousand commits.
func BenchmarkVerify(b *testing.B) {
	s := mustSigners(b, fixedSigners+fixedKeyRing)
	for name, raw := range map[string]string{"ssh": fixedSSHCommit, "openpgp": fixedCommit} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Verify([]byte(raw), far); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseSigners(b *testing.B) {
	for name, text := range map[string]string{"ssh": fixedSigners, "openpgp": fixedKeyRing} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				mustSigners(b, text)
			}
		})
	}
}
