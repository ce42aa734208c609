package sign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// sshProgram signs by ssh-keygen, or by what stands in for it.
type sshProgram struct {
	program
	// keyFile is the path of a key; with a literal public key, whose private
	// half an agent has, it is "".
	keyFile string
	literal []byte
}

func (o Options) sshSigner() (signer, error) {
	key, err := o.signingKey()
	if err != nil {
		return nil, err
	}
	var s sshProgram
	if text, ok := literalKey(key); ok {
		s.literal, err = publicKey(text)
	} else {
		s.keyFile, err = o.keyFile(key)
	}
	if err != nil {
		return nil, err
	}
	s.program, err = o.program("gpg.ssh.program", o.setting("gpg.ssh.program", "ssh-keygen"))
	return s, err
}

// noKey says what to do where user.signingkey is not set.
func (o Options) noKey() error {
	if o.setting("gpg.ssh.defaultkeycommand", "") != "" {
		return errors.New("user.signingkey is not set, and osmoctl does not run gpg.ssh.defaultKeyCommand; " +
			"name the key: git config user.signingkey 'key::ssh-ed25519 AAAA…'")
	}
	return errors.New("gpg.format is ssh, and user.signingkey is not set; run: git config user.signingkey ~/.ssh/id_ed25519.pub")
}

// literalKey tells a public key from the path of one, as git does.
func literalKey(value string) (string, bool) {
	if text, ok := strings.CutPrefix(value, "key::"); ok {
		return text, true
	}
	return value, strings.HasPrefix(value, "ssh-")
}

// publicKey checks a literal key, and never shows it: it may be a private one.
func publicKey(text string) ([]byte, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return nil, errors.New("user.signingkey is not a public SSH key; it has the form key::ssh-ed25519 AAAA…")
	}
	return ssh.MarshalAuthorizedKey(key), nil
}

func (o Options) keyFile(value string) (string, error) {
	if value == "" {
		return "", o.noKey()
	}
	path, err := o.path("user.signingkey", value)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("user.signingkey is %q, which cannot be read: %w", value, reason(err))
	}
	return path, nil
}

// reason is what is wrong with a file, without its path.
func reason(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}

// Names within the folder that the program runs in.
const (
	payloadFile   = "commit"
	signatureFile = "commit.sig"
	literalFile   = "key.pub"
)

func (s sshProgram) sign(payload []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "osmoctl-sign-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args, err := s.prepare(dir, payload)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.run(dir, nil, args...); err != nil {
		return nil, fmt.Errorf("%w; the key is user.signingkey in git's configuration", err)
	}
	signature, err := readLimited(filepath.Join(dir, signatureFile))
	if err != nil {
		return nil, fmt.Errorf("%s has written no signature: %w", s.name(), reason(err))
	}
	return s.checked(signature, payload)
}

// prepare writes what the program is to read. The arguments are those that git
// gives; -U asks an agent for the private half.
func (s sshProgram) prepare(dir string, payload []byte) ([]string, error) {
	file := filepath.Join(dir, payloadFile)
	if err := os.WriteFile(file, payload, 0o600); err != nil {
		return nil, err
	}
	if s.keyFile != "" {
		return []string{"-Y", "sign", "-n", namespace, "-f", s.keyFile, file}, nil
	}
	key := filepath.Join(dir, literalFile)
	return []string{"-Y", "sign", "-n", namespace, "-f", key, "-U", file}, os.WriteFile(key, s.literal, 0o600)
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSignature+1))
}

// checked makes sure that the signature is one, and over the commit. Whether
// its key may sign is for the signers to say, so a certificate's is let pass.
func (s sshProgram) checked(signature, payload []byte) ([]byte, error) {
	signature = tidy(signature)
	if format, err := formatOf(signature); err != nil || format != SSH {
		return nil, fmt.Errorf("%s has written something that is no SSH signature", s.name())
	}
	made, err := parseSSHSignature(signature)
	if err != nil {
		return nil, fmt.Errorf("%s has made a signature that cannot be used: %w", s.name(), err)
	}
	key := made.key
	if certificate, ok := key.(*ssh.Certificate); ok {
		key = certificate.Key
	}
	if err := made.holds(key, payload); err != nil {
		return nil, fmt.Errorf("%s has made a signature that cannot be used: %w", s.name(), err)
	}
	return signature, nil
}

// tidy gives a signature the line ends that commits have.
func tidy(signature []byte) []byte {
	signature = bytes.ReplaceAll(signature, []byte("\r\n"), []byte("\n"))
	return append(bytes.TrimRight(signature, "\n"), '\n')
}
