package git

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Objects reads objects for all goroutines of a Repository, one at a time. Who has
// many to read forks a reader of its own.
type Objects struct {
	dir    string // where they are stored
	whence string // what to run for one that is missing
	packs  packLists

	mu     sync.Mutex
	reader *reader
}

func (o *Objects) fork() *reader { return &reader{dir: o.dir, whence: o.whence, packs: &o.packs} }

// Read returns the kind and the content of an object. One that the clone has not got
// is [ErrMissingObject], one that is larger than [disk.MaxFile] is [disk.ErrTooLarge].
func (o *Objects) Read(name object.ID) (object.Kind, []byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reader == nil {
		o.reader = o.fork()
	}
	return o.reader.Read(name)
}

func (o *Objects) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reader == nil {
		return nil
	}
	err := o.reader.close()
	o.reader = nil
	return err
}

// A reader is one goroutine's view of the object folders: this repository's and
// those that it borrows from. It keeps packs open and remembers what objects
// there are, which is most of the speed. What it then misses it looks for again
// in a fresh view, since a "git gc" or our own Write may have moved things.
type reader struct {
	dir     string
	whence  string
	packs   *packLists
	folders []*folder
	renew   bool // what is known of the folders is old
	// apart says to ask each pack's own index: git's index of several packs may lead to an
	// object, but that there is none, these have to say.
	apart bool
}

// waits come before each view that is tried after the first. The first of them
// is none, since mostly the old view is just old. A "git gc" however takes packs
// away one by one, on a busy machine for longer than a view takes to open. They
// listen to no context: most reading goes through an fs.FS, which has none, and
// whoever interrupts a run waits for a ninth of a second at most.
var waits = []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}

// source reads objects; a *reader or an *Objects.
type source interface {
	Read(name object.ID) (object.Kind, []byte, error)
	// recycle says that content which Read returned is not used any more.
	recycle(content []byte)
}

// recycle does nothing: several goroutines read here, each a few objects.
func (o *Objects) recycle([]byte) {}

func (r *reader) recycle(content []byte) {
	if len(r.folders) > 0 {
		r.folders[0].reader.Recycle(content)
	}
}

func (r *reader) Read(name object.ID) (kind object.Kind, data []byte, err error) {
	kind, data, err = r.lookUp(name)
	for i, wait := range waits {
		if err == nil || errors.Is(err, disk.ErrTooLarge) {
			break
		}
		_ = r.close()
		r.renew, r.apart = true, i > 0
		time.Sleep(wait)
		kind, data, err = r.lookUp(name)
	}
	return kind, data, err
}

func (r *reader) lookUp(name object.ID) (object.Kind, []byte, error) {
	if err := r.open(); err != nil {
		return 0, nil, err
	}
	for _, f := range r.folders {
		kind, data, err := f.read(name)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return 0, nil, fmt.Errorf("read git object %s: %w", name, err)
		}
		// A wrong byte on the disk must not pass for state.
		if object.IDOf(kind, data) != name {
			return 0, nil, fmt.Errorf("git object %s is damaged; run: git fsck", name)
		}
		return kind, data, nil
	}
	return 0, nil, fmt.Errorf("%w: %s; %s", ErrMissingObject, name, r.whence)
}

// open looks at the object folders, anew where what was seen before is old.
func (r *reader) open() error {
	if r.folders != nil {
		return nil
	}
	dirs, err := objectDirs(r.dir)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		list, err := r.packs.list(dir, r.renew)
		if err != nil {
			return errors.Join(err, r.close())
		}
		if r.apart {
			r.folders = append(r.folders, newFolder(dir, nil, slices.Concat(list.others, list.named)))
		} else {
			r.folders = append(r.folders, newFolder(dir, list.shared, list.others))
		}
	}
	r.renew = false
	return nil
}

func (r *reader) close() error {
	var errs []error
	for _, f := range r.folders {
		errs = append(errs, f.close())
	}
	r.folders = nil
	return errors.Join(errs...)
}

// objectDirs returns an objects folder and those that its info/alternates
// name, which may name more.
func objectDirs(first string) ([]string, error) {
	dirs := []string{first}
	for i := 0; i < len(dirs); i++ {
		data, err := os.ReadFile(filepath.Join(dirs[i], "info", "alternates"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			dir := strings.TrimRight(line, "\r\n")
			if dir == "" || dir[0] == '#' {
				continue
			}
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(dirs[i], dir)
			}
			if !slices.Contains(dirs, dir) && filepath.Base(dir) == "objects" {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs, nil
}

// readKind reads an object that must be of one kind.
func readKind(from source, name object.ID, want object.Kind) ([]byte, error) {
	kind, data, err := from.Read(name)
	if err != nil {
		return nil, err
	}
	if kind != want {
		return nil, fmt.Errorf("git object %s is a %s where a %s is expected", name, kind, want)
	}
	return data, nil
}

// withPrefix returns the objects whose names begin with these bytes.
func (o *Objects) withPrefix(start []byte) ([]object.ID, error) {
	r := o.fork()
	defer r.close()
	r.renew, r.apart = true, true
	if err := r.open(); err != nil {
		return nil, err
	}
	seen := map[object.ID]bool{}
	for _, f := range r.folders {
		names, err := f.withPrefix(start)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			seen[name] = true
		}
	}
	return slices.Collect(maps.Keys(seen)), nil
}

// Blob returns the content of a file.
func (o *Objects) Blob(name object.ID) ([]byte, error) { return readKind(o, name, object.Blob) }

// Tree lists a folder; none is empty.
func (o *Objects) Tree(name object.ID) ([]object.Entry, error) { return readTree(o, name) }

// Find follows a path, in slashes, down from a folder. A name that is not there
// gives the zero entry; "" gives the folder itself.
func (o *Objects) Find(tree object.ID, path string) (object.Entry, error) {
	return lookUp(o, tree, path)
}

// Absent returns those objects, by their full hashes, that the clone has not got.
func (o *Objects) Absent(objects []string) ([]string, error) {
	r := o.fork()
	defer r.close()
	r.renew = true
	absent, err := r.absent(objects)
	if err != nil || len(absent) == 0 {
		return nil, err
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	r.apart = true
	return r.absent(absent)
}

func (r *reader) absent(objects []string) (absent []string, err error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	for _, hash := range objects {
		name, err := object.ParseID(hash)
		if err != nil {
			return nil, err
		}
		has, err := r.has(name)
		if err != nil {
			return nil, err
		}
		if !has {
			absent = append(absent, hash)
		}
	}
	return absent, nil
}

// has looks for an object and does not read it.
func (r *reader) has(name object.ID) (bool, error) {
	for _, f := range r.folders {
		if has, err := f.has(name); has || err != nil {
			return has, err
		}
	}
	return false, nil
}
