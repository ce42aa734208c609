package gitstore

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the user has staged and not staged must survive, whatever it is.
func TestUserWorkIsKept(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{
		"osmoctl.yaml": "v", "both": "1\n", "staged": "1\n", "edited": "1\n", "gone": "1\n", "unstaged-gone": "1\n",
		"assumed": "1\n", "skipped": "1\n", "script.sh": "#!/bin/sh\n", "state/meta.json": "{}\n",
	})
	r.Write("both", "2\n")
	r.Write("staged", "2\n")
	r.Git("add", "both", "staged")
	r.Write("both", "3\n")
	r.Write("edited", "2\n")
	r.Git("rm", "-q", "gone")
	r.Check(os.Remove(r.Path("unstaged-gone")))
	r.Write("new", "1\n")
	r.Git("add", "new")
	r.Write("intended", "1\n")
	r.Git("add", "--intent-to-add", "intended")
	r.Write("untracked", "1\n")
	r.Git("update-index", "--assume-unchanged", "assumed")
	r.Git("update-index", "--skip-worktree", "skipped")
	r.Git("update-index", "--chmod=+x", "script.sh")

	look := func() []string {
		return []string{
			// The raw entries first: "git status" refreshes them.
			r.Git("ls-files", "--debug", "--", ":!state"), r.Git("ls-files", "-v", "-s", "--", ":!state"),
			r.Git("diff"), r.Git("diff", "--cached", "--", ":!state"), r.Git("status", "--porcelain"),
		}
	}
	before := look()
	// An index younger than all files, so that no entry is dubious and all bits
	// must stay.
	later := time.Now().Add(time.Hour)
	r.Check(os.Chtimes(r.Path(".git/index"), later, later))
	_, result := r.apply(r.open(""), set("state/meta.json", "{1}\n"), set("state/a", "a"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Errorf("the user's work has changed (-before +after):\n%s", diff)
	}
	r.wantSound()
}

// A file that was edited in the second in which it was staged, to the same
// size, is only found by git because the index is not newer. Ours is.
func TestDubiousEntriesStayDubious(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "v", "file": "1\n"})
	second := time.Now().Add(-time.Hour).Truncate(time.Second)
	r.Git("config", "core.trustctime", "false")
	r.Check(os.Chtimes(r.Path("file"), second, second))
	r.Git("update-index", "--refresh")
	f, err := os.OpenFile(r.Path("file"), os.O_WRONLY, 0)
	r.Check(err)
	_, err = f.WriteString("2\n")
	r.Check(err)
	r.Check(f.Close())
	r.Check(os.Chtimes(r.Path("file"), second, second))
	r.Check(os.Chtimes(r.Path(".git/index"), second, second))

	r.apply(r.open(""), set("state/a", "a"))
	r.wantStatus(" M file")
}

func TestLeftAlone(t *testing.T) {
	t.Parallel()
	state := map[string]string{"osmoctl.yaml": "v", "state/one": "1\n", "state/two": "1\n"}
	for name, c := range map[string]struct {
		prepare func(r *repo)
		left    []string
		status  string
	}{
		"edited":      {func(r *repo) { r.Write("state/one", "mine\n") }, []string{"state/one"}, " M state/one"},
		"deleted":     {func(r *repo) { r.Check(os.Remove(r.Path("state/one"))) }, []string{"state/one"}, " D state/one"},
		"folder gone": {func(r *repo) { r.Check(os.RemoveAll(r.Path("state"))) }, []string{"state/one"}, " D state/one"},
		"staged": {func(r *repo) {
			r.Write("state/one", "mine\n")
			r.Git("add", "state")
		}, []string{"state/one"}, "M  state/one"},
		"staged and put back": {func(r *repo) {
			r.Write("state/one", "mine\n")
			r.Git("add", "state")
			r.Write("state/one", "1\n")
		}, []string{"state/one"}, "MM state/one"},
		"linked": {func(r *repo) {
			r.Check(os.Remove(r.Path("state/one")))
			r.Check(os.Symlink("/etc/passwd", r.Path("state/one")))
		}, []string{"state/one"}, " T state/one"},
		"in the way":        {func(r *repo) { r.Write("state/three", "mine\n") }, []string{"state/three"}, " M state/three"},
		"edited, to go":     {func(r *repo) { r.Write("state/two", "mine\n") }, []string{"state/two"}, "?? state/two"},
		"gone, to go":       {func(r *repo) { r.Check(os.Remove(r.Path("state/two"))) }, nil, ""},
		"there already":     {func(r *repo) { r.Write("state/one", "2\n") }, nil, ""},
		"staged already":    {func(r *repo) { r.Write("state/one", "2\n"); r.Git("add", ".") }, nil, ""},
		"with CRLF":         {func(r *repo) { r.Write("state/one", "1\r\n") }, nil, ""},
		"folder in its way": {func(r *repo) { r.Write("state/three/x", "mine\n") }, []string{"state/three"}, " D state/three\n?? state/three/x"},
		"staged below it": {func(r *repo) {
			r.Write("state/three/x", "mine\n")
			r.Git("add", ".")
		}, []string{"state/three"}, "D  state/three\nA  state/three/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", state)
			c.prepare(r)
			_, result := r.apply(r.open(""), set("state/one", "2\n"), del("state/two"), set("state/three", "3\n"))
			if diff := cmp.Diff(Result{Moved: true, LeftAlone: c.left}, result); diff != "" {
				t.Error(diff)
			}
			r.wantSound()
			status := r.Git("status", "--porcelain", "-uall")
			if name == "deleted" || name == "folder gone" {
				// What else is missing is new, and was written.
				r.wantTree("osmoctl.yaml", "state/one", "state/three")
			}
			if diff := cmp.Diff(c.status, status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

// A branch that is not HEAD's moves without the work tree noticing.
func TestOtherHead(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	s := r.open("")
	head, err := s.repo.Head()
	r.Check(err)
	r.Git("switch", "-q", "-c", "side")
	defer r.lock(s).Unlock()
	p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
	r.Check(err)
	result, err := s.Publish(t.Context(), p)
	r.Check(err)
	if diff := cmp.Diff(Result{Moved: true, OtherHead: true}, result); diff != "" {
		t.Error(diff)
	}
	r.wantClean()
	if r.Exists("state") {
		t.Error("files of another branch were written")
	}
}
