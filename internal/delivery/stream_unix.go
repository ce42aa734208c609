//go:build unix

package delivery

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// openNoTerminal keeps a terminal that is written to from becoming ours.
const openNoTerminal = syscall.O_NOCTTY

// openDescriptor makes a file of a descriptor that the caller has opened for us.
// Those that we opened ourselves end with an exec, and do not count.
func openDescriptor(fd int, path string) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil || fd > 2 && flags&unix.FD_CLOEXEC != 0 {
		return nil, &TargetError{path + " is not open", fmt.Sprintf("open descriptor %d for osmoctl, as in %d> FILE", fd, fd)}
	}
	if mode, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || mode&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, &TargetError{path + " is not open for writing", fmt.Sprintf("open descriptor %d for osmoctl, as in %d> FILE", fd, fd)}
	}
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return os.NewFile(uintptr(copied), path), nil
}

// pathOf is the path of an open file, where the system tells it.
func pathOf(f *os.File) (string, bool) {
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	return path, err == nil
}

// countLinks counts the names that a file has.
func countLinks(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Nlink)
	}
	return 1
}
