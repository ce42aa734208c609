// Package pager shows a long result through the program that a person reads long texts
// with, as git does. Whether there is such a person, and whether a result may leave the
// process this way, is the caller's to know.
//
// # Which program
//
// OSMOCTL_PAGER names it, else PAGER, else it is less, where there is one. Empty, or
// cat, is none. The words of the variable are a program and its arguments; quotes and
// backslashes keep blanks together as in a shell, but no shell is involved: nothing is
// expanded, and what would be a pipe or a second command is refused. The program is
// looked for in PATH, and never in the working directory, which holds other people's
// files. It gets the environment of osmoctl, without the keys that were in it.
//
// # Until when
//
// It is started by the first byte, so that a command without a result starts none, and
// what is said on stderr before stands above. It may end before it has read everything:
// whoever leaves early has seen enough, and that is no error.
package pager

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Variable names the pager for osmoctl alone.
const Variable = "OSMOCTL_PAGER"

// usual is what pages where nothing is said.
const usual = "less"

// ErrShell is returned for a variable that only a shell could obey.
var ErrShell = errors.New("it is more than a program and its arguments, and no shell is asked")

// Find is the program and its arguments, nil for none. An error names the variable that
// is to blame.
func Find(environ []string) ([]string, error) {
	for _, name := range []string{Variable, "PAGER"} {
		line, set := lookup(environ, name)
		if !set {
			continue
		}
		words, err := split(line)
		if err == nil && len(words) > 0 && words[0] != "cat" {
			words[0], err = exec.LookPath(words[0])
		} else {
			words = nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return words, nil
	}
	path, err := exec.LookPath(usual)
	if err != nil {
		return nil, nil
	}
	return []string{path}, nil
}

func lookup(environ []string, name string) (value string, set bool) {
	for _, entry := range environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value, set = v, true
		}
	}
	return value, set
}

// split takes a line apart at its blanks, those in quotes or behind a backslash left
// out. A backslash before anything else stands for itself, as in paths of Windows.
func split(line string) (words []string, err error) {
	var word strings.Builder
	quote, begun := rune(0), false
	list := []rune(line)
	for i := 0; i < len(list); i++ {
		switch r := list[i]; {
		case strings.ContainsRune("$`", r) && quote != '\'', strings.ContainsRune("|&;<>()\n", r) && quote == 0:
			return nil, ErrShell
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case r == '\\' && quote != '\'' && i+1 < len(list) && strings.ContainsRune(` "'\`, list[i+1]):
			i++
			word.WriteRune(list[i])
			begun = true
		case quote == 0 && (r == ' ' || r == '\t'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote has no end")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// Pager is a writer to a program that is started by the first byte.
type Pager struct {
	// Command is what [Find] found.
	Command []string
	Environ []string
	// Terminal is what the program writes to.
	Terminal *os.File
	// Starting is called before the program is started.
	Starting func()
	// Instead takes the result where the program cannot be started, and Complain says
	// so.
	Instead  io.Writer
	Complain func(error)

	running *exec.Cmd
	to      io.WriteCloser
	left    bool
}

// Write gives the program more to show. Once it has ended nothing is an error.
func (p *Pager) Write(b []byte) (int, error) {
	if p.to == nil {
		p.start()
	}
	if p.left {
		return len(b), nil
	}
	n, err := p.to.Write(b)
	if err != nil && p.running != nil {
		p.left = true
		return len(b), nil
	}
	return n, err
}

func (p *Pager) start() {
	cmd := exec.Command(p.Command[0], p.Command[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = p.Terminal, p.Terminal, slices.Clip(p.Environ)
	// As git has them: less keeps colours, leaves what was shown on the screen, and
	// does not stay for what the screen has room for.
	for _, preset := range [][2]string{{"LESS", "FRX"}, {"LV", "-c"}} {
		if _, set := lookup(p.Environ, preset[0]); !set {
			cmd.Env = append(cmd.Env, preset[0]+"="+preset[1])
		}
	}
	to, err := cmd.StdinPipe()
	if err == nil {
		p.Starting()
		err = cmd.Start()
	}
	if err != nil {
		p.Complain(err)
		p.to = nopCloser{p.Instead}
		return
	}
	p.running, p.to = cmd, to
}

// Close says that this was all, and waits until the person has read it. What the
// program thinks of its own end is not the command's result.
func (p *Pager) Close() {
	if p.running != nil {
		_ = p.to.Close()
		_ = p.running.Wait()
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
