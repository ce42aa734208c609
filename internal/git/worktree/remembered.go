package worktree

import (
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Remembered is what git remembers of the files in the work tree, for one goroutine.
type Remembered struct {
	looker
	file git.Index
}

// OpenRemembered returns what an index remembers, which must not be changed.
func OpenRemembered(repo *git.Repository, file git.Index) (*Remembered, error) {
	look, err := openLooker(repo.Root())
	return &Remembered{look, file}, err
}

// Close ends looking.
func (r *Remembered) Close() error { return r.close() }

// Is says that a file, by its path in the repository, has a content for certain: its
// status is what git saw when it compared the two. Otherwise the file has to be read.
func (r *Remembered) Is(path string, content object.ID) bool {
	if r.file.Index == nil {
		return false
	}
	e, ok := r.file.Find(path)
	return ok && e.Stage() == 0 && !e.IntentToAdd() && object.IsFile(e.Mode()) && e.ID() == content &&
		isRemembered(e, r.look(path), r.file.Info)
}
