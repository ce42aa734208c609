package gitstore

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/osmoctl/osmoctl/internal/gitstore/pack"
)

// Uncommitted returns the files below the folders (or files) named that are
// not the same in the work tree as at the commit: edited, deleted, or there
// without being in the commit, ignored by git or not. Paths are relative to the
// project and sorted. Line ends that git may have changed are no difference,
// and neither is a file that a sparse checkout leaves out.
func (s *Store) Uncommitted(commit string, dirs ...string) ([]string, error) {
	committed, err := s.Files(context.Background(), commit, dirs, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	tree, closer, err := s.WorktreeFS()
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	c := &comparison{tree: tree, committed: make(map[string]File, len(committed))}
	for _, f := range committed {
		c.committed[f.Path] = f
	}
	for _, dir := range dirs {
		if err := fs.WalkDir(tree, path.Clean(dir), c.visit); err != nil {
			return nil, err
		}
	}
	missing, err := s.missing(c.committed)
	different := append(c.different, missing...)
	slices.Sort(different)
	return slices.Compact(different), err
}

// comparison strikes off what it has seen; what is left is missing.
type comparison struct {
	tree      fs.FS
	committed map[string]File
	different []string
}

func (c *comparison) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case d.IsDir():
		return nil
	}
	file := c.committed[name]
	delete(c.committed, name)
	same, err := c.same(name, d, file)
	if !same {
		c.different = append(c.different, name)
	}
	return err
}

// same compares by hash, so that no blob has to be read.
func (c *comparison) same(name string, d fs.DirEntry, file File) (bool, error) {
	if isLink(file.Mode) && d.Type() == fs.ModeSymlink {
		// Where it leads is of no interest: who reads the commit refuses it.
		return true, nil
	}
	if !isRegular(file.Mode) || !d.Type().IsRegular() {
		return false, nil
	}
	data, err := fs.ReadFile(c.tree, name)
	if err != nil {
		return false, err
	}
	for _, content := range [][]byte{data, withoutCR(data)} {
		if id(pack.IDOf(pack.Blob, content)).String() == file.Hash {
			return true, nil
		}
	}
	return false, nil
}

// missing takes those out that a sparse checkout leaves out on purpose.
func (s *Store) missing(files map[string]File) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	index, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	skip, err := s.skipper(index)
	if err != nil {
		return nil, err
	}
	var missing []string
	for name := range files {
		if !skip(s.inRoot(name)) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// sortedByName puts entries into the order that fs.FS asks for.
func sortedByName(entries []treeEntry) []treeEntry {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b treeEntry) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return sorted
}
