package git

import (
	"context"
	"errors"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// Node is a commit among all ancestors of another, with what some paths of the
// project hold there.
type Node struct {
	Commit
	// IDs name what each path holds, "" is nothing; Before has the same for each
	// of Parents, which are those that the clone has.
	IDs    []string
	Before [][]string
}

// Introduces reports whether a path holds something that it holds in no parent.
func (n Node) Introduces(path int) bool {
	for _, before := range n.Before {
		if before[path] == n.IDs[path] {
			return false
		}
	}
	return n.IDs[path] != ""
}

// Ancestry calls each for all ancestors of a commit and the commit itself, in no
// order that means anything, whichever parent of a merge leads to them: which one
// is the first is up to whoever merges. Where a shallow clone's history ends,
// ErrShallow is returned after all that could be told.
func (r *Repository) Ancestry(ctx context.Context, from string, paths []string, each func(Node) error) error {
	if from == "" {
		return nil
	}
	shallow, err := r.shallow()
	if err != nil {
		return err
	}
	reader := r.Objects.fork()
	defer reader.close()
	a := &ancestry{reader: reader, nodes: map[string]*Node{}, trees: map[object.ID][]string{}}
	for _, p := range paths {
		a.paths = append(a.paths, r.InRoot(p))
	}
	cut := false
	queue := []string{from}
	queued := map[string]bool{from: true}
	for len(queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		node, err := a.node(queue[len(queue)-1])
		if err != nil {
			return err
		}
		queue = queue[:len(queue)-1]
		found := *node
		found.Parents, found.Before = nil, nil
		parents := node.Parents
		if shallow[object.MustParseID(node.Hash)] {
			cut, parents = true, nil
		}
		for _, hash := range parents {
			parent, err := a.node(hash)
			if errors.Is(err, ErrMissingObject) && len(shallow) > 0 {
				cut = true
				continue
			}
			if err != nil {
				return err
			}
			found.Parents, found.Before = append(found.Parents, hash), append(found.Before, parent.IDs)
			if !queued[hash] {
				queued[hash] = true
				queue = append(queue, hash)
			}
		}
		if err := each(found); err != nil {
			return err
		}
	}
	if cut {
		return ErrShallow
	}
	return nil
}

// ancestry remembers the commits that it has read, since each is met as a parent
// and by itself, and what trees hold, since most commits do not touch the paths.
type ancestry struct {
	reader *reader
	paths  []string
	nodes  map[string]*Node
	trees  map[object.ID][]string
}

func (a *ancestry) node(hash string) (*Node, error) {
	if n := a.nodes[hash]; n != nil {
		return n, nil
	}
	name, err := object.ParseID(hash)
	if err != nil {
		return nil, err
	}
	c, err := readCommit(a.reader, name)
	if err != nil {
		return nil, err
	}
	c.Message = "" // There may be very many.
	n := &Node{Commit: c}
	root := object.MustParseID(c.Tree)
	if n.IDs = a.trees[root]; n.IDs == nil {
		for _, p := range a.paths {
			entry, err := lookUp(a.reader, root, p)
			if err != nil {
				return nil, err
			}
			n.IDs = append(n.IDs, entry.ID.Hash())
		}
		a.trees[root] = n.IDs
	}
	a.nodes[hash] = n
	return n, nil
}
