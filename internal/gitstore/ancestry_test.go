package gitstore

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
	r.commit("first", map[string]string{"a": "1"})
	r.git("checkout", "-q", "--orphan", "other")
	r.git("rm", "-rqf", ".")
	r.commit("orphan", map[string]string{"b": "2"})
	r.git("merge", "-q", "--allow-unrelated-histories", "-m", "merge", "main")
	s := r.open("")
	var introduce []string
	count := 0
	err := s.Ancestry(t.Context(), r.git("rev-parse", "HEAD"), []string{"a", "b"}, func(n Node) error {
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
	base := r.commit("base", map[string]string{"a": "1"})
	r.git("checkout", "-q", "-b", "one")
	r.git("commit", "-q", "--allow-empty", "-m", "one")
	one := r.git("rev-parse", "HEAD")
	r.git("checkout", "-q", "main")
	r.git("commit", "-q", "--allow-empty", "-m", "two")
	two := r.git("rev-parse", "HEAD")
	s := r.open("")
	if got, err := s.MergeBases(one, two); err != nil || !slices.Equal(got, []string{base}) {
		t.Errorf("got %v, %v", got, err)
	}
	r.git("merge", "-q", "-m", "m1", "one")
	here := r.git("rev-parse", "HEAD")
	r.git("checkout", "-q", "one")
	r.git("merge", "-q", "-m", "m2", two)
	there := r.git("rev-parse", "HEAD")
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
	first := r.commit("first", map[string]string{"a": "1"})
	r.git("commit", "-q", "--allow-empty", "-m", "second")
	r.git("update-ref", "refs/remotes/origin/main", first)
	r.git("tag", "origin/main", "HEAD")
	r.git("tag", "only", "HEAD")
	s := r.open("")
	for name, want := range map[string]string{
		"origin/main": first, "main": r.git("rev-parse", "HEAD"), "refs/remotes/origin/main": first, first: first, "refs/tags/only": r.git("rev-parse", "HEAD"),
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
