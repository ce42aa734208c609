package gitstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/osmoctl/osmoctl/internal/git"
)

// applyAgain applies a change, and starts over where the branch has moved.
func (r *repo) applyAgain(s *Store, change Change) error {
	ctx := context.Background()
	for {
		err := func() error {
			l, err := s.Lock(ctx, Holder{})
			if err != nil {
				return err
			}
			defer l.Unlock()
			head, err := s.repo.Head()
			if err != nil {
				return err
			}
			p, err := s.Write(ctx, request(head, change))
			if err != nil {
				return err
			}
			_, err = s.Publish(ctx, p)
			return err
		}()
		if !errors.Is(err, ErrMoved) {
			return err
		}
	}
}

// gitAgain runs a git command until no lock is in its way.
func (r *repo) gitAgain(args ...string) error {
	for {
		out, err := r.Try(args...)
		if err == nil || !strings.Contains(out, ".lock") {
			return err
		}
	}
}

// commitAgain commits the files of HEAD once more, by compare-and-swap.
func (r *repo) commitAgain() error {
	for {
		parent, _ := r.Try("rev-parse", "HEAD")
		commit, _ := r.Try("commit-tree", "-p", parent, "-m", "by git", parent+"^{tree}")
		out, err := r.Try("update-ref", "HEAD", commit, parent)
		if err == nil || !strings.Contains(out, "cannot lock ref") {
			return err
		}
	}
}

// Commits of several osmoctls and of a git beside them are all kept, and so is
// what git stages meanwhile. Only git commands that compare or lock before they
// read can be held to this: "git commit" and "git reset" do not.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	const stores, each = 4, 10
	errs := make(chan error, stores*each+3*each)
	var group sync.WaitGroup
	repeat := func(do func(i int) error) {
		group.Go(func() {
			for i := range each {
				errs <- do(i)
			}
		})
	}
	for n := range stores {
		s := r.open("")
		repeat(func(i int) error { return r.applyAgain(s, set(fmt.Sprintf("state/accounts/%02d/%d", n, i), "data")) })
	}
	var staged []string
	for i := range each {
		r.Write(fmt.Sprintf("user/%d", i), "data")
		staged = append(staged, fmt.Sprintf("A  user/%d", i))
	}
	repeat(func(int) error { return r.commitAgain() })
	repeat(func(i int) error { return r.gitAgain("add", fmt.Sprintf("user/%d", i)) })
	repeat(func(int) error { return r.gitAgain("pack-refs", "--all", "--prune") })
	group.Wait()
	close(errs)
	for err := range errs {
		r.Check(err)
	}
	if got, want := r.Git("rev-list", "--count", "--first-parent", "HEAD"), fmt.Sprint(1+stores*each+each); got != want {
		t.Errorf("%s commits, want %s", got, want)
	}
	if got := strings.Count(r.Git("ls-tree", "-r", "--name-only", "HEAD", "state")+"\n", "\n"); got != stores*each {
		t.Errorf("%d files, want %d", got, stores*each)
	}
	r.wantStatus(strings.Join(staged, "\n"))
	r.wantSound()
}

// A branch that moved between reading and publishing is not moved again.
func TestMoved(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
	r.Check(err)
	theirs := r.Commit("theirs", map[string]string{"b": "b"})
	result, err := s.Publish(t.Context(), p)
	if !errors.Is(err, ErrMoved) || result.Moved {
		t.Errorf("%+v, %v", result, err)
	}
	if got := r.Git("rev-parse", "HEAD"); got != theirs {
		t.Errorf("HEAD is %s", got)
	}
	r.wantClean()
}

// The same for a branch that must not exist, and does by then.
func TestBornMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
	r.Check(err)
	r.Commit("theirs", map[string]string{"b": "b"})
	r.Git("pack-refs", "--all", "--prune")
	if _, err := s.Publish(t.Context(), p); !errors.Is(err, ErrMoved) {
		t.Errorf("%v", err)
	}
	r.wantClean()
}

// A "git gc --prune=now" between Write and Publish takes nothing of ours.
func TestGCBetween(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("first", project)
	s := r.open("")
	defer r.lock(s).Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	p, err := s.Write(t.Context(), request(head, set("state/a", "a")))
	r.Check(err)
	r.Git("gc", "-q", "--prune=now")
	_, err = s.Publish(t.Context(), p)
	r.Check(err)
	r.wantClean()
}

// A new branch may not be the folder of another, packed or not.
func TestBranchNamesCollide(t *testing.T) {
	t.Parallel()
	for _, packed := range []bool{false, true} {
		for _, branch := range []string{"refs/heads/main/sub", "refs/heads/team"} {
			r := newRepo(t)
			r.Commit("first", project)
			r.Git("branch", "team/one")
			if packed {
				r.Git("pack-refs", "--all", "--prune")
			}
			s := r.open("")
			l := r.lock(s)
			p, err := s.Write(t.Context(), request(git.Head{Branch: branch}, set("state/a", "a")))
			if err == nil {
				_, err = s.Publish(t.Context(), p)
			}
			if err == nil {
				t.Errorf("%s was made (packed: %t)", branch, packed)
			}
			r.Check(l.Unlock())
			r.wantClean()
		}
	}
}
