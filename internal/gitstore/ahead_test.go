package gitstore

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/osmoctl/osmoctl/internal/disk/disktest"
)

// When the branch moves, the index is there already: see stageAhead.
func TestIndexGoesAhead(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	looked := false
	_, err := c.try(func(e disktest.Event) error {
		if e.Op != "rename" || filepath.Base(e.To) != "main" {
			return nil
		}
		looked = true
		got := c.Git("diff", "--cached", "--name-status", c.before, "--", "state")
		want := "D\tstate/accounts/aa/x/t.1.age\nA\tstate/accounts/bb/y/t.1.age\nM\tstate/meta.json"
		if got != want {
			t.Errorf("the index is\n%s", got)
		}
		return nil
	})
	c.Check(err)
	if !looked {
		t.Error("the branch did not move")
	}
	c.wantWhole(true)
}

// A branch that then cannot be moved takes the index back with it.
func TestIndexComesBack(t *testing.T) {
	t.Parallel()
	c := newScene(t)
	result, err := c.try(func(e disktest.Event) error {
		if e.Op == "rename" && filepath.Base(e.To) == "main" {
			return errInjected
		}
		return nil
	})
	if !errors.Is(err, errInjected) || result.Moved {
		t.Errorf("%+v, %v", result, err)
	}
	c.wantWhole(false)
}
