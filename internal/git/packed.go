package git

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
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
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
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

// open makes it a pack of one folder's, whose cache it shares.
func (p *listedPack) open(f *folder) (*openPack, error) {
	index, err := p.readIndex()
	if err != nil {
		return nil, err
	}
	return &openPack{path: p.path, index: index, folder: f}, nil
}

// openPack reads the objects of one pack. Its file is opened when one is read.
type openPack struct {
	path   string
	index  *packindex.Index
	folder *folder
	file   *os.File
	buffer *bufio.Reader
}

func (p *openPack) close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// maxChain is how many deltas may stand on one another. Git makes 50, and 4,095 at
// most.
const maxChain = 4096

// The kinds of entries that stand for an object by what it differs in from another.
const (
	deltaAt object.Kind = 6 // from the one so many bytes before
	deltaOf object.Kind = 7 // from the one of a name
)

// read returns the object that begins at an offset: what stands there, or what comes
// of a chain of deltas down to one that is whole.
func (p *openPack) read(offset int64) (object.Kind, []byte, error) {
	var chain []int64
	var deltas [][]byte
	for {
		if held, ok := p.folder.cache.get(p, offset); ok {
			return p.patch(held, chain, deltas)
		}
		kind, base, data, err := p.entry(offset)
		if err != nil {
			return 0, nil, err
		}
		if kind != deltaAt {
			whole := heldObject{kind, data}
			p.folder.cache.put(p, offset, whole)
			return p.patch(whole, chain, deltas)
		}
		if len(chain) == maxChain {
			return 0, nil, fmt.Errorf("more than %d deltas stand on one another", maxChain)
		}
		chain, deltas = append(chain, offset), append(deltas, data)
		offset = base
	}
}

// patch applies deltas, the last one first, and remembers what came of each.
func (p *openPack) patch(at heldObject, offsets []int64, deltas [][]byte) (object.Kind, []byte, error) {
	for i := len(deltas) - 1; i >= 0; i-- {
		data, err := applyDelta(at.data, deltas[i])
		if err != nil {
			return 0, nil, err
		}
		at = heldObject{at.kind, data}
		p.folder.cache.put(p, offsets[i], at)
	}
	return at.kind, bytes.Clone(at.data), nil
}

func applyDelta(base, delta []byte) ([]byte, error) {
	_, n := binary.Uvarint(delta)
	if n <= 0 {
		return nil, packfile.ErrInvalidDelta
	}
	if size, n := binary.Uvarint(delta[n:]); n <= 0 || size > disk.MaxFile {
		return nil, disk.ErrTooLarge
	}
	return packfile.PatchDelta(base, delta)
}

// entry reads what stands at an offset. A delta is always deltaAt, with the offset of
// its base.
func (p *openPack) entry(offset int64) (kind object.Kind, base int64, data []byte, err error) {
	if p.file == nil {
		if p.file, err = os.Open(p.path + ".pack"); err != nil {
			return 0, 0, nil, err
		}
		p.buffer = bufio.NewReader(nil)
	}
	p.buffer.Reset(io.NewSectionReader(p.file, offset, 1<<62))
	kind, size, err := readEntryHead(p.buffer)
	if err == nil && (kind == deltaAt || kind == deltaOf) {
		base, err = p.readBase(kind, offset)
		kind = deltaAt
	}
	if err == nil && size > disk.MaxFile {
		err = disk.ErrTooLarge
	}
	if err != nil {
		return 0, 0, nil, err
	}
	inflated, err := p.folder.inflate(p.buffer)
	if err != nil {
		return 0, 0, nil, err
	}
	data, err = readAll(inflated, size)
	return kind, base, data, err
}

// readEntryHead reads a kind and a size: four bits of it, and seven in each byte after.
func readEntryHead(r io.ByteReader) (kind object.Kind, size int64, err error) {
	c, err := r.ReadByte()
	kind, size = object.Kind(c>>4&7), int64(c&15)
	for shift := 4; err == nil && c&0x80 != 0; shift += 7 {
		if shift > 53 {
			return 0, 0, errors.New("the size of an object is damaged")
		}
		c, err = r.ReadByte()
		size |= int64(c&0x7f) << shift
	}
	if err == nil && (kind == 0 || kind == 5) {
		err = fmt.Errorf("%d is no kind of object", kind)
	}
	return kind, size, err
}

// readBase reads where the base of a delta is.
func (p *openPack) readBase(kind object.Kind, offset int64) (int64, error) {
	if kind == deltaOf {
		var name object.ID
		if _, err := io.ReadFull(p.buffer, name[:]); err != nil {
			return 0, err
		}
		base, ok := p.index.Find(name)
		if !ok {
			return 0, fmt.Errorf("the base of a delta, %s, is not in the pack", name)
		}
		return base, nil
	}
	c, err := p.buffer.ReadByte()
	back := int64(c & 0x7f)
	for err == nil && c&0x80 != 0 && back < 1<<48 {
		c, err = p.buffer.ReadByte()
		back = (back+1)<<7 | int64(c&0x7f)
	}
	if err == nil && (back <= 0 || back >= offset) {
		err = errors.New("the base of a delta is not in the pack")
	}
	return offset - back, err
}

// stream opens an object that is too large to be held, with go-git, which applies
// deltas while it reads.
func (p *openPack) stream(name object.ID) (io.ReadCloser, int64, error) {
	dir := osfs.New(filepath.Dir(p.path))
	file, err := dir.Open(filepath.Base(p.path) + ".pack")
	if err != nil {
		return nil, 0, err
	}
	pack := packfile.NewPackfileWithCache(forGoGit{of: p.index}, dir, file, cache.NewObjectLRU(cache.MiByte), 1<<20)
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
	pack *packfile.Packfile
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

// heldObject is an object in memory. Its bytes are never changed.
type heldObject struct {
	kind object.Kind
	data []byte
}

// objectCache holds the objects of packs that were read last: what the next ones are
// deltas of.
type objectCache struct {
	held  map[heldAt]heldObject
	order []heldAt // the oldest first
	bytes int
}

type heldAt struct {
	pack   *openPack
	offset int64
}

// cachedBytes is what a reader holds at most; one object may be an eighth of it.
const cachedBytes = 8 << 20

func (c *objectCache) get(p *openPack, offset int64) (heldObject, bool) {
	o, ok := c.held[heldAt{p, offset}]
	return o, ok
}

func (c *objectCache) put(p *openPack, offset int64, o heldObject) {
	at := heldAt{p, offset}
	if _, there := c.held[at]; there || len(o.data) > cachedBytes/8 {
		return
	}
	if c.held == nil {
		c.held = map[heldAt]heldObject{}
	}
	c.held[at] = o
	c.order = append(c.order, at)
	c.bytes += len(o.data)
	for c.bytes > cachedBytes {
		oldest := c.order[0]
		c.order = c.order[1:]
		c.bytes -= len(c.held[oldest].data)
		delete(c.held, oldest)
	}
}
