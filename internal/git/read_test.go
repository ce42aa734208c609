package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write("p/state/a.json", "a")
	r.Write("p/state/a/b", "b")
	r.Write("p/state/run", "#!")
	r.Check(os.Chmod(r.Path("p/state/run"), 0o755))
	r.Check(os.Symlink("a.json", r.Path("p/state/link")))
	commit := r.Commit("first", map[string]string{"p/osmoctl.yaml": "v", "p/other": "o", "state/not": "ours"})
	s := r.open("p")
	got, err := s.Files(t.Context(), commit, []string{"state", "osmoctl.yaml", "absent", "osmoctl.yaml/below"}, func(path string) bool {
		return path != "state/a/b"
	})
	r.Check(err)
	for i := range got {
		if want := r.Git("rev-parse", "HEAD:p/"+got[i].Path); got[i].Hash != want {
			t.Errorf("%s has hash %s, want %s", got[i].Path, got[i].Hash, want)
		}
		got[i].Hash = ""
	}
	want := []File{
		{Path: "osmoctl.yaml", Mode: 0o100644, Data: []byte("v")},
		{Path: "state/a.json", Mode: 0o100644, Data: []byte("a")},
		{Path: "state/a/b", Mode: 0o100644},
		{Path: "state/link", Mode: 0o120000},
		{Path: "state/run", Mode: 0o100755, Data: []byte("#!")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if none, err := s.Files(t.Context(), "", []string{"state"}, nil); none != nil || err != nil {
		t.Errorf("an unborn branch has %v, %v", none, err)
	}
}

// TestFilesAreBounded holds that what is listed and read has a bound, however few
// objects stand for it: a tree may name the same folder, and the same file, many
// times over.
func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	files := map[string]string{}
	for i := range 20 {
		files[fmt.Sprintf("state/%d/f", i)] = strings.Repeat("x", 1000)
	}
	head := r.Commit("many", files)
	for _, test := range []struct {
		files int
		bytes int64
		want  string
	}{
		{41, 20_000, ""},
		{39, 20_000, "more than 39 files"},
		{41, 19_999, "larger than 0 MiB"},
	} {
		opts := r.options()
		opts.MaxFiles, opts.MaxBytes = test.files, test.bytes
		_, err := r.openWith("", opts).Files(t.Context(), head, []string{"state"}, nil)
		var much *TooMuchError
		if got := errors.As(err, &much); got != (test.want != "") || got && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d files, %d bytes: %v, want %q", test.files, test.bytes, err, test.want)
		}
		// What is known already counts as if it was read, and is not.
		var read atomic.Int64
		err = r.openWith("", opts).EachFile(t.Context(), head, []string{"state"}, Visitor{
			Knows: func(path string, _ object.ID) (Extent, bool) {
				return Extent{Entries: 1, Bytes: 1000}, strings.HasSuffix(path, "0")
			},
			Visit: func(File) { read.Add(1) },
		})
		if got := errors.As(err, &much); got != (test.want != "") || got && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d files, %d bytes, some known: %v, want %q", test.files, test.bytes, err, test.want)
		}
		if n := read.Load(); n != 18 && test.want == "" {
			t.Errorf("%d files were read, of 18 that are not known", n)
		}
	}
}

func TestDamagedObject(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.Commit("first", map[string]string{"state/a": "what was written"})
	s := r.open("")
	a, b := r.Git("rev-parse", "HEAD:state/a"), r.Git("hash-object", "-w", ".git/HEAD")
	object := func(hash string) string { return r.Path(".git/objects/" + hash[:2] + "/" + hash[2:]) }
	data, err := os.ReadFile(object(b))
	r.Check(err)
	r.Check(os.Chmod(object(a), 0o666))
	r.Check(os.WriteFile(object(a), data, 0o666))
	if _, err := s.Files(t.Context(), commit, []string{"state"}, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("another object's content under this name: %v", err)
	}
}

func TestFS(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Write("p/manifests/a.yaml", "a")
	r.Check(os.Symlink("a.yaml", r.Path("p/manifests/link.yaml")))
	commit := r.Commit("first", map[string]string{
		"p/osmoctl.yaml": "v", "p/manifests/deep/b.yaml": "b", "p/manifests/deep.yaml": "d", "p/secret": "s", "p/manifests2": "m",
	})
	s := r.open("p")
	tree, err := s.FS(commit, "osmoctl.yaml", "manifests")
	r.Check(err)
	var got []string
	r.Check(fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		got = append(got, d.Type().String()+" "+path)
		return err
	}))
	want := []string{
		"d--------- .", "d--------- manifests", "---------- manifests/a.yaml", "d--------- manifests/deep",
		"---------- manifests/deep/b.yaml", "---------- manifests/deep.yaml", "L--------- manifests/link.yaml", "---------- osmoctl.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := fs.ReadFile(tree, "secret"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not shown: %v", err)
	}
	if data, err := fs.ReadFile(tree, "manifests/link.yaml"); err == nil {
		t.Errorf("a link was read as %q", data)
	}
	sub, err := fs.Sub(tree, "manifests/deep")
	r.Check(err)
	r.Check(fstest.TestFS(sub, "b.yaml"))
	empty, err := s.FS("")
	r.Check(err)
	r.Check(fstest.TestFS(empty))
}

func TestResolve(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("one", map[string]string{"a": "1"})
	r.Git("tag", "light")
	r.Commit("two", map[string]string{"a": "2"})
	r.Git("tag", "-a", "-m", "x", "heavy")
	r.Git("switch", "-q", "-c", "side", "HEAD~1")
	r.Commit("side", map[string]string{"b": "1"})
	r.Git("switch", "-q", "main")
	r.Git("merge", "-q", "--no-ff", "-m", "merge", "side")
	r.Git("update-ref", "refs/remotes/origin/main", "HEAD~1")
	r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	r.Git("pack-refs", "--all")
	s := r.open("")
	full := r.Git("rev-parse", "HEAD")
	for _, rev := range []string{
		"HEAD", "@", "main", "refs/heads/main", "heads/main", "light", "heavy", "heavy^{commit}", "heavy~1", "HEAD~2", "HEAD^2", "HEAD^2~1", "HEAD^^", "HEAD~0", "HEAD^0",
		"origin/main", "origin", full, full[:12], full[:7], strings.ToUpper(full[:9]), full[:8] + "~1", "HEAD^2^{}",
	} {
		got, err := s.Resolve(rev)
		want := r.Git("rev-parse", rev+"^{commit}")
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; git says %s", rev, got, err, want)
		}
	}
	for _, rev := range []string{"", "nothing", "HEAD~9", "HEAD^3", "HEAD^{tree}", "HEAD:a", "main@{1}", "abc", "-x", "../config", "HEAD~99999999999999999999", "config", r.Git("rev-parse", "HEAD:a"), "main..side"} {
		if got, err := s.Resolve(rev); !errors.Is(err, ErrUnknownRevision) {
			t.Errorf("%q is %s, %v", rev, got, err)
		}
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("one", map[string]string{"p/osmoctl.yaml": "v"})
	want := []string{r.Commit("two", map[string]string{"p/state/a": "1"})}
	r.Commit("three", map[string]string{"x": "1"})
	r.Git("switch", "-q", "-c", "side")
	r.Commit("side", map[string]string{"p/state/b": "1"})
	r.Git("switch", "-q", "main")
	r.Commit("four", map[string]string{"y": "1"})
	r.Git("merge", "-q", "--no-ff", "-m", "merge", "side")
	want = append(want, r.Git("rev-parse", "HEAD"))
	r.Git("rm", "-rq", "p/state")
	want = append(want, r.Commit("gone", nil))
	slices.Reverse(want)
	s := r.open("p")
	var got []string
	r.Check(s.History(t.Context(), "", "state", nil))
	r.Check(s.History(t.Context(), want[0], "state", func(c Commit) error {
		got = append(got, c.Hash)
		return nil
	}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("stop")
	if err := s.History(t.Context(), want[0], "state", func(Commit) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestCommit(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Env["GIT_AUTHOR_DATE"] = "1700000000 -0330"
	r.Env["GIT_COMMITTER_DATE"] = "1700000001 +0530"
	hash := r.Commit("subject\n\nbody: 1\n", map[string]string{"a": "a"})
	got, err := r.open("").Commit(hash)
	r.Check(err)
	if got.Hash != hash || got.Tree != r.Git("rev-parse", "HEAD^{tree}") || got.Message != "subject\n\nbody: 1\n" || got.Parents != nil {
		t.Errorf("%+v", got)
	}
	if want := "2023-11-14T18:43:20-03:30"; got.Author.When.Format(time.RFC3339) != want || got.Author.Name != "Ann" {
		t.Errorf("author %+v, want %s", got.Author, want)
	}
	if want := "2023-11-15T03:43:21+05:30"; got.Committer.When.Format(time.RFC3339) != want || got.Committer.Email != "ann@example.com" {
		t.Errorf("committer %+v, want %s", got.Committer, want)
	}
}
