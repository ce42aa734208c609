// Package workspace is an open project: the directory with osmoctl.yaml, the
// repository around it, and one attempt at changing what is applied. Every command
// that reads or writes state stands on it.
//
// # The parts
//
// A [Workspace] reads: the declarations in the work tree as a commit would hold
// them, those of a commit, and state. Where state is, history says and no branch
// by itself: see [Place]. What is known of that history is a trust. What a
// plan of a pull request is compared with is where it left its base: see
// [Workspace.Plan].
//
// [Workspace.Run] writes. It makes one [Change], which is what apply, revoke,
// reseal and restore differ in, and goes through the same steps for each: lock,
// finish what was interrupted, find the branch that state is committed to (the
// ledger), find what the next commit builds on, plan, check the history of that,
// ask, execute, and begin again where another run came first.
//
// # What it does not do
//
// It prints nothing and asks nobody. What is to be said goes as a [Notice] to the
// function that [Outside] has, what is to be decided to [Request.Ask], and
// results are returned. It knows no command and no flag but those that its hints
// name.
//
// # Errors
//
// A [StaleError] says that somebody else was faster or that what was reviewed is
// not there any more; an [ArgumentError] that the caller named something that is
// not there; [ErrUnchanged] and [ErrHalfway] what an interruption left. A
// [diag.List] has the problems of declarations or state.
package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/backend/osmo"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/worktree"
	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Outside is what a workspace takes from outside the project.
type Outside struct {
	// Getenv looks up an environment variable.
	Getenv func(string) string
	// Environ is the whole environment, for the programs that are run.
	Environ []string
	// Now is the clock. It fails where it was set to no time.
	Now func() (time.Time, error)
	// Notify takes what is to be said. It is called from one goroutine at a time.
	Notify func(Notice)
	// Disk makes every change to the repository; nil means the real one.
	Disk disk.Disk
	// Limits are the operator's; the zero value has the defaults.
	Limits model.Limits
	// PassEmpty is [config.Options.PassEmpty].
	PassEmpty bool
	// LockTimeout is how long to wait for another run, in this clone or on the
	// project's server.
	LockTimeout time.Duration
	// Access lets osmoctl talk to a server.
	Access Access
}

// Workspace is an opened project directory with the repository around it. It is
// for one command, and not for several goroutines.
type Workspace struct {
	outside Outside
	dir     string
	repo    *git.Repository
	store   *gitstore.Store
	// places finds where state is.
	places *place.Finder
	// draft is the work tree as a commit would hold it, once it was asked for.
	draft *worktree.Draft
	// newest is where the newest state is that the clone knows of, once it was
	// looked for.
	newest *place.Place
	// server is the project's, once it was talked to.
	server *osmo.Backend
	// run names what this command does, over all its attempts, and patience is until
	// when it waits for another.
	run      string
	patience time.Time
	// phase, if set, is told what is being done: see [Request.Phase].
	phase func(doing string, done, total int)
	// committed is set once a commit of this run stands, or may stand.
	committed bool
}

// Open opens the project in dir, which [Find] found. The caller closes it.
func Open(dir string, outside Outside) (*Workspace, error) {
	limits := outside.Limits.OrDefault()
	repo, err := git.Open(dir, git.Options{
		Env: outside.Getenv, MaxFiles: limits.StateFiles, MaxBytes: int64(limits.StateMegabytes) << 20,
	})
	if err != nil {
		return nil, err
	}
	w := &Workspace{
		outside: outside, dir: dir, repo: repo,
		store: gitstore.New(repo, gitstore.Options{Disk: outside.Disk, LockTimeout: outside.LockTimeout}),
	}
	w.places = place.New(repo, outside.Getenv, func(name string) (place.Remote, error) { return w.openRemote(name) })
	return w, nil
}

// Close gives back what is open.
func (w *Workspace) Close() {
	if w.draft != nil {
		_ = w.draft.Close()
	}
	w.closeServer()
	_ = w.store.Close()
	_ = w.repo.Close()
}

// Dir is the project directory.
func (w *Workspace) Dir() string { return w.dir }

// Repository is the one around the project.
func (w *Workspace) Repository() *git.Repository { return w.repo }

func (w *Workspace) getenv(name string) string { return w.outside.Getenv(name) }

func (w *Workspace) today() (model.Date, error) {
	now, err := w.outside.Now()
	return model.DateOf(now), err
}

// Load reads declarations, with all their problems.
func (o Outside) Load(files fs.FS) (*model.Declarations, diag.List, error) {
	now, err := o.Now()
	if err != nil {
		return nil, nil, err
	}
	want, problems := config.Load(files, config.Options{Today: model.DateOf(now), Limits: o.Limits, PassEmpty: o.PassEmpty})
	return want, problems, nil
}

// declarations reads declarations that must not have errors.
func (w *Workspace) declarations(files fs.FS) (*model.Declarations, error) {
	want, problems, err := w.outside.Load(files)
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	w.outside.Notify(Notice{Level: Warning, Problems: problems})
	return want, nil
}

// openCommitted are the declarations of a commit, as files.
func (w *Workspace) openCommitted(commit string) (fs.FS, error) {
	return w.repo.FS(commit, config.Paths()...)
}

// StateFiles reads the files of state at a commit, by their paths below state/.
// Those that want refuses have no data; nil wants all.
func (w *Workspace) StateFiles(ctx context.Context, commit string, want func(path string) bool) ([]state.File, error) {
	return w.filesOf(ctx, commit, []string{"."}, want)
}

// filesOf is [Workspace.StateFiles] below some files and folders of state/.
func (w *Workspace) filesOf(ctx context.Context, commit string, paths []string, want func(path string) bool) ([]state.File, error) {
	found, err := w.repo.Files(ctx, commit, below(paths), want)
	if err != nil {
		return nil, hintTooMuch(err)
	}
	files := make([]state.File, len(found))
	for i, f := range found {
		files[i] = stateFile(f)
	}
	return files, nil
}

// below are paths of state/ as paths of the project.
func below(paths []string) []string {
	dirs := make([]string, len(paths))
	for i, p := range paths {
		dirs[i] = path.Join(state.Dir, p)
	}
	return dirs
}

func stateFile(f git.File) state.File {
	return state.File{Path: belowState(f.Path), Mode: f.Mode, Data: f.Data}
}

// belowState is a path of the project as one below state/.
func belowState(path string) string { return strings.TrimPrefix(path, state.Dir+"/") }

// hintTooMuch says which limit whoever runs osmoctl can raise.
func hintTooMuch(err error) error {
	var much *git.TooMuchError
	switch {
	case errors.As(err, &much) && much.Bytes > 0:
		return diag.Hinted(err, model.RaiseHint("state_megabytes", int(much.Bytes>>19)))
	case errors.As(err, &much):
		return diag.Hinted(err, model.RaiseHint("state_files", 2*much.Files))
	}
	return err
}

// State reads the newest state that this clone knows of, see [Workspace.Newest],
// as far as it is believed: what ended in any commit before has ended.
func (w *Workspace) State(ctx context.Context) (*state.Snapshot, error) { return w.StateOf(ctx) }

// readBoth reads declarations and state side by side: they are the two halves of
// the time a plan takes.
func (w *Workspace) readBoth(ctx context.Context, commit string, read func() (*model.Declarations, error)) (want *model.Declarations, have *state.Snapshot, err error) {
	group, ctx := errgroup.WithContext(ctx)
	var declared, applied error
	group.Go(func() error {
		want, declared = read()
		return nil
	})
	group.Go(func() error {
		have, applied = w.Snapshot(ctx, commit)
		return nil
	})
	_ = group.Wait()
	return want, have, joinProblems(declared, applied)
}

// joinProblems makes one list of the problems of two readers, so that one pass
// shows all.
func joinProblems(errs ...error) error {
	var all diag.List
	var first error
	for _, err := range errs {
		var list diag.List
		switch {
		case errors.As(err, &list):
			all.Add(list...)
		case err != nil && first == nil:
			first = err
		}
	}
	if first != nil {
		return first
	}
	return all.Err()
}

// manyFiles is from how many files on it is cheaper to go through all of state
// than to look each up.
const manyFiles = 200

// Ciphertexts reads the sealed values of generations at a commit. One that is
// not there stays out.
func (w *Workspace) Ciphertexts(ctx context.Context, commit string, list []model.Address) (map[model.Address][]byte, error) {
	paths := make([]string, len(list))
	wanted := make(map[string]model.Address, len(list))
	for i, a := range list {
		paths[i] = state.Dir + "/" + state.CiphertextPath(a.Account, a.Name, a.Generation)
		wanted[paths[i]] = a
	}
	if len(paths) > manyFiles {
		paths = []string{state.Dir}
	}
	found, err := w.repo.Files(ctx, commit, paths, func(path string) bool { _, ok := wanted[path]; return ok })
	if err != nil {
		return nil, err
	}
	files := make(map[model.Address][]byte, len(list))
	for _, f := range found {
		if a, ok := wanted[f.Path]; ok && f.Mode == state.RegularMode {
			files[a] = f.Data
		}
	}
	return files, nil
}

// Ciphertext reads the sealed value of a generation from where the newest state
// is. That it is not there is an error.
func (w *Workspace) Ciphertext(ctx context.Context, a model.Address) ([]byte, error) {
	at, err := w.Newest(ctx)
	if err != nil {
		return nil, err
	}
	files, err := w.Ciphertexts(ctx, at.Commit, []model.Address{a})
	if err != nil {
		return nil, err
	}
	data, there := files[a]
	if !there {
		return nil, fmt.Errorf("%s/%s is not a plain file in commit %.12s", state.Dir, state.CiphertextPath(a.Account, a.Name, a.Generation), at.Commit)
	}
	return data, nil
}
