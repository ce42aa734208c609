package sign

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// The lines around a public key.
const (
	beginKey = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	endKey   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// pgpKey is a key or subkey that may sign. What its owner has said about it is
// verified once, when it is read, so that nothing is changed later on.
type pgpKey struct {
	name   string // user ID
	public *packet.PublicKey
	// from is when the key was made; it does not count after until, where that
	// is set, and why says what happened then.
	from, until time.Time
	why         string
}

func (s *Signers) verifyOpenPGP(payload, text []byte, when time.Time) (Signer, error) {
	signature, err := parseOpenPGPSignature(text)
	if err != nil {
		return Signer{}, err
	}
	if when.Before(signature.CreationTime) {
		when = signature.CreationTime
	}
	unknown := &UnknownSignerError{Format: OpenPGP, Key: issuer(signature)}
	for _, key := range s.openpgp {
		if !signature.CheckKeyIdOrFingerprint(key.public) {
			continue
		}
		unknown.Key = fmt.Sprintf("%X", key.public.Fingerprint)
		if unknown.Reason = key.objection(signature.CreationTime, when); unknown.Reason == "" {
			name := Signer{Format: OpenPGP, Key: unknown.Key, Name: key.name}
			if err := key.holds(signature, payload, when); err != nil {
				return Signer{}, err
			}
			return name, nil
		}
	}
	return Signer{}, unknown
}

// issuer is what a signature says of its key, where the key is not known.
func issuer(s *packet.Signature) string {
	if len(s.IssuerFingerprint) > 0 {
		return fmt.Sprintf("%X", s.IssuerFingerprint)
	}
	return fmt.Sprintf("%016X", *s.IssuerKeyId)
}

func (k pgpKey) objection(signed, when time.Time) string {
	switch {
	case signed.Before(k.from):
		return fmt.Sprintf("it was made on %s, after the signature (%s)", moment(k.from), moment(signed))
	case !k.until.IsZero() && !when.Before(k.until):
		return fmt.Sprintf("%s, and the signature is of %s", k.why, moment(signed))
	}
	return ""
}

// holds verifies a signature with the key.
func (k pgpKey) holds(s *packet.Signature, payload []byte, when time.Time) error {
	if s.SigExpired(when) {
		return bad("it has expired")
	}
	h, err := s.PrepareVerify()
	if err != nil {
		return bad("it uses a hash that osmoctl does not know")
	}
	h.Write(payload)
	if err := k.public.VerifySignature(h, s); err != nil {
		return bad("it was not made by its key over this commit")
	}
	return nil
}

// goodHashes are those that a signature over a commit may rest on.
var goodHashes = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512}

// parseOpenPGPSignature reads a text that holds one signature packet.
func parseOpenPGPSignature(text []byte) (*packet.Signature, error) {
	data, ok := unarmor(text, beginOpenPGP, endOpenPGP)
	if !ok {
		return nil, bad("it is cut off, or text stands around it")
	}
	r := bytes.NewReader(data)
	p, err := packet.Read(r)
	s, ok := p.(*packet.Signature)
	if err != nil || !ok || r.Len() > 0 {
		return nil, bad("it cannot be read as one OpenPGP signature")
	}
	switch {
	case s.Version != 4:
		return nil, bad("it has version %d, and osmoctl knows version 4", s.Version)
	case s.SigType != packet.SigTypeBinary:
		return nil, bad("it is of a kind that is not for files")
	case s.IssuerKeyId == nil:
		return nil, bad("it does not say whose it is")
	case !slices.Contains(goodHashes, s.Hash):
		return nil, bad("it rests on a hash that can be forged; sign again with a newer gpg")
	case slices.ContainsFunc(s.Notations, func(n *packet.Notation) bool { return n.IsCritical }):
		return nil, bad("it has conditions (notations) that osmoctl does not know")
	}
	return s, nil
}

// unarmor decodes OpenPGP's text form: headers, a blank line, base64, and a
// checksum that nobody checks any more.
func unarmor(text []byte, begin, end string) ([]byte, bool) {
	lines, ok := cutArmor(text, begin, end)
	if !ok {
		return nil, false
	}
	blank := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
	if blank < 0 {
		return nil, false
	}
	lines = lines[blank+1:]
	if last := len(lines) - 1; last >= 0 && len(lines[last]) == 5 && lines[last][0] == '=' {
		lines = lines[:last]
	}
	return unbase64(lines)
}

// parseKeyBlock reads the keys of an armored block that may sign.
func parseKeyBlock(text string) ([]pgpKey, error) {
	block, err := armor.Decode(strings.NewReader(text))
	if err != nil {
		return nil, errDamagedKey
	}
	entities, err := openpgp.ReadKeyRing(block.Body)
	if err != nil || len(entities) == 0 {
		return nil, errDamagedKey
	}
	var keys []pgpKey
	for _, e := range entities {
		own, err := signingKeys(e)
		if err != nil {
			return nil, fmt.Errorf("the OpenPGP key %X: %w", e.PrimaryKey.Fingerprint, err)
		}
		keys = append(keys, own...)
	}
	return keys, nil
}

var errDamagedKey = errors.New("this OpenPGP key block is damaged, or of a kind that osmoctl does not know; export it again: gpg --armor --export KEY")

// signingKeys are an owner's keys that can sign and are strong enough to. The
// subkeys are bound by that owner, and have signed the binding themselves.
func signingKeys(e *openpgp.Entity) (keys []pgpKey, err error) {
	name, self := identity(e)
	switch {
	case e.PrivateKey != nil:
		return nil, errors.New("it is a private key; signers are told by their public keys")
	case !strong(e.PrimaryKey):
		return nil, errors.New("it is too weak, or of a kind that osmoctl does not know; use ed25519")
	case self == nil:
		return nil, errors.New("its owner has signed no name for it, or revoked them all")
	}
	primary := primaryKey(e, name, self)
	if self.FlagSign || !self.FlagsValid {
		keys = append(keys, primary)
	}
	for i := range e.Subkeys {
		if key, ok := subkey(primary, &e.Subkeys[i]); ok {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("neither it nor any of its subkeys is for signing")
	}
	return keys, nil
}

func primaryKey(e *openpgp.Entity, name string, self *packet.Signature) pgpKey {
	key := pgpKey{name: name, public: e.PrimaryKey, from: e.PrimaryKey.CreationTime}
	key.expire(self)
	if direct, err := e.LatestValidDirectSignature(time.Time{}, nil); err == nil {
		key.expire(direct)
	}
	key.revoke(e.Revocations, e.PrimaryKey.VerifyRevocationSignature)
	return key
}

// subkey shares the fate of its primary key.
func subkey(primary pgpKey, s *openpgp.Subkey) (pgpKey, bool) {
	binding, err := s.LatestValidBindingSignature(time.Time{}, nil)
	if err != nil || !binding.FlagSign || !strong(s.PublicKey) {
		return pgpKey{}, false
	}
	key := primary
	key.public = s.PublicKey
	if key.from.Before(s.PublicKey.CreationTime) {
		key.from = s.PublicKey.CreationTime
	}
	key.expire(binding)
	key.revoke(s.Revocations, func(r *packet.Signature) error {
		return primary.public.VerifySubkeyRevocationSignature(r, s.PublicKey)
	})
	return key, true
}

// identity returns the name that an owner signed for a key, and that signature:
// the one marked as primary, else the newest, else the first by the alphabet, so
// that the choice does not hang on the order of a map.
func identity(e *openpgp.Entity) (string, *packet.Signature) {
	var name string
	var self *packet.Signature
	for id, i := range e.Identities {
		s, err := i.Verify(time.Time{}, nil)
		if err == nil && (self == nil || precedes(id, s, name, self)) {
			name, self = id, s
		}
	}
	return name, self
}

func precedes(id string, s *packet.Signature, other string, than *packet.Signature) bool {
	if a, b := isPrimary(s), isPrimary(than); a != b {
		return a
	}
	if !s.CreationTime.Equal(than.CreationTime) {
		return s.CreationTime.After(than.CreationTime)
	}
	return id < other
}

func isPrimary(s *packet.Signature) bool { return s.IsPrimaryId != nil && *s.IsPrimaryId }

// expire ends the key when its owner's signature says so, or does itself.
func (k *pgpKey) expire(self *packet.Signature) {
	if s := self.KeyLifetimeSecs; s != nil && *s > 0 {
		k.end(k.public.CreationTime.Add(time.Duration(*s)*time.Second), "it expired")
	}
	if s := self.SigLifetimeSecs; s != nil && *s > 0 {
		k.end(self.CreationTime.Add(time.Duration(*s)*time.Second), "its owner's word for it expired")
	}
}

// softReasons are those for which earlier signatures still count.
var softReasons = []packet.ReasonForRevocation{packet.KeySuperseded, packet.KeyRetired}

// revoke ends the key by those revocations that verify.
func (k *pgpKey) revoke(all []*packet.VerifiableSignature, verify func(*packet.Signature) error) {
	for _, r := range all {
		if verify(r.Packet) != nil {
			continue
		}
		if reason := r.Packet.RevocationReason; reason != nil && slices.Contains(softReasons, *reason) {
			k.end(r.Packet.CreationTime, "it was retired")
			continue
		}
		k.until, k.why = time.Unix(1, 0), "it was revoked" // whenever that was
	}
}

// end moves the key's end forward to t.
func (k *pgpKey) end(t time.Time, why string) {
	if k.until.IsZero() || t.Before(k.until) {
		k.until, k.why = t, why+" on "+moment(t)
	}
}

// strong tells whether a key can be relied on: no DSA, no short RSA, version 4.
func strong(key *packet.PublicKey) bool {
	if key.Version != 4 {
		return false
	}
	switch key.PubKeyAlgo {
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly:
		bits, err := key.BitLength()
		return err == nil && bits >= minRSABits
	case packet.PubKeyAlgoECDSA, packet.PubKeyAlgoEdDSA, packet.PubKeyAlgoEd25519, packet.PubKeyAlgoEd448:
		return true
	}
	return false
}
