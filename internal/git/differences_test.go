package git

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// stated is a repository with a committed state in a subfolder.
func stated(t testing.TB) (*repo, string) {
	t.Helper()
	r := newRepo(t)
	return r, r.Commit("first", map[string]string{
		"p/osmoctl.yaml": "v", "p/state/meta.json": "m\n", "p/state/roles/a.json": "a\n", "p/state/roles/b.json": "b\n", "other": "o",
	})
}

func TestID(t *testing.T) {
	t.Parallel()
	r, first := stated(t)
	second := r.Commit("second", map[string]string{"other": "changed"})
	s := r.open("p")
	for name, want := range map[string]string{
		"state": r.Git("rev-parse", "HEAD:p/state"), "state/meta.json": r.Git("rev-parse", "HEAD:p/state/meta.json"), "absent": "",
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
	r.Git("rm", "-q", "p/state/roles/a.json")
	r.Check(os.Chmod(r.Path("p/state/roles/b.json"), 0o755))
	second := r.Commit("second", map[string]string{
		"other": "changed", "p/osmoctl.yaml": "w", "p/state/meta.json": "n\n", "p/state/new/x": "x\n", "p/state/roles/a.json/below": "y\n",
	})
	s := r.open("p")
	got, err := s.Differences(t.Context(), first, second, "state")
	r.Check(err)
	at := func(rev, name string) string { return r.Git("rev-parse", rev+":p/"+name) }
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
