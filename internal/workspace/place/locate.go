package place

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// locator follows the places of one project's state.
type locator struct {
	f    *Finder
	from string
	tip  TipOf
	// beside is the full name of the branch that from was read through.
	beside string
	// at is the state branch of the place reached; "" is beside the declarations.
	at string
	// starts are all places that history knows to begin with.
	starts []beginning
	Place
}

// Locate finds the state that belongs to the declarations at a commit, which was
// read through branch.
func (f *Finder) Locate(ctx context.Context, from, branch string, tip TipOf) (Place, error) {
	l := &locator{f: f, from: from, tip: tip, beside: branch}
	if err := l.begin(ctx); err != nil {
		return Place{}, err
	}
	if err := l.follow(ctx); err != nil {
		return Place{}, err
	}
	if err := l.confirm(ctx); err != nil {
		return Place{}, err
	}
	return l.Place, l.agree(ctx)
}

// Variable names the place of state for whoever runs osmoctl where the
// old place could not record that state moved: nobody may push there any more.
const Variable = "OSMOCTL_STATE_PLACE"

// confirm goes on to the place that the operator has named beside the project
// file.
func (l *locator) confirm(ctx context.Context) error {
	named := l.f.getenv(Variable)
	if named == "" || l.Meta == nil || l.Goal != nil {
		return nil
	}
	declared, err := l.f.SettingsAt(l.from)
	if err != nil || declared.Place() != named || declared.StateBranch == l.at {
		return err
	}
	from, at := l.Place, l.at
	moved, err := l.step(ctx, declared)
	if err != nil || !moved {
		return err
	}
	// It must go on from the old one, and not merely look like it.
	if on, err := l.f.repo.IsAncestor(from.Commit, l.Place.Commit); err == nil && !on {
		there := l.Place.Meta
		l.Place, l.at = from, at
		l.Place.Blocked = append(l.Place.Blocked, placeTaken(declared, from.Meta, there))
	}
	return nil
}

// begin goes to the first place.
func (l *locator) begin(ctx context.Context) error {
	meta, there, err := l.f.MetaAt(ctx, l.from)
	if err != nil {
		return err
	}
	declared, broken := l.f.SettingsAt(l.from)
	if broken != nil && meta != nil {
		declared, broken = meta.Applied.Git, nil // The project file is for others to report.
	}
	l.Place = Place{Git: declared, Commit: l.from, Branch: l.beside, Meta: meta, Declarations: l.from}
	if l.isVouchedFor() {
		l.Place.Git.StateBranch = ""
		return nil
	}
	past, err := l.lookBack(ctx)
	if err != nil {
		return err
	}
	if there {
		return l.beginBeside(ctx, past)
	}
	err = l.beginApart(ctx, past, declared)
	if err == nil && l.Meta == nil {
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
func (l *locator) lookBack(ctx context.Context) (past, error) {
	const file, dir = 0, 1
	var p past
	err := l.f.repo.Ancestry(ctx, l.from, []string{config.ProjectFile, state.Dir}, func(n git.Node) error {
		if n.Introduces(file) {
			// One that cannot be read named nothing.
			if git, err := l.f.SettingsAt(n.Hash); err == nil && git.StateBranch != "" {
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
	if errors.Is(err, git.ErrShallow) {
		err = nil
	}
	slices.SortFunc(p.named, func(a, b namedPlace) int { return cmp.Compare(a.commit, b.commit) })
	slices.Sort(p.removed)
	return p, err
}

// beginBeside begins with the state beside the declarations, unless a state branch
// that was named before it has a state. One that was named on a line of history of
// its own is neither earlier nor later: then somebody has to say which counts.
func (l *locator) beginBeside(ctx context.Context, p past) error {
	beside := l.Place
	beside.Git.StateBranch = ""
	if err := l.startWhereRemoved(ctx, p, beside); err != nil {
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
		found, err := l.tryNamed(ctx, name.git)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		named := l.Place
		l.Place, l.at = beside, ""
		l.starts = append(l.starts, beginning{named, name.git.StateBranch, name.commit, earlier && !later})
	}
	if err := l.leaveLater(); err != nil {
		return err
	}
	for _, s := range l.starts {
		if s.earlier {
			l.Place, l.at = s.place, s.at
			return nil
		}
	}
	l.Place = beside
	return l.recallPlace(ctx)
}

// order tells how a commit stands to those with which state begins: in the history
// of one, or with one in its own.
func (l *locator) order(commit string, firsts []string) (earlier, later bool, err error) {
	for _, first := range firsts {
		is, err := l.f.repo.IsAncestor(commit, first)
		if err != nil && !errors.Is(err, git.ErrShallow) {
			return false, false, err
		}
		earlier = earlier || is
		if is, err = l.f.repo.IsAncestor(first, commit); err != nil && !errors.Is(err, git.ErrShallow) {
			return false, false, err
		}
		later = later || is
	}
	return earlier, later, nil
}

// beginApart begins where state was taken away from beside the declarations, or on
// a state branch that was named.
func (l *locator) beginApart(ctx context.Context, p past, declared model.Git) error {
	none := l.Place
	if err := l.startWhereRemoved(ctx, p, none); err != nil {
		return err
	}
	for i := range l.starts {
		gone := &l.starts[i].place
		if gone.Meta.Applied.Git.StateBranch == "" {
			gone.Blocked = append(gone.Blocked, plan.Blocked{
				Guardrail: railStateVanished,
				Detail:    fmt.Sprintf("the state was removed after commit %.12s, where it was at serial %d; bring it back: git checkout %.12s -- %s", gone.Commit, gone.Meta.Serial, gone.Commit, state.Dir),
			})
		}
	}
	for _, name := range p.named {
		found, err := l.tryNamed(ctx, name.git)
		if err != nil {
			return err
		}
		if found {
			l.starts = append(l.starts, beginning{l.Place, name.git.StateBranch, name.commit, false})
			l.Place, l.at = none, ""
		}
	}
	if err := l.leaveLater(); err != nil {
		return err
	}
	if len(l.starts) > 0 {
		l.Place, l.at = l.starts[0].place, l.starts[0].at
		return nil
	}
	if declared.StateBranch == "" {
		return nil
	}
	// Its state will have a branch of its own from the first apply on.
	commit, unseen, err := l.tip(ctx, declared)
	if err == nil && unseen {
		err = &unseenBranchError{declared, l.from}
	}
	l.Place.Commit, l.Place.Branch, l.at = commit, StateRef(declared), declared.StateBranch
	return err
}

// startWhereRemoved notes the places that state beside the declarations led to when
// it was taken away.
func (l *locator) startWhereRemoved(ctx context.Context, p past, from Place) error {
	for _, commit := range p.removed {
		meta, _, err := l.f.MetaAt(ctx, commit)
		if err != nil {
			return err
		}
		if meta == nil {
			continue
		}
		gone := from
		gone.Git.StateBranch = ""
		gone.Commit, gone.Branch, gone.Meta = commit, "", meta
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
			is, err := l.f.repo.IsAncestor(other, c)
			if err != nil && !errors.Is(err, git.ErrShallow) {
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
func (l *locator) tryNamed(ctx context.Context, git model.Git) (bool, error) {
	commit, unseen, err := l.tip(ctx, git)
	if err != nil {
		return false, err
	}
	if unseen && git != l.Place.Git {
		l.noteUnseen(git)
	}
	meta, there, err := l.f.MetaAt(ctx, commit)
	if err != nil || !there {
		return false, err
	}
	l.Place.Git, l.Place.Commit, l.Place.Branch, l.Place.Meta, l.at = git, commit, StateRef(git), meta, git.StateBranch
	return true, nil
}

// recallPlace is for a state whose meta.json cannot be read: its place is that which
// the last one that can be read recorded, and not what the project file says.
func (l *locator) recallPlace(ctx context.Context) error {
	if l.Meta != nil {
		return nil
	}
	stop := errors.New("found")
	err := l.f.repo.History(ctx, l.from, state.Dir, func(c git.Commit) error {
		meta, _, err := l.f.MetaAt(ctx, c.Hash)
		if err == nil && meta != nil {
			l.Place.Git, err = meta.Applied.Git, stop
		}
		return err
	})
	if errors.Is(err, stop) || errors.Is(err, git.ErrShallow) {
		return nil
	}
	return err
}

// beginning is a place that history knows to begin with.
type beginning struct {
	place Place
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
func (l *locator) agree(ctx context.Context) error {
	taken := *l
	ends := map[string]Place{taken.where(): taken.Place}
	for _, s := range l.starts {
		other := &locator{f: l.f, from: l.from, tip: l.tip, beside: l.beside, Place: s.place, at: s.at}
		if err := other.follow(ctx); err != nil {
			return err
		}
		ends[other.where()] = other.Place
	}
	if len(ends) == 1 {
		return nil
	}
	named := l.f.getenv(Variable)
	var words []string
	for _, where := range model.Names(ends) {
		end := ends[where]
		if end.Git.Place() == named {
			l.Place = end
			return nil
		}
		words = append(words, fmt.Sprintf("%s (lineage %s, serial %d)", end.Git.Place(), end.Meta.Lineage, end.Meta.Serial))
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
	return fmt.Sprintf("find out which one applies of yours have written, and name it, as %s=PLACE, wherever osmoctl runs for this project; git log -p --full-history -- %s shows who named the others", Variable, config.ProjectFile)
}

// where tells places apart.
func (l *locator) where() string {
	if l.at == "" {
		return "beside"
	}
	return l.Place.Branch
}

// noteUnseen notes a state branch that the clone has not got.
func (l *locator) noteUnseen(git model.Git) {
	l.Notices = append(l.Notices, plan.Notice{
		Code:    noticePlaceUnseen,
		Message: fmt.Sprintf("the state branch %s of %s is not in this clone, so it cannot be told whether state is there", git.StateBranch, git.Push),
		Hint:    fetchHint(git),
	})
}

// isVouchedFor tells that this clone has found the state beside the declarations
// sound before, in this history: then no older place has to be looked for. What
// the clone remembers it has read at a place that was found like this.
func (l *locator) isVouchedFor() bool {
	if l.Meta == nil {
		return false
	}
	sound, err := history.LoadSound(l.f.repo.CommonDir(), l.f.repo.Prefix())
	if err != nil {
		return false
	}
	// The newest is the nearest, and the way to an old one may be ten years of commits.
	slices.SortStableFunc(sound, func(a, b history.Seen) int { return b.Serial - a.Serial })
	return slices.ContainsFunc(sound, func(s history.Seen) bool {
		if !s.Whole || s.Lineage != l.Meta.Lineage || s.Serial > l.Meta.Serial {
			return false
		}
		beside, err := l.f.repo.ID(s.Commit, config.ProjectFile)
		if err != nil || beside == "" {
			return false
		}
		before, err := l.f.repo.IsAncestor(s.Commit, l.from)
		return err == nil && before
	})
}

// maxMoves bounds how many places are gone through.
const maxMoves = 16

// follow goes on to where the state found says that an apply moved it.
func (l *locator) follow(ctx context.Context) error {
	for range maxMoves {
		if l.Meta == nil {
			return nil
		}
		recorded := l.Meta.Applied.Git
		if recorded.StateBranch == l.at {
			l.Place.Git = recorded
			return nil
		}
		moved, err := l.step(ctx, recorded)
		if err != nil || !moved {
			return err
		}
	}
	return errors.New("the state was moved in a circle: the settings recorded in meta.json lead from one place to another and back")
}

// step goes to one more place. Where nothing is there yet, the move has still to
// be done.
func (l *locator) step(ctx context.Context, to model.Git) (moved bool, err error) {
	commit, branch, unseen := l.from, l.beside, false
	if to.StateBranch != "" {
		branch = StateRef(to)
		if commit, unseen, err = l.tip(ctx, to); err != nil {
			return false, err
		}
		if unseen {
			return false, diag.Hinted(fmt.Errorf("the state branch %s of %s is not in this clone", to.StateBranch, to.Push),
				fetchHint(to)+" (if the apply that moved state there did not come to its end: osmoctl apply "+guard.StateMoveFlag(to)+")")
		}
	}
	meta, _, err := l.f.MetaAt(ctx, commit)
	if err != nil {
		return false, err
	}
	if meta == nil || meta.Lineage != l.Meta.Lineage || meta.Serial <= l.Meta.Serial {
		l.Goal = &to
		if l.at == "" {
			l.Place.Git = model.Git{Push: to.Push, Branch: to.Branch}
		}
		if meta != nil && !l.LeftBehind(meta) {
			l.Blocked = append(l.Blocked, placeTaken(to, l.Meta, meta))
		}
		return false, nil
	}
	l.Place.Git, l.Place.Commit, l.Place.Branch, l.Place.Meta, l.at = to, commit, branch, meta, to.StateBranch
	return true, nil
}
