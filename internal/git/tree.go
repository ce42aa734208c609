package git

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// readTree reads a folder; the zero id is an empty one.
func readTree(from source, tree object.ID) ([]object.Entry, error) {
	if tree == (object.ID{}) {
		return nil, nil
	}
	data, err := readKind(from, tree, object.Tree)
	if err != nil {
		return nil, err
	}
	entries, err := object.ParseTree(data)
	from.recycle(data)
	return entries, err
}

// lookUp follows a path, in slashes, down from a tree. A name that is not
// there gives the zero entry; "" gives the tree itself.
func lookUp(from source, tree object.ID, path string) (object.Entry, error) {
	at := object.Entry{Mode: object.ModeTree, ID: tree}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if !at.IsTree() {
			return object.Entry{}, nil
		}
		entries, err := readTree(from, at.ID)
		if err != nil {
			return object.Entry{}, err
		}
		at = entryNamed(entries, name)
	}
	return at, nil
}

func entryNamed(entries []object.Entry, name string) object.Entry {
	for _, e := range entries {
		if e.Name == name {
			return e
		}
	}
	return object.Entry{}
}
