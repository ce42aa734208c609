package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// History calls each for the commits that touched a path of the project ("" is
// the whole project), newest first, along first parents from the commit given.
// Only tree ids are compared. An error of each ends the walk and is returned.
// Where a shallow clone's history ends, ErrShallow is returned after all that
// could be told.
func (r *Repository) History(ctx context.Context, from, path string, each func(Commit) error) error {
	if from == "" {
		return nil
	}
	shallow, err := r.shallow()
	if err != nil {
		return err
	}
	w := &walk{path: r.InRoot(path), reader: r.Objects.fork(), shallow: shallow}
	defer w.reader.close()
	return w.from(ctx, from, each)
}

// walk goes back in history and remembers the tree that it looked into last,
// since most commits of a shared repository do not touch the path's.
type walk struct {
	path    string
	reader  *reader
	shallow map[object.ID]bool
	root    object.ID
	at      object.Entry
}

func (w *walk) from(ctx context.Context, hash string, each func(Commit) error) error {
	current, here, err := w.visit(hash)
	for err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.shallow[object.MustParseID(current.Hash)] {
			return ErrShallow
		}
		var parent Commit
		var before object.Entry
		if len(current.Parents) > 0 {
			parent, before, err = w.visit(current.Parents[0])
		}
		if err == nil && before != here {
			err = each(current)
		}
		if err == nil && len(current.Parents) == 0 {
			return nil
		}
		current, here = parent, before
	}
	return err
}

// visit reads a commit and finds the path in it; the entry's name is left out,
// so that entries compare by mode and content.
func (w *walk) visit(hash string) (Commit, object.Entry, error) {
	name, err := object.ParseID(hash)
	if err != nil {
		return Commit{}, object.Entry{}, err
	}
	c, err := readCommit(w.reader, name)
	if err != nil {
		return Commit{}, object.Entry{}, err
	}
	if root := object.MustParseID(c.Tree); root != w.root {
		w.at, err = lookUp(w.reader, root, w.path)
		w.root, w.at.Name = root, ""
	}
	return c, w.at, err
}

// Shallow says that the clone does not have all of its history.
func (r *Repository) Shallow() (bool, error) {
	commits, err := r.shallow()
	return len(commits) > 0, err
}

// shallow returns the commits whose parents the clone does not have.
func (r *Repository) shallow() (map[object.ID]bool, error) {
	data, err := os.ReadFile(filepath.Join(r.commonDir, "shallow"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	commits := map[object.ID]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if commit, err := object.ParseID(lines.Text()); err == nil {
			commits[commit] = true
		}
	}
	return commits, errors.Join(err, lines.Err())
}
