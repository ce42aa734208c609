package place

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Ahead is a state that this clone knows of and that is newer than the one at
// HEAD. An apply in a detached checkout leaves one behind: it pushes, and HEAD
// stays where the pipeline put it. So does a git fetch.
type Ahead struct {
	Place
	// name is how people call the branch, and ref its full name.
	name, ref string
	// Applied says that it is the branch that apply writes, by the settings.
	// Otherwise it is one that this clone has seen state on.
	Applied bool
	// Contains says that HEAD is part of it, and same that it has the
	// declarations of HEAD.
	Contains, same bool
	// Unread says that its contents are not in this clone, so that it cannot
	// be told which is newer.
	Unread bool

	head git.Head
	here Place
}

// ahead looks for a newer state than the one at HEAD that at is; nil is none.
// Nothing is fetched. State that has a branch of its own is read from there.
func (f *Finder) ahead(ctx context.Context, head git.Head, at Place) (*Ahead, error) {
	if head.Commit == "" || at.Git.StateBranch != "" {
		return nil, nil
	}
	refs, applied, err := f.stateRefs(head, at.Git)
	if err != nil {
		return nil, err
	}
	var newest *Ahead
	for _, ref := range refs {
		a, err := f.compareAhead(ctx, head, at, ref)
		if err != nil {
			return nil, err
		}
		if a != nil && (newest == nil || newest.Unread || a.Meta != nil && a.Meta.Serial > newest.Meta.Serial) {
			a.Applied = applied
			newest = a
		}
	}
	if newest == nil || newest.Unread {
		return newest, nil
	}
	newest.Place, err = f.Locate(ctx, newest.Commit, newest.ref, f.LocalTip)
	return newest, err
}

// stateRefs are the full names of the branches that apply may have written.
// Which is the default of a remote a clone need not know: then those count that
// it has seen state on.
func (f *Finder) stateRefs(head git.Head, git model.Git) (refs []string, applied bool, err error) {
	prefix := HeadsPrefix
	if git.Push != "" {
		prefix = TrackingRef(git.Push, "")
	}
	if git.Branch != "" {
		return []string{prefix + git.Branch}, true, nil
	}
	if git.Push == "" && head.Branch != "" {
		return nil, false, nil // Apply writes the branch that HEAD is on.
	}
	if git.Push != "" {
		standard, err := f.repo.Symbolic(prefix + "HEAD")
		if err != nil || strings.HasPrefix(standard, prefix) {
			return []string{standard}, true, err
		}
	}
	seen, err := history.LoadBranches(f.repo.CommonDir(), f.repo.Prefix(), prefix)
	return seen, git.Push != "", err
}

// compareAhead holds the state at HEAD against that of a branch.
func (f *Finder) compareAhead(ctx context.Context, head git.Head, at Place, ref string) (*Ahead, error) {
	a := &Ahead{name: strings.TrimPrefix(strings.TrimPrefix(ref, "refs/remotes/"), HeadsPrefix), ref: ref, head: head, here: at}
	var err error
	if a.Commit, err = f.repo.Ref(ref); err != nil || a.Commit == "" || a.Commit == at.Commit {
		return nil, err
	}
	same, err := f.repo.Same(at.Commit, a.Commit, state.Dir)
	if err != nil || same {
		return nil, ignoreMissing(err)
	}
	var there bool
	switch a.Meta, there, err = f.MetaAt(ctx, a.Commit); {
	case errors.Is(err, git.ErrMissingObject):
		a.Unread = true
		return a, nil
	case err != nil || !there || a.Meta == nil:
		return nil, err
	}
	if a.Contains, err = f.IsKnownAncestor(head.Commit, a.Commit); err != nil {
		return nil, err
	}
	if at.Meta == nil && !a.Contains || at.Meta != nil && (a.Meta.Lineage != at.Meta.Lineage || a.Meta.Serial <= at.Meta.Serial) {
		return nil, nil
	}
	a.same, err = f.repo.Same(head.Commit, a.Commit, config.Paths()...)
	return a, ignoreMissing(err)
}

// ignoreMissing takes it for no error that a clone lacks an object.
func ignoreMissing(err error) error {
	if errors.Is(err, git.ErrMissingObject) {
		return nil
	}
	return err
}

// Followed says that the newer state is read, and why.
func (a *Ahead) Followed() string {
	return fmt.Sprintf("State is read from %s at commit %.12s (serial %d): HEAD, at %.12s, has %s", a.name, a.Commit, a.Meta.Serial, a.head.Commit, a.describeHere())
}

// Left says that the state at HEAD is read, and what that leaves out.
func (a *Ahead) Left() string {
	if a.Unread {
		return fmt.Sprintf("State is read at HEAD, %.12s (%s); %s has another, whose contents are not in this clone, so it cannot be told which is newer", a.head.Commit, a.describeHere(), a.name)
	}
	return fmt.Sprintf("State is read at HEAD, %.12s (%s); %s has a newer one at commit %.12s (serial %d)", a.head.Commit, a.describeHere(), a.name, a.Commit, a.Meta.Serial)
}

// describeHere is the state at HEAD in a word.
func (a *Ahead) describeHere() string {
	if a.here.Meta == nil {
		return "no state"
	}
	return fmt.Sprintf("serial %d", a.here.Meta.Serial)
}

// Remedy is the command that brings HEAD there.
func (a *Ahead) Remedy() string {
	name := model.ShellWord(a.name)
	switch local, remote := strings.CutPrefix(a.ref, HeadsPrefix); {
	case a.Unread:
		return "osmoctl state fetch"
	case remote && a.head.Branch == "":
		return "git switch " + model.ShellWord(local)
	case a.head.Branch == "":
		return "git checkout --detach " + name
	default:
		return "git merge " + name
	}
}

// AtHead is the place of the state that belongs to HEAD, and a newer one that this
// clone knows of; nil is none.
func (f *Finder) AtHead(ctx context.Context) (Place, *Ahead, error) {
	head, err := f.repo.Head()
	if err != nil {
		return Place{}, nil, err
	}
	at, err := f.Locate(ctx, head.Commit, head.Branch, f.LocalTip)
	if err != nil {
		return Place{}, nil, err
	}
	a, err := f.ahead(ctx, head, at)
	return at, a, err
}

// findPlanned is the place of the state that a plan of the work tree is made
// against where no branch is asked for. A newer one counts if its declarations are
// those of HEAD, as for apply; else the plan says that HEAD is behind.
func (f *Finder) findPlanned(ctx context.Context) (Place, error) {
	at, a, err := f.AtHead(ctx)
	switch {
	case err != nil || a == nil:
	case a.Applied && a.Contains && a.same:
		at = a.Place
		at.Notices = append(at.Notices, plan.Notice{Code: "state_ahead", Message: a.Followed()})
	default:
		at.Notices = append(at.Notices, plan.Notice{
			Code: "state_older", Message: a.Left() + a.elseCompare(), Hint: a.Remedy(),
		})
	}
	return at, err
}

// elseCompare is the other way out, for a branch that is to be merged.
func (a *Ahead) elseCompare() string {
	if a.Unread || a.Contains || a.head.Branch == "" {
		return ""
	}
	return "; with --state-ref " + model.ShellWord(a.name) + " the plan is what merging HEAD there would change"
}
