package gitstore

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// The index goes ahead of the branch. "git commit" reads HEAD first, then the
// index, and only then locks the index. Were the branch to move first, a git
// that started just then would see our commit with the index of before, and
// commit the old files on top of the new ones: our state, quietly reverted. This
// way a git that has the old index has the old HEAD too, and fails to move the
// branch. Between the two renames we hold the branch's lock, so that nobody
// commits what is staged early.

// stageAhead puts the edits into the index, without what git remembers of the
// files, which are not written yet. Entries of the user's stay.
func (s *Store) stageAhead(edits []edit, file *indexFile) error {
	if file.Unread != "" {
		return nil
	}
	skip, err := s.skipper(file)
	if err != nil {
		return err
	}
	var changes []index.Edit
	for _, e := range edits {
		o := outcome{edit: e, skipped: skip(e.path)}
		if change, leave := o.stage(file.Index.Index); !leave {
			changes = append(changes, change)
		}
	}
	return s.writeIndex(file, changes)
}

// unstage takes back what stageAhead did for a commit that is not to be.
func (s *Store) unstage(edits []edit, file *indexFile) error {
	if file.Unread != "" {
		return nil
	}
	var staged []edit
	for _, e := range edits {
		entry, ok := file.Find(e.path)
		if !ok && e.new == (object.ID{}) || ok && object.ID(entry.ID()) == e.new {
			e.old, e.new, e.data = e.new, e.old, nil
			staged = append(staged, e)
		}
	}
	if staged == nil {
		return nil
	}
	return s.stageAhead(staged, file)
}

// abandon unstages for an interrupted run whose branch never moved.
func (s *Store) abandon(ctx context.Context, j journal) error {
	head, err := s.repo.Head()
	if err != nil || head.Branch != j.Branch {
		return err
	}
	edits, err := s.editsOf(ctx, j)
	if errors.Is(err, git.ErrMissingObject) {
		return nil // the power failed before the pack was whole, and long before the index
	}
	if err != nil {
		return err
	}
	file, err := s.lockIndex(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.unstage(edits, file), file.lock.release())
}
