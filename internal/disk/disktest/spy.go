// Package disktest has the disks of tests: one that asks before each change,
// and may be told to fail, and one that forgets what was not flushed.
//
// A [Spy] stands between the code under test and the real disk. From what it
// sees a [Volatile] knows what a power failure at that moment could leave.
package disktest

import (
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/osmoctl/osmoctl/internal/disk"
)

// Event is one change to the disk, about to be made.
type Event struct {
	// Op is the method's name in lower case: create, append, write, sync,
	// chmod, link, rename, remove, mkdir or syncdir.
	Op string
	// Path is what is changed; To is the second name of a link or rename.
	Path, To string
	// Data is what a write writes.
	Data []byte

	file *file // of create, append, write and sync: which open file
}

// Spy is the real disk, except that hook is asked before each change; an error
// of its is returned, and the change not made. The hook is called by one
// goroutine at a time. A write that it refuses has written half of its data, as
// on a full disk.
func Spy(hook func(Event) error) disk.Disk {
	return spy{disk.OS(), hook, new(sync.Mutex)}
}

type spy struct {
	disk.Disk
	hook func(Event) error
	mu   *sync.Mutex
}

func (s spy) before(e Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hook(e)
}

func (s spy) ask(e Event, then func() error) error {
	if err := s.before(e); err != nil {
		return err
	}
	return then()
}

func (s spy) open(op, path string, open func() (disk.File, error)) (disk.File, error) {
	f := &file{spy: s, path: path}
	err := s.ask(Event{Op: op, Path: path, file: f}, func() (err error) {
		f.File, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (s spy) Create(path string, perm fs.FileMode) (disk.File, error) {
	return s.open("create", path, func() (disk.File, error) { return s.Disk.Create(path, perm) })
}

func (s spy) Append(path string, perm fs.FileMode) (disk.File, error) {
	return s.open("append", path, func() (disk.File, error) { return s.Disk.Append(path, perm) })
}

func (s spy) Link(path, to string) error {
	return s.ask(Event{Op: "link", Path: path, To: to}, func() error { return s.Disk.Link(path, to) })
}

func (s spy) Rename(path, to string) error {
	return s.ask(Event{Op: "rename", Path: path, To: to}, func() error { return s.Disk.Rename(path, to) })
}

func (s spy) Remove(path string) error {
	return s.ask(Event{Op: "remove", Path: path}, func() error { return s.Disk.Remove(path) })
}

func (s spy) Mkdir(path string, perm fs.FileMode) error {
	return s.ask(Event{Op: "mkdir", Path: path}, func() error { return s.Disk.Mkdir(path, perm) })
}

func (s spy) Chmod(path string, mode fs.FileMode) error {
	return s.ask(Event{Op: "chmod", Path: path}, func() error { return s.Disk.Chmod(path, mode) })
}

func (s spy) SyncDir(path string) error {
	return s.ask(Event{Op: "syncdir", Path: path}, func() error { return s.Disk.SyncDir(path) })
}

func (s spy) Folder(path string) (disk.Folder, error) {
	f, err := s.Disk.Folder(path)
	if err != nil {
		return nil, err
	}
	return folder{f, s, path}, nil
}

type folder struct {
	disk.Folder
	spy  spy
	path string
}

func (f folder) at(name string) string { return filepath.Join(f.path, name) }

func (f folder) Sub(name string) (disk.Folder, error) {
	sub, err := f.Folder.Sub(name)
	if err != nil {
		return nil, err
	}
	return folder{sub, f.spy, f.at(name)}, nil
}

func (f folder) Mkdir(name string, perm fs.FileMode) error {
	return f.spy.ask(Event{Op: "mkdir", Path: f.at(name)}, func() error { return f.Folder.Mkdir(name, perm) })
}

func (f folder) Create(name string, perm fs.FileMode) (disk.File, error) {
	return f.spy.open("create", f.at(name), func() (disk.File, error) { return f.Folder.Create(name, perm) })
}

func (f folder) Rename(name, to string) error {
	return f.spy.ask(Event{Op: "rename", Path: f.at(name), To: f.at(to)}, func() error { return f.Folder.Rename(name, to) })
}

func (f folder) Remove(name string) error {
	return f.spy.ask(Event{Op: "remove", Path: f.at(name)}, func() error { return f.Folder.Remove(name) })
}

type file struct {
	disk.File
	spy  spy
	path string
}

func (f *file) Write(data []byte) (int, error) {
	if err := f.spy.before(Event{Op: "write", Path: f.path, Data: data, file: f}); err != nil {
		n, _ := f.File.Write(data[:len(data)/2])
		return n, err
	}
	return f.File.Write(data)
}

func (f *file) Sync() error {
	return f.spy.ask(Event{Op: "sync", Path: f.path, file: f}, f.File.Sync)
}

func (f *file) Chmod(mode fs.FileMode) error {
	return f.spy.ask(Event{Op: "chmod", Path: f.path}, func() error { return f.File.Chmod(mode) })
}
