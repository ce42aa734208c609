package gitstore

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/packindex"
)

// Holder says whether another osmoctl writes in this repository, and what it says of
// itself. Nothing is written, and nothing waits.
func (s *Store) Holder() (text string, held bool, err error) {
	file, err := os.OpenFile(own(s.repo.CommonDir(), "lock"), os.O_RDWR, 0)
	if err != nil {
		if os.IsNotExist(err) {
			err = nil // Nobody has ever written here.
		}
		return "", false, err
	}
	defer file.Close()
	free, err := tryLock(file) // Closing the file gives it back.
	if err != nil || free {
		return "", false, err
	}
	return strings.TrimSpace(holderOf(file)), true, nil
}

// Unmerged are the paths in conflict, from the top of the work tree.
func (s *Store) Unmerged() (paths []string, err error) {
	file, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	for _, e := range file.Entries() {
		if e.Stage() != 0 {
			paths = append(paths, e.Path)
		}
	}
	return slices.Compact(paths), nil
}

// LockFiles are the locks of git's own that lie in this clone: a git command is at work,
// or was killed.
func (s *Store) LockFiles() (paths []string) {
	names := []string{filepath.Join(s.repo.GitDir(), "HEAD.lock"), s.indexPath() + ".lock"}
	for _, name := range []string{"config.lock", "packed-refs.lock", "shallow.lock"} {
		names = append(names, filepath.Join(s.repo.CommonDir(), name))
	}
	// As long as this one is there, no packs are joined.
	names = append(names, filepath.Join(s.packs.path, packindex.MultiName+".lock"))
	if head, err := s.repo.Head(); err == nil && head.Branch != "" {
		names = append(names, filepath.Join(s.repo.CommonDir(), filepath.FromSlash(head.Branch)+".lock"))
	}
	// A git that is killed while it pushes leaves the lock of what it remembers of the remote.
	_ = filepath.WalkDir(filepath.Join(s.repo.CommonDir(), "refs", "remotes"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".lock" {
			names = append(names, path)
		}
		return nil
	})
	for _, path := range names {
		if _, err := os.Lstat(path); err == nil && !s.locks.isOwn(path) {
			paths = append(paths, path)
		}
	}
	return paths
}
