package worktree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ListUncommitted returns the files below the folders (or files) named that are
// not the same in the work tree as at the commit: edited, deleted, or there
// without being in the commit, ignored by git or not. Paths are relative to the
// project and sorted. What git would store counts, as a [Draft] has it, so that
// line ends are no difference, and neither is a file that a sparse checkout leaves
// out.
func ListUncommitted(repo *git.Repository, commit string, dirs ...string) ([]string, error) {
	d, err := newDraft(context.Background(), repo, commit, dirs)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	different := append(slices.Clone(d.ignored), d.foreign...)
	for name := range d.commit {
		if d.nodes[name] == nil {
			different = append(different, name)
		}
	}
	for name, n := range d.nodes {
		same, err := d.isCommitted(n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", repo.InProject(name), bare(err))
		}
		if !same {
			different = append(different, name)
		}
	}
	for i, name := range different {
		different[i] = repo.InProject(name)
	}
	slices.Sort(different)
	return slices.Compact(different), nil
}

// ListIgnored returns the files below the folders (or files) named that git ignores,
// and that are not tracked nevertheless. They are among the [ListUncommitted].
func ListIgnored(repo *git.Repository, commit string, dirs ...string) ([]string, error) {
	d, err := newDraft(context.Background(), repo, commit, dirs)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	ignored := slices.Clone(d.ignored)
	for i, name := range ignored {
		ignored[i] = repo.InProject(name)
	}
	slices.Sort(ignored)
	return ignored, nil
}

// isCommitted compares by name, so that few blobs have to be read.
func (d *draft) isCommitted(n *drafted) (bool, error) {
	at := d.commit[n.name]
	switch {
	case n.mode.IsDir():
		return true, d.broken[n.name]
	case n.mode&fs.ModeSymlink != 0:
		// Where it leads is of no interest: who reads the commit refuses it.
		return at.Mode == object.ModeLink, nil
	case at.Mode == 0:
		return false, nil
	case !n.mode.IsRegular() || !object.IsFile(at.Mode):
		return n.known.mode == object.ModeSubmodule && at.ID == n.id, nil
	}
	data, err := d.content(n)
	if errors.Is(err, disk.ErrTooLarge) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return object.IDOf(object.Blob, data) == at.ID || object.IDOf(object.Blob, WithoutCR(data)) == at.ID, nil
}
