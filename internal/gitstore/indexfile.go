package gitstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/gitstore/index"
)

// indexFile is the work tree's index, as it was read.
type indexFile struct {
	index *index.Index
	info  fs.FileInfo // nil: there was none
	left  string      // why the index has to be left alone; "" if it has not
	lock  *gitLock
}

func (s *Store) indexPath() string { return filepath.Join(s.repo.gitDir, "index") }

// readIndex reads the index. One that we must not write is no error: the
// commit is correct without it, and left says what to tell people.
func (s *Store) readIndex() (*indexFile, error) {
	info, err := os.Lstat(s.indexPath())
	if errors.Is(err, fs.ErrNotExist) {
		return &indexFile{index: index.New()}, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return &indexFile{left: "the index is not a regular file"}, nil
	}
	data, err := os.ReadFile(s.indexPath())
	if err != nil {
		return nil, fmt.Errorf("read the index: %w", err)
	}
	parsed, err := index.Parse(data)
	if err != nil {
		return &indexFile{left: err.Error()}, nil
	}
	return &indexFile{index: parsed, info: info}, nil
}

// lockIndex takes index.lock and reads what is then certain to stay.
func (s *Store) lockIndex(ctx context.Context) (*indexFile, error) {
	lock, err := s.lockGit(ctx, s.repo.gitDir, s.indexPath())
	if err != nil {
		return nil, err
	}
	file, err := s.readIndex()
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	file.lock = lock
	return file, nil
}

// writeIndex replaces the index, with the permissions that it had.
func (s *Store) writeIndex(file *indexFile, edits []index.Edit) error {
	mode := fs.FileMode(0)
	if file.info != nil {
		mode = file.info.Mode().Perm()
		file.index.Smudge(file.info.ModTime())
	}
	file.index.Apply(edits)
	_, err := s.replace(s.repo.gitDir, s.indexPath(), file.index.Encode(), mode)
	if err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	return nil
}
