package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// outputFlags are those of the commands that give a value out. All of them
// deliver it here, and nowhere else.
type outputFlags struct {
	Output    string `short:"o" placeholder:"FILE|-" help:"Write to a new file of mode 0600 outside any git work tree, into a pipe, or with - to stdout."`
	Overwrite bool   `help:"Let -o replace a file of yours that nobody else can read than those who may read the new one."`
	Mode      string `placeholder:"MODE" help:"The mode of the file of -o, in octal, such as 0640. Everybody is never let in."`
	Group     string `placeholder:"NAME|GID" help:"The group of the file of -o, which may read it unless --mode says otherwise."`
	Reveal    bool   `help:"Print to a terminal."`
}

func (o outputFlags) toStdout() bool { return o.Output == "" || isStdout(o.Output) }

// isStdout knows the names of stdout.
func isStdout(path string) bool {
	if path == "-" {
		return true
	}
	fd, ok := delivery.Descriptor(path)
	return ok && fd == 1
}

// check refuses a place before anything is decrypted.
func (o outputFlags) check(env *Env) error {
	_, err := delivery.ParseAccess(o.Mode, o.Group)
	switch {
	case err != nil:
		return usage(err)
	case !o.toStdout():
		return nil
	case o.Overwrite, o.Mode != "", o.Group != "":
		return usagef("--overwrite, --mode and --group are about the file that -o FILE names")
	case env.StdoutTerminal && !o.Reveal:
		return usage(diag.Hinted(errors.New("this would print the token on the terminal"), "-o FILE writes a file, a pipe takes it too, and --reveal prints it"))
	case o.Output == "" && env.inCI():
		return usage(diag.Hinted(errors.New("this would print the token into a CI log"), "say -o - to write to stdout all the same, or -o FILE"))
	}
	return o.checkRedirection(env)
}

// checkRedirection looks at a file that the shell made for stdout: it knows
// nothing of the rules for files.
func (o outputFlags) checkRedirection(env *Env) error {
	if env.StdoutFile == nil {
		return nil
	}
	const hint = "-o FILE writes a file that only you can read"
	path := env.StdoutFile.Path
	file := delivery.File{Path: path, Getenv: env.Getenv, Dir: env.Dir}
	if root, inside := file.WorkTree(filepath.Dir(path)); filepath.IsAbs(path) && inside {
		return diag.Hinted(&delivery.WorkTreeError{Path: path, Root: root}, "send stdout to a pipe; "+hint)
	}
	if runtime.GOOS != "windows" && env.StdoutFile.Mode.Perm()&0o077 != 0 {
		env.warnf("others can read %s, where stdout goes; %s", path, hint)
	}
	return nil
}

// give makes a value from the state and delivers it. It is checked first where
// it would go.
func (o outputFlags) give(ctx context.Context, env *Env, made func(*workspace.Workspace, *state.Snapshot) (secret.Value, error)) error {
	if err := o.check(env); err != nil {
		return err
	}
	hardenProcess()
	return env.withState(ctx, func(w *workspace.Workspace, snap *state.Snapshot) error {
		value, err := made(w, snap)
		if err != nil {
			return err
		}
		defer value.Wipe()
		return o.deliver(ctx, env, value)
	})
}

// deliver gives the value out. It is still the caller's to wipe.
func (o outputFlags) deliver(ctx context.Context, env *Env, value secret.Value) error {
	if o.toStdout() {
		return toStdout(env, value)
	}
	who, err := delivery.ParseAccess(o.Mode, o.Group)
	if err != nil {
		return usage(err)
	}
	path := absolute(env.Dir, o.Output)
	err = delivery.File{Path: path, Replace: o.Overwrite, Access: who, Getenv: env.Getenv, Dir: env.Dir}.Write(ctx, value)
	var inWorkTree *delivery.WorkTreeError
	switch {
	case errors.As(err, &inWorkTree):
		return diag.Hinted(err, "write it elsewhere")
	case errors.Is(err, delivery.ErrExists):
		return diag.Hinted(err, "remove it first, write elsewhere, or replace it with --overwrite")
	case err != nil:
		return err
	}
	env.infof("Wrote %s, %s.", path, o.readers(who))
	return nil
}

// readers says who can read what was written.
func (o outputFlags) readers(who delivery.Access) string {
	switch {
	case who.Mode&0o070 == 0:
		return "readable by you alone"
	case o.Group == "":
		return "open to you and your group"
	}
	return "open to you and the group " + o.Group
}

// toStdout adds the line end that a person wants to see on a terminal.
func toStdout(env *Env, value secret.Value) error {
	return value.Use(func(b []byte) error {
		_, err := env.Stdout.Write(b)
		if err == nil && env.StdoutTerminal && !bytes.HasSuffix(b, []byte("\n")) {
			_, err = env.Stdout.Write([]byte("\n"))
		}
		if err != nil {
			return fmt.Errorf("the token could not be written: %w", err)
		}
		return nil
	})
}
