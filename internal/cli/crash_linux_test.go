package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/bench"
	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// mount mounts something on a new folder for the length of a test.
func mount(t *testing.T, dir, source, kind string, flags uintptr, data string) {
	t.Helper()
	check(t, os.MkdirAll(dir, 0o777))
	err := syscall.Mount(source, dir, kind, flags, data)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("only root may mount file systems, and this test needs one of its own")
	}
	check(t, err)
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// many are the declarations of n accounts with a token each.
func many(t *testing.T, n int) []byte {
	t.Helper()
	files, err := bench.Project(bench.Options{Accounts: n, Files: 1, Recipients: 1})
	check(t, err)
	roles := strings.TrimPrefix(string(files[1].Data), "roles:\n")
	return append(files[0].Data, "roles:\n"+roles...)
}

// ballast leaves so much space in the file system of dir.
func ballast(t *testing.T, dir string, free int64) (path string) {
	t.Helper()
	var s syscall.Statfs_t
	check(t, syscall.Statfs(dir, &s))
	path = filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	check(t, err)
	check(t, errors.Join(syscall.Fallocate(int(f.Fd()), 0, 0, int64(s.Bavail)*s.Bsize-free), f.Close()))
	return path
}

// The disk is full in the middle of an apply of 2,000 tokens.
func TestCrashFullDisk(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	mount(t, top, "tmpfs", "tmpfs", 0, "size=100m")
	tokens, spaces := 2000, []int64{0, 64 << 10, 1 << 20}
	if testing.Short() {
		tokens, spaces = 200, spaces[:2]
	}
	c := newCloneIn(t, top, many(t, tokens))
	for _, free := range spaces {
		full := ballast(t, top, free)
		r := c.apply(nil)
		if r.Code != 1 || !strings.Contains(r.Stderr, "no space left on device\nhint: nothing was issued") {
			t.Errorf("with %d bytes free apply ended with %d: %s", free, r.Code, r.Stderr)
		}
		c.wantUnchanged()
		check(t, os.Remove(full))
	}
	c.wantRecovered()
}

// Without root, a limit on the size of files does the same to a real process.
func TestCrashFileSizeLimit(t *testing.T) {
	t.Parallel()
	needGit(t)
	c := newCloneIn(t, t.TempDir(), many(t, 100))
	cmd := exec.Command("sh", "-c", "ulimit -f 8 && exec osmoctl apply --auto-approve")
	cmd.Dir = c.Dir
	cmd.Env = append(invariants.Environment(), "OSMOCTL_NOW="+c.day.Format(time.RFC3339))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "file too large") {
		t.Errorf("%v: %s", err, out)
	}
	c.wantUnchanged()
	c.wantRecovered()
}

// Folders that cannot be written to. Where the commit could be made, and only
// the work tree not, the next apply completes it.
func TestCrashReadOnly(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]bool{".git": false, ".git/objects": false, ".git/refs": false, ".git/osmoctl": false, "state": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClone(t)
			dir := filepath.Join(c.Dir, name)
			mount(t, dir, dir, "", syscall.MS_BIND, "")
			check(t, syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
			r := c.apply(nil)
			if r.Code != 1 || !strings.Contains(r.Stderr, "read-only file system") {
				t.Errorf("apply ended with %d: %s", r.Code, r.Stderr)
			}
			check(t, syscall.Unmount(dir, syscall.MNT_DETACH))
			if !made {
				c.wantUnchanged()
			}
			c.wantRecovered()
		})
	}
}
