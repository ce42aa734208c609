package delivery

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// create makes a new file that has no name before it is whole. Not every file
// system knows files without names, and /proc may be missing: then it takes the
// way of all systems.
func create(root *os.Root, name string, value secret.Value) error {
	err := createNameless(root, name, value)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return link(root, name, value)
}

func createNameless(root *os.Root, name string, value secret.Value) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	if err := fill(f, value); err != nil {
		return err
	}
	return unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), int(dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
}
