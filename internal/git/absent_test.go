package git

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestAbsent(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.Commit("first", map[string]string{"osmoctl.yaml": "v"})
	s := r.open("")
	lost := strings.Repeat("ab", 20)
	got, err := s.Absent([]string{commit, lost, r.Git("rev-parse", "HEAD:osmoctl.yaml")})
	if err != nil || !slices.Equal(got, []string{lost}) {
		t.Errorf("absent are %v, %v", got, err)
	}
	if partial, err := s.Partial(); partial || err != nil {
		t.Errorf("partial: %v, %v", partial, err)
	}
	r.Git("config", "remote.far.promisor", "true")
	if partial, err := s.Partial(); !partial || err != nil {
		t.Errorf("after it was made a partial one: %v, %v", partial, err)
	}
}

// Whether a commit that is not there is an ancestor, a clone that is cut off
// cannot tell.
func TestAncestorBehindTheEnd(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	commit := r.Commit("first", map[string]string{"osmoctl.yaml": "v"})
	s := r.open("")
	lost := strings.Repeat("ab", 20)
	if _, err := s.IsAncestor(lost, commit); !errors.Is(err, ErrMissingObject) {
		t.Errorf("in a whole clone: %v", err)
	}
	r.Check(os.WriteFile(r.Path(".git/shallow"), []byte(commit+"\n"), 0o666))
	if _, err := s.IsAncestor(lost, commit); !errors.Is(err, ErrShallow) {
		t.Errorf("in a shallow clone: %v", err)
	}
}
