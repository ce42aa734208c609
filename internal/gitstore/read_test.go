package gitstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("p/state/a.json", "a")
	r.write("p/state/a/b", "b")
	r.write("p/state/run", "#!")
	r.check(os.Chmod(r.path("p/state/run"), 0o755))
	r.check(os.Symlink("a.json", r.path("p/state/link")))
	commit := r.commit("first", map[string]string{"p/osmoctl.yaml": "v", "p/other": "o", "state/not": "ours"})
	s := r.open("p")
	got, err := s.Files(t.Context(), commit, []string{"state", "osmoctl.yaml", "absent", "osmoctl.yaml/below"}, func(path string) bool {
		return path != "state/a/b"
	})
	r.check(err)
	for i := range got {
		if want := r.git("rev-parse", "HEAD:p/"+got[i].Path); got[i].Hash != want {
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

// The same files come back however many goroutines share the work, from loose
// objects, from git's packs with deltas, and from ours.
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
	head := r.commit("many", files)
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
	}
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"osmoctl.yaml": "v"})
	s := r.open("")
	changes := accounts(600)
	p, _ := r.apply(s, changes...)
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	check := func() {
		t.Helper()
		files, err := s.Files(t.Context(), p.Commit, []string{"state"}, nil)
		r.check(err)
		if len(files) != len(changes) {
			t.Fatalf("%d files, want %d", len(files), len(changes))
		}
		for i, f := range files {
			if f.Path != changes[i].Path || string(f.Data) != string(changes[i].Data) {
				t.Fatalf("%s is %q", f.Path, f.Data)
			}
		}
	}
	check()
	r.git("gc", "-q", "--prune=now") // behind the store's back
	check()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Files(canceled, p.Commit, []string{"state"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestDamagedObject(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.commit("first", map[string]string{"state/a": "what was written"})
	s := r.open("")
	a, b := r.git("rev-parse", "HEAD:state/a"), r.git("hash-object", "-w", ".git/HEAD")
	object := func(hash string) string { return r.path(".git/objects/" + hash[:2] + "/" + hash[2:]) }
	data, err := os.ReadFile(object(b))
	r.check(err)
	r.check(os.Chmod(object(a), 0o666))
	r.check(os.WriteFile(object(a), data, 0o666))
	if _, err := s.Files(t.Context(), commit, []string{"state"}, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("another object's content under this name: %v", err)
	}
}

func TestFS(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("p/manifests/a.yaml", "a")
	r.check(os.Symlink("a.yaml", r.path("p/manifests/link.yaml")))
	commit := r.commit("first", map[string]string{
		"p/osmoctl.yaml": "v", "p/manifests/deep/b.yaml": "b", "p/manifests/deep.yaml": "d", "p/secret": "s", "p/manifests2": "m",
	})
	s := r.open("p")
	tree, err := s.FS(commit, "osmoctl.yaml", "manifests")
	r.check(err)
	var got []string
	r.check(fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
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
	r.check(err)
	r.check(fstest.TestFS(sub, "b.yaml"))
	empty, err := s.FS("")
	r.check(err)
	r.check(fstest.TestFS(empty))
}

func TestWorktreeFS(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("outside", "o")
	r.write("p/manifests/a.yaml", "a")
	r.write("p/manifests/deep/b.yaml", "b")
	r.check(os.Symlink("../../outside", r.path("p/manifests/out")))
	r.check(os.Symlink("a.yaml", r.path("p/manifests/in")))
	r.check(os.Symlink("deep", r.path("p/manifests/dir")))
	r.check(makePipe(r.path("p/manifests/pipe")))
	s := r.open("p")
	tree, closer, err := DirFS(filepath.Join(s.Root(), s.Prefix()))
	r.check(err)
	defer closer.Close()
	sub, err := fs.Sub(tree, "manifests/deep")
	r.check(err)
	r.check(fstest.TestFS(sub, "b.yaml"))
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
		r.write(filepath.Join("manifests", strings.Repeat("x", i%7+1)+string(rune('a'+i%26))+time.Duration(i).String(), "f"), "data")
	}
	s := r.open("")
	tree, closer, err := DirFS(filepath.Join(s.Root(), s.Prefix()))
	r.check(err)
	defer closer.Close()
	names, err := fs.Glob(tree, "manifests/*/f")
	r.check(err)
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
		r.check(<-errs)
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
	commit := r.commit("first", files)
	r.write("p/manifests/edited", "!\n")
	r.write("p/manifests/crlf", "manifests/crlf\r\n")
	r.write("p/manifests/new", "n")
	r.write("p/manifests/ignored.bak", "n")
	r.write("p/other", "n")
	r.check(os.Remove(r.path("p/manifests/gone")))
	r.check(os.Remove(r.path("p/manifests/linked")))
	r.check(os.Symlink("same", r.path("p/manifests/linked")))
	s := r.open("p")
	got, err := ListUncommitted(s.Repository, commit, "osmoctl.yaml", "manifests", "absent")
	r.check(err)
	want := []string{"manifests/edited", "manifests/gone", "manifests/ignored.bak", "manifests/linked", "manifests/new"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", map[string]string{"a": "1"})
	r.git("tag", "light")
	r.commit("two", map[string]string{"a": "2"})
	r.git("tag", "-a", "-m", "x", "heavy")
	r.git("switch", "-q", "-c", "side", "HEAD~1")
	r.commit("side", map[string]string{"b": "1"})
	r.git("switch", "-q", "main")
	r.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	r.git("update-ref", "refs/remotes/origin/main", "HEAD~1")
	r.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	r.git("pack-refs", "--all")
	s := r.open("")
	full := r.git("rev-parse", "HEAD")
	for _, rev := range []string{
		"HEAD", "@", "main", "refs/heads/main", "heads/main", "light", "heavy", "heavy^{commit}", "heavy~1", "HEAD~2", "HEAD^2", "HEAD^2~1", "HEAD^^", "HEAD~0", "HEAD^0",
		"origin/main", "origin", full, full[:12], full[:7], strings.ToUpper(full[:9]), full[:8] + "~1", "HEAD^2^{}",
	} {
		got, err := s.Resolve(rev)
		want := r.git("rev-parse", rev+"^{commit}")
		if err != nil || got != want {
			t.Errorf("%s is %s, %v; git says %s", rev, got, err, want)
		}
	}
	for _, rev := range []string{"", "nothing", "HEAD~9", "HEAD^3", "HEAD^{tree}", "HEAD:a", "main@{1}", "abc", "-x", "../config", "HEAD~99999999999999999999", "config", r.git("rev-parse", "HEAD:a"), "main..side"} {
		if got, err := s.Resolve(rev); !errors.Is(err, ErrUnknownRevision) {
			t.Errorf("%q is %s, %v", rev, got, err)
		}
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", map[string]string{"p/osmoctl.yaml": "v"})
	want := []string{r.commit("two", map[string]string{"p/state/a": "1"})}
	r.commit("three", map[string]string{"x": "1"})
	r.git("switch", "-q", "-c", "side")
	r.commit("side", map[string]string{"p/state/b": "1"})
	r.git("switch", "-q", "main")
	r.commit("four", map[string]string{"y": "1"})
	r.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	want = append(want, r.git("rev-parse", "HEAD"))
	r.git("rm", "-rq", "p/state")
	want = append(want, r.commit("gone", nil))
	slices.Reverse(want)
	s := r.open("p")
	var got []string
	r.check(s.History(t.Context(), "", "state", nil))
	r.check(s.History(t.Context(), want[0], "state", func(c Commit) error {
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
	r.env["GIT_AUTHOR_DATE"] = "1700000000 -0330"
	r.env["GIT_COMMITTER_DATE"] = "1700000001 +0530"
	hash := r.commit("subject\n\nbody: 1\n", map[string]string{"a": "a"})
	got, err := r.open("").Commit(hash)
	r.check(err)
	if got.Hash != hash || got.Tree != r.git("rev-parse", "HEAD^{tree}") || got.Message != "subject\n\nbody: 1\n" || got.Parents != nil {
		t.Errorf("%+v", got)
	}
	if want := "2023-11-14T18:43:20-03:30"; got.Author.When.Format(time.RFC3339) != want || got.Author.Name != "Ann" {
		t.Errorf("author %+v, want %s", got.Author, want)
	}
	if want := "2023-11-15T03:43:21+05:30"; got.Committer.When.Format(time.RFC3339) != want || got.Committer.Email != "ann@example.com" {
		t.Errorf("committer %+v, want %s", got.Committer, want)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"osmoctl.yaml": "v", "dir/file": "f"})
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.Head()
	r.check(err)
	before := r.git("count-objects", "-v")
	for name, edit := range map[string]func(*Request){
		"traversal":        func(q *Request) { q.Changes[0].Path = "../x" },
		"absolute":         func(q *Request) { q.Changes[0].Path = "/x" },
		"git folder":       func(q *Request) { q.Changes[0].Path = "state/.GIT/config" },
		"git's short name": func(q *Request) { q.Changes[0].Path = "git~1/config" },
		"backslash":        func(q *Request) { q.Changes[0].Path = `state\x` },
		"stream":           func(q *Request) { q.Changes[0].Path = "state/x::$DATA" },
		"dot at the end":   func(q *Request) { q.Changes[0].Path = "state./x" },
		"control":          func(q *Request) { q.Changes[0].Path = "state/\x1b" },
		"not ASCII":        func(q *Request) { q.Changes[0].Path = "state/\u202e" },
		"folder":           func(q *Request) { q.Changes[0].Path = "dir" },
		"below a file":     func(q *Request) { q.Changes[0].Path = "dir/file/x" },
		"twice":            func(q *Request) { q.Changes = append(q.Changes, q.Changes[0]) },
		"file and folder":  func(q *Request) { q.Changes = append(q.Changes, set("state/a/b", "")) },
		"folder and file":  func(q *Request) { q.Changes = append(q.Changes, set("state", "")) },
		"absent":           func(q *Request) { q.Changes = []Change{del("absent")} },
		"nothing":          func(q *Request) { q.Changes = nil },
		"no change":        func(q *Request) { q.Changes = []Change{set("dir/file", "f")} },
		"parent":           func(q *Request) { q.Parent = "abc" },
		"missing parent":   func(q *Request) { q.Parent = strings.Repeat("1", 40) },
		"branch":           func(q *Request) { q.Branch = "refs/heads/../x" },
		"tag":              func(q *Request) { q.Branch = "refs/tags/x" },
		"no name":          func(q *Request) { q.Author.Name = "" },
		"forged":           func(q *Request) { q.Author.Name = "Ann <x> 1 +0000\ncommitter Bob" },
		"e-mail":           func(q *Request) { q.Committer.Email = "a>b" },
		"date":             func(q *Request) { q.Committer.When = time.Unix(-1, 0) },
	} {
		req := request(head, set("state/a", "a"))
		edit(&req)
		if _, err := s.Write(t.Context(), req); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
	if after := r.git("count-objects", "-v"); after != before {
		t.Errorf("refused requests left objects:\n%s\n%s", before, after)
	}
	r.wantClean()
}
