package plugin

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Skipped are the directories of a path that were left out, with the reasons.
type Skipped []string

// String is empty, or a clause to end an error with.
func (s Skipped) String() string {
	if len(s) == 0 {
		return ""
	}
	return " (not looked at: " + strings.Join(s, "; ") + ")"
}

// SafeDirs returns the directories of path that a program may be run from:
// absolute, outside of root, and writable by nobody but root and the user. An
// empty root is no directory. Those that do not exist are left out silently.
func SafeDirs(path, root string) (dirs []string, skipped Skipped) {
	for _, dir := range filepath.SplitList(path) {
		real, reason := checkDir(dir, root)
		switch {
		case reason != "":
			skipped = append(skipped, fmt.Sprintf("%q %s", dir, reason))
		case real != "" && !slices.Contains(dirs, dir):
			dirs = append(dirs, dir)
		}
	}
	return dirs, skipped
}

// checkDir resolves dir; it is "" where there is none, or the reason says why
// not to use it.
func checkDir(dir, root string) (real, reason string) {
	if !filepath.IsAbs(dir) {
		return "", "is not absolute"
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", ""
	}
	info, err := os.Stat(real)
	switch {
	case err != nil || !info.IsDir():
		return "", ""
	case inside(real, root):
		return "", "lies in the repository"
	case !safe(info):
		return "", "can be written to by others"
	}
	return real, ""
}

// inside reports whether the resolved path lies in root.
func inside(path, root string) bool {
	if root == "" {
		return false
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// Find returns the absolute path of the program of the plugin called name, in
// the first of dirs that has it. The program itself, and the directory that a
// symbolic link leads to, must be as safe as dirs are, and outside of root too.
func Find(name string, dirs []string, root string) (string, error) {
	if !isName(name) {
		return "", fmt.Errorf("%q is not a name for an age plugin", name)
	}
	file := "age-plugin-" + name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	for _, dir := range dirs {
		program := filepath.Join(dir, file)
		if _, err := os.Lstat(program); err != nil {
			continue
		}
		return program, checkProgram(program, root)
	}
	return "", fmt.Errorf("the age plugin %q is not installed: there is no %s in PATH", name, file)
}

func checkProgram(program, root string) error {
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return fmt.Errorf("age plugin %q: %w", program, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return fmt.Errorf("age plugin %q: %w", program, err)
	}
	dir, err := os.Stat(filepath.Dir(real))
	switch {
	case err != nil:
		return fmt.Errorf("age plugin %q: %w", program, err)
	case !info.Mode().IsRegular() || !isExecutable(info):
		return fmt.Errorf("age plugin %q is not an executable file", program)
	case inside(real, root):
		return fmt.Errorf("age plugin %q lies in the repository: it is not run", program)
	case !safe(info) || !safe(dir):
		return fmt.Errorf("age plugin %q can be written to by others: it is not run", program)
	}
	return nil
}

func isExecutable(info fs.FileInfo) bool {
	return runtime.GOOS == "windows" || info.Mode()&0o111 != 0
}

// isName accepts what age accepts in a plugin's name. A path separator is not
// among it, or the name could lead out of the directory.
func isName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._", c) {
			return false
		}
	}
	return name != ""
}
