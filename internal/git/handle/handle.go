// Package handle has the open files and folders of file systems whose contents are
// in memory already: that of a commit, and that of a draft.
package handle

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
)

// File returns an open file. What is neither file nor folder has no content.
func File(info fs.FileInfo, content []byte) fs.File { return &file{info, bytes.NewReader(content)} }

type file struct {
	info fs.FileInfo
	*bytes.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// Folder returns an open folder that lists the entries.
func Folder(info fs.FileInfo, entries []fs.DirEntry) fs.ReadDirFile {
	return &folder{info: info, left: entries}
}

type folder struct {
	info fs.FileInfo
	left []fs.DirEntry
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Close() error               { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.info.Name(), Err: fmt.Errorf("%w: it is a folder", fs.ErrInvalid)}
}

func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	count := len(f.left)
	if n > 0 {
		count = min(n, count)
	}
	if n > 0 && count == 0 {
		return nil, io.EOF
	}
	head := f.left[:count]
	f.left = f.left[count:]
	return head, nil
}
