package gitstore

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// packFolder is where git looks for packs.
type packFolder struct {
	files     gitFiles
	commonDir string
	path      string
	dropped   string // the list of those that were to be removed last
}

// keepText stands in the .keep files that are ours to remove.
const keepText = "osmoctl: a commit is being made\n"

// tempPack begins the names of packs that are not whole yet. A "git gc
// --prune=now" takes from under our hands what begins with tmp_, and any file
// that ends in .pack, so these do neither.
const tempPack = "osmoctl_tmp_"

// stored is a commit's pack, and those that it makes needless.
type stored struct {
	path   string // without ending; "" where the commit came by a fetch
	joined []string
}

// release lets git repack a pack, which makes those before it needless.
func (p packFolder) release(s stored) error {
	if s.path == "" {
		return nil
	}
	if err := p.files.remove(s.path + ".keep"); err != nil {
		return err
	}
	p.drop(s.joined)
	return nil
}

// storeSmall puts a small pack where git looks for it, joined with those before it.
func (p packFolder) storeSmall(b *pack.Builder, objects *git.Objects) (stored, error) {
	joined := p.join(b, objects)
	path, err := p.store(b)
	if err != nil {
		return stored{}, err
	}
	// The same objects as another pack has come to the same pack.
	joined = slices.DeleteFunc(joined, func(other string) bool { return other == path })
	return stored{path, joined}, nil
}

// store puts a pack where git looks for it, durably. The .keep comes first,
// so that a "git gc --prune=now" at this moment does not take what nothing
// points at yet. The index comes last, since with it the pack exists; a "git
// gc" that meets one without its pack removes it, and the .keep with it.
func (p packFolder) store(b *pack.Builder) (string, error) {
	name, packed, idx := b.Pack()
	if err := p.files.makeDirs(p.commonDir, p.path); err != nil {
		return "", err
	}
	path := filepath.Join(p.path, name)
	if err := p.put(path+".keep", strings.NewReader(keepText)); err != nil {
		return "", err
	}
	for _, part := range []struct {
		ending string
		data   io.WriterTo
	}{{".pack", packed}, {".idx", bytes.NewReader(idx)}} {
		if err := p.put(path+part.ending, part.data); err != nil {
			return "", errors.Join(err, p.dropKeep(path))
		}
	}
	if err := p.files.disk.SyncDir(p.path); err != nil {
		return "", errors.Join(err, p.dropKeep(path))
	}
	return path, nil
}

// dropKeep lets git collect a pack again, or removes one that has no index: its storing
// was cut short, and git passes over it for ever.
func (p packFolder) dropKeep(path string) error {
	var err error
	if !disk.Exists(path + ".idx") {
		err = p.files.remove(path + ".pack")
	}
	return errors.Join(err, p.files.remove(path+".keep"))
}

func (p packFolder) put(path string, data io.WriterTo) error {
	temp := filepath.Join(filepath.Dir(path), tempPack+strings.ReplaceAll(filepath.Base(path), ".", "_"))
	if err := p.files.disk.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := p.files.create(temp, data, p.files.permissions(0o444)); err != nil {
		return err
	}
	if err := p.files.disk.Rename(temp, path); err != nil {
		return errors.Join(err, p.files.disk.Remove(temp))
	}
	return nil
}

// dropKeeps does so for all packs that an interrupted run has left.
func (p packFolder) dropKeeps() error {
	entries, err := os.ReadDir(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(p.path, e.Name())
		if name, ok := strings.CutSuffix(path, ".keep"); ok && isOwnKeep(path) {
			err = errors.Join(err, p.dropKeep(name))
		}
	}
	return err
}

func isOwnKeep(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && string(text) == keepText
}
