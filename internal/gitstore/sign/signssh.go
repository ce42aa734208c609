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
	if err == nil && key == "" {
		key, err = o.defaultKey()
	}
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

const keyCommand = "gpg.ssh.defaultKeyCommand"

// defaultKey asks the command for it that the user has set: as git does, without a
// shell, in the top folder, and the first line counts. It is not run where only the
// repository names it.
func (o Options) defaultKey() (string, error) {
	const setting = "gpg.ssh.defaultkeycommand"
	command := ""
	if o.Trusted != nil {
		command, _ = o.Trusted(setting)
	}
	switch here := o.setting(setting, ""); {
	case command == "" && here == "":
		return "", errors.New("gpg.format is ssh, and user.signingkey is not set; run: git config user.signingkey ~/.ssh/id_ed25519.pub")
	case command == "":
		return "", errors.New("user.signingkey is not set, and " + keyCommand + " is set by the repository only, from where osmoctl runs no command; " +
			"set it for yourself: git config --global " + keyCommand + " 'ssh-add -L'")
	}
	words, ok := splitCommand(command)
	if !ok || len(words) == 0 {
		return "", fmt.Errorf("%s is %q, which is not a command: a quote is not closed, or nothing is there", keyCommand, command)
	}
	p, err := o.program(keyCommand, words[0])
	if err != nil {
		return "", err
	}
	out, _, err := p.run(o.Dir, nil, words[1:]...)
	if err != nil {
		return "", fmt.Errorf("%s has named no key: %w", keyCommand, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	if line = strings.TrimRight(line, "\r"); !isLiteral(line) {
		return "", fmt.Errorf("%s has named no key; it has to print one of the form key::ssh-ed25519 AAAA… on its first line", keyCommand)
	}
	return line, nil
}

func isLiteral(text string) bool {
	_, ok := literalKey(text)
	return ok
}

// splitCommand splits as git's split_cmdline does: at blanks, outside of quotes,
// and with a backslash before a byte that is meant as it stands.
func splitCommand(text string) (words []string, ok bool) {
	var word strings.Builder
	quote, begun := byte(0), false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == 0 && strings.IndexByte(" \t\n\v\f\r", c) >= 0:
			if begun {
				words = append(words, word.String())
			}
			begun = false
			word.Reset()
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case c == '\\' && quote != '\'':
			if i++; i == len(text) {
				return nil, false
			}
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
		begun = true
	}
	if begun {
		words = append(words, word.String())
	}
	return words, quote == 0
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
	return s.check(signature, payload)
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

// check makes sure that the signature is one, and over the commit. Whether
// its key may sign is for the signers to say, so a certificate's is let pass.
func (s sshProgram) check(signature, payload []byte) ([]byte, error) {
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
