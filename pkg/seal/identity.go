package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	ageplugin "filippo.io/age/plugin"
	"golang.org/x/crypto/ssh"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

const (
	// maxIdentityFile bounds an identity file in bytes: some thirty
	// post-quantum identities, or an RSA key far above any in use.
	maxIdentityFile = 64 << 10
	// maxScrypt is the largest work factor, as a power of two, of a passphrase
	// that is tried: one second and 256 MiB. age's own ceiling lets a file of
	// a stranger take half a minute and 4 GiB.
	maxScrypt = 18
	// binaryIntro begins every unarmored age file.
	binaryIntro = "age-encryption.org/"
)

// Prompt asks a person for a passphrase.
type Prompt interface {
	// Passphrase asks for the passphrase of what, such as "the identity file
	// key.txt". The bytes are the caller's to wipe.
	Passphrase(what string) ([]byte, error)
}

// IdentityOptions configure the identities that [ReadIdentities] returns. The
// zero value asks for no passphrase and runs no plugin.
type IdentityOptions struct {
	// Prompt may be nil: locked identities then fail when they are needed.
	Prompt  Prompt
	Plugins Plugins
	// What is what holds the identities, in messages: "the identity file" where
	// it is empty.
	What string
}

func (o IdentityOptions) describe(name string) string {
	if o.What == "" {
		return "the identity file " + name
	}
	return o.What + " " + name
}

// ReadIdentities reads an identity file; name is what to call it in messages.
// It may hold lines of AGE-SECRET-KEY-1..., AGE-SECRET-KEY-PQ-1... and
// AGE-PLUGIN-...; be such a file locked with a passphrase by age, armored or
// not; or be an OpenSSH or PEM private key of type ed25519 or RSA, locked or
// not.
//
// Nothing is asked or run yet: a locked identity asks once, when a file is
// opened that needs it, and remembers the answer, a wrong one too. The
// identities are safe for concurrent use. No error holds any of the file's
// content.
func ReadIdentities(r io.Reader, name string, opts IdentityOptions) ([]age.Identity, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxIdentityFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", opts.describe(name), err)
	}
	ids, err := parseIdentityFile(b, name, opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(opts.describe(name), "the "), err)
	}
	return ids, nil
}

func parseIdentityFile(b []byte, name string, opts IdentityOptions) ([]age.Identity, error) {
	text := bytes.TrimLeft(b, " \t\r\n")
	switch {
	case len(b) > maxIdentityFile:
		return nil, fmt.Errorf("it is longer than %d bytes", maxIdentityFile)
	case bytes.HasPrefix(text, []byte(armor.Header)):
		return []age.Identity{newLockedFile(text, name, opts)}, nil
	case bytes.HasPrefix(b, []byte(binaryIntro)):
		return []age.Identity{newLockedFile(b, name, opts)}, nil
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		id, err := parseSSHIdentity(text, name, opts)
		return []age.Identity{id}, err
	}
	return parseLines(b, opts)
}

func parseLines(b []byte, opts IdentityOptions) ([]age.Identity, error) {
	var ids []age.Identity
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := parseIdentity(line, opts)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, errors.New("it holds no identity: age-keygen makes one, and so does osmoctl init")
	}
	return ids, nil
}

// parseIdentity reads one line. What age says about a bad one is dropped: it
// quotes parts of the key.
func parseIdentity(line string, opts IdentityOptions) (age.Identity, error) {
	var id age.Identity
	var err error
	switch {
	case strings.HasPrefix(line, "AGE-SECRET-KEY-1"):
		id, err = parseX25519Identity(line)
	case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
		id, err = age.ParseHybridIdentity(line)
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		id, err = newPluginIdentity(line, opts.Plugins)
	case strings.HasPrefix(line, "age1"), strings.HasPrefix(line, "ssh-"):
		return nil, errors.New("this is a public key: opening needs the private one, beginning with AGE-SECRET-KEY-")
	default:
		return nil, errors.New("this is no identity: those begin with AGE-SECRET-KEY- or AGE-PLUGIN-")
	}
	if err != nil {
		return nil, errors.New("this private key is damaged: copy it again, whole")
	}
	return id, nil
}

func parseSSHIdentity(pem []byte, name string, opts IdentityOptions) (age.Identity, error) {
	id, err := agessh.ParseIdentity(pem)
	if err == nil {
		return id, nil
	}
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		return nil, errors.New("this is no private key that age can use: those are ed25519 and RSA, in OpenSSH's or PEM form")
	}
	if locked.PublicKey == nil {
		return nil, errors.New("this private key is locked in an old format: convert it with ssh-keygen -p")
	}
	return newLockedSSH(locked.PublicKey, pem, name, opts.Prompt)
}

// ask asks for the passphrase of what.
func ask(prompt Prompt, what string) ([]byte, error) {
	if prompt == nil {
		return nil, fmt.Errorf("%s is locked with a passphrase, and there is nobody to ask", what)
	}
	p, err := prompt.Passphrase(what)
	if err != nil {
		return nil, fmt.Errorf("ask for the passphrase of %s: %w", what, err)
	}
	return p, nil
}

// lockedFile is an identity file that age locked with a passphrase. It is
// unlocked when first needed, and once: a wrong passphrase would otherwise be
// asked for again with every file of a long run.
type lockedFile struct {
	unlock func() ([]age.Identity, error)
}

func newLockedFile(sealed []byte, name string, opts IdentityOptions) *lockedFile {
	what := opts.describe(name)
	passphrase := func() ([]byte, error) { return ask(opts.Prompt, what) }
	return &lockedFile{unlock: sync.OnceValues(func() ([]age.Identity, error) {
		ids, err := unlockFile(sealed, passphrase, opts)
		if err != nil {
			return nil, fmt.Errorf("unlock %s: %w", what, err)
		}
		return quietFirst(ids), nil
	})}
}

// Unwrap implements [age.Identity].
func (f *lockedFile) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	ids, err := f.unlock()
	if err != nil {
		return nil, err
	}
	fileKey, err := unwrap(ids, stanzas)
	if errors.Is(err, ErrNoIdentity) {
		return nil, age.ErrIncorrectIdentity
	}
	return fileKey, err
}

func unlockFile(sealed []byte, passphrase func() ([]byte, error), opts IdentityOptions) ([]age.Identity, error) {
	var src io.Reader = bytes.NewReader(sealed)
	if !bytes.HasPrefix(sealed, []byte(binaryIntro)) {
		src = armor.NewReader(src)
	}
	key := &passphraseIdentity{passphrase: passphrase}
	r, err := age.Decrypt(src, key)
	if key.err != nil {
		return nil, key.err
	}
	if err != nil {
		return nil, errors.New("it is damaged, or no age file")
	}
	b, err := io.ReadAll(io.LimitReader(r, maxIdentityFile+1))
	defer clear(b)
	switch {
	case err != nil:
		return nil, errors.New("it is damaged: its content was cut or changed")
	case len(b) > maxIdentityFile:
		return nil, fmt.Errorf("its content is longer than %d bytes", maxIdentityFile)
	}
	return parseLines(b, opts)
}

// passphraseIdentity asks only when the file turns out to be locked with a
// passphrase, and keeps its error from age's wrapping.
type passphraseIdentity struct {
	passphrase func() ([]byte, error)
	err        error
}

func (p *passphraseIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := p.unwrap(stanzas)
	p.err = err
	return fileKey, err
}

func (p *passphraseIdentity) unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != "scrypt" {
		return nil, errors.New("it is locked with a key, and only a passphrase can be asked for: unlock it with age -d first")
	}
	pass, err := p.passphrase()
	if err != nil {
		return nil, err
	}
	defer clear(pass)
	id, err := age.NewScryptIdentity(string(pass))
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	id.SetMaxWorkFactor(maxScrypt)
	fileKey, err := id.Unwrap(stanzas)
	switch {
	case errors.Is(err, age.ErrIncorrectIdentity):
		return nil, errors.New("the passphrase is wrong")
	case err != nil:
		return nil, fmt.Errorf("its lock is malformed, or costs more work than 2^%d", maxScrypt)
	}
	return fileKey, nil
}

// lockedSSH is a private SSH key with a passphrase. age's own type asks again
// with every file after a wrong answer, and may not be used concurrently.
type lockedSSH struct {
	mu   sync.Mutex
	id   *agessh.EncryptedSSHIdentity
	what string
	// answer and refusal are what the prompt returned during the call that mu
	// guards; failed is the answer to every later call.
	answer          []byte
	refusal, failed error
}

func newLockedSSH(key ssh.PublicKey, pem []byte, name string, prompt Prompt) (age.Identity, error) {
	l := &lockedSSH{what: "the private key " + name}
	id, err := agessh.NewEncryptedSSHIdentity(key, pem, func() ([]byte, error) {
		l.answer, l.refusal = ask(prompt, l.what)
		return l.answer, l.refusal
	})
	if err != nil {
		return nil, errors.New("age cannot use this private key: it wants ed25519, or RSA of at least 2048 bits")
	}
	l.id = id
	return l, nil
}

// Unwrap implements [age.Identity].
func (l *lockedSSH) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return nil, l.failed
	}
	fileKey, err := l.id.Unwrap(stanzas)
	asked := l.answer != nil
	clear(l.answer)
	l.answer = nil
	switch {
	case err == nil || errors.Is(err, age.ErrIncorrectIdentity):
		return fileKey, err
	case l.refusal != nil:
		l.failed = l.refusal
	case asked:
		l.failed = fmt.Errorf("unlock %s: the passphrase is wrong, or the key is damaged", l.what)
	default:
		return nil, fmt.Errorf("%w: a stanza in its header is malformed", ErrDamaged)
	}
	return nil, l.failed
}

// GenerateIdentity makes an X25519 key pair. The identity is the text of an
// identity file as age-keygen writes it, with the day and time of now.
func GenerateIdentity(now time.Time) (identity secret.Value, recipient model.Recipient, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return secret.Value{}, model.Recipient{}, fmt.Errorf("generate an identity: %w", err)
	}
	public := id.Recipient().String()
	text := fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.UTC().Format(time.RFC3339), public, id)
	return secret.New(text), model.Recipient{Key: public, Kind: model.RecipientX25519}, nil
}

// newPluginIdentity reads an identity of a plugin without running it.
func newPluginIdentity(line string, plugins Plugins) (age.Identity, error) {
	name, _, err := ageplugin.ParseIdentity(line)
	if err != nil {
		return nil, err
	}
	return &pluginIdentity{name: name, key: line, plugins: plugins}, nil
}
