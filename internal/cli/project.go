package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/osmoctl/osmoctl/internal/gitstore"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// project is an opened project directory with the repository around it.
type project struct {
	env   *Env
	dir   string
	store *gitstore.Store
	// draft is the work tree as a commit would hold it, once it was asked for.
	draft *gitstore.Draft
	// found is where reading commands read state, see [project.here].
	found *place
	// writing is set once objects of a commit are being written.
	writing bool
}

// findProject returns the directory that -C names, else the nearest one at or
// above the working directory that has a project file. From a named one it does
// not go up: a pull request that takes the project away from there must not have
// another found in its place.
func (e *Env) findProject() (string, error) {
	if e.named {
		return e.Dir, e.checkNamed()
	}
	for dir := e.Dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, config.ProjectFile)); err == nil {
			if up, err := filepath.Rel(e.Dir, dir); err == nil && up != "." {
				e.paste.Project = filepath.ToSlash(up)
			}
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", diag.Hinted(fmt.Errorf("there is no %s in %s or above it", config.ProjectFile, e.Dir),
				"osmoctl init makes a project; -C DIR looks elsewhere")
		}
	}
}

// checkNamed demands a project file where -C points to, and no symbolic link on
// the way through the repository: what a link in it leads to, a branch decides.
func (e *Env) checkNamed() error {
	if _, err := os.Lstat(filepath.Join(e.Dir, config.ProjectFile)); err != nil {
		return diag.Hinted(fmt.Errorf("there is no %s in %s, which -C names as the project directory", config.ProjectFile, e.Dir),
			"name the directory that has it; without -C it is searched for from the working directory upwards")
	}
	real, err := filepath.EvalSymlinks(e.Dir)
	if err != nil {
		return err
	}
	root := repositoryAbove(e.Dir)
	if root == "" {
		return nil
	}
	below, err := filepath.Rel(root, e.Dir)
	if err != nil {
		return err
	}
	if root, err = filepath.EvalSymlinks(root); err == nil && real != filepath.Join(root, below) {
		err = diag.Hinted(fmt.Errorf("%s leads through a symbolic link in the repository, so the branch at hand would choose which project it is", e.Dir),
			"name the directory itself: "+real)
	}
	return err
}

// repositoryAbove is the nearest directory with a .git at or above dir, as its
// path is spelled; "" is none.
func repositoryAbove(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// openProject opens the project around the working directory. The caller closes
// it.
func (e *Env) openProject() (*project, error) {
	dir, err := e.findProject()
	if err != nil {
		return nil, err
	}
	p, err := e.openProjectAt(dir, 0)
	if err != nil {
		return nil, err
	}
	if err := p.checkNearest(); err != nil {
		p.close()
		return nil, err
	}
	p.finishInterrupted(e)
	return p, nil
}

// checkNearest refuses a project that was found above a directory which had one
// of its own: a branch that takes that away must not have another planned and
// applied in its place.
func (p *project) checkNearest() error {
	below, err := filepath.Rel(p.dir, p.env.Dir)
	if err != nil || below == "." || !filepath.IsLocal(below) {
		return err
	}
	head, err := p.head()
	if err != nil || head.Commit == "" {
		return err
	}
	stop := errors.New("found")
	for dir := filepath.ToSlash(below); dir != "."; dir = path.Dir(dir) {
		var last gitstore.Commit
		err := p.store.History(p.env.Context, head.Commit, path.Join(dir, config.ProjectFile), func(c gitstore.Commit) error {
			last = c
			return stop
		})
		if errors.Is(err, stop) {
			return diag.Hinted(fmt.Errorf("%s had a project of its own, which commit %.12s took away", path.Join(p.store.Prefix(), dir), last.Hash),
				"name the one that is meant: osmoctl -C "+model.ShellWord(p.dir))
		}
		if errors.Is(err, gitstore.ErrShallow) && !isOwnFolder(dir) {
			return diag.Hinted(fmt.Errorf("this clone is shallow, so it cannot be told whether %s had a project of its own", path.Join(p.store.Prefix(), dir)),
				"name the one that is meant: osmoctl -C "+model.ShellWord(p.dir))
		}
		if err != nil && !errors.Is(err, gitstore.ErrShallow) {
			return err
		}
	}
	return nil
}

// isOwnFolder tells the folders below a project that are its own: nobody keeps
// another project there.
func isOwnFolder(dir string) bool {
	top, _, _ := strings.Cut(dir, "/")
	return top == config.ManifestDir || top == state.Dir
}

// finishInterrupted brings work tree and index to the commit that an
// interrupted apply has made: until then a git commit -a would take it back.
// Reading goes on whatever comes of it, since state is read from commits.
func (p *project) finishInterrupted(env *Env) {
	if !p.store.Interrupted() {
		return
	}
	lock, err := p.store.Lock(env.Context, env.holder())
	var locked *gitstore.LockedError
	if errors.As(err, &locked) {
		return // It is not dead, but at work.
	}
	if err == nil {
		defer func() { _ = lock.Unlock() }()
		err = p.recover(env)
	}
	if err != nil {
		env.warnf("an interrupted apply has yet to be completed, so do not commit before the next apply: %v", err)
	}
}

// openProjectAt opens the project in dir, to be locked within lockTimeout.
func (e *Env) openProjectAt(dir string, lockTimeout time.Duration) (*project, error) {
	limits := e.limits.OrDefault()
	store, err := gitstore.Open(dir, gitstore.Options{
		Disk: e.Disk, Env: e.Getenv, LockTimeout: lockTimeout,
		MaxFiles: limits.StateFiles, MaxBytes: int64(limits.StateMegabytes) << 20,
	})
	if err != nil {
		return nil, err
	}
	return &project{env: e, dir: dir, store: store}, nil
}

func (p *project) close() {
	if p.draft != nil {
		_ = p.draft.Close()
	}
	_ = p.store.Close()
}

func openDirectory(dir string) (fs.FS, func(), error) {
	files, closer, err := gitstore.DirFS(dir)
	if err != nil {
		return nil, nil, err
	}
	return files, func() { _ = closer.Close() }, nil
}

func (e *Env) declarations(files fs.FS) (*model.Declarations, error) {
	want, problems, err := e.load(files)
	if err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	e.view().Diagnostics(problems)
	return want, nil
}

func (e *Env) load(files fs.FS) (*model.Declarations, diag.List, error) {
	today, err := e.today()
	if err != nil {
		return nil, nil, err
	}
	want, problems := config.Load(files, config.Options{Today: today, Limits: e.limits})
	return want, problems, nil
}

// snapshot reads the state at a commit; "" is the commit before the first.
func (p *project) snapshot(ctx context.Context, commit string) (*state.Snapshot, error) {
	files, err := p.stateFiles(ctx, commit, func(path string) bool { return !state.IsCiphertext(path) })
	if err != nil {
		return nil, err
	}
	snap, problems := state.Decode(files)
	if problems.HasErrors() {
		return nil, problems
	}
	return snap, nil
}

func (p *project) stateFiles(ctx context.Context, commit string, want func(string) bool) ([]state.File, error) {
	found, err := p.store.Files(ctx, commit, []string{state.Dir}, want)
	if err != nil {
		return nil, tooMuchState(err)
	}
	files := make([]state.File, len(found))
	for i, f := range found {
		files[i] = state.File{Path: strings.TrimPrefix(f.Path, state.Dir+"/"), Mode: f.Mode, Data: f.Data}
	}
	return files, nil
}

// tooMuchState says how an operator has more of state read.
func tooMuchState(err error) error {
	var much *gitstore.TooMuchError
	switch {
	case !errors.As(err, &much):
		return err
	case much.Bytes > 0:
		return diag.Hinted(err, model.RaiseHint("state_megabytes", int(much.Bytes>>19)))
	}
	return diag.Hinted(err, model.RaiseHint("state_files", 2*much.Files))
}

// head is where HEAD is.
func (p *project) head() (gitstore.Head, error) { return p.store.Head() }

// current reads the state as this clone knows it, see [project.believed].
func (p *project) current(ctx context.Context) (*state.Snapshot, error) {
	at, err := p.here(ctx)
	if err != nil {
		return nil, err
	}
	return p.believed(ctx, at)
}

// both reads declarations and state side by side: they are the two halves of
// the time a plan takes.
func (p *project) both(ctx context.Context, commit string, read func() (*model.Declarations, error)) (want *model.Declarations, have *state.Snapshot, err error) {
	group, ctx := errgroup.WithContext(ctx)
	var declared, applied error
	group.Go(func() error {
		want, declared = read()
		return nil
	})
	group.Go(func() error {
		have, applied = p.snapshot(ctx, commit)
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

// withState runs a reading command on the newest state that the clone knows.
func (e *Env) withState(f func(*project, *state.Snapshot) error) error {
	p, err := e.openProject()
	if err != nil {
		return err
	}
	defer p.close()
	snap, err := p.current(e.Context)
	if err != nil {
		return err
	}
	return f(p, snap)
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}
