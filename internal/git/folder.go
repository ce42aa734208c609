package git

import (
	"bufio"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/packfile"
)

// errAbsent says that a folder has not got an object.
var errAbsent = errors.New("the object is not in this folder")

// folder is one objects folder as one goroutine sees it. Git's index of several packs is
// asked first, which costs one search. The packs that it does not name are looked at newest
// first, and an index is opened when nothing newer had the object: what is read most is what
// was written last, and then many packs cost no more than few.
type folder struct {
	dir    string
	shared *sharedIndex
	unseen []*listedPack           // of which no index was opened yet, newest first
	small  map[object.ID]*openPack // what the packs of few objects hold
	large  []*openPack
	opened map[*listedPack]*openPack
	reader packfile.Reader
}

// fewObjects is up to how many the names of a pack are put into one table with those
// of other packs.
const fewObjects = 200

func newFolder(dir string, shared *sharedIndex, packs []*listedPack) *folder {
	return &folder{dir: dir, shared: shared, unseen: packs, small: map[object.ID]*openPack{}, opened: map[*listedPack]*openPack{}}
}

func (f *folder) read(name object.ID) (object.Kind, []byte, error) {
	at, err := f.find(name)
	if err != nil {
		return 0, nil, err
	}
	if at.pack != nil {
		return at.pack.read(at.offset)
	}
	defer at.loose.Close()
	kind, size, content, err := inflateLoose(at.loose)
	if err != nil {
		return 0, nil, err
	}
	if size > disk.MaxFile {
		return 0, nil, disk.ErrTooLarge
	}
	data, err := readAll(content, size)
	return kind, data, err
}

// stream is read for an object that is too large to be held.
func (f *folder) stream(name object.ID) (io.ReadCloser, int64, error) {
	at, err := f.find(name)
	if err != nil {
		return nil, 0, err
	}
	if at.pack != nil {
		return at.pack.stream(name)
	}
	_, size, content, err := inflateLoose(at.loose)
	if err != nil {
		return nil, 0, errors.Join(err, at.loose.Close())
	}
	return readCloser{content, at.loose}, size, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

func (f *folder) has(name object.ID) (bool, error) {
	at, err := f.find(name)
	if errors.Is(err, errAbsent) {
		return false, nil
	}
	if at.loose != nil {
		at.loose.Close()
	}
	return err == nil, err
}

// spot is where an object is: in a pack, or in a file of its own, which is open.
type spot struct {
	pack   *openPack
	offset int64
	loose  *os.File
}

// find looks where looking is cheap first. Whatever of it a "git gc" has taken away
// meanwhile is absent; the caller looks again in a fresh view.
func (f *folder) find(name object.ID) (spot, error) {
	if at, ok := f.inOpened(name); ok {
		return at, nil
	}
	loose, err := os.Open(f.loosePath(name))
	if err == nil {
		return spot{loose: loose}, nil
	}
	if !disk.IsAbsent(err) {
		return spot{}, err
	}
	for len(f.unseen) > 0 {
		next := f.unseen[0]
		f.unseen = f.unseen[1:]
		if err := f.see(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return spot{}, err
		}
		if at, ok := f.inOpened(name); ok {
			return at, nil
		}
	}
	return spot{}, errAbsent
}

func (f *folder) inOpened(name object.ID) (spot, bool) {
	if p := f.small[name]; p != nil {
		offset, ok := p.index.Find(name)
		return spot{pack: p, offset: offset}, ok
	}
	if listed, offset := f.shared.find(name); listed != nil {
		return spot{pack: f.open(listed), offset: offset}, true
	}
	for _, p := range f.large {
		if offset, ok := p.index.Find(name); ok {
			return spot{pack: p, offset: offset}, true
		}
	}
	return spot{}, false
}

// open makes a pack one of the folder's, whose files are opened when they are needed.
func (f *folder) open(listed *listedPack) *openPack {
	p := f.opened[listed]
	if p == nil {
		p = &openPack{listed: listed, folder: f}
		f.opened[listed] = p
	}
	return p
}

// see makes what is in a pack known to the folder.
func (f *folder) see(listed *listedPack) error {
	p := f.open(listed)
	if err := p.readIndex(); err != nil {
		return err
	}
	if p.index.Len() > fewObjects {
		f.large = append(f.large, p)
		return nil
	}
	for i := range p.index.Len() {
		if name := p.index.Name(i); f.small[name] == nil {
			f.small[name] = p
		}
	}
	return nil
}

func (f *folder) loosePath(name object.ID) string {
	hash := name.String()
	return filepath.Join(f.dir, hash[:2], hash[2:])
}

// withPrefix is for a folder in which each pack's own index is asked.
func (f *folder) withPrefix(start []byte) ([]object.ID, error) {
	for _, listed := range f.unseen {
		if err := f.see(listed); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	f.unseen = nil
	var found []object.ID
	for _, p := range f.opened {
		found = append(found, p.index.WithPrefix(start)...)
	}
	loose, err := f.looseWithPrefix(hex.EncodeToString(start))
	return append(found, loose...), err
}

// looseWithPrefix takes two hexadecimal digits at least.
func (f *folder) looseWithPrefix(start string) (found []object.ID, err error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, start[:2]))
	if disk.IsAbsent(err) {
		return nil, nil
	}
	for _, e := range entries {
		hash := start[:2] + e.Name()
		if name, err := object.ParseID(hash); err == nil && strings.HasPrefix(hash, start) {
			found = append(found, name)
		}
	}
	return found, err
}

func (f *folder) close() error {
	var errs []error
	for _, p := range f.opened {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

// kinds are the words that loose objects begin with.
var kinds = map[string]object.Kind{"commit": object.Commit, "tree": object.Tree, "blob": object.Blob, "tag": object.Tag}

// inflateLoose reads the first words of an object in a file of its own: its kind, and
// how many bytes follow.
func inflateLoose(file io.Reader) (object.Kind, int64, io.Reader, error) {
	inflated, err := zlib.NewReader(bufio.NewReader(file))
	if err != nil {
		return 0, 0, nil, err
	}
	content := bufio.NewReader(inflated)
	first, err := content.ReadSlice(0)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("it does not begin as an object: %w", err)
	}
	word, number, _ := strings.Cut(strings.TrimSuffix(string(first), "\x00"), " ")
	size, err := strconv.ParseInt(number, 10, 64)
	if kinds[word] == 0 || err != nil || size < 0 {
		return 0, 0, nil, errors.New("it does not begin as an object")
	}
	return kinds[word], size, content, nil
}

// readAll reads as many bytes as there are said to be.
func readAll(r io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(r, data)
	return data, err
}
