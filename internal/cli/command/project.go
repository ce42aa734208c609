package command

import (
	"context"
	"io/fs"
	"path/filepath"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Outside is what a workspace takes from here.
func (e *Env) Outside() workspace.Outside {
	return workspace.Outside{Getenv: e.Getenv, Environ: e.Environ, Now: e.ReadClock, Notify: e.Notify, Disk: e.Disk, Limits: e.Limits}
}

// Notify says on stderr what a workspace has to say.
func (e *Env) Notify(n workspace.Notice) {
	switch {
	case n.Text == "":
		problems.Show(e.View(), n.Problems)
	case n.Level == workspace.Warning:
		e.Warnf("%s", n.Text)
	case n.Level == workspace.Note:
		e.Infof("%s", n.Text)
	default:
		e.Verbosef("%s", n.Text)
	}
}

// NameProject makes dir the project directory, which is not searched for then.
func (e *Env) NameProject(dir string) { e.Dir, e.named = e.Abs(dir), true }

// FindProject returns the project directory: the one that -C names, else the
// nearest one.
func (e *Env) FindProject() (string, error) {
	if e.named {
		return e.Dir, workspace.CheckNamed(e.Dir)
	}
	dir, err := workspace.Find(e.Dir)
	if err != nil {
		return "", err
	}
	if up, err := filepath.Rel(e.Dir, dir); err == nil && up != "." {
		e.Paste.Project = filepath.ToSlash(up)
	}
	return dir, nil
}

// NameReport says which command's document is shown, and of which project: the one that
// is found, or the folder in which none is. So whatever keeps the command from having a
// result stands in the comment that its result would stand in.
func (e *Env) NameReport(report string) {
	dir, err := e.FindProject()
	if err != nil {
		dir = e.Dir
	}
	e.Comment = view.Comment{Report: report, Project: workspace.PathInRepository(dir)}
}

// Open opens the project for a command that reads. The caller closes it.
func (e *Env) Open(ctx context.Context) (*workspace.Workspace, error) {
	return e.OpenFrom(ctx, e.Outside())
}

// OpenFrom is [Env.Open] with something else from outside.
func (e *Env) OpenFrom(ctx context.Context, outside workspace.Outside) (*workspace.Workspace, error) {
	w, err := e.OpenWith(ctx, outside)
	if err != nil {
		return nil, err
	}
	w.FinishInterrupted(ctx)
	return w, nil
}

// OpenWith is [Env.OpenFrom] that finishes nothing which was interrupted.
func (e *Env) OpenWith(ctx context.Context, outside workspace.Outside) (*workspace.Workspace, error) {
	dir, err := e.FindProject()
	if err != nil {
		return nil, err
	}
	w, err := workspace.Open(dir, outside)
	if err != nil {
		return nil, err
	}
	if err := w.CheckNearest(ctx, e.Dir); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Declared are the declarations in the work tree, read as plan reads them; their errors
// are the error, a [diag.List].
func (e *Env) Declared(ctx context.Context) (want *model.Declarations, err error) {
	err = e.WithDeclared(ctx, func(d Declared) error {
		want = d.Want
		return d.Found.Err()
	})
	return want, err
}

// Declared is what the work tree declares.
type Declared struct {
	// Dir is the project directory, and Files are its declarations while they are open.
	Dir   string
	Files fs.FS
	// Want is nil where Found has errors.
	Want  *model.Declarations
	Found diag.List
}

// WithDeclared runs a command on the declarations in the work tree, read as plan reads
// them, with the problems that they have.
func (e *Env) WithDeclared(ctx context.Context, read func(Declared) error) error {
	return e.WithDeclaredFrom(ctx, e.Outside(), read)
}

// WithDeclaredFrom is [Env.WithDeclared] with something else from outside.
func (e *Env) WithDeclaredFrom(ctx context.Context, outside workspace.Outside, read func(Declared) error) error {
	dir, err := e.FindProject()
	if err != nil {
		return err
	}
	files, closeFiles, err := workspace.OpenDeclared(ctx, dir, outside)
	if err != nil {
		return err
	}
	defer closeFiles()
	want, found, err := outside.Load(files)
	if err != nil {
		return err
	}
	for _, n := range workspace.Otherwise(files) {
		e.Notify(n)
	}
	return read(Declared{dir, files, want, found})
}

// WithState runs a reading command on the newest state that the clone knows.
func (e *Env) WithState(ctx context.Context, read func(*workspace.Workspace, *state.Snapshot) error) error {
	return e.WithStateFrom(ctx, e.Outside(), nil, read)
}

// WithStateOf is [Env.WithState] for a command about these objects alone; none are all,
// see [workspace.Workspace.StateOf].
func (e *Env) WithStateOf(ctx context.Context, about []model.Address, read func(*workspace.Workspace, *state.Snapshot) error) error {
	return e.WithStateFrom(ctx, e.Outside(), about, read)
}

// WithStateFrom is [Env.WithStateOf] with something else from outside.
func (e *Env) WithStateFrom(ctx context.Context, outside workspace.Outside, about []model.Address, read func(*workspace.Workspace, *state.Snapshot) error) error {
	return e.withSnapshot(ctx, outside, func(w *workspace.Workspace) (*state.Snapshot, error) { return w.StateOf(ctx, about...) }, read)
}

// WithStateHolding is [Env.WithState] for a command about one value, see
// [workspace.Workspace.StateHolding].
func (e *Env) WithStateHolding(ctx context.Context, value state.Sum, read func(*workspace.Workspace, *state.Snapshot) error) error {
	return e.withSnapshot(ctx, e.Outside(), func(w *workspace.Workspace) (*state.Snapshot, error) { return w.StateHolding(ctx, value) }, read)
}

func (e *Env) withSnapshot(ctx context.Context, outside workspace.Outside, load func(*workspace.Workspace) (*state.Snapshot, error), read func(*workspace.Workspace, *state.Snapshot) error) error {
	w, err := e.OpenFrom(ctx, outside)
	if err != nil {
		return err
	}
	defer w.Close()
	snap, err := load(w)
	if err != nil {
		return err
	}
	return nameCommit(ctx, w, read(w, snap))
}
