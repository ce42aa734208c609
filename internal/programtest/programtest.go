// Package programtest has what tests need that make programs and run them.
//
// The system runs no file that is open for writing. A test that writes one has it
// open for a moment, and a process that another test starts in this moment
// inherits the open file until it has become another program. So while [Write]
// has a file open, this process starts no others.
package programtest

import (
	"errors"
	"os"
	"syscall"
)

// Write makes an executable file, also where there was a file of that name.
func Write(path string, program []byte) error {
	// What is there may be open for writing in a process that has already started.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, program, 0o755)
}
