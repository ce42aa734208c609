package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// ahead is a state that this clone knows of and that is newer than the one at
// HEAD. An apply in a detached checkout leaves one behind: it pushes, and HEAD
// stays where the pipeline put it. So does a git fetch.
type ahead struct {
	Place
	// name is how people call the branch, and ref its full name.
	name, ref string
	// applied says that it is the branch that apply writes, by the settings.
	// Otherwise it is one that this clone has seen state on.
	applied bool
	// contains says that HEAD is part of it, and same that it has the
	// declarations of HEAD.
	contains, same bool
	// unread says that its contents are not in this clone, so that it cannot
	// be told which is newer.
	unread bool

	head git.Head
	here Place
}

// ahead looks for a newer state than the one at HEAD that at is; nil is none.
// Nothing is fetched. State that has a branch of its own is read from there.
func (w *Workspace) ahead(ctx context.Context, head git.Head, at Place) (*ahead, error) {
	if head.Commit == "" || at.git.StateBranch != "" {
		return nil, nil
	}
	refs, applied, err := w.stateRefs(head, at.git)
	if err != nil {
		return nil, err
	}
	var newest *ahead
	for _, ref := range refs {
		a, err := w.compareAhead(ctx, head, at, ref)
		if err != nil {
			return nil, err
		}
		if a != nil && (newest == nil || newest.unread || a.meta != nil && a.meta.Serial > newest.meta.Serial) {
			a.applied = applied
			newest = a
		}
	}
	if newest == nil || newest.unread {
		return newest, nil
	}
	newest.Place, err = w.locate(ctx, newest.commit, newest.ref, w.localTip)
	return newest, err
}

// stateRefs are the full names of the branches that apply may have written.
// Which is the default of a remote a clone need not know: then those count that
// it has seen state on.
func (w *Workspace) stateRefs(head git.Head, git model.Git) (refs []string, applied bool, err error) {
	prefix := headsPrefix
	if git.Push != "" {
		prefix = trackingRef(git.Push, "")
	}
	if git.Branch != "" {
		return []string{prefix + git.Branch}, true, nil
	}
	if git.Push == "" && head.Branch != "" {
		return nil, false, nil // Apply writes the branch that HEAD is on.
	}
	if git.Push != "" {
		standard, err := w.store.Symbolic(prefix + "HEAD")
		if err != nil || strings.HasPrefix(standard, prefix) {
			return []string{standard}, true, err
		}
	}
	seen, err := history.LoadBranches(w.store.CommonDir(), w.store.Prefix(), prefix)
	return seen, git.Push != "", err
}

// compareAhead holds the state at HEAD against that of a branch.
func (w *Workspace) compareAhead(ctx context.Context, head git.Head, at Place, ref string) (*ahead, error) {
	a := &ahead{name: strings.TrimPrefix(strings.TrimPrefix(ref, "refs/remotes/"), headsPrefix), ref: ref, head: head, here: at}
	var err error
	if a.commit, err = w.store.Ref(ref); err != nil || a.commit == "" || a.commit == at.commit {
		return nil, err
	}
	same, err := w.store.Same(at.commit, a.commit, state.Dir)
	if err != nil || same {
		return nil, ignoreMissing(err)
	}
	var there bool
	switch a.meta, there, err = w.metaAt(ctx, a.commit); {
	case errors.Is(err, git.ErrMissingObject):
		a.unread = true
		return a, nil
	case err != nil || !there || a.meta == nil:
		return nil, err
	}
	if a.contains, err = w.isKnownAncestor(head.Commit, a.commit); err != nil {
		return nil, err
	}
	if at.meta == nil && !a.contains || at.meta != nil && (a.meta.Lineage != at.meta.Lineage || a.meta.Serial <= at.meta.Serial) {
		return nil, nil
	}
	a.same, err = w.store.Same(head.Commit, a.commit, config.ProjectFile, config.ManifestDir)
	return a, ignoreMissing(err)
}

// ignoreMissing takes it for no error that a clone lacks an object.
func ignoreMissing(err error) error {
	if errors.Is(err, git.ErrMissingObject) {
		return nil
	}
	return err
}

// followed says that the newer state is read, and why.
func (a *ahead) followed() string {
	return fmt.Sprintf("State is read from %s at commit %.12s (serial %d): HEAD, at %.12s, has %s", a.name, a.commit, a.meta.Serial, a.head.Commit, a.older())
}

// left says that the state at HEAD is read, and what that leaves out.
func (a *ahead) left() string {
	if a.unread {
		return fmt.Sprintf("State is read at HEAD, %.12s (%s); %s has another, whose contents are not in this clone, so it cannot be told which is newer", a.head.Commit, a.older(), a.name)
	}
	return fmt.Sprintf("State is read at HEAD, %.12s (%s); %s has a newer one at commit %.12s (serial %d)", a.head.Commit, a.older(), a.name, a.commit, a.meta.Serial)
}

// older is the state at HEAD in a word.
func (a *ahead) older() string {
	if a.here.meta == nil {
		return "no state"
	}
	return fmt.Sprintf("serial %d", a.here.meta.Serial)
}

// remedy is the command that brings HEAD there.
func (a *ahead) remedy() string {
	name := model.ShellWord(a.name)
	switch local, remote := strings.CutPrefix(a.ref, headsPrefix); {
	case a.unread:
		return "osmoctl state fetch"
	case remote && a.head.Branch == "":
		return "git switch " + model.ShellWord(local)
	case a.head.Branch == "":
		return "git checkout --detach " + name
	default:
		return "git merge " + name
	}
}

// Newest is the place of the newest state that this clone knows of, for commands
// that say or give out what is applied. Nothing is fetched. It is looked for once
// a command, and said where it is not that of HEAD.
func (w *Workspace) Newest(ctx context.Context) (Place, error) {
	if w.newest != nil {
		return *w.newest, nil
	}
	at, a, err := w.atHead(ctx)
	if err != nil {
		return Place{}, err
	}
	switch {
	case a == nil:
	case a.unread || !a.applied:
		w.warnf("%s: %s", a.left(), a.remedy())
	default:
		w.notef("%s.", a.followed())
		at = a.Place
	}
	w.newest = &at
	return at, nil
}

// atHead is the place of the state that belongs to HEAD, and a newer one that this
// clone knows of; nil is none.
func (w *Workspace) atHead(ctx context.Context) (Place, *ahead, error) {
	head, err := w.store.Head()
	if err != nil {
		return Place{}, nil, err
	}
	at, err := w.locate(ctx, head.Commit, head.Branch, w.localTip)
	if err != nil {
		return Place{}, nil, err
	}
	a, err := w.ahead(ctx, head, at)
	return at, a, err
}

// PlaceToCheck is the place of the state that a check of HEAD is about: what goes on
// from HEAD is checked with it, but a branch with a state of its own, as of a pull
// request, must not have another checked in its place.
func (w *Workspace) PlaceToCheck(ctx context.Context) (Place, error) {
	at, a, err := w.atHead(ctx)
	switch {
	case err != nil || a == nil:
	case a.applied && a.contains:
		w.notef("%s.", a.followed())
		at = a.Place
	default:
		w.warnf("%s: %s", a.left(), a.remedy())
	}
	return at, err
}

// plannedAgainst is the place of the state that a plan of the work tree is made
// against where no branch is asked for. A newer one counts if its declarations are
// those of HEAD, as for apply; else the plan says that HEAD is behind.
func (w *Workspace) plannedAgainst(ctx context.Context) (Place, error) {
	at, a, err := w.atHead(ctx)
	switch {
	case err != nil || a == nil:
	case a.applied && a.contains && a.same:
		at = a.Place
		at.notices = append(at.notices, plan.Notice{Code: "state_ahead", Message: a.followed()})
	default:
		at.notices = append(at.notices, plan.Notice{
			Code: "state_older", Message: a.left(), Hint: a.planRemedy(),
		})
	}
	return at, err
}

func (a *ahead) planRemedy() string {
	if a.unread || a.contains || a.head.Branch == "" {
		return a.remedy()
	}
	return a.remedy() + ", or osmoctl plan --state-ref " + model.ShellWord(a.name)
}

// noteBranch remembers the branch that state was pushed to for the first time, so
// that the commands after it find it from a HEAD that stays behind.
func (l *ledger) noteBranch(commit string, changes []gitstore.Change) {
	git, project := l.w.store.CommonDir(), l.w.store.Prefix()
	if before, err := history.LoadSeen(git, project, l.watchedRef()); err != nil || before != nil {
		return
	}
	for _, c := range changes {
		if c.Path != state.Dir+"/"+state.MetaPath || c.Delete {
			continue
		}
		if m := state.DecodeMeta(c.Data); m != nil {
			_ = history.SaveSeen(git, history.Seen{
				Project: project, Branch: l.watchedRef(), Commit: commit,
				Lineage: m.Lineage, Serial: m.Serial, Digest: m.Digest.String(),
			})
		}
	}
}
