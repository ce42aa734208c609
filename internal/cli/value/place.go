package value

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/delivery"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Place are the flags of the commands that give a value out, and say where to. All of
// them deliver it here, and nowhere else.
type Place struct {
	Output    string `short:"o" placeholder:"FILE|-" help:"Write to a new file of mode 0600 outside any git work tree, into a pipe, or with - to stdout."`
	Overwrite bool   `help:"Let -o replace a file of yours that nobody else can read than those who may read the new one."`
	Mode      string `placeholder:"MODE" help:"The mode of the file of -o, in octal, such as 0640. Everybody is never let in."`
	Group     string `placeholder:"NAME|GID" help:"The group of the file of -o, which may read it unless --mode says otherwise."`
	Reveal    bool   `help:"Print to a terminal."`
}

func (p Place) toStdout() bool { return p.Output == "" || delivery.IsStdout(p.Output) }

// check refuses a place before anything is decrypted.
func (p Place) check(env *command.Env) error {
	_, err := delivery.ParseAccess(p.Mode, p.Group)
	switch {
	case err != nil:
		return command.Usage(err)
	case !p.toStdout():
		return nil
	case p.Overwrite, p.Mode != "", p.Group != "":
		return command.Usagef("--overwrite, --mode and --group are about the file that -o FILE names")
	case env.StdoutTerminal && !p.Reveal:
		return command.Usage(diag.Hinted(errors.New("this would print the token on the terminal"), "-o FILE writes a file, a pipe takes it too, and --reveal prints it"))
	case p.Output == "" && env.InCI():
		return command.Usage(diag.Hinted(errors.New("this would print the token into a CI log"), "say -o - to write to stdout all the same, or -o FILE"))
	}
	return p.checkRedirection(env)
}

// checkRedirection looks at a file that the shell made for stdout: it knows
// nothing of the rules for files.
func (p Place) checkRedirection(env *command.Env) error {
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
		env.Warnf("others can read %s, where stdout goes; %s", path, hint)
	}
	return nil
}

// Give makes a value from the state and delivers it. It is checked first where
// it would go. about are as for [command.Env.WithStateOf].
func (p Place) Give(ctx context.Context, env *command.Env, about []model.Address, make func(*workspace.Workspace, *state.Snapshot) (secret.Value, error)) error {
	if err := p.check(env); err != nil {
		return err
	}
	command.Harden()
	return env.WithStateOf(ctx, about, func(w *workspace.Workspace, snap *state.Snapshot) error {
		value, err := make(w, snap)
		if err != nil {
			return err
		}
		defer value.Wipe()
		return p.deliver(ctx, env, value)
	})
}

// deliver gives the value out. It is still the caller's to wipe.
func (p Place) deliver(ctx context.Context, env *command.Env, value secret.Value) error {
	if p.toStdout() {
		return toStdout(env, value)
	}
	who, err := delivery.ParseAccess(p.Mode, p.Group)
	if err != nil {
		return command.Usage(err)
	}
	path := env.Abs(p.Output)
	err = delivery.File{Path: path, Replace: p.Overwrite, Access: who, Getenv: env.Getenv, Dir: env.Dir}.Write(ctx, value)
	var inWorkTree *delivery.WorkTreeError
	switch {
	case errors.As(err, &inWorkTree):
		return diag.Hinted(err, "write it elsewhere")
	case errors.Is(err, delivery.ErrExists):
		return diag.Hinted(err, "remove it first, write elsewhere, or replace it with --overwrite")
	case err != nil:
		return err
	}
	env.Infof("Wrote %s, %s.", path, p.readers(who))
	return nil
}

// readers says who can read what was written.
func (p Place) readers(who delivery.Access) string {
	switch {
	case who.Mode&0o070 == 0:
		return "readable by you alone"
	case p.Group == "":
		return "open to you and your group"
	}
	return "open to you and the group " + p.Group
}

// toStdout adds the line end that a person wants to see on a terminal.
func toStdout(env *command.Env, value secret.Value) error {
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
