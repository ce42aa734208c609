//go:build unix

package delivery_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/osmoctl/osmoctl/internal/delivery"
)

func fifo(t *testing.T, path string, mode uint32) {
	t.Helper()
	if err := syscall.Mkfifo(path, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, os.FileMode(mode)); err != nil {
		t.Fatal(err)
	}
}

// reading reads a pipe to its end, beside whoever writes.
func reading(t *testing.T, path string) func() string {
	t.Helper()
	got := make(chan string, 1)
	go func() {
		b, _ := os.ReadFile(path)
		got <- string(b)
	}()
	return func() string { return <-got }
}

// A pipe is written into and stays; a value goes only into one of ours.
func TestPipes(t *testing.T) {
	t.Parallel()
	dir := home(t)
	path := filepath.Join(dir, "pipe")
	fifo(t, path, 0o600)
	got := reading(t, path)
	if err := (delivery.Document{Path: path}).Write(t.Context(), []byte(plan)); err != nil || got() != plan {
		t.Error(err)
	}
	got = reading(t, path)
	if err := file(path).Write(t.Context(), value()); err != nil || got() != text {
		t.Error(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("it is a pipe no more: %v", err)
	}
	fifo(t, filepath.Join(dir, "open"), 0o644)
	var place *delivery.PlaceError
	if err := file(filepath.Join(dir, "open")).Write(t.Context(), value()); !errors.As(err, &place) {
		t.Errorf("a pipe of others: %v", err)
	}
	f := file(path)
	f.Access.Mode = 0o640
	if err := f.Write(t.Context(), value()); err == nil {
		t.Error("a pipe took a mode")
	}
	holds(t, dir, "open", "pipe")
}

// One that nobody reads keeps nobody waiting for ever.
func TestPipeWithoutReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(home(t), "pipe")
	fifo(t, path, 0o600)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrNoProgress)
	if err := (delivery.Document{Path: path}).Write(ctx, nil); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	if err := file(path).Write(ctx, value()); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	if err := (delivery.Document{Path: os.DevNull}).Write(t.Context(), []byte(plan)); err != nil {
		t.Error(err)
	}
	if err := file(os.DevNull).Write(t.Context(), value()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Fatal("it is no device any more")
	}
	for _, device := range []string{"/dev/zero", "/dev/full"} {
		if err := file(device).Write(t.Context(), value()); err == nil {
			t.Errorf("%s took a value", device)
		}
	}
}

// What the caller has opened is written into as it is: at its offset, and never
// cut.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for name, tt := range map[string]struct {
		mode   os.FileMode
		flags  int
		path   string
		values bool
	}{
		"ours":       {0o600, os.O_WRONLY | os.O_APPEND, "ours", true},
		"of others":  {0o644, os.O_WRONLY | os.O_APPEND, "others", false},
		"work tree":  {0o600, os.O_WRONLY | os.O_APPEND, "work/x", false},
		"to be read": {0o600, os.O_RDONLY, "read", false},
	} {
		path := filepath.Join(dir, tt.path)
		put(t, path, "old ", tt.mode)
		put(t, filepath.Join(dir, "work/.git"), "", 0o600)
		f, err := os.OpenFile(path, tt.flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		// Inherited is what an exec does not close.
		if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
			t.Fatal(err)
		}
		defer unix.CloseOnExec(int(f.Fd()))
		at := "/dev/fd/" + strconv.Itoa(int(f.Fd()))
		err = file(at).Write(t.Context(), value())
		got, _ := os.ReadFile(path)
		if (err == nil) != tt.values || (string(got) == "old "+text) != tt.values {
			t.Errorf("%s: %v, and it holds %q", name, err, got)
		}
		err = (delivery.Document{Path: at}).Write(t.Context(), []byte(plan))
		if got, _ := os.ReadFile(path); (err == nil) != (tt.flags != os.O_RDONLY) || strings.HasSuffix(string(got), plan) != (err == nil) {
			t.Errorf("%s, a document: %v, and it holds %q", name, err, got)
		}
	}
	for _, path := range []string{"/dev/fd/987654", "/proc/self/fd/987654"} {
		var refused *delivery.TargetError
		if err := (delivery.Document{Path: path}).Write(t.Context(), nil); !errors.As(err, &refused) {
			t.Errorf("%s: %v", path, err)
		}
	}
	var place *delivery.PlaceError
	if err := file("/dev/stderr").Write(t.Context(), value()); !errors.As(err, &place) {
		t.Errorf("stderr: %v", err)
	}
}

func TestDescriptorNames(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for link, to := range map[string]string{"a": "b", "b": "/dev/fd/7", "loop": "loop", "file": "x"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{
		"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/12": 12, "/proc/self/fd/3": 3, "/proc/thread-self/fd/3": 3,
		"/dev/../dev/./fd/3": 3, "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/4": 4, dir + "/a": 7,
		dir + "/loop": -1, dir + "/file": -1, "/dev/null": -1, "/proc/1/fd/x": -1, "/dev/fd/": -1, "/dev/fd/-1": -1, "/dev/fd/99999999999999999999": -1, "": -1,
	} {
		if fd, ok := delivery.Descriptor(path); ok != (want >= 0) || ok && fd != want {
			t.Errorf("%q is %d, %v", path, fd, ok)
		}
	}
}
