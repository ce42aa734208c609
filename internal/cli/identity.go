package cli

import (
	"bufio"
	"bytes"
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
	"sync"
	"syscall"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"
	"golang.org/x/term"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/workspace"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/seal"
)

// The variables by which the environment gives identities.
const (
	// pathsVariable lists files of identities, as PATH lists directories.
	pathsVariable = "OSMOCTL_IDENTITY"
	// keyVariable holds identities themselves.
	keyVariable = "OSMOCTL_IDENTITY_KEY"
)

// defaultIdentity is where init keeps the identity it makes: outside any
// project, since a project is published.
func (e *Env) defaultIdentity() (string, error) {
	base := e.Getenv("XDG_CONFIG_HOME")
	if base == "" || !filepath.IsAbs(base) {
		home := e.Getenv("HOME")
		if home == "" {
			home, _ = os.UserHomeDir()
		}
		if home == "" {
			return "", diag.Hinted(errors.New("there is no home directory to keep an age identity in"), "set HOME or XDG_CONFIG_HOME, or name a file with -i")
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "osmoctl", "identity.txt"), nil
}

// identities opens the identities named by -i, else those of the environment,
// else the default one. Plugins may be allowed beyond those of the environment.
func (e *Env) identities(ctx context.Context, named []string, w *workspace.Workspace, plugins ...string) ([]age.Identity, error) {
	r := identityReader{ctx: ctx, env: e, plugins: e.plugins(ctx, w, append(e.allowedPlugins(), plugins...))}
	if len(named) == 0 {
		return r.environment()
	}
	var all []age.Identity
	for _, path := range named {
		ids, err := r.named(path)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// identitiesNamed reports whether the environment names identities.
func (e *Env) identitiesNamed() bool {
	return e.IdentityKey.Len() > 0 || e.Getenv(pathsVariable) != "" || e.keyAsPath
}

// checkStdin refuses -i - where stdin is needed for something else, or is no
// place for a key.
func (e *Env) checkStdin(identities []string, others ...string) error {
	n := 0
	for _, path := range identities {
		if path == "-" {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case n > 1:
		return usagef("-i - stands for stdin, which can be read once only")
	case len(others) > 0:
		return usage(diag.Hinted(fmt.Errorf("-i - reads stdin to its end, and %s needs it too", others[0]), "give the identity with -i FILE, or in "+keyVariable))
	case e.StdinTerminal:
		return usage(diag.Hinted(errors.New("-i - would show the key on this terminal while it is typed"), "send it through a pipe, or give -i FILE"))
	}
	return nil
}

// identityReader reads identities from wherever they are named.
type identityReader struct {
	ctx     context.Context
	env     *Env
	plugins seal.Plugins
}

// named reads what -i names: a file, or stdin.
func (r identityReader) named(path string) ([]age.Identity, error) {
	if path != "-" {
		return r.file(absolute(r.env.Dir, path))
	}
	return r.text(interruptibleReader{r.ctx, r.env.Stdin}, "stdin", "the identity on")
}

// environment reads the key that the environment held, and the files that it
// lists, else the default one.
func (r identityReader) environment() (all []age.Identity, err error) {
	e := r.env
	if e.keyAsPath {
		return nil, usage(diag.Hinted(fmt.Errorf("%s holds a private key, and takes paths", pathsVariable), "keys themselves go into "+keyVariable+", which osmoctl takes out of its environment"))
	}
	if e.IdentityKey.Len() > 0 {
		err = e.IdentityKey.Use(func(b []byte) error {
			all, err = r.text(bytes.NewReader(b), keyVariable, "the identity in")
			return err
		})
		if err != nil {
			return nil, diag.Hinted(err, keyVariable+" holds the text of identities, one a line, or one SSH private key; paths go into "+pathsVariable)
		}
	}
	paths := slices.DeleteFunc(filepath.SplitList(e.Getenv(pathsVariable)), func(path string) bool { return path == "" })
	if len(paths) > 0 {
		ids, err := r.list(paths)
		return append(all, ids...), err
	}
	if len(all) > 0 {
		return all, nil
	}
	return r.fallback()
}

// fallback reads the identity that init made.
func (r identityReader) fallback() ([]age.Identity, error) {
	path, err := r.env.defaultIdentity()
	if err != nil {
		return nil, err
	}
	if !exists(path) {
		return nil, diag.Hinted(errors.New("no age identity was given"), "name one with -i FILE or OSMOCTL_IDENTITY, or give its text in "+keyVariable+" or with -i -")
	}
	return r.file(path)
}

// list reads the files of a list. The same list serves on several machines, so
// one that is not there is passed over where there are others, and said.
func (r identityReader) list(paths []string) (all []age.Identity, err error) {
	var missing []string
	for i, path := range paths {
		ids, err := r.file(absolute(r.env.Dir, path))
		switch {
		case isMissing(err):
			missing = append(missing, r.env.shownPath(path, fmt.Sprintf("path %d of the list", i+1)))
		case err != nil:
			return nil, err
		}
		all = append(all, ids...)
	}
	if len(missing) == 0 {
		return all, nil
	}
	r.env.missing = missing
	if len(all) == 0 && r.env.IdentityKey.Len() == 0 {
		return nil, diag.Hinted(fmt.Errorf("%s names no identity that is there: %s", pathsVariable, strings.Join(missing, ", ")),
			"name files that are there, separated by "+string(os.PathListSeparator)+", or give -i FILE")
	}
	r.env.warnf("%s names what is not there: %s", pathsVariable, strings.Join(missing, ", "))
	return all, nil
}

// isMissing reports whether there is nothing at a path.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// shownPath is a path that leads nowhere as it may be shown, else what to call
// it.
func (e *Env) shownPath(path, otherwise string) string {
	if !showable(path) {
		return otherwise
	}
	return path
}

// file reads a file of identities. It may be a pipe that nobody writes to, so an
// interruption ends the wait.
func (r identityReader) file(path string) ([]age.Identity, error) {
	f, err := untilInterrupted(r.ctx, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) && !showable(path) {
			return nil, fmt.Errorf("the identity cannot be opened: %w; its path is not shown, since it looks like a key and not like a path", at.Err)
		}
		return nil, err
	}
	defer f.Close()
	if err := r.judge(f, path); err != nil {
		return nil, err
	}
	return r.text(interruptibleReader{r.ctx, f}, path, "")
}

// judge refuses what cannot be read as a file, and warns of a key that is not
// its owner's alone.
func (r identityReader) judge(f *os.File, path string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return diag.Hinted(fmt.Errorf("the identity %s is a directory", path), "name the file in it")
	case runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o026 != 0:
		r.env.warnf("the identity %s can be read or changed by others: chmod 600 it", path)
	}
	return nil
}

// text reads identities. What is not a file is said in front of its name.
func (r identityReader) text(from io.Reader, name, what string) ([]age.Identity, error) {
	return seal.ReadIdentities(from, name, seal.IdentityOptions{Prompt: terminalPrompt{r.ctx, r.env}, Plugins: r.plugins, What: what})
}

// interruptibleReader reads until an interruption.
type interruptibleReader struct {
	ctx  context.Context
	from io.Reader
}

func (r interruptibleReader) Read(b []byte) (int, error) {
	return untilInterrupted(r.ctx, func() (int, error) { return r.from.Read(b) })
}

func (e *Env) sealOptions(ctx context.Context, w *workspace.Workspace, allowed []string) seal.Options {
	return seal.Options{Plugins: e.plugins(ctx, w, allowed)}
}

func (e *Env) plugins(ctx context.Context, w *workspace.Workspace, allowed []string) seal.Plugins {
	return seal.Plugins{
		Allowed: allowed, Path: e.Getenv("PATH"), Home: e.Getenv("HOME"), Lang: e.Getenv("LANG"), Root: w.Repository().Root(),
		UI: terminalPrompt{ctx, e}.plugins(),
	}
}

// allowedPlugins are the age plugins that the operator's environment allows.
func (e *Env) allowedPlugins() (names []string) {
	for name := range strings.SplitSeq(e.Getenv("OSMOCTL_PLUGINS"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// terminalPrompt asks on the controlling terminal, so that stdin and stdout stay
// free for data.
type terminalPrompt struct {
	ctx context.Context
	env *Env
}

// oneQuestion keeps the questions of several goroutines apart: there is one
// terminal, and one person before it.
var oneQuestion sync.Mutex

// ask opens the terminal for one question. nobody is the error where there is
// none.
func (t terminalPrompt) ask(nobody string, question func(tty *os.File) error) error {
	oneQuestion.Lock()
	defer oneQuestion.Unlock()
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return errors.New(nobody)
	}
	defer tty.Close()
	return question(tty)
}

// Passphrase asks without echo.
func (t terminalPrompt) Passphrase(what string) (passphrase []byte, err error) {
	err = t.ask(what+" is protected by a passphrase, and there is no terminal to ask on", func(tty *os.File) error {
		fmt.Fprintf(tty, "Passphrase of %s: ", view.EscapeTerminal(what))
		passphrase, err = readPassword(t.ctx, tty)
		return err
	})
	return passphrase, err
}

// plugins answers age plugins: their messages and questions go to the terminal,
// each with the name of the program that it comes from.
func (t terminalPrompt) plugins() *ageplugin.ClientUI {
	return &ageplugin.ClientUI{
		DisplayMessage: t.message, RequestValue: t.value, Confirm: t.confirm,
		WaitTimer: func(name string) { _ = t.message(name, "waiting for it to answer") },
	}
}

// message shows a message. It goes to stderr where there is no terminal: nothing
// is asked, and "touch the key" is worth knowing there too.
func (t terminalPrompt) message(name, message string) error {
	err := t.ask("there is no terminal", func(tty *os.File) error {
		_, err := fmt.Fprintln(tty, pluginLine(name, message))
		return err
	})
	if err != nil {
		t.env.infof("age-plugin-%s: %s", name, strings.TrimSpace(message))
	}
	return nil
}

func pluginLine(name, text string) string {
	return view.EscapeTerminal("age-plugin-" + name + ": " + strings.TrimSpace(text))
}

func (t terminalPrompt) value(name, prompt string, secret bool) (value string, err error) {
	err = t.ask("there is no terminal", func(tty *os.File) error {
		fmt.Fprint(tty, pluginLine(name, prompt)+" ")
		read := readLine
		if secret {
			read = readPassword
		}
		b, err := read(t.ctx, tty)
		defer clear(b)
		value = string(b)
		return err
	})
	return value, err
}

// confirm asks for one of two choices, or, where there is no second one, for an
// Enter.
func (t terminalPrompt) confirm(name, prompt, yes, no string) (confirmed bool, err error) {
	err = t.ask("there is no terminal", func(tty *os.File) error {
		fmt.Fprintln(tty, pluginLine(name, prompt))
		if no == "" {
			fmt.Fprintf(tty, "Press Enter for \"%s\": ", view.EscapeTerminal(yes))
			_, err := readLine(t.ctx, tty)
			confirmed = err == nil
			return err
		}
		fmt.Fprintf(tty, "1 for \"%s\", 2 for \"%s\": ", view.EscapeTerminal(yes), view.EscapeTerminal(no))
		answer, err := readLine(t.ctx, tty)
		switch strings.TrimSpace(string(answer)) {
		case "1":
			confirmed = true
		case "2":
		default:
			return errors.Join(err, errors.New("neither 1 nor 2 was answered"))
		}
		return err
	})
	return confirmed, err
}

func readLine(ctx context.Context, tty *os.File) ([]byte, error) {
	line, err := untilInterrupted(ctx, func() (string, error) { return bufio.NewReader(tty).ReadString('\n') })
	return []byte(strings.TrimRight(line, "\r\n")), err
}

// readPassword reads a line without echo. Where it is interrupted, the terminal
// gets its echo back.
func readPassword(ctx context.Context, tty *os.File) ([]byte, error) {
	fd := int(tty.Fd())
	before, _ := term.GetState(fd)
	passphrase, err := untilInterrupted(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if err != nil && before != nil {
		_ = term.Restore(fd, before)
	}
	fmt.Fprintln(tty)
	return passphrase, err
}
