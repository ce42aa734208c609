package gitstore

import (
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
)

// Options are the ways in which the outside reaches a Store.
type Options struct {
	// Disk makes all changes; nil means the real one.
	Disk disk.Disk
	// Env looks up environment variables; nil means os.Getenv.
	Env func(string) string
	// LockTimeout is how long [Store.Lock] waits for another osmoctl. Zero
	// means not at all.
	LockTimeout time.Duration
	// GitLockTimeout is how long a lock of git's is waited for; zero means ten
	// seconds.
	GitLockTimeout time.Duration
	// MaxFiles and MaxBytes bound what one call of [git.Repository.Files] lists and
	// reads. Zero means as much as any process should hold.
	MaxFiles int
	MaxBytes int64
}

const defaultGitLockTimeout = 10 * time.Second

// A Store writes one project in one repository, which it also reads. Writing is for
// the one that holds the [Lock]; reading is for several goroutines.
type Store struct {
	*git.Repository
	disk        disk.Disk
	lockTimeout time.Duration
	files       gitFiles
	locks       gitLocks
	packs       packFolder
	journal     journalFile

	mu   sync.Mutex
	held *Lock
}

// Open finds the repository around the project folder, given by its absolute
// path, and checks that it is one we may use: see [git.Open].
func Open(projectDir string, opts Options) (*Store, error) {
	if opts.Disk == nil {
		opts.Disk = disk.OS()
	}
	if opts.GitLockTimeout == 0 {
		opts.GitLockTimeout = defaultGitLockTimeout
	}
	repo, err := git.Open(projectDir, git.Options{Env: opts.Env, MaxFiles: opts.MaxFiles, MaxBytes: opts.MaxBytes})
	if err != nil {
		return nil, err
	}
	sharing, _ := repo.Config("core.sharedRepository")
	files := gitFiles{opts.Disk, sharing}
	return &Store{
		Repository: repo, disk: opts.Disk, lockTimeout: opts.LockTimeout, files: files,
		locks:   gitLocks{files, own(repo.CommonDir(), "lock"), opts.GitLockTimeout},
		packs:   packFolder{files, repo.CommonDir(), filepath.Join(repo.CommonDir(), "objects", "pack")},
		journal: journalFile{files, repo.GitDir(), own(repo.GitDir(), "journal")},
	}, nil
}

// Close releases what reading opened, and the lock if it is still held.
func (s *Store) Close() error {
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	return errors.Join(s.Repository.Close(), held.Unlock())
}

// own is a file in the folder that osmoctl keeps in a git folder.
func own(gitDir, name string) string { return filepath.Join(gitDir, "osmoctl", name) }
