// Package delivery writes a value to a file that its owner alone can read, in a
// place from where it does not get any further.
//
// # The file
//
// [File.Write] makes the file whole or not at all. Its mode is 0600 before a
// byte is in it, whatever the umask, and a group gets its rights with the last
// byte. Where the system can (Linux, on most file systems), it has no
// name until the value is on the disk, so that nothing is left of a process
// that was killed, however it was killed. Elsewhere it has a name of its own
// beside the target first. A link gives it its name, and fails where that was
// taken meanwhile; a rename replaces a file. File and directory are flushed.
//
// # The place
//
// Every symbolic link is followed before a directory is judged, and all that
// comes after is done relative to the opened directory. Refused are directories
// in which others could swap the file for one of theirs, and every git work
// tree: whatever has a .git above it, be it a directory or the file of a
// submodule or a linked work tree; a git directory and a bare repository
// themselves; and the work tree that the environment names with GIT_WORK_TREE
// or GIT_DIR. On Linux the table of mounts tells by which other paths a directory
// is reached, and each is judged. A work tree that only the configuration of a
// repository elsewhere knows of cannot be seen from within, and neither can one
// that no mount of ours shows.
//
// # Pipes, devices and descriptors
//
// They are written into and never replaced, and neither is a symbolic link. A
// value goes into a pipe of ours, or a descriptor that the caller opened for it.
//
// # What is no secret
//
// A [Document] may lie in a work tree and replace a file, but not one of a
// project's or of git's: a plan is read by people who trust what is around it.
package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// ErrExists is the error where the file is there already and was not to be
// replaced.
var ErrExists = errors.New("exists already")

// WorkTreeError is the error where a value would be written into what belongs
// to git.
type WorkTreeError struct {
	// Path is the file, Root the top of the work tree, or the repository.
	Path, Root string
}

func (e *WorkTreeError) Error() string {
	return fmt.Sprintf("%s is inside the git work tree %s, from where a token gets committed sooner or later", e.Path, e.Root)
}

// PlaceError is the error where a directory, or a file to be replaced, would
// let others read or swap the value.
type PlaceError struct{ problem, hint string }

func (e *PlaceError) Error() string { return e.problem }

// Hint says what to do about it.
func (e *PlaceError) Hint() string { return e.hint }

// File is where a value goes.
type File struct {
	// Path is absolute.
	Path string
	// Replace lets a file of the same owner be replaced that no more people can
	// read than the new one.
	Replace bool
	// Access is who can read the file, besides its owner.
	Access Access
	// Getenv looks up the environment, for GIT_DIR and GIT_WORK_TREE.
	Getenv func(string) string
	// Dir is the working directory, which is a work tree where GIT_DIR is set.
	Dir string
}

// Write writes value. The errors are [ErrExists], [*WorkTreeError],
// [*PlaceError], and those of the file system; after any of them the directory
// is as it was.
func (f File) Write(ctx context.Context, value secret.Value) error {
	if s, err := f.stream(ctx); s != nil || err != nil {
		return f.into(s, err, value)
	}
	dir, err := f.place()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := checkUnmoved(root, dir); err != nil {
		return err
	}
	name := filepath.Base(f.Path)
	replaced, err := f.target(root, name)
	if err != nil {
		return err
	}
	if replaced {
		err = replace(root, name, value, f.Access)
	} else {
		err = create(root, name, value, f.Access)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s %w", f.Path, ErrExists)
	}
	if err != nil {
		return err
	}
	return flush(root)
}

// place resolves the directory of the file and judges it.
func (f File) place() (string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Dir(f.Path))
	if err != nil {
		return "", err
	}
	if root, inside := f.WorkTree(dir); inside {
		return "", &WorkTreeError{Path: f.Path, Root: root}
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return "", err
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0:
		return "", &PlaceError{"others can write to " + dir, "choose a directory that only you can write to"}
	case isOwnedByOther(info):
		return "", &PlaceError{dir + " belongs to somebody else, who can swap what is in it", "choose a directory of yours"}
	}
	return dir, nil
}

// target looks at what has the name already, and reports whether it is to be
// replaced.
func (f File) target(root *os.Root, name string) (bool, error) {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !f.Replace:
		return false, fmt.Errorf("%s %w", f.Path, ErrExists)
	case !info.Mode().IsRegular():
		return false, &PlaceError{f.Path + " is no regular file", "write elsewhere"}
	case !f.Access.covers(info):
		return false, &PlaceError{f.Path + " is not yours alone, so somebody else may rely on reading it", "chmod 600 it, or write elsewhere"}
	}
	return true, checkContent(f.Path, filepath.Join(root.Name(), name))
}

// checkUnmoved demands that the directory that was opened is still the one that was
// judged by its path.
func checkUnmoved(root *os.Root, dir string) error {
	opened, err := root.Stat(".")
	if err != nil {
		return err
	}
	if now, err := os.Lstat(dir); err != nil || !os.SameFile(opened, now) {
		return &PlaceError{dir + " was moved just now", "see who else works there, and choose a directory of yours"}
	}
	return nil
}

// fill writes the value to the disk, and then lets others read it who are to.
func fill(f *os.File, value secret.Value, who Access) error {
	if err := who.makePrivate(f); err != nil {
		return err
	}
	err := value.Use(func(b []byte) error {
		_, err := f.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if err := who.open(f); err != nil {
		return err
	}
	return f.Sync()
}

// link makes a new file by the way that every system knows. A link fails where
// the target has appeared meanwhile; a rename would replace it.
func link(root *os.Root, name string, value secret.Value, who Access) error {
	temporary := temporaryName()
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = root.Remove(temporary) }()
	if err := errors.Join(fill(f, value, who), f.Close()); err != nil {
		return err
	}
	return root.Link(temporary, name)
}

// replace puts a new file in the place of another. A symbolic link that has
// taken the name meanwhile is replaced, not followed.
func replace(root *os.Root, name string, value secret.Value, who Access) error {
	temporary := temporaryName()
	defer func() { _ = root.Remove(temporary) }()
	if err := create(root, temporary, value, who); err != nil {
		return err
	}
	return root.Rename(temporary, name)
}

// temporaryName is one that nobody can have taken.
func temporaryName() string { return ".osmoctl-" + rand.Text() }

// flush makes the name durable. Directories cannot be flushed everywhere.
func flush(root *os.Root) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	_ = dir.Sync()
	return nil
}
