package gitstore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/disk/disktest"
	"github.com/osmoctl/osmoctl/internal/git/index"
)

// The power fails after each change to the disk. Whatever was not flushed may
// be gone or not, folder by folder and file by file. The branch must be whole,
// old or new, with all that it leads to, and nothing may need a person's hand.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	// The lock file's text is written past the Disk, so it is there already.
	c.open("").Close()
	start, err := disktest.NewVolatile(c.Dir)
	c.Check(err)
	var events []disktest.Event
	result, err := c.try(func(e disktest.Event) error {
		events = append(events, e)
		return nil
	})
	c.Check(err)
	if !result.Moved {
		t.Fatal("not published")
	}
	published := false
	for n := range len(events) + 1 {
		if n > 0 {
			start.Apply(events[n-1])
			published = published || events[n-1].Op == "syncdir" && strings.HasSuffix(events[n-1].Path, "refs/heads")
		}
		for luck := range 6 {
			random := rand.New(rand.NewPCG(uint64(n), uint64(luck)))
			lucky := func() bool { return luck > 0 && (luck == 1 || random.IntN(2) == 0) }
			after := c
			after.repo = &repo{c.At(filepath.Join(t.TempDir(), "repo"))}
			c.Check(start.Crash(after.Dir, lucky))
			after.wantSurvived(fmt.Sprintf("after %d of %d changes, luck %d", n, len(events), luck), published)
		}
	}
	t.Logf("%d points", len(events))
}

// wantSurvived checks what must hold whatever the disk forgot. Work tree files
// are not among it: they can be made again.
func (c scene) wantSurvived(when string, published bool) {
	c.T.Helper()
	c.Check(c.recover(func(disktest.Event) error { return nil }))
	s := c.open("")
	defer s.closeAll()
	head, err := s.repo.Head()
	if err != nil {
		c.T.Fatalf("%s: %v", when, err)
	}
	if published && head.Commit == c.before {
		c.T.Errorf("%s: the flushed commit is lost", when)
	}
	want := c.old
	if head.Commit != c.before {
		want = c.new
	}
	files, err := s.repo.Files(c.T.Context(), head.Commit, []string{"state"}, nil)
	if err != nil {
		c.T.Fatalf("%s: %v", when, err)
	}
	for _, f := range files {
		if !bytes.Equal(f.Data, []byte(want[f.Path])) {
			c.T.Errorf("%s: %s is %q", when, f.Path, f.Data)
		}
	}
	data, err := os.ReadFile(s.indexPath())
	if _, parseErr := index.Parse(data); err != nil || parseErr != nil {
		c.T.Errorf("%s: the index: %v, %v", when, err, parseErr)
	}
	for _, lock := range []string{".git/index.lock", ".git/refs/heads/main.lock"} {
		if c.Exists(lock) {
			c.T.Errorf("%s: %s is left", when, lock)
		}
	}
}
