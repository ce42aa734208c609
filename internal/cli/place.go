package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// place is where a project's state is. A branch must not say that by itself: the
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
type place struct {
	// git are the settings of the last apply, and before the first those that
	// the project file has.
	git model.Git
	// commit is the one that state is read from, "" where there is none, and
	// branch the full name of what it was read through; "" is a detached HEAD.
	commit, branch string
	// meta is nil where nothing was applied.
	meta *state.Meta
	// declarations is the commit whose declarations it belongs to.
	declarations string
	// goal is where an apply began to move state to, and did not come to put
	// anything; nil else.
	goal *model.Git
	// blocked is what is wrong with the place.
	blocked []plan.Blocked
	notices []plan.Notice
}

// The guardrails on where state is, and what a plan could not see of it.
const (
	railStateVanished = "state_vanished"
	railStateBehind   = "state_behind"
	railPlaceTaken    = "state_place_taken"
	railBaseUnknown   = "base_unknown"
	noticePlaceUnseen = "place_not_checked"
)

// tipOf finds the newest commit of a state branch; "" is none. unseen says that
// the clone cannot tell.
type tipOf func(ctx context.Context, git model.Git) (commit string, unseen bool, err error)

// localTip looks only at what the clone has.
func (p *project) localTip(_ context.Context, git model.Git) (string, bool, error) {
	commit, err := p.store.Ref(stateRef(git))
	return commit, commit == "" && git.Push != "", err
}

// fetchedTip asks the remote.
func (p *project) fetchedTip(ctx context.Context, git model.Git) (string, bool, error) {
	if git.Push == "" {
		return p.localTip(ctx, git)
	}
	r, err := p.openRemote(git.Push)
	if err != nil {
		return "", false, err
	}
	commit, err := r.Fetch(ctx, git.StateBranch)
	return commit, false, err
}

// stateRef is the full name under which a clone has a state branch.
func stateRef(git model.Git) string {
	if git.Push != "" {
		return tracking(git.Push, git.StateBranch)
	}
	return headsPrefix + git.StateBranch
}

// locator follows the places of one project's state.
type locator struct {
	project *project
	ctx     context.Context
	from    string
	tip     tipOf
	// beside is the full name of the branch that from was read through.
	beside string
	// at is the state branch of the place reached; "" is beside the declarations.
	at string
	place
}

// locate finds the state that belongs to the declarations at a commit, which was
// read through branch.
func (p *project) locate(ctx context.Context, from, branch string, tip tipOf) (place, error) {
	l := &locator{project: p, ctx: ctx, from: from, tip: tip, beside: branch}
	if err := l.begin(); err != nil {
		return place{}, err
	}
	if err := l.follow(); err != nil {
		return place{}, err
	}
	return l.place, l.confirm()
}

// statePlaceVariable names the place of state for whoever runs osmoctl where the
// old place could not record that state moved: nobody may push there any more.
const statePlaceVariable = "OSMOCTL_STATE_PLACE"

// confirm goes on to the place that the operator has named beside the project
// file.
func (l *locator) confirm() error {
	named := l.project.env.Getenv(statePlaceVariable)
	if named == "" || l.meta == nil || l.goal != nil {
		return nil
	}
	declared, err := l.project.gitSettings(l.from)
	if err != nil || declared.Place() != named || declared.StateBranch == l.at {
		return err
	}
	_, err = l.step(declared)
	return err
}

// begin goes to the first place.
func (l *locator) begin() error {
	declared, err := l.project.gitSettings(l.from)
	if err != nil {
		return err
	}
	meta, there, err := l.project.metaAt(l.from)
	if err != nil {
		return err
	}
	l.place = place{git: declared, commit: l.from, branch: l.beside, meta: meta, declarations: l.from}
	if l.vouched() {
		l.place.git.StateBranch = ""
		return nil
	}
	if found, err := l.namedBefore(declared); found || err != nil {
		return err
	}
	if there {
		l.place.git.StateBranch = "" // It is beside the declarations.
		return l.damaged()
	}
	if err := l.lookBehind(); err != nil || l.meta != nil || declared.StateBranch == "" {
		return err
	}
	// Its state will have a branch of its own from the first apply on.
	commit, unseen, err := l.tip(l.ctx, declared)
	if err == nil && unseen {
		err = hinted(fmt.Errorf("the state branch %s of %s is not in this clone", declared.StateBranch, declared.Push),
			fetchHint(declared)+" (where nothing was applied yet, the first apply makes it)")
	}
	l.place.commit, l.place.branch, l.at = commit, stateRef(declared), declared.StateBranch
	return err
}

// damaged is for a state whose meta.json cannot be read: its place is that which
// the last one that can be read recorded, and not what the project file says.
func (l *locator) damaged() error {
	if l.meta != nil {
		return nil
	}
	stop := errors.New("found")
	err := l.project.store.History(l.ctx, l.from, state.Dir, func(c gitstore.Commit) error {
		meta, _, err := l.project.metaAt(c.Hash)
		if err == nil && meta != nil {
			l.place.git, err = meta.Applied.Git, stop
		}
		return err
	})
	if errors.Is(err, stop) || errors.Is(err, gitstore.ErrShallow) {
		return nil
	}
	return err
}

// unseen notes a state branch that the clone has not got.
func (l *locator) unseen(git model.Git) {
	l.notices = append(l.notices, plan.Notice{
		Code:    noticePlaceUnseen,
		Message: fmt.Sprintf("the state branch %s of %s is not in this clone, so it cannot be told whether state is there", git.StateBranch, git.Push),
		Hint:    fetchHint(git),
	})
}

func fetchHint(git model.Git) string {
	return fmt.Sprintf("git fetch %s +%s%s:%s", git.Push, headsPrefix, git.StateBranch, stateRef(git))
}

// vouched tells that this clone has found the state beside the declarations
// sound before, in this history: then no older place has to be looked for. What
// the clone remembers it has read at a place that was found like this.
func (l *locator) vouched() bool {
	if l.meta == nil {
		return false
	}
	sound, err := history.LoadSound(l.project.store.CommonDir(), l.project.store.Prefix())
	if err != nil {
		return false
	}
	return slices.ContainsFunc(sound, func(s history.Seen) bool {
		if !s.Whole || s.Lineage != l.meta.Lineage || s.Serial > l.meta.Serial {
			return false
		}
		beside, err := l.project.store.ID(s.Commit, config.ProjectFile)
		if err != nil || beside == "" {
			return false
		}
		before, err := l.project.store.IsAncestor(s.Commit, l.from)
		return err == nil && before
	})
}

// namedBefore goes to the oldest state branch that the project file has named
// before state first stood beside the declarations, if there is a state.
func (l *locator) namedBefore(declared model.Git) (found bool, err error) {
	named, err := l.stateBranches(declared)
	if err != nil {
		return false, err
	}
	for _, git := range named {
		commit, unseen, err := l.tip(l.ctx, git)
		if err != nil {
			return false, err
		}
		if unseen && git != declared {
			l.unseen(git)
		}
		meta, there, err := l.project.metaAt(commit)
		if err != nil {
			return false, err
		}
		if there {
			l.place.git, l.place.commit, l.place.branch, l.place.meta = git, commit, stateRef(git), meta
			l.at = git.StateBranch
			return true, nil
		}
	}
	return false, nil
}

// stateBranches are the settings with a state branch that the project file has
// had until state first stood beside the declarations, the oldest first.
func (l *locator) stateBranches(declared model.Git) (named []model.Git, err error) {
	type version struct {
		git    model.Git
		commit string
	}
	var versions []version
	err = l.project.store.History(l.ctx, l.from, config.ProjectFile, func(c gitstore.Commit) error {
		git, err := l.project.gitSettings(c.Hash)
		if err == nil && git.StateBranch != "" {
			versions = append(versions, version{git, c.Hash})
		}
		return nil // One that cannot be read named nothing.
	})
	if err != nil && !errors.Is(err, gitstore.ErrShallow) {
		return nil, err
	}
	first := ""
	if len(versions) > 0 {
		if first, err = l.firstBeside(); err != nil {
			return nil, err
		}
	}
	for _, v := range slices.Backward(versions) {
		before := true
		if first != "" {
			if before, err = l.project.store.IsAncestor(v.commit, first); err != nil && !errors.Is(err, gitstore.ErrShallow) {
				return nil, err
			}
		}
		if before && !slices.Contains(named, v.git) {
			named = append(named, v.git)
		}
	}
	return named, nil
}

// firstBeside is the oldest commit that has state beside the declarations.
func (l *locator) firstBeside() (first string, err error) {
	err = l.project.store.History(l.ctx, l.from, state.Dir, func(c gitstore.Commit) error {
		first = c.Hash
		return nil
	})
	if errors.Is(err, gitstore.ErrShallow) {
		err = nil
	}
	return first, err
}

// lookBehind is for declarations without state: if their history had one, it was
// moved and cleared away, or it must not be missing.
func (l *locator) lookBehind() error {
	stop := errors.New("found")
	var gone gitstore.Commit
	err := l.project.store.History(l.ctx, l.from, state.Dir, func(c gitstore.Commit) error {
		gone = c
		return stop
	})
	if err == nil || errors.Is(err, gitstore.ErrShallow) {
		return nil // There never was one, as far as this clone knows.
	}
	if !errors.Is(err, stop) {
		return err
	}
	if len(gone.Parents) == 0 {
		return nil
	}
	last, _, err := l.project.metaAt(gone.Parents[0])
	if err != nil || last == nil {
		return err
	}
	if last.Applied.Git.StateBranch == "" {
		l.blocked = append(l.blocked, plan.Blocked{
			Guardrail: railStateVanished,
			Detail:    fmt.Sprintf("commit %.12s removed the state, which was at serial %d; bring it back: git checkout %.12s -- %s", gone.Hash, last.Serial, gone.Parents[0], state.Dir),
		})
	}
	l.place.commit, l.place.branch, l.place.meta = gone.Parents[0], "", last
	return nil
}

// maxMoves bounds how many places are gone through.
const maxMoves = 16

// follow goes on to where the state found says that an apply moved it.
func (l *locator) follow() error {
	for range maxMoves {
		if l.meta == nil {
			return nil
		}
		recorded := l.meta.Applied.Git
		if recorded.StateBranch == l.at {
			l.place.git = recorded
			return nil
		}
		moved, err := l.step(recorded)
		if err != nil || !moved {
			return err
		}
	}
	return errors.New("the state was moved in a circle: the settings recorded in meta.json lead from one place to another and back")
}

// step goes to one more place. Where nothing is there yet, the move has still to
// be done.
func (l *locator) step(to model.Git) (moved bool, err error) {
	commit, branch, unseen := l.from, l.beside, false
	if to.StateBranch != "" {
		branch = stateRef(to)
		if commit, unseen, err = l.tip(l.ctx, to); err != nil {
			return false, err
		}
		if unseen {
			return false, hinted(fmt.Errorf("the state branch %s of %s is not in this clone", to.StateBranch, to.Push),
				fetchHint(to)+" (if the apply that moved state there did not come to its end: osmoctl apply "+plan.StateMoveFlag(to)+")")
		}
	}
	meta, _, err := l.project.metaAt(commit)
	if err != nil {
		return false, err
	}
	if meta == nil || meta.Lineage != l.meta.Lineage || meta.Serial <= l.meta.Serial {
		l.goal = &to
		if l.at == "" {
			l.place.git = model.Git{Push: to.Push, Branch: to.Branch}
		}
		if meta != nil && !l.left(meta) {
			l.blocked = append(l.blocked, placeTaken(to, l.meta, meta))
		}
		return false, nil
	}
	l.place.git, l.place.commit, l.place.branch, l.place.meta, l.at = to, commit, branch, meta, to.StateBranch
	return true, nil
}

// left tells that another state is what a move left behind: an older one of this
// project.
func (at place) left(there *state.Meta) bool {
	return there.Lineage == at.meta.Lineage && there.Serial < at.meta.Serial
}

// placeTaken blocks a move to a place with a state that the one here does not
// lead to.
func placeTaken(to model.Git, here, there *state.Meta) plan.Blocked {
	if there.Lineage == here.Lineage && there.Serial > here.Serial {
		return plan.Blocked{
			Guardrail: railPlaceTaken,
			Detail: fmt.Sprintf("%s holds a state of the same lineage at serial %d, and the state at serial %d does not say that it moved there: if an apply of yours moved it, set %s=%s wherever osmoctl runs for this project",
				to.Place(), there.Serial, here.Serial, statePlaceVariable, to.Place()),
		}
	}
	return plan.Blocked{
		Guardrail: railPlaceTaken,
		Detail:    fmt.Sprintf("%s already holds a state, of lineage %s at serial %d, which does not go on from this project's: state moves only to where there is none", to.Place(), there.Lineage, there.Serial),
	}
}

// metaAt reads meta.json of the state at a commit. It is nil where it cannot be
// read; there says that there is any state. Whether all else fits it is for
// whoever reads the rest.
func (p *project) metaAt(commit string) (meta *state.Meta, there bool, err error) {
	if commit == "" {
		return nil, false, nil
	}
	id, err := p.store.ID(commit, state.Dir)
	if err != nil || id == "" {
		return nil, false, err
	}
	path := state.Dir + "/" + state.MetaPath
	files, err := p.store.Files(context.Background(), commit, []string{path}, nil)
	if err != nil || len(files) != 1 || files[0].Path != path {
		return nil, true, err
	}
	return state.DecodeMeta(files[0].Data), true, nil
}
