package worktree

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/handle"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

func (d *draft) find(name string) (*drafted, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	n := d.nodes[path.Clean(d.repo.InRoot(name))]
	if n == nil && name == "." {
		n = &drafted{name: ".", mode: fs.ModeDir | 0o555}
	}
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return n, nil
}

// Open opens a file or a folder. Links, and whatever else is neither, are empty.
func (d *draft) Open(name string) (fs.File, error) {
	n, err := d.find(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if n.mode.IsDir() {
		entries, err := d.ReadDir(name)
		return handle.Folder(draftInfo{node: n}, entries), err
	}
	info, data, err := d.load(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return handle.File(info, data), nil
}

// load reads a file. Of one that is too large only the size is told.
func (d *draft) load(n *drafted) (draftInfo, []byte, error) {
	if !n.mode.IsRegular() {
		return draftInfo{node: n}, nil, nil
	}
	data, err := d.content(n)
	if errors.Is(err, disk.ErrTooLarge) {
		return draftInfo{n, maxDrafted + 1}, nil, nil
	}
	return draftInfo{n, int64(len(data))}, data, bare(err)
}

// bare is an error without the path that its place names already.
func bare(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// ReadFile reads a regular file.
func (d *draft) ReadFile(name string) ([]byte, error) {
	n, err := d.find(name)
	if err == nil && !n.mode.IsRegular() {
		err = fmt.Errorf("%w: not a regular file", fs.ErrInvalid)
	}
	var data []byte
	if err == nil {
		data, err = d.content(n)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: bare(err)}
	}
	return data, nil
}

// Stat does not follow links.
func (d *draft) Stat(name string) (fs.FileInfo, error) {
	n, err := d.find(name)
	var info draftInfo
	if err == nil {
		info, _, err = d.load(n)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info, nil
}

// ReadDir lists a folder.
func (d *draft) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := d.find(name)
	switch {
	case err != nil:
	case !n.mode.IsDir():
		err = fmt.Errorf("%w: not a folder", fs.ErrInvalid)
	default:
		err = bare(d.broken[n.name])
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	names := slices.Clone(d.listing[n.name])
	slices.Sort(names)
	entries := make([]fs.DirEntry, len(names))
	for i, full := range names {
		entries[i] = draftEntry{draftInfo{node: d.nodes[full]}, d, object.Child(name, path.Base(full))}
	}
	return entries, nil
}

// draftInfo describes a name; times are of no interest.
type draftInfo struct {
	node *drafted
	size int64
}

func (i draftInfo) Name() string       { return path.Base(i.node.name) }
func (i draftInfo) Size() int64        { return i.size }
func (i draftInfo) Mode() fs.FileMode  { return i.node.mode }
func (i draftInfo) ModTime() time.Time { return time.Time{} }
func (i draftInfo) IsDir() bool        { return i.node.mode.IsDir() }
func (i draftInfo) Sys() any           { return nil }

type draftEntry struct {
	draftInfo
	fs   *draft
	path string
}

func (e draftEntry) Type() fs.FileMode          { return e.Mode().Type() }
func (e draftEntry) Info() (fs.FileInfo, error) { return e.fs.Stat(e.path) }

// isHiddenGit knows the folder or file that makes a folder a repository.
func isHiddenGit(name string) bool { return strings.EqualFold(name, ".git") }
