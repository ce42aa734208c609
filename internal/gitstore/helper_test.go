package gitstore

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// repo is a repository made by the real git, in a folder of its own, blind to
// the settings of whoever runs the tests.
type repo struct {
	t   testing.TB
	dir string
	env map[string]string
}

func newRepo(t testing.TB, args ...string) *repo {
	t.Helper()
	r := emptyRepo(t)
	r.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return r
}

// emptyRepo is only a folder.
func emptyRepo(t testing.TB) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
	top := t.TempDir()
	r := &repo{t: t, dir: filepath.Join(top, "repo"), env: map[string]string{
		"HOME":                top,
		"GIT_CONFIG_GLOBAL":   os.DevNull,
		"GIT_CONFIG_SYSTEM":   os.DevNull,
		"GIT_AUTHOR_NAME":     "Ann",
		"GIT_AUTHOR_EMAIL":    "ann@example.com",
		"GIT_COMMITTER_NAME":  "Ann",
		"GIT_COMMITTER_EMAIL": "ann@example.com",
		"PATH":                os.Getenv("PATH"),
		"LC_ALL":              "C",
	}}
	r.check(os.MkdirAll(r.dir, 0o777))
	return r
}

// at is the same environment in another folder.
func (r *repo) at(dir string) *repo {
	return &repo{r.t, dir, r.env}
}

func (r *repo) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	out, err := r.try(args...)
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (r *repo) try(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	for key, value := range r.env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}

func (r *repo) path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

func (r *repo) write(name, data string) {
	r.t.Helper()
	r.check(os.MkdirAll(filepath.Dir(r.path(name)), 0o777))
	r.check(os.WriteFile(r.path(name), []byte(data), 0o666))
}

func (r *repo) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(r.path(name))
	r.check(err)
	return string(data)
}

func (r *repo) exists(name string) bool {
	_, err := os.Lstat(r.path(name))
	return err == nil
}

// commit makes files and commits everything with git.
func (r *repo) commit(message string, files map[string]string) string {
	r.t.Helper()
	for name, data := range files {
		r.write(name, data)
	}
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

func (r *repo) options() Options {
	return Options{
		Env:            func(key string) string { return r.env[key] },
		LockTimeout:    time.Minute,
		GitLockTimeout: time.Minute,
	}
}

func (r *repo) open(project string) *Store {
	r.t.Helper()
	return r.openWith(project, r.options())
}

func (r *repo) openWith(project string, opts Options) *Store {
	r.t.Helper()
	s, err := Open(r.path(project), opts)
	r.check(err)
	r.t.Cleanup(func() { s.Close() })
	return s
}

func (r *repo) lock(s *Store) *Lock {
	r.t.Helper()
	l, err := s.Lock(context.Background(), Holder{Who: "ann"})
	r.check(err)
	return l
}

// set and del are changes.
func set(path, data string) Change { return Change{Path: path, Data: []byte(data)} }
func del(path string) Change       { return Change{Path: path, Delete: true} }

func request(head Head, changes ...Change) Request {
	ann := Signature{Name: "Ann", Email: "ann@example.com", When: time.Unix(1800000000, 0).UTC()}
	return Request{
		Parent: head.Commit, Branch: head.Branch, Changes: changes,
		Message: "state: apply\n\nSerial: 1", Author: ann, Committer: ann,
	}
}

// apply writes and publishes changes on HEAD's branch.
func (r *repo) apply(s *Store, changes ...Change) (Pending, Result) {
	r.t.Helper()
	l := r.lock(s)
	defer l.Unlock()
	head, err := s.Head()
	r.check(err)
	p, err := s.Write(context.Background(), request(head, changes...))
	r.check(err)
	result, err := s.Publish(context.Background(), p)
	r.check(err)
	return p, result
}

// wantClean holds the repository against git's own checks.
func (r *repo) wantClean() {
	r.t.Helper()
	r.wantStatus("")
	r.wantSound()
}

func (r *repo) wantStatus(want string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.git("status", "--porcelain", "--untracked-files=all")); diff != "" {
		r.t.Errorf("git status (-want +got):\n%s", diff)
	}
}

func (r *repo) wantSound() {
	r.t.Helper()
	if out, err := r.try("fsck", "--strict", "--no-dangling", "--no-progress"); err != nil || out != "" {
		r.t.Errorf("git fsck: %v\n%s", err, out)
	}
	for _, pattern := range []string{"*.lock", "refs/heads/*.lock", "osmoctl/tmp-*", "osmoctl/journal", "objects/pack/*.keep", "objects/pack/*tmp_*"} {
		dir := r.git("rev-parse", "--absolute-git-dir")
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); found != nil {
			r.t.Errorf("left behind: %q", found)
		}
	}
}

// wantTree compares the files of HEAD.
func (r *repo) wantTree(want ...string) {
	r.t.Helper()
	got := strings.Fields(r.git("ls-tree", "-r", "--name-only", "HEAD"))
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("files of HEAD (-want +got):\n%s", diff)
	}
}
