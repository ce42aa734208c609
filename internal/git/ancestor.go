package git

import (
	"container/heap"
	"errors"
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// IsAncestor reports whether ancestor is commit or can be reached from it by
// parents. In a shallow clone that cannot tell, the error is ErrShallow.
func (r *Repository) IsAncestor(ancestor, commit string) (bool, error) {
	if ancestor == commit {
		return true, nil
	}
	shallow, err := r.shallow()
	if err != nil {
		return false, err
	}
	p := &painter{objects: r.Objects, shallow: shallow, seen: map[string]*painted{}}
	if _, err := r.Commit(ancestor); len(shallow) > 0 && errors.Is(err, ErrMissingObject) {
		return false, ErrShallow // it may lie behind the end of the clone
	}
	for hash, side := range map[string]side{ancestor: fromAncestor, commit: fromCommit} {
		if err := p.paint(hash, side); err != nil {
			return false, err
		}
	}
	if err := p.run(); err != nil {
		return false, err
	}
	if p.seen[ancestor].sides&fromCommit != 0 {
		return true, nil
	}
	if p.cut {
		return false, ErrShallow
	}
	return false, nil
}

// MergeBases are the commits that both have in their history and that no other
// such commit is built on: where one branch left the other. There are none where
// nothing is in common, and several where both were merged into one another: which
// of those counts is nobody's to choose by a date. Where a shallow clone cannot
// tell, the error is ErrShallow.
func (r *Repository) MergeBases(a, b string) ([]string, error) {
	if a == b {
		return []string{a}, nil
	}
	shallow, err := r.shallow()
	if err != nil {
		return nil, err
	}
	p := &painter{objects: r.Objects, shallow: shallow, seen: map[string]*painted{}}
	for hash, side := range map[string]side{a: fromAncestor, b: fromCommit} {
		if err := p.paint(hash, side); err != nil {
			return nil, err
		}
	}
	if err := p.run(); err != nil {
		return nil, err
	}
	bases, err := r.newest(p.common())
	if err == nil && len(bases) == 0 && p.cut {
		err = ErrShallow
	}
	return bases, err
}

// common are commits that were reached from both sides, without those that are
// seen to be behind another.
func (p *painter) common() []string {
	behind := map[string]bool{}
	for _, c := range p.seen {
		if c.sides == both {
			for _, parent := range c.parents {
				behind[parent] = true
			}
		}
	}
	var common []string
	for hash, c := range p.seen {
		if c.sides == both && !behind[hash] {
			common = append(common, hash)
		}
	}
	slices.Sort(common)
	return common
}

// newest leaves out the commits that another of the list is built on.
func (r *Repository) newest(list []string) ([]string, error) {
	var out []string
	for _, c := range list {
		behind := false
		for _, other := range list {
			if c == other || behind {
				continue
			}
			is, err := r.IsAncestor(c, other)
			if err != nil && !errors.Is(err, ErrShallow) {
				return nil, err
			}
			behind = is
		}
		if !behind {
			out = append(out, c)
		}
	}
	return out, nil
}

// side tells from where a commit was reached.
type side uint8

const (
	fromAncestor side = 1 << iota
	fromCommit
	both = fromAncestor | fromCommit
)

// painter walks back from two commits, newest first, and stops when everything
// left to look at was reached from both: what lies behind that is common history.
// Commit dates only decide the order, so wrong clocks cost time and nothing else.
type painter struct {
	objects *Objects
	shallow map[object.ID]bool
	seen    map[string]*painted
	queue   dated
	// open counts the queued commits that were reached from one side only.
	open int
	// cut says that a shallow clone's end was met on the way.
	cut bool
}

type painted struct {
	hash    string
	parents []string
	when    time.Time
	sides   side
	queued  bool
}

func (p *painter) run() error {
	for p.open > 0 {
		c := heap.Pop(&p.queue).(*painted)
		c.queued = false
		if c.sides != both {
			p.open--
		}
		if p.shallow[object.MustParseID(c.hash)] {
			p.cut = true
			continue
		}
		for _, parent := range c.parents {
			if err := p.paint(parent, c.sides); err != nil {
				return err
			}
		}
	}
	return nil
}

// paint adds sides to a commit, and queues it if that is news.
func (p *painter) paint(hash string, sides side) error {
	c := p.seen[hash]
	if c == nil {
		commit, err := p.objects.Commit(hash)
		if err != nil {
			return err
		}
		c = &painted{hash: hash, parents: commit.Parents, when: commit.Committer.When}
		p.seen[hash] = c
	}
	before := c.sides
	c.sides |= sides
	switch {
	case c.sides == before:
	case !c.queued:
		c.queued = true
		heap.Push(&p.queue, c)
		if c.sides != both {
			p.open++
		}
	case c.sides == both:
		p.open--
	}
	return nil
}

// dated is a heap of commits, the newest first.
type dated []*painted

func (d dated) Len() int           { return len(d) }
func (d dated) Less(i, j int) bool { return d[i].when.After(d[j].when) }
func (d dated) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dated) Push(x any)        { *d = append(*d, x.(*painted)) }

func (d *dated) Pop() any {
	last := len(*d) - 1
	c := (*d)[last]
	*d = (*d)[:last]
	return c
}
