package git

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
)

// A Place says where a repository's parts are, and where the project is in it.
type Place struct {
	root      string // top of the work tree
	gitDir    string // of this work tree: HEAD, index
	commonDir string // of all work trees: objects, refs
	given     string // gitDir by the path that the user gave, links included
	prefix    string // the project's folder below root
}

// Root is the top folder of the work tree.
func (p Place) Root() string { return p.root }

// Prefix is the project's folder below the root, in slashes; "" at the root.
func (p Place) Prefix() string { return p.prefix }

// GitDir is the git folder of this work tree.
func (p Place) GitDir() string { return p.gitDir }

// GivenGitDir is GitDir by the path that the project was opened with, which
// conditions in git's configuration may go by.
func (p Place) GivenGitDir() string { return p.given }

// CommonDir is the git folder that all linked work trees share.
func (p Place) CommonDir() string { return p.commonDir }

// InRoot turns a path of the project into one of the repository.
func (p Place) InRoot(name string) string { return path.Join(p.prefix, name) }

// InProject is the opposite of InRoot.
func (p Place) InProject(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, p.prefix), "/")
}

// discover walks up from a folder, by its real path, to the first one with a
// repository, and checks that it may be used.
func discover(given string, env func(string) string) (Place, *gitconfig.Config, error) {
	dir, err := filepath.EvalSymlinks(given)
	if err != nil {
		return Place{}, nil, err
	}
	p, gitFile, err := find(dir)
	if err != nil {
		return Place{}, nil, err
	}
	below, err := filepath.Rel(p.root, dir)
	if err != nil {
		return Place{}, nil, err
	}
	if below != "." {
		p.prefix = filepath.ToSlash(below)
	}
	p.given = p.asGiven(given, gitFile)
	// Who owns it comes first: a stranger's configuration is not even parsed.
	if err := p.checkOwner(gitFile, env); err != nil {
		return Place{}, nil, err
	}
	config, err := p.configuration(env)
	if err != nil {
		return Place{}, nil, err
	}
	return p, config, cmp.Or(checkFormat(config), p.checkWorktree(config), p.checkEnvironment(env))
}

// asGiven is the path of the git folder that begins as the user's does: what git
// itself knows in the top folder. From a folder further down git knows only the
// real one; the same repository should not have two configurations.
func (p Place) asGiven(dir, gitFile string) string {
	if gitFile != "" {
		return p.gitDir // git resolves what such a file names
	}
	for !sameFile(dir, p.root) {
		if dir == filepath.Dir(dir) {
			return p.gitDir
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, ".git")
}

// configuration reads it anew.
func (p Place) configuration(env func(string) string) (*gitconfig.Config, error) {
	return gitconfig.Load(gitconfig.Sources{Env: env, GitDir: p.gitDir, CommonDir: p.commonDir, Given: p.given})
}

func find(start string) (p Place, gitFile string, err error) {
	for dir := start; ; dir = filepath.Dir(dir) {
		dotGit := filepath.Join(dir, ".git")
		info, err := os.Stat(dotGit)
		switch {
		case err == nil && info.IsDir() && IsGitDir(dotGit):
			p, err := locate(dir, dotGit)
			return p, "", err
		case err == nil && info.Mode().IsRegular():
			p, err := followGitFile(dir, dotGit)
			return p, dotGit, err
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return Place{}, "", err
		case IsGitDir(dir):
			return Place{}, "", Unsupported(BareRepository,
				"%s is a bare git repository; osmoctl needs one with a work tree", dir)
		}
		if dir == filepath.Dir(dir) {
			return Place{}, "", Unsupported(NoRepository,
				"%s is not in a git repository; run: git init", start)
		}
	}
}

// isGitDir knows a git folder by what must be in it.
func IsGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "commondir")); err == nil {
		return true
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// followGitFile reads the file that stands for a git folder in linked work
// trees and submodules.
func followGitFile(root, path string) (Place, error) {
	text, err := readSmall(path)
	if err != nil {
		return Place{}, err
	}
	target, ok := strings.CutPrefix(text, "gitdir: ")
	if !ok {
		return Place{}, Unsupported(NoRepository, "%s does not name a git folder", path)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(root, target)
	}
	if !IsGitDir(target) {
		return Place{}, Unsupported(NoRepository,
			"%s names %s, which is not a git folder; run: git worktree repair", path, target)
	}
	return locate(root, target)
}

func locate(root, gitDir string) (Place, error) {
	gitDir, err := filepath.EvalSymlinks(gitDir)
	if err != nil {
		return Place{}, err
	}
	common := gitDir
	text, err := readSmall(filepath.Join(gitDir, "commondir"))
	switch {
	case err == nil && filepath.IsAbs(text):
		common = text
	case err == nil:
		common = filepath.Join(gitDir, text)
	case !errors.Is(err, fs.ErrNotExist):
		return Place{}, err
	}
	common, err = filepath.EvalSymlinks(common)
	return Place{root: root, gitDir: gitDir, commonDir: common}, err
}

// readSmall reads a one-line file of git's, without its line end.
func readSmall(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimRight(string(data), "\r\n"), err
}

// harmless are the extensions that change nothing in what we read and write.
var harmless = map[string]bool{
	"noop": true, "noop-v1": true, "partialclone": true, "preciousobjects": true,
	"worktreeconfig": true, "objectformat": true, "refstorage": true, "relativeworktrees": true,
}

func checkFormat(config *gitconfig.Config) error {
	if v, ok := config.Get("extensions.objectformat"); ok && !strings.EqualFold(v, "sha1") {
		return Unsupported(HashFormat, "this repository uses %s for its objects; osmoctl works with SHA-1 repositories only", v)
	}
	if v, ok := config.Get("extensions.refstorage"); ok && !strings.EqualFold(v, "files") {
		return Unsupported(RefFormat,
			"this repository keeps its branches as %s; run: git refs migrate --ref-format=files", v)
	}
	switch v, _ := config.Get("core.repositoryformatversion"); v {
	case "", "0":
		return nil // git itself overlooks other extensions there
	case "1":
	default:
		return Unsupported(Extension, "this repository has format version %s, which osmoctl does not know", v)
	}
	for _, key := range config.Keys("extensions", gitconfig.Local) {
		if !harmless[strings.TrimPrefix(key, "extensions.")] {
			return Unsupported(Extension, "this repository uses %s, which osmoctl does not know", key)
		}
	}
	return nil
}

// checkWorktree refuses a work tree that is not where its git folder is found.
// A bare repository may still have linked work trees, which are fine.
func (p Place) checkWorktree(config *gitconfig.Config) error {
	if p.gitDir == p.commonDir && config.Bool("core.bare", false) {
		return Unsupported(BareRepository, "%s is a bare git repository; osmoctl needs one with a work tree", p.gitDir)
	}
	worktree, ok := config.Get("core.worktree")
	if !ok {
		return nil
	}
	if !filepath.IsAbs(worktree) {
		worktree = filepath.Join(p.gitDir, worktree)
	}
	if !sameFile(worktree, p.root) {
		return Unsupported(OtherWorktree, "core.worktree puts the work tree at %s; run osmoctl there", worktree)
	}
	return nil
}

// checkEnvironment refuses variables that point git somewhere else, as they do
// inside a hook: what git then sees and what we see would differ.
func (p Place) checkEnvironment(env func(string) string) error {
	expected := []struct{ name, path string }{
		{"GIT_DIR", p.gitDir},
		{"GIT_COMMON_DIR", p.commonDir},
		{"GIT_WORK_TREE", p.root},
		{"GIT_INDEX_FILE", filepath.Join(p.gitDir, "index")},
		{"GIT_OBJECT_DIRECTORY", filepath.Join(p.commonDir, "objects")},
		{"GIT_ALTERNATE_OBJECT_DIRECTORIES", ""},
		{"GIT_NAMESPACE", ""},
	}
	for _, e := range expected {
		if value := env(e.name); value != "" && !samePath(value, e.path) {
			return Unsupported(Environment, "%s is set to something else than the repository at %s; run: unset %s",
				e.name, p.root, e.name)
		}
	}
	return nil
}

// samePath compares paths that need not exist, like an index not yet written.
func samePath(a, b string) bool {
	abs, err := filepath.Abs(a)
	if err != nil || b == "" {
		return false
	}
	return abs == b || sameFile(a, b) ||
		filepath.Base(abs) == filepath.Base(b) && sameFile(filepath.Dir(abs), filepath.Dir(b))
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// checkOwner does what git's safe.directory does: a repository of another user
// could name programs that we, or the git that we run, would start.
func (p Place) checkOwner(gitFile string, env func(string) string) error {
	paths := []string{p.root, p.gitDir}
	if gitFile != "" {
		paths = append(paths, gitFile)
	}
	for _, path := range paths {
		owned, err := isOurs(path, env)
		if err != nil {
			return err
		}
		if !owned {
			return p.checkSafe(path, env)
		}
	}
	return nil
}

// checkSafe looks for the root in safe.directory, which only the system, the
// user and the environment may set, never the repository.
func (p Place) checkSafe(path string, env func(string) string) error {
	config, err := gitconfig.Load(gitconfig.Sources{Env: env})
	if err != nil {
		return err
	}
	safe := false
	for _, value := range config.All("safe.directory", gitconfig.System, gitconfig.Global, gitconfig.Command) {
		switch below, deep := strings.CutSuffix(value, "/*"); {
		case value == "":
			safe = false
		case value == "*" || sameFile(value, p.root):
			safe = true
		case deep && strings.HasPrefix(p.root, filepath.Clean(below)+string(filepath.Separator)):
			safe = true
		}
	}
	if safe {
		return nil
	}
	return Unsupported(ForeignOwner, "%s belongs to another user; if you trust it, run: git config --global --add safe.directory %s",
		path, quote(p.root))
}

// quote makes a path safe to paste into a shell.
func quote(path string) string {
	if strings.ContainsAny(path, " '\"\\$`*?[]{}()<>|&;!#~\n") {
		return fmt.Sprintf("'%s'", strings.ReplaceAll(path, "'", `'\''`))
	}
	return path
}
