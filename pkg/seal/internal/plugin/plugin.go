// Package plugin runs age plugins as a client, in surroundings of our choosing.
//
// The age library has a client of its own. It finds the program in the whole
// PATH, hands it the whole environment, waits for it without end, and copies
// the conversation to standard error when AGEDEBUG asks for that; none of it
// can be changed through its interface, and the environment that a plugin would
// see in CI holds credentials. So this package speaks the protocol itself
// (https://c2sp.org/age-plugin, recipient-v1 and identity-v1): stanzas over
// standard input and output, each command answered before the next.
//
// A plugin's answers are not trusted: their size and number are bounded, and
// the conversation ends with the context.
package plugin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	ageplugin "filippo.io/age/plugin"

	"github.com/osmoctl/osmoctl/internal/wait"
)

// The state machines a plugin may implement.
const (
	Recipient = "recipient-v1"
	Identity  = "identity-v1"
)

const (
	// maxAnswer bounds what a plugin may say in one conversation, in bytes,
	// and maxCommands how many commands it may send. Each file beyond the
	// first adds to them.
	maxAnswer          = 256 << 10
	maxCommands        = 1000
	maxAnswerForFile   = 4 << 10
	maxCommandsForFile = 10
	// maxMessage is where a message for people is cut.
	maxMessage = 512
	// afterCtrlC is the longest that the Ctrl-C which ended a plugin takes to end the
	// context as well.
	afterCtrlC = 250 * time.Millisecond
	// waitDelay is how long a plugin may take to end after it was told to.
	waitDelay = time.Second
)

// Command is a plugin about to be run.
type Command struct {
	// Name is the plugin's, Program the absolute path of its executable.
	Name, Program string
	// Protocol is [Recipient] or [Identity].
	Protocol string
	// Env is its whole environment.
	Env []string
	// UI answers its questions; nil refuses them all.
	UI *ageplugin.ClientUI
	// Files is how many files it is asked about; 0 means 1.
	Files int
	// Heard, if set, is called whenever it has said something.
	Heard func()
}

// more is how many files there are beyond the first.
func (c Command) more() int { return max(c.Files, 1) - 1 }

// Conn is a conversation with a running plugin.
type Conn struct {
	ctx     context.Context
	cancel  context.CancelFunc
	command Command
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	unwatch func() bool
}

// Start runs a plugin until [Conn.Close] or the end of ctx, whichever is first.
func Start(ctx context.Context, command Command) (*Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, command.Program, "--age-plugin="+command.Protocol)
	cmd.Env = command.Env
	// Not the working directory, where an attacker's files may lie.
	cmd.Dir = filepath.Dir(command.Program)
	cmd.WaitDelay = waitDelay
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("run age plugin %s: %w", command.Name, err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("run age plugin %s: %w", command.Name, err)
	}
	return &Conn{
		ctx: ctx, cancel: cancel, command: command, cmd: cmd, in: in,
		out: bufio.NewReader(io.LimitReader(out, int64(maxAnswer+maxAnswerForFile*command.more()))),
		// A child of the plugin may keep the pipes open after the plugin was
		// killed: closing our ends is what ends a read or write.
		unwatch: context.AfterFunc(ctx, func() { _ = in.Close(); _ = out.Close() }),
	}, nil
}

// Close ends the conversation and waits for the plugin to be gone.
func (c *Conn) Close() {
	_ = c.in.Close()
	// An idle plugin may not notice that its input ended. Where interrupts do
	// not exist, the timer does it.
	_ = c.cmd.Process.Signal(os.Interrupt)
	timer := time.AfterFunc(waitDelay, c.cancel)
	// The plugin has said all it had to say: how it ends changes nothing.
	_ = c.cmd.Wait()
	timer.Stop()
	c.unwatch()
	c.cancel()
}

// Wrap has a file key wrapped for a recipient of the plugin. The labels are the
// plugin's, as those of [age.RecipientWithLabels].
func (c *Conn) Wrap(recipient string, fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	err = c.send(
		&age.Stanza{Type: "add-recipient", Args: []string{recipient}},
		&age.Stanza{Type: "wrap-file-key", Body: fileKey},
		&age.Stanza{Type: "extension-labels"},
		&age.Stanza{Type: "done"},
	)
	if err != nil {
		return nil, nil, err
	}
	labelled := false
	err = c.converse(func(s *age.Stanza) error {
		switch s.Type {
		case "recipient-stanza":
			wrapped, err := readAnswer(s, 2)
			stanzas = append(stanzas, wrapped)
			return err
		case "labels":
			if labelled {
				return errors.New("it gave its labels twice")
			}
			labels, labelled = s.Args, true
			return nil
		}
		return errUnsupported
	})
	if err == nil && len(stanzas) == 0 {
		err = errors.New("it ended without wrapping the key")
	}
	if err != nil {
		return nil, nil, err
	}
	return stanzas, labels, nil
}

// readAnswer takes the stanza out of "recipient-stanza 0 TYPE ARGS...". Only one
// file was sent, so the index is 0.
func readAnswer(s *age.Stanza, least int) (*age.Stanza, error) {
	if len(s.Args) < least || s.Args[0] != "0" {
		return nil, errors.New("its answer is malformed")
	}
	return &age.Stanza{Type: s.Args[1], Args: s.Args[2:], Body: s.Body}, nil
}

// Unwrap has a file key unwrapped by an identity of the plugin. The error is
// [age.ErrIncorrectIdentity] when no stanza is for it.
func (c *Conn) Unwrap(identity string, stanzas []*age.Stanza) ([]byte, error) {
	keys, err := c.UnwrapAll(identity, [][]*age.Stanza{stanzas})
	if err == nil && keys[0] == nil {
		err = age.ErrIncorrectIdentity
	}
	if err != nil {
		return nil, err
	}
	return keys[0], nil
}

// UnwrapAll has the file keys of several files, each given by its stanzas,
// unwrapped in one conversation. A key is nil where no stanza is for the
// identity.
func (c *Conn) UnwrapAll(identity string, files [][]*age.Stanza) ([][]byte, error) {
	if err := c.send(&age.Stanza{Type: "add-identity", Args: []string{identity}}); err != nil {
		return nil, err
	}
	for i, stanzas := range files {
		for _, s := range stanzas {
			args := append([]string{strconv.Itoa(i), s.Type}, s.Args...)
			if err := c.send(&age.Stanza{Type: "recipient-stanza", Args: args, Body: s.Body}); err != nil {
				return nil, err
			}
		}
	}
	if err := c.send(&age.Stanza{Type: "done"}); err != nil {
		return nil, err
	}
	keys := make([][]byte, len(files))
	err := c.converse(func(s *age.Stanza) error {
		if s.Type != "file-key" {
			return errUnsupported
		}
		return takeKey(keys, s)
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// takeKey puts the key of "file-key INDEX" in its place.
func takeKey(keys [][]byte, s *age.Stanza) error {
	if len(s.Args) == 1 && len(s.Body) > 0 {
		i, err := strconv.Atoi(s.Args[0])
		if err == nil && i >= 0 && i < len(keys) && keys[i] == nil {
			keys[i] = s.Body
			return nil
		}
	}
	return errors.New("its answer is malformed")
}

// errUnsupported makes converse tell the plugin that a command is not known.
var errUnsupported = errors.New("unsupported")

// converse answers the plugin's commands until it is done. What this package
// does not answer itself goes to handle.
func (c *Conn) converse(handle func(*age.Stanza) error) error {
	limit := maxCommands + maxCommandsForFile*c.command.more()
	for range limit {
		s, err := c.read()
		if err != nil {
			return err
		}
		switch s.Type {
		case "done":
			return nil
		case "error":
			_ = c.send(&age.Stanza{Type: "ok"})
			return fmt.Errorf("it says: %s", cut(s.Body))
		}
		answer := c.ask(s)
		if answer == nil {
			if answer, err = verdict(handle(s)); err != nil {
				return err
			}
		}
		if err := c.send(answer); err != nil {
			return err
		}
	}
	return fmt.Errorf("it sent more than %d commands", limit)
}

func verdict(err error) (*age.Stanza, error) {
	switch {
	case err == nil:
		return &age.Stanza{Type: "ok"}, nil
	case errors.Is(err, errUnsupported):
		return &age.Stanza{Type: "unsupported"}, nil
	}
	return nil, err
}

func cut(message []byte) string {
	if len(message) > maxMessage {
		return string(message[:maxMessage]) + "..."
	}
	return string(message)
}

func (c *Conn) send(stanzas ...*age.Stanza) error {
	for _, s := range stanzas {
		b, err := encode(s)
		if err != nil {
			return err
		}
		_, err = c.in.Write(b)
		clear(b)
		if err != nil {
			return c.explainEnd(err)
		}
	}
	return nil
}

func (c *Conn) read() (*age.Stanza, error) {
	if ui := c.command.UI; ui != nil && ui.WaitTimer != nil {
		defer time.AfterFunc(5*time.Second, func() { ui.WaitTimer(c.command.Name) }).Stop()
	}
	s, err := decode(c.out)
	if c.command.Heard != nil {
		c.command.Heard()
	}
	if err != nil && !errors.Is(err, errMalformed) {
		return nil, c.explainEnd(err)
	}
	return s, err
}

// explainEnd says why the conversation broke off: the context's end is the cause, not
// the pipe that broke by it.
func (c *Conn) explainEnd(err error) error {
	_ = wait.For(c.ctx, afterCtrlC)
	switch cause := context.Cause(c.ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("it did not answer in time: %w", cause)
	case cause != nil:
		return cause
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("it ended, or said more than %d bytes, before it was done", maxAnswer+maxAnswerForFile*c.command.more())
	}
	return fmt.Errorf("it ended before it was done: %w", err)
}

// ask answers the questions that are for people; nil means that s is none. A
// question that nobody answers is answered with "fail", and the plugin decides
// what that means.
func (c *Conn) ask(s *age.Stanza) *age.Stanza {
	var ui ageplugin.ClientUI
	if c.command.UI != nil {
		ui = *c.command.UI
	}
	name, text := c.command.Name, string(s.Body)
	switch {
	case s.Type == "msg" && ui.DisplayMessage != nil:
		return reply(nil, ui.DisplayMessage(name, text))
	case (s.Type == "request-secret" || s.Type == "request-public") && ui.RequestValue != nil:
		value, err := ui.RequestValue(name, text, s.Type == "request-secret")
		return reply([]byte(value), err)
	case s.Type == "confirm" && ui.Confirm != nil:
		return confirm(&ui, name, text, s.Args)
	case s.Type == "msg", s.Type == "request-secret", s.Type == "request-public", s.Type == "confirm":
		return &age.Stanza{Type: "fail"}
	}
	return nil
}

func reply(body []byte, err error) *age.Stanza {
	if err != nil {
		return &age.Stanza{Type: "fail"}
	}
	return &age.Stanza{Type: "ok", Body: body}
}

// confirm asks for one of two choices; the second may be missing.
func confirm(ui *ageplugin.ClientUI, name, text string, args []string) *age.Stanza {
	choices := make([]string, 2)
	if len(args) < 1 || len(args) > len(choices) {
		return &age.Stanza{Type: "fail"}
	}
	for i, a := range args {
		b, err := encoding.DecodeString(a)
		if err != nil {
			return &age.Stanza{Type: "fail"}
		}
		choices[i] = string(b)
	}
	yes, err := ui.Confirm(name, text, choices[0], choices[1])
	answer := reply(nil, err)
	if err == nil {
		answer.Args = []string{map[bool]string{true: "yes", false: "no"}[yes]}
	}
	return answer
}

// Env is the environment of a plugin: the directories it may find programs in,
// and HOME and LANG where they are known.
func Env(dirs []string, home, lang string) []string {
	env := []string{"PATH=" + strings.Join(dirs, string(filepath.ListSeparator))}
	if home != "" {
		env = append(env, "HOME="+home)
	}
	if lang != "" {
		env = append(env, "LANG="+lang)
	}
	return env
}
