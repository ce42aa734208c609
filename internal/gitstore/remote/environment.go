package remote

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// An environment is a list of NAME=value, of which the last one holds.
type environment []string

func (e environment) get(name string) string {
	for _, pair := range slices.Backward(e) {
		if key, value, ok := strings.Cut(pair, "="); ok && sameName(key, name) {
			return value
		}
	}
	return ""
}

func sameName(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}

// withheld are the variables that git is not given. Those that name another
// repository would lead it astray. Tracing prints credentials. Ours may hold
// some, and hooks and helpers have no use for them. A star stands for whatever
// follows.
var withheld = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_*", "GIT_QUARANTINE_PATH",
	"GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS",
	"GIT_PUSH_OPTION_*", "GIT_REFLOG_ACTION",
	"GIT_TRACE*", "GIT_CURL_VERBOSE",
	"GIT_TERMINAL_PROMPT", "LC_ALL", "LANGUAGE",
	"OSMO_*", "OSMOCTL_*",
	"PATH",
}

func isWithheld(name string) bool {
	return slices.ContainsFunc(withheld, func(pattern string) bool {
		beginning, open := strings.CutSuffix(pattern, "*")
		return sameName(name, pattern) || open && strings.HasPrefix(name, beginning)
	})
}

// forGit is the environment of the git that we run: it asks nothing, speaks
// English, and finds no program in a folder of the repository. What the user
// set to reach remotes (GIT_SSH_COMMAND, GIT_ASKPASS, GIT_CONFIG_COUNT, proxies)
// stays.
func (e environment) forGit(root string) []string {
	var out []string
	for _, pair := range e {
		if name, _, _ := strings.Cut(pair, "="); !isWithheld(name) {
			out = append(out, pair)
		}
	}
	path := strings.Join(e.path(root), string(filepath.ListSeparator))
	return append(out, "PATH="+path, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
}

// path returns the folders of PATH that may hold programs: absolute ones
// outside the repository, whose files may come from a stranger's pull request.
func (e environment) path(root string) []string {
	root = followLinks(root)
	var out []string
	for _, dir := range filepath.SplitList(e.get("PATH")) {
		if filepath.IsAbs(dir) && !inside(followLinks(dir), root) {
			out = append(out, dir)
		}
	}
	return out
}

// followLinks follows links, where there is something to follow.
func followLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// findProgram returns the absolute path of a program on PATH, or "". One that
// a link leads into the repository is passed over.
func findProgram(name string, env environment, root string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	for _, dir := range env.path(root) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || inside(followLinks(path), followLinks(root)) {
			continue
		}
		if runtime.GOOS == "windows" || info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}
