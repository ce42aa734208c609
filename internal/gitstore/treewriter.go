package gitstore

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git/index"
	"github.com/osmoctl/osmoctl/internal/git/object"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
)

// outcome is what became of an edit in the work tree.
type outcome struct {
	edit
	stat    index.Stat // of the file as we know it to be; zero: let git look
	skipped bool       // outside a sparse checkout
	left    bool       // somebody else's version stays
}

// stage turns an outcome into a change of the index. Where something else than
// the old version is staged, the entry is the user's: leave is true.
func (o outcome) stage(ix *index.Index) (change index.Edit, leave bool) {
	change = index.Edit{Path: o.path, Remove: o.new == object.ID{}, Mode: o.mode, ID: object.ID(o.new), SkipWorktree: o.skipped, Stat: o.stat}
	entry, staged := ix.Find(o.path)
	was := object.ID{}
	if staged {
		was = object.ID(entry.ID())
	}
	mine := was == o.old || was == o.new
	return change, !mine || staged && entry.IntentToAdd() || !staged && ix.Blocked(o.path)
}

// writeFiles makes the edits, which are sorted by path, in the work tree, in
// two goroutines.
func (s *Store) writeFiles(edits []edit, file *indexFile, torn bool) ([]outcome, error) {
	skip, err := s.skipper(file)
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(edits))
	half := (len(edits) + 1) / 2
	var group errgroup.Group
	for _, part := range [][2]int{{0, half}, {half, len(edits)}} {
		group.Go(func() error {
			w, err := s.newTreeWriter(skip, torn)
			if err != nil {
				return err
			}
			defer w.Close()
			if w.remembered, err = worktree.OpenRemembered(s.repo, file.before); err != nil {
				return err
			}
			defer w.remembered.Close()
			return w.all(edits[part[0]:part[1]], outcomes[part[0]:part[1]])
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return outcomes, s.pruneFolders(edits)
}

// treeWriter is one goroutine that writes files below the root.
type treeWriter struct {
	*disk.Trail
	store *Store
	skip  func(path string) bool
	torn  bool
	// remembered is of the index as it was before the edits.
	remembered *worktree.Remembered
}

func (s *Store) newTreeWriter(skip func(string) bool, torn bool) (*treeWriter, error) {
	root, err := s.disk.Folder(s.repo.Root())
	if err != nil {
		return nil, err
	}
	return &treeWriter{Trail: disk.NewTrail(root), store: s, skip: skip, torn: torn}, nil
}

func (w *treeWriter) all(edits []edit, outcomes []outcome) error {
	for i, e := range edits {
		o, err := w.one(e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
		outcomes[i] = o
	}
	return nil
}

// one makes an edit, if the file is what the edit is about.
func (w *treeWriter) one(e edit) (outcome, error) {
	o := outcome{edit: e}
	skip := w.skip(e.path)
	folder, err := w.Enter(path.Dir(e.path), e.old == (object.ID{}) && !skip)
	if disk.IsAbsent(err) && !errors.Is(err, disk.ErrNotFolder) {
		o.skipped = skip
		o.left = !skip && e.new != object.ID{}
		return o, nil
	}
	if errors.Is(err, disk.ErrNotFolder) {
		o.left = true
		return o, nil
	}
	if err != nil {
		return o, err
	}
	name := path.Base(e.path)
	if w.torn {
		if err := removeTemp(folder, name); err != nil {
			return o, err
		}
	}
	v, info, err := w.look(folder, name, e)
	if err != nil {
		return o, err
	}
	return o, w.act(&o, folder, name, v, info, skip)
}

// version says which version of a file the work tree has.
type version int

const (
	absent version = iota
	oldVersion
	newVersion
	cutShort // by a crash of ours
	foreign
)

// act decides by what is there. Only versions of our own are replaced.
func (w *treeWriter) act(o *outcome, folder disk.Folder, name string, v version, info fs.FileInfo, skip bool) (err error) {
	gone := o.new == object.ID{}
	switch {
	case v == foreign:
		o.left = true
	case gone && v == absent:
	case gone:
		err = folder.Remove(name)
	case v == newVersion:
		o.stat = index.StatOf(info)
	case v == absent && skip:
		o.skipped = true
	case v == absent && o.old != object.ID{}:
		o.left = true // the user has deleted it
	case v == absent:
		info, err = w.create(folder, name, o.edit)
		o.stat = statOf(info)
	default:
		info, err = w.replace(folder, name, o.edit)
		o.stat = statOf(info)
	}
	return err
}

// statOf is what the index is to remember of a file; the zero one where there is none.
func statOf(info fs.FileInfo) index.Stat {
	if info == nil {
		return index.Stat{}
	}
	return index.StatOf(info)
}

// look reads the file and compares it with both versions, unless git remembers that it
// is the old one. A file that git checked out with CRLF line ends is the same version.
func (w *treeWriter) look(folder disk.Folder, name string, e edit) (version, fs.FileInfo, error) {
	if e.old != (object.ID{}) && w.remembered.Is(e.path, e.old) {
		return oldVersion, nil, nil
	}
	data, info, err := disk.ReadRegular(folder, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil, nil
	case errors.Is(err, disk.ErrNotRegular), errors.Is(err, disk.ErrTooLarge):
		return foreign, nil, nil
	case err != nil:
		return foreign, nil, err
	}
	for _, content := range [][]byte{data, worktree.WithoutCR(data)} {
		switch blob := object.ID(object.IDOf(object.Blob, content)); {
		case blob == e.new:
			return newVersion, info, nil
		case blob == e.old:
			return oldVersion, info, nil
		}
	}
	if w.torn && e.new != (object.ID{}) {
		content, err := w.store.content(e)
		if err == nil && isTorn(data, content) {
			return cutShort, info, nil
		}
		return foreign, info, err
	}
	return foreign, info, nil
}

// isTorn knows what a crash makes of a file that was being written: its
// beginning, or, after a power failure, nothing but zeros.
func isTorn(data, whole []byte) bool {
	return len(data) <= len(whole) && (bytes.HasPrefix(whole, data) || len(bytes.Trim(data, "\x00")) == 0)
}

// content is the new version of a file.
func (s *Store) content(e edit) ([]byte, error) {
	if e.data != nil {
		return e.data, nil
	}
	return s.repo.Blob(e.new)
}

// create writes a new file in place: what a crash leaves of it is recognised.
func (w *treeWriter) create(folder disk.Folder, name string, e edit) (fs.FileInfo, error) {
	data, err := w.store.content(e)
	if err != nil {
		return nil, err
	}
	perm := fs.FileMode(0o666)
	if e.mode == object.ModeExecutable {
		perm = 0o777
	}
	f, err := folder.Create(name, perm)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		return nil, errors.Join(err, folder.Remove(name))
	}
	return info, nil
}

// replace writes beside the old version and renames, so that no reader ever
// meets half a file.
func (w *treeWriter) replace(folder disk.Folder, name string, e edit) (fs.FileInfo, error) {
	temp := tempName(name)
	written, err := w.create(folder, temp, e)
	if errors.Is(err, fs.ErrExist) { // A crash has left it.
		if err := removeTemp(folder, name); err != nil {
			return nil, err
		}
		written, err = w.create(folder, temp, e)
	}
	if err != nil {
		return nil, err
	}
	if err := folder.Rename(temp, name); err != nil {
		return nil, errors.Join(err, folder.Remove(temp))
	}
	// Renaming changes the ctime that git compares. Had somebody written to
	// the file already, git must look for itself.
	now, err := folder.Lstat(name)
	if err != nil || now.Size() != written.Size() || !now.ModTime().Equal(written.ModTime()) {
		return nil, nil
	}
	return now, nil
}

// tempName is the same for the same file, so that a later run finds it.
func tempName(name string) string {
	sum := sha1.Sum([]byte(name))
	return ".osmoctl-tmp-" + hex.EncodeToString(sum[:6])
}

func removeTemp(folder disk.Folder, name string) error {
	if err := folder.Remove(tempName(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// pruneFolders removes the folders that deletions have emptied, up to the
// project's own, which stays.
func (s *Store) pruneFolders(edits []edit) error {
	emptied := map[string]bool{}
	for _, e := range edits {
		if e.new == (object.ID{}) {
			emptied[path.Dir(e.path)] = true
		}
	}
	if len(emptied) == 0 {
		return nil
	}
	w, err := s.newTreeWriter(nil, false)
	if err != nil {
		return err
	}
	defer w.Close()
	for dir := range emptied {
		for dir != s.repo.InRoot(".") && dir != "." && w.prune(dir) {
			dir = path.Dir(dir)
		}
	}
	return nil
}

// prune removes a folder if it is empty. One that is not, or that is no
// folder any more, just stays.
func (w *treeWriter) prune(dir string) bool {
	parent, err := w.Enter(path.Dir(dir), false)
	if err != nil {
		return disk.IsAbsent(err)
	}
	info, err := parent.Lstat(path.Base(dir))
	if err != nil || !info.IsDir() {
		return errors.Is(err, fs.ErrNotExist)
	}
	return parent.Remove(path.Base(dir)) == nil
}

// skipper tells which files a sparse checkout leaves out of the work tree.
func (s *Store) skipper(file *indexFile) (func(path string) bool, error) {
	patterns, err := worktree.ReadSparse(s.repo)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // gitignore patterns do not promise to be shared
	return func(path string) bool {
		if file.Index.Index != nil {
			if e, ok := file.Find(path); ok {
				return e.SkipWorktree()
			}
		}
		mu.Lock()
		defer mu.Unlock()
		return !patterns.Include(path)
	}, nil
}
