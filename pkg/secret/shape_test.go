package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// letters is a word of n letters and digits.
func letters(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// leaks are texts that hold a secret, by what they are.
func leaks(r *rand.Rand) map[string]string {
	token, bech32 := "osmo_"+letters(r, 38), strings.Repeat("QPZRY9X8GF2TVDW0", 4)[:58]
	all := map[string]string{
		"token": token, "token, first letter": "O" + token[1:], "token in capitals": "OSMO_" + token[5:], "glued token": "x" + token + "x",
		"percent": strings.Replace(token, "_", "%5F", 1), "percent, lower": strings.Replace(token, "_", "%5f", 1), "quoted-printable": strings.Replace(token, "_", "=5F", 1),
		"backslash": strings.Replace(token, "_", `\_`, 1), "two backslashes": strings.Replace(token, "_", `\\_`, 1), "unicode": strings.Replace(token, "_", `\u005f`, 1), "hex escape": strings.Replace(token, "_", `\x5F`, 1),
		"hex": hex.EncodeToString([]byte(token)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(token))),
		"all percent": "%" + strings.Join(pairs(hex.EncodeToString([]byte(token))), "%"),
		"age":         "AGE-SECRET-KEY-1" + bech32, "age, lower": strings.ToLower("AGE-SECRET-KEY-1" + bech32), "age, post-quantum": "AGE-SECRET-KEY-PQ-1" + bech32,
		"plugin": "AGE-PLUGIN-YUBIKEY-1" + bech32[:30], "plugin, lower": strings.ToLower("AGE-PLUGIN-YUBIKEY-1" + bech32[:30]),
		"pem": "-----BEGIN PRIVATE KEY-----\n" + letters(r, 60) + "\n-----END PRIVATE KEY-----", "pem without an end": "-----BEGIN RSA PRIVATE KEY----- " + letters(r, 60), "pgp": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n" + letters(r, 9),
		"openssh": "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ", "putty": "PuTTY-User-Key-File-3: ssh-ed25519",
		"jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
	}
	for before := range 3 {
		text := strings.Repeat("x", before) + token + strings.Repeat("y", r.IntN(3))
		all[fmt.Sprintf("base64, %d before", before)] = base64.StdEncoding.EncodeToString([]byte(text))
		all[fmt.Sprintf("base64 for URLs, %d before", before)] = base64.RawURLEncoding.EncodeToString([]byte(text))
		all[fmt.Sprintf("age in base64, %d before", before)] = base64.StdEncoding.EncodeToString([]byte(text[:before] + "AGE-SECRET-KEY-1" + bech32))
		all[fmt.Sprintf("pem in base64, %d before", before)] = base64.StdEncoding.EncodeToString([]byte(text[:before] + "-----BEGIN PRIVATE KEY-----\n" + letters(r, 60)))
	}
	return all
}

func pairs(s string) (list []string) {
	for i := 0; i < len(s); i += 2 {
		list = append(list, s[i:i+2])
	}
	return list
}

func TestShapesAreFoundAndMasked(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		for what, leak := range leaks(r) {
			if list := secret.Shapes(leak); len(list) != 1 {
				t.Fatalf("%s: %d shapes in %q", what, len(list), leak)
			}
			text := "before " + leak + ". after"
			masked := secret.Mask(text)
			for i := range len(leak) - 20 {
				if strings.Contains(masked, leak[i:i+20]) {
					t.Fatalf("%s: %q is shown as %q", what, text, masked)
				}
			}
			if utf8.RuneCountInString(masked) != utf8.RuneCountInString(text) || !strings.HasPrefix(masked, "before ") {
				t.Fatalf("%s: %q has another length or beginning than %q", what, masked, text)
			}
			if secret.Mask(masked) != masked {
				t.Fatalf("%s: %q is masked again", what, masked)
			}
		}
	}
}

// What is masked is hidden from reviewers: nothing else may be.
func TestWhatIsNotMasked(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "osmo_", "osmo_user", "osmo-admin", "osmo_" + strings.Repeat("x", 37), "osmo_backend-operator_of_production_in_europe_west_1_and_2_and_3",
		"age1ke3c3wjvup4l3w4cfy28kdkxhz9wtq4pmcyvllvqsfq9cs8n8nq5lkqpd", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJjBhpwavIKsgMCXrFGODe2YNwh8q2ZSxOiFzfE5oueH",
		"AGE-SECRET-KEY-", "those begin with AGE-SECRET-KEY-1 or AGE-PLUGIN-", "age-plugin-yubikey is a program", "/usr/bin/age-plugin-1password-connect",
		"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
		"eyJoe.smith.example", "eyJ.hostname.with-three-labels.example.com", "the private key is elsewhere", "b3Ntb1", "account/b3Ntb1" + strings.Repeat("x", 30) + "/" + strings.Repeat("y", 30),
		"token/osmo_" + strings.Repeat("x", 30) + "/" + strings.Repeat("y", 30), strings.Repeat("a-b c_d%5", 50),
	} {
		if got := secret.Mask(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

// Two texts without a shape have none when they stand beside one another.
func FuzzShapesDoNotArise(f *testing.F) {
	f.Add("osmo_"+strings.Repeat("x", 20), strings.Repeat("y", 20))
	f.Add("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N")
	f.Add("AGE-SECRET-KEY-1QPZRY9X8G", "QPZRY9X8GQPZRY9X8G")
	f.Add("-----BEGIN PRIVATE", "KEY-----")
	f.Add("%6f%73%6d%6f%5f", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsAny(a+b, "\n -") || len(secret.Shapes(a))+len(secret.Shapes(b)) > 0 {
			return
		}
		for _, between := range []string{", ", "/", "@", "=", ": ", " → "} {
			if text := a + between + b; secret.Mask(text) != text {
				t.Errorf("%q is masked as %q", text, secret.Mask(text))
			}
		}
	})
}

// Hostile text costs no more than other text.
func BenchmarkHostileShapes(b *testing.B) {
	for _, piece := range []string{"osmo_", "osmo\\", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "b3Ntb1", "6f736d6f5f", "%6f%73%6d%6f%5f", "age-secret-key-", "age-plugin-x-1", "-----BEGIN PRIVATE KEY-----", "private key ", "QUdFLVBMVUdJTi", "PuTTY-User-Key-File-3", "osmo_" + strings.Repeat("x", 38) + " "} {
		text := strings.Repeat(piece, 1<<20/len(piece))
		b.Run(piece[:min(len(piece), 20)], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				secret.Shapes(text)
			}
		})
	}
}

func BenchmarkMask(b *testing.B) {
	line := "  svc-00001:\n    description: A service account of the team that does things since 2026-11-26\n    roles: [osmo-user, osmo-backend]\n    tokens: {deploy: {expires_in: 90d}}\n"
	text := strings.Repeat(line, 1<<20/len(line))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		secret.Mask(text)
	}
}
