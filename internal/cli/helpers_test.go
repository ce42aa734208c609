package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/cli"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
)

// day is the date of every test that runs in this process.
var day = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

// osmoctl runs a command line in this process, in dir, with nothing in its
// environment but a home beside it.
func osmoctl(dir string, args ...string) ran { return osmoctlWith(nil, dir, args...) }

// osmoctlWith lets change have the last word on the environment.
func osmoctlWith(change func(*command.Env), dir string, args ...string) ran {
	return osmoctlIn(context.Background(), change, dir, args...)
}

// osmoctlIn runs it in a context, which may end.
func osmoctlIn(ctx context.Context, change func(*command.Env), dir string, args ...string) ran {
	var stdout, stderr bytes.Buffer
	vars := map[string]string{"HOME": filepath.Join(filepath.Dir(dir), "home"), "PATH": os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM": "1"}
	env := &command.Env{
		Dir:   dir,
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return vars[name] },
		Now:    func() time.Time { return day },
	}
	for name, value := range vars {
		env.Environ = append(env.Environ, name+"="+value)
	}
	if change != nil {
		change(env)
	}
	code := cli.Main(ctx, env, args)
	return ran{code, stdout.String(), stderr.String()}
}

// noWorkTree is a disk on which the work tree cannot be written.
type noWorkTree struct{ disk.Disk }

func (noWorkTree) Folder(string) (disk.Folder, error) { return nil, errors.New("no space left") }

// with sets an environment variable.
func with(env *command.Env, name, value string) {
	before := env.Getenv
	env.Getenv = func(n string) string {
		if n == name {
			return value
		}
		return before(n)
	}
}

// git runs the stock git in dir, away from the user's configuration.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, args...)
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return out
}

// tryGit is git where it may fail. Its commits are of the day of the tests: git
// counts wrongly where commits are much older than their parents.
func tryGit(dir string, args ...string) (string, error) {
	noon := day.Format(time.RFC3339)
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Alice", "GIT_AUTHOR_EMAIL=alice@example.com", "GIT_AUTHOR_DATE="+noon,
		"GIT_COMMITTER_NAME=Alice", "GIT_COMMITTER_EMAIL=alice@example.com", "GIT_COMMITTER_DATE="+noon)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// needGit skips a test where there is no git program.
func needGit(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git program")
	}
}

// write makes a file with its directories.
func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// applied is a project in a new directory to which init --apply was done.
func applied(t testing.TB) (dir string) {
	t.Helper()
	needGit(t)
	dir = filepath.Join(t.TempDir(), "project")
	if r := osmoctl(dir, "init", "--apply", dir); r.code != 0 {
		t.Fatalf("init: exit code %d\n%s", r.code, r.stderr)
	}
	return dir
}
