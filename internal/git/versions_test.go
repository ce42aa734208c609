package git

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// versionsOf lists what a walk meets, as path or message, with the subject of the
// commit that it is attributed to.
func versionsOf(t *testing.T, r *repo) (list []string, missing []Missing) {
	t.Helper()
	s := r.open("")
	contents := s.Contents()
	defer contents.Close()
	seen := map[string]bool{}
	missing, err := s.Versions(context.Background(), func(v Version) error {
		if seen[v.Hash] {
			t.Errorf("%+v came twice", v)
		}
		seen[v.Hash] = true
		if v.Path == "" {
			list = append(list, "message "+strings.TrimSpace(v.Message))
			return nil
		}
		body, _, err := contents.Open(v.Hash)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(body)
		list = append(list, v.Path+" "+string(data)+" by "+r.subject(v.Commit))
		return err
	})
	r.Check(err)
	slices.Sort(list)
	return list, missing
}

func (r *repo) subject(object string) string {
	out, _ := r.Try("log", "-1", "--format=%s", object)
	return out
}

func TestVersions(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"a": "one"})
	r.Commit("same again", map[string]string{"d/a": "one"})
	r.Commit("changed", map[string]string{"a": "two"})
	r.Git("checkout", "-qb", "side", "HEAD~1")
	r.Commit("on a branch", map[string]string{"d/b": "side"})
	r.Git("checkout", "-q", "main")
	r.Git("merge", "-q", "-m", "merged", "side")
	r.Git("rm", "-q", "d/b")
	r.Git("commit", "-qm", "removed")
	r.Git("tag", "-a", "-m", "a tag", "v1")
	r.Write("a", "stashed first")
	r.Git("stash", "push", "-qm", "s1")
	r.Write("a", "stashed second")
	r.Git("stash", "push", "-qm", "s2")
	r.Git("checkout", "-q", "--detach")
	r.Commit("nowhere", map[string]string{"x": "detached"})
	r.Git("worktree", "add", "-q", "../linked", "HEAD")
	r.Git("checkout", "-q", "main")
	blob := r.Git("hash-object", "-w", "d/a")
	r.Git("tag", "blob", blob)

	want := []string{
		"a one by first", "a stashed first by On main: s1", "a stashed second by On main: s2", "a two by changed", "d/b side by on a branch",
		"message On main: s1", "message On main: s2", "message a tag", "message changed", "message first", "message merged", "message nowhere",
		"message on a branch", "message removed", "message same again", "x detached by nowhere",
	}
	check := func(name string) {
		got, missing := versionsOf(t, r)
		got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "message index on main") })
		if diff := cmp.Diff(want, got); diff != "" || len(missing) > 0 {
			t.Errorf("%s: missing %v (-want +got):\n%s", name, missing, diff)
		}
	}
	check("loose")
	r.Git("gc", "-q")
	check("packed")
}

func TestVersionsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"a": "one"})
	tree := r.Git("rev-parse", "HEAD^{tree}")
	r.Commit("second", map[string]string{"a": "two"})
	r.Check(os.Remove(filepath.Join(r.Dir, ".git", "objects", tree[:2], tree[2:])))
	got, missing := versionsOf(t, r)
	if diff := cmp.Diff([]string{"a two by second", "message first", "message second"}, got); diff != "" {
		t.Error(diff)
	}
	if len(missing) != 1 || !strings.Contains(missing[0].Reason, "missing") {
		t.Errorf("missing %+v", missing)
	}
}

func TestShallowVersions(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"a": "one"})
	r.Commit("second", map[string]string{"a": "two"})
	r.Git("clone", "-q", "--depth", "1", "file://"+r.Dir, filepath.Join(r.Dir, "../shallow"))
	got, missing := versionsOf(t, r.at(filepath.Join(r.Dir, "../shallow")))
	if diff := cmp.Diff([]string{"a two by second", "message second"}, got); diff != "" {
		t.Error(diff)
	}
	if len(missing) != 1 || !strings.Contains(missing[0].Reason, "shallow") {
		t.Errorf("missing %+v", missing)
	}
}
