package git

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// File is one file of the project at a commit.
type File struct {
	// Path is relative to the project, in slashes.
	Path string
	// Mode is git's: 100644 or 100755 for files, 120000 for symbolic links,
	// 160000 for submodules.
	Mode uint32
	// Hash names the blob.
	Hash string
	// Data is the content, where it was wanted and the file is a regular one.
	Data []byte
}

// MaxFiles bounds what one call lists. A tree may name the same folder many
// times over, so that a few objects unfold to more files than any memory holds.
const MaxFiles = 4 << 20

// maxBytes bounds what one call reads. A few bytes of a pack may stand for very
// many, and several files for the same object.
const maxBytes = 1 << 30

// TooMuchError says that there is more below a folder than is listed or read.
type TooMuchError struct {
	Path string
	// Files or Bytes is the bound that was met.
	Files int
	Bytes int64
}

func (e *TooMuchError) Error() string {
	if e.Bytes > 0 {
		return fmt.Sprintf("%s: what is recorded is larger than %d MiB", e.Path, e.Bytes>>20)
	}
	return fmt.Sprintf("%s: there are more than %d files, which is more than osmoctl reads", e.Path, e.Files)
}

// maxDepth bounds the folders inside one another.
const maxDepth = 64

// Files lists the files of the project at a commit, below the folders (or
// files) named, sorted by path. The content is read of those that want
// accepts; a nil want accepts all, and it is called from several goroutines.
// A name that is not there adds nothing, and neither does the commit "".
func (r *Repository) Files(ctx context.Context, commit string, dirs []string, want func(path string) bool) ([]File, error) {
	var mu sync.Mutex
	var files []File
	err := r.list(ctx, commit, dirs, &lister{want: want, visit: func(f File) {
		mu.Lock()
		defer mu.Unlock()
		files = append(files, f)
	}})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// Visitor is who is told of many files, from several goroutines.
type Visitor struct {
	// Want is as for [Repository.Files].
	Want func(path string) bool
	// Knows reports whether what is below a folder is known already and need not be
	// read, and how much that would have been, which counts toward the bounds as if it
	// was. nil knows none.
	Knows func(path string, folder object.ID) (Extent, bool)
	// Visit is told of a file as soon as it is read. The memory of its data is used for
	// another file when it has returned.
	Visit func(File)
}

// Extent is how much there is below a folder.
type Extent struct {
	// Entries are files and folders, and Bytes those of the files that are wanted.
	Entries, Bytes int
}

// EachFile is [Repository.Files] for many files, in any order; none is kept. What was
// visited before an error is not all.
func (r *Repository) EachFile(ctx context.Context, commit string, dirs []string, to Visitor) error {
	return r.list(ctx, commit, dirs, &lister{want: to.Want, knows: to.Knows, visit: to.Visit, recycles: true})
}

func (r *Repository) list(ctx context.Context, commit string, dirs []string, l *lister) error {
	if commit == "" {
		return nil
	}
	tree, err := r.projectTree(commit)
	if err != nil {
		return err
	}
	l.maxFiles, l.maxBytes = r.maxFiles, r.maxBytes
	var starts []found
	for _, dir := range dirs {
		entry, err := lookUp(r.Objects, tree, dir)
		if err != nil {
			return err
		}
		if entry.Mode != 0 {
			starts = append(starts, found{path.Clean(dir), entry})
		}
	}
	return l.list(ctx, r.Objects, starts)
}

// projectTree is the project's folder at a commit; none gives the zero id.
func (r *Repository) projectTree(commit string) (object.ID, error) {
	c, err := r.Commit(commit)
	if err != nil {
		return object.ID{}, err
	}
	root, err := object.ParseID(c.Tree)
	if err != nil {
		return object.ID{}, err
	}
	entry, err := lookUp(r.Objects, root, r.prefix)
	if err != nil || !entry.IsTree() {
		return object.ID{}, err
	}
	return entry.ID, nil
}

// Folder is the id of a folder of the project at a commit; the zero id is none.
func (r *Repository) Folder(commit, dir string) (object.ID, error) {
	tree, err := r.projectTree(commit)
	if err != nil {
		return object.ID{}, err
	}
	entry, err := lookUp(r.Objects, tree, dir)
	if err != nil || !entry.IsTree() {
		return object.ID{}, err
	}
	return entry.ID, nil
}

// found is an entry and where it was found.
type found struct {
	path string
	object.Entry
}

// lister walks trees and reads files, in as many goroutines as it pays.
type lister struct {
	want  func(path string) bool
	knows func(path string, folder object.ID) (Extent, bool) // nil knows none
	visit func(File)
	// recycles says that the data of a file is not used any more once it was visited.
	recycles bool

	count atomic.Int64
	bytes atomic.Int64

	mu sync.Mutex
	// known has the first folders that were read, by their object: one that
	// is named many times over need not be read as often.
	known map[object.ID][]object.Entry

	maxFiles int
	maxBytes int64
}

// enough is how many pieces of work make it worth to open more readers.
const enough = 32

// list first opens folders breadth first, until there is work to share or none
// left, and then shares it.
func (l *lister) list(ctx context.Context, objects *Objects, queue []found) error {
	for opened := 0; len(queue) < enough && opened < len(queue); {
		if !queue[opened].IsTree() {
			opened++
			continue
		}
		below, err := l.open(ctx, objects, queue[opened])
		if err != nil {
			return err
		}
		queue = slices.Replace(queue, opened, opened+1, below...)
	}
	return l.share(ctx, objects, queue)
}

func (l *lister) share(ctx context.Context, objects *Objects, queue []found) error {
	if len(queue) < enough {
		return l.walk(ctx, objects, queue)
	}
	workers := min(runtime.GOMAXPROCS(0), 4)
	var next atomic.Int64
	var group errgroup.Group
	for range workers {
		group.Go(func() (err error) {
			reader := objects.fork()
			defer reader.close()
			for i := next.Add(1) - 1; err == nil && i < int64(len(queue)); i = next.Add(1) - 1 {
				err = l.walk(ctx, reader, queue[i:i+1])
			}
			return err
		})
	}
	return group.Wait()
}

// walk visits everything below the entries.
func (l *lister) walk(ctx context.Context, from source, entries []found) error {
	for _, f := range entries {
		if f.IsTree() {
			below, err := l.open(ctx, from, f)
			if err != nil {
				return err
			}
			if err := l.walk(ctx, from, below); err != nil {
				return err
			}
			continue
		}
		file, err := l.file(from, f)
		if err != nil {
			return err
		}
		l.visit(file)
		if l.recycles {
			from.recycle(file.Data)
		}
	}
	return nil
}

// open reads a folder, within the bounds.
func (l *lister) open(ctx context.Context, from source, f found) ([]found, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.knows != nil {
		if extent, known := l.knows(f.path, f.ID); known {
			return nil, errors.Join(l.countFiles(f.path, extent.Entries), l.countBytes(f.path, extent.Bytes))
		}
	}
	entries, err := l.entries(from, f.ID)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	if strings.Count(f.path, "/") >= maxDepth {
		return nil, fmt.Errorf("%s: there are deeper folders than osmoctl reads", f.path)
	}
	if err := l.countFiles(f.path, len(entries)); err != nil {
		return nil, err
	}
	below := make([]found, len(entries))
	for i, e := range entries {
		below[i] = found{object.Child(f.path, e.Name), e}
	}
	return below, nil
}

// maxKnown is how many folders are remembered while files are listed.
const maxKnown = 1000

func (l *lister) entries(from source, tree object.ID) ([]object.Entry, error) {
	l.mu.Lock()
	entries, known := l.known[tree]
	l.mu.Unlock()
	if known {
		return entries, nil
	}
	entries, err := readTree(from, tree)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[object.ID][]object.Entry{}
	}
	if len(l.known) < maxKnown {
		l.known[tree] = entries
	}
	return entries, nil
}

func (l *lister) file(from source, f found) (File, error) {
	file := File{Path: f.path, Mode: f.Mode, Hash: f.ID.String()}
	if !object.IsFile(f.Mode) || l.want != nil && !l.want(f.path) {
		return file, nil
	}
	data, err := readKind(from, f.ID, object.Blob)
	if err != nil {
		return file, fmt.Errorf("%s: %w", f.path, err)
	}
	file.Data = data
	return file, l.countBytes(f.path, len(data))
}

func (l *lister) countFiles(path string, more int) error {
	if l.count.Add(int64(more)) > int64(l.maxFiles) {
		return &TooMuchError{Path: path, Files: l.maxFiles}
	}
	return nil
}

func (l *lister) countBytes(path string, more int) error {
	if l.bytes.Add(int64(more)) > l.maxBytes {
		return &TooMuchError{Path: path, Bytes: l.maxBytes}
	}
	return nil
}
