package worktree

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ListChanged returns the files below dir, relative to the project and sorted, that
// the index or the work tree has otherwise than the commit: edited, staged,
// deleted or in conflict. Files that git does not track are not looked for.
//
// It goes by what git remembers of each file in the index, and reads a file only
// where that does not settle it: it costs one look at each file, as "git status" does.
// An index that osmoctl cannot read is compared by content, see [ListUncommitted].
func ListChanged(ctx context.Context, repo *git.Repository, commit, dir string) ([]string, error) {
	file, err := repo.ReadIndex()
	if err != nil {
		return nil, err
	}
	if file.Unread != "" {
		return ListUncommitted(repo, commit, dir)
	}
	at, err := repo.Entry(commit, dir)
	if err != nil {
		return nil, err
	}
	staged := file.Below(repo.InRoot(dir))
	var changed []string
	alike := staged
	if folderOf(staged, repo.InRoot(dir)) != at.ID {
		committed, err := repo.Files(ctx, commit, []string{dir}, func(string) bool { return false })
		if err != nil {
			return nil, err
		}
		changed, alike = compareIndex(repo, committed, staged)
	}
	edited, err := findEdits(repo, alike, file.Info)
	changed = append(changed, edited...)
	slices.Sort(changed)
	return slices.Compact(changed), err
}

// folderOf is the name that a commit would give to the folder made of index
// entries: to hash 10,000 folders takes a tenth of the time it takes to read
// them. Entries in conflict make no folder, which gives the zero id. The index has
// them in the order of a tree already: where a folder's name ends, both count a slash.
func folderOf(entries []index.Entry, dir string) object.ID {
	return (&folderHasher{}).hash(entries, len(dir), 0)
}

// folderHasher hashes folders. It has the content of each on the way to the one at hand,
// so that 100,000 folders take a handful of allocations.
type folderHasher struct{ content [][]byte }

// hash hashes the folder whose path has so many bytes, at a depth below the first.
func (h *folderHasher) hash(entries []index.Entry, dir, depth int) object.ID {
	if depth == len(h.content) {
		h.content = append(h.content, nil)
	}
	content := h.content[depth][:0]
	for len(entries) > 0 {
		e := entries[0]
		start := dir
		if start > 0 {
			start++ // the slash
		}
		if e.Stage() != 0 || e.IntentToAdd() || start > len(e.Path) { // The last is a file in the folder's place.
			return object.ID{}
		}
		name, _, isFolder := strings.Cut(e.Path[start:], "/")
		entry, n := object.Entry{Mode: e.Mode(), Name: name, ID: e.ID()}, 1
		if isFolder {
			end := start + len(name)
			n = countBelow(entries, e.Path[:end+1])
			entry.Mode, entry.ID = object.ModeTree, h.hash(entries[:n], end, depth+1)
			if entry.ID.IsZero() {
				return object.ID{}
			}
		}
		content = object.AppendEntry(content, entry)
		entries = entries[n:]
	}
	h.content[depth] = content
	return object.IDOf(object.Tree, content)
}

// countBelow counts the first entries whose paths begin like this.
func countBelow(entries []index.Entry, start string) int {
	for i, e := range entries {
		if !strings.HasPrefix(e.Path, start) {
			return i
		}
	}
	return len(entries)
}

// compareIndex compares commit and index. Entries that both have alike are returned
// for the comparison with the work tree.
func compareIndex(repo *git.Repository, committed []git.File, staged []index.Entry) (changed []string, alike []index.Entry) {
	at := make(map[string]git.File, len(committed))
	for _, f := range committed {
		at[f.Path] = f
	}
	for _, e := range staged {
		name := repo.InProject(e.Path)
		f, known := at[name]
		delete(at, name)
		if known && e.Stage() == 0 && e.Mode() == f.Mode && object.ID(e.ID()).String() == f.Hash {
			alike = append(alike, e)
		} else {
			changed = append(changed, name)
		}
	}
	for name := range at {
		changed = append(changed, name)
	}
	return changed, alike
}

// findEdits returns those entries, relative to the project, whose files in the work
// tree differ. written is the index file that they stand in.
func findEdits(repo *git.Repository, entries []index.Entry, written fs.FileInfo) ([]string, error) {
	half := (len(entries) + 1) / 2
	var found [2][]string
	var group errgroup.Group
	for i, part := range [][]index.Entry{entries[:half], entries[half:]} {
		group.Go(func() (err error) {
			found[i], err = findEditsIn(repo, part, written)
			return err
		})
	}
	err := group.Wait()
	return append(found[0], found[1]...), err
}

func findEditsIn(repo *git.Repository, entries []index.Entry, written fs.FileInfo) ([]string, error) {
	files, err := openTreeFiles(repo)
	if err != nil {
		return nil, err
	}
	defer files.close()
	var edited []string
	for _, e := range entries {
		if !object.IsFile(e.Mode()) || e.SkipWorktree() || isRemembered(e, files.look(e.Path), written) {
			continue
		}
		same, err := files.hold(e)
		if err != nil {
			return nil, err
		}
		if !same {
			edited = append(edited, repo.InProject(e.Path))
		}
	}
	return edited, nil
}

// treeFiles are those of the work tree, to be held against the index: by their status, and by
// their content where that does not tell.
type treeFiles struct {
	looker
	trail *disk.Trail
}

func openTreeFiles(repo *git.Repository) (*treeFiles, error) {
	top, err := disk.OpenFolder(repo.Root())
	if err != nil {
		return nil, err
	}
	look, err := openLooker(repo.Root())
	if err != nil {
		return nil, errors.Join(err, top.Close())
	}
	return &treeFiles{look, disk.NewTrail(top)}, nil
}

func (f *treeFiles) close() { _ = errors.Join(f.looker.close(), f.trail.Close()) }

// hold tells whether the work tree has an entry's content, by reading it. No
// link on the way is followed.
func (f *treeFiles) hold(e index.Entry) (bool, error) {
	folder, err := f.trail.Enter(path.Dir(e.Path), false)
	if disk.IsAbsent(err) || errors.Is(err, disk.ErrNotFolder) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return sameContent(folder, path.Base(e.Path), object.ID(e.ID()))
}

func sameContent(folder disk.Folder, name string, want object.ID) (bool, error) {
	data, _, err := disk.ReadRegular(folder, name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, disk.ErrNotRegular), errors.Is(err, disk.ErrTooLarge):
		return false, nil
	case err != nil:
		return false, err
	}
	return object.IDOf(object.Blob, data) == want || object.IDOf(object.Blob, WithoutCR(data)) == want, nil
}
