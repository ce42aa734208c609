package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// search collects what is found.
type search struct {
	env   *Env
	ctx   context.Context
	opts  scan.Options
	known *knownTokens

	out report.Scan
	// finished are the inputs with something to say of.
	finished []finished
	// links and others count what directories hold beside files, gits their .git
	// directories.
	links, others, gits int
	// nested are the directories below the paths that have a .git of their own.
	nested []string
	// order counts the inputs.
	order int
}

// finished is an input that has been searched. Inputs are searched side by side,
// and shown in their order.
type finished struct {
	order  int
	commit string
	scan.Result
}

// job is one input to be searched.
type job struct {
	order  int
	commit string
	open   func(w *worker) (in scan.Input, done func(), err error)
	name   string
}

// worker is what one goroutine searches with.
type worker struct {
	scanner  *scan.Scanner
	contents *git.Contents
	finished []finished
	files    int
	bytes    int64
}

func (s *search) add(w *worker) {
	s.finished = append(s.finished, w.finished...)
	s.out.Files, s.out.Bytes = s.out.Files+w.files, s.out.Bytes+w.bytes
}

// all searches the jobs that list gives, on every processor.
func (s *search) all(store *gitstore.Store, list func(give func(job)) error) error {
	jobs := make(chan job, 64)
	group, ctx := errgroup.WithContext(s.ctx)
	workers := make([]worker, runtime.GOMAXPROCS(0))
	for i := range workers {
		group.Go(func() error {
			w := &workers[i]
			w.scanner = scan.New(s.opts)
			if store != nil {
				w.contents = store.Contents()
				defer w.contents.Close()
			}
			for j := range jobs {
				if ctx.Err() == nil {
					w.do(ctx, j)
				}
			}
			return nil
		})
	}
	err := list(func(j job) {
		j.order = s.order
		s.order++
		jobs <- j
	})
	close(jobs)
	_ = group.Wait()
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	for i := range workers {
		s.add(&workers[i])
	}
	slices.SortFunc(s.finished, func(a, b finished) int { return a.order - b.order })
	return err
}

// do searches one input. Most have nothing to say of, and there may be millions.
func (w *worker) do(ctx context.Context, j job) {
	r := w.search(ctx, j)
	w.bytes += r.Bytes
	if j.commit == "" {
		w.files += r.Files
	}
	if len(r.Places)+len(r.Left) > 0 {
		w.finished = append(w.finished, finished{j.order, j.commit, r})
	}
}

func (w *worker) search(ctx context.Context, j job) scan.Result {
	in, done, err := j.open(w)
	if err != nil {
		return scan.Result{Left: []scan.Left{{Path: w.scanner.Mask(j.name), Reason: reasonOf(err)}}}
	}
	defer done()
	in.Name, in.Reader = j.name, untilDone{ctx, in.Reader}
	return w.scanner.File(in)
}

// reasonOf is an error without the path, which may hold a value.
func reasonOf(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// untilDone stops reading when the command is interrupted.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}

func (s *search) stdin() error {
	w, err := untilInterrupted(s.ctx, func() (*worker, error) {
		w := &worker{scanner: scan.New(s.opts)}
		w.do(s.ctx, job{name: "-", open: func(*worker) (scan.Input, func(), error) {
			return scan.Input{Reader: s.env.Stdin}, func() {}, nil
		}})
		return w, nil
	})
	if err == nil {
		s.add(w)
	}
	return err
}

// trees searches files and directories.
func (s *search) trees(paths []string) error {
	return s.all(nil, func(give func(job)) error {
		for _, p := range paths {
			if err := s.tree(p, give); err != nil {
				return err
			}
		}
		return nil
	})
}

// tree lists the files at or below a path. The path itself may be a link: that
// one was named.
func (s *search) tree(shown string, give func(job)) error {
	root, err := filepath.EvalSymlinks(absolute(s.env.Dir, shown))
	if err != nil {
		s.leave(shown, err)
		return nil
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(filepath.Join(shown, strings.TrimPrefix(path, root)))
		switch {
		case s.ctx.Err() != nil:
			return context.Cause(s.ctx)
		case err != nil:
			s.leave(name, err)
		case d.IsDir() && d.Name() == ".git" && path != root && isBare(path):
			s.gits++
			s.nested = append(s.nested, filepath.Dir(path))
			return fs.SkipDir
		case d.IsDir() && isBare(path):
			s.leave(name, errors.New("it is a git repository without a work tree, whose packs are not unpacked: clone it, and search that with --history"))
		case d.IsDir():
		case d.Type()&fs.ModeSymlink != 0:
			s.links++
		case !d.Type().IsRegular():
			s.others++
		default:
			if d.Name() == ".git" { // It says where the repository of a submodule is.
				s.nested = append(s.nested, filepath.Dir(path))
			}
			give(job{name: name, open: openFile(path)})
		}
		return nil
	})
}

// isBare tells a git repository without a work tree, and a .git directory from one
// that is only called so, by what every one has.
func isBare(dir string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || info.IsDir() == (name == "HEAD") {
			return false
		}
	}
	return true
}

// openFile opens a regular file, and nothing that took its place meanwhile.
func openFile(path string) func(*worker) (scan.Input, func(), error) {
	return func(*worker) (in scan.Input, done func(), err error) {
		f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
		if err != nil {
			return in, nil, err
		}
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = errors.New("it is no regular file any more")
		}
		if err != nil {
			_ = f.Close()
			return in, nil, err
		}
		return scan.Input{Reader: f, ReaderAt: f, Size: info.Size()}, func() { _ = f.Close() }, nil
	}
}

// leave notes what could not be searched.
func (s *search) leave(path string, err error) {
	s.out.Left = append(s.out.Left, report.ScanLeft{Path: s.masked(path), Reason: reasonOf(err)})
}

func (s *search) masked(path string) string { return scan.New(s.opts).Mask(path) }

// histories searches the repositories around paths and below them, each once.
func (s *search) histories(paths []string) error {
	seen := map[string]bool{}
	for _, p := range paths {
		if err := s.historyAt(nearestDir(absolute(s.env.Dir, p)), p, seen); err != nil {
			return err
		}
	}
	for _, dir := range s.nested {
		if err := s.historyAt(dir, dir, seen); err != nil {
			return err
		}
	}
	return nil
}

// historyAt searches the repository around a directory, unless it was seen.
func (s *search) historyAt(dir, shown string, seen map[string]bool) error {
	store, err := s.env.openForScan(dir)
	if err != nil {
		s.leave(shown, err)
		return nil
	}
	if !seen[store.CommonDir()] {
		seen[store.CommonDir()] = true
		err = s.history(store)
	}
	return errors.Join(err, store.Close())
}

// nearestDir is the directory at or above a path that exists.
func nearestDir(path string) string {
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func (s *search) history(store *gitstore.Store) error {
	var missing []git.Missing
	err := s.all(store, func(give func(job)) (err error) {
		missing, err = store.Versions(s.ctx, func(v git.Version) error {
			s.out.Versions++
			give(job{name: v.Path, commit: v.Commit, open: openVersion(v)})
			return nil
		})
		return err
	})
	for _, m := range missing {
		s.leave(m.What, errors.New(m.Reason))
	}
	return err
}

func openVersion(v git.Version) func(*worker) (scan.Input, func(), error) {
	if v.Path == "" {
		return func(*worker) (scan.Input, func(), error) {
			return scan.Input{Reader: strings.NewReader(v.Message)}, func() {}, nil
		}
	}
	return openBlob(v.Hash)
}

func openBlob(hash string) func(*worker) (scan.Input, func(), error) {
	return func(w *worker) (in scan.Input, done func(), err error) {
		r, size, err := w.contents.Open(hash)
		if err != nil {
			return in, nil, err
		}
		in = scan.Input{Reader: r, Size: size}
		in.ReaderAt, _ = r.(io.ReaderAt)
		return in, func() { _ = r.Close() }, nil
	}
}

// staged searches what the next commit would add.
func (s *search) staged() error {
	store, err := s.env.openForScan(nearestDir(s.env.Dir))
	if err != nil {
		return err
	}
	defer store.Close()
	index := s.env.Getenv("GIT_INDEX_FILE")
	if index != "" {
		// Git names it from the directory that it starts the hook in.
		if index, err = filepath.Abs(index); err != nil {
			return err
		}
	}
	files, err := worktree.ListStaged(s.ctx, store.Repository, index)
	if err != nil {
		return fmt.Errorf("read what is staged: %w", err)
	}
	return s.all(store, func(give func(job)) error {
		for _, f := range files {
			give(job{name: f.Path, open: openBlob(f.Hash)})
		}
		return nil
	})
}

// result is all that was found, in the order of places.
func (s *search) result() report.Scan {
	out := s.out
	out.Compared, out.Left = s.known.commit, append(slices.Clone(s.known.left), out.Left...)
	for _, f := range s.finished {
		for _, p := range f.Places {
			out.Finds = append(out.Finds, s.find(f.commit, p))
		}
		for _, l := range f.Left {
			reason := l.Reason
			if l.Budget {
				reason += "; --max-unpacked SIZE raises that"
			}
			out.Left = append(out.Left, report.ScanLeft{Path: inCommit(f.commit, l.Path), Reason: reason})
		}
	}
	out.Notes = append(out.Notes, s.notes(out.Versions > 0)...)
	return out
}

// notes say what was met and is never searched.
func (s *search) notes(history bool) (notes []string) {
	if history {
		s.gits = 0 // What is in them was searched.
	}
	for _, n := range []struct {
		count     int
		one, many string
	}{
		{s.gits, "1 .git directory was left out: --history searches what is in it", "%d .git directories were left out: --history searches what is in them"},
		{s.links, "1 link was not followed", "%d links were not followed"},
		{s.others, "1 device, socket or pipe was not opened", "%d devices, sockets and pipes were not opened"},
	} {
		switch {
		case n.count == 1:
			notes = append(notes, n.one)
		case n.count > 1:
			notes = append(notes, fmt.Sprintf(n.many, n.count))
		}
	}
	return notes
}

func inCommit(commit, path string) string {
	if commit == "" {
		return path
	}
	return commit + ":" + path
}

func (s *search) find(commit string, p scan.Place) report.ScanFind {
	f := report.ScanFind{Path: p.Path, Commit: commit, Line: p.Find.Line, Column: p.Find.Column, Offset: p.Find.Offset}
	for _, e := range p.Find.Encodings {
		f.Encodings = append(f.Encodings, string(e))
	}
	var known bool
	switch f.Verdict, known = s.known.values[p.Find.Sum]; {
	case known:
		f.Status = f.Verdict.Status
	case s.known.commit == "":
		f.Status = report.ScanUnchecked
	default:
		f.Status = report.ScanUnknown
	}
	f.Verdict.Fingerprint = state.Sum(p.Find.Sum).Short()
	return f
}
