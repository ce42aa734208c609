package gitstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
)

// ID names what a path, relative to the project, holds at a commit: two commits
// have the same file or folder there exactly where the names are equal. "" says
// that there is nothing.
func (s *Store) ID(commit, name string) (string, error) {
	entry, err := s.entryAt(commit, name)
	return entry.ID.Hash(), err
}

// A Difference is a file that two commits do not have alike.
type Difference struct {
	// Path is relative to the project.
	Path string
	// Before and After name the content; "" where there is no such file.
	Before, After string
	// BeforeMode and AfterMode are git's modes; 0 where there is no such file.
	BeforeMode, AfterMode uint32
}

// Differences lists the files below dir, relative to the project, in which two
// commits differ, sorted by path. Folders that are the same are not looked into,
// so it costs what differs. The commit "" has no files.
func (s *Store) Differences(ctx context.Context, before, after, dir string) ([]Difference, error) {
	from, err := s.entryAt(before, dir)
	if err != nil {
		return nil, err
	}
	to, err := s.entryAt(after, dir)
	if err != nil {
		return nil, err
	}
	c := &treeComparison{ctx: ctx, store: s}
	err = c.compare(path.Clean(dir), from, to)
	slices.SortFunc(c.found, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return c.found, err
}

type treeComparison struct {
	ctx   context.Context
	store *Store
	found []Difference
}

func (c *treeComparison) compare(name string, before, after object.Entry) error {
	if before.ID == after.ID && before.Mode == after.Mode {
		return nil
	}
	if err := c.ctx.Err(); err != nil {
		return err
	}
	c.add(name, before, after)
	if strings.Count(name, "/") >= maxDepth {
		return errors.New(name + ": there are deeper folders than osmoctl reads")
	}
	if len(c.found) > c.store.opts.MaxFiles {
		return &TooMuchError{Path: name, Files: c.store.opts.MaxFiles}
	}
	old, err := c.store.below(before)
	if err != nil {
		return err
	}
	now, err := c.store.below(after)
	if err != nil {
		return err
	}
	for below := range union(now, old) {
		if err := c.compare(child(name, below), old[below], now[below]); err != nil {
			return err
		}
	}
	return nil
}

// add notes a path at which at least one side has something else than a folder.
func (c *treeComparison) add(name string, before, after object.Entry) {
	d := Difference{Path: name}
	if before.Mode != 0 && !before.IsTree() {
		d.Before, d.BeforeMode = before.ID.Hash(), before.Mode
	}
	if after.Mode != 0 && !after.IsTree() {
		d.After, d.AfterMode = after.ID.Hash(), after.Mode
	}
	if d.BeforeMode != 0 || d.AfterMode != 0 {
		c.found = append(c.found, d)
	}
}

// Changed returns the files below dir, relative to the project and sorted, that
// the index or the work tree has otherwise than the commit: edited, staged,
// deleted or in conflict. Files that git does not track are not looked for.
//
// It goes by what git remembers of each file in the index, and reads a file only
// where that does not settle it: it costs one look at each file, as "git status" does.
// An index that osmoctl cannot read is compared by content, see [Store.Uncommitted].
func (s *Store) Changed(ctx context.Context, commit, dir string) ([]string, error) {
	file, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	if file.left != "" {
		return s.Uncommitted(commit, dir)
	}
	at, err := s.entryAt(commit, dir)
	if err != nil {
		return nil, err
	}
	staged := file.index.Below(s.inRoot(dir))
	var changed []string
	alike := staged
	if folderOf(staged, s.inRoot(dir)) != at.ID {
		committed, err := s.Files(ctx, commit, []string{dir}, func(string) bool { return false })
		if err != nil {
			return nil, err
		}
		changed, alike = s.unstaged(committed, staged)
	}
	edited, err := s.edited(alike, file.info)
	changed = append(changed, edited...)
	slices.Sort(changed)
	return slices.Compact(changed), err
}

// folderOf is the name that a commit would give to the folder made of index
// entries: to hash 10,000 folders takes a tenth of the time it takes to read
// them. Entries in conflict make no folder, which gives the zero id.
func folderOf(entries []index.Entry, dir string) object.ID {
	var listed []object.Entry
	for len(entries) > 0 {
		e := entries[0]
		if e.Stage() != 0 || e.IntentToAdd() {
			return object.ID{}
		}
		rest := strings.TrimPrefix(e.Path[len(dir):], "/")
		name, _, isFolder := strings.Cut(rest, "/")
		entry, n := object.Entry{Mode: e.Mode(), Name: name, ID: object.ID(e.ID())}, 1
		if isFolder {
			sub := e.Path[:len(e.Path)-len(rest)+len(name)]
			n = countBelow(entries, sub+"/")
			entry = object.Entry{Mode: object.ModeTree, Name: name, ID: folderOf(entries[:n], sub)}
			if entry.ID == (object.ID{}) {
				return object.ID{}
			}
		}
		listed = append(listed, entry)
		entries = entries[n:]
	}
	slices.SortFunc(listed, object.CompareEntries)
	return object.IDOf(object.Tree, object.EncodeTree(listed))
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

// unstaged compares commit and index. Entries that both have alike are returned
// for the comparison with the work tree.
func (s *Store) unstaged(committed []File, staged []index.Entry) (changed []string, alike []index.Entry) {
	at := make(map[string]File, len(committed))
	for _, f := range committed {
		at[f.Path] = f
	}
	for _, e := range staged {
		name := s.inProject(e.Path)
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

// edited returns those entries, relative to the project, whose files in the work
// tree differ. written is the index file that they stand in.
func (s *Store) edited(entries []index.Entry, written fs.FileInfo) ([]string, error) {
	half := (len(entries) + 1) / 2
	var found [2][]string
	var group errgroup.Group
	for i, part := range [][]index.Entry{entries[:half], entries[half:]} {
		group.Go(func() (err error) {
			found[i], err = s.editedOf(part, written)
			return err
		})
	}
	err := group.Wait()
	return append(found[0], found[1]...), err
}

func (s *Store) editedOf(entries []index.Entry, written fs.FileInfo) ([]string, error) {
	w, err := s.newTreeWriter(nil, false)
	if err != nil {
		return nil, err
	}
	defer w.close()
	var edited []string
	for _, e := range entries {
		if !object.IsFile(e.Mode()) || e.SkipWorktree() || s.settled(e, written) {
			continue
		}
		same, err := w.holds(e)
		if err != nil {
			return nil, err
		}
		if !same {
			edited = append(edited, s.inProject(e.Path))
		}
	}
	return edited, nil
}

// settled says that git's memory of a file is good and fits the file. A file as young as the index
// itself may have been written to after git looked, so that one settles nothing.
func (s *Store) settled(e index.Entry, written fs.FileInfo) bool {
	info, err := os.Lstat(s.repo.root + string(filepath.Separator) + filepath.FromSlash(e.Path))
	return err == nil && remembered(e, info, written)
}

// holds tells whether the work tree has an entry's content, by reading it. No
// link on the way is followed.
func (w *treeWriter) holds(e index.Entry) (bool, error) {
	folder, err := w.enter(path.Dir(e.Path), false)
	if isAbsent(err) || errors.Is(err, disk.ErrNotFolder) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return sameContent(folder, path.Base(e.Path), object.ID(e.ID()))
}

func sameContent(folder disk.Folder, name string, want object.ID) (bool, error) {
	data, _, err := readRegular(folder, name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, disk.ErrNotRegular), errors.Is(err, errTooLarge):
		return false, nil
	case err != nil:
		return false, err
	}
	return object.IDOf(object.Blob, data) == want || object.IDOf(object.Blob, withoutCR(data)) == want, nil
}
