package sign

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options say how git is configured and where its programs are.
type Options struct {
	// Config looks up a setting of git's by its key, section and last part in
	// lower case, as in "gpg.ssh.program". A key without a value is "".
	Config func(key string) (string, bool)
	// Trusted is Config for what a repository must not say of itself: it leaves the
	// repository's own settings out. nil is nothing at all.
	Trusted func(key string) (string, bool)
	// Getenv looks up an environment variable.
	Getenv func(string) string
	// Dir is the top of the work tree, absolute. Neither programs nor keys are
	// taken from below it, since a pull request may have put them there. ""
	// means that there is none.
	Dir string
	// Timeout bounds one signature, a person's typing and touching included; 0
	// means two minutes.
	Timeout time.Duration
}

const defaultTimeout = 2 * time.Minute

// New returns the function that signs a commit's bytes as git would, nil where
// git is not configured to sign commits. That it is and cannot be followed is an
// error, here or later; no signature returned is ever empty.
func New(o Options) (func(payload []byte) (signature []byte, err error), error) {
	wanted, err := o.isOn()
	if err != nil || !wanted {
		return nil, err
	}
	s, err := o.signer()
	if err != nil {
		return nil, fmt.Errorf("git is configured to sign every commit (commit.gpgsign): %w", err)
	}
	return s.sign, nil
}

// isOn reads commit.gpgsign as git does. A key without a value means yes to
// git and an empty value no; the two look alike here, and are taken for yes: to
// sign too much does no harm.
func (o Options) isOn() (bool, error) {
	value, ok := o.Config("commit.gpgsign")
	if !ok {
		return false, nil
	}
	switch strings.ToLower(value) {
	case "true", "yes", "on", "":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	if n, err := strconv.Atoi(value); err == nil {
		return n != 0, nil
	}
	return false, fmt.Errorf("commit.gpgsign in git's configuration is %q, which is neither true nor false", value)
}

// A signer makes signatures by running a program.
type signer interface {
	sign(payload []byte) ([]byte, error)
}

func (o Options) signer() (signer, error) {
	switch format := o.setting("gpg.format", string(OpenPGP)); format {
	case string(OpenPGP):
		return o.openPGPSigner()
	case string(SSH):
		return o.sshSigner()
	case "x509":
		return nil, errors.New("gpg.format is x509, which osmoctl does not sign with; " +
			"set it to ssh or openpgp for this repository, as in: git config gpg.format ssh")
	default:
		return nil, fmt.Errorf("gpg.format is %q, which is none of openpgp and ssh", format)
	}
}

// setting returns the value of a key, or otherwise where it has none.
func (o Options) setting(key, otherwise string) string {
	if value, ok := o.Config(key); ok && value != "" {
		return value
	}
	return otherwise
}

// signingKey is what the user names the key with, "" where nothing is. A key
// that was pasted whole is refused here, before anything quotes it.
func (o Options) signingKey() (string, error) {
	key := o.setting("user.signingkey", "")
	if strings.Contains(key, "PRIVATE KEY") {
		return "", errors.New("user.signingkey holds a private key; it has to name one. If others can read git's configuration, make a new key")
	}
	return key, nil
}

// path makes a setting's path absolute. One that is relative hangs on the
// working directory, and so could lead into the work tree.
func (o Options) path(key, value string) (string, error) {
	path := value
	if rest, ok := strings.CutPrefix(value, "~/"); ok {
		home := o.Getenv("HOME")
		if home == "" {
			home = o.Getenv("USERPROFILE")
		}
		path = filepath.Join(home, rest)
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%s is %q; write the path from the root, or from ~/", key, value)
	}
	if o.inWorkTree(path) {
		return "", fmt.Errorf("%s is %q, which lies in the repository, where others can replace it; move it out", key, value)
	}
	return path, nil
}

// inWorkTree follows links, of both.
func (o Options) inWorkTree(path string) bool {
	if o.Dir == "" {
		return false
	}
	below, err := filepath.Rel(followLinks(o.Dir), followLinks(path))
	return err == nil && filepath.IsLocal(below)
}

func followLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}
