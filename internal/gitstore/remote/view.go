package remote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// A view is one look at the clone's objects. What is stored later is not in
// it: open another one.
type view struct {
	stores []*filesystem.Storage
	cuts   map[plumbing.Hash]bool
}

func (c clone) open() (*view, error) {
	cuts, err := c.shallow()
	if err != nil {
		return nil, err
	}
	dirs, err := objectDirs(filepath.Join(c.commonDir, "objects"))
	if err != nil {
		return nil, err
	}
	v := &view{cuts: cuts}
	for _, dir := range dirs {
		v.stores = append(v.stores, filesystem.NewStorageWithOptions(
			osfs.New(filepath.Dir(dir)), cache.NewObjectLRU(8*cache.MiByte), filesystem.Options{
				KeepDescriptors: true, ExclusiveAccess: true, LargeObjectThreshold: 1 << 20,
			}))
	}
	return v, nil
}

// looks are the waits before each look at the objects: a "git gc" may take packs
// away while they are being read, and what was in them is in another one then.
var looks = []time.Duration{0, 0, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}

// look reads in a fresh view, and in another one where something was missing.
func (c clone) look(read func(*view) error) (err error) {
	for _, wait := range looks {
		time.Sleep(wait)
		if err = c.lookOnce(read); err == nil {
			break
		}
	}
	return err
}

func (c clone) lookOnce(read func(*view) error) error {
	v, err := c.open()
	if err != nil {
		return err
	}
	defer v.close()
	return read(v)
}

func (v *view) close() {
	for _, store := range v.stores {
		_ = store.Close() // it was only read
	}
}

// objectDirs returns an objects folder and those that it borrows from, which
// may borrow themselves. A folder that is gone does not stop git, nor us.
func objectDirs(first string) ([]string, error) {
	dirs := []string{first}
	for i := 0; i < len(dirs); i++ {
		data, err := os.ReadFile(filepath.Join(dirs[i], "info", "alternates"))
		if err != nil && !isAbsent(err) {
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

// errMissing says that an object is not in the clone.
var errMissing = errors.New("an object is missing in the git repository")

// read returns an object's kind and content.
func (v *view) read(h plumbing.Hash) (object.Kind, []byte, error) {
	for _, store := range v.stores {
		found, err := store.EncodedObject(plumbing.AnyObject, h)
		if errors.Is(err, plumbing.ErrObjectNotFound) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, nil, fmt.Errorf("read git object %s: %w", h, err)
		}
		data, err := content(found)
		if err == nil && plumbing.Hash(object.IDOf(object.Kind(found.Type()), data)) != h {
			err = errors.New("it is damaged; run: git fsck")
		}
		if err != nil {
			return 0, nil, fmt.Errorf("read git object %s: %w", h, err)
		}
		return object.Kind(found.Type()), data, nil
	}
	return 0, nil, fmt.Errorf("%w: %s", errMissing, h)
}

func content(found plumbing.EncodedObject) ([]byte, error) {
	r, err := found.Reader()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

func (v *view) readKind(h plumbing.Hash, want object.Kind) ([]byte, error) {
	kind, data, err := v.read(h)
	if err == nil && kind != want {
		err = fmt.Errorf("git object %s is a %s where a %s is expected", h, kind, want)
	}
	return data, err
}

// A commit is what is needed of one: its content, tree and parents. At a cut
// the parents are left out.
type commit struct {
	data    []byte
	tree    plumbing.Hash
	parents []plumbing.Hash
}

func (v *view) commit(h plumbing.Hash) (commit, error) {
	data, err := v.readKind(h, object.Commit)
	if err != nil {
		return commit{}, err
	}
	c := commit{data: data}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok || key != "tree" && key != "parent" {
			break // the first line that is neither ends the two
		}
		hash, err := parseHash(value)
		if err != nil {
			return commit{}, fmt.Errorf("git commit %s is damaged; run: git fsck", h)
		}
		if key == "tree" {
			c.tree = hash
		} else if !v.cuts[h] {
			c.parents = append(c.parents, hash)
		}
	}
	return c, nil
}

// walk goes back through history, nearest commits first and each once. Behind
// a commit for which enough is true it does not look.
func (v *view) walk(from []plumbing.Hash, enough func(plumbing.Hash) bool) error {
	seen := map[plumbing.Hash]bool{}
	for queue := from; len(queue) > 0; queue = queue[1:] {
		h := queue[0]
		if seen[h] || enough(h) {
			continue
		}
		seen[h] = true
		c, err := v.commit(h)
		if err != nil {
			return err
		}
		queue = append(queue, c.parents...)
	}
	return nil
}

// leadsTo tells whether a commit is, or follows, another one. Behind bound it
// does not look.
func (v *view) leadsTo(from, to, bound plumbing.Hash) (bool, error) {
	found := false
	err := v.walk([]plumbing.Hash{from}, func(h plumbing.Hash) bool {
		found = found || h == to
		return found || h == bound
	})
	return found, err
}
