package gitstore

import (
	"io/fs"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/gitstore/disk"
)

// event is one change to the disk, about to be made.
type event struct {
	op       string
	path, to string
	data     []byte
	spied    *spyFile // of write and sync
}

// spy stands between a store and the real disk. Before each change the hook is
// asked; an error of its is returned, and the change not made.
type spy struct {
	disk.Disk
	hook func(event) error
}

func spyOn(hook func(event) error) spy { return spy{disk.OS(), hook} }

func (s spy) ask(e event, then func() error) error {
	if err := s.hook(e); err != nil {
		return err
	}
	return then()
}

func (s spy) file(op, path string, open func() (disk.File, error)) (disk.File, error) {
	f := &spyFile{spy: s, path: path}
	err := s.ask(event{op: op, path: path, spied: f}, func() (err error) {
		f.File, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (s spy) Create(path string, perm fs.FileMode) (disk.File, error) {
	return s.file("create", path, func() (disk.File, error) { return s.Disk.Create(path, perm) })
}

func (s spy) Append(path string, perm fs.FileMode) (disk.File, error) {
	return s.file("append", path, func() (disk.File, error) { return s.Disk.Append(path, perm) })
}

func (s spy) Link(path, to string) error {
	return s.ask(event{op: "link", path: path, to: to}, func() error { return s.Disk.Link(path, to) })
}

func (s spy) Rename(path, to string) error {
	return s.ask(event{op: "rename", path: path, to: to}, func() error { return s.Disk.Rename(path, to) })
}

func (s spy) Remove(path string) error {
	return s.ask(event{op: "remove", path: path}, func() error { return s.Disk.Remove(path) })
}

func (s spy) Mkdir(path string, perm fs.FileMode) error {
	return s.ask(event{op: "mkdir", path: path}, func() error { return s.Disk.Mkdir(path, perm) })
}

func (s spy) Chmod(path string, mode fs.FileMode) error {
	return s.ask(event{op: "chmod", path: path}, func() error { return s.Disk.Chmod(path, mode) })
}

func (s spy) SyncDir(path string) error {
	return s.ask(event{op: "syncdir", path: path}, func() error { return s.Disk.SyncDir(path) })
}

func (s spy) Folder(path string) (disk.Folder, error) {
	f, err := s.Disk.Folder(path)
	return spyFolder{f, s, path}, err
}

type spyFolder struct {
	disk.Folder
	spy  spy
	path string
}

func (f spyFolder) at(name string) string { return filepath.Join(f.path, name) }

func (f spyFolder) Sub(name string) (disk.Folder, error) {
	sub, err := f.Folder.Sub(name)
	if err != nil {
		return nil, err
	}
	return spyFolder{sub, f.spy, f.at(name)}, nil
}

func (f spyFolder) Mkdir(name string, perm fs.FileMode) error {
	return f.spy.ask(event{op: "mkdir", path: f.at(name)}, func() error { return f.Folder.Mkdir(name, perm) })
}

func (f spyFolder) Create(name string, perm fs.FileMode) (disk.File, error) {
	return f.spy.file("create", f.at(name), func() (disk.File, error) { return f.Folder.Create(name, perm) })
}

func (f spyFolder) Rename(name, to string) error {
	return f.spy.ask(event{op: "rename", path: f.at(name), to: f.at(to)}, func() error { return f.Folder.Rename(name, to) })
}

func (f spyFolder) Remove(name string) error {
	return f.spy.ask(event{op: "remove", path: f.at(name)}, func() error { return f.Folder.Remove(name) })
}

type spyFile struct {
	disk.File
	spy  spy
	path string
}

// Write, when it fails, has written half of the data, as a full disk does.
func (f *spyFile) Write(data []byte) (int, error) {
	if err := f.spy.hook(event{op: "write", path: f.path, data: data, spied: f}); err != nil {
		n, _ := f.File.Write(data[:len(data)/2])
		return n, err
	}
	return f.File.Write(data)
}

func (f *spyFile) Sync() error {
	return f.spy.ask(event{op: "sync", path: f.path, spied: f}, f.File.Sync)
}

func (f *spyFile) Chmod(mode fs.FileMode) error {
	return f.spy.ask(event{op: "chmod", path: f.path}, func() error { return f.File.Chmod(mode) })
}
