//go:build !linux

package cli_test

import (
	"errors"
	"os"
	"os/exec"
)

func startOnTerminal(*exec.Cmd, uint16, uint16) (*os.File, error) {
	return nil, errors.New("tests have a terminal on Linux alone")
}
