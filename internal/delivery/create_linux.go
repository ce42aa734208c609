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
func create(root *os.Root, name string, value secret.Value, who Access) error {
	err := createNameless(root, name, value, who)
	var refused *PlaceError
	if err == nil || errors.Is(err, fs.ErrExist) || errors.As(err, &refused) {
		return err
	}
	return link(root, name, value, who)
}

func createNameless(root *os.Root, name string, value secret.Value, who Access) error {
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
	if err := fill(f, value, who); err != nil {
		return err
	}
	return unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), int(dir.Fd()), name, unix.AT_SYMLINK_FOLLOW)
}

// dropAccessList removes the access list that a file got from its directory's
// default one. Where there is none, or the file system knows none, nothing
// happens.
func dropAccessList(f *os.File) {
	_ = unix.Fremovexattr(int(f.Fd()), "system.posix_acl_access")
}
