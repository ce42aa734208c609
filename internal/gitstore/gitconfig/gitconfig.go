// Package gitconfig reads git's configuration the way git does.
//
// A setting is looked up in the system's file, the user's, the repository's,
// the work tree's and the environment, in this order, and the last one holds.
// Files may include others, outright or on a condition; "gitdir" and
// "onbranch" are the conditions known here, and any other is taken as not met.
//
// Each setting remembers the [Level] it came from, because some of them, like
// safe.directory, must not be believed when the repository itself says them.
// Nothing is ever written, and no value chooses a program to run.
package gitconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Level says where a setting stands.
type Level uint8

// The levels, in the order in which they are read.
const (
	System Level = iota
	Global
	Local
	Worktree
	Command
)

// Sources says where to look.
type Sources struct {
	// Env looks up an environment variable.
	Env func(string) string
	// GitDir and CommonDir are the repository's folders; with both empty only
	// the system's and the user's settings are read.
	GitDir, CommonDir string
	// Branch is the current branch without refs/heads/, for onbranch.
	Branch string
}

// A Config is what all files together say.
type Config struct {
	settings []placed
}

type placed struct {
	Setting
	level Level
}

// maxInclude is how deep files may include one another; git's own limit.
const maxInclude = 10

// Load reads all files. One that does not exist is no error; one that cannot
// be understood is, with its path and line.
func Load(src Sources) (*Config, error) {
	c := &Config{}
	for _, f := range src.files() {
		if err := c.include(src, f.level, f.path, 0); err != nil {
			return nil, err
		}
	}
	if c.Bool("extensions.worktreeconfig", false) && src.GitDir != "" {
		if err := c.include(src, Worktree, filepath.Join(src.GitDir, "config.worktree"), 0); err != nil {
			return nil, err
		}
	}
	return c, c.environment(src)
}

type file struct {
	level Level
	path  string
}

func (src Sources) files() []file {
	var files []file
	if !IsTrue(src.Env("GIT_CONFIG_NOSYSTEM")) {
		files = append(files, file{System, or(src.Env("GIT_CONFIG_SYSTEM"), systemFile)})
	}
	for _, path := range src.globalFiles() {
		files = append(files, file{Global, path})
	}
	if src.CommonDir != "" {
		files = append(files, file{Local, filepath.Join(src.CommonDir, "config")})
	}
	return files
}

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

func (src Sources) home() string { return or(src.Env("HOME"), src.Env("USERPROFILE")) }

// include reads a file and, where they stand, the files that it includes.
func (c *Config) include(src Sources, level Level, path string, depth int) error {
	if depth > maxInclude {
		return fmt.Errorf("git configuration %s: included more than %d files deep", path, maxInclude)
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read git configuration: %w", err)
	}
	settings, err := Parse(data)
	if err != nil {
		return fmt.Errorf("git configuration %s: %w", path, err)
	}
	for _, s := range settings {
		c.settings = append(c.settings, placed{s, level})
		if !src.includes(s.Key, path) || s.Value == "" {
			continue
		}
		if err := c.include(src, level, src.expand(s.Value, filepath.Dir(path)), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// includes tells whether a key asks for another file to be read.
func (src Sources) includes(key, path string) bool {
	if key == "include.path" {
		return true
	}
	condition, ok := strings.CutPrefix(key, "includeif.")
	if !ok {
		return false
	}
	condition, ok = strings.CutSuffix(condition, ".path")
	return ok && src.holds(condition, path)
}

func (src Sources) holds(condition, path string) bool {
	kind, pattern, _ := strings.Cut(condition, ":")
	switch kind {
	case "gitdir", "gitdir/i":
		return src.matchGitDir(pattern, path, kind == "gitdir/i")
	case "onbranch":
		return src.Branch != "" && match(deepen(pattern), src.Branch, false)
	}
	return false
}

func (src Sources) matchGitDir(pattern, path string, foldCase bool) bool {
	if src.GitDir == "" {
		return false
	}
	switch {
	case strings.HasPrefix(pattern, "./"):
		pattern = filepath.ToSlash(filepath.Dir(path)) + pattern[1:]
	case strings.HasPrefix(pattern, "~/"):
		pattern = filepath.ToSlash(src.home()) + pattern[1:]
	case !filepath.IsAbs(pattern):
		pattern = "**/" + pattern
	}
	pattern = deepen(pattern)
	if match(pattern, filepath.ToSlash(src.GitDir), foldCase) {
		return true
	}
	real, err := filepath.EvalSymlinks(src.GitDir)
	return err == nil && match(pattern, filepath.ToSlash(real), foldCase)
}

// deepen gives a pattern that ends in a slash its meaning: everything below.
func deepen(pattern string) string {
	if strings.HasSuffix(pattern, "/") {
		return pattern + "**"
	}
	return pattern
}

func (src Sources) expand(path, dir string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(src.home(), rest)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// environment reads GIT_CONFIG_COUNT and its numbered pairs.
func (c *Config) environment(src Sources) error {
	text := src.Env("GIT_CONFIG_COUNT")
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 10000 {
		return fmt.Errorf("GIT_CONFIG_COUNT is not a number of settings")
	}
	for i := range n {
		key := src.Env("GIT_CONFIG_KEY_" + strconv.Itoa(i))
		value := src.Env("GIT_CONFIG_VALUE_" + strconv.Itoa(i))
		c.settings = append(c.settings, placed{Setting{Key: Canonical(key), Value: value}, Command})
	}
	return nil
}

// Canonical puts section and key into lower case and leaves the subsection.
func Canonical(key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	if first < 0 {
		return strings.ToLower(key)
	}
	return strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
}

// Get returns the last value of a key, given in canonical form.
func (c *Config) Get(key string) (string, bool) {
	for i := len(c.settings) - 1; i >= 0; i-- {
		if c.settings[i].Key == key {
			return c.settings[i].Value, true
		}
	}
	return "", false
}

// All returns every value of a key in order, from the levels given.
func (c *Config) All(key string, levels ...Level) []string {
	var values []string
	for _, s := range c.settings {
		if s.Key == key && contains(levels, s.level) {
			values = append(values, s.Value)
		}
	}
	return values
}

// Keys returns the distinct keys of a section at the levels given.
func (c *Config) Keys(section string, levels ...Level) []string {
	var keys []string
	seen := map[string]bool{}
	for _, s := range c.settings {
		if strings.HasPrefix(s.Key, section+".") && contains(levels, s.level) && !seen[s.Key] {
			seen[s.Key] = true
			keys = append(keys, s.Key)
		}
	}
	return keys
}

// Bool returns the last value of a key as git understands booleans, or
// otherwise where it is not set or is no boolean.
func (c *Config) Bool(key string, otherwise bool) bool {
	for i := len(c.settings) - 1; i >= 0; i-- {
		s := c.settings[i]
		switch {
		case s.Key != key:
		case s.Bare || IsTrue(s.Value):
			return true
		case isFalse(s.Value):
			return false
		default:
			return otherwise
		}
	}
	return otherwise
}

func contains(levels []Level, level Level) bool {
	for _, l := range levels {
		if l == level {
			return true
		}
	}
	return len(levels) == 0
}

// IsTrue tells whether git takes a word for true.
func IsTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "on":
		return true
	}
	n, err := strconv.Atoi(value)
	return err == nil && n != 0
}

func isFalse(value string) bool {
	switch strings.ToLower(value) {
	case "false", "no", "off", "", "0":
		return true
	}
	return false
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
