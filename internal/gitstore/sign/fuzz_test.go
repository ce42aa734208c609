package sign

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// A list of signers either is refused, or names people with keys that are fit.
func FuzzParseSigners(f *testing.F) {
	key := keyText(ed25519Signer(f, 1).PublicKey())
	for _, c := range allowedCases {
		f.Add(strings.NewReplacer("KEY", key, "OTHER", key).Replace(c.text))
	}
	f.Add(fixedSigners)
	f.Add(fixedKeyRing)
	f.Add(`a namespaces="\"",valid-before="20270101" ` + key)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSigners([]byte(text))
		if err != nil {
			if s != nil {
				t.Error("an error and signers at once")
			}
			return
		}
		for _, signer := range s.ssh {
			if signer.key == nil || explainUnfit(signer.key) != "" || signer.principals == "" {
				t.Errorf("%+v may sign", signer)
			}
		}
		for _, key := range s.openpgp {
			if !strong(key.public) || key.name == "" && !strings.Contains(text, "BEGIN") {
				t.Errorf("%+v may sign", key)
			}
		}
	})
}

// Whatever a commit holds, the answer is a signer or one of the three errors,
// and only the good commits are accepted.
func FuzzVerify(f *testing.F) {
	signer := ed25519Signer(f, 1)
	good := string(signed([]byte(somePayload), newDraft(signer).sign(f, []byte(somePayload))))
	s := mustSigners(f, "ann "+keyText(signer.PublicKey())+"\n"+fixedKeyRing)
	f.Add(good)
	f.Add(fixedCommit)
	f.Add(somePayload)
	f.Add(strings.Replace(good, "gpgsig ", "gpgsig-sha256 ", 1))
	f.Fuzz(func(t *testing.T, raw string) {
		who, err := s.Verify([]byte(raw), far)
		_, isBad := errors.AsType[*BadSignatureError](err)
		_, isUnknown := errors.AsType[*UnknownSignerError](err)
		switch {
		case err == nil && payloadOf(raw) != somePayload && payloadOf(raw) != payloadOf(fixedCommit):
			t.Errorf("%+v is said to have signed %q", who, raw)
		case err != nil && !isBad && !isUnknown && !errors.Is(err, ErrUnsigned):
			t.Errorf("an error of another kind: %v", err)
		}
	})
}

func payloadOf(raw string) string {
	payload, _, _ := split([]byte(raw))
	return string(payload)
}

// Reading the armor and the packets of signatures, without the need to be found
// in a commit first.
func FuzzSignatures(f *testing.F) {
	f.Add(newDraft(ed25519Signer(f, 1)).sign(f, []byte(somePayload)))
	f.Add([]byte(strings.ReplaceAll(signatureOf(f, fixedCommit), "\r", "")))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseSSHSignature(text); err == nil {
			if string(ssh.Marshal(s.blob)) == "" || s.key == nil || s.blob.Namespace != "git" {
				t.Errorf("%+v", s)
			}
			_ = s.holds(s.key, text)
		}
		if s, err := parseOpenPGPSignature(text); err == nil {
			for _, key := range mustSigners(t, fixedKeyRing).openpgp {
				if key.holds(s, text, far) == nil {
					t.Error("a signature over its own text")
				}
			}
		}
	})
}

func signatureOf(t testing.TB, raw string) string {
	t.Helper()
	_, signature, err := split([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return string(signature)
}
