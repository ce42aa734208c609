package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"golang.org/x/term"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// defaultIdentity is where init keeps the identity it makes: outside any
// project, since a project is published.
func (e *Env) defaultIdentity() (string, error) {
	base := e.Getenv("XDG_CONFIG_HOME")
	if base == "" || !filepath.IsAbs(base) {
		home := e.Getenv("HOME")
		if home == "" {
			home, _ = os.UserHomeDir()
		}
		if home == "" {
			return "", hinted(errors.New("there is no home directory to keep an age identity in"), "set HOME or XDG_CONFIG_HOME, or name a file with -i")
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "osmoctl", "identity.txt"), nil
}

// identities opens the identities named by -i, else by OSMOCTL_IDENTITY, else
// the default one.
func (e *Env) identities(named []string, p *project) ([]age.Identity, error) {
	paths := named
	if len(paths) == 0 {
		paths = filepath.SplitList(e.Getenv("OSMOCTL_IDENTITY"))
	}
	if len(paths) == 0 {
		path, err := e.defaultIdentity()
		if err != nil {
			return nil, err
		}
		if !exists(path) {
			return nil, hinted(errors.New("no age identity was given"), "name one with -i FILE or OSMOCTL_IDENTITY")
		}
		paths = []string{path}
	}
	var all []age.Identity
	for _, path := range paths {
		ids, err := e.identityFile(absolute(e.Dir, path), p)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

func (e *Env) identityFile(path string, p *project) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return seal.ReadIdentities(f, path, seal.IdentityOptions{Prompt: terminalPrompt{e}, Plugins: e.plugins(p, e.allowedPlugins())})
}

func (e *Env) sealOptions(p *project, allowed []string) seal.Options {
	return seal.Options{Plugins: e.plugins(p, allowed)}
}

func (e *Env) plugins(p *project, allowed []string) seal.Plugins {
	return seal.Plugins{Allowed: allowed, Path: e.Getenv("PATH"), Home: e.Getenv("HOME"), Lang: e.Getenv("LANG"), Root: p.store.Root()}
}

// allowedPlugins are the age plugins that the operator's environment allows.
func (e *Env) allowedPlugins() (names []string) {
	for name := range strings.SplitSeq(e.Getenv("OSMOCTL_PLUGINS"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// terminalPrompt asks for passphrases on the controlling terminal, so that
// stdin and stdout stay free for data.
type terminalPrompt struct{ env *Env }

// Passphrase asks without echo.
func (t terminalPrompt) Passphrase(what string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("%s is protected by a passphrase, and there is no terminal to ask on", what)
	}
	defer tty.Close()
	fmt.Fprintf(tty, "Passphrase of %s: ", view.EscapeTerminal(what))
	return readPassword(t.env.Context, tty)
}

// readPassword reads a line without echo. Where it is interrupted, the terminal
// gets its echo back.
func readPassword(ctx context.Context, tty *os.File) ([]byte, error) {
	fd := int(tty.Fd())
	before, _ := term.GetState(fd)
	passphrase, err := untilInterrupted(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if err != nil && before != nil {
		_ = term.Restore(fd, before)
	}
	fmt.Fprintln(tty)
	return passphrase, err
}
