package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/term"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Env is everything that a command takes from outside.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Getenv looks up an environment variable.
	Getenv func(string) string
	// Environ is the whole environment, for the programs that are run: git and
	// what git is configured to sign with. No private key is in it.
	Environ []string
	// IdentityKey is the text of identities that the environment gave.
	IdentityKey secret.Value
	// Now is the clock; OSMOCTL_NOW overrides it.
	Now func() time.Time
	// Dir is the working directory.
	Dir string
	// StdinTerminal, StdoutTerminal and StderrTerminal tell where a person
	// sits.
	StdinTerminal, StdoutTerminal, StderrTerminal bool
	// Columns is how wide the terminal is, 0 where that is not known.
	Columns int
	// StdoutFile is the file that stdout was redirected to, or nil: a pipe, a
	// terminal or a device is none.
	StdoutFile *RedirectedFile
	// Disk makes every change to the repository; nil means the real one. Tests
	// pass one that fails.
	Disk disk.Disk

	// execute becomes a program, or runs it where that cannot be; nil runs
	// none.
	execute func(execution) error
	// handOver stops taking signals, and fails where one came before.
	handOver func() error

	// keyAsPath says that the environment held a private key where it lists
	// paths.
	keyAsPath bool
	// missing are the identities that the environment lists and that are not
	// there.
	missing []string

	// named says that Dir was given as the project directory, and is not
	// searched from.
	named bool
	// paste is about the commands that are proposed.
	paste      view.Paste
	formatType view.Format
	verbose    bool
	noColor    bool
	clockShown bool
	// limits are the operator's; the zero Limits are the defaults.
	limits model.Limits
}

// System is the environment of the process.
func System() *Env {
	// A command lives for less than a second: half the collections of garbage
	// are worth more than the memory that they would free. GOGC still decides
	// where it is set.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	// Where a hostile project does take memory, collecting costs less than
	// twice as much of it.
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(1 << 30)
	}
	key, keyAsPath := takeIdentities()
	dir, _ := os.Getwd()
	return &Env{
		IdentityKey: key, keyAsPath: keyAsPath,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ(), Now: time.Now, Dir: dir,
		StdinTerminal:  isTerminal(os.Stdin),
		StdoutTerminal: isTerminal(os.Stdout),
		StderrTerminal: isTerminal(os.Stderr),
		Columns:        columns(os.Stdout, os.Stderr),
		StdoutFile:     redirected(os.Stdout),
		execute:        execute,
	}
}

// columns is the width of the first that is a terminal, 0 where none tells.
func columns(files ...*os.File) int {
	for _, f := range files {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 0
}

// takeIdentities takes private keys out of the environment, before anything can
// inherit them: git, its helpers, a plugin, the program of token exec. A key in
// the variable for paths is taken away as well, and reported.
func takeIdentities() (key secret.Value, keyAsPath bool) {
	if text := os.Getenv(keyVariable); text != "" {
		key = secret.New([]byte(text))
		forgetVariable(keyVariable)
	}
	if keyAsPath = holdsKey(os.Getenv(pathsVariable)); keyAsPath {
		forgetVariable(pathsVariable)
	}
	return key, keyAsPath
}

// forgetVariable removes a variable from what is inherited and, where the system
// lets us, from what others can read of this process.
func forgetVariable(name string) {
	_ = os.Unsetenv(name)
	eraseVariable(name)
}

// RedirectedFile is what is known of a file that a shell has opened.
type RedirectedFile struct {
	// Path is absolute where the system tells it, else the stream's name.
	Path string
	Mode fs.FileMode
}

func redirected(f *os.File) *RedirectedFile {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file := &RedirectedFile{Path: f.Name(), Mode: info.Mode()}
	if path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd()))); err == nil {
		file.Path = path
	}
	return file
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func (e *Env) configure(g *grammar, f view.Format) (err error) {
	e.formatType = f
	e.verbose = g.Verbose
	e.noColor = g.NoColor || e.Getenv("NO_COLOR") != "" || e.Getenv("TERM") == "dumb"
	if g.Dir != "" {
		e.Dir, e.named = absolute(e.Dir, g.Dir), true
		e.paste = view.Paste{Dir: g.Dir, Project: g.Dir}
	}
	if e.limits, err = model.ParseLimits(e.Getenv(model.LimitsVariable)); err != nil {
		return usage(fmt.Errorf("%s: %w", model.LimitsVariable, err))
	}
	return nil
}

func (e *Env) view() *view.View {
	return &view.View{
		Out: e.Stdout, Err: e.Stderr,
		Paste: e.paste,
		Color: e.StdoutTerminal && !e.noColor, ErrColor: e.StderrTerminal && !e.noColor,
		Width: e.columns(e.StdoutTerminal), ErrWidth: e.columns(e.StderrTerminal),
	}
}

// columns is how wide a line may be: what is no terminal is not broken.
func (e *Env) columns(terminal bool) int {
	switch {
	case !terminal:
		return 0
	case e.Columns == 0:
		return usualColumns
	}
	return max(e.Columns, minColumns)
}

// usualColumns is what a terminal has that does not tell, and minColumns is what
// a plan can be read in.
const usualColumns, minColumns = 80, 40

// inCI reports whether nobody watches: continuous integration sets CI.
func (e *Env) inCI() bool { v := e.Getenv("CI"); return v != "" && v != "false" && v != "0" }

// now reads the clock. OSMOCTL_NOW sets it for tests of the whole program, and
// says so, because a plan of another day looks like one of today.
func (e *Env) now() (time.Time, error) {
	set := e.Getenv("OSMOCTL_NOW")
	if set == "" {
		return e.Now().UTC(), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, set); err == nil {
			if !e.clockShown {
				e.clockShown = true
				e.warnf("the clock is set to %s by OSMOCTL_NOW", t.UTC().Format(time.RFC3339))
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("OSMOCTL_NOW is neither a date such as 2027-01-01 nor a time such as 2027-01-01T12:00:00Z")
}

func (e *Env) today() (model.Date, error) {
	now, err := e.now()
	return model.DateOf(now), err
}

// outside is what a workspace takes from here.
func (e *Env) outside() workspace.Outside {
	return workspace.Outside{Getenv: e.Getenv, Environ: e.Environ, Now: e.now, Notify: e.notify, Disk: e.Disk, Limits: e.limits}
}

// notify says on stderr what a workspace has to say.
func (e *Env) notify(n workspace.Notice) {
	switch {
	case n.Text == "":
		problems.Show(e.view(), n.Problems)
	case n.Level == workspace.Warning:
		e.warnf("%s", n.Text)
	case n.Level == workspace.Note:
		e.infof("%s", n.Text)
	default:
		e.verbosef("%s", n.Text)
	}
}

// findProject returns the project directory: the one that -C names, else the
// nearest one.
func (e *Env) findProject() (string, error) {
	if e.named {
		return e.Dir, workspace.CheckNamed(e.Dir)
	}
	dir, err := workspace.Find(e.Dir)
	if err != nil {
		return "", err
	}
	if up, err := filepath.Rel(e.Dir, dir); err == nil && up != "." {
		e.paste.Project = filepath.ToSlash(up)
	}
	return dir, nil
}

// open opens the project for a command that reads. The caller closes it.
func (e *Env) open(ctx context.Context) (*workspace.Workspace, error) {
	dir, err := e.findProject()
	if err != nil {
		return nil, err
	}
	w, err := workspace.Open(dir, e.outside())
	if err != nil {
		return nil, err
	}
	if err := w.CheckNearest(ctx, e.Dir); err != nil {
		w.Close()
		return nil, err
	}
	w.FinishInterrupted(ctx)
	return w, nil
}

// withState runs a reading command on the newest state that the clone knows.
func (e *Env) withState(ctx context.Context, read func(*workspace.Workspace, *state.Snapshot) error) error {
	w, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	snap, err := w.State(ctx)
	if err != nil {
		return err
	}
	return read(w, snap)
}

// absolute is a path as seen from base.
func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// warnf says something on stderr that does not change the outcome.
func (e *Env) warnf(format string, args ...any) {
	e.view().Warn(fmt.Sprintf(format, args...))
}

// verbosef says with --verbose how something is done.
func (e *Env) verbosef(format string, args ...any) {
	if e.verbose {
		e.infof(format, args...)
	}
}

// infof says what happened, on stderr.
func (e *Env) infof(format string, args ...any) {
	e.view().Note(fmt.Sprintf(format, args...))
}

// printf writes a result that is made of our own words and of paths.
func (e *Env) printf(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = view.EscapeTerminal(s)
		}
	}
	_ = (&view.View{Out: keyless{e.Stdout}}).Words(fmt.Sprintf(format, args...))
}
