package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Find returns the nearest directory at or above dir that has a project file.
func Find(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, config.ProjectFile)); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", diag.Hinted(fmt.Errorf("there is no %s in %s or above it", config.ProjectFile, dir),
				"osmoctl init makes a project; -C DIR looks elsewhere")
		}
	}
}

// CheckNamed demands a project file in a directory that was named, and no symbolic
// link on the way through the repository: what a link in it leads to, a branch
// decides. From there nothing is searched upwards: a pull request that takes the
// project away must not have another found in its place.
func CheckNamed(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, config.ProjectFile)); err != nil {
		return diag.Hinted(fmt.Errorf("there is no %s in %s, which -C names as the project directory", config.ProjectFile, dir),
			"name the directory that has it; without -C it is searched for from the working directory upwards")
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	root := repositoryAbove(dir)
	if root == "" {
		return nil
	}
	below, err := filepath.Rel(root, dir)
	if err != nil {
		return err
	}
	if root, err = filepath.EvalSymlinks(root); err == nil && real != filepath.Join(root, below) {
		err = diag.Hinted(fmt.Errorf("%s leads through a symbolic link in the repository, so the branch at hand would choose which project it is", dir),
			"name the directory itself: "+real)
	}
	return err
}

// PathInRepository is the way to a directory from the top of its repository, in slashes;
// "" at the top, and where there is no repository.
func PathInRepository(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return ""
	}
	root := repositoryAbove(real)
	if root == "" {
		return ""
	}
	below, err := filepath.Rel(root, real)
	if err != nil || below == "." {
		return ""
	}
	return filepath.ToSlash(below)
}

// repositoryAbove is the nearest directory with a .git at or above dir, as its
// path is spelled; "" is none.
func repositoryAbove(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// CheckNearest refuses a project that was found above a directory, from, which had
// one of its own: a branch that takes that away must not have another planned and
// applied in its place.
func (w *Workspace) CheckNearest(ctx context.Context, from string) error {
	below, err := filepath.Rel(w.dir, from)
	if err != nil || below == "." || !filepath.IsLocal(below) {
		return err
	}
	head, err := w.repo.Head()
	if err != nil || head.Commit == "" {
		return err
	}
	stop := errors.New("seen")
	for dir := filepath.ToSlash(below); dir != "."; dir = path.Dir(dir) {
		var last git.Commit
		err := w.repo.History(ctx, head.Commit, path.Join(dir, config.ProjectFile), func(c git.Commit) error {
			last = c
			return stop
		})
		if errors.Is(err, stop) {
			return diag.Hinted(fmt.Errorf("%s had a project of its own, which commit %.12s took away", path.Join(w.repo.Prefix(), dir), last.Hash),
				"name the one that is meant: osmoctl -C "+model.ShellWord(w.dir))
		}
		// Nobody keeps another project in the folders that are a project's own.
		top, _, _ := strings.Cut(dir, "/")
		if errors.Is(err, git.ErrShallow) && top != config.ManifestDir && top != state.Dir {
			return diag.Hinted(fmt.Errorf("this clone is shallow, so it cannot be told whether %s had a project of its own", path.Join(w.repo.Prefix(), dir)),
				"name the one that is meant: osmoctl -C "+model.ShellWord(w.dir))
		}
		if err != nil && !errors.Is(err, git.ErrShallow) {
			return err
		}
	}
	return nil
}
