//go:build unix

package tokens

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// execute replaces this process. It returns only where that fails.
func execute(x execution) error {
	if x.input.Len() > 0 {
		if err := pipeTo(x.fd, x.input); err != nil {
			return err
		}
	}
	err := syscall.Exec(x.path, x.argv, x.environ)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return command.WithCode(fmt.Errorf("%s cannot be run: its interpreter was not found", x.path), exitNotFound)
	case errors.Is(err, syscall.ENOEXEC):
		err = diag.Hinted(err, "a script without a #! line is run by naming its interpreter: sh "+x.path)
	}
	return command.WithCode(fmt.Errorf("%s cannot be run: %w", x.path, err), exitNotExecutable)
}

// pipeTo makes fd a pipe that holds the value and ends after it. A pipe holds
// what a sealed file can, so writing does not wait for a reader.
func pipeTo(fd int, value secret.Value) error {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	unix.CloseOnExec(ends[0])
	err := value.Use(func(b []byte) error {
		_, err := unix.Write(ends[1], b)
		return err
	})
	if err := errors.Join(err, unix.Close(ends[1])); err != nil {
		return fmt.Errorf("write to a pipe: %w", err)
	}
	if ends[0] == fd {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
	} else {
		err = unix.Dup2(ends[0], fd)
	}
	if err != nil {
		return fmt.Errorf("open descriptor %d: %w", fd, err)
	}
	return nil
}

// checkFD accepts stdin, and descriptors that nobody has opened for the
// program: ours are closed when it starts, so what stays open came from the
// caller.
func checkFD(fd int) error {
	switch {
	case fd < 0, fd == 1, fd == 2:
		return errors.New("--fd takes 0, or a number from 3 on")
	case fd == 0:
		return nil
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
		return fmt.Errorf("descriptor %d is open already", fd)
	}
	return nil
}
