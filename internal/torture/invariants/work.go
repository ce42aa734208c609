package invariants

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Work is what a user has under way in a clone: every file outside state/, and
// what is staged.
type Work struct {
	files  map[string][sha256.Size]byte
	staged string // outside state/
	status string // everywhere: state/ has to be clean
}

// Observe sees the user's work in the repository at dir.
func Observe(dir string) (*Work, error) {
	w := &Work{files: map[string][sha256.Size]byte{}}
	var err error
	if w.status, err = Git(dir, "status", "--porcelain", "--untracked-files=all"); err != nil {
		return nil, err
	}
	if w.staged, err = Git(dir, "ls-files", "--stage", "--", ".", ":!state"); err != nil {
		return nil, err
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == ".git" || path == "state"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		w.files[path] = sha256.Sum256(data)
		return err
	})
	return w, err
}

func (w *Work) compare(now *Work) error {
	var errs []error
	if now.status != w.status {
		errs = append(errs, fmt.Errorf("git status says\n%s\nand said\n%s", firstLines(now.status), w.status))
	}
	if now.staged != w.staged {
		errs = append(errs, fmt.Errorf("what is staged has changed:\n%s", now.staged))
	}
	for _, path := range slices.Sorted(maps.Keys(w.files)) {
		if now.files[path] != w.files[path] {
			errs = append(errs, fmt.Errorf("%s of the user's was changed or is gone", path))
		}
	}
	for path := range now.files {
		if _, known := w.files[path]; !known {
			errs = append(errs, fmt.Errorf("%s is new", path))
		}
	}
	return errors.Join(errs...)
}

// drafts are the files that [Begin] edits; [Draft] makes them.
var drafts = []string{"notes/staged.txt", "notes/edited.txt", "notes/both.txt", "notes/deleted.txt"}

// Draft writes files for a user's first commit.
func Draft(dir string) error {
	for _, name := range drafts {
		if err := write(dir, name, "as committed\n"); err != nil {
			return err
		}
	}
	return nil
}

// Begin leaves a user's work lying in a clone in which [Draft] was committed:
// staged, edited, both, deleted, new and staged, new and unknown to git.
func Begin(dir string) (*Work, error) {
	for _, step := range []func() error{
		func() error { return write(dir, "notes/staged.txt", "staged\n") },
		func() error { return write(dir, "notes/both.txt", "staged\n") },
		func() error { return write(dir, "notes/new.txt", "staged\n") },
		func() error {
			_, err := Git(dir, "add", "notes")
			return err
		},
		func() error { return write(dir, "notes/edited.txt", "edited\n") },
		func() error { return write(dir, "notes/both.txt", "edited after it was staged\n") },
		func() error { return os.Remove(filepath.Join(dir, "notes", "deleted.txt")) },
		func() error { return write(dir, "notes/untracked.txt", strings.Repeat("mine\n", 100)) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return Observe(dir)
}

func write(dir, name, text string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o666)
}
