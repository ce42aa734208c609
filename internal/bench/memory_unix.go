//go:build unix

package bench

import (
	"os"
	"runtime"
	"syscall"
)

// PeakMemory is the most that a process held, in bytes, and 0 where the system
// does not say. Linux counts in what the process held that started it, so whoever
// measures keeps small itself.
func PeakMemory(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
