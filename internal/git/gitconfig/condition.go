package gitconfig

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/rules"
)

// The conditions of includeIf, as git's own include_condition_is_true has them.

// holds tells whether the condition of an include is met, and whether it is one
// that is known here.
func (r *reader) holds(condition, origin string) (holds, known bool, err error) {
	if pattern, ok := strings.CutPrefix(condition, "gitdir:"); ok {
		return r.src.matchGitDir(pattern, origin, false), true, nil
	}
	if pattern, ok := strings.CutPrefix(condition, "gitdir/i:"); ok {
		return r.src.matchGitDir(pattern, origin, true), true, nil
	}
	if pattern, ok := strings.CutPrefix(condition, "onbranch:"); ok {
		branch := r.src.branch()
		return branch != "" && glob(deepen(pattern), branch, false), true, nil
	}
	if pattern, ok := strings.CutPrefix(condition, "hasconfig:remote.*.url:"); ok {
		holds, err = r.matchRemote(pattern)
		return holds, true, err
	}
	return false, false, nil
}

// matchSteps bounds the work of one pattern; the user's own are far below it.
const matchSteps = 1 << 20

func glob(pattern, path string, fold bool) bool {
	return rules.Glob(pattern, path, fold, rules.NewBudget(matchSteps))
}

// matchGitDir tries the git folder's real path first and then the one given, as
// git does, so that ~/work/ fits also where it is a link to another disk.
func (src Sources) matchGitDir(pattern, origin string, fold bool) bool {
	pattern, literal, ok := src.gitDirPattern(pattern, origin)
	if !ok || src.GitDir == "" {
		return false
	}
	for _, path := range []string{real(src.GitDir), src.Given} {
		path = filepath.ToSlash(path)
		if path == "" || len(path) < literal || !same(pattern[:literal], path[:literal], fold) {
			continue
		}
		if glob(pattern[literal:], path[literal:], fold) {
			return true
		}
	}
	return false
}

// gitDirPattern completes a pattern; of what it returns, so much at the beginning
// stands for itself. Without a file to begin from there is no pattern.
func (src Sources) gitDirPattern(pattern, origin string) (whole string, literal int, ok bool) {
	if expanded, ok := src.expand(pattern, true); ok {
		pattern = expanded
	}
	switch {
	case strings.HasPrefix(pattern, "./"):
		if origin == "" {
			return "", 0, false
		}
		dir := filepath.ToSlash(filepath.Dir(real(origin)))
		pattern, literal = strings.TrimSuffix(dir, "/")+pattern[1:], len(strings.TrimSuffix(dir, "/"))+1
	case !isAbs(pattern):
		pattern = "**/" + pattern
	}
	return deepen(pattern), literal, true
}

func same(a, b string, fold bool) bool {
	return a == b || fold && strings.EqualFold(a, b)
}

// deepen gives a pattern that ends in a slash its meaning: everything below.
func deepen(pattern string) string {
	if strings.HasSuffix(pattern, "/") {
		return pattern + "**"
	}
	return pattern
}

// expand replaces a leading ~/ or ~user/, with links followed where asked. It is
// false where there is no such home directory.
func (src Sources) expand(path string, follow bool) (string, bool) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok {
		return path, true
	}
	name, rest, deeper := strings.Cut(rest, "/")
	home := src.home()
	if name != "" {
		home = ""
		if u, err := user.Lookup(name); err == nil {
			home = u.HomeDir
		}
	}
	if home == "" {
		return "", false
	}
	if home = filepath.ToSlash(home); follow && name == "" {
		home = filepath.ToSlash(real(home))
	}
	if deeper {
		home += "/" + rest
	}
	return home, true
}

// real follows links, where there is something to follow.
func real(path string) string {
	if path, err := filepath.EvalSymlinks(path); err == nil {
		return path
	}
	return filepath.Clean(path)
}

// branch is the branch that HEAD is on, without refs/heads/; "" is none.
func (src Sources) branch() string {
	name, dir := "HEAD", src.GitDir
	for range 5 {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		target, symbolic := strings.CutPrefix(string(data), "ref:")
		if err != nil || !symbolic {
			break
		}
		name, dir = strings.TrimSpace(target), src.CommonDir
		if !strings.HasPrefix(name, "refs/") || !filepath.IsLocal(filepath.FromSlash(name)) {
			return ""
		}
	}
	branch, _ := strings.CutPrefix(name, "refs/heads/")
	if branch == name {
		return ""
	}
	return branch
}

// matchRemote tells whether a remote has such an address. To know them all, all
// files are read once, as if every such condition were met.
func (r *reader) matchRemote(pattern string) (bool, error) {
	if r.surveying {
		return true, nil
	}
	if r.remotes == nil {
		survey := &reader{src: r.src, config: &Config{}, surveying: true}
		if err := survey.all(); err != nil {
			return false, fmt.Errorf("look for the remotes that a condition asks for: %w", err)
		}
		urls := []string{}
		for _, s := range survey.config.settings {
			if isRemoteURL(s.Key) {
				urls = append(urls, s.Value)
			}
		}
		r.remotes = &urls
	}
	for _, url := range *r.remotes {
		if glob(pattern, url, false) {
			return true, nil
		}
	}
	return false, nil
}
