package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"
	"golang.org/x/term"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/seal"
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
			return "", hinted(errors.New("there is no home directory to keep an age identity in"), "set HOME or XDG_CONFIG_HOME, or name a file with -i")
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "osmoctl", "identity.txt"), nil
}

// identities opens the identities named by -i, else by OSMOCTL_IDENTITY, else
// the default one. Plugins may be allowed beyond those of the environment.
func (e *Env) identities(named []string, p *project, plugins ...string) ([]age.Identity, error) {
	paths := named
	if len(paths) == 0 {
		paths = filepath.SplitList(e.Getenv("OSMOCTL_IDENTITY"))
	}
	if len(paths) == 0 {
		path, err := e.defaultIdentity()
		if err != nil {
			return nil, err
		}
		if !exists(path) {
			return nil, hinted(errors.New("no age identity was given"), "name one with -i FILE or OSMOCTL_IDENTITY")
		}
		paths = []string{path}
	}
	var all []age.Identity
	for _, path := range paths {
		ids, err := e.identityFile(absolute(e.Dir, path), p, plugins)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// identityFile reads a file of identities. It may be a pipe that nobody writes
// to, so an interruption ends the wait.
func (e *Env) identityFile(path string, p *project, plugins []string) ([]age.Identity, error) {
	f, err := untilInterrupted(e.Context, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		return nil, err
	}
	defer f.Close()
	allowed := e.plugins(p, append(e.allowedPlugins(), plugins...))
	return seal.ReadIdentities(interruptibleFile{e.Context, f}, path, seal.IdentityOptions{Prompt: terminalPrompt{e}, Plugins: allowed})
}

// interruptibleFile reads until an interruption.
type interruptibleFile struct {
	ctx  context.Context
	file *os.File
}

func (f interruptibleFile) Read(b []byte) (int, error) {
	return untilInterrupted(f.ctx, func() (int, error) { return f.file.Read(b) })
}

func (e *Env) sealOptions(p *project, allowed []string) seal.Options {
	return seal.Options{Plugins: e.plugins(p, allowed)}
}

func (e *Env) plugins(p *project, allowed []string) seal.Plugins {
	return seal.Plugins{
		Allowed: allowed, Path: e.Getenv("PATH"), Home: e.Getenv("HOME"), Lang: e.Getenv("LANG"), Root: p.store.Root(),
		UI: terminalPrompt{e}.plugins(),
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
type terminalPrompt struct{ env *Env }

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
		passphrase, err = readPassword(t.env.Context, tty)
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
		b, err := read(t.env.Context, tty)
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
			_, err := readLine(t.env.Context, tty)
			confirmed = err == nil
			return err
		}
		fmt.Fprintf(tty, "1 for \"%s\", 2 for \"%s\": ", view.EscapeTerminal(yes), view.EscapeTerminal(no))
		answer, err := readLine(t.env.Context, tty)
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
