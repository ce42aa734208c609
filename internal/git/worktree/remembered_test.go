package worktree

import (
	"os"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/git/object"
)

// A file is what git remembers as long as its status says so, and no longer: not where it
// was written to, moved, or made a link, nor one of which the index is not older than it.
func TestRemembered(t *testing.T) {
	t.Parallel()
	const name = "p/state/roles/a.json"
	for what, c := range map[string]struct {
		change func(*repo)
		want   bool
	}{
		"as it was":      {func(*repo) {}, true},
		"of that size":   {func(r *repo) { r.Write(name, "x\n") }, false},
		"touched":        {func(r *repo) { r.Check(os.Chtimes(r.Path(name), time.Time{}, time.Unix(1700000000, 0))) }, false},
		"deleted":        {func(r *repo) { r.Check(os.Remove(r.Path(name))) }, false},
		"made a link":    {func(r *repo) { r.Check(os.Remove(r.Path(name))); r.Check(os.Symlink("b.json", r.Path(name))) }, false},
		"another staged": {func(r *repo) { r.Write(name, "x\n"); r.Git("add", "-A") }, false},
		"in conflict":    {conflict, false},
		"racy": {func(r *repo) {
			later := time.Now().Add(time.Hour)
			r.Check(os.Chtimes(r.Path(name), later, later))
			r.Git("update-index", "--refresh")
		}, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r, commit := stated(t)
			r.settle(name)
			repo := r.open("p")
			file, err := repo.Entry(commit, "state/roles/a.json")
			r.Check(err)
			c.change(r)
			index, err := repo.ReadIndexAnew()
			r.Check(err)
			remembered, err := OpenRemembered(repo, index)
			r.Check(err)
			defer remembered.Close()
			if got := remembered.Is(name, file.ID); got != c.want {
				t.Errorf("remembered is %v", got)
			}
			if remembered.Is(name, object.ID{1}) || remembered.Is("p/state/roles/none.json", object.ID{}) {
				t.Error("another content, or another file, is remembered")
			}
		})
	}
}

// settle makes a file older than the index that remembers it.
func (r *repo) settle(name string) {
	hourAgo := time.Now().Add(-time.Hour)
	r.Check(os.Chtimes(r.Path(name), hourAgo, hourAgo))
	r.Git("update-index", "--refresh")
}
