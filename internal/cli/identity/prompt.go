package identity

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	ageplugin "filippo.io/age/plugin"
	"golang.org/x/term"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/view"
)

// terminal asks on the controlling terminal, so that stdin and stdout stay
// free for data.
type terminal struct {
	ctx context.Context
	env *command.Env
}

// oneQuestion keeps the questions of several goroutines apart: there is one
// terminal, and one person before it.
var oneQuestion sync.Mutex

// ask opens the terminal for one question. nobody is the error where there is
// none.
func (t terminal) ask(nobody string, question func(tty *os.File) error) error {
	oneQuestion.Lock()
	defer oneQuestion.Unlock()
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return errors.New(nobody)
	}
	defer tty.Close()
	defer t.env.Aside()()
	return question(tty)
}

// Passphrase asks without echo.
func (t terminal) Passphrase(what string) (passphrase []byte, err error) {
	err = t.ask(what+" is protected by a passphrase, and there is no terminal to ask on", func(tty *os.File) error {
		fmt.Fprintf(tty, "Passphrase of %s: ", view.EscapeTerminal(what))
		passphrase, err = readPassword(t.ctx, tty)
		return err
	})
	return passphrase, err
}

// answerPlugins answers age plugins: their messages and questions go to the terminal,
// each with the name of the program that it comes from.
func (t terminal) answerPlugins() *ageplugin.ClientUI {
	return &ageplugin.ClientUI{
		DisplayMessage: t.show, RequestValue: t.askValue, Confirm: t.confirm,
		WaitTimer: func(name string) { _ = t.show(name, "waiting for it to answer") },
	}
}

// show shows a message. It goes to stderr where there is no terminal: nothing
// is asked, and "touch the key" is worth knowing there too.
func (t terminal) show(name, message string) error {
	err := t.ask("there is no terminal", func(tty *os.File) error {
		_, err := fmt.Fprintln(tty, pluginLine(name, message))
		return err
	})
	if err != nil {
		t.env.Infof("age-plugin-%s: %s", name, strings.TrimSpace(message))
	}
	return nil
}

func pluginLine(name, text string) string {
	return view.EscapeTerminal("age-plugin-" + name + ": " + strings.TrimSpace(text))
}

func (t terminal) askValue(name, prompt string, secret bool) (value string, err error) {
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
func (t terminal) confirm(name, prompt, yes, no string) (confirmed bool, err error) {
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
	line, err := command.UntilInterrupted(ctx, func() (string, error) { return bufio.NewReader(tty).ReadString('\n') })
	return []byte(strings.TrimRight(line, "\r\n")), err
}

// readPassword reads a line without echo. Where it is interrupted, the terminal
// gets its echo back.
func readPassword(ctx context.Context, tty *os.File) ([]byte, error) {
	fd := int(tty.Fd())
	before, _ := term.GetState(fd)
	passphrase, err := command.UntilInterrupted(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if err != nil && before != nil {
		_ = term.Restore(fd, before)
	}
	fmt.Fprintln(tty)
	return passphrase, err
}
