package delivery

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
)

// WorkTree reports whether dir, whose links are resolved, lies in a git work
// tree or in a repository, and its top. On Linux it looks at every path by which
// dir is reached.
func (f File) WorkTree(dir string) (root string, inside bool) {
	for _, dir := range append([]string{dir}, otherNames(dir)...) {
		if root, inside = f.workTreeAbove(dir); inside {
			return root, true
		}
	}
	return "", false
}

func (f File) workTreeAbove(dir string) (root string, inside bool) {
	for at := dir; ; at = filepath.Dir(at) {
		if disk.Exists(filepath.Join(at, ".git")) || isRepository(at) {
			return at, true
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	for _, root := range f.workTreesOfEnvironment() {
		if within(dir, root) {
			return root, true
		}
	}
	return "", false
}

// isRepository knows a bare repository, or a git directory, by what git demands
// of one.
func isRepository(dir string) bool {
	return disk.Exists(filepath.Join(dir, "HEAD")) && isDirectory(filepath.Join(dir, "objects")) && isDirectory(filepath.Join(dir, "refs"))
}

// workTreesOfEnvironment are those that git would work on here: what
// GIT_WORK_TREE names; with GIT_DIR what its core.worktree names, else the
// working directory.
func (f File) workTreesOfEnvironment() (roots []string) {
	gitDir, workTree := f.Getenv("GIT_DIR"), f.Getenv("GIT_WORK_TREE")
	if workTree != "" {
		roots = append(roots, f.resolve(f.Dir, workTree))
	}
	if gitDir == "" {
		return roots
	}
	gitDir = f.resolve(f.Dir, gitDir)
	roots = append(roots, gitDir)
	if configured := f.coreWorktree(gitDir); configured != "" {
		return append(roots, f.resolve(gitDir, configured))
	}
	if workTree == "" {
		roots = append(roots, f.resolve(f.Dir, "."))
	}
	return roots
}

// coreWorktree is the work tree that a repository's configuration names. One
// that cannot be read names none.
func (f File) coreWorktree(gitDir string) string {
	config, err := gitconfig.Load(gitconfig.Sources{Env: f.Getenv, GitDir: gitDir, CommonDir: gitDir})
	if err != nil {
		return ""
	}
	path, _ := config.Get("core.worktree")
	return path
}

// resolve makes a path absolute and follows its links, where it exists.
func (f File) resolve(base, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// within reports whether path is root or below it.
func within(path, root string) bool {
	rest, err := filepath.Rel(root, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
