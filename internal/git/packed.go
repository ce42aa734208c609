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
	known map[string]*packList
}

// packList is what an objects folder has in packs.
type packList struct {
	shared *sharedIndex  // git's index of several packs; nil where there is none
	named  []*listedPack // those that are in it
	others []*listedPack // those to look at for what is not in it, newest first
}

// list returns the packs of an objects folder; anew says that what was seen before is
// old.
func (l *packLists) list(dir string, anew bool) (*packList, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.known[dir]
	if before != nil && !anew {
		return before, nil
	}
	if before == nil {
		before = &packList{}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "pack"))
	if err != nil && !disk.IsAbsent(err) {
		return nil, err
	}
	packs := listPacks(dir, entries)
	now := &packList{shared: readShared(dir, packs, before.shared)}
	now.named, now.others = now.shared.split(packs)
	now.others = newestFirst(now.others, before.others)
	if l.known == nil {
		l.known = map[string]*packList{}
	}
	l.known[dir] = now
	return now, nil
}

// listPacks passes over a pack that has no index yet, or never got one because a fetch was
// killed, as git does.
func listPacks(dir string, entries []os.DirEntry) (packs []*listedPack) {
	packed := map[string]bool{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".pack"); ok {
			packed[name] = true
		}
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".idx"); ok && packed[name] {
			packs = append(packs, &listedPack{path: filepath.Join(dir, "pack", name), entry: e})
		}
	}
	return packs
}

// newestFirst sorts packs, and keeps of those before what was read of the same ones.
func newestFirst(packs, before []*listedPack) (now []*listedPack) {
	known := make(map[string]*listedPack, len(before))
	for _, p := range before {
		known[p.path] = p
	}
	for _, p := range packs {
		info, err := p.entry.Info()
		if err != nil {
			continue // it was taken away meanwhile
		}
		p.when, p.size = info.ModTime(), info.Size()
		if was := known[p.path]; was != nil && was.size == p.size && was.when.Equal(p.when) {
			p.index = was.knownIndex()
		}
		now = append(now, p)
	}
	slices.SortFunc(now, func(a, b *listedPack) int { return cmp.Or(b.when.Compare(a.when), strings.Compare(a.path, b.path)) })
	return now
}

// listedPack is a pack, and its index once one was needed.
type listedPack struct {
	path  string      // without ending
	entry os.DirEntry // that of the index
	// when and size are those of the index. Packs that git's index of several names are
	// not looked at for that: they may be hundreds.
	when time.Time
	size int64

	mu    sync.Mutex
	index *packindex.Index
}

func (p *listedPack) knownIndex() *packindex.Index {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.index
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

// openPack is a pack of one folder, whose reader it shares. Its file is opened when an
// object is read, and its index when that of several packs does not do.
type openPack struct {
	listed *listedPack
	index  *packindex.Index
	folder *folder
	file   *os.File
	pack   *packfile.Pack
}

func (p *openPack) readIndex() (err error) {
	if p.index == nil {
		p.index, err = p.listed.readIndex()
	}
	return err
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
	if p.file, err = os.Open(p.listed.path + ".pack"); err != nil {
		return err
	}
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	p.pack, err = packfile.Open(p.file, info.Size(), p.findBase)
	return err
}

// findBase finds what another object of this pack is a difference of. That is in the same
// pack, where git's index of several may name another copy of it.
func (p *openPack) findBase(name object.ID) (offset int64, ok bool) {
	if p.readIndex() != nil {
		return 0, false
	}
	return p.index.Find(name)
}

// stream opens an object that is too large to be held, with go-git, which applies
// deltas while it reads.
func (p *openPack) stream(name object.ID) (io.ReadCloser, int64, error) {
	if err := p.readIndex(); err != nil {
		return nil, 0, err
	}
	dir := osfs.New(filepath.Dir(p.listed.path))
	file, err := dir.Open(filepath.Base(p.listed.path) + ".pack")
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
