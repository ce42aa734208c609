package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// tokenShape finds tokens of our form in an argument, whole or mistyped.
var tokenShape = regexp.MustCompile(`osmo_[0-9A-Za-z]{24}`)

// foreignToken is the form of the tokens that an OSMO server makes.
var foreignToken = regexp.MustCompile(`^(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{64})$`)

var errTokenInArgs = usage(diag.Hinted(errors.New("this looks like a token, and an argument is seen by everybody on this machine and kept in your shell's history"),
	"consider it leaked and rotate it; tokens are read from stdin"))

var errKeyInArgs = usage(diag.Hinted(errors.New("this looks like a private key, and an argument is seen by everybody on this machine and kept in your shell's history"),
	"consider it exposed: osmoctl secrets exposure with its public key lists what it opens. A key is read from a file, -i FILE, from stdin, -i -, or from the variable "+keyVariable))

// checkArgs refuses a command line that holds what must not be repeated, before
// anything is made of it that could say what it was.
func checkArgs(args []string) error {
	switch {
	case slices.ContainsFunc(args, holdsKey):
		return errKeyInArgs
	case slices.ContainsFunc(args, tokenShape.MatchString):
		return errTokenInArgs
	}
	return nil
}

// holdsKey finds a private key, also one in base64 that was broken into lines.
func holdsKey(s string) bool {
	return seal.IsPrivateKey(s) || strings.ContainsAny(s, " \t\r\n") && seal.IsPrivateKey(strings.Join(strings.Fields(s), ""))
}

// notAsArgument refuses an argument of a command that reads a token from stdin.
// The argument is not repeated, and it is called a token only where it has the
// form of one.
func (e *Env) notAsArgument(arg, command string) error {
	path := absolute(e.Dir, arg)
	if _, err := os.Stat(path); err != nil && foreignToken.MatchString(arg) {
		return errTokenInArgs
	}
	hint := command + " < FILE reads it from a file"
	if !strings.ContainsAny(arg, `/\`) && !exists(path) {
		hint += "; if that was a token, consider it leaked and rotate it"
	}
	return usage(diag.Hinted(errors.New("a token is read from stdin, and a path is no argument"), hint))
}

// showable reports whether a path that leads nowhere may be shown. It may be
// anything that somebody took for a path: a key that was cut, or packed into an
// encoding that nobody here knows.
func showable(path string) bool {
	return len(path) <= 1024 && !strings.ContainsAny(path, "\r\n") && !seal.IsPrivateKey(path) && !packedText.MatchString(filepath.ToSlash(path))
}

// packedText is longer than a name that people give, and has nothing of one.
var packedText = regexp.MustCompile(`[A-Za-z0-9+=]{40}`)

// keyless writes what is meant for people, without any private key that came
// along in it.
type keyless struct{ to io.Writer }

func (k keyless) Write(b []byte) (int, error) {
	if _, err := k.to.Write(seal.HidePrivateKeys(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
