package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Document is where something goes that anybody may read, such as a plan. It may
// lie in a work tree, and replace a file; it never becomes a file of a project or
// of git.
type Document struct {
	// Path is absolute.
	Path string
}

// TargetError is the error where something is not to be written where it was
// pointed at.
type TargetError struct{ problem, hint string }

func (e *TargetError) Error() string { return e.problem }

// Hint says what to do about it.
func (e *TargetError) Hint() string { return e.hint }

// Write writes data. A file appears whole or not at all; into a pipe, a device or
// a descriptor data is written. The errors are [*TargetError] and those of the
// file system.
func (d Document) Write(ctx context.Context, data []byte) error {
	return d.WriteFrom(ctx, func(to io.Writer) error {
		_, err := to.Write(data)
		return err
	})
}

// WriteFrom is Write of what fill writes, piece by piece.
func (d Document) WriteFrom(ctx context.Context, fill func(io.Writer) error) error {
	s, err := openStream(ctx, d.Path)
	if err != nil {
		return err
	}
	if s == nil {
		return d.file(fill)
	}
	defer s.Close()
	if err := d.checkStream(s); err != nil {
		return err
	}
	return fill(s)
}

// Check says what keeps the document from being written, before it is made. What
// it finds in order may have changed when it is written, which is checked again.
func (d Document) Check() error {
	if isStream(d.Path) {
		return nil
	}
	dir, name, before, err := d.resolve()
	if err != nil {
		return err
	}
	return d.judge(dir, name, before)
}

// checkStream looks at what a descriptor leads to: the caller may have opened a
// file of the project.
func (d Document) checkStream(s *os.File) error {
	info, err := s.Stat()
	switch {
	case err != nil:
		return err
	case info.Mode().IsRegular():
		path, known := pathOf(s)
		if !known {
			return nil
		}
		return d.judge(filepath.Dir(path), filepath.Base(path), info)
	case info.Mode().Type() == fs.ModeDevice:
		return &TargetError{d.Path + " is a disk", "name a file"}
	}
	return nil
}

// resolve finds the real directory of the document, and what has its name
// already. A link is not followed: in a directory that others write to, they
// would choose which file of ours is replaced.
func (d Document) resolve() (dir, name string, before fs.FileInfo, err error) {
	if dir, err = filepath.EvalSymlinks(filepath.Dir(d.Path)); err != nil {
		return "", "", nil, err
	}
	name = filepath.Base(d.Path)
	before, err = os.Lstat(filepath.Join(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dir, name, nil, nil
	case err != nil:
		return "", "", nil, err
	case before.Mode()&fs.ModeSymlink != 0:
		to, _ := os.Readlink(filepath.Join(dir, name))
		return "", "", nil, &TargetError{fmt.Sprintf("%s is a symbolic link, to %s", d.Path, to), "name the file itself, or remove the link"}
	case before.IsDir():
		return "", "", nil, &TargetError{d.Path + " is a directory", "name a file in it"}
	case !before.Mode().IsRegular():
		return "", "", nil, &TargetError{d.Path + " is no file, no pipe and no device that can be written to", "name a file"}
	}
	return dir, name, before, nil
}

// file writes a regular file, beside it first.
func (d Document) file(fill func(io.Writer) error) error {
	dir, name, before, err := d.resolve()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := d.judge(dir, name, before); err != nil {
		return err
	}
	if err := checkUnmoved(root, dir); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if before != nil {
		mode = before.Mode().Perm()
	}
	temporary := temporaryName()
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { _ = root.Remove(temporary) }()
	if err := errors.Join(makeReadable(f), fill(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := root.Rename(temporary, name); err != nil {
		return err
	}
	return flush(root)
}

// makeReadable gives the owner what a umask took.
func makeReadable(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&0o600 == 0o600 {
		return err
	}
	return f.Chmod(info.Mode().Perm() | 0o600)
}

// projectDirs and projectNames are what a project consists of, below the
// directory of its project file.
var (
	projectDirs  = []string{config.ManifestDir, state.Dir, "schemas"}
	projectNames = []string{config.ProjectFile, config.ApprovalsFile, "CODEOWNERS"}
)

// judge refuses the files of projects and of git, by whichever path they are
// reached, and what could not be replaced without a loss.
func (d Document) judge(dir, name string, before fs.FileInfo) error {
	for _, dir := range append([]string{dir}, otherNames(dir)...) {
		if what := owner(dir, name, before); what != "" {
			return &TargetError{d.Path + " would become " + what, "write elsewhere"}
		}
	}
	switch {
	case before == nil:
		return nil
	case countLinks(before) > 1:
		return &TargetError{d.Path + " has a second name somewhere, by a hard link", "write elsewhere, or remove it first"}
	}
	return checkContent(d.Path, filepath.Join(dir, name))
}

// owner says whose file the one of that name in dir is, where it is git's or a
// project's. Names are compared without regard to case, as some file systems do.
func owner(dir, name string, before fs.FileInfo) string {
	if hasFoldedPrefix(name, ".git") || InGit(dir) {
		return "a file of git's"
	}
	for at := dir; ; at = filepath.Dir(at) {
		if containsFolded(projectDirs, filepath.Base(at)) && disk.Exists(filepath.Join(filepath.Dir(at), config.ProjectFile)) {
			return "a file of the project, in " + at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	for _, own := range projectNames {
		info, err := os.Lstat(filepath.Join(dir, own))
		if err == nil && before != nil && os.SameFile(info, before) || strings.EqualFold(name, own) {
			return "a file of a project"
		}
	}
	return ""
}

// InGit reports whether dir is or lies in a directory of git's own.
func InGit(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if isGitDirectory(dir) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// isGitDirectory knows a git directory, and where git keeps its user's settings.
func isGitDirectory(dir string) bool {
	base := filepath.Base(dir)
	return strings.EqualFold(base, ".git") || isRepository(dir) ||
		strings.EqualFold(base, "git") && strings.EqualFold(filepath.Base(filepath.Dir(dir)), ".config")
}

func hasFoldedPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func containsFolded(list []string, s string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, s) })
}

// checkContent refuses to replace a private key, or what is sealed: there may be
// no other copy.
func checkContent(shown, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // what cannot be read is told by whatever replaces it
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 64<<10))
	switch text := bytes.TrimSpace(head); {
	case err != nil:
		return err
	case seal.IsPrivateKey(string(text)):
		return &TargetError{shown + " holds a private key", "write elsewhere"}
	case bytes.HasPrefix(text, []byte("age-encryption.org/")), bytes.HasPrefix(text, []byte("-----BEGIN AGE ENCRYPTED FILE-----")):
		return &TargetError{shown + " holds what age has encrypted", "write elsewhere, or remove it first"}
	}
	return nil
}
