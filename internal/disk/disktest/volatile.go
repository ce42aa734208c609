package disktest

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// inode is a file of the modelled disk: what is in memory, and what of it is
// surely on the disk.
type inode struct {
	data, durable []byte
	synced        bool
}

// Volatile models a disk that loses what was not flushed: contents by file,
// names by folder. Permission bits are not part of it.
type Volatile struct {
	dir     string
	names   map[string]*inode // as a running system sees them; nil for folders
	durable map[string]*inode
	open    map[*file]*inode
}

// NewVolatile takes everything that lies in dir for flushed.
func NewVolatile(dir string) (*Volatile, error) {
	v := &Volatile{dir: dir, names: map[string]*inode{}, open: map[*file]*inode{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			v.names[path] = nil
			return err
		}
		data, err := os.ReadFile(path)
		v.names[path] = &inode{data, data, true}
		return err
	})
	v.durable = maps.Clone(v.names)
	return v, err
}

// Apply does to the model what a change does to the disk.
func (v *Volatile) Apply(e Event) {
	switch e.Op {
	case "create":
		v.names[e.Path] = &inode{}
		v.open[e.file] = v.names[e.Path]
	case "append":
		if v.names[e.Path] == nil {
			v.names[e.Path] = &inode{}
		}
		v.open[e.file] = v.names[e.Path]
	case "write":
		f := v.open[e.file]
		f.data = append(slices.Clone(f.data), e.Data...)
	case "sync":
		f := v.open[e.file]
		f.durable, f.synced = f.data, true
	case "link":
		v.names[e.To] = v.names[e.Path]
	case "rename":
		v.names[e.To] = v.names[e.Path]
		delete(v.names, e.Path)
	case "remove":
		delete(v.names, e.Path)
	case "mkdir":
		v.names[e.Path] = nil
	case "syncdir":
		v.flushNames(e.Path)
	}
}

// flushNames makes the names in one folder durable, and only those.
func (v *Volatile) flushNames(dir string) {
	for path := range v.durable {
		if _, ok := v.names[path]; !ok && filepath.Dir(path) == dir {
			delete(v.durable, path)
		}
	}
	for path, f := range v.names {
		if filepath.Dir(path) == dir {
			v.durable[path] = f
		}
	}
}

// Crash writes to the folder to what could be found after the power came back.
// Whether a folder's or a file's unflushed changes have made it is for lucky to
// say. The model stays as it is.
func (v *Volatile) Crash(to string, lucky func() bool) error {
	after := &Volatile{names: v.names, durable: maps.Clone(v.durable)}
	folders := map[string]bool{}
	for path := range v.names {
		folders[filepath.Dir(path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		if lucky() {
			after.flushNames(dir)
		}
	}
	written := map[*inode]string{} // so that links stay links
	for _, path := range slices.Sorted(maps.Keys(after.durable)) {
		f, target := after.durable[path], filepath.Join(to, strings.TrimPrefix(path, v.dir))
		if err := f.put(target, written, lucky); err != nil {
			return err
		}
	}
	return nil
}

func (f *inode) put(path string, written map[*inode]string, lucky func() bool) error {
	if f == nil {
		return os.MkdirAll(path, 0o777)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if other, ok := written[f]; ok {
		return os.Link(other, path)
	}
	written[f] = path
	data := f.durable
	if !f.synced && lucky() {
		data = f.data
	}
	return os.WriteFile(path, data, 0o666)
}
