package delivery

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Both ways to a new file make the same, and neither replaces anything.
func TestWaysAgree(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]func(*os.Root, string, secret.Value, Access) error{"nameless": createNameless, "link": link} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			err = create(root, "token", secret.New([]byte("one")), Access{})
			if errors.Is(err, unix.EOPNOTSUPP) {
				t.Skip("this file system knows no files without names")
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := create(root, "token", secret.New([]byte("two")), Access{}); !errors.Is(err, fs.ErrExist) {
				t.Errorf("the second time: %v", err)
			}
			got, err := os.ReadFile(filepath.Join(dir, "token"))
			if err != nil || string(got) != "one" {
				t.Errorf("it holds %q: %v", got, err)
			}
			if info, err := os.Stat(filepath.Join(dir, "token")); err != nil || info.Mode() != 0o600 {
				t.Errorf("mode %v: %v", info.Mode(), err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("%v beside it: %v", entries, err)
			}
		})
	}
}

// A process that is killed while it writes new files leaves whole ones and
// nothing else.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("OSMOCTL_TEST_WRITE"); dir != "" {
		writeForEver(dir)
	}
	t.Parallel()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := createNameless(root, "0", secret.New([]byte(whole)), Access{}); err != nil {
		t.Skip("this file system knows no files without names")
	}
	for killed := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "OSMOCTL_TEST_WRITE="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// One that has written something is killed somewhere in what follows.
		for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(time.Millisecond) {
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 1+killed {
				break
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 21 {
		t.Fatalf("%d files: %v", len(entries), err)
	}
	for _, e := range entries {
		if got, err := os.ReadFile(filepath.Join(dir, e.Name())); err != nil || string(got) != whole {
			t.Errorf("%s holds %d bytes: %v", e.Name(), len(got), err)
		}
	}
}

var whole = strings.Repeat("the whole value ", 200)

// writeForEver is what is killed.
func writeForEver(dir string) {
	for {
		f := File{Path: filepath.Join(dir, temporaryName()[1:]), Getenv: os.Getenv, Dir: dir}
		if err := f.Write(context.Background(), secret.New([]byte(whole))); err != nil {
			panic(err)
		}
	}
}
