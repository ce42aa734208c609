// Package argument is what the arguments of a command line name: the accounts and
// tokens of the state, and what may not be an argument at all. An argument is seen by
// everybody on the machine and kept in a shell's history, so a token or a private key
// among them is refused before anything is made of it, and never repeated.
package argument

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// tokenShape finds tokens of our form in an argument, whole or mistyped.
var tokenShape = pattern.Lazy(`osmo_[0-9A-Za-z]{24}`)

// foreignToken is the form of the tokens that an OSMO server makes.
var foreignToken = pattern.Lazy(`^(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{64})$`)

var ErrToken = command.Usage(diag.Hinted(errors.New("this looks like a token, and an argument is seen by everybody on this machine and kept in your shell's history"),
	"consider it leaked and rotate it; tokens are read from stdin"))

var errKeyInArgs = command.Usage(diag.Hinted(errors.New("this looks like a private key, and an argument is seen by everybody on this machine and kept in your shell's history"),
	"consider it exposed: osmoctl secrets exposure with its public key lists what it opens. A key is read from a file, -i FILE, from stdin, -i -, or from the variable "+command.KeyVariable))

// Check refuses a command line that holds what must not be repeated, before
// anything is made of it that could say what it was.
func Check(args []string) error {
	switch {
	case slices.ContainsFunc(args, command.HoldsKey):
		return errKeyInArgs
	case slices.ContainsFunc(args, func(s string) bool { return strings.Contains(s, "osmo_") && tokenShape().MatchString(s) }):
		return ErrToken
	}
	return nil
}

// RefuseToken refuses an argument of a command that reads a token from stdin.
// The argument is not repeated, and it is called a token only where it has the
// form of one.
func RefuseToken(env *command.Env, arg, line string) error {
	path := env.Abs(arg)
	if _, err := os.Stat(path); err != nil && foreignToken().MatchString(arg) {
		return ErrToken
	}
	hint := line + " < FILE reads it from a file"
	if !strings.ContainsAny(arg, `/\`) && !disk.Exists(path) {
		hint += "; if that was a token, consider it leaked and rotate it"
	}
	return command.Usage(diag.Hinted(errors.New("a token is read from stdin, and a path is no argument"), hint))
}
