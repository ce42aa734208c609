package gitstore

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n", "README": "x"})
	s := r.open("")
	p, result := r.apply(s, set("state/meta.json", "{}\n"), set("state/accounts/aa/x/t.1.age", "sealed"))
	if diff := cmp.Diff(Result{Moved: true}, result); diff != "" {
		t.Error(diff)
	}
	if got := r.Git("rev-parse", "HEAD"); got != p.Commit {
		t.Errorf("HEAD is %s, want %s", got, p.Commit)
	}
	r.wantClean()
	r.wantTree("README", "osmoctl.yaml", "state/accounts/aa/x/t.1.age", "state/meta.json")
	r.apply(s, set("state/meta.json", "{1}\n"), del("state/accounts/aa/x/t.1.age"), set("state/accounts/aa/x/t.2.age", "new"))
	r.wantClean()
	r.wantTree("README", "osmoctl.yaml", "state/accounts/aa/x/t.2.age", "state/meta.json")
	r.apply(s, del("state/accounts/aa/x/t.2.age"))
	r.wantClean()
	if r.Exists("state/accounts") {
		t.Error("the emptied folders are still there")
	}
	if got := r.Read("state/meta.json"); got != "{1}\n" {
		t.Errorf("meta.json is %q", got)
	}
}
