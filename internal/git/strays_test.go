package git

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fetch or an apply that was killed can leave a pack without its index. Git
// passes over it; go-git by itself refuses every read from then on.
func TestPackWithoutIndexIsPassedOver(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	head := r.Commit("first", map[string]string{"osmoctl.yaml": "version: 1\n"})
	stray := r.Path(".git/objects/pack/pack-" + strings.Repeat("ab", 20) + ".pack")
	if err := os.MkdirAll(filepath.Dir(stray), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stray, []byte("PACK"), 0o444); err != nil {
		t.Fatal(err)
	}
	s := r.open("")
	if _, err := s.Commit(strings.TrimSpace(head)); err != nil {
		t.Fatal(err)
	}
}
