package git

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/packindex"
)

// sharedIndex is git's index of several packs, as "git maintenance" and "git repack
// --write-midx" leave it, with the packs that are there. It is a help and no more: where it
// does not lead to an object, each pack's own index is asked.
type sharedIndex struct {
	file  sharedFile
	index *packindex.MultiIndex
	packs []*listedPack // as index counts them; nil for one that is gone
}

// readShared reads the index of several packs in an objects folder; nil where there is
// none. One that is damaged, or of a version that is not known, counts as none: what it
// says, the packs' own indexes say as well.
func readShared(dir string, packs []*listedPack, before *sharedIndex) *sharedIndex {
	s := &sharedIndex{}
	var err error
	if s.file, err = openShared(filepath.Join(dir, "pack", packindex.MultiName)); err != nil {
		return nil
	}
	if before != nil && isSameFile(s.file.info, before.file.info) {
		s.index = before.index
	} else if s.index, err = packindex.OpenMulti(s.file.reader(), s.file.info.Size()); err != nil {
		return nil
	}
	there := make(map[string]*listedPack, len(packs))
	for _, p := range packs {
		there[p.entry.Name()] = p
	}
	for _, name := range s.index.Packs() {
		s.packs = append(s.packs, there[name])
	}
	return s
}

// split tells the packs that the index names from the others, which are to be looked at for
// what it has not got. Where one is gone that it names, any other may have a copy of which
// it says nothing.
func (s *sharedIndex) split(packs []*listedPack) (named, others []*listedPack) {
	if s == nil || slices.Contains(s.packs, nil) {
		return nil, packs
	}
	isNamed := make(map[*listedPack]bool, len(s.packs))
	for _, p := range s.packs {
		isNamed[p] = true
	}
	for _, p := range packs {
		if !isNamed[p] {
			others = append(others, p)
		}
	}
	return s.packs, others
}

// find returns the pack that an object is in, unless that is gone; nil is none.
func (s *sharedIndex) find(name object.ID) (*listedPack, int64) {
	if s == nil {
		return nil, 0
	}
	at, found, err := s.index.Find(name)
	if !found || err != nil {
		return nil, 0
	}
	return s.packs[at.Pack], at.Offset
}

// sharedFile is the file of such an index.
type sharedFile struct {
	path string
	info os.FileInfo
	data []byte // all of it, where it is small
}

// smallShared is up to how many bytes are read at once: some 30,000 objects.
const smallShared = 1 << 20

func openShared(path string) (f sharedFile, err error) {
	f.path = path
	file, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	if f.info, err = file.Stat(); err != nil || f.info.Size() > smallShared {
		return f, err
	}
	f.data, err = readAll(file, f.info.Size())
	return f, err
}

func (f sharedFile) reader() io.ReaderAt {
	if f.data != nil {
		return bytes.NewReader(f.data)
	}
	return f
}

// ReadAt opens the file for each part, which are few, so that it is not held open: on
// Windows git could not replace it.
func (f sharedFile) ReadAt(data []byte, at int64) (int, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if !isSameFile(f.info, info) {
		return 0, fs.ErrNotExist
	}
	return file.ReadAt(data, at)
}
