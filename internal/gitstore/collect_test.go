package gitstore

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/disk/disktest"
)

// A "git gc --prune=now" between any two steps of storing a pack takes neither
// the files that are not whole yet, nor what nothing points at yet.
func TestCollectedWhileStoring(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	collected := 0
	result, err := c.try(func(e disktest.Event) error {
		stored := e.Op == "rename" && filepath.Base(filepath.Dir(e.To)) == "pack"
		if stored || e.Op == "syncdir" && filepath.Base(e.Path) == "pack" {
			collected++
			c.Git("gc", "-q", "--prune=now")
		}
		return nil
	})
	c.Check(err)
	if collected != 4 {
		t.Errorf("collected %d times, not before each of 3 renames and the flush", collected)
	}
	c.wantWhole(result.Moved)
}

// What a killed run has stored in part is removed.
func TestRecoverRemovesPackWithoutIndex(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	stored := func() []string {
		found, _ := filepath.Glob(c.Path(".git/objects/pack/*"))
		return found
	}
	before := stored()
	dead := false
	_, err := c.try(func(e disktest.Event) error {
		if dead = dead || filepath.Ext(e.To) == ".idx"; dead {
			return errInjected
		}
		return nil
	})
	if err == nil {
		t.Fatal("the commit was made")
	}
	if len(stored()) == len(before) {
		t.Fatal("nothing was stored, so there is nothing to remove")
	}
	s := c.open("")
	defer c.lock(s).Unlock()
	if _, err := s.Recover(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, stored()); diff != "" {
		t.Errorf("packs (-before +now):\n%s", diff)
	}
}
