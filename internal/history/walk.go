package history

import (
	"context"
	"errors"
	"slices"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Store is what is read of a repository; [git.Repository] is one.
type Store interface {
	Commit(hash string) (git.Commit, error)
	// ID names what a path holds at a commit; "" is nothing.
	ID(commit, path string) (string, error)
	Files(ctx context.Context, commit string, dirs []string, want func(path string) bool) ([]git.File, error)
	Differences(ctx context.Context, before, after, dir string) ([]git.Difference, error)
	Shallow() (bool, error)
}

// place is a commit and the name of its state, "" where it has none.
type place struct {
	git.Commit
	state string
}

// link is a commit that has another state than the one it is held against.
type link struct {
	place
	before place
}

// walk goes back from a commit and collects what touched state.
type walk struct {
	store   Store
	shallow bool
	// until end the walk: what lies behind them was checked before.
	until map[string]*Seen
	// links are newest first.
	links []link
	// merges have yet to meet the state that they left.
	merges []link
	// others are merges with a parent each that the walk did not follow.
	others []link
	// line are the commits that it did, and states what they have.
	line, states map[string]bool
	// beyond says that states has those behind the end too.
	beyond bool
	// strange are merges beside a parent of theirs whose state is of another
	// lineage.
	strange []link
	// unread are commits whose meta.json a partial clone lacks.
	unread []string
	// end is where the links end: until, the beginning of history (the zero
	// place), or where history goes on and the clone does not, which cut says.
	end     place
	cut     bool
	reached bool
}

func (w *walk) from(ctx context.Context, hash string) error {
	at, err := w.visit(hash)
	for err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.meet(at)
		if !w.reached {
			w.line[at.Hash], w.states[at.state] = true, true
			w.end, w.reached = at, w.until[at.Hash] != nil
		}
		if w.reached && len(w.merges) == 0 {
			return nil
		}
		var more bool
		if at, more, err = w.back(ctx, at); !more {
			return err
		}
	}
	return err
}

func (w *walk) visit(hash string) (place, error) {
	c, err := w.store.Commit(hash)
	if err != nil {
		return place{}, err
	}
	id, err := w.store.ID(hash, state.Dir)
	return place{c, id}, err
}

// meet strikes off the merges that left the state of this place for a newer one.
func (w *walk) meet(at place) {
	kept := w.merges[:0]
	for _, m := range w.merges {
		if m.before.state != at.state {
			kept = append(kept, m)
		}
	}
	w.merges = kept
}

// back goes to the commit that a commit's state is to be held against.
func (w *walk) back(ctx context.Context, at place) (place, bool, error) {
	if len(at.Parents) == 0 {
		w.add(link{place: at})
		return place{}, false, nil
	}
	if err := w.compare(ctx, at); err != nil {
		return place{}, false, err
	}
	first, err := w.visit(findGround(at.Commit))
	if w.shallow && errors.Is(err, git.ErrMissingObject) {
		w.cut = true
		return place{}, false, nil
	}
	if err != nil {
		return first, false, err
	}
	next, err := w.follow(at, first)
	if err != nil {
		return place{}, false, err
	}
	for _, parent := range at.Parents {
		if parent != next.Hash && !w.reached {
			w.others = append(w.others, link{at, place{Commit: git.Commit{Hash: parent}}})
		}
	}
	return next, true, nil
}

// follow is the parent that a commit has its state from: another one than the
// first only where the state is exactly that one's.
func (w *walk) follow(at, first place) (place, error) {
	if first.state == at.state {
		return first, nil
	}
	for _, parent := range at.Parents[1:] {
		other, err := w.visit(parent)
		if w.shallow && errors.Is(err, git.ErrMissingObject) {
			continue
		}
		if err != nil {
			return place{}, err
		}
		if other.state == at.state {
			w.noteMerge(link{at, first})
			return other, nil
		}
	}
	w.add(link{at, first})
	return first, nil
}

// compare holds the lineage of a merge against those of its parents. The walk
// follows one of them, and which is the first is up to whoever merges: a branch
// without any history of this project's, with a state of its own, would else put
// the true one aside and be followed to its beginning.
func (w *walk) compare(ctx context.Context, at place) error {
	if w.reached || len(at.Parents) < 2 || at.state == "" {
		return nil
	}
	var here *state.Meta
	for _, hash := range at.Parents {
		other, err := w.visit(hash)
		if errors.Is(err, git.ErrMissingObject) && w.shallow {
			continue
		}
		if err != nil {
			return err
		}
		if other.state == "" || other.state == at.state {
			continue
		}
		if here == nil {
			if here, err = w.meta(ctx, at.Hash); err != nil || here == nil {
				return err // What cannot be read is said by whoever judges it.
			}
		}
		there, err := w.meta(ctx, hash)
		if err != nil {
			return err
		}
		if there != nil && there.Lineage != here.Lineage {
			w.strange = append(w.strange, link{at, other})
		}
	}
	return nil
}

// meta reads meta.json at a commit; nil is one that cannot be read.
func (w *walk) meta(ctx context.Context, commit string) (*state.Meta, error) {
	files, err := w.store.Files(ctx, commit, []string{state.Dir + "/" + state.MetaPath}, nil)
	if errors.Is(err, git.ErrMissingObject) {
		w.unread = append(w.unread, commit)
		return nil, nil
	}
	if err != nil || len(files) != 1 {
		return nil, err
	}
	return state.DecodeMeta(files[0].Data), nil
}

// findGround finds the parent that a commit's state was made on: the first, but for the
// first commit at a place that state was moved to.
func findGround(c git.Commit) string {
	if len(c.Parents) > 1 {
		if moved := record.Parse(c.Message).Moved; slices.Contains(c.Parents, moved) {
			return moved
		}
	}
	return c.Parents[0]
}

// add notes a link. The first commit of all stands on nothing.
func (w *walk) add(l link) {
	if w.reached {
		return
	}
	if l.state != l.before.state {
		w.links = append(w.links, l)
	}
	if l.before.Hash == "" {
		w.end = place{}
	}
}

// noteMerge notes a merge that took the state of another parent than its first.
func (w *walk) noteMerge(l link) {
	if !w.reached && l.before.state != "" {
		w.merges = append(w.merges, l)
	}
}
