package gitstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// packFolder is where git looks for packs.
type packFolder struct {
	files     gitFiles
	commonDir string
	path      string
}

// keepText stands in the .keep files that are ours to remove.
const keepText = "osmoctl: a commit is being made\n"

// tempPack begins the names of packs that are not whole yet. A "git gc
// --prune=now" takes from under our hands what begins with tmp_, and any file
// that ends in .pack, so these do neither.
const tempPack = "osmoctl_tmp_"

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
	if err := p.put(path+".keep", []byte(keepText)); err != nil {
		return "", err
	}
	for _, part := range []struct {
		ending string
		data   []byte
	}{{".pack", packed}, {".idx", idx}} {
		if err := p.put(path+part.ending, part.data); err != nil {
			return "", errors.Join(err, p.files.disk.Remove(path+".keep"))
		}
	}
	if err := p.files.disk.SyncDir(p.path); err != nil {
		return "", errors.Join(err, p.files.disk.Remove(path+".keep"))
	}
	return path, nil
}

func (p packFolder) put(path string, data []byte) error {
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

// dropKeeps lets git collect packs of ours again, and removes one that has no
// index: its storing was cut short, and git passes over it for ever.
func (p packFolder) dropKeeps() error {
	entries, err := os.ReadDir(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(p.path, e.Name())
		if name, ok := strings.CutSuffix(path, ".keep"); ok && isOwnKeep(path) {
			if _, gone := os.Lstat(name + ".idx"); errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, p.files.remove(name+".pack"))
			}
			err = errors.Join(err, p.files.remove(path))
		}
	}
	return err
}

func isOwnKeep(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && string(text) == keepText
}
