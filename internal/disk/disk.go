// Package disk is the one door through which the repository is changed.
//
// Reading needs no door: what is read can be read again. A change to the disk
// cannot be taken back, so every create, write, flush, link, rename and remove
// goes through [Disk] and [Folder], and a test can stand in between: fail the
// k-th call, stop at it, or drop what was never flushed.
//
// Paths given to a [Disk] are absolute and belong to git's own folders, where
// links are followed as git follows them. The work tree is reached through a
// [Folder] only, which never leaves the folder it was opened for and never
// follows a symbolic link.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// A Disk changes files in git's folders, by absolute path.
type Disk interface {
	// Create makes a new file for writing; an existing one is an error
	// (fs.ErrExist).
	Create(path string, perm fs.FileMode) (File, error)
	// Append opens a file for writing at its end, making it if need be.
	Append(path string, perm fs.FileMode) (File, error)
	// Link makes newpath another name of the file at oldpath. It fails with
	// fs.ErrExist when newpath is taken, which is what makes a lock of it.
	Link(oldpath, newpath string) error
	// Rename moves a file over whatever was at newpath, at once.
	Rename(oldpath, newpath string) error
	// Remove deletes a file or an empty folder.
	Remove(path string) error
	// Mkdir makes one folder.
	Mkdir(path string, perm fs.FileMode) error
	// Chmod sets the permission bits of a folder.
	Chmod(path string, mode fs.FileMode) error
	// SyncDir makes the names in a folder durable.
	SyncDir(path string) error
	// Folder opens a folder of the work tree.
	Folder(path string) (Folder, error)
}

// Exists reports whether there is anything at a path, a link that leads nowhere
// included.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// A Folder is one folder of the work tree. Names have no slash in them.
type Folder interface {
	// Sub opens a folder below. A symbolic link is refused with ErrNotFolder.
	Sub(name string) (Folder, error)
	Mkdir(name string, perm fs.FileMode) error
	Create(name string, perm fs.FileMode) (File, error)
	Rename(oldname, newname string) error
	// Remove deletes a file or an empty folder.
	Remove(name string) error
	Lstat(name string) (fs.FileInfo, error)
	// Open opens a regular file for reading; anything else is refused with
	// ErrNotRegular, and a named pipe does not block.
	Open(name string) (*os.File, error)
	// Entries lists the folder, sorted by name.
	Entries() ([]fs.DirEntry, error)
	Close() error
}

// A File is a file being written.
type File interface {
	io.WriteCloser
	// Sync makes the content durable.
	Sync() error
	Chmod(mode fs.FileMode) error
	Stat() (fs.FileInfo, error)
}

// Errors of a Folder.
var (
	ErrNotFolder  = errors.New("not a folder")
	ErrNotRegular = errors.New("not a regular file")
)

// OS returns the real disk.
func OS() Disk { return osDisk{} }

type osDisk struct{}

func (osDisk) Create(path string, perm fs.FileMode) (File, error) {
	return asFile(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm))
}

func (osDisk) Append(path string, perm fs.FileMode) (File, error) {
	return asFile(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, perm))
}

func (osDisk) Link(oldpath, newpath string) error        { return os.Link(oldpath, newpath) }
func (osDisk) Rename(oldpath, newpath string) error      { return os.Rename(oldpath, newpath) }
func (osDisk) Remove(path string) error                  { return os.Remove(path) }
func (osDisk) Mkdir(path string, perm fs.FileMode) error { return os.Mkdir(path, perm) }
func (osDisk) Chmod(path string, mode fs.FileMode) error { return os.Chmod(path, mode) }
func (osDisk) Folder(path string) (Folder, error)        { return OpenFolder(path) }

// SyncDir does nothing on Windows, where a folder cannot be flushed and the
// file system orders renames itself.
func (osDisk) SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !flushUnsupported(err) {
		return err
	}
	return nil
}

// flushUnsupported tells file systems that know no flushing of folders (some
// network and FUSE ones) from a disk that failed.
func flushUnsupported(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}

// OpenFolder opens a folder of the work tree by its path. Links in the path
// itself are followed; below it none is.
func OpenFolder(path string) (Folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return rooted{root}, nil
}

type rooted struct{ root *os.Root }

func (r rooted) Sub(name string) (Folder, error) {
	info, err := r.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: %w", filepath.Join(r.root.Name(), name), ErrNotFolder)
	}
	return r.sub(name, info)
}

// sub opens the folder that was looked at, and not what took its place since.
func (r rooted) sub(name string, seen fs.FileInfo) (Folder, error) {
	sub, err := r.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	now, err := sub.Stat(".")
	if err == nil && !os.SameFile(seen, now) {
		err = fmt.Errorf("%s: %w", filepath.Join(r.root.Name(), name), ErrNotFolder)
	}
	if err != nil {
		sub.Close()
		return nil, err
	}
	return rooted{sub}, nil
}

func (r rooted) Mkdir(name string, perm fs.FileMode) error { return r.root.Mkdir(name, perm) }

func (r rooted) Create(name string, perm fs.FileMode) (File, error) {
	return asFile(r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm))
}

func (r rooted) Rename(oldname, newname string) error { return r.root.Rename(oldname, newname) }
func (r rooted) Remove(name string) error             { return r.root.Remove(name) }

func (r rooted) Lstat(name string) (fs.FileInfo, error) { return r.root.Lstat(name) }

func (r rooted) Open(name string) (*os.File, error) {
	seen, err := r.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !seen.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", filepath.Join(r.root.Name(), name), ErrNotRegular)
	}
	f, err := r.root.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(seen, now) {
		err = fmt.Errorf("%s: %w", filepath.Join(r.root.Name(), name), ErrNotRegular)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (r rooted) Close() error { return r.root.Close() }

func (r rooted) Entries() ([]fs.DirEntry, error) {
	d, err := r.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for i, e := range entries {
		entries[i] = entry{e, r}
	}
	return entries, err
}

// entry looks at its file through the folder, and not by a path that may lead
// elsewhere by then.
type entry struct {
	fs.DirEntry
	folder rooted
}

func (e entry) Info() (fs.FileInfo, error) { return e.folder.Lstat(e.Name()) }

// asFile keeps a nil *os.File from becoming a File that is not nil.
func asFile(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}
