package git

import (
	"errors"
	"slices"
	"testing"
)

// All ancestors are met once, with what each has beside its parents, whichever
// parent of a merge leads to them.
func TestAncestry(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", map[string]string{"a": "1"})
	r.Git("checkout", "-q", "--orphan", "other")
	r.Git("rm", "-rqf", ".")
	r.Commit("orphan", map[string]string{"b": "2"})
	r.Git("merge", "-q", "--allow-unrelated-histories", "-m", "merge", "main")
	s := r.open("")
	var introduce []string
	count := 0
	err := s.Ancestry(t.Context(), r.Git("rev-parse", "HEAD"), []string{"a", "b"}, func(n Node) error {
		count++
		for i, name := range []string{"a", "b"} {
			if n.Introduces(i) {
				introduce = append(introduce, name)
			}
		}
		if len(n.Before) != len(n.Parents) {
			t.Errorf("%d parents and %d befores", len(n.Parents), len(n.Before))
		}
		return nil
	})
	slices.Sort(introduce)
	if err != nil || count != 3 || !slices.Equal(introduce, []string{"a", "b"}) {
		t.Errorf("%d commits, introduced %v: %v", count, introduce, err)
	}
}

// Where two branches were merged into one another there are two bases, and no date
// chooses one.
func TestMergeBases(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	base := r.Commit("base", map[string]string{"a": "1"})
	r.Git("checkout", "-q", "-b", "one")
	r.Git("commit", "-q", "--allow-empty", "-m", "one")
	one := r.Git("rev-parse", "HEAD")
	r.Git("checkout", "-q", "main")
	r.Git("commit", "-q", "--allow-empty", "-m", "two")
	two := r.Git("rev-parse", "HEAD")
	s := r.open("")
	if got, err := s.MergeBases(one, two); err != nil || !slices.Equal(got, []string{base}) {
		t.Errorf("got %v, %v", got, err)
	}
	r.Git("merge", "-q", "-m", "m1", "one")
	here := r.Git("rev-parse", "HEAD")
	r.Git("checkout", "-q", "one")
	r.Git("merge", "-q", "-m", "m2", two)
	there := r.Git("rev-parse", "HEAD")
	s = r.open("")
	want := []string{one, two}
	slices.Sort(want)
	if got, err := s.MergeBases(here, there); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// A tag is no branch, whatever its name.
func TestResolveBranch(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.Commit("first", map[string]string{"a": "1"})
	r.Git("commit", "-q", "--allow-empty", "-m", "second")
	r.Git("update-ref", "refs/remotes/origin/main", first)
	r.Git("tag", "origin/main", "HEAD")
	r.Git("tag", "only", "HEAD")
	s := r.open("")
	for name, want := range map[string]string{
		"origin/main": first, "main": r.Git("rev-parse", "HEAD"), "refs/remotes/origin/main": first, first: first, "refs/tags/only": r.Git("rev-parse", "HEAD"),
	} {
		if got, err := s.ResolveBranch(name); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"only", "none", "-x", "a..b", first[:10]} {
		if _, err := s.ResolveBranch(name); !errors.Is(err, ErrUnknownRevision) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
