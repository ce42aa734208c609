package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// upstream is the name of the remote that history is fetched from: the one that
// state is pushed to, else the one that HEAD's branch follows, else origin; ""
// where the clone knows none of them.
func (w *Workspace) upstream() string {
	head, err := w.repo.Head()
	if err != nil {
		return ""
	}
	names := []string{"origin"}
	if followed, ok := w.repo.Config("branch." + strings.TrimPrefix(head.Branch, place.HeadsPrefix) + ".remote"); ok && followed != "." {
		names = append([]string{followed}, names...)
	}
	if git, err := w.places.SettingsAt(head.Commit); err == nil && git.Push != "" {
		names = append([]string{git.Push}, names...)
	}
	for _, name := range names {
		if url, ok := w.repo.Config("remote." + name + ".url"); ok && url != "" {
			return name
		}
	}
	return ""
}

// supplier brings the history here that checks of state need.
type supplier struct {
	w *Workspace
	// remote is nil where the clone has none.
	remote *remote.Remote
	// branch is the short name of the one that is fetched along; "" is the
	// remote's default.
	branch string
}

// supplier is the one of a project that need not push.
func (w *Workspace) supplier() (*supplier, error) {
	name := w.upstream()
	if name == "" {
		return &supplier{w: w}, nil
	}
	r, err := w.openRemote(name)
	return &supplier{w: w, remote: r}, err
}

// supplier is the one of a project that commits.
func (l *ledger) supplier() (*supplier, error) {
	if l.remote != nil {
		return &supplier{l.w, l.remote, l.target()}, nil
	}
	return l.w.supplier()
}

// deepen makes a shallow clone whole, as far as commits and folders go.
func (s *supplier) deepen(ctx context.Context) error {
	shallow, err := s.w.repo.Shallow()
	if err != nil || !shallow {
		return err
	}
	if s.remote == nil {
		return errors.New("this clone is shallow, and has no remote to get the rest from")
	}
	s.w.notef("This clone is shallow: fetching its history from %s.", s.remote.URL())
	return s.remote.Deepen(ctx, s.branch)
}

// supply brings what a check of these commits needs and the clone lacks.
func (s *supplier) supply(ctx context.Context, commit string, opts history.Options) error {
	if err := s.deepen(ctx); err != nil {
		return err
	}
	partial, err := s.w.repo.Partial()
	if err != nil || !partial {
		return err
	}
	needed, err := history.Needs(ctx, s.w.repo, commit, opts)
	if err != nil {
		return err
	}
	return s.get(ctx, needed)
}

// whole finds what an attempt builds on. A shallow clone that is cut off too early
// to tell is made whole first, and a partial one gets the contents that are read
// next: somebody may have fetched commits without them.
func (l *ledger) find(ctx context.Context, how func(context.Context) (base, error)) (base, error) {
	b, err := how(ctx)
	if err == nil {
		return b, l.obtain(ctx, b.parent, b.declarations)
	}
	s, failed := l.supplier()
	switch {
	case failed != nil:
		return b, err
	case errors.Is(err, git.ErrShallow):
		failed = s.deepen(ctx)
	case errors.Is(err, git.ErrMissingObject):
		failed = l.obtainTips(ctx)
	default:
		return b, err
	}
	if failed != nil {
		return b, l.refuseUnsupplied(failed)
	}
	return how(ctx)
}

// obtainTips gets the contents of what was fetched last.
func (l *ledger) obtainTips(ctx context.Context) error {
	var tips []string
	for _, ref := range []string{l.watchedRef(), place.TrackingRef(l.git.Push, l.branch)} {
		if tip, err := l.w.repo.Ref(ref); err == nil {
			tips = append(tips, tip)
		}
	}
	return l.obtain(ctx, tips...)
}

// obtain gets the contents of declarations and state at commits, where a partial
// clone lacks them.
func (l *ledger) obtain(ctx context.Context, commits ...string) error {
	s, err := l.supplier()
	if err != nil {
		return err
	}
	return s.obtain(ctx, commits...)
}

func (s *supplier) obtain(ctx context.Context, commits ...string) error {
	repo := s.w.repo
	partial, err := repo.Partial()
	if err != nil || !partial {
		return err
	}
	var needed []string
	for _, commit := range commits {
		files, err := repo.Files(ctx, commit, append(config.Paths(), state.Dir), func(string) bool { return false })
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Mode != submodule {
				needed = append(needed, f.Hash)
			}
		}
	}
	return s.get(ctx, needed)
}

// submodule is the mode of what is a commit of another repository.
const submodule = 0o160000

// get fetches what of these contents the clone lacks.
func (s *supplier) get(ctx context.Context, needed []string) error {
	absent, err := s.w.repo.Absent(needed)
	if err != nil || len(absent) == 0 {
		return err
	}
	if s.remote == nil {
		return errors.New("this clone is a partial one, and has no remote to get the contents from")
	}
	s.w.notef("This clone is a partial one: fetching %d contents of the project from %s.", len(absent), s.remote.URL())
	return s.remote.Obtain(ctx, absent)
}

// checkTrust checks the history of the state that an attempt builds on. What the clone
// lacks of it is fetched, or the attempt ends: on top of a state that was edited by
// hand or taken back, osmoctl would make it look like its own.
func (l *ledger) checkTrust(ctx context.Context, b base) (*trust, error) {
	t, err := l.w.checkTrust(ctx, b.parent, l.watchedRef(), false)
	if err != nil || t.report.Whole() {
		return t, err
	}
	if err := l.supply(ctx, b, false); err != nil {
		return nil, err
	}
	t, err = l.w.checkTrust(ctx, b.parent, l.watchedRef(), false)
	if err == nil && !t.report.Whole() {
		err = l.refuseUnsupplied(errors.New("what was fetched does not complete it"))
	}
	return t, err
}

// supply brings the history of an attempt here: what is new since the clone last
// looked, or all of it.
func (l *ledger) supply(ctx context.Context, b base, full bool) error {
	s, err := l.supplier()
	if err != nil {
		return l.refuseUnsupplied(err)
	}
	opts := history.Options{Full: full}
	if !full {
		if opts, err = l.w.loadRemembered(b.parent, l.watchedRef()); err != nil {
			return err
		}
	}
	if err := s.supply(ctx, b.parent, opts); err != nil {
		return l.refuseUnsupplied(err)
	}
	return nil
}

// refuseUnsupplied refuses to write.
func (l *ledger) refuseUnsupplied(cause error) error {
	return diag.Hinted(fmt.Errorf("%w; nothing was changed: %w", ErrNoHistory, cause), l.w.historyHint())
}

// Fetch brings here what a check of the whole history of state needs and the clone
// lacks. It is for clones that plan, which opens no connection.
func (w *Workspace) Fetch(ctx context.Context) error {
	head, err := w.repo.Head()
	if err != nil {
		return err
	}
	// A state branch that the clone has not got is fetched as well.
	there, err := w.places.Locate(ctx, head.Commit, head.Branch, w.places.FetchedTip)
	if err != nil {
		return err
	}
	if there.Commit == "" {
		w.notef("Nothing was applied yet, so there is no history of state.")
		return nil
	}
	at, a, err := w.places.AtHead(ctx)
	if err != nil {
		return err
	}
	if a != nil && a.Applied {
		at = a.Place
	}
	s, err := w.supplier()
	if err != nil {
		return err
	}
	err = s.supply(ctx, at.Commit, history.Options{Full: true})
	if err == nil {
		err = s.obtain(ctx, at.Commit)
	}
	if err != nil {
		return diag.Hinted(fmt.Errorf("the history of state could not be fetched: %w", err), w.historyHint())
	}
	t, err := w.checkTrust(ctx, at.Commit, at.Branch, false)
	if err != nil {
		return err
	}
	if n := t.describeGap(); n != nil {
		return diag.Hinted(errors.New("the history of state is not complete, though everything was fetched that there is"), w.historyHint())
	}
	w.notef("The history of state is here.")
	return nil
}
