package delivery

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"runtime"
	"strconv"
)

// Access is who may read a file: its owner alone, where it is zero.
type Access struct {
	// Mode is 0 for the usual one.
	Mode fs.FileMode
	// Group gets the file, where Grouped is set.
	Group   int
	Grouped bool
}

// ErrAccess is returned on a system that has neither modes nor groups.
var ErrAccess = errors.New("modes and groups of files are those of Unix systems")

// ParseAccess reads an octal mode and the name or number of a group; each may be
// empty. A group without a mode may read.
func ParseAccess(mode, group string) (a Access, err error) {
	if mode == "" && group == "" {
		return a, nil
	}
	if runtime.GOOS == "windows" {
		return a, ErrAccess
	}
	if mode != "" {
		if a.Mode, err = parseMode(mode); err != nil {
			return a, err
		}
	}
	if group != "" {
		a.Grouped = true
		if a.Group, err = parseGroup(group); err != nil {
			return a, err
		}
		if mode == "" {
			a.Mode = 0o640
		}
	}
	return a, nil
}

func parseMode(text string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(text, 8, 12)
	mode := fs.FileMode(bits)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no mode: it is octal, such as 0600 or 0640", text)
	case bits&0o7000 != 0:
		return 0, fmt.Errorf("mode %s has a setuid, setgid or sticky bit, which a file with a token has no use for", text)
	case mode&0o007 != 0:
		return 0, fmt.Errorf("mode %s would let everybody at the token", text)
	case mode&0o111 != 0:
		return 0, fmt.Errorf("mode %s would make a program of the token", text)
	case mode&0o400 == 0:
		return 0, fmt.Errorf("mode %s keeps the file from its owner", text)
	}
	return mode, nil
}

func parseGroup(text string) (int, error) {
	if gid, err := strconv.ParseUint(text, 10, 31); err == nil {
		return int(gid), nil
	}
	g, err := user.LookupGroup(text)
	if err != nil {
		return 0, fmt.Errorf("there is no group %q on this machine", text)
	}
	return strconv.Atoi(g.Gid)
}

// covers reports whether a file that is there is read by nobody who could not
// read the new one.
func (a Access) covers(info fs.FileInfo) bool {
	if runtime.GOOS == "windows" {
		return true
	}
	group := os.Getegid()
	if a.Grouped {
		group = a.Group
	}
	others := info.Mode().Perm() & 0o077
	return isOwnedByUs(info) && (others == 0 || others&^a.Mode == 0 && isInGroup(info, group))
}

// makePrivate makes an empty file its owner's alone, whatever a umask or the
// directory's access list made of it.
func (a Access) makePrivate(f *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dropAccessList(f)
	return a.change(f, 0o600)
}

// open gives the file to whom it is for.
func (a Access) open(f *os.File) error {
	if a.Grouped {
		if err := f.Chown(-1, a.Group); err != nil {
			return &PlaceError{fmt.Sprintf("the file cannot be given to the group %d: %v", a.Group, errors.Unwrap(err)), "be a member of the group, or root"}
		}
	}
	if a.Mode == 0 {
		return nil
	}
	return a.change(f, a.Mode)
}

// change demands that the file system did what it was told: some know no modes,
// and let everybody read everything.
func (a Access) change(f *os.File, mode fs.FileMode) error {
	if err := f.Chmod(mode); err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != mode {
		return &PlaceError{fmt.Sprintf("the file system keeps no modes: it made %04o of %04o", info.Mode().Perm(), mode), "write to another file system"}
	}
	return err
}
