package gitstore

import (
	"cmp"
	"errors"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
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
	// MaxFiles and MaxBytes bound what one call of [Store.Files] lists and
	// reads. Zero means as much as any process should hold.
	MaxFiles int
	MaxBytes int64
}

const defaultGitLockTimeout = 10 * time.Second

// A Store is one project in one repository. It may be used by several
// goroutines for reading; writing is for the one that holds the [Lock].
type Store struct {
	opts   Options
	disk   disk.Disk
	repo   repository
	prefix string

	mu      sync.Mutex
	objects *objects
	held    *Lock
}

// Open finds the repository around the project folder, given by its absolute
// path, and checks that it is one we may use: see [UnsupportedError].
func Open(projectDir string, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	real, err := filepath.EvalSymlinks(projectDir)
	if err != nil {
		return nil, err
	}
	repo, err := discover(projectDir, opts.Env)
	if err != nil {
		return nil, err
	}
	below, err := filepath.Rel(repo.root, real)
	if err != nil {
		return nil, err
	}
	prefix := filepath.ToSlash(below)
	if prefix == "." {
		prefix = ""
	}
	s := &Store{opts: opts, disk: opts.Disk, repo: repo, prefix: prefix}
	s.objects = newObjects(repo)
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Disk == nil {
		o.Disk = disk.OS()
	}
	if o.Env == nil {
		o.Env = os.Getenv
	}
	o.MaxFiles = min(cmp.Or(o.MaxFiles, maxFiles), maxFiles)
	o.MaxBytes = cmp.Or(o.MaxBytes, maxBytes)
	if o.GitLockTimeout == 0 {
		o.GitLockTimeout = defaultGitLockTimeout
	}
	return o
}

// Close releases what reading opened, and the lock if it is still held.
func (s *Store) Close() error {
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	return errors.Join(s.objects.close(), held.Unlock())
}

// Root is the top folder of the work tree.
func (s *Store) Root() string { return s.repo.root }

// Prefix is the project's folder below the root, in slashes; "" at the root.
func (s *Store) Prefix() string { return s.prefix }

// GitDir is the git folder of this work tree.
func (s *Store) GitDir() string { return s.repo.gitDir }

// GivenGitDir is GitDir by the path that the project was opened with, which
// conditions in git's configuration may go by.
func (s *Store) GivenGitDir() string { return s.repo.given }

// CommonDir is the git folder that all linked work trees share.
func (s *Store) CommonDir() string { return s.repo.commonDir }

// Signature is who and when.
type Signature struct {
	Name, Email string
	When        time.Time
}

// Identity returns user.name and user.email as git's configuration has them,
// without a time. It is false unless both are set.
func (s *Store) Identity() (Signature, bool) {
	name, _ := s.repo.config.Get("user.name")
	email, _ := s.repo.config.Get("user.email")
	return Signature{Name: name, Email: email}, name != "" && email != ""
}

// Config looks up a setting of git's by its name, like "remote.origin.url".
func (s *Store) Config(key string) (string, bool) {
	return s.repo.config.Get(gitconfig.Canonical(key))
}

// TrustedConfig is Config for what a repository must not say of itself: it looks
// at the settings of the system, the user and the environment only.
func (s *Store) TrustedConfig(key string) (string, bool) {
	return s.repo.config.Trusted(gitconfig.Canonical(key))
}

// inRoot turns a path of the project into one of the repository.
func (s *Store) inRoot(name string) string { return path.Join(s.prefix, name) }

// own is a file in the folder that osmoctl keeps in a git folder.
func own(gitDir, name string) string { return filepath.Join(gitDir, "osmoctl", name) }
