package git

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Tips are what git finds by all references, packed ones and tags of tags too.
func TestTips(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	want := map[string]bool{r.Commit("first", map[string]string{"a": "1"}): true}
	r.Git("branch", "packed")
	r.Git("pack-refs", "--all")
	want[r.Commit("second", map[string]string{"a": "2"})] = true
	r.Git("tag", "-a", "-m", "noted", "v1")
	r.Git("tag", "-a", "-m", "noted again", "v2", "v1")
	r.Git("update-ref", "refs/remotes/origin/side", "HEAD")
	r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/side")
	r.Git("checkout", "-q", "--detach")
	want[r.Commit("detached", map[string]string{"a": "3"})] = true
	r.Git("tag", "tree", "HEAD^{tree}")
	got, err := r.open("").Tips()
	r.Check(err)
	var list []string
	for hash := range want {
		list = append(list, hash)
	}
	slices.Sort(list)
	if diff := cmp.Diff(list, got); diff != "" {
		t.Error(diff)
	}
}

func TestTipsOfNothing(t *testing.T) {
	t.Parallel()
	got, err := newRepo(t).open("").Tips()
	if err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}
