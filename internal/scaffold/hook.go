package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// hookText is the pre-commit hook. Where osmoctl is missing it stops the commit:
// a check that is passed over in silence is worse than none. %s is " -C DIR", or
// nothing.
const hookText = `#!/bin/sh
# Written by osmoctl init --hook: it looks for tokens in what is staged.
# git commit --no-verify goes past it, for one commit.
if ! command -v osmoctl >/dev/null 2>&1; then
	echo "pre-commit: osmoctl is not on PATH, so nobody looked for tokens in this commit." >&2
	echo "Install it, remove this hook ($0), or go past it with git commit --no-verify." >&2
	exit 1
fi
exec osmoctl%s token scan --staged
`

// Hook is the pre-commit hook of a clone.
type Hook struct {
	// Path is where it is.
	Path string
	// Line does the same in a hook that exists.
	Line string
	// Exists says that there is another one, which was left alone.
	Exists bool
}

// WriteHook makes the pre-commit hook of the repository around a project. It is
// the clone's own: nothing that is committed chooses programs to run. home is what
// ~ stands for in git's configuration.
func WriteHook(repo *git.Repository, home string) (Hook, error) {
	// Hooks run at the top of the work tree, and the project may lie below.
	in := ""
	if prefix := repo.Prefix(); prefix != "" {
		in = " -C '" + strings.ReplaceAll(prefix, "'", `'\''`) + "'"
	}
	hook := Hook{Line: "osmoctl" + in + " token scan --staged || exit 1"}
	dir, err := findHooks(repo, home)
	if err != nil {
		return hook, diag.Hinted(err, "if that is what you want, add to the pre-commit hook there: "+hook.Line)
	}
	hook.Path = filepath.Join(dir, "pre-commit")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return hook, err
	}
	err = writeNew(hook.Path, fmt.Appendf(nil, hookText, in), 0o777)
	if hook.Exists = errors.Is(err, fs.ErrExist); hook.Exists {
		err = nil
	}
	return hook, err
}

// findHooks tells where git looks for the repository's hooks. A place outside of the
// repository serves others too.
func findHooks(repo *git.Repository, home string) (string, error) {
	set, _ := repo.Config("core.hooksPath")
	if set == "" {
		return filepath.Join(repo.CommonDir(), "hooks"), nil
	}
	if below, ok := strings.CutPrefix(set, "~/"); ok {
		set = filepath.Join(home, below)
	}
	dir := filepath.FromSlash(set)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(repo.Root(), dir)
	}
	dir = filepath.Clean(dir)
	for _, top := range []string{repo.Root(), repo.CommonDir()} {
		if below, err := filepath.Rel(top, dir); err == nil && filepath.IsLocal(below) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("core.hooksPath leads to %s, which is outside of this repository, so a hook there would run in others too", dir)
}
