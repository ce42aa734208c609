package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSeenFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "git")
	a := Seen{Project: "p", Branch: "refs/heads/main", Lineage: "l", Serial: 3, Digest: "d", Commit: "c", Whole: true, Accepted: []string{"x"}}
	b := Seen{Project: "", Branch: "refs/heads/main", Lineage: "m", Serial: 4}
	newer := a
	newer.Serial = 5
	for _, s := range []Seen{a, b, newer} {
		if err := SaveSeen(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []Seen{newer, b} {
		got, err := LoadSeen(dir, want.Project, want.Branch)
		if err != nil || got == nil || cmp.Diff(want, *got) != "" {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if got, err := LoadSeen(dir, "p", "refs/heads/other"); got != nil || err != nil {
		t.Errorf("another branch has %+v, %v", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "osmoctl", "tmp-*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// A memory that cannot be read is none, and is replaced.
func TestSeenFileDamaged(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "[]", `{"format_version": 99, "seen": [{"branch": "b"}]}`} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "osmoctl"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pathOfSeen(dir), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := LoadSeen(dir, "", "b"); got != nil || err != nil {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
		if err := SaveSeen(dir, Seen{Branch: "b", Serial: 1}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSeenFileIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range maxSeen + 5 {
		if err := SaveSeen(dir, Seen{Branch: strings.Repeat("b", i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := readSeen(dir)
	if err != nil || len(all.Seen) != maxSeen || all.Seen[0].Branch != "bbbbbb" {
		t.Errorf("%d entries, %v", len(all.Seen), err)
	}
}
