// Package gittest makes repositories for tests, with the real git.
package gittest

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Repo is a folder in which git is run, blind to the settings of whoever runs the
// tests.
type Repo struct {
	T   testing.TB
	Dir string
	Env map[string]string
}

// New makes a repository on branch main; args are further ones of "git init".
func New(t testing.TB, args ...string) *Repo {
	t.Helper()
	r := Empty(t)
	r.Git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return r
}

// Empty is only a folder.
func Empty(t testing.TB) *Repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to compare with")
	}
	top := t.TempDir()
	r := &Repo{T: t, Dir: filepath.Join(top, "repo"), Env: map[string]string{
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
	r.Check(os.MkdirAll(r.Dir, 0o777))
	return r
}

// At is the same environment in another folder.
func (r *Repo) At(dir string) *Repo { return &Repo{r.T, dir, r.Env} }

// Getenv looks up what git has in its environment.
func (r *Repo) Getenv(name string) string { return r.Env[name] }

// Check ends the test at an error.
func (r *Repo) Check(err error) {
	r.T.Helper()
	if err != nil {
		r.T.Fatal(err)
	}
}

// Git runs git, which must succeed, and returns what it prints.
func (r *Repo) Git(args ...string) string {
	r.T.Helper()
	return r.GitReading(nil, args...)
}

// GitReading is Git for what reads its standard input.
func (r *Repo) GitReading(from io.Reader, args ...string) string {
	r.T.Helper()
	out, err := r.run(from, args)
	if err != nil {
		r.T.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Try runs git.
func (r *Repo) Try(args ...string) (string, error) { return r.run(nil, args) }

func (r *Repo) run(from io.Reader, args []string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = r.Dir, from
	for key, value := range r.Env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}

// Path is that of a file in the work tree, given in slashes.
func (r *Repo) Path(name string) string { return filepath.Join(r.Dir, filepath.FromSlash(name)) }

// Write writes a file of the work tree, and makes the folders above it.
func (r *Repo) Write(name, data string) {
	r.T.Helper()
	r.Check(os.MkdirAll(filepath.Dir(r.Path(name)), 0o777))
	r.Check(os.WriteFile(r.Path(name), []byte(data), 0o666))
}

// Read reads a file of the work tree.
func (r *Repo) Read(name string) string {
	r.T.Helper()
	data, err := os.ReadFile(r.Path(name))
	r.Check(err)
	return string(data)
}

// Exists tells whether a name is there.
func (r *Repo) Exists(name string) bool {
	_, err := os.Lstat(r.Path(name))
	return err == nil
}

// Commit writes files, commits everything, and returns the commit's hash.
func (r *Repo) Commit(message string, files map[string]string) string {
	r.T.Helper()
	for name, data := range files {
		r.Write(name, data)
	}
	r.Git("add", "-A")
	r.Git("commit", "-q", "--allow-empty", "-m", message)
	return r.Git("rev-parse", "HEAD")
}
