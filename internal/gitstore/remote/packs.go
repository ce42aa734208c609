package remote

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// maxPushed bounds a pack that is built in memory. A project's commits are
// kilobytes; what is larger is somebody's whole history on its first way out.
const maxPushed = 512 << 20

// pack collects what the server lacks of a commit: the commits up to those
// that it has, and of each the files that differ from its parent's.
func (b *builtin) pack(p proposal, refs *packp.AdvRefs) ([]byte, error) {
	v, err := b.remote.clone.open()
	if err != nil {
		return nil, err
	}
	defer v.close()
	known := map[plumbing.Hash]bool{p.old: true}
	for _, h := range refs.References {
		known[h] = true
	}
	var lacking []plumbing.Hash
	err = v.walk([]plumbing.Hash{p.commit}, func(h plumbing.Hash) bool {
		if !known[h] {
			lacking = append(lacking, h)
		}
		return known[h]
	})
	sent := &parcel{view: v}
	for _, h := range lacking {
		err = errors.Join(err, sent.addCommit(h))
	}
	if err != nil {
		return nil, err
	}
	_, packed, _ := sent.builder.Pack()
	return packed, nil
}

// A parcel is a pack being filled from the clone.
type parcel struct {
	view    *view
	builder pack.Builder
	size    int
}

var errTooLarge = errors.New("this push is too large for the built-in transport; install git")

func (s *parcel) add(kind pack.Kind, data []byte) error {
	if s.size += len(data); s.size > maxPushed {
		return errTooLarge
	}
	s.builder.Add(kind, data)
	return nil
}

func (s *parcel) addCommit(h plumbing.Hash) error {
	c, err := s.view.commit(h)
	if err != nil {
		return err
	}
	base := plumbing.ZeroHash
	if len(c.parents) > 0 {
		parent, err := s.view.commit(c.parents[0])
		if err != nil {
			return err
		}
		base = parent.tree
	}
	return errors.Join(s.add(pack.Commit, c.data), s.addTree(c.tree, base))
}

// addTree adds a tree and what in it is not in the tree that the server has.
// Files that are only moved are sent again, which does no harm.
func (s *parcel) addTree(tree, base plumbing.Hash) error {
	if tree == base {
		return nil
	}
	data, err := s.view.readKind(tree, pack.Tree)
	if err != nil {
		return err
	}
	entries, err := parseTree(data)
	if err != nil {
		return fmt.Errorf("git tree %s: %w", tree, err)
	}
	have, err := s.entries(base)
	if err != nil {
		return err
	}
	for name, e := range entries {
		if err := s.addEntry(e, have[name]); err != nil {
			return err
		}
	}
	return s.add(pack.Tree, data)
}

func (s *parcel) entries(tree plumbing.Hash) (map[string]entry, error) {
	if tree.IsZero() {
		return nil, nil
	}
	data, err := s.view.readKind(tree, pack.Tree)
	if err != nil {
		return nil, err
	}
	return parseTree(data)
}

func (s *parcel) addEntry(e, base entry) error {
	switch {
	case e == base || e.mode == modeSubmodule:
		return nil
	case e.mode == modeTree && base.mode == modeTree:
		return s.addTree(e.hash, base.hash)
	case e.mode == modeTree:
		return s.addTree(e.hash, plumbing.ZeroHash)
	}
	data, err := s.view.readKind(e.hash, pack.Blob)
	if err != nil {
		return err
	}
	return s.add(pack.Blob, data)
}

// An entry is one name in a tree.
type entry struct {
	mode string
	hash plumbing.Hash
}

const (
	modeTree      = "40000"
	modeSubmodule = "160000"
)

// parseTree reads a tree: mode, blank, name, zero byte and hash of each entry.
func parseTree(data []byte) (map[string]entry, error) {
	entries := map[string]entry{}
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, named := bytes.Cut(head, []byte{' '})
		if !ok || !named || len(rest) < len(plumbing.ZeroHash) {
			return nil, errors.New("it is damaged; run: git fsck")
		}
		n := len(plumbing.ZeroHash)
		entries[string(name)] = entry{string(mode), plumbing.Hash(rest[:n])}
		data = rest[n:]
	}
	return entries, nil
}

// storePack keeps a pack that a server sends. It is written under a name that
// "git gc" clears away, checked and indexed, flushed, and only then given its
// names: pack first, since git looks for packs by their index.
func (c clone) storePack(r io.Reader) error {
	dir := filepath.Join(c.commonDir, "objects", "pack")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	temp := filepath.Join(dir, "tmp_pack_"+rand.Text())
	defer func() { _ = errors.Join(c.disk.Remove(temp), c.disk.Remove(temp+".idx")) }()
	if err := c.create(temp, func(w io.Writer) error { _, err := io.Copy(w, r); return err }); err != nil {
		return err
	}
	index, sum, err := indexPack(temp)
	if err != nil {
		return &failure{"it sent a damaged pack of objects", err}
	}
	err = c.create(temp+".idx", func(w io.Writer) error { _, err := idxfile.NewEncoder(w).Encode(index); return err })
	if err != nil {
		return err
	}
	final := filepath.Join(dir, "pack-"+sum.String())
	if err := c.disk.Rename(temp, final+".pack"); err != nil {
		return err
	}
	if err := c.disk.Rename(temp+".idx", final+".idx"); err != nil {
		return err
	}
	return c.disk.SyncDir(dir)
}

// create makes a new read-only file and flushes it.
func (c clone) create(path string, fill func(io.Writer) error) error {
	f, err := c.disk.Create(path, 0o444)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(f)
	for _, step := range []func() error{func() error { return fill(buffered) }, buffered.Flush, f.Sync} {
		if err = step(); err != nil {
			break
		}
	}
	return errors.Join(err, f.Close())
}

// indexPack reads a whole pack, with every delta in it. The checksum at its end
// is compared here: go-git's parser takes a pack that was cut off before it.
func indexPack(path string) (*idxfile.MemoryIndex, plumbing.Hash, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	defer f.Close()
	if err := checkSum(f); err != nil {
		return nil, plumbing.ZeroHash, err
	}
	writer := new(idxfile.Writer)
	parser, err := packfile.NewParser(packfile.NewScanner(f), writer)
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	sum, err := parser.Parse()
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	index, err := writer.Index()
	return index, sum, err
}

// checkSum compares a pack with the SHA-1 at its end, and goes back to its
// beginning.
func checkSum(f io.ReadSeeker) error {
	size, err := f.Seek(-sha1.Size, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	sum, wanted := sha1.New(), make([]byte, sha1.Size)
	if _, err := io.CopyN(sum, f, size); err != nil {
		return err
	}
	if _, err := io.ReadFull(f, wanted); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), wanted) {
		return errors.New("its checksum is wrong")
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}
