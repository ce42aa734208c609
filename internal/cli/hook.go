package cli

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

// writeHook makes the pre-commit hook of the repository around a project. It is
// the clone's own: nothing that is committed chooses programs to run. A hook that
// exists is left alone.
func (e *Env) writeHook(dir string) error {
	repo, err := git.Open(dir, git.Options{Env: e.getenvForScan})
	if err != nil {
		return err
	}
	defer repo.Close()
	in := hookDir(repo.Prefix())
	line := "osmoctl" + in + " token scan --staged || exit 1"
	hooks, err := e.hooksDir(repo)
	if err != nil {
		return diag.Hinted(err, "if that is what you want, add to the pre-commit hook there: "+line)
	}
	path := filepath.Join(hooks, "pre-commit")
	if err := os.MkdirAll(hooks, 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o777)
	if errors.Is(err, fs.ErrExist) {
		e.warnf("%s exists and was left alone; add to it:", path)
		e.infof("%s", line)
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(writeAll(f, fmt.Appendf(nil, hookText, in)), f.Close()); err != nil {
		return err
	}
	e.infof("Wrote the pre-commit hook %s. It is this clone's own: run osmoctl init --hook in every other.", path)
	return nil
}

// hookDir makes osmoctl look for the project where it lies: hooks run at the top
// of the work tree.
func hookDir(prefix string) string {
	if prefix == "" {
		return ""
	}
	return " -C '" + strings.ReplaceAll(prefix, "'", `'\''`) + "'"
}

// hooksDir is where git looks for the repository's hooks. A place outside of the
// repository serves others too.
func (e *Env) hooksDir(repo *git.Repository) (string, error) {
	set, _ := repo.Config("core.hooksPath")
	if set == "" {
		return filepath.Join(repo.CommonDir(), "hooks"), nil
	}
	if home, ok := strings.CutPrefix(set, "~/"); ok {
		set = filepath.Join(e.Getenv("HOME"), home)
	}
	dir := absolute(repo.Root(), filepath.FromSlash(set))
	for _, top := range []string{repo.Root(), repo.CommonDir()} {
		if below, err := filepath.Rel(top, dir); err == nil && filepath.IsLocal(below) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("core.hooksPath leads to %s, which is outside of this repository, so a hook there would run in others too", dir)
}
