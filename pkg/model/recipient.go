package model

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// RecipientKind is the sort of key a [Recipient] is.
type RecipientKind string

// The kinds of recipient that age knows.
const (
	RecipientX25519     RecipientKind = "x25519"      // age1...
	RecipientHybrid     RecipientKind = "hybrid"      // age1pq1..., post-quantum
	RecipientTag        RecipientKind = "tag"         // age1tag1...
	RecipientTagHybrid  RecipientKind = "tag-hybrid"  // age1tagpq1..., post-quantum
	RecipientSSHEd25519 RecipientKind = "ssh-ed25519" // ssh-ed25519 AAAA...
	RecipientSSHRSA     RecipientKind = "ssh-rsa"     // ssh-rsa AAAA...
	RecipientPlugin     RecipientKind = "plugin"      // age1<name>1...
)

// PostQuantum reports whether age treats the kind as post-quantum: such
// recipients are never mixed with others in one file, since the others would
// take the protection away.
func (k RecipientKind) PostQuantum() bool {
	return k == RecipientHybrid || k == RecipientTagHybrid
}

// Recipient is one public key that a token is sealed to.
type Recipient struct {
	// Name is the name in osmoctl.yaml that the key stands under.
	Name string `json:"name"`
	// Key is the public key in its canonical form, without comment.
	Key  string        `json:"key"`
	Kind RecipientKind `json:"kind"`
}

// maxIDLength lets X25519, tag and ssh-ed25519 keys stand for themselves.
const maxIDLength = 80

// ID identifies the key in state, plans and messages: the key itself where it
// is short, else "sha256:" and the digest of its text in hex, since a
// post-quantum key has 1,959 characters.
func (r Recipient) ID() string { return RecipientID(r.Key) }

// RecipientID is the ID of a recipient with this key.
func RecipientID(key string) string {
	if len(key) <= maxIDLength {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// KeyFingerprint shows the ID of a key to people, in a line: for a key of SSH the
// fingerprint that ssh-keygen -l prints, else the ID where it is short, and of a
// longer one its two ends. The ends of a key of SSH would not tell two keys apart.
func KeyFingerprint(id string) string {
	const head, tail = 16, 6
	if blob, ok := strings.CutPrefix(id, "ssh-ed25519 "); ok {
		if raw, err := base64.StdEncoding.DecodeString(blob); err == nil {
			sum := sha256.Sum256(raw)
			return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
		}
	}
	if len(id) <= 2*head {
		return id
	}
	return id[:head] + "…" + id[len(id)-tail:]
}

// KeyFingerprints shows several IDs of keys, in their order.
func KeyFingerprints(ids []string) []string {
	short := make([]string, len(ids))
	for i, id := range ids {
		short[i] = KeyFingerprint(id)
	}
	return short
}

// KeyName shows the ID of a key by its name, where it has one, and its fingerprint:
// "ops (SHA256:…)".
func KeyName(name, id string) string {
	if name == "" {
		return KeyFingerprint(id)
	}
	return name + " (" + KeyFingerprint(id) + ")"
}

// IDs returns the IDs of recipients in their order.
func IDs(recipients []Recipient) []string {
	ids := make([]string, len(recipients))
	for i, r := range recipients {
		ids[i] = r.ID()
	}
	return ids
}
