package gitstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Recovery says what [Store.Recover] found and did.
type Recovery struct {
	// Commit is the commit that an interrupted run had made, and whose files
	// were brought into work tree and index; "" if there was none.
	Commit string
	// Result is what following that commit came to.
	Result
	// Overtaken says that the branch has gone on since, or that HEAD is
	// elsewhere, so that the work tree was left as it is.
	Overtaken bool
}

// Interrupted says, without a lock and at the price of a look, whether there
// may be something for Recover to do. A run that is alive looks the same.
func (s *Store) Interrupted() bool {
	_, err := os.Lstat(s.journal.path)
	return err == nil || s.locks.isOwn(s.indexPath()+".lock")
}

// Recover finishes what an interrupted run left: its locks and unfinished files
// are removed, and where a branch was moved, work tree and index follow. Files
// that are neither the old version nor the new one are left alone and named.
// It needs the lock, and does nothing where nothing is to be done.
func (s *Store) Recover(ctx context.Context) (Recovery, error) {
	if err := s.requireLock(); err != nil {
		return Recovery{}, err
	}
	j, found, err := s.journal.read()
	if err != nil {
		return Recovery{}, err
	}
	if err := s.removeLeftovers(j.Branch); err != nil {
		return Recovery{}, err
	}
	var recovery Recovery
	if found {
		if recovery, err = s.finish(ctx, j); err != nil {
			return recovery, fmt.Errorf("finish the interrupted commit %s: %w", j.Commit, err)
		}
	}
	s.packs.clearHalves()
	return recovery, errors.Join(s.packs.dropKeeps(), s.journal.drop())
}

// removeLeftovers removes the locks and files of a dead run. That it is dead
// follows from our holding the lock. Besides the journal's branch HEAD's is
// looked at: after a power failure the journal may be gone and the lock back.
func (s *Store) removeLeftovers(journaled string) error {
	head, _ := s.repo.Head() // Where it cannot be read, it is not what was interrupted.
	locked := []string{s.indexPath()}
	for _, branch := range []string{journaled, head.Branch} {
		if strings.HasPrefix(branch, "refs/heads/") && git.CheckRefName(branch) == nil {
			locked = append(locked, s.repo.RefPath(branch))
		}
	}
	for _, path := range locked {
		if _, err := s.locks.removeOwn(path + ".lock"); err != nil {
			return err
		}
	}
	return errors.Join(
		s.files.removeBegun(own(s.repo.CommonDir(), tempPrefix)),
		s.files.removeBegun(own(s.repo.GitDir(), tempPrefix)),
		s.files.removeBegun(filepath.Join(s.packs.path, tempPack)),
	)
}

// finish brings work tree and index to the journal's commit, if it stands and
// HEAD is on it.
func (s *Store) finish(ctx context.Context, j journal) (recovery Recovery, err error) {
	at, err := s.repo.RefID(j.Branch)
	if err != nil {
		return Recovery{}, err
	}
	if at.Hash() == j.Parent {
		return Recovery{}, s.abandon(ctx, j)
	}
	recovery = Recovery{Commit: j.Commit, Result: Result{Moved: at.Hash() == j.Commit}}
	head, err := s.repo.Head()
	if err != nil {
		return recovery, err
	}
	recovery.OtherHead = head.Branch != j.Branch
	if recovery.Overtaken = recovery.OtherHead || !recovery.Moved; recovery.Overtaken {
		return recovery, nil
	}
	edits, err := s.editsOf(ctx, j)
	if err != nil {
		return recovery, err
	}
	file, err := s.lockIndex(ctx)
	if err != nil {
		return recovery, err
	}
	err = s.follow(edits, file, &recovery.Result, true)
	return recovery, errors.Join(err, file.lock.release())
}

// editsOf are the files of the project in which a commit differs from its parent.
func (s *Store) editsOf(ctx context.Context, j journal) ([]edit, error) {
	differences, err := s.repo.Differences(ctx, j.Parent, j.Commit, ".")
	var edits []edit
	for _, d := range differences {
		e := edit{path: s.repo.InRoot(d.Path)}
		if object.IsFile(d.BeforeMode) {
			e.old, e.mode = object.MustParseID(d.Before), d.BeforeMode
		}
		if object.IsFile(d.AfterMode) {
			e.new, e.mode = object.MustParseID(d.After), d.AfterMode
		}
		if e.old != e.new {
			edits = append(edits, e)
		}
	}
	return edits, err
}
