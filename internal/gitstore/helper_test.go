package gitstore

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/git/gittest"
)

// repo is a repository made by the real git.
type repo struct{ *gittest.Repo }

func newRepo(t testing.TB, args ...string) *repo { return &repo{gittest.New(t, args...)} }

func (r *repo) at(dir string) *repo { return &repo{r.At(dir)} }

func (r *repo) options() Options {
	return Options{
		LockTimeout:    time.Minute,
		GitLockTimeout: time.Minute,
	}
}

func (r *repo) open(project string) *Store {
	r.T.Helper()
	return r.openWith(project, r.options())
}

func (r *repo) openWith(project string, opts Options) *Store {
	r.T.Helper()
	s, err := openAt(r.Path(project), r.Getenv, opts)
	r.Check(err)
	r.T.Cleanup(func() { s.closeAll() })
	return s
}

// openAt opens the repository around a folder.
func openAt(dir string, env func(string) string, opts Options) (*Store, error) {
	opened, err := git.Open(dir, git.Options{Env: env})
	if err != nil {
		return nil, err
	}
	return New(opened, opts), nil
}

func (s *Store) closeAll() error { return errors.Join(s.Close(), s.repo.Close()) }

func (r *repo) lock(s *Store) *Lock {
	r.T.Helper()
	l, err := s.Lock(context.Background(), Holder{Who: "ann"})
	r.Check(err)
	return l
}

// set and del are changes.
func set(path, data string) Change { return Change{Path: path, Data: []byte(data)} }
func del(path string) Change       { return Change{Path: path, Delete: true} }

func request(head git.Head, changes ...Change) Request {
	ann := git.Signature{Name: "Ann", Email: "ann@example.com", When: time.Unix(1800000000, 0).UTC()}
	return Request{
		Parent: head.Commit, Branch: head.Branch, Changes: changes,
		Message: "state: apply\n\nSerial: 1", Author: ann, Committer: ann,
	}
}

// apply writes and publishes changes on HEAD's branch.
func (r *repo) apply(s *Store, changes ...Change) (Pending, Result) {
	r.T.Helper()
	l := r.lock(s)
	defer l.Unlock()
	head, err := s.repo.Head()
	r.Check(err)
	p, err := s.Write(context.Background(), request(head, changes...))
	r.Check(err)
	result, err := s.Publish(context.Background(), p)
	r.Check(err)
	return p, result
}

// wantClean holds the repository against git's own checks.
func (r *repo) wantClean() {
	r.T.Helper()
	r.wantStatus("")
	r.wantSound()
}

func (r *repo) wantStatus(want string) {
	r.T.Helper()
	if diff := cmp.Diff(want, r.Git("status", "--porcelain", "--untracked-files=all")); diff != "" {
		r.T.Errorf("git status (-want +got):\n%s", diff)
	}
}

func (r *repo) wantSound() {
	r.T.Helper()
	if out, err := r.Try("fsck", "--strict", "--no-dangling", "--no-progress"); err != nil || out != "" {
		r.T.Errorf("git fsck: %v\n%s", err, out)
	}
	for _, pattern := range []string{"*.lock", "refs/heads/*.lock", "osmoctl/tmp-*", "osmoctl/journal", "objects/pack/*.keep", "objects/pack/*tmp_*"} {
		dir := r.Git("rev-parse", "--absolute-git-dir")
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); found != nil {
			r.T.Errorf("left behind: %q", found)
		}
	}
	for _, path := range r.packs() {
		if index := strings.TrimSuffix(path, ".pack") + ".idx"; !disk.Exists(index) {
			r.T.Errorf("left behind without an index: %s", path)
		}
	}
}

// packs are the packs of the repository, by the paths of their files.
func (r *repo) packs() []string {
	found, err := filepath.Glob(filepath.Join(r.Git("rev-parse", "--absolute-git-dir"), "objects/pack/*.pack"))
	r.Check(err)
	return found
}

// wantTree compares the files of HEAD.
func (r *repo) wantTree(want ...string) {
	r.T.Helper()
	got := strings.Fields(r.Git("ls-tree", "-r", "--name-only", "HEAD"))
	if diff := cmp.Diff(want, got); diff != "" {
		r.T.Errorf("files of HEAD (-want +got):\n%s", diff)
	}
}
