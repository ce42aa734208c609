//go:build !unix

package tokens

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"github.com/osmoctl/osmoctl/internal/cli/command"
)

// execute runs the program and ends with its exit code: this system cannot
// replace a process. Interruptions reach the program by themselves.
func execute(x execution) error {
	signal.Ignore(os.Interrupt)
	cmd := exec.Cmd{Path: x.path, Args: x.argv, Env: x.environ, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ended):
		return command.Silently(ended.ExitCode())
	}
	return command.WithCode(err, exitNotExecutable)
}

func checkFD(int) error { return errors.New("--fd works on Unix systems only") }
