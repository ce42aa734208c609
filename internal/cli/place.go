package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
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
	railPlaceUnclear  = "state_place_unclear"
	railStateUnseen   = "state_branch_unseen"
	noticePlaceUnseen = "place_not_checked"
	noticeFirst       = "nothing_applied_yet"
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
	// starts are all places that history knows to begin with.
	starts []beginning
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
	if err := l.confirm(); err != nil {
		return place{}, err
	}
	return l.place, l.agree()
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
	from, at := l.place, l.at
	moved, err := l.step(declared)
	if err != nil || !moved {
		return err
	}
	// It must go on from the old one, and not merely look like it.
	if on, err := l.project.store.IsAncestor(from.commit, l.place.commit); err == nil && !on {
		there := l.place.meta
		l.place, l.at = from, at
		l.place.blocked = append(l.place.blocked, placeTaken(declared, from.meta, there))
	}
	return nil
}

// begin goes to the first place.
func (l *locator) begin() error {
	meta, there, err := l.project.metaAt(l.from)
	if err != nil {
		return err
	}
	declared, broken := l.project.gitSettings(l.from)
	if broken != nil && meta != nil {
		declared, broken = meta.Applied.Git, nil // The project file is for others to report.
	}
	l.place = place{git: declared, commit: l.from, branch: l.beside, meta: meta, declarations: l.from}
	if l.vouched() {
		l.place.git.StateBranch = ""
		return nil
	}
	past, err := l.lookBack()
	if err != nil {
		return err
	}
	if there {
		return l.beginBeside(past)
	}
	err = l.beginApart(past, declared)
	if err == nil && l.meta == nil {
		err = broken
	}
	return err
}

// past is what the history of the declarations, along all parents, says of where
// state was.
type past struct {
	// named are the commits by which the project file named a state branch.
	named []namedPlace
	// firsts are the commits with which state begins beside the declarations,
	// and removed the last ones that had it before it was taken away.
	firsts, removed []string
}

type namedPlace struct {
	git    model.Git
	commit string
}

// lookBack goes through all of history, since which parent of a merge is the first
// is up to whoever merges.
func (l *locator) lookBack() (past, error) {
	const file, dir = 0, 1
	var p past
	err := l.project.store.Ancestry(l.ctx, l.from, []string{config.ProjectFile, state.Dir}, func(n gitstore.Node) error {
		if n.Introduces(file) {
			// One that cannot be read named nothing.
			if git, err := l.project.gitSettings(n.Hash); err == nil && git.StateBranch != "" {
				p.named = append(p.named, namedPlace{git, n.Hash})
			}
		}
		had := 0
		for i, before := range n.Before {
			if before[dir] == "" {
				continue
			}
			had++
			if n.IDs[dir] == "" {
				p.removed = append(p.removed, n.Parents[i])
			}
		}
		if n.IDs[dir] != "" && had == 0 {
			p.firsts = append(p.firsts, n.Hash)
		}
		return nil
	})
	if errors.Is(err, gitstore.ErrShallow) {
		err = nil
	}
	slices.SortFunc(p.named, func(a, b namedPlace) int { return cmp.Compare(a.commit, b.commit) })
	slices.Sort(p.removed)
	return p, err
}

// beginBeside begins with the state beside the declarations, unless a state branch
// that was named before it has a state. One that was named on a line of history of
// its own is neither earlier nor later: then somebody has to say which counts.
func (l *locator) beginBeside(p past) error {
	beside := l.place
	beside.git.StateBranch = ""
	if err := l.startWhereRemoved(p, beside); err != nil {
		return err
	}
	firsts, err := l.oldest(p.firsts)
	if err != nil {
		return err
	}
	for _, name := range p.named {
		earlier, later, err := l.order(name.commit, firsts)
		if err != nil {
			return err
		}
		if later && !earlier {
			continue // A change to be planned, or one that an apply recorded.
		}
		found, err := l.tryNamed(name.git)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		named := l.place
		l.place, l.at = beside, ""
		l.starts = append(l.starts, beginning{named, name.git.StateBranch, name.commit, earlier && !later})
	}
	if err := l.leaveLater(); err != nil {
		return err
	}
	for _, s := range l.starts {
		if s.earlier {
			l.place, l.at = s.place, s.at
			return nil
		}
	}
	l.place = beside
	return l.damaged()
}

// order tells how a commit stands to those with which state begins: in the history
// of one, or with one in its own.
func (l *locator) order(commit string, firsts []string) (earlier, later bool, err error) {
	for _, first := range firsts {
		is, err := l.project.store.IsAncestor(commit, first)
		if err != nil && !errors.Is(err, gitstore.ErrShallow) {
			return false, false, err
		}
		earlier = earlier || is
		if is, err = l.project.store.IsAncestor(first, commit); err != nil && !errors.Is(err, gitstore.ErrShallow) {
			return false, false, err
		}
		later = later || is
	}
	return earlier, later, nil
}

// beginApart begins where state was taken away from beside the declarations, or on
// a state branch that was named.
func (l *locator) beginApart(p past, declared model.Git) error {
	none := l.place
	if err := l.startWhereRemoved(p, none); err != nil {
		return err
	}
	for i := range l.starts {
		gone := &l.starts[i].place
		if gone.meta.Applied.Git.StateBranch == "" {
			gone.blocked = append(gone.blocked, plan.Blocked{
				Guardrail: railStateVanished,
				Detail:    fmt.Sprintf("the state was removed after commit %.12s, where it was at serial %d; bring it back: git checkout %.12s -- %s", gone.commit, gone.meta.Serial, gone.commit, state.Dir),
			})
		}
	}
	for _, name := range p.named {
		found, err := l.tryNamed(name.git)
		if err != nil {
			return err
		}
		if found {
			l.starts = append(l.starts, beginning{l.place, name.git.StateBranch, name.commit, false})
			l.place, l.at = none, ""
		}
	}
	if err := l.leaveLater(); err != nil {
		return err
	}
	if len(l.starts) > 0 {
		l.place, l.at = l.starts[0].place, l.starts[0].at
		return nil
	}
	if declared.StateBranch == "" {
		return nil
	}
	// Its state will have a branch of its own from the first apply on.
	commit, unseen, err := l.tip(l.ctx, declared)
	if err == nil && unseen {
		err = &unseenBranchError{declared, l.from}
	}
	l.place.commit, l.place.branch, l.at = commit, stateRef(declared), declared.StateBranch
	return err
}

// startWhereRemoved notes the places that state beside the declarations led to when
// it was taken away.
func (l *locator) startWhereRemoved(p past, from place) error {
	for _, commit := range p.removed {
		meta, _, err := l.project.metaAt(commit)
		if err != nil {
			return err
		}
		if meta == nil {
			continue
		}
		gone := from
		gone.git.StateBranch = ""
		gone.commit, gone.branch, gone.meta = commit, "", meta
		l.starts = append(l.starts, beginning{gone, "", commit, false})
	}
	return nil
}

// oldest leaves out the commits that have another of the list in their history.
func (l *locator) oldest(list []string) ([]string, error) {
	var kept []string
	for _, c := range list {
		later := false
		for _, other := range list {
			if c == other || later {
				continue
			}
			is, err := l.project.store.IsAncestor(other, c)
			if err != nil && !errors.Is(err, gitstore.ErrShallow) {
				return nil, err
			}
			later = is
		}
		if !later {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// tryNamed goes to a state branch if there is a state.
func (l *locator) tryNamed(git model.Git) (bool, error) {
	commit, unseen, err := l.tip(l.ctx, git)
	if err != nil {
		return false, err
	}
	if unseen && git != l.place.git {
		l.unseen(git)
	}
	meta, there, err := l.project.metaAt(commit)
	if err != nil || !there {
		return false, err
	}
	l.place.git, l.place.commit, l.place.branch, l.place.meta, l.at = git, commit, stateRef(git), meta, git.StateBranch
	return true, nil
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

// beginning is a place that history knows to begin with.
type beginning struct {
	place place
	at    string
	// commit is the one that history knows it by.
	commit string
	// earlier says that it comes before the state beside the declarations.
	earlier bool
}

// leaveLater leaves out what came after another beginning: a change of the settings
// that is to be planned, or that an apply has recorded at the place before.
func (l *locator) leaveLater() error {
	commits := make([]string, len(l.starts))
	for i, s := range l.starts {
		commits[i] = s.commit
	}
	oldest, err := l.oldest(commits)
	if err != nil {
		return err
	}
	l.starts = slices.DeleteFunc(l.starts, func(s beginning) bool { return !slices.Contains(oldest, s.commit) })
	return nil
}

// agree follows every other place that history knows to its end. They must all
// come to the one that was taken: a branch with a history of its own, merged in
// such a way that it shows no difference, could else bring a place of its own
// along. Where they do not, the operator says which counts.
func (l *locator) agree() error {
	taken := *l
	ends := map[string]place{taken.where(): taken.place}
	for _, s := range l.starts {
		other := &locator{project: l.project, ctx: l.ctx, from: l.from, tip: l.tip, beside: l.beside, place: s.place, at: s.at}
		if err := other.follow(); err != nil {
			return err
		}
		ends[other.where()] = other.place
	}
	if len(ends) == 1 {
		return nil
	}
	named := l.project.env.Getenv(statePlaceVariable)
	var words []string
	for _, where := range model.Names(ends) {
		end := ends[where]
		if end.git.Place() == named {
			l.place = end
			return nil
		}
		words = append(words, fmt.Sprintf("%s (lineage %s, serial %d)", end.git.Place(), end.meta.Lineage, end.meta.Serial))
	}
	return &unclearPlaceError{words}
}

// unclearPlaceError says that history leads to several states.
type unclearPlaceError struct{ places []string }

func (e *unclearPlaceError) Error() string {
	return "the history of the declarations leads to more than one state: " + strings.Join(e.places, ", ")
}

// Hint says what to do.
func (e *unclearPlaceError) Hint() string {
	return fmt.Sprintf("find out which one applies of yours have written, and name it, as %s=PLACE, wherever osmoctl runs for this project; git log -p --full-history -- %s shows who named the others", statePlaceVariable, config.ProjectFile)
}

// where tells places apart.
func (l *locator) where() string {
	if l.at == "" {
		return "beside"
	}
	return l.place.branch
}

// unseen notes a state branch that the clone has not got.
func (l *locator) unseen(git model.Git) {
	l.notices = append(l.notices, plan.Notice{
		Code:    noticePlaceUnseen,
		Message: fmt.Sprintf("the state branch %s of %s is not in this clone, so it cannot be told whether state is there", git.StateBranch, git.Push),
		Hint:    fetchHint(git),
	})
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
func (p *project) firstPlace(missing *unseenBranchError) (place, error) {
	at := place{git: missing.git, branch: stateRef(missing.git), declarations: missing.from}
	whole, err := p.wouldHave(missing.git)
	if err != nil {
		return at, err
	}
	words := missing.Error() + ", so this is planned as if nothing was applied yet"
	if whole {
		at.notices = []plan.Notice{{Code: noticeFirst, Message: words, Hint: "if something was: " + fetchHint(missing.git)}}
		return at, nil
	}
	at.blocked = []plan.Blocked{{
		Guardrail: railStateUnseen,
		Detail:    words + ". Where something was, this brings it here: " + fetchHint(missing.git) + ". Where nothing was, the first apply makes the branch, and a whole clone can plan it",
	}}
	return at, nil
}

// wouldHave tells whether the clone would have a state branch if the remote had: it
// has all of history, fetches every branch, and remembers none.
func (p *project) wouldHave(git model.Git) (bool, error) {
	shallow, err := p.store.Shallow()
	if err != nil || shallow || p.env.Getenv("GITLAB_CI") != "" {
		return false, err // GitLab's runner fetches one branch, whatever is configured.
	}
	seen, err := history.LoadSeen(p.store.CommonDir(), p.store.Prefix(), stateRef(git))
	if err != nil || seen != nil {
		return false, err
	}
	refspec, _ := p.store.Config("remote." + git.Push + ".fetch")
	all := "refs/heads/*:" + tracking(git.Push, "*")
	return strings.TrimPrefix(refspec, "+") == all, nil
}

func fetchHint(git model.Git) string {
	return fmt.Sprintf("git fetch %s %s", model.ShellWord(git.Push), model.ShellWord("+"+headsPrefix+git.StateBranch+":"+stateRef(git)))
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
			return false, diag.Hinted(fmt.Errorf("the state branch %s of %s is not in this clone", to.StateBranch, to.Push),
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
