package sign

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/google/go-cmp/cmp"
)

// gpgWorld is a world with a key ring of its own. The folder of gpg's socket
// has to have a short path.
func gpgWorld(t testing.TB) *world {
	t.Helper()
	need(t, "gpg", "gpgconf")
	w := newWorld(t)
	dir, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	w.env["GNUPGHOME"] = dir
	t.Cleanup(func() {
		_, _ = w.try("", "gpgconf", "--kill", "all")
		os.RemoveAll(dir)
	})
	return w
}

// gpg runs it without questions.
func (w *world) gpg(args ...string) string {
	w.t.Helper()
	return w.run("", "gpg", append([]string{"--batch", "--yes", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"}, args...)...)
}

// at runs gpg as if it were another day.
func (w *world) gpgAt(day string, args ...string) string {
	w.t.Helper()
	return w.gpg(append([]string{"--faked-system-time", day + "T000000!"}, args...)...)
}

func (w *world) export(key string) string {
	w.t.Helper()
	return w.gpg("--armor", "--export", key) + "\n"
}

// fingerprints are those of the primary key and its subkeys.
func (w *world) fingerprints(key string) []string {
	w.t.Helper()
	var all []string
	for line := range strings.Lines(w.gpg("--with-colons", "--list-keys", key)) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			all = append(all, fields[9])
		}
	}
	return all
}

const ann = "Ann <ann@example.com>"

func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// far is a date after all that the tests do in the present.
var far = date("2090-01-01")

func TestOpenPGPBothWays(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "rsa2048", "nistp256"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := gpgWorld(t)
			w.gpg("--quick-generate-key", ann, kind, "sign", "never")
			signers, want := w.export(ann), Signer{Format: OpenPGP, Name: ann, Key: w.fingerprints(ann)[0]}

			payload := w.payload("state: apply") // no user.signingkey: the committer's
			signature, err := w.signer()(payload)
			if err != nil {
				t.Fatal(err)
			}
			ours := signed(payload, signature)
			w.run("", "git", "verify-commit", w.store(ours))
			for name, raw := range map[string][]byte{"ours": ours, "git's": w.commit("by git")} {
				who, err := Verify(raw, []byte(signers), far)
				if diff := cmp.Diff(want, who); diff != "" || err != nil {
					t.Errorf("%s: %v\n%s", name, err, diff)
				}
			}
		})
	}
}

// A subkey signs in the name of its primary key, and names itself.
func TestOpenPGPSubkey(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpg("--quick-generate-key", ann, "ed25519", "cert", "never")
	w.gpg("--quick-add-key", w.fingerprints(ann)[0], "ed25519", "sign", "never")
	keys := w.fingerprints(ann)
	w.configure("user.signingkey", keys[1]+"!")
	payload := w.payload("x")
	signature, err := w.signer()(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw := signed(payload, signature)
	if who, err := Verify(raw, []byte(w.export(ann)), far); err != nil || who.Key != keys[1] {
		t.Errorf("%+v, %v", who, err)
	}
}

// detached signs a payload on another day.
func (w *world) detached(day string, payload []byte) []byte {
	w.t.Helper()
	return w.detachedWith(day, payload)
}

func (w *world) detachedWith(day string, payload []byte, options ...string) []byte {
	w.t.Helper()
	file := w.write(filepath.Join(w.home, "payload"), string(payload), 0o600)
	return signed(payload, []byte(w.gpgAt(day, append(options, "--armor", "--detach-sign", "--output", "-", file)...)))
}

func TestOpenPGPDates(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpgAt("20240101", "--quick-generate-key", ann, "ed25519", "sign", "2025-01-01")
	raw := w.detached("20240601", w.payload("x"))
	first := w.export(ann)
	if _, err := Verify(raw, []byte(first), date("2024-06-01")); err != nil {
		t.Error("while it was valid:", err)
	}
	wantReason(t, raw, first, date("2025-06-01"), "it expired on 2025-01-01")
	wantReason(t, w.detached("20240601", w.payload("y")), first, far, "it expired")

	// A key's life is lengthened by a new signature over it, which is younger
	// than the commits that it was used for before.
	w.gpgAt("20241201", "--quick-set-expire", w.fingerprints(ann)[0], "2026-01-01")
	if _, err := Verify(raw, []byte(w.export(ann)), date("2024-06-01")); err != nil {
		t.Error("after its life was lengthened:", err)
	}
	if _, err := Verify(raw, []byte(w.export(ann)), date("2025-06-01")); err != nil {
		t.Error("in the time added:", err)
	}
}

func wantReason(t *testing.T, raw []byte, signers string, when time.Time, reason string) {
	t.Helper()
	_, err := Verify(raw, []byte(signers), when)
	unknown, ok := errors.AsType[*UnknownSignerError](err)
	if !ok || !strings.Contains(unknown.Reason, reason) {
		t.Errorf("got %v, want an unknown signer for %q", err, reason)
	}
}

// revoke makes the key's owner take it back, for one of gpg's numbered reasons.
func (w *world) revoke(day, reason string) {
	w.t.Helper()
	fingerprint := w.fingerprints(ann)[0]
	certificate := w.run("y\n"+reason+"\n\ny\n", "gpg", "--quiet", "--no-tty", "--command-fd", "0", "--passphrase", "",
		"--pinentry-mode", "loopback", "--faked-system-time", day+"T000000!", "--gen-revoke", fingerprint)
	w.run(certificate, "gpg", "--batch", "--quiet", "--import")
}

func TestOpenPGPRevoked(t *testing.T) {
	t.Parallel()
	for reason, validBefore := range map[string]bool{"0": false, "1": false, "2": true, "3": true} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w := gpgWorld(t)
			w.gpgAt("20240101", "--quick-generate-key", ann, "ed25519", "sign", "never")
			raw := w.detached("20240601", w.payload("x"))
			w.revoke("20250101", reason)
			signers := w.export(ann)
			_, err := Verify(raw, []byte(signers), date("2024-06-01"))
			if validBefore != (err == nil) {
				t.Errorf("before it was revoked: %v", err)
			}
			wantReason(t, raw, signers, date("2025-06-01"), "it was re")
		})
	}
}

func TestBadOpenPGPSignatures(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpgAt("20240101", "--quick-generate-key", ann, "ed25519", "sign", "never")
	payload := w.payload("x")
	file := w.write(filepath.Join(w.home, "payload"), string(payload), 0o600)
	for name, c := range map[string]struct {
		args   []string
		reason string
	}{
		"text":      {[]string{"--textmode"}, "not for files"},
		"SHA-1":     {[]string{"--digest-algo", "SHA1", "--allow-weak-digest-algos"}, "forged"},
		"condition": {[]string{"--sig-notation", "!x@example.com=y"}, "conditions"},
		"expired":   {[]string{"--default-sig-expire", "1d"}, "expired"},
	} {
		args := append(c.args, "--armor", "--detach-sign", "--output", "-", file)
		raw := signed(payload, []byte(w.gpgAt("20240601", args...)))
		wantBad(t, name, raw, w.export(ann), date("2024-07-01"), c.reason)
	}
	once, _ := unarmor([]byte(w.gpgAt("20240601", "--armor", "--detach-sign", "--output", "-", file)), beginOpenPGP, endOpenPGP)
	text := beginOpenPGP + "\n\n" + base64.StdEncoding.EncodeToString(append(once, once...)) + "\n" + endOpenPGP
	wantBad(t, "twice", signed(payload, []byte(text)), w.export(ann), far, "one OpenPGP signature")
}

func wantBad(t *testing.T, name string, raw []byte, signers string, when time.Time, reason string) {
	t.Helper()
	_, err := Verify(raw, []byte(signers), when)
	if bad, ok := errors.AsType[*BadSignatureError](err); !ok || !strings.Contains(bad.Reason, reason) {
		t.Errorf("%s: got %v, want a bad signature for %q", name, err, reason)
	}
}

func TestOpenPGPKeysRefused(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpg("--quick-generate-key", "Short <short@example.com>", "rsa1024", "sign", "never")
	w.gpg("--quick-generate-key", "Cert <cert@example.com>", "ed25519", "cert", "never")
	for key, want := range map[string]string{"short@example.com": "too weak", "cert@example.com": "is for signing"} {
		if _, err := ParseSigners([]byte(w.export(key))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// Only subkeys for signing sign, and each has a life of its own.
func TestOpenPGPSubkeys(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpgAt("20240101", "--quick-generate-key", ann, "ed25519", "cert", "never")
	primary := w.fingerprints(ann)[0]
	w.gpgAt("20240101", "--quick-add-key", primary, "ed25519", "sign", "2025-01-01")
	w.gpgAt("20240101", "--quick-add-key", primary, "ed25519", "auth", "never")
	signers := w.export(ann)
	if s := mustSigners(t, signers); len(s.openpgp) != 1 {
		t.Errorf("%d keys can sign", len(s.openpgp))
	}
	raw := w.detached("20240601", w.payload("x"))
	if _, err := Verify(raw, []byte(signers), date("2024-06-01")); err != nil {
		t.Error(err)
	}
	wantReason(t, raw, signers, date("2025-06-01"), "it expired on 2025-01-01")
}

// A signature is judged on its own day as well as on the one asked about, which
// is the committer's to choose.
func TestOpenPGPOtherDays(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpgAt("20240101", "--quick-generate-key", ann, "ed25519", "sign", "never")
	signers := w.export(ann)
	early := w.detachedWith("20230101", w.payload("x"), "--ignore-time-conflict")
	wantReason(t, early, signers, far, "after the signature")
	w.gpgAt("20240201", "--quick-set-expire", w.fingerprints(ann)[0], "2025-01-01")
	short := w.export(ann)
	w.gpgAt("20240301", "--quick-set-expire", w.fingerprints(ann)[0], "never")
	late := w.detached("20250601", w.payload("y"))
	wantReason(t, late, short, date("2024-06-01"), "it expired on 2025-01-01")
}

// Nobody takes back a key that is not theirs.
func TestForgedRevocation(t *testing.T) {
	t.Parallel()
	made := &packet.Config{Time: func() time.Time { return date("2024-01-01") }}
	keys := make([]*openpgp.Entity, 2)
	for i := range keys {
		e, err := openpgp.NewEntity("Ann", "", "ann@example.com", made)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = e
	}
	if err := keys[1].Revoke(packet.KeyCompromised, "", made); err != nil {
		t.Fatal(err)
	}
	for i, revoked := range []bool{false, true} {
		keys[i].Revocations, keys[i].PrivateKey = keys[1].Revocations, nil
		own, err := signingKeys(keys[i])
		if err != nil || own[0].until.IsZero() == revoked {
			t.Errorf("key %d: %+v, %v", i, own, err)
		}
	}
}

// Whatever is changed in the commit, the signature does not hold any more.
func TestOpenPGPTampered(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpg("--quick-generate-key", ann, "ed25519", "sign", "never")
	payload := w.payload("x")
	signature, err := w.signer()(payload)
	if err != nil {
		t.Fatal(err)
	}
	signers, err := ParseSigners([]byte(w.export(ann)))
	if err != nil {
		t.Fatal(err)
	}
	raw := signed(payload, signature)
	start := strings.Index(string(raw), "gpgsig ") + len("gpgsig ")
	end := start + strings.Index(string(raw[start:]), "\n\n")
	for i := range raw {
		if start <= i && i < end {
			continue // OpenPGP leaves parts of the signature itself unprotected
		}
		refusedWith(t, signers, flipped(raw, i), i)
	}
}
