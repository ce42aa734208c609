//go:build unix

package remote

import (
	"os/exec"
	"syscall"
)

// detach gives git a session of its own: without a terminal nothing it starts
// can stop and wait for an answer, an interrupt from the keyboard reaches us
// alone, and all of it can be ended together.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// killRest kills what a git that was told to stop has left behind.
func killRest(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
