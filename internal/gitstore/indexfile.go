package gitstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/git/index"
)

// indexFile is the work tree's index, as it was read.
type indexFile struct {
	index *index.Index
	info  fs.FileInfo // nil: there was none
	left  string      // why the index cannot be read and written; "" if it can
	lock  *gitLock
}

func (s *Store) indexPath() string { return filepath.Join(s.repo.gitDir, "index") }

// readIndex reads the index. One that we must not write is no error to readers, for
// whom HEAD can stand in; see [Store.CheckIndex].
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

// CheckIndex refuses an index that cannot follow the branch. Were the branch to move
// alone, the next "git commit -a" would take the commit's files away again.
func (s *Store) CheckIndex() error {
	file, err := s.readIndex()
	if err != nil {
		return err
	}
	return file.check()
}

func (f *indexFile) check() error {
	if f.left == "" {
		return nil
	}
	return unsupported(IndexForm, "git's index has to follow a commit, and cannot: %s", f.left)
}

// lockIndex takes index.lock and reads what is then certain to stay. It is an error
// where that cannot be written.
func (s *Store) lockIndex(ctx context.Context) (*indexFile, error) {
	lock, err := s.lockGit(ctx, s.repo.gitDir, s.indexPath())
	if err != nil {
		return nil, err
	}
	file, err := s.readIndex()
	if err == nil {
		err = file.check()
	}
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
