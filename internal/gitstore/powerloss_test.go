package gitstore

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/gitstore/index"
)

// inode is a file of the simulated disk: what is in memory, and what of it is
// surely on the disk.
type inode struct {
	data, durable []byte
	synced        bool
}

// volatile models a disk that loses what was not flushed: contents by file,
// names by folder.
type volatile struct {
	names   map[string]*inode // as a running system sees them; nil for folders
	durable map[string]*inode
	open    map[*spyFile]*inode
}

func newVolatile(t testing.TB, dir string) *volatile {
	t.Helper()
	v := &volatile{map[string]*inode{}, map[string]*inode{}, map[*spyFile]*inode{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			v.names[path] = nil
			return err
		}
		data, err := os.ReadFile(path)
		v.names[path] = &inode{data, data, true}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v.durable = maps.Clone(v.names)
	return v
}

// apply does to the model what a change does to the disk.
func (v *volatile) apply(e event) {
	switch e.op {
	case "create":
		v.names[e.path] = &inode{}
		v.open[e.spied] = v.names[e.path]
	case "append":
		if v.names[e.path] == nil {
			v.names[e.path] = &inode{}
		}
		v.open[e.spied] = v.names[e.path]
	case "write":
		f := v.open[e.spied]
		f.data = append(slices.Clone(f.data), e.data...)
	case "sync":
		f := v.open[e.spied]
		f.durable, f.synced = f.data, true
	case "link":
		v.names[e.to] = v.names[e.path]
	case "rename":
		v.names[e.to] = v.names[e.path]
		delete(v.names, e.path)
	case "remove":
		delete(v.names, e.path)
	case "mkdir":
		v.names[e.path] = nil
	case "syncdir":
		v.flushNames(e.path)
	}
}

// flushNames makes the names in one folder durable, and only those.
func (v *volatile) flushNames(dir string) {
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

// crash writes what could be found after the power came back. Whether a
// folder's or a file's unflushed changes have made it is for lucky to say.
func (v *volatile) crash(t testing.TB, from, to string, lucky func() bool) {
	t.Helper()
	after := &volatile{names: v.names, durable: maps.Clone(v.durable)}
	folders := map[string]bool{}
	for path := range v.names {
		folders[filepath.Dir(path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		if lucky() {
			after.flushNames(dir)
		}
	}
	contents := map[*inode]string{} // so that links stay links
	for _, path := range slices.Sorted(maps.Keys(after.durable)) {
		f, target := after.durable[path], filepath.Join(to, strings.TrimPrefix(path, from))
		if err := f.put(target, contents, lucky); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *inode) put(path string, contents map[*inode]string, lucky func() bool) error {
	if f == nil {
		return os.MkdirAll(path, 0o777)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if other, ok := contents[f]; ok {
		return os.Link(other, path)
	}
	contents[f] = path
	data := f.durable
	if !f.synced && lucky() {
		data = f.data
	}
	return os.WriteFile(path, data, 0o666)
}

// The power fails after each change to the disk. Whatever was not flushed may
// be gone or not, folder by folder and file by file. The branch must be whole,
// old or new, with all that it leads to, and nothing may need a person's hand.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	// The lock file's text is written past the Disk, so it is there already.
	c.open("").Close()
	start := newVolatile(t, c.dir)
	var events []event
	result, err := c.try(func(e event) error {
		events = append(events, e)
		return nil
	})
	c.check(err)
	if !result.Moved {
		t.Fatal("not published")
	}
	published := false
	for n := range len(events) + 1 {
		if n > 0 {
			start.apply(events[n-1])
			published = published || events[n-1].op == "syncdir" && strings.HasSuffix(events[n-1].path, "refs/heads")
		}
		for luck := range 6 {
			random := rand.New(rand.NewPCG(uint64(n), uint64(luck)))
			lucky := func() bool { return luck > 0 && (luck == 1 || random.IntN(2) == 0) }
			after := c
			after.repo = &repo{t, filepath.Join(t.TempDir(), "repo"), c.env}
			start.crash(t, c.dir, after.dir, lucky)
			after.wantSurvived(fmt.Sprintf("after %d of %d changes, luck %d", n, len(events), luck), published)
		}
	}
	t.Logf("%d points", len(events))
}

// wantSurvived checks what must hold whatever the disk forgot. Work tree files
// are not among it: they can be made again.
func (c scene) wantSurvived(when string, published bool) {
	c.t.Helper()
	c.check(c.recover(func(event) error { return nil }))
	s := c.open("")
	defer s.Close()
	head, err := s.Head()
	if err != nil {
		c.t.Fatalf("%s: %v", when, err)
	}
	if published && head.Commit == c.before {
		c.t.Errorf("%s: the flushed commit is lost", when)
	}
	want := c.old
	if head.Commit != c.before {
		want = c.new
	}
	files, err := s.Files(c.t.Context(), head.Commit, []string{"state"}, nil)
	if err != nil {
		c.t.Fatalf("%s: %v", when, err)
	}
	for _, f := range files {
		if !bytes.Equal(f.Data, []byte(want[f.Path])) {
			c.t.Errorf("%s: %s is %q", when, f.Path, f.Data)
		}
	}
	data, err := os.ReadFile(s.indexPath())
	if _, parseErr := index.Parse(data); err != nil || parseErr != nil {
		c.t.Errorf("%s: the index: %v, %v", when, err, parseErr)
	}
	for _, lock := range []string{".git/index.lock", ".git/refs/heads/main.lock"} {
		if c.exists(lock) {
			c.t.Errorf("%s: %s is left", when, lock)
		}
	}
}
