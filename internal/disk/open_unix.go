//go:build unix

package disk

import "syscall"

// openNonblock keeps a named pipe that took a file's place from hanging us.
const openNonblock = syscall.O_NONBLOCK
