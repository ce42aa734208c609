package sign

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"slices"

	"golang.org/x/crypto/ssh"
)

// namespace is what git signs in, so that a signature made for something else,
// a file or an e-mail, does not do for a commit.
const namespace = "git"

// magic begins both a signature and what is signed.
var magic = [6]byte{'S', 'S', 'H', 'S', 'I', 'G'}

// sshBlob is a signature in OpenSSH's file format, PROTOCOL.sshsig.
type sshBlob struct {
	Magic     [6]byte
	Version   uint32
	Key       []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// sshMessage is what the key signs: not the text, but a digest of it together
// with what it was meant for.
type sshMessage struct {
	Magic                     [6]byte
	Namespace, Reserved, Hash string
	Digest                    []byte
}

// sshSignature is a signature that can be read. It is not yet known to hold.
type sshSignature struct {
	blob sshBlob
	key  ssh.PublicKey
	made *ssh.Signature
}

func parseSSHSignature(text []byte) (*sshSignature, error) {
	lines, ok := cutArmor(text, beginSSH, endSSH)
	if !ok {
		return nil, bad("it is cut off, or text stands around it")
	}
	data, ok := unbase64(lines)
	if !ok {
		return nil, bad("its text is damaged")
	}
	s := &sshSignature{}
	if err := ssh.Unmarshal(data, &s.blob); err != nil || s.blob.Magic != magic {
		return nil, bad("it is damaged")
	}
	return s, s.check()
}

func (s *sshSignature) check() error {
	switch {
	case s.blob.Version != 1:
		return bad("its format has version %d, and osmoctl knows version 1", s.blob.Version)
	case s.blob.Namespace != namespace:
		return bad("it was made for %q and not for git", s.blob.Namespace)
	}
	key, err := ssh.ParsePublicKey(s.blob.Key)
	if err != nil || !bytes.Equal(key.Marshal(), s.blob.Key) {
		return bad("the key in it cannot be read")
	}
	s.key, s.made = key, &ssh.Signature{}
	if err := ssh.Unmarshal(s.blob.Signature, s.made); err != nil {
		return bad("it is damaged")
	}
	return s.checkAlgorithm()
}

// checkAlgorithm refuses what the ssh library would still take: RSA with SHA-1,
// and what hangs on behind the signature where nothing reads it.
func (s *sshSignature) checkAlgorithm() error {
	switch s.made.Format {
	case ssh.KeyAlgoRSA:
		return bad("it rests on SHA-1, which can be forged; sign again with a newer ssh-keygen")
	case ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return nil // flags and counter follow, and are signed
	}
	if len(s.made.Rest) > 0 {
		return bad("it is damaged")
	}
	return nil
}

// holds verifies the signature with a key.
func (s *sshSignature) holds(key ssh.PublicKey, payload []byte) error {
	digest, err := s.digest(payload)
	if err != nil {
		return err
	}
	message := ssh.Marshal(sshMessage{magic, s.blob.Namespace, s.blob.Reserved, s.blob.Hash, digest})
	if err := key.Verify(message, s.made); err != nil {
		return bad("it was not made by its key over this commit")
	}
	return nil
}

func (s *sshSignature) digest(payload []byte) ([]byte, error) {
	switch s.blob.Hash {
	case "sha256":
		sum := sha256.Sum256(payload)
		return sum[:], nil
	case "sha512":
		sum := sha512.Sum512(payload)
		return sum[:], nil
	}
	return nil, bad("it uses the hash %q, which is not sha256 or sha512", s.blob.Hash)
}

// sshKeyTypes are the keys that may sign.
var sshKeyTypes = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
	ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA,
}

// minRSABits is what an RSA key needs to count.
const minRSABits = 2048

// explainUnfit says why a key cannot be a signer's, "" if it can.
func explainUnfit(key ssh.PublicKey) string {
	if _, ok := key.(*ssh.Certificate); ok {
		return "it is a certificate, which osmoctl does not follow; use the key itself"
	}
	if !slices.Contains(sshKeyTypes, key.Type()) {
		return "keys of type " + key.Type() + " are not supported; use ssh-ed25519"
	}
	if bits := rsaBits(key); bits > 0 && bits < minRSABits {
		return "an RSA key needs 2048 bits or more; use ssh-ed25519"
	}
	return ""
}

// rsaBits is the size of an RSA key, 0 for other kinds.
func rsaBits(key ssh.PublicKey) int {
	holder, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}
	if public, ok := holder.CryptoPublicKey().(*rsa.PublicKey); ok {
		return public.N.BitLen()
	}
	return 0
}
