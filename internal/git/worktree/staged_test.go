package worktree

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Staged is what git calls so.
func TestStaged(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := r.open("")
	check := func(name string) {
		t.Helper()
		found, err := ListStaged(context.Background(), s, "")
		r.Check(err)
		got := []string{}
		for _, f := range found {
			got = append(got, f.Path)
		}
		want := strings.Fields(r.Git("diff", "--cached", "--name-only", "--diff-filter=d", "--no-renames"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-git +ours):\n%s", name, diff)
		}
	}
	put := func(name, content string) {
		r.Write(name, content)
		r.Git("add", name)
	}
	check("an empty repository")
	put("a", "1")
	put("d/e/f", "1")
	put("d-e", "1")
	put("d.e/x", "1")
	check("the first commit")
	r.Git("commit", "-qm", "first")
	check("nothing")
	put("d/e/f", "2")
	put("d/e/g", "1")
	put("z/y", "1")
	check("changes in folders")
	r.Git("rm", "-q", "a")
	put("a/now/a/folder", "1")
	check("a file became a folder")
	r.Git("rm", "-rq", "--cached", "d")
	check("a folder went")
}
