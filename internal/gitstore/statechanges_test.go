package gitstore

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// stated is a repository with a committed state in a subfolder.
func stated(t testing.TB) (*repo, string) {
	t.Helper()
	r := newRepo(t)
	return r, r.commit("first", map[string]string{
		"p/osmoctl.yaml": "v", "p/state/meta.json": "m\n", "p/state/roles/a.json": "a\n", "p/state/roles/b.json": "b\n", "other": "o",
	})
}

func TestID(t *testing.T) {
	t.Parallel()
	r, first := stated(t)
	second := r.commit("second", map[string]string{"other": "changed"})
	s := r.open("p")
	for name, want := range map[string]string{
		"state": r.git("rev-parse", "HEAD:p/state"), "state/meta.json": r.git("rev-parse", "HEAD:p/state/meta.json"), "absent": "",
	} {
		for _, commit := range []string{first, second} {
			got, err := s.ID(commit, name)
			if err != nil || got != want {
				t.Errorf("%s is %q, %v; want %q", name, got, err, want)
			}
		}
	}
	if got, err := s.ID("", "state"); got != "" || err != nil {
		t.Errorf("no commit has %q, %v", got, err)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	r, first := stated(t)
	r.git("rm", "-q", "p/state/roles/a.json")
	r.check(os.Chmod(r.path("p/state/roles/b.json"), 0o755))
	second := r.commit("second", map[string]string{
		"other": "changed", "p/osmoctl.yaml": "w", "p/state/meta.json": "n\n", "p/state/new/x": "x\n", "p/state/roles/a.json/below": "y\n",
	})
	s := r.open("p")
	got, err := s.Differences(t.Context(), first, second, "state")
	r.check(err)
	at := func(rev, name string) string { return r.git("rev-parse", rev+":p/"+name) }
	want := []Difference{
		{"state/meta.json", at(first, "state/meta.json"), at(second, "state/meta.json"), object.ModeFile, object.ModeFile},
		{"state/new/x", "", at(second, "state/new/x"), 0, object.ModeFile},
		{"state/roles/a.json", at(first, "state/roles/a.json"), "", object.ModeFile, 0},
		{"state/roles/a.json/below", "", at(second, "state/roles/a.json/below"), 0, object.ModeFile},
		{"state/roles/b.json", at(first, "state/roles/b.json"), at(second, "state/roles/b.json"), object.ModeFile, object.ModeExecutable},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all, err := s.Differences(t.Context(), "", first, "state"); err != nil || len(all) != 3 {
		t.Errorf("against nothing: %v, %v", all, err)
	}
	if none, err := s.Differences(t.Context(), second, second, "state"); err != nil || none != nil {
		t.Errorf("against itself: %v, %v", none, err)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	const role = "p/state/roles/a.json"
	for name, c := range map[string]struct {
		change func(*repo)
		want   []string
	}{
		"nothing":          {func(*repo) {}, nil},
		"touched":          {func(r *repo) { r.check(os.Chtimes(r.path(role), time.Time{}, time.Unix(1700000000, 0))) }, nil},
		"other files":      {func(r *repo) { r.write("other", "x"); r.write("p/osmoctl.yaml", "x") }, nil},
		"untracked":        {func(r *repo) { r.write("p/state/roles/c.json", "c") }, nil},
		"edited":           {func(r *repo) { r.write(role, "x\n") }, []string{"state/roles/a.json"}},
		"deleted":          {func(r *repo) { r.check(os.Remove(r.path(role))) }, []string{"state/roles/a.json"}},
		"folder deleted":   {func(r *repo) { r.check(os.RemoveAll(r.path("p/state/roles"))) }, []string{"state/roles/a.json", "state/roles/b.json"}},
		"staged":           {func(r *repo) { r.write(role, "x\n"); r.git("add", "-A") }, []string{"state/roles/a.json"}},
		"staged, put back": {func(r *repo) { r.write(role, "x\n"); r.git("add", "-A"); r.write(role, "a\n") }, []string{"state/roles/a.json"}},
		"removed":          {func(r *repo) { r.git("rm", "-q", role) }, []string{"state/roles/a.json"}},
		"removed, kept":    {func(r *repo) { r.git("rm", "-q", "--cached", role) }, []string{"state/roles/a.json"}},
		"added":            {func(r *repo) { r.write("p/state/roles/c.json", "c"); r.git("add", "-A") }, []string{"state/roles/c.json"}},
		"made a link":      {func(r *repo) { r.check(os.Remove(r.path(role))); r.check(os.Symlink("b.json", r.path(role))) }, []string{"state/roles/a.json"}},
		"in conflict":      {conflict, []string{"state/roles/a.json"}},
		"line ends":        {func(r *repo) { r.write(role, "a\r\n") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, commit := stated(t)
			c.change(r)
			got, err := ListChanged(t.Context(), r.open("p").Repository, commit, "state")
			r.check(err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// conflict leaves one role unmerged, with HEAD where it was.
func conflict(r *repo) {
	r.git("switch", "-q", "-c", "side")
	r.commit("side", map[string]string{"p/state/roles/a.json": "side\n"})
	r.git("switch", "-q", "main")
	blob := func(rev string) string { return r.git("rev-parse", rev+":p/state/roles/a.json") }
	entries := ""
	for stage, rev := range []string{"main", "main", "side"} {
		entries += "100644 " + blob(rev) + " " + string(rune('1'+stage)) + "\tp/state/roles/a.json\n"
	}
	r.git("rm", "-q", "--cached", "p/state/roles/a.json")
	r.write("../entries", entries)
	r.git("-c", "alias.take=!git update-index --index-info < ../entries", "take")
}

// An edit that keeps size and time of a file is seen by the time of its inode.
func TestChangedKeepsTime(t *testing.T) {
	t.Parallel()
	r, commit := stated(t)
	path := r.path("p/state/roles/a.json")
	before, err := os.Stat(path)
	r.check(err)
	r.write("p/state/roles/a.json", "x\n")
	r.check(os.Chtimes(path, time.Time{}, before.ModTime()))
	got, err := ListChanged(t.Context(), r.open("p").Repository, commit, "state")
	if err != nil || len(got) != 1 {
		t.Errorf("got %q, %v", got, err)
	}
}

// What osmoctl has just written itself differs in nothing.
func TestChangedAfterApply(t *testing.T) {
	t.Parallel()
	r, _ := stated(t)
	s := r.open("p")
	p, _ := r.apply(s, set("state/roles/new.json", strings.Repeat("n", 100)), del("state/roles/a.json"))
	got, err := ListChanged(t.Context(), s.Repository, p.Commit, "state")
	if err != nil || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func BenchmarkChanged(b *testing.B) {
	r := newRepo(b)
	r.commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	s := r.open("")
	p, _ := r.apply(s, accounts(10_000)...)
	for b.Loop() {
		if changed, err := ListChanged(b.Context(), s.Repository, p.Commit, "state"); err != nil || changed != nil {
			b.Fatal(changed, err)
		}
	}
}
