// Package place finds where a project's state is: on which branch, at which commit,
// for the declarations at hand.
//
// A branch must not say that by itself, see [Place]. A [Finder] reads what a clone
// has of it. [Finder.Locate] follows history to the place of the state that belongs
// to a commit. [Finder.AtHead] also looks for a newer state than the one at HEAD, see
// [Ahead], and [Finder.Compared] finds what a plan of a pull request is compared
// with: the state where the branch left its base.
//
// What is wrong with a place is returned as entries that block a plan; what could
// not be seen, as notices. Nothing is fetched but by the [TipOf] that asks a remote.
package place

import (
	"context"
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Finder finds the state of the project that a repository was opened for.
type Finder struct {
	repo   *git.Repository
	getenv func(string) string
	remote func(name string) (Remote, error)
}

// Remote brings a branch of a remote to the clone.
type Remote interface {
	// Fetch returns the newest commit of a branch; "" is none.
	Fetch(ctx context.Context, branch string) (string, error)
}

// New makes a finder. getenv looks up environment variables, and remote opens a
// remote by its name.
func New(repo *git.Repository, getenv func(string) string, remote func(name string) (Remote, error)) *Finder {
	return &Finder{repo, getenv, remote}
}

// Place is where a project's state is. A branch must not say that by itself: the
// project file of a pull request could name a branch that its author prepared,
// and everything else would then be compared with what stands there. So the
// search begins at the oldest place that history knows, and goes on only where
// the state found there says, in meta.json, that an apply moved it:
//
//  1. Where a project file of the past named a state branch, and that branch has
//     a state, it is the first place. Else it is state/ beside the declarations.
//  2. The settings recorded there are those of the last apply. If they name
//     another place, state moved there, provided that it goes on there: the same
//     lineage, and a higher serial.
//
// What the project file at hand says differently is a change that is planned.
type Place struct {
	// Git are the settings of the last apply, and before the first those that
	// the project file has.
	Git model.Git
	// Commit is the one that state is read from, "" where there is none, and
	// Branch the full name of what it was read through; "" is a detached HEAD.
	Commit, Branch string
	// Meta is nil where nothing was applied.
	Meta *state.Meta
	// Declarations is the commit whose declarations it belongs to.
	Declarations string
	// Goal is where an apply began to move state to, and did not come to put
	// anything; nil else.
	Goal *model.Git
	// Blocked is what is wrong with the place.
	Blocked []plan.Blocked
	Notices []plan.Notice
}

// The guardrails on where state is, and what a plan could not see of it.
const (
	railStateVanished = "state_vanished"
	railStateBehind   = "state_behind"
	railPlaceTaken    = "state_place_taken"
	railBaseUnknown   = "base_unknown"
	railPlaceUnclear  = "state_place_unclear"
	railStateUnseen   = "state_branch_unseen"
	noticePlaceUnseen = "place_not_checked"
	NoticeCompared    = "compared_with_base"
	noticeFirst       = "nothing_applied_yet"
)

// TipOf finds the newest commit of a state branch; "" is none. unseen says that
// the clone cannot tell.
type TipOf func(ctx context.Context, git model.Git) (commit string, unseen bool, err error)

// LocalTip looks only at what the clone has.
func (f *Finder) LocalTip(_ context.Context, git model.Git) (string, bool, error) {
	commit, err := f.repo.Ref(StateRef(git))
	return commit, commit == "" && git.Push != "", err
}

// FetchedTip asks the remote.
func (f *Finder) FetchedTip(ctx context.Context, git model.Git) (string, bool, error) {
	if git.Push == "" {
		return f.LocalTip(ctx, git)
	}
	r, err := f.remote(git.Push)
	if err != nil {
		return "", false, err
	}
	commit, err := r.Fetch(ctx, git.StateBranch)
	return commit, false, err
}

// StateRef is the full name under which a clone has a state branch.
func StateRef(git model.Git) string {
	if git.Push != "" {
		return TrackingRef(git.Push, git.StateBranch)
	}
	return HeadsPrefix + git.StateBranch
}

// MetaAt reads meta.json of the state at a commit. It is nil where it cannot be
// read; there says that there is any state. Whether all else fits it is for
// whoever reads the rest.
func (f *Finder) MetaAt(ctx context.Context, commit string) (meta *state.Meta, there bool, err error) {
	if commit == "" {
		return nil, false, nil
	}
	id, err := f.repo.ID(commit, state.Dir)
	if err != nil || id == "" {
		return nil, false, err
	}
	path := state.Dir + "/" + state.MetaPath
	files, err := f.repo.Files(ctx, commit, []string{path}, nil)
	if err != nil || len(files) != 1 || files[0].Path != path {
		return nil, true, err
	}
	return state.DecodeMeta(files[0].Data), true, nil
}

// LeftBehind tells that another state is what a move left behind: an older one of this
// project.
func (at Place) LeftBehind(there *state.Meta) bool {
	return there.Lineage == at.Meta.Lineage && there.Serial < at.Meta.Serial
}

// placeTaken blocks a move to a place with a state that the one here does not
// lead to.
func placeTaken(to model.Git, here, there *state.Meta) plan.Blocked {
	if there.Lineage == here.Lineage && there.Serial > here.Serial {
		return plan.Blocked{
			Guardrail: railPlaceTaken,
			Detail: fmt.Sprintf("%s holds a state of the same lineage at serial %d, and the state at serial %d does not say that it moved there: if an apply of yours moved it, set %s=%s wherever osmoctl runs for this project",
				to.Place(), there.Serial, here.Serial, Variable, to.Place()),
		}
	}
	return plan.Blocked{
		Guardrail: railPlaceTaken,
		Detail:    fmt.Sprintf("%s already holds a state, of lineage %s at serial %d, which does not go on from this project's: state moves only to where there is none", to.Place(), there.Lineage, there.Serial),
	}
}

// unseenBranchError says that state, if there is any, is on a branch that the clone
// has not got.
type unseenBranchError struct {
	git  model.Git
	from string
}

func (e *unseenBranchError) Error() string {
	return fmt.Sprintf("the state branch %s of %s is not in this clone", e.git.StateBranch, e.git.Push)
}

// Hint says what to do.
func (e *unseenBranchError) Hint() string {
	return fetchHint(e.git) + " (where nothing was applied yet, the first apply makes it)"
}

// firstPlace is the place for a plan before the first apply, where a clone has not
// got the state branch: it may not exist yet. Whether it does, a plan cannot ask. It
// is believed of a clone that was fetched whole and never saw it; else the plan is
// blocked, since deletions would not be seen in it.
func (f *Finder) firstPlace(missing *unseenBranchError) (Place, error) {
	at := Place{Git: missing.git, Branch: StateRef(missing.git), Declarations: missing.from}
	whole, err := f.wouldHave(missing.git)
	if err != nil {
		return at, err
	}
	words := missing.Error() + ", so this is planned as if nothing was applied yet"
	if whole {
		at.Notices = []plan.Notice{{Code: noticeFirst, Message: words + "; where something was, the branch has to be fetched", Hint: fetchHint(missing.git)}}
		return at, nil
	}
	at.Blocked = []plan.Blocked{{
		Guardrail: railStateUnseen,
		Detail:    words + ". Where something was, this brings it here: " + fetchHint(missing.git) + ". Where nothing was, the first apply makes the branch, and a whole clone can plan it",
	}}
	return at, nil
}

// wouldHave tells whether the clone would have a state branch if the remote had: it
// has all of history, fetches every branch, and remembers none.
func (f *Finder) wouldHave(git model.Git) (bool, error) {
	shallow, err := f.repo.Shallow()
	if err != nil || shallow || f.getenv("GITLAB_CI") != "" {
		return false, err // GitLab's runner fetches one branch, whatever is configured.
	}
	seen, err := history.LoadSeen(f.repo.CommonDir(), f.repo.Prefix(), StateRef(git))
	if err != nil || seen != nil {
		return false, err
	}
	refspec, _ := f.repo.Config("remote." + git.Push + ".fetch")
	all := "refs/heads/*:" + TrackingRef(git.Push, "*")
	return strings.TrimPrefix(refspec, "+") == all, nil
}

func fetchHint(git model.Git) string {
	return fmt.Sprintf("git fetch %s %s", model.ShellWord(git.Push), model.ShellWord("+"+HeadsPrefix+git.StateBranch+":"+StateRef(git)))
}
