package worktree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWorktreeFS(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write("outside", "o")
	r.Write("p/manifests/a.yaml", "a")
	r.Write("p/manifests/deep/b.yaml", "b")
	r.Check(os.Symlink("../../outside", r.Path("p/manifests/out")))
	r.Check(os.Symlink("a.yaml", r.Path("p/manifests/in")))
	r.Check(os.Symlink("deep", r.Path("p/manifests/dir")))
	r.Check(makePipe(r.Path("p/manifests/pipe")))
	s := r.open("p")
	tree, closer, err := DirFS(filepath.Join(s.Root(), s.Prefix()))
	r.Check(err)
	defer closer.Close()
	sub, err := fs.Sub(tree, "manifests/deep")
	r.Check(err)
	r.Check(fstest.TestFS(sub, "b.yaml"))
	for _, name := range []string{"manifests/out", "manifests/in", "manifests/pipe", "manifests/dir/b.yaml", "../outside"} {
		if data, err := fs.ReadFile(tree, name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s was read as %q, %v", name, data, err)
		}
		if f, err := tree.Open(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s was opened: %v, %v", name, f, err)
		}
	}
	if data, err := fs.ReadFile(tree, "manifests/a.yaml"); string(data) != "a" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

// More folders than are kept open still all can be read, by several at once.
func TestWorktreeFSManyFolders(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i := range 3 * maxOpen {
		r.Write(filepath.Join("manifests", strings.Repeat("x", i%7+1)+string(rune('a'+i%26))+time.Duration(i).String(), "f"), "data")
	}
	s := r.open("")
	tree, closer, err := DirFS(filepath.Join(s.Root(), s.Prefix()))
	r.Check(err)
	defer closer.Close()
	names, err := fs.Glob(tree, "manifests/*/f")
	r.Check(err)
	errs := make(chan error)
	for range 4 {
		go func() {
			var err error
			for _, name := range names {
				if data, readErr := fs.ReadFile(tree, name); string(data) != "data" {
					err = errors.Join(err, readErr)
				}
			}
			errs <- err
		}()
	}
	for range 4 {
		r.Check(<-errs)
	}
	if len(names) != 3*maxOpen {
		t.Errorf("%d names", len(names))
	}
}

func TestUncommitted(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	files := map[string]string{".gitignore": "*.bak\n"}
	for _, name := range []string{"osmoctl.yaml", "manifests/same", "manifests/edited", "manifests/gone", "manifests/crlf", "manifests/linked", "other"} {
		files["p/"+name] = name + "\n"
	}
	commit := r.Commit("first", files)
	r.Write("p/manifests/edited", "!\n")
	r.Write("p/manifests/crlf", "manifests/crlf\r\n")
	r.Write("p/manifests/new", "n")
	r.Write("p/manifests/ignored.bak", "n")
	r.Write("p/other", "n")
	r.Check(os.Remove(r.Path("p/manifests/gone")))
	r.Check(os.Remove(r.Path("p/manifests/linked")))
	r.Check(os.Symlink("same", r.Path("p/manifests/linked")))
	s := r.open("p")
	got, err := ListUncommitted(s, commit, "osmoctl.yaml", "manifests", "absent")
	r.Check(err)
	want := []string{"manifests/edited", "manifests/gone", "manifests/ignored.bak", "manifests/linked", "manifests/new"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
