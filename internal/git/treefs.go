package git

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/handle"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// FS shows the project at a commit as a file system. With paths given, only
// those files and folders are in it. Symbolic links and submodules are not
// followed: they show as what they are, by their mode. Folders and files are
// read when asked for, so a hostile tree costs what is looked at. The commit
// "" shows an empty project.
func (r *Repository) FS(commit string, paths ...string) (fs.FS, error) {
	t := &treeFS{from: r.Objects, paths: paths, folders: map[string][]object.Entry{}}
	if commit == "" {
		return t, nil
	}
	var err error
	t.project, err = r.projectTree(commit)
	return t, err
}

type treeFS struct {
	from    source
	project object.ID
	paths   []string

	mu      sync.Mutex
	folders map[string][]object.Entry
}

// shows tells whether a name is one of the paths, below one, or on the way.
func (t *treeFS) shows(name string) bool {
	if len(t.paths) == 0 || name == "." {
		return true
	}
	for _, p := range t.paths {
		if name == p || strings.HasPrefix(name, p+"/") || strings.HasPrefix(p, name+"/") {
			return true
		}
	}
	return false
}

func (t *treeFS) find(name string) (object.Entry, error) {
	if !fs.ValidPath(name) {
		return object.Entry{}, fs.ErrInvalid
	}
	if name == "." {
		return object.Entry{Mode: object.ModeTree, Name: ".", ID: t.project}, nil
	}
	if !t.shows(name) {
		return object.Entry{}, fs.ErrNotExist
	}
	entries, err := t.list(path.Dir(name))
	if err != nil {
		return object.Entry{}, err
	}
	entry := entryNamed(entries, path.Base(name))
	if entry.Mode == 0 {
		return object.Entry{}, fs.ErrNotExist
	}
	return entry, nil
}

// list reads a folder, once.
func (t *treeFS) list(dir string) ([]object.Entry, error) {
	t.mu.Lock()
	entries, ok := t.folders[dir]
	t.mu.Unlock()
	if ok {
		return entries, nil
	}
	entry, err := t.find(dir)
	if err != nil {
		return nil, err
	}
	if !entry.IsTree() {
		return nil, fs.ErrNotExist
	}
	if entries, err = readTree(t.from, entry.ID); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.folders[dir] = entries
	return entries, nil
}

func (t *treeFS) Open(name string) (fs.File, error) {
	info, data, err := t.open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !info.IsDir() {
		return handle.File(info, data), nil
	}
	entries, err := t.ReadDir(name)
	return handle.Folder(info, entries), err
}

func (t *treeFS) open(name string) (treeInfo, []byte, error) {
	entry, err := t.find(name)
	if err != nil || !object.IsFile(entry.Mode) {
		return treeInfo{entry: entry}, nil, err
	}
	data, err := readKind(t.from, entry.ID, object.Blob)
	return treeInfo{entry, int64(len(data))}, data, err
}

// ReadFile reads a regular file; a link or a submodule is fs.ErrInvalid.
func (t *treeFS) ReadFile(name string) ([]byte, error) {
	info, data, err := t.open(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: not a regular file", fs.ErrInvalid)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

// Stat does not follow links: there is nothing but the commit to lead to.
func (t *treeFS) Stat(name string) (fs.FileInfo, error) {
	info, _, err := t.open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info, nil
}

func (t *treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := t.list(name)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	listed := make([]fs.DirEntry, 0, len(entries))
	for _, e := range sortByName(entries) {
		if full := object.Child(name, e.Name); t.shows(full) {
			listed = append(listed, treeDirEntry{treeInfo{entry: e}, t, full})
		}
	}
	return listed, nil
}

// treeInfo describes an entry of a commit. Commits keep no times of files.
type treeInfo struct {
	entry object.Entry
	size  int64
}

func (i treeInfo) Name() string       { return i.entry.Name }
func (i treeInfo) Size() int64        { return i.size }
func (i treeInfo) ModTime() time.Time { return time.Time{} }
func (i treeInfo) IsDir() bool        { return i.entry.IsTree() }
func (i treeInfo) Sys() any           { return nil }

func (i treeInfo) Mode() fs.FileMode {
	switch {
	case i.entry.IsTree():
		return fs.ModeDir | 0o555
	case i.entry.Mode == object.ModeLink:
		return fs.ModeSymlink | 0o777
	case !object.IsFile(i.entry.Mode):
		return fs.ModeIrregular
	case i.entry.Mode == object.ModeExecutable:
		return 0o555
	}
	return 0o444
}

type treeDirEntry struct {
	treeInfo
	fs   *treeFS
	path string
}

func (e treeDirEntry) Type() fs.FileMode          { return e.Mode().Type() }
func (e treeDirEntry) Info() (fs.FileInfo, error) { return e.fs.Stat(e.path) }

// sortByName puts entries into the order that fs.FS asks for.
func sortByName(entries []object.Entry) []object.Entry {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b object.Entry) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return sorted
}
