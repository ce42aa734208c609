package gitstore

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
)

// Options are the ways in which a Store reaches the disk, and how long it waits.
type Options struct {
	// Disk makes all changes; nil means the real one.
	Disk disk.Disk
	// LockTimeout is how long [Store.Lock] waits for another osmoctl. Zero
	// means not at all.
	LockTimeout time.Duration
	// GitLockTimeout is how long a lock of git's is waited for; zero means ten
	// seconds.
	GitLockTimeout time.Duration
}

const defaultGitLockTimeout = 10 * time.Second

// A Store writes one project in one repository. Writing is for the one that holds the
// [Lock].
type Store struct {
	repo        *git.Repository
	disk        disk.Disk
	lockTimeout time.Duration
	files       gitFiles
	locks       gitLocks
	packs       packFolder
	journal     journalFile

	mu   sync.Mutex
	held *Lock
}

// New returns the Store of a repository. The caller closes both, the Store first.
func New(repo *git.Repository, opts Options) *Store {
	if opts.Disk == nil {
		opts.Disk = disk.OS()
	}
	if opts.GitLockTimeout == 0 {
		opts.GitLockTimeout = defaultGitLockTimeout
	}
	sharing, _ := repo.Config("core.sharedRepository")
	files := gitFiles{opts.Disk, sharing}
	return &Store{
		repo: repo, disk: opts.Disk, lockTimeout: opts.LockTimeout, files: files,
		locks:   gitLocks{files, own(repo.CommonDir(), "lock"), opts.GitLockTimeout},
		packs:   packFolder{files, repo.CommonDir(), filepath.Join(repo.CommonDir(), "objects", "pack"), own(repo.CommonDir(), "joined")},
		journal: journalFile{files, repo.GitDir(), own(repo.GitDir(), "journal")},
	}
}

// Close gives back the lock if it is still held.
func (s *Store) Close() error {
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	return held.Unlock()
}

// own is a file in the folder that osmoctl keeps in a git folder.
func own(gitDir, name string) string { return filepath.Join(gitDir, "osmoctl", name) }
