// Package command is what all commands share: the environment that they run in,
// what they print and say, the formats and exit codes, and how they open the project.
//
// # The environment
//
// [Env] is everything from outside: streams, environment, clock, directory. It is
// passed in, so a test runs commands without a process; [System] is that of this one.
// What a command says goes through it, so that no private key is ever repeated and
// what belongs to results is kept apart from what is said beside them.
//
// # Errors
//
// A command returns errors. [Usage] marks those of the command line, [WithCode] those
// that have an exit code of their own; [Env.Fail] is the one place that turns an error
// into an exit code and, with the view, into words.
package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
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
	// ServerToken is the credential for an OSMO server that the environment gave.
	ServerToken secret.Value
	// Version is that of this program.
	Version string
	// Now is the clock; OSMOCTL_NOW overrides it.
	Now func() time.Time
	// Dir is the working directory.
	Dir string
	// StdinTerminal, StdoutTerminal and StderrTerminal tell where a person
	// sits.
	StdinTerminal, StdoutTerminal, StderrTerminal bool
	// Columns is how wide the terminal is, 0 where that is not known.
	Columns int
	// Terminal is stdout where that is a terminal, for a pager to write to, or nil.
	Terminal *os.File
	// StdoutFile is the file that stdout was redirected to, or nil: a pipe, a
	// terminal or a device is none.
	StdoutFile *RedirectedFile
	// Disk makes every change to the repository; nil means the real one. Tests
	// pass one that fails.
	Disk disk.Disk

	// Executes says that a program may take the place of this process. Tests run
	// commands in their own.
	Executes bool
	// KeyAsPath says that the environment held a private key where it lists
	// paths.
	KeyAsPath bool
	// Paste is about the commands that are proposed.
	Paste view.Paste
	// Comment is what results and errors in Markdown are for.
	Comment view.Comment
	// Format is that of the command's result, and so of errors.
	Format view.Format
	// Limits are the operator's; the zero Limits are the defaults.
	Limits model.Limits
	// NoPager says that the terminal itself gets long results.
	NoPager bool

	// paging is until when Ctrl-C is a pager's, in nanoseconds since 1970.
	paging *atomic.Int64
	// aside takes away what [Env.Watch] shows; nil where it shows nothing.
	aside func() (back func())
	// handOver stops taking signals, and fails where one came before.
	handOver func() error
	// named says that Dir was given as the project directory, and is not
	// searched from.
	named      bool
	verbose    bool
	noColor    bool
	clockShown bool
}

// Flags are those of every command.
type Flags struct {
	Dir     string `short:"C" name:"dir" placeholder:"DIR" help:"The project directory. Without it, the nearest one at or above the working directory that has an osmoctl.yaml."`
	NoColor bool   `name:"no-color" help:"Print without colour. NO_COLOR does the same."`
	NoPager bool   `name:"no-pager" help:"Print long results to the terminal itself. Otherwise commands that read, and help, show them through OSMOCTL_PAGER, else PAGER, else less; an empty OSMOCTL_PAGER does the same as this flag."`
	Verbose bool   `short:"v" help:"Say on stderr how things are done, such as which program talks to the remote."`
}

// Configure sets what the flags say, and the format of the command's result.
func (e *Env) Configure(f Flags, format view.Format) (err error) {
	e.Format = format
	e.verbose = f.Verbose
	e.noColor, e.NoPager = f.NoColor, f.NoPager
	if f.Dir != "" {
		e.NameProject(f.Dir)
		e.Paste = view.Paste{Dir: f.Dir, Project: f.Dir}
	}
	if e.Limits, err = model.ParseLimits(e.Getenv(model.LimitsVariable)); err != nil {
		return Usage(fmt.Errorf("%s: %w", model.LimitsVariable, err))
	}
	if e.Limits != model.DefaultLimits() && e.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(raisedMemoryLimit)
	}
	return nil
}

// RedirectedFile is what is known of a file that a shell has opened.
type RedirectedFile struct {
	// Path is absolute where the system tells it, else the stream's name.
	Path string
	Mode fs.FileMode
}

// ConfigureUnread takes what an error needs from a command line that could not be read.
func (e *Env) ConfigureUnread(args []string) {
	e.Format = formatIn(args)
	e.noColor = slices.Contains(args, "--no-color")
}

// View lays results out on the streams.
func (e *Env) View() *view.View {
	color := !e.noColor && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
	return &view.View{
		Out: e.Stdout, Err: e.Stderr,
		Paste: e.Paste, Comment: e.Comment,
		Color: e.StdoutTerminal && color, ErrColor: e.StderrTerminal && color,
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

// InCI reports whether nobody watches: continuous integration sets CI.
func (e *Env) InCI() bool { v := e.Getenv("CI"); return v != "" && v != "false" && v != "0" }

// ReadClock is the time. OSMOCTL_NOW sets it for tests of the whole program, and
// says so, because a plan of another day looks like one of today.
func (e *Env) ReadClock() (time.Time, error) {
	set := e.Getenv("OSMOCTL_NOW")
	if set == "" {
		return e.Now().UTC(), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, set); err == nil {
			if !e.clockShown {
				e.clockShown = true
				e.Warnf("the clock is set to %s by OSMOCTL_NOW", t.UTC().Format(time.RFC3339))
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("OSMOCTL_NOW is neither a date such as 2027-01-01 nor a time such as 2027-01-01T12:00:00Z")
}

// Today is the UTC day.
func (e *Env) Today() (model.Date, error) {
	now, err := e.ReadClock()
	return model.DateOf(now), err
}

// Warnf says something on stderr that does not change the outcome.
func (e *Env) Warnf(format string, args ...any) {
	e.View().Warn(fmt.Sprintf(format, args...))
}

// Verbosef says with --verbose how something is done.
func (e *Env) Verbosef(format string, args ...any) {
	if e.verbose {
		e.Infof(format, args...)
	}
}

// Infof says what happened, on stderr.
func (e *Env) Infof(format string, args ...any) {
	e.View().Note(fmt.Sprintf(format, args...))
}

// Printf writes a result that is made of our own words and of paths.
func (e *Env) Printf(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = view.EscapeTerminal(s)
		}
	}
	_ = (&view.View{Out: Keyless{e.Stdout}}).Words(fmt.Sprintf(format, args...))
}

// Sayf writes a sentence of a result, which a terminal gets in lines of its width.
func (e *Env) Sayf(format string, args ...any) {
	v := e.View()
	v.Out = Keyless{e.Stdout}
	_ = v.Print(func(p *view.Page) { p.Line(fmt.Sprintf(format, args...)) })
}

// Abs is a path as seen from the working directory.
func (e *Env) Abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(e.Dir, path)
}

// GetenvWithoutIndex hides the index of its own that git names to its hooks: what is
// staged is read from it, and nothing else.
func (e *Env) GetenvWithoutIndex(name string) string {
	if name == "GIT_INDEX_FILE" {
		return ""
	}
	return e.Getenv(name)
}
