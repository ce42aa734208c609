package sign

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxSigners bounds the text that signers are read from, in bytes.
const maxSigners = 4 << 20

// Signers are who may sign. They may be used by several goroutines.
type Signers struct {
	ssh     []sshSigner
	openpgp []pgpKey
}

// A Signer is who signed a commit.
type Signer struct {
	// Format is the kind of signature.
	Format Format
	// Key is the key's name for itself: "SHA256:…", as ssh-keygen -l shows it,
	// or the OpenPGP fingerprint in capital hexadecimal, as gpg -K shows it, of
	// the key that signed, which may be a subkey.
	Key string
	// Name is whose key it is: the principals of its line as written, or the
	// key's user ID. It comes from the signers' text, not from the commit.
	Name string
}

// Verify tells who signed a commit, given as the bytes of the object. The
// signers' text is an OpenSSH allowed_signers file, an armored OpenPGP key ring,
// or both; see [Signers.Verify], which is for more than one commit.
func Verify(raw, signers []byte, when time.Time) (Signer, error) {
	s, err := ParseSigners(signers)
	if err != nil {
		return Signer{}, err
	}
	return s.Verify(raw, when)
}

// Verify tells who signed a commit, given as the bytes of the object. The key
// has to be valid at the time given: the commit's own, to ask whether it was
// right when it was made, or today. The error is [ErrUnsigned], a
// *[BadSignatureError] or an *[UnknownSignerError].
func (s *Signers) Verify(raw []byte, when time.Time) (Signer, error) {
	payload, signature, err := split(raw)
	if err != nil {
		return Signer{}, err
	}
	format, err := formatOf(signature)
	switch {
	case err != nil:
		return Signer{}, err
	case format == SSH:
		return s.verifySSH(payload, signature, when)
	}
	return s.verifyOpenPGP(payload, signature, when)
}

// ParseSigners reads who may sign. Blank lines and lines that begin with # are
// passed over; every other has to be understood, for one that is not would take
// away somebody's right to sign, or a limit to it, without a word.
func ParseSigners(text []byte) (*Signers, error) {
	if len(text) > maxSigners {
		return nil, errors.New("the list of signers is larger than 4 MiB")
	}
	p := &signersParser{}
	for line := range bytes.Lines(text) {
		p.number++
		if err := p.line(strings.TrimRight(string(line), " \t\r\n")); err != nil {
			return nil, fmt.Errorf("signers, line %d: %w", p.number, err)
		}
	}
	switch {
	case p.block != nil:
		return nil, fmt.Errorf("signers: the key block at the end has no %s", endKey)
	case len(p.ssh) == 0 && len(p.openpgp) == 0:
		return nil, errors.New("the list of signers is empty; " +
			"it holds lines of the form NAME ssh-ed25519 AAAA…, or armored OpenPGP public keys")
	}
	return &p.Signers, nil
}

// signersParser goes through the text line by line, collecting key blocks.
type signersParser struct {
	Signers
	number int
	block  []string // the lines of a key block so far
}

func (p *signersParser) line(line string) error {
	switch {
	case p.block != nil:
		return p.blockLine(line)
	case line == beginKey:
		p.block = []string{line}
		return nil
	case strings.Contains(line, "PRIVATE KEY"):
		return errors.New("this is a private key; signers are told by their public keys. " +
			"If others have seen this file, make a new key")
	}
	signer, listed, err := parseAllowedLine(strings.TrimLeft(line, " \t"))
	if listed {
		p.ssh = append(p.ssh, signer)
	}
	return err
}

func (p *signersParser) blockLine(line string) error {
	p.block = append(p.block, line)
	if line != endKey {
		return nil
	}
	keys, err := parseKeyBlock(strings.Join(p.block, "\n"))
	p.openpgp, p.block = append(p.openpgp, keys...), nil
	return err
}
