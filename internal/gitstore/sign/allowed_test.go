package sign

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A list and what it says about a commit of 2026-01-01 00:00 UTC, signed by key.
// KEY stands for that key, and OTHER for another one.
var allowedCases = map[string]struct {
	text string
	ok   bool
}{
	"plain":                     {"ann@example.com KEY", true},
	"comment and blanks":        {"# who may\n\n  \t\nann@example.com\t KEY a comment, with=\"signs\n", true},
	"windows":                   {"# who may\r\nann@example.com KEY\r\n", true},
	"several names":             {"ann@example.com,bob@example.com KEY", true},
	"patterns":                  {"*@example.com,!bob@example.com KEY", true},
	"quoted name":               {`"ann@example.com" KEY`, true},
	"other key":                 {"ann@example.com OTHER", false},
	"second line":               {"ann@example.com OTHER\nann@example.com KEY\n", true},
	"for git":                   {`ann@example.com namespaces="git" KEY`, true},
	"for git and files":         {`ann@example.com namespaces="file,git" KEY`, true},
	"for patterns":              {`ann@example.com namespaces="g?t*" KEY`, true},
	"not for git":               {`ann@example.com namespaces="file" KEY`, false},
	"for all but git":           {`ann@example.com namespaces="*,!git" KEY`, false},
	"capitals":                  {`ann@example.com NAMESPACES="git" KEY`, true},
	"valid":                     {`ann@example.com valid-after="20250101Z",valid-before="20270101Z" KEY`, true},
	"not yet":                   {`ann@example.com valid-after="20260101000001Z" KEY`, false},
	"from that second":          {`ann@example.com valid-after="20260101000000Z" KEY`, true},
	"not any more":              {`ann@example.com valid-before="20251231235959Z" KEY`, false},
	"until that second":         {`ann@example.com valid-before="202601010000Z" KEY`, true},
	"all at once":               {`ann@example.com valid-after="20250101Z",namespaces="git" KEY`, true},
	"once outdated, then again": {"ann@example.com valid-before=\"20250101Z\" KEY\nann@example.com valid-after=\"20250601Z\" KEY\n", true},
	"without a zone":            {`ann@example.com valid-after="20250101",valid-before="20270101" KEY`, true},
}

// What a list says is what OpenSSH says, asked by git.
func TestAllowedSignersAsOpenSSH(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, other := w.key("id"), w.key("other")
	w.env["TZ"] = "UTC"
	w.configure("gpg.format", "ssh", "user.signingkey", key+".pub")
	payload := w.payload("x")
	signature, err := w.signer()(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw := signed(payload, signature)
	hash := w.store(raw)
	public := func(path string) string { return strings.Join(strings.Fields(w.read(path + ".pub"))[:2], " ") }
	keys := strings.NewReplacer("KEY", public(key), "OTHER", public(other))
	file := filepath.Join(w.home, "allowed")
	w.run("", "git", "config", "gpg.ssh.allowedSignersFile", file)
	for name, c := range allowedCases {
		text := keys.Replace(c.text)
		w.write(file, text, 0o600)
		out, gitErr := w.try("", "git", "verify-commit", hash)
		who, err := Verify(raw, []byte(text), time.Unix(1767225600, 0))
		if (err == nil) != c.ok || (gitErr == nil) != c.ok {
			t.Errorf("%s: want %v; we say %+v, %v; git says %v %s", name, c.ok, who, err, gitErr, out)
		}
	}
}

func TestSignersRefused(t *testing.T) {
	t.Parallel()
	key := keyText(ed25519Signer(t, 1).PublicKey())
	private := "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
	for name, c := range map[string]struct{ text, want string }{
		"empty":             {"", "empty"},
		"comments":          {"# nobody\n", "empty"},
		"large":             {strings.Repeat("#\n", maxSigners), "4 MiB"},
		"no key":            {"# one\nann@example.com\n", "line 2: it has no public key"},
		"no name":           {key, "no public key"},
		"only negations":    {"!ann@example.com " + key, "names nobody"},
		"empty name":        {`"" ` + key, "names nobody"},
		"damaged key":       {"ann " + key[:40], "no public key"},
		"unknown option":    {`ann touch-required ` + key, `"touch-required"`},
		"certificates":      {"ann cert-authority " + key, "cert-authority is not followed"},
		"certificates too":  {`ann namespaces="git",CERT-AUTHORITY ` + key, "cert-authority is not followed"},
		"no value":          {"ann namespaces " + key, "needs a value"},
		"empty value":       {`ann namespaces="" ` + key, "needs a value"},
		"no time":           {`ann valid-after="soon" ` + key, "valid-after is a time"},
		"no day":            {`ann valid-after="20250230" ` + key, "valid-after is a time"},
		"open quote":        {`ann namespaces="git ` + key, "quote"},
		"open quote of who": {`"ann ` + key, "quote"},
		"comma at the end":  {`ann namespaces="git", ` + key, "commas"},
		"options of a key":  {`ann namespaces=git ` + key, "commas"},
		"private key":       {"-----BEGIN OPENSSH PRIVATE KEY-----\n" + private, "private key"},
		"private PGP key":   {"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + private, "private key"},
		"open block":        {beginKey + "\n\nxsFNBF\n", "no -----END"},
		"damaged block":     {beginKey + "\n\nxsFNBF\n" + endKey + "\n", "line 4: this OpenPGP key block is damaged"},
		"empty block":       {beginKey + "\n" + endKey + "\n", "damaged"},
		"DSA":               {"ann ssh-dss AAAAB3NzaC1kc3MAAAAB", "no public key"},
	} {
		_, err := ParseSigners([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), private) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// Both kinds may stand in one list.
func TestMixedSigners(t *testing.T) {
	t.Parallel()
	w := gpgWorld(t)
	w.gpg("--quick-generate-key", ann, "ed25519", "sign", "never")
	w.gpg("--quick-generate-key", "Bob <bob@example.com>", "ed25519", "sign", "never")
	signer := ed25519Signer(t, 1)
	text := "# the team\n" + w.export("ann@example.com") + "carol " + keyText(signer.PublicKey()) + "\n" + w.export("bob@example.com")
	s := mustSigners(t, text)
	payload := w.payload("x")
	if _, err := s.Verify(signed(payload, newDraft(signer).sign(t, payload)), far); err != nil {
		t.Error("carol:", err)
	}
	for _, who := range []string{ann, "Bob <bob@example.com>"} {
		w.configure("user.signingkey", who)
		signature, err := w.signer()(payload)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Verify(signed(payload, signature), far); err != nil || got.Name != who {
			t.Errorf("%s: %+v, %v", who, got, err)
		}
	}
}

func FuzzMatchPattern(f *testing.F) {
	f.Add("g*t", "git")
	f.Add("*a*b?", "xaabbc")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 50 || strings.ToValidUTF8(pattern+text, "") != pattern+text || strings.ContainsFunc(pattern+text, func(r rune) bool { return r > 127 }) {
			return
		}
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		if want := regexp.MustCompile("(?s)^" + quoted + "$").MatchString(text); matchPattern(pattern, text) != want {
			t.Errorf("%q and %q: want %v", pattern, text, want)
		}
	})
}
