// Package search looks for leaked tokens in places: files and directories, a stream,
// what is staged in git, and all that a repository has in its history. What a token
// looks like, and what is unpacked and decoded on the way, is package scan's to say;
// this package finds the inputs, reads them on every processor, and keeps what is
// found in the order of the inputs.
//
// Each search returns a [Result], and results add up. Links are not followed, a
// device is not opened, and what cannot be read is named instead of ending the search:
// the one error is an interrupt, or a repository that does not answer.
package search

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/pkg/scan"
)

// Searcher says how to search. It is not changed by searching, and may be used for
// several searches.
type Searcher struct {
	// Scan says what is looked for.
	Scan scan.Options
	// Dir is the directory that paths are relative to.
	Dir string
	// Env looks up environment variables for git; nil means os.Getenv.
	Env func(string) string
}

// Result is what was found, and what was not searched.
type Result struct {
	// Files and Bytes count what was searched, archives unpacked, and Versions what
	// was searched of git's history.
	Files    int
	Bytes    int64
	Versions int
	// Inputs are those with something to say of, in the order in which they were
	// met.
	Inputs []Input
	// Unread could not be opened.
	Unread []scan.Left
	// Links and Others count what directories hold beside files, and Gits their .git
	// directories: none of these is looked into.
	Links, Others, Gits int
	// Nested are the directories below the paths that have a .git of their own.
	Nested []string
}

// Input is one file, or one version of one.
type Input struct {
	// Commit is the first commit that has it, where it is of git's history.
	Commit string
	scan.Result
}

// Add adds what another search found.
func (r *Result) Add(more *Result) {
	r.Files, r.Bytes, r.Versions = r.Files+more.Files, r.Bytes+more.Bytes, r.Versions+more.Versions
	r.Inputs, r.Unread, r.Nested = append(r.Inputs, more.Inputs...), append(r.Unread, more.Unread...), append(r.Nested, more.Nested...)
	r.Links, r.Others, r.Gits = r.Links+more.Links, r.Others+more.Others, r.Gits+more.Gits
}

// note names something that could not be opened, without a value in its name.
func (s *Searcher) note(r *Result, path string, err error) {
	r.Unread = append(r.Unread, scan.Left{Path: scan.New(s.Scan).Mask(path), Reason: reasonOf(err)})
}

// reasonOf is an error without the path, which may hold a value.
func reasonOf(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// job is one input to be searched.
type job struct {
	order  int
	commit string
	name   string
	open   func(*git.Contents) (in scan.Input, done func(), err error)
}

// searched is an input that has been searched. Inputs are searched side by side,
// and shown in their order.
type searched struct {
	order int
	Input
}

// worker is what one goroutine searches with, and what it has found.
type worker struct {
	scanner  *scan.Scanner
	contents *git.Contents
	searched []searched
	files    int
	bytes    int64
}

// Stream searches what is read from r.
func (s *Searcher) Stream(ctx context.Context, r io.Reader) *Result {
	w := &worker{scanner: scan.New(s.Scan)}
	w.search(ctx, job{name: "-", open: func(*git.Contents) (scan.Input, func(), error) {
		return scan.Input{Reader: r}, func() {}, nil
	}})
	out := &Result{}
	out.collect([]*worker{w})
	return out
}

// searchAll searches the jobs that list gives, on every processor, and adds what is
// found to out. repo is where contents come from; it may be nil.
func (s *Searcher) searchAll(ctx context.Context, out *Result, repo *git.Repository, list func(give func(job)) error) error {
	jobs := make(chan job, 64)
	group, groupCtx := errgroup.WithContext(ctx)
	workers := make([]*worker, runtime.GOMAXPROCS(0))
	for i := range workers {
		w := &worker{scanner: scan.New(s.Scan)}
		workers[i] = w
		group.Go(func() error {
			if repo != nil {
				w.contents = repo.Contents()
				defer w.contents.Close()
			}
			for j := range jobs {
				if groupCtx.Err() == nil {
					w.search(groupCtx, j)
				}
			}
			return nil
		})
	}
	order := 0
	err := list(func(j job) {
		j.order = order
		order++
		jobs <- j
	})
	close(jobs)
	_ = group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	out.collect(workers)
	return err
}

// collect adds what workers found, in the order of their inputs.
func (r *Result) collect(workers []*worker) {
	var all []searched
	for _, w := range workers {
		r.Files, r.Bytes = r.Files+w.files, r.Bytes+w.bytes
		all = append(all, w.searched...)
	}
	slices.SortFunc(all, func(a, b searched) int { return a.order - b.order })
	for _, i := range all {
		r.Inputs = append(r.Inputs, i.Input)
	}
}

// search searches one input. Most have nothing to say of, and there may be millions.
func (w *worker) search(ctx context.Context, j job) {
	r := w.read(ctx, j)
	w.bytes += r.Bytes
	if j.commit == "" {
		w.files += r.Files
	}
	if len(r.Places)+len(r.Left) > 0 {
		w.searched = append(w.searched, searched{j.order, Input{j.commit, r}})
	}
}

func (w *worker) read(ctx context.Context, j job) scan.Result {
	in, done, err := j.open(w.contents)
	if err != nil {
		return scan.Result{Left: []scan.Left{{Path: w.scanner.Mask(j.name), Reason: reasonOf(err)}}}
	}
	defer done()
	from := in.Reader
	in.Name = j.name
	in.Reader = readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil { // The command was interrupted.
			return 0, err
		}
		return from.Read(b)
	})
	return w.scanner.File(in)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
