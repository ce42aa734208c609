package history

import (
	"container/heap"
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// lookAside looks at the parents of merges that the walk did not follow, as far
// as their commits are on no other way. What osmoctl ended there has ended, even
// if it was taken back before the merge: whoever can push can put a revocation on
// the side by a merge that keeps an older state, and push without force. A merge
// that left behind what was applied there is a side to be judged. What is of
// another lineage is another project's.
func (c *checker) lookAside(ctx context.Context, w *walk) error {
	if len(w.others) == 0 {
		return nil
	}
	b := &beside{store: c.store, shallow: w.shallow, line: w.line, seen: map[string]*aside{}}
	commits, err := b.commits(ctx, w.others, c.base)
	if err != nil {
		return err
	}
	c.report.Cut = c.report.Cut || b.cut
	lineage, err := c.lineage(ctx)
	if err != nil {
		return err
	}
	left := map[int]bool{}
	for _, a := range commits {
		m := record.Parse(a.Message)
		if !m.ByOsmoctl() || lineage != "" && m.Lineage != lineage {
			continue
		}
		id, err := c.store.ID(a.Hash, state.Dir)
		if err != nil {
			return err
		}
		if onLine, err := c.onLine(ctx, w, id); err != nil || onLine {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.learnApart(ctx, first(a.Parents), a.Hash); err != nil {
			return err
		}
		if merge := w.others[a.from]; !left[a.from] && !c.report.Cut && !c.isJudged(merge.Hash) {
			left[a.from] = true
			c.sides = append(c.sides, link{merge.place, place{a.Commit, id}})
		}
	}
	return nil
}

// lineage is that of the state at the commit, "" where it cannot be read.
func (c *checker) lineage(ctx context.Context) (string, error) {
	l := newLoader(c.store)
	if err := l.begin(ctx, c.report.Commit); err != nil || l.meta == nil {
		return "", err
	}
	return l.meta.Lineage, nil
}

func first(parents []string) string {
	if len(parents) == 0 {
		return ""
	}
	return parents[0]
}

// onLine tells whether the walk has met a state, or would have further back: a
// rebase leaves the same states under other names.
func (c *checker) onLine(ctx context.Context, w *walk, id string) (bool, error) {
	if w.states[id] || c.base == nil || w.beyond {
		return w.states[id], nil
	}
	w.beyond = true
	back := &walk{store: c.store, shallow: w.shallow, line: map[string]bool{}, states: w.states}
	if err := back.from(ctx, c.end.Hash); err != nil {
		return false, err
	}
	return w.states[id], nil
}

// isJudged tells whether a commit is judged for itself already.
func (c *checker) isJudged(hash string) bool {
	for _, k := range c.links {
		if k.Hash == hash {
			return true
		}
	}
	for _, k := range c.sides {
		if k.Hash == hash {
			return true
		}
	}
	return false
}

// learnApart takes in what the accounts record as ended at a commit in which they
// differ from another one.
func (c *checker) learnApart(ctx context.Context, before, after string) error {
	if before != "" {
		if _, err := c.store.Commit(before); errors.Is(err, git.ErrMissingObject) {
			before = ""
		}
	}
	diffs, err := c.store.Differences(ctx, before, after, state.Dir)
	if err != nil {
		return err
	}
	l := newLoader(c.store)
	folders := sortOut(diffs).accounts
	files, err := l.read(ctx, after, model.Names(folders))
	if err != nil {
		return err
	}
	for folder := range folders {
		l.account(folder, readAlone(files[folder]))
		c.apart.learn(l.accounts[folder], after)
	}
	return nil
}

// beside finds the commits that lead to others and that neither the walk nor what
// the clone remembers has.
type beside struct {
	store   Store
	shallow bool
	line    map[string]bool
	seen    map[string]*aside
	queue   newest
	// open counts the queued commits that nobody has yet.
	open int
	cut  bool
}

// aside is one of these commits.
type aside struct {
	git.Commit
	// from is the index of the merge that it was first reached from.
	from int
	// had says that it leads to what is remembered.
	had, queued bool
}

// commits go back from the others, newest first, and from what is remembered
// beside them, until everything left is remembered. Commit dates decide the order
// alone; with wrong ones, commits that are remembered may be among the result.
func (b *beside) commits(ctx context.Context, others []link, base *Seen) ([]*aside, error) {
	if base != nil {
		if err := b.meet(base.Commit, 0, true); err != nil {
			return nil, err
		}
	}
	for i, o := range others {
		if err := b.meet(o.before.Hash, i, false); err != nil {
			return nil, err
		}
	}
	var order []*aside
	for b.open > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a := heap.Pop(&b.queue).(*aside)
		if a.queued = false; !a.had {
			b.open--
			order = append(order, a)
		}
		for _, parent := range a.Parents {
			if err := b.meet(parent, a.from, a.had); err != nil {
				return nil, err
			}
		}
	}
	var out []*aside
	for _, a := range order {
		if !a.had {
			out = append(out, a)
		}
	}
	return out, nil
}

// meet notes a commit, and queues it where that is news.
func (b *beside) meet(hash string, from int, had bool) error {
	if b.line[hash] && !had {
		return nil
	}
	a := b.seen[hash]
	if a == nil {
		c, err := b.store.Commit(hash)
		if b.shallow && errors.Is(err, git.ErrMissingObject) {
			b.cut = b.cut || !had
			return nil
		}
		if err != nil {
			return err
		}
		a = &aside{Commit: c, from: from, had: had}
		b.seen[hash] = a
		b.push(a)
		return nil
	}
	if had && !a.had {
		a.had = true
		if a.queued {
			b.open--
		} else {
			b.push(a)
		}
	}
	return nil
}

func (b *beside) push(a *aside) {
	a.queued = true
	heap.Push(&b.queue, a)
	if !a.had {
		b.open++
	}
}

// newest is a heap of commits by date.
type newest []*aside

func (n newest) Len() int           { return len(n) }
func (n newest) Less(i, j int) bool { return n[i].Committer.When.After(n[j].Committer.When) }
func (n newest) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *newest) Push(x any)        { *n = append(*n, x.(*aside)) }

func (n *newest) Pop() any {
	last := len(*n) - 1
	a := (*n)[last]
	*n = (*n)[:last]
	return a
}
