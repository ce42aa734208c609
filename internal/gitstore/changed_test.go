package gitstore

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/git/worktree"
)

// What osmoctl has just written itself differs in nothing.
func TestChangedAfterApply(t *testing.T) {
	t.Parallel()
	r, _ := stated(t)
	s := r.open("p")
	p, _ := r.apply(s, set("state/roles/new.json", strings.Repeat("n", 100)), del("state/roles/a.json"))
	got, err := worktree.ListChanged(t.Context(), s.repo, p.Commit, "state")
	if err != nil || got != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func BenchmarkChanged(b *testing.B) {
	r := newRepo(b)
	r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	s := r.open("")
	p, _ := r.apply(s, accounts(10_000)...)
	for b.Loop() {
		if changed, err := worktree.ListChanged(b.Context(), s.repo, p.Commit, "state"); err != nil || changed != nil {
			b.Fatal(changed, err)
		}
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
