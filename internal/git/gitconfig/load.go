package gitconfig

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Sources says where to look.
type Sources struct {
	// Env looks up an environment variable.
	Env func(string) string
	// GitDir and CommonDir are the repository's folders; with both empty only
	// the system's and the user's settings are read.
	GitDir, CommonDir string
	// Given is the path of GitDir as the user spelled it, links included. The
	// conditions on it try both. "" is GitDir.
	Given string
}

// Load reads all files. One that does not exist is no error; one that cannot
// be understood is, with its path and line.
func Load(src Sources) (*Config, error) {
	r := &reader{src: src, config: &Config{}}
	if err := r.all(); err != nil {
		return nil, err
	}
	return r.config, nil
}

// reader goes through all sources once.
type reader struct {
	src    Sources
	config *Config
	depth  int
	// remotes are the addresses of all remotes, once a condition asked for them.
	remotes *[]string
	// surveying says that remotes are being looked for, and guarded that they must
	// not be found in the file at hand.
	surveying, guarded bool
}

func (r *reader) all() error {
	for _, f := range r.src.files() {
		if err := r.file(f.level, f.path); err != nil {
			return err
		}
	}
	own, err := r.src.worktreeConfig()
	if err == nil && own {
		err = r.file(Worktree, filepath.Join(r.src.GitDir, "config.worktree"))
	}
	return cmp.Or(err, r.environment())
}

type file struct {
	level Level
	path  string
}

func (src Sources) files() []file {
	var files []file
	if !IsTrue(src.Env("GIT_CONFIG_NOSYSTEM")) {
		files = append(files, file{System, cmp.Or(src.Env("GIT_CONFIG_SYSTEM"), systemFile)})
	}
	for _, path := range src.globalFiles() {
		files = append(files, file{Global, path})
	}
	if src.CommonDir != "" {
		files = append(files, file{Local, src.repositoryFile()})
	}
	return files
}

func (src Sources) repositoryFile() string { return filepath.Join(src.CommonDir, "config") }

func (src Sources) globalFiles() []string {
	if path := src.Env("GIT_CONFIG_GLOBAL"); path != "" {
		return []string{path}
	}
	home := src.home()
	var files []string
	if dir := src.Env("XDG_CONFIG_HOME"); dir != "" {
		files = append(files, filepath.Join(dir, "git", "config"))
	} else if home != "" {
		files = append(files, filepath.Join(home, ".config", "git", "config"))
	}
	if home != "" {
		files = append(files, filepath.Join(home, ".gitconfig"))
	}
	return files
}

func (src Sources) home() string { return cmp.Or(src.Env("HOME"), src.Env("USERPROFILE")) }

// worktreeConfig tells whether this work tree has a file of its own. Only the
// repository's file says so, and nothing that it includes.
func (src Sources) worktreeConfig() (bool, error) {
	if src.GitDir == "" || src.CommonDir == "" {
		return false, nil
	}
	settings, err := readSettings(src.repositoryFile())
	var c Config
	for _, s := range settings {
		c.settings = append(c.settings, placed{Setting: s})
	}
	// Git overlooks all extensions of a repository that tells no format.
	_, formatted := c.Get("core.repositoryformatversion")
	return formatted && c.Bool("extensions.worktreeconfig", false), err
}

// readSettings reads a file as it stands; none has no settings.
func readSettings(path string) ([]Setting, error) {
	data, err := os.ReadFile(path)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read git configuration: %w", err)
	}
	settings, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("git configuration %s: %w", path, err)
	}
	return settings, nil
}

// isMissing also knows a path that leads through a file.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, syscall.ENOTDIR)
}

// file reads a file and, where they stand, the files that it includes.
func (r *reader) file(level Level, path string) error {
	settings, err := readSettings(path)
	for i := 0; i < len(settings) && err == nil; i++ {
		err = r.setting(placed{settings[i], level, path})
	}
	return err
}

func (r *reader) setting(s placed) error {
	if r.guarded && isRemoteURL(s.Key) {
		return fmt.Errorf("git configuration %s: a remote's address must not stand in a file that is included on a condition, "+
			"where another condition (hasconfig:remote.*.url) depends on addresses; put it into the repository's own configuration", s.origin)
	}
	r.config.settings = append(r.config.settings, s)
	if s.Key == "include.path" {
		return r.include(s)
	}
	condition, ok := strings.CutPrefix(s.Key, "includeif.")
	if ok {
		condition, ok = strings.CutSuffix(condition, ".path")
	}
	if !ok {
		return nil
	}
	holds, known, err := r.holds(condition, s.origin)
	switch {
	case err != nil:
		return err
	case !known:
		r.noteDoubt(condition, s)
		return nil
	case !holds:
		return nil
	}
	guarded := r.guarded
	r.guarded = guarded || r.surveying
	err = r.include(s)
	r.guarded = guarded
	return err
}

func isRemoteURL(key string) bool {
	return strings.HasPrefix(key, "remote.") && strings.HasSuffix(key, ".url") && len(key) > len("remote.url")
}

// noteDoubt notes a condition that is not known, where there is something to include.
func (r *reader) noteDoubt(condition string, s placed) {
	path, err := r.target(s)
	if err != nil {
		return
	}
	if _, err := os.Stat(path); err == nil {
		r.config.doubts = append(r.config.doubts, Doubt{condition, s.origin, path, len(r.config.settings)})
	}
}

// maxInclude is how deep files may include one another; git's own limit.
const maxInclude = 10

func (r *reader) include(s placed) error {
	path, err := r.target(s)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); isMissing(err) {
		return nil
	}
	if r.depth == maxInclude {
		return fmt.Errorf("git configuration %s: included more than %d files deep", path, maxInclude)
	}
	r.depth++
	defer func() { r.depth-- }()
	return r.file(s.level, path)
}

// target is the file that an include names. Relative paths begin where the naming
// file is, by its path as it was given; the system follows what links there are.
func (r *reader) target(s placed) (string, error) {
	where := "git configuration " + cmp.Or(s.origin, "from the environment")
	if s.Value == "" {
		return "", fmt.Errorf("%s: %s names no file", where, s.Key)
	}
	path, ok := r.src.expand(s.Value, false)
	switch {
	case !ok:
		return "", fmt.Errorf("%s: %s is %q, and it is not known whose home directory that means", where, s.Key, s.Value)
	case isAbs(path):
		return path, nil
	case s.origin == "":
		return "", fmt.Errorf("%s: %s is %q; from there, a file has to be named by its whole path", where, s.Key, s.Value)
	}
	last := strings.LastIndexFunc(s.origin, func(c rune) bool { return c < 0x80 && os.IsPathSeparator(uint8(c)) })
	return s.origin[:last+1] + path, nil
}

// isAbs also takes a leading slash for absolute on Windows, as git does.
func isAbs(path string) bool { return filepath.IsAbs(path) || strings.HasPrefix(path, "/") }
