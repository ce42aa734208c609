package delivery

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// IsStdout knows the names of stdout: -, /dev/stdout, /dev/fd/1.
func IsStdout(path string) bool {
	if path == "-" {
		return true
	}
	fd, ok := Descriptor(path)
	return ok && fd == 1
}

// Descriptor reports the descriptor of this process that a path stands for, such
// as /dev/stdout or /dev/fd/3, also through symbolic links. Such a path is not
// opened a second time: what was opened for us may have an offset, and a socket
// cannot be.
func Descriptor(path string) (fd int, ok bool) {
	for range 40 {
		path = filepath.Clean(path)
		if fd, ok := descriptors[path]; ok {
			return fd, true
		}
		if m := descriptorPath().FindStringSubmatch(path); m != nil && (m[1] == "" || m[1] == "self" || m[1] == "thread-self" || m[1] == strconv.Itoa(os.Getpid())) {
			fd, err := strconv.Atoi(m[2])
			return fd, err == nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return 0, false
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return 0, false
}

var (
	descriptors    = map[string]int{"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
	descriptorPath = pattern.Lazy(`^(?:/dev|/proc/([^/]+))/fd/([0-9]{1,9})$`)
)

// isStream reports whether a path leads to something that is written into, and
// not replaced: a descriptor, a pipe or a device.
func isStream(path string) bool {
	if _, ok := Descriptor(path); ok {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular() && info.Mode()&fs.ModeSocket == 0
}

// openStream opens such a thing for writing; it returns nil for everything else.
// It waits for a pipe's reader until ctx ends.
func openStream(ctx context.Context, path string) (*os.File, error) {
	if fd, ok := Descriptor(path); ok {
		return openDescriptor(fd, path)
	}
	if !isStream(path) {
		return nil, nil
	}
	return openWaiting(ctx, path)
}

// openWaiting opens without creating or cutting anything. What the open of a pipe
// waits for is left to the end of the process, where ctx ends first.
func openWaiting(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY|openNoTerminal, 0)
		done <- result{f, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if r.err != nil {
		return nil, r.err
	}
	if info, err := r.file.Stat(); err != nil || info.Mode().IsRegular() {
		return nil, errors.Join(err, r.file.Close(), &TargetError{path + " is another thing than a moment ago", "see who else uses it"})
	}
	return r.file, nil
}

// stream opens what the value is written into, where its path leads to no file.
func (f File) stream(ctx context.Context) (*os.File, error) {
	if fd, ok := Descriptor(f.Path); ok && fd == 2 {
		return nil, &PlaceError{f.Path + " is where messages go, which logs keep", "open another descriptor, as in 3> FILE"}
	} else if ok {
		return openDescriptor(fd, f.Path)
	}
	before, err := os.Lstat(f.Path)
	if err != nil || before.Mode().IsRegular() || before.IsDir() || before.Mode()&fs.ModeSymlink != 0 {
		return nil, nil
	}
	if err := f.wantsNoAccess(); err != nil {
		return nil, err
	}
	if before.Mode()&fs.ModeNamedPipe != 0 {
		if _, err := f.place(); err != nil {
			return nil, err
		}
	}
	if err := f.takesValue(before); err != nil {
		return nil, err
	}
	s, err := openWaiting(ctx, f.Path)
	if err != nil {
		return nil, err
	}
	if opened, err := s.Stat(); err != nil || !os.SameFile(before, opened) {
		return nil, errors.Join(err, s.Close(), &PlaceError{f.Path + " is another thing than a moment ago", "choose a directory of yours"})
	}
	return s, nil
}

// wantsNoAccess refuses a mode and a group for what is no file.
func (f File) wantsNoAccess() error {
	if f.Access == (Access{}) {
		return nil
	}
	return &PlaceError{f.Path + " is no file that a mode or a group could be given to", "leave them out"}
}

// takesValue judges a thing that is no file. Nobody is to read from it but who is
// meant to.
func (f File) takesValue(info fs.FileInfo) error {
	null, err := os.Stat(os.DevNull)
	switch {
	case err == nil && os.SameFile(info, null):
		return nil
	case info.Mode()&fs.ModeNamedPipe == 0:
		return &PlaceError{f.Path + " is a device", "-o - with --reveal prints to a terminal; else write to a file or a pipe"}
	case !(Access{}).covers(info):
		return &PlaceError{f.Path + " is a pipe that is not yours alone, so somebody else may read from it", "make it with mkfifo -m 600"}
	}
	return nil
}

// into writes the value to an opened stream.
func (f File) into(s *os.File, err error, value secret.Value) error {
	if err != nil {
		return err
	}
	defer s.Close()
	if err := errors.Join(f.wantsNoAccess(), f.judgeOpened(s)); err != nil {
		return err
	}
	return value.Use(func(b []byte) error {
		_, err := s.Write(b)
		return err
	})
}

// judgeOpened holds what the caller has opened against the rules for files and
// terminals.
func (f File) judgeOpened(s *os.File) error {
	info, err := s.Stat()
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeDevice != 0:
		if _, ok := Descriptor(f.Path); ok {
			return f.takesValue(info)
		}
		return nil
	case !info.Mode().IsRegular():
		return nil
	}
	if path, known := pathOf(s); known {
		if root, inside := f.WorkTree(filepath.Dir(path)); inside {
			return &WorkTreeError{Path: path, Root: root}
		}
	}
	if !(Access{}).covers(info) {
		return &PlaceError{f.Path + " leads to a file that is not yours alone", "name the file itself with -o, which makes it for you alone"}
	}
	return nil
}
