// Package identity is the age identities that a command opens sealed values with:
// where flags and the environment name them, how they are read, and how a person is
// asked for a passphrase.
//
// A private key comes from a file, from stdin or from one variable, which is taken out
// of the environment at the start. Nothing of it is repeated, not even in an error: what
// was given as a path may be a key that somebody took for one.
package identity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// Keys are the flags of the commands that open sealed values, and what they name.
type Keys struct {
	Identity []string `short:"i" type:"path" placeholder:"FILE|-" help:"An age identity file, or an SSH private key; - reads it from stdin. Repeatable. Default: OSMOCTL_IDENTITY_KEY and OSMOCTL_IDENTITY, else the identity that init made."`

	// read is filled once, so that a command that opens several values, or tries
	// again after a lost race, asks for a passphrase once.
	read *reading
	// missing are the files that the environment lists and that are not there.
	missing []string
}

// reading is what a reading gave: identities, or why there are none.
type reading struct {
	list []age.Identity
	err  error
}

// Read opens the identities named by -i, else those of the environment, else the
// default one. Plugins may be allowed beyond those of the environment.
func (k *Keys) Read(ctx context.Context, env *command.Env, w *workspace.Workspace, plugins ...string) ([]age.Identity, error) {
	if k.read == nil {
		r := reader{env: env, plugins: SealOptions(ctx, env, w, plugins).Plugins}
		list, err := k.readWith(ctx, &r)
		k.read, k.missing = &reading{list, err}, r.missing
	}
	return k.read.list, k.read.err
}

func (k *Keys) readWith(ctx context.Context, r *reader) (all []age.Identity, err error) {
	if err := k.CheckStdin(r.env); err != nil {
		return nil, err
	}
	if len(k.Identity) == 0 {
		return r.readEnvironment(ctx)
	}
	for _, path := range k.Identity {
		ids, err := r.readNamed(ctx, path)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// AreNamed reports whether flags or the environment name identities.
func (k *Keys) AreNamed(env *command.Env) bool {
	return len(k.Identity) > 0 || env.IdentityKey.Len() > 0 || env.Getenv(command.PathsVariable) != "" || env.KeyAsPath
}

// CheckStdin refuses -i - where stdin is needed for something else, or is no
// place for a key.
func (k *Keys) CheckStdin(env *command.Env, others ...string) error {
	n := 0
	for _, path := range k.Identity {
		if path == "-" {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case n > 1:
		return command.Usagef("-i - stands for stdin, which can be read once only")
	case len(others) > 0:
		return command.Usage(diag.Hinted(fmt.Errorf("-i - reads stdin to its end, and %s needs it too", others[0]), "give the identity with -i FILE, or in "+command.KeyVariable))
	case env.StdinTerminal:
		return command.Usage(diag.Hinted(errors.New("-i - would show the key on this terminal while it is typed"), "send it through a pipe, or give -i FILE"))
	}
	return nil
}

// Hint says whose identity it takes to open something, and which of those that were
// named are not there.
func (k *Keys) Hint(readers []string) string {
	hint := "it takes an identity of " + strings.Join(readers, " or ") + ", given with -i FILE or OSMOCTL_IDENTITY"
	if len(k.missing) > 0 {
		hint += ", which names what is not there: " + strings.Join(k.missing, ", ")
	}
	return hint
}

// DefaultPath is where init keeps the identity it makes: outside any project, since a
// project is published.
func DefaultPath(env *command.Env) (string, error) {
	base := env.Getenv("XDG_CONFIG_HOME")
	if base == "" || !filepath.IsAbs(base) {
		home := env.Getenv("HOME")
		if home == "" {
			home, _ = os.UserHomeDir()
		}
		if home == "" {
			return "", diag.Hinted(errors.New("there is no home directory to keep an age identity in"), "set HOME or XDG_CONFIG_HOME, or name a file with -i")
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "osmoctl", "identity.txt"), nil
}

// SealOptions are those of sealing and opening in a project: the age plugins that may be
// run, which are those that the operator's environment allows and some more.
func SealOptions(ctx context.Context, env *command.Env, w *workspace.Workspace, plugins []string) seal.Options {
	var allowed []string
	for name := range strings.SplitSeq(env.Getenv("OSMOCTL_PLUGINS"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			allowed = append(allowed, name)
		}
	}
	return seal.Options{Plugins: seal.Plugins{
		Allowed: append(allowed, plugins...), Path: env.Getenv("PATH"), Home: env.Getenv("HOME"), Lang: env.Getenv("LANG"), Root: w.Repository().Root(),
		UI: terminal{ctx, env}.answerPlugins(),
	}}
}
