package git

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	gogit "github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/packfile"
	"github.com/osmoctl/osmoctl/internal/git/packindex"
)

// packLists remembers which packs the object folders hold, for all readers of a
// repository, and their indexes as far as one of them has needed one.
type packLists struct {
	mu    sync.Mutex
	known map[string][]*listedPack
}

// list returns the packs of an objects folder, newest first; anew says that what was
// seen before is old. One that has no index yet, or never got one because a fetch was
// killed, is passed over, as git does.
func (l *packLists) list(dir string, anew bool) ([]*listedPack, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, listed := l.known[dir]
	if listed && !anew {
		return before, nil
	}
	entries, err := os.ReadDir(filepath.Join(dir, "pack"))
	if err != nil && !disk.IsAbsent(err) {
		return nil, err
	}
	packed := map[string]bool{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".pack"); ok {
			packed[name] = true
		}
	}
	var now []*listedPack
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".idx")
		if !ok || !packed[name] {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it was taken away meanwhile
		}
		now = append(now, &listedPack{path: filepath.Join(dir, "pack", name), when: info.ModTime(), size: info.Size()})
	}
	for i, p := range now {
		if at := slices.IndexFunc(before, p.isSame); at >= 0 {
			now[i] = before[at]
		}
	}
	slices.SortFunc(now, func(a, b *listedPack) int { return cmp.Or(b.when.Compare(a.when), strings.Compare(a.path, b.path)) })
	if l.known == nil {
		l.known = map[string][]*listedPack{}
	}
	l.known[dir] = now
	return now, nil
}

// listedPack is a pack, and its index once one was needed.
type listedPack struct {
	path string // without ending
	when time.Time
	size int64 // of the index

	mu    sync.Mutex
	index *packindex.Index
}

func (p *listedPack) isSame(other *listedPack) bool {
	return p.path == other.path && p.size == other.size && p.when.Equal(other.when)
}

func (p *listedPack) readIndex() (*packindex.Index, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.index != nil {
		return p.index, nil
	}
	data, err := os.ReadFile(p.path + ".idx")
	if err != nil {
		return nil, err
	}
	p.index, err = packindex.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s.idx: %w; run: git fsck", p.path, err)
	}
	return p.index, nil
}

// open makes it a pack of one folder's, whose reader it shares.
func (p *listedPack) open(f *folder) (*openPack, error) {
	index, err := p.readIndex()
	if err != nil {
		return nil, err
	}
	return &openPack{path: p.path, index: index, folder: f}, nil
}

// openPack is a pack of one folder. Its file is opened when an object is read.
type openPack struct {
	path   string
	index  *packindex.Index
	folder *folder
	file   *os.File
	pack   *packfile.Pack
}

func (p *openPack) close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// read returns the object that begins at an offset.
func (p *openPack) read(offset int64) (object.Kind, []byte, error) {
	if p.pack == nil {
		if err := p.open(); err != nil {
			return 0, nil, err
		}
	}
	return p.folder.reader.Read(p.pack, offset)
}

func (p *openPack) open() (err error) {
	if p.file, err = os.Open(p.path + ".pack"); err != nil {
		return err
	}
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	p.pack, err = packfile.Open(p.file, info.Size(), p.index.Find)
	return err
}

// stream opens an object that is too large to be held, with go-git, which applies
// deltas while it reads.
func (p *openPack) stream(name object.ID) (io.ReadCloser, int64, error) {
	dir := osfs.New(filepath.Dir(p.path))
	file, err := dir.Open(filepath.Base(p.path) + ".pack")
	if err != nil {
		return nil, 0, err
	}
	pack := gogit.NewPackfileWithCache(forGoGit{of: p.index}, dir, file, cache.NewObjectLRU(cache.MiByte), 1<<20)
	found, err := pack.Get(plumbing.Hash(name))
	if err != nil {
		return nil, 0, errors.Join(err, pack.Close())
	}
	content, err := found.Reader()
	if err != nil {
		return nil, 0, errors.Join(err, pack.Close())
	}
	return streamOf{content, pack}, found.Size(), nil
}

type streamOf struct {
	io.ReadCloser
	pack *gogit.Packfile
}

func (s streamOf) Close() error { return errors.Join(s.ReadCloser.Close(), s.pack.Close()) }

// forGoGit is an index as go-git looks things up in it. What go-git needs for walks
// through a whole pack is not there.
type forGoGit struct {
	idxfile.Index
	of *packindex.Index
}

func (g forGoGit) FindOffset(h plumbing.Hash) (int64, error) {
	if offset, ok := g.of.Find(object.ID(h)); ok {
		return offset, nil
	}
	return 0, plumbing.ErrObjectNotFound
}

func (g forGoGit) FindHash(offset int64) (plumbing.Hash, error) {
	if name, ok := g.of.At(offset); ok {
		return plumbing.Hash(name), nil
	}
	return plumbing.Hash{}, plumbing.ErrObjectNotFound
}
