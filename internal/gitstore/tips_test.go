package gitstore

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Tips are what git finds by all references, packed ones and tags of tags too.
func TestTips(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	want := map[string]bool{r.commit("first", map[string]string{"a": "1"}): true}
	r.git("branch", "packed")
	r.git("pack-refs", "--all")
	want[r.commit("second", map[string]string{"a": "2"})] = true
	r.git("tag", "-a", "-m", "noted", "v1")
	r.git("tag", "-a", "-m", "noted again", "v2", "v1")
	r.git("update-ref", "refs/remotes/origin/side", "HEAD")
	r.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/side")
	r.git("checkout", "-q", "--detach")
	want[r.commit("detached", map[string]string{"a": "3"})] = true
	r.git("tag", "tree", "HEAD^{tree}")
	got, err := r.open("").Tips()
	r.check(err)
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
