package gitstore

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
	r.check(err)
	slices.Sort(list)
	return list, missing
}

func (r *repo) subject(object string) string {
	out, _ := r.try("log", "-1", "--format=%s", object)
	return out
}

func TestVersions(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"a": "one"})
	r.commit("same again", map[string]string{"d/a": "one"})
	r.commit("changed", map[string]string{"a": "two"})
	r.git("checkout", "-qb", "side", "HEAD~1")
	r.commit("on a branch", map[string]string{"d/b": "side"})
	r.git("checkout", "-q", "main")
	r.git("merge", "-q", "-m", "merged", "side")
	r.git("rm", "-q", "d/b")
	r.git("commit", "-qm", "removed")
	r.git("tag", "-a", "-m", "a tag", "v1")
	r.write("a", "stashed first")
	r.git("stash", "push", "-qm", "s1")
	r.write("a", "stashed second")
	r.git("stash", "push", "-qm", "s2")
	r.git("checkout", "-q", "--detach")
	r.commit("nowhere", map[string]string{"x": "detached"})
	r.git("worktree", "add", "-q", "../linked", "HEAD")
	r.git("checkout", "-q", "main")
	blob := r.git("hash-object", "-w", "d/a")
	r.git("tag", "blob", blob)

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
	r.git("gc", "-q")
	check("packed")
}

func TestVersionsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("first", map[string]string{"a": "one"})
	tree := r.git("rev-parse", "HEAD^{tree}")
	r.commit("second", map[string]string{"a": "two"})
	r.check(os.Remove(filepath.Join(r.dir, ".git", "objects", tree[:2], tree[2:])))
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
	r.commit("first", map[string]string{"a": "one"})
	r.commit("second", map[string]string{"a": "two"})
	r.git("clone", "-q", "--depth", "1", "file://"+r.dir, filepath.Join(r.dir, "../shallow"))
	got, missing := versionsOf(t, r.at(filepath.Join(r.dir, "../shallow")))
	if diff := cmp.Diff([]string{"a two by second", "message second"}, got); diff != "" {
		t.Error(diff)
	}
	if len(missing) != 1 || !strings.Contains(missing[0].Reason, "shallow") {
		t.Errorf("missing %+v", missing)
	}
}

// Staged is what git calls so.
func TestStaged(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := r.open("")
	check := func(name string) {
		t.Helper()
		found, err := ListStaged(context.Background(), s.Repository, "")
		r.check(err)
		got := []string{}
		for _, f := range found {
			got = append(got, f.Path)
		}
		want := strings.Fields(r.git("diff", "--cached", "--name-only", "--diff-filter=d", "--no-renames"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-git +ours):\n%s", name, diff)
		}
	}
	put := func(name, content string) {
		r.write(name, content)
		r.git("add", name)
	}
	check("an empty repository")
	put("a", "1")
	put("d/e/f", "1")
	put("d-e", "1")
	put("d.e/x", "1")
	check("the first commit")
	r.git("commit", "-qm", "first")
	check("nothing")
	put("d/e/f", "2")
	put("d/e/g", "1")
	put("z/y", "1")
	check("changes in folders")
	r.git("rm", "-q", "a")
	put("a/now/a/folder", "1")
	check("a file became a folder")
	r.git("rm", "-rq", "--cached", "d")
	check("a folder went")
}
