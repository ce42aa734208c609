package worktree

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	const role = "p/state/roles/a.json"
	for name, c := range map[string]struct {
		change func(*repo)
		want   []string
	}{
		"nothing":          {func(*repo) {}, nil},
		"touched":          {func(r *repo) { r.Check(os.Chtimes(r.Path(role), time.Time{}, time.Unix(1700000000, 0))) }, nil},
		"other files":      {func(r *repo) { r.Write("other", "x"); r.Write("p/osmoctl.yaml", "x") }, nil},
		"untracked":        {func(r *repo) { r.Write("p/state/roles/c.json", "c") }, nil},
		"edited":           {func(r *repo) { r.Write(role, "x\n") }, []string{"state/roles/a.json"}},
		"deleted":          {func(r *repo) { r.Check(os.Remove(r.Path(role))) }, []string{"state/roles/a.json"}},
		"folder deleted":   {func(r *repo) { r.Check(os.RemoveAll(r.Path("p/state/roles"))) }, []string{"state/roles/a.json", "state/roles/b.json"}},
		"staged":           {func(r *repo) { r.Write(role, "x\n"); r.Git("add", "-A") }, []string{"state/roles/a.json"}},
		"staged, put back": {func(r *repo) { r.Write(role, "x\n"); r.Git("add", "-A"); r.Write(role, "a\n") }, []string{"state/roles/a.json"}},
		"removed":          {func(r *repo) { r.Git("rm", "-q", role) }, []string{"state/roles/a.json"}},
		"removed, kept":    {func(r *repo) { r.Git("rm", "-q", "--cached", role) }, []string{"state/roles/a.json"}},
		"added":            {func(r *repo) { r.Write("p/state/roles/c.json", "c"); r.Git("add", "-A") }, []string{"state/roles/c.json"}},
		"made a link":      {func(r *repo) { r.Check(os.Remove(r.Path(role))); r.Check(os.Symlink("b.json", r.Path(role))) }, []string{"state/roles/a.json"}},
		"in conflict":      {conflict, []string{"state/roles/a.json"}},
		"made a file":      {func(r *repo) { r.Git("rm", "-rq", "p/state"); r.Write("p/state", "x"); r.Git("add", "-A") }, []string{"state", "state/meta.json", "state/roles/a.json", "state/roles/b.json"}},
		"neighbours": {func(r *repo) {
			r.Write("p/state-1", "x")
			r.Write("p/state0", "x")
			r.Write("p/stat", "x")
			r.Git("add", "-A")
		}, nil},
		"sorted around it": {func(r *repo) {
			r.Write("p/state/roles-1/a", "x")
			r.Write("p/state/roles.json", "x")
			r.Git("add", "-A")
		}, []string{"state/roles-1/a", "state/roles.json"}},
		"line ends": {func(r *repo) { r.Write(role, "a\r\n") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, commit := stated(t)
			c.change(r)
			got, err := ListChanged(t.Context(), r.open("p"), commit, "state")
			r.Check(err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// conflict leaves one role unmerged, with HEAD where it was.
func conflict(r *repo) {
	r.Git("switch", "-q", "-c", "side")
	r.Commit("side", map[string]string{"p/state/roles/a.json": "side\n"})
	r.Git("switch", "-q", "main")
	blob := func(rev string) string { return r.Git("rev-parse", rev+":p/state/roles/a.json") }
	entries := ""
	for stage, rev := range []string{"main", "main", "side"} {
		entries += "100644 " + blob(rev) + " " + string(rune('1'+stage)) + "\tp/state/roles/a.json\n"
	}
	r.Git("rm", "-q", "--cached", "p/state/roles/a.json")
	r.Write("../entries", entries)
	r.Git("-c", "alias.take=!git update-index --index-info < ../entries", "take")
}

// An edit that keeps size and time of a file is seen by the time of its inode.
func TestChangedKeepsTime(t *testing.T) {
	t.Parallel()
	r, commit := stated(t)
	path := r.Path("p/state/roles/a.json")
	before, err := os.Stat(path)
	r.Check(err)
	r.Write("p/state/roles/a.json", "x\n")
	r.Check(os.Chtimes(path, time.Time{}, before.ModTime()))
	got, err := ListChanged(t.Context(), r.open("p"), commit, "state")
	if err != nil || len(got) != 1 {
		t.Errorf("got %q, %v", got, err)
	}
}

// stated is a repository with a committed state in a subfolder.
func stated(t testing.TB) (*repo, string) {
	t.Helper()
	r := newRepo(t)
	return r, r.Commit("first", map[string]string{
		"p/osmoctl.yaml": "v", "p/state/meta.json": "m\n", "p/state/roles/a.json": "a\n", "p/state/roles/b.json": "b\n", "other": "o",
	})
}

// What is hashed from the index is what git makes of it, in its order of names.
func TestFolderOf(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	files := map[string]string{"other": "x"}
	for _, name := range []string{"a", "a-b", "a.b", "a0", "z/a/b/c/d", "z/a/b-c/d", "z/a.b/c", "z/b/c"} {
		files["state/"+name] = name
	}
	for _, name := range []string{"b", "b-c", "b.c", "b0", "b/c"} {
		files["state/deep/"+name+"/f"] = name
	}
	r.Commit("many", files)
	index, err := r.open("").ReadIndex()
	r.Check(err)
	for dir, rev := range map[string]string{"state": "HEAD:state", "": "HEAD^{tree}", "state/deep": "HEAD:state/deep"} {
		if got, want := folderOf(index.Below(dir), dir).String(), r.Git("rev-parse", rev); got != want {
			t.Errorf("%q: got %s, want %s", dir, got, want)
		}
	}
}

// A file that was changed in the second of the index, and keeps size and time, is looked at
// again. One that was only written in that second is not.
func TestSmudgeRacy(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"same": "old", "edited": "old", "longer": "old", "gone": "old", "link": "old"})
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	files := []string{"same", "edited", "longer", "gone", "link"}
	for _, name := range files {
		r.Check(os.Chtimes(r.Path(name), at, at))
	}
	r.Git("update-index", "--refresh")
	r.Write("edited", "new")
	r.Write("longer", "newer")
	for _, name := range files {
		r.Check(os.Chtimes(r.Path(name), at, at))
	}
	r.Check(os.Remove(r.Path("gone")))
	r.Check(os.Remove(r.Path("link")))
	r.Check(os.Symlink("old", r.Path("link")))
	r.Check(os.Chtimes(r.Path(".git/index"), at, at))
	repo := r.open("")
	index, err := repo.ReadIndex()
	r.Check(err)
	r.Check(SmudgeRacy(repo, index))
	got := map[string]uint32{}
	for _, e := range index.Entries() {
		got[e.Path] = e.Stat().Size
	}
	if d := cmp.Diff(map[string]uint32{"same": 3, "edited": 0, "longer": 3, "gone": 0, "link": 0}, got); d != "" {
		t.Error(d)
	}
}
