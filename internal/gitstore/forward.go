package gitstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ErrOtherFiles says that a branch cannot follow another by [Store.FastForward],
// since files differ that are not ours to write.
var ErrOtherFiles = errors.New("other files differ too")

// FastForward moves a branch to a descendant of where it is, with work tree and
// index, where nothing but files below dir (relative to the project) differs;
// else ErrOtherFiles and nothing has happened: checking out other people's files,
// with their filters and hooks, is git's work. It needs the lock. who is for the
// reflog.
func (s *Store) FastForward(ctx context.Context, branch, to, dir string, who git.Signature) (Result, error) {
	if err := s.requireLock(); err != nil {
		return Result{}, err
	}
	from, err := s.repo.Ref(branch)
	if err != nil || from == to {
		return Result{}, err
	}
	p, err := s.forward(ctx, branch, from, to, dir)
	if err != nil {
		return Result{}, err
	}
	if p.reflog, err = who.Line(); err != nil {
		return Result{}, err
	}
	return s.Publish(ctx, p)
}

func (s *Store) forward(ctx context.Context, branch, from, to, dir string) (Pending, error) {
	ancestor, err := s.repo.IsAncestor(from, to)
	if err != nil {
		return Pending{}, err
	}
	if !ancestor {
		return Pending{}, fmt.Errorf("%s is not behind %s: %w", branch, to, ErrMoved)
	}
	commit, err := s.repo.Commit(to)
	if err != nil {
		return Pending{}, err
	}
	switch beside, err := s.repo.DifferBeside(from, to, dir); {
	case err != nil:
		return Pending{}, err
	case beside != "":
		return Pending{}, fmt.Errorf("%s: %w", beside, ErrOtherFiles)
	}
	p := Pending{Commit: to, branch: branch, parent: object.MustParseID(from)}
	p.message, _, _ = strings.Cut(commit.Message, "\n")
	if p.edits, err = s.editsOf(ctx, journal{branch, from, to}); err != nil {
		return Pending{}, err
	}
	return p, s.checkHeld(p.edits)
}

// checkHeld demands that what the work tree will need is here: in a partial
// clone git fetches it only when asked, which has to be before the branch moves.
func (s *Store) checkHeld(edits []edit) error {
	for _, e := range edits {
		if e.new == (object.ID{}) {
			continue
		}
		if _, _, err := s.repo.Read(e.new); err != nil {
			return fmt.Errorf("%s: %w", s.repo.InProject(e.path), err)
		}
	}
	return nil
}
