package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// A LeftLockError says that a lock of git's lies in the way of what is fetched, and that
// nobody holds it any more: git was killed while it had it.
type LeftLockError struct {
	// Path is the lock file.
	Path string
	// Since is when it was made.
	Since time.Time
}

func (e *LeftLockError) Error() string {
	return fmt.Sprintf("git's lock %s has been there since %s, and nobody holds it: git has it for less than a second, "+
		"so it was left by a git that was killed; run: rm %s, and the command again",
		e.Path, e.Since.UTC().Format(time.RFC3339), model.ShellWord(e.Path))
}

// longestHold is how long a live git may have the lock of a reference, at the very most:
// it makes it, writes a line and renames it.
const longestHold = 10 * time.Second

// findLeftLock looks for a lock that keeps a fetch from moving the tracking reference of a
// branch; nil is none, or one that may be held.
func (r *Remote) findLeftLock(branch string) error {
	for _, name := range []string{r.repo.RefPath(trackingRef(r.name, branch)), filepath.Join(r.repo.CommonDir(), "packed-refs"), filepath.Join(r.repo.CommonDir(), "shallow")} {
		info, err := os.Lstat(name + ".lock")
		if err == nil && time.Since(info.ModTime()) > longestHold {
			return &LeftLockError{name + ".lock", info.ModTime()}
		}
	}
	return nil
}
