package workspace

import (
	"context"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// What follows looks and changes nothing, not even what the clone remembers.

// GitVersion is that of the git that talks to remotes.
func (w *Workspace) GitVersion(ctx context.Context) (string, error) {
	return remote.Version(ctx, w.repo, w.outside.Environ)
}

// CheckWorkTree lists what in the clone would keep an apply from committing.
func (w *Workspace) CheckWorkTree() (found []error) {
	unmerged, err := w.store.Unmerged()
	if err == nil && len(unmerged) > 0 {
		err = diag.Hinted(fmt.Errorf("%s in conflict: %s", model.Plural(len(unmerged), "file is", "files are"), strings.Join(unmerged[:min(len(unmerged), 5)], ", ")),
			"resolve it, and git add")
	}
	for _, err := range []error{w.store.CheckProgress(), err, w.store.CheckDoubt()} {
		if err != nil {
			found = append(found, err)
		}
	}
	return found
}

// Locks is what stands in the way of the next run.
type Locks struct {
	// Holder says who is at work, where somebody is.
	Holder string
	Held   bool
	// Interrupted says that a run was, and that nobody has finished what it left.
	Interrupted bool
	// Git are locks of git's own.
	Git []string
}

// LookAtLocks tells who is at work in this clone, or was.
func (w *Workspace) LookAtLocks() (l Locks, err error) {
	l.Holder, l.Held, err = w.store.Holder()
	l.Interrupted = !l.Held && w.store.Interrupted()
	l.Git = w.store.LockFiles()
	return l, err
}

// Tip is where a branch is on a remote, and where this clone believes it to be; "" is
// nowhere.
type Tip struct{ URL, Branch, Commit, Known string }

// LookAtTip asks the remote that apply pushes to where its branch is. Nothing is fetched.
func (w *Workspace) LookAtTip(ctx context.Context, settings model.Git) (t Tip, err error) {
	r, err := w.openRemote(settings.Push)
	if err != nil {
		return t, err
	}
	t.URL, t.Branch = r.URL(), firstGiven(settings.StateBranch, settings.Branch)
	if t.Branch == "" {
		if t.Branch, err = r.DefaultBranch(ctx); err != nil {
			return t, err
		}
	}
	if t.Commit, err = r.Tip(ctx, t.Branch); err != nil {
		return t, err
	}
	t.Known, err = w.repo.Ref(place.TrackingRef(settings.Push, t.Branch))
	return t, err
}

// Doubt says where the history of the state at a place is in doubt; "" is no doubt.
func (w *Workspace) Doubt(ctx context.Context, at place.Place) (string, error) {
	t, _, err := w.lookAtTrust(ctx, at.Commit, at.Branch, false)
	if err != nil {
		return "", fmt.Errorf("the history of this state could not be checked: %w", err)
	}
	return t.describeDoubt(), nil
}
