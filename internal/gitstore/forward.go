package gitstore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

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
func (s *Store) FastForward(ctx context.Context, branch, to, dir string, who Signature) (Result, error) {
	if err := s.requireLock(); err != nil {
		return Result{}, err
	}
	from, err := s.Ref(branch)
	if err != nil || from == to {
		return Result{}, err
	}
	p, err := s.forward(branch, from, to, dir)
	if err != nil {
		return Result{}, err
	}
	if p.reflog, err = who.format(); err != nil {
		return Result{}, err
	}
	return s.Publish(ctx, p)
}

func (s *Store) forward(branch, from, to, dir string) (Pending, error) {
	ancestor, err := s.IsAncestor(from, to)
	if err != nil {
		return Pending{}, err
	}
	if !ancestor {
		return Pending{}, fmt.Errorf("%s is not behind %s: %w", branch, to, ErrMoved)
	}
	parent, err := s.Commit(from)
	if err != nil {
		return Pending{}, err
	}
	commit, err := s.Commit(to)
	if err != nil {
		return Pending{}, err
	}
	if err := s.onlyBelow(mustID(parent.Tree), mustID(commit.Tree), strings.Split(s.inRoot(dir), "/")); err != nil {
		return Pending{}, err
	}
	p := Pending{Commit: to, branch: branch, parent: mustID(from)}
	p.message, _, _ = strings.Cut(commit.Message, "\n")
	if p.edits, err = s.editsOf(journal{branch, from, to}); err != nil {
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
		if _, _, err := s.objects.read(e.new); err != nil {
			return fmt.Errorf("%s: %w", s.inProject(e.path), err)
		}
	}
	return nil
}

// onlyBelow goes down the two trees along the way, and demands that everything
// beside the way is the same.
func (s *Store) onlyBelow(before, after object.ID, way []string) error {
	if before == after || len(way) == 0 {
		return nil
	}
	old, err := s.below(object.Entry{Mode: object.ModeTree, ID: before})
	if err != nil {
		return err
	}
	now, err := s.below(object.Entry{Mode: object.ModeTree, ID: after})
	if err != nil {
		return err
	}
	for name := range union(old, now) {
		if a, b := old[name], now[name]; name != way[0] && (a.ID != b.ID || a.Mode != b.Mode) {
			return fmt.Errorf("%s: %w", name, ErrOtherFiles)
		}
	}
	a, b := old[way[0]], now[way[0]]
	if !a.IsTree() || !b.IsTree() {
		return nil
	}
	return s.onlyBelow(a.ID, b.ID, way[1:])
}

func union(a, b map[string]object.Entry) map[string]bool {
	names := make(map[string]bool, len(a)+len(b))
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return names
}

// Same reports whether the paths, relative to the project, have the same
// content in two commits. Only object names are compared.
func (s *Store) Same(a, b string, paths ...string) (bool, error) {
	for _, p := range paths {
		before, err := s.entryAt(a, p)
		if err != nil {
			return false, err
		}
		after, err := s.entryAt(b, p)
		if err != nil || before != after {
			return false, err
		}
	}
	return true, nil
}

// entryAt finds a path in a commit, without its name; the zero entry where
// there is nothing.
func (s *Store) entryAt(commit, name string) (object.Entry, error) {
	if commit == "" {
		return object.Entry{}, nil
	}
	c, err := s.Commit(commit)
	if err != nil {
		return object.Entry{}, err
	}
	entry, err := lookUp(s.objects, mustID(c.Tree), path.Clean(s.inRoot(name)))
	entry.Name = ""
	return entry, err
}
