package gitstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
)

// indexFile is the index, as it was read, with the lock under which it is written.
type indexFile struct {
	git.Index
	// before is what was read, whatever is done to the index since.
	before git.Index
	lock   *gitLock
	// encoded is the memory of its bytes: it is written twice.
	encoded []byte
}

func (s *Store) indexPath() string { return s.repo.IndexPath() }

// CheckIndex refuses an index that cannot follow the branch. Were the branch to move
// alone, the next "git commit -a" would take the commit's files away again.
func (s *Store) CheckIndex() error {
	_, err := s.readIndex()
	return err
}

// readIndex reads an index that could be written, to look at it.
func (s *Store) readIndex() (*indexFile, error) { return checkIndex(s.repo.ReadIndex()) }

func checkIndex(index git.Index, err error) (*indexFile, error) {
	if err == nil && index.Unread != "" {
		err = git.Unsupported(IndexForm, "git's index has to follow a commit, and cannot: %s", index.Unread)
	}
	return &indexFile{Index: index}, err
}

// lockIndex takes index.lock and reads what is then certain to stay. It is an error
// where that cannot be written.
func (s *Store) lockIndex(ctx context.Context) (*indexFile, error) {
	lock, err := s.locks.take(ctx, s.repo.GitDir(), s.indexPath())
	if err != nil {
		return nil, err
	}
	file, err := checkIndex(s.repo.ReadIndexAnew())
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	file.before, file.lock = file.Index.Clone(), lock
	return file, nil
}

// writeIndex replaces the index, with the permissions that it had.
func (s *Store) writeIndex(file *indexFile, edits []index.Edit) error {
	mode := fs.FileMode(0)
	if file.Info != nil {
		mode = file.Info.Mode().Perm()
		if err := worktree.SmudgeRacy(s.repo, file.Index); err != nil {
			return err
		}
	}
	file.Apply(edits)
	file.encoded = file.Encode(file.encoded)
	if _, err := s.files.replace(s.repo.GitDir(), s.indexPath(), file.encoded, mode); err != nil {
		return fmt.Errorf("write the index: %w", err)
	}
	return nil
}
