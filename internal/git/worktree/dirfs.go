package worktree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sync"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/handle"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// DirFS shows a folder as it lies on the disk, be it a project in a work tree or in
// no repository at all. No link is followed, neither out of the folder nor within it:
// links, and whatever else is no folder and no regular file, can be listed and not
// opened. Close it when done.
func DirFS(dir string) (fs.FS, io.Closer, error) {
	root, err := disk.OpenFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	w := &worktreeFS{root: root, open: map[string]disk.Folder{}}
	return w, w, nil
}

// worktreeFS keeps folders open, so that a file costs one step and not a walk
// from the root.
type worktreeFS struct {
	mu   sync.Mutex
	root disk.Folder
	open map[string]disk.Folder
}

// maxOpen is far below what systems let a process have open.
const maxOpen = 128

func (w *worktreeFS) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.closeFolders(), w.root.Close())
}

func (w *worktreeFS) closeFolders() error {
	var errs []error
	for _, folder := range w.open {
		errs = append(errs, folder.Close())
	}
	clear(w.open)
	return errors.Join(errs...)
}

// within calls do with the folder of that name, which stays open meanwhile.
func (w *worktreeFS) within(dir string, do func(disk.Folder) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.open) >= maxOpen {
		if err := w.closeFolders(); err != nil {
			return err
		}
	}
	folder, err := w.folder(dir)
	if err != nil {
		return err
	}
	return do(folder)
}

func (w *worktreeFS) folder(dir string) (disk.Folder, error) {
	if dir == "." {
		return w.root, nil
	}
	if folder, ok := w.open[dir]; ok {
		return folder, nil
	}
	parent, err := w.folder(path.Dir(dir))
	if err != nil {
		return nil, err
	}
	folder, err := parent.Sub(path.Base(dir))
	if err == nil {
		w.open[dir] = folder
	}
	return folder, err
}

func (w *worktreeFS) Open(name string) (fs.File, error) {
	info, err := w.Lstat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		entries, err := w.ReadDir(name)
		return handle.Folder(info, entries), err
	}
	var file fs.File
	err = w.within(path.Dir(name), func(folder disk.Folder) error {
		file, err = folder.Open(path.Base(name))
		return err
	})
	if err != nil {
		return nil, plain("open", name, err)
	}
	return file, nil
}

// ReadFile reads a regular file of up to 64 MiB.
func (w *worktreeFS) ReadFile(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, plain("read", name, fs.ErrInvalid)
	}
	var data []byte
	err := w.within(path.Dir(name), func(folder disk.Folder) (err error) {
		data, _, err = disk.ReadRegular(folder, path.Base(name))
		return err
	})
	return data, plain("read", name, err)
}

// Lstat describes the name itself, link or not; so does Stat.
func (w *worktreeFS) Lstat(name string) (info fs.FileInfo, err error) {
	if !fs.ValidPath(name) {
		return nil, plain("stat", name, fs.ErrInvalid)
	}
	err = w.within(path.Dir(name), func(folder disk.Folder) (err error) {
		info, err = folder.Lstat(path.Base(name))
		return err
	})
	return info, plain("stat", name, err)
}

func (w *worktreeFS) Stat(name string) (fs.FileInfo, error) { return w.Lstat(name) }

func (w *worktreeFS) ReadDir(name string) (entries []fs.DirEntry, err error) {
	if !fs.ValidPath(name) {
		return nil, plain("readdir", name, fs.ErrInvalid)
	}
	err = w.within(name, func(folder disk.Folder) (err error) {
		entries, err = folder.Entries()
		return err
	})
	for i, e := range entries {
		entries[i] = worktreeEntry{e, w, object.Child(name, e.Name())}
	}
	return entries, plain("readdir", name, err)
}

// worktreeEntry looks at its file when asked, in a folder that may have been
// closed meanwhile.
type worktreeEntry struct {
	fs.DirEntry
	fs   *worktreeFS
	path string
}

func (e worktreeEntry) Info() (fs.FileInfo, error) { return e.fs.Lstat(e.path) }

// plain names the path in an error once, relative to the project.
func plain(op, name string, err error) error {
	var inner *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &inner):
		err = inner.Err
	case errors.Is(err, disk.ErrNotRegular):
		err = fmt.Errorf("%w: not a regular file", fs.ErrInvalid)
	case errors.Is(err, disk.ErrNotFolder):
		err = fmt.Errorf("%w: not a folder", fs.ErrInvalid)
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
