package gitstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/wait"
)

// Holder says who takes the lock, for the person who has to wait. No program
// reads it.
type Holder struct {
	Who   string    // a name, or the CI's actor
	Where string    // host and process
	Run   string    // the run's id or address
	Since time.Time // when it started
}

// lockWord begins the text of our lock file, and of locks of git's that we had
// to make as files of their own.
const lockWord = "osmoctl lock"

func (h Holder) text() string {
	line := func(label, value string) string {
		if value == "" {
			return ""
		}
		return label + " " + strings.Join(strings.Fields(value), " ") + "\n"
	}
	since := ""
	if !h.Since.IsZero() {
		since = h.Since.UTC().Format(time.RFC3339)
	}
	return lockWord + "\n" + line("by", h.Who) + line("on", h.Where) + line("run", h.Run) + line("since", since)
}

// A Lock is the right to write. The kernel holds it for an open file, so that
// it ends with the process, however that ends.
type Lock struct {
	store *Store
	file  *os.File
}

// lockPoll is how often a lock that is held by somebody else is tried again.
const lockPoll = 50 * time.Millisecond

// Lock waits until no other osmoctl writes in this repository, in any of its
// work trees. After Options.LockTimeout it gives up with a *[LockedError].
func (s *Store) Lock(ctx context.Context, holder Holder) (*Lock, error) {
	file, err := s.openLock()
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	deadline := time.Now().Add(s.lockTimeout)
	for {
		taken, err := tryLock(file)
		if err == nil && !taken && time.Now().After(deadline) {
			err = &LockedError{Path: file.Name(), Holder: holderOf(file)}
		}
		if err == nil && !taken {
			err = wait.For(ctx, lockPoll)
		}
		if err != nil {
			file.Close()
			return nil, err
		}
		if taken {
			return s.hold(file, holder)
		}
	}
}

// openLock opens the lock file, which stays for ever: a lock file that came
// and went could be locked twice under one name.
func (s *Store) openLock() (*os.File, error) {
	path := own(s.repo.CommonDir(), "lock")
	if err := s.files.makeDirs(s.repo.CommonDir(), filepath.Dir(path)); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	// Flushed, since after a power failure it has to tell which locks of
	// git's were ours.
	err = s.files.create(path, strings.NewReader(lockWord+"\n"), 0)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := s.disk.SyncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

func (s *Store) hold(file *os.File, holder Holder) (*Lock, error) {
	// The text is a courtesy. It may not be what a full disk stops us at.
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt([]byte(holder.text()), 0)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = &Lock{store: s, file: file}
	return s.held, nil
}

// Unlock gives the lock back. A second call does nothing.
func (l *Lock) Unlock() error {
	if l == nil || l.file == nil {
		return nil
	}
	l.store.mu.Lock()
	if l.store.held == l {
		l.store.held = nil
	}
	l.store.mu.Unlock()
	err := l.file.Close()
	l.file = nil
	return err
}

func (s *Store) requireLock() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return ErrNotLocked
	}
	return nil
}

// holderOf reads what the holder wrote, a few hundred bytes of it.
func holderOf(file *os.File) string {
	text := make([]byte, 512)
	n, _ := file.ReadAt(text, 0)
	return strings.TrimPrefix(string(text[:n]), lockWord+"\n")
}

// gitLocks takes git's locks, as git commands do, with a name that tells ours.
type gitLocks struct {
	files   gitFiles
	own     string // our own lock file
	timeout time.Duration
}

// gitLock holds git's lock on one file, NAME.lock.
type gitLock struct {
	disk disk.Disk
	path string
}

// take takes the lock of a file in a git folder, as git does. Our own
// lock file gets a second name there: nobody but us can have made that, and no
// moment exists in which the lock is there and its owner unknown. Held by a
// dead run of ours it is removed, since we hold the flock that it would hold;
// held by anybody else it is waited for.
func (l gitLocks) take(ctx context.Context, gitDir, path string) (*gitLock, error) {
	path += ".lock"
	deadline := time.Now().Add(l.timeout)
	for {
		// Each time, since git removes folders of branches that it packs.
		if err := l.files.makeDirs(gitDir, filepath.Dir(path)); err != nil {
			return nil, err
		}
		err := l.make(path)
		switch {
		case err == nil:
			return &gitLock{l.files.disk, path}, nil
		case errors.Is(err, fs.ErrExist):
			err = l.outwait(ctx, path, deadline)
		case errors.Is(err, fs.ErrNotExist) && time.Now().Before(deadline):
			err = wait.For(ctx, lockPoll)
		}
		if err != nil {
			return nil, err
		}
	}
}

// outwait removes a lock of a dead run of ours, or waits for its holder.
func (l gitLocks) outwait(ctx context.Context, path string, deadline time.Time) error {
	removed, err := l.removeOwn(path)
	if err != nil || removed {
		return err
	}
	if time.Now().After(deadline) {
		return &LockedError{Path: path, Git: true}
	}
	return wait.For(ctx, lockPoll)
}

// canLink is false where a file cannot lose one of its names while it is open.
const canLink = runtime.GOOS != "windows"

func (l gitLocks) make(path string) error {
	if canLink {
		err := l.files.disk.Link(l.own, path)
		if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return l.makeFile(path)
}

// makeFile is for file systems without hard links: the owner stands in the
// file. A crash between creating and writing it leaves a lock that a person
// has to remove, as git's own crash would.
func (l gitLocks) makeFile(path string) error {
	f, err := l.files.disk.Create(path, filePerm)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(lockWord + "\n"))
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, l.files.disk.Remove(path))
	}
	return nil
}

func (l *gitLock) release() error { return l.disk.Remove(l.path) }

// removeOwn removes a lock of git's that a dead run of ours left behind.
func (l gitLocks) removeOwn(path string) (bool, error) {
	if !l.isOwn(path) {
		return false, nil
	}
	if err := l.files.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("remove the lock of an interrupted run: %w", err)
	}
	return true, nil
}

func (l gitLocks) isOwn(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	ours, err := os.Lstat(l.own)
	if err == nil && os.SameFile(info, ours) {
		return true
	}
	if info.Size() > 4096 {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && strings.HasPrefix(string(text), lockWord+"\n")
}
