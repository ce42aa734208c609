package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// commitLoop is the first argument by which this program runs itself, as the
// process that is to be killed.
const commitLoop = "commit-loop"

// commitForever commits a small change after another, with go-git alone, in
// the way of its documentation.
func commitForever(dir string) error {
	r, err := git.PlainOpen(dir)
	if err != nil {
		return err
	}
	w, err := r.Worktree()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		name := filepath.Join("state", fmt.Sprintf("%02d.json", n%50))
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, "{\"serial\": %d}\n", n), 0o666); err != nil {
			return err
		}
		if _, err := w.Add(filepath.ToSlash(name)); err != nil {
			return err
		}
		who := &object.Signature{Name: "Ann", Email: "ann@example.com", When: time.Now()}
		if _, err := w.Commit("State", &git.CommitOptions{Author: who}); err != nil {
			return err
		}
	}
}

// loopSpan is how long the loop may run before it is killed.
const loopSpan = 400 * time.Millisecond

// baseline kills the loop, and counts what git cannot read afterwards. It is no
// error that there is something to count.
func (l *lab) baseline() error {
	var refs, indexes, objects, whole int
	for range l.kills {
		p, err := l.killLoop()
		if err != nil {
			return err
		}
		_, refErr := invariants.Git(p, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
		indexErr := invariants.CheckIndex(p)
		text, fsckErr := invariants.Git(p, "fsck", "--strict", "--no-dangling", "--no-progress")
		refs += one(refErr != nil)
		indexes += one(indexErr != nil)
		objects += one(fsckErr != nil || text != "")
		whole += one(errors.Join(refErr, indexErr, fsckErr) == nil && text == "")
		if err := os.RemoveAll(p); err != nil {
			return err
		}
	}
	fmt.Fprintf(l.out, "%-8s kills survived: %d of %d (seed %d): go-git's Worktree.Add and Commit left %d branches and %d indexes that git cannot read, and git fsck complained %d times\n",
		"baseline", whole, l.kills, l.seed, refs, indexes, objects)
	return nil
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// killLoop starts the loop in a new repository, kills it, and returns where.
func (l *lab) killLoop() (string, error) {
	dir := l.folder()
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o777); err != nil {
		return "", err
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"commit", "-q", "--allow-empty", "-m", "Start"}} {
		if _, err := invariants.Git(dir, args...); err != nil {
			return "", err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, commitLoop, dir)
	cmd.Env = invariants.Environment()
	if err := cmd.Start(); err != nil {
		return "", err
	}
	time.Sleep(l.moment(loopSpan))
	_ = cmd.Process.Kill()
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() >= 0 {
		return "", fmt.Errorf("the loop ended by itself: %s", cmd.ProcessState)
	}
	return dir, nil
}
