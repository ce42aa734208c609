package tokens

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/osmoctl/osmoctl/internal/cli/argument"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/cli/identity"
	"github.com/osmoctl/osmoctl/internal/cli/value"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The exit codes of token exec where the program did not run, as those of
// shells, env and nohup.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

type execCmd struct {
	argument.TokenPath
	identity.Keys
	Env     string   `placeholder:"NAME" xor:"where" help:"The environment variable that holds the token. Default: OSMO_TOKEN."`
	FD      *int     `name:"fd" placeholder:"N" xor:"where" help:"Give the token on this file descriptor, to be read to its end, and not in the environment. 0 is stdin; otherwise 3 or above."`
	Command []string `arg:"" placeholder:"CMD" help:"After --: the program and its arguments."`
}

// Help is the long description of the command.
func (execCmd) Help() string {
	return `The program takes the place of osmoctl: signals, terminal, standard streams and exit code are its own, and no process stays that knows the token. No shell is involved. Its environment is the one that osmoctl was given, with the token added. Whoever can read the environment of the program's process, which is root and the same user, can read the token there; --fd leaves it in a pipe that is read once.

The exit code is the program's. Where the program does not come to run it is 127 if it was not found, 126 if it cannot be run, and otherwise one of osmoctl's own. Soft limits on core dumps are set to 0 for the program; it can raise them.`
}

// AfterApply demands the --, without which a flag of the program could be taken
// for one of ours.
func (c *execCmd) AfterApply(parsed *kong.Context) error {
	at := slices.Index(parsed.Args, "--")
	if at < 0 || !slices.Equal(parsed.Args[at+1:], c.Command) {
		return errors.New("-- has to stand before the program, as in osmoctl token exec USER/TOKEN -- CMD")
	}
	return nil
}

// Run opens the token and becomes the program.
func (c *execCmd) Run(ctx context.Context, env *command.Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	path, err := lookPath(c.Command[0])
	if err != nil {
		return err
	}
	command.Harden()
	opened, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	defer opened.Wipe()
	next := execution{path: path, argv: c.Command, environ: env.Environ}
	if c.FD != nil {
		next.fd, next.input = *c.FD, opened
	} else if next.environ, err = withToken(env.Environ, cmp.Or(c.Env, value.DefaultVariable), opened); err != nil {
		return err
	}
	return next.run(env)
}

func (c *execCmd) check(env *command.Env) error {
	switch {
	case c.FD != nil && *c.FD == 0 && slices.Contains(c.Identity, "-"):
		return c.CheckStdin(env, "--fd 0")
	case c.FD != nil:
		if err := checkFD(*c.FD); err != nil {
			return command.Usage(err)
		}
	case c.Env != "":
		return value.CheckVariable(c.Env)
	}
	return nil
}

func (c *execCmd) open(ctx context.Context, env *command.Env) (opened secret.Value, err error) {
	err = env.WithStateOf(ctx, c.About(), func(w *workspace.Workspace, snap *state.Snapshot) error {
		opened, err = value.OpenToken(ctx, env, w, snap, c.TokenPath, &c.Keys)
		return err
	})
	return opened, err
}

// lookPath finds a program as a shell would. A file in the working directory is
// not found through PATH: it takes a path such as ./CMD.
func lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", command.WithCode(fmt.Errorf("%s was not found", name), exitNotFound)
	case errors.Is(err, exec.ErrDot):
		return "", command.WithCode(diag.Hinted(fmt.Errorf("%s is in the working directory alone", name), "./"+name+" runs it"), exitNotFound)
	}
	return "", command.WithCode(fmt.Errorf("%s cannot be run: %w", name, cause(err)), exitNotExecutable)
}

// cause leaves out what exec says of the name, which our own words have said.
func cause(err error) error {
	var of *exec.Error
	var at *fs.PathError
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &of):
		return of.Err
	}
	return err
}

// withToken is the environment with the token under name, where nothing else is
// left of that name.
func withToken(environ []string, name string, value secret.Value) ([]string, error) {
	changed := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		return strings.HasPrefix(entry, name+"=")
	})
	err := value.Use(func(b []byte) error {
		if bytes.IndexByte(b, 0) >= 0 {
			return diag.Hinted(errors.New("the token holds a zero byte, which no environment can"), "--fd N gives it by a pipe")
		}
		changed = append(changed, name+"="+string(b))
		return nil
	})
	return changed, err
}

// execution is the program that osmoctl becomes.
type execution struct {
	path    string
	argv    []string
	environ []string
	// input is what the program reads on descriptor fd, if it has a length.
	fd    int
	input secret.Value
}

// run gives the signals back to the system before the program takes over, so
// that each goes either to us, and ends us, or to the program.
func (x execution) run(env *command.Env) error {
	if err := env.HandOver(); err != nil {
		return err
	}
	if !env.Executes {
		return errors.New("programs are not run here")
	}
	return execute(x)
}
