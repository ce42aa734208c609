package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	ageplugin "filippo.io/age/plugin"
	"filippo.io/age/tag"
	"golang.org/x/crypto/ssh"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// maxKey bounds a public key's text: sshd's own limit, and enough for an RSA
// key of 32,768 bits.
const maxKey = 8 << 10

const supported = "keys are age1..., ssh-ed25519 or ssh-rsa"

// privateKey finds every private key that a person could paste, in any case:
// age's two spellings, PEM and those that look like it, PuTTY's, and the first
// bytes of an OpenSSH key's base64 for a paste that lost its first line. Each is
// found in base64 too. The name of a plugin's program is none.
var privateKey = pattern.Lazy(`(?i)age-secret-key-|age-plugin-[a-z0-9+._-]*1|private key(?: block)? ?----|putty-user-key-file|b3blbnnzac1rzxktdje|` + packedKey)

// packedKey finds the first words of a private key in base64, at each of the
// three places that they can begin at within a group.
const packedKey = `(?-i:QUdFLVNFQ1JFVC1LRVkt|FHRS1TRUNSRVQtS0VZL|BR0UtU0VDUkVULUtFWS|` +
	`YWdlLXNlY3JldC1rZXkt|FnZS1zZWNyZXQta2V5L|hZ2Utc2VjcmV0LWtleS|` +
	`QUdFLVBMVUdJTi|FHRS1QTFVHSU4t|BR0UtUExVR0lOL|` +
	`IFBSSVZBVEUgS0VZLS0tLS|BQUklWQVRFIEtFWS0tLS0t|gUFJJVkFURSBLRVktLS0tL)`

// keyText finds what of a private key must not be shown. Unlike privateKey it
// passes over words about keys, such as AGE-SECRET-KEY-1..., and over file names
// that begin as a plugin's identity does.
var keyText = pattern.Lazy(`(?i)age-secret-key-(?:pq-)?1[a-z0-9]+|age-plugin-[a-z0-9+._-]*1[02-9ac-hj-np-z]{8,}` +
	`|-----? ?begin [a-z0-9 ]*private key[^"]*?(?:----+ ?end [a-z0-9 ]*-----?|$|")` +
	`|[a-z0-9+_-]*` + packedKey + `[a-z0-9+/=_-]*` +
	`|(?-i:[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{52,})` + // a key of age's that lost its beginning
	`|b3blbnnzac1rzxktdje[^\s"]*(?:\s+[a-z0-9+/=]{16,})*|putty-user-key-file[^"]*`)

// minPrivateKey is the length of the shortest text that privateKey finds, age-plugin-1.
const minPrivateKey = 12

// IsPrivateKey reports whether s holds something that looks like a private key,
// so that it must not be shown.
func IsPrivateKey(s string) bool { return len(s) >= minPrivateKey && privateKey().MatchString(s) }

// HidePrivateKeys puts a placeholder in the place of every private key in text
// that is about to be shown. It is for text of which nobody knows what is in it,
// such as an error that quotes a path.
func HidePrivateKeys(text []byte) []byte {
	return keyText().ReplaceAllFunc(text, func(found []byte) []byte {
		if bytes.HasSuffix(found, []byte(`"`)) {
			return []byte(`[private key]"`)
		}
		return []byte("[private key]")
	})
}

// ParseRecipient reads a public key. Blanks around it and the comment of an SSH
// key are left out of the canonical Key; Name stays empty.
//
// The kinds are age1..., age1pq1..., age1tag1..., age1tagpq1..., ssh-ed25519,
// ssh-rsa of at least 2048 bits, and age1PLUGIN1.... Nothing is run, whatever
// the plugin. A native key is accepted only if something can be sealed to it,
// which the encoding alone does not tell.
//
// No error holds any of s; it is [ErrPrivateKey] for a private key.
func ParseRecipient(s string) (model.Recipient, error) {
	r, native, err := parseRecipient(s)
	if err != nil || native == nil {
		return r, err
	}
	if _, err := native.Wrap(make([]byte, fileKeySize)); err != nil {
		return model.Recipient{}, errors.New("this public key is a degenerate one that nothing can be sealed to: generate another pair")
	}
	if err := checkOrder(r); err != nil {
		return model.Recipient{}, err
	}
	return r, nil
}

// parseRecipient reads a public key; the age recipient is nil for a plugin's.
func parseRecipient(s string) (model.Recipient, age.Recipient, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return model.Recipient{}, nil, errors.New("the public key is empty: " + supported)
	case IsPrivateKey(s):
		return model.Recipient{}, nil, ErrPrivateKey
	case len(s) > maxKey:
		return model.Recipient{}, nil, fmt.Errorf("this is too long for a public key: %d bytes, at most %d", len(s), maxKey)
	case strings.ContainsAny(s, "\r\n"):
		return model.Recipient{}, nil, errors.New("a public key stands on one line: write several as a list")
	case strings.HasPrefix(s, "age1"):
		return parseAge(s)
	case strings.HasPrefix(s, "ssh-ed25519 "), strings.HasPrefix(s, "ssh-rsa "):
		return parseSSH(s)
	}
	return model.Recipient{}, nil, explainUnsupported(s)
}

// parseAge reads a key in age's own encoding. What stands before its last "1"
// says which sort it is.
func parseAge(s string) (model.Recipient, age.Recipient, error) {
	if strings.ContainsAny(s, " \t") {
		return model.Recipient{}, nil, errors.New("text follows the public key: leave only the key")
	}
	var r age.Recipient
	var err error
	kind := ageKind(s)
	switch kind {
	case model.RecipientX25519:
		r, err = age.ParseX25519Recipient(s)
	case model.RecipientHybrid:
		r, err = age.ParseHybridRecipient(s)
	case model.RecipientTag, model.RecipientTagHybrid:
		r, err = tag.ParseRecipient(s)
	default:
		_, _, err = ageplugin.ParseRecipient(s)
	}
	if err != nil {
		// age's text quotes the key: it is dropped.
		return model.Recipient{}, nil, errors.New("this age public key is damaged: copy it again, whole and in lower case")
	}
	curve := kind == model.RecipientX25519 || kind == model.RecipientHybrid
	if spelled, ok := r.(fmt.Stringer); ok && spelled.String() != s || curve && !canonicalPoint(agePayload(s)) {
		return model.Recipient{}, nil, errNotCanonical
	}
	if kind == model.RecipientX25519 {
		r, err = newX25519Recipient(agePayload(s))
	}
	return model.Recipient{Key: s, Kind: kind}, r, err
}

// errNotCanonical is for a second spelling of a key: it would count as another
// reader beside the first, and the same identity opens both.
var errNotCanonical = errors.New("this public key is not in its canonical form, in which alone it can be told from others: write it as age-keygen -y or ssh-keygen -y prints it")

// fieldPrime is 2^255-19, the prime of Curve25519, the lowest byte first.
var fieldPrime = [32]byte{
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
}

// canonicalPoint reports whether the 32 bytes that a key ends in are a coordinate
// below the field's prime. X25519 takes any others as well: it leaves out the top
// bit and reduces the rest (RFC 7748, 5).
func canonicalPoint(key []byte) bool {
	if len(key) < len(fieldPrime) {
		return false
	}
	point := key[len(key)-len(fieldPrime):]
	for i := len(fieldPrime) - 1; i >= 0; i-- {
		if point[i] != fieldPrime[i] {
			return point[i] < fieldPrime[i]
		}
	}
	return false
}

// agePayload is the content of a key in age's encoding that was found valid:
// five bits a character, with six characters of checksum at the end.
func agePayload(s string) []byte {
	const alphabet, checksum = "qpzry9x8gf2tvdw0s3jn54khce6mua7l", 6
	var out []byte
	var bits, value uint
	for _, c := range []byte(s[strings.LastIndexByte(s, '1')+1 : len(s)-checksum]) {
		value, bits = value<<5|uint(strings.IndexByte(alphabet, c)), bits+5
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(value>>bits))
		}
	}
	return out
}

// withoutSign clears the bit of an ed25519 key that is no part of its coordinate.
func withoutSign(key []byte) []byte {
	out := append([]byte{}, key...)
	if len(out) > 0 {
		out[len(out)-1] &= 0x7f
	}
	return out
}

func ageKind(s string) model.RecipientKind {
	switch s[:strings.LastIndexByte(s, '1')] {
	case "age":
		return model.RecipientX25519
	case "age1pq":
		return model.RecipientHybrid
	case "age1tag":
		return model.RecipientTag
	case "age1tagpq":
		return model.RecipientTagHybrid
	}
	return model.RecipientPlugin
}

func parseSSH(s string) (model.Recipient, age.Recipient, error) {
	fields := strings.Fields(s)
	if len(fields) < 2 {
		return model.Recipient{}, nil, errors.New("this SSH public key lacks its second part: copy the whole line of the .pub file")
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(fields[0] + " " + fields[1]))
	if err != nil {
		return model.Recipient{}, nil, errors.New("this SSH public key is damaged: copy the whole line of the .pub file")
	}
	canonical := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if key.Type() == ssh.KeyAlgoED25519 && !canonicalPoint(withoutSign(key.Marshal())) {
		return model.Recipient{}, nil, errNotCanonical
	}
	r, err := agessh.ParseRecipient(canonical)
	if err != nil {
		return model.Recipient{}, nil, errors.New("this SSH public key cannot be sealed to: age wants ssh-ed25519, or ssh-rsa of at least 2048 bits")
	}
	return model.Recipient{Key: canonical, Kind: model.RecipientKind(key.Type())}, r, nil
}

// explainUnsupported explains keys that people do have and age does not take.
func explainUnsupported(s string) error {
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "age1"), strings.HasPrefix(lower, "ssh-ed25519 "), strings.HasPrefix(lower, "ssh-rsa "):
		return errors.New("a public key is written in lower case: copy it again")
	case strings.HasPrefix(lower, "ecdsa-sha2-"):
		return errors.New("age cannot seal to ECDSA keys: " + supported)
	case strings.HasPrefix(lower, "sk-"):
		return errors.New("age cannot seal to SSH keys of security keys (sk-...): use an age plugin's key for the device, or age1..., ssh-ed25519 or ssh-rsa")
	case strings.HasPrefix(lower, "ssh-dss"):
		return errors.New("age cannot seal to DSA keys: " + supported)
	case strings.HasPrefix(lower, "ssh-") && strings.Contains(lower, "-cert-"):
		return errors.New("this is an SSH certificate: give the public key that it certifies")
	}
	return errors.New("this is not a public key that age knows: " + supported)
}

// CheckMix reports whether one file can be sealed to all of rs: there must be
// at least one, and post-quantum keys stand only among themselves, since any
// other would take their protection away. A plugin's keys count as others: what
// they are is not known before the plugin runs.
func CheckMix(rs []model.Recipient) error {
	if len(rs) == 0 {
		return errors.New("there is no recipient: nobody could read the token")
	}
	for _, r := range rs[1:] {
		if r.Kind.PostQuantum() != rs[0].Kind.PostQuantum() {
			return fmt.Errorf("%s and %s cannot stand together: a post-quantum key (age1pq1..., age1tagpq1...) is protected only among its like",
				describe(rs[0]), describe(r))
		}
	}
	return nil
}

// describe names a recipient for a message. The key may come from anywhere, so
// it is shown only if it is no private one.
func describe(r model.Recipient) string {
	switch {
	case r.Name != "":
		return fmt.Sprintf("%s (%s)", r.Name, r.Kind)
	case IsPrivateKey(r.Key):
		return "without a name"
	}
	return r.ID()
}
