//go:build unix

package search

import "syscall"

// openNonblock keeps a named pipe that took a file's place from hanging us.
const openNonblock = syscall.O_NONBLOCK
