package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/programtest"
)

func TestGitThatDiesAfterTheServerAccepted(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"fails": "exit 1", "is killed": "kill -9 $$"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			first := server.tip("main")
			ours := server.clone()
			commit := ours.make(first, "second")
			r := ours.script("git", realGit(t)+` "$@"; code=$?
case " $* " in *" push "*) `+end+`;; esac
exit $code`).open()
			if err := r.Push(background, commit, "main", first); err != nil || server.tip("main") != commit {
				t.Errorf("%v, and the server is at %s", err, server.tip("main"))
			}
		})
	}
}

// TestRunsGitAsPromised looks at what git is started with.
func TestRunsGitAsPromised(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	log := filepath.Join(t.TempDir(), "log")
	ours := server.clone()
	commit := ours.make(first, "second")
	o := Options{}
	o.Environ = ours.with("GIT_DIR=/nowhere", "GIT_TRACE=2", "GIT_CURL_VERBOSE=1", "OSMO_TOKEN=x", "LC_ALL=de_DE.UTF-8").
		script("git", `{ echo "$@"; env; } >> `+log+`
exec `+realGit(t)+` "$@"`).env
	r, err := Open(ours.repository(), "origin", o)
	ours.check(err)
	if err := r.Push(background, commit, "main", first); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(background, "main"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(log)
	server.check(err)
	for _, wanted := range []string{
		"--git-dir=" + ours.dir + "/.git -c core.fsmonitor=false -c protocol.ext.allow=never push ",
		"--force-with-lease=refs/heads/main:" + first + " -- origin " + commit + ":refs/heads/main\n",
		"-- origin +refs/heads/main:refs/remotes/origin/main\n",
		"\nGIT_TERMINAL_PROMPT=0\n", "\nLC_ALL=C\n",
	} {
		if !strings.Contains(string(data), wanted) {
			t.Errorf("%q is not in\n%s", wanted, data)
		}
	}
	for _, unwanted := range []string{"\nGIT_DIR=", "GIT_TRACE", "GIT_CURL_VERBOSE", "OSMO_TOKEN", "de_DE"} {
		if strings.Contains(string(data), unwanted) {
			t.Errorf("%q is in\n%s", unwanted, data)
		}
	}
}

func TestHangingGitIsEnded(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours := server.clone()
	// Its child holds the output open, and would outlive it.
	r := ours.script("git", "sleep 100 & sleep 100").open()
	ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	_, err := r.Tip(ctx, "main")
	want[*UnreachableError](t, err)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say that the time was up", err)
	}
}

// TestGitHasNoTerminal: a session of its own is one without.
func TestGitHasNoTerminal(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("sessions cannot be seen here")
	}
	server := newServer(t)
	r := server.clone().script("git", `[ "$(cut -d' ' -f6 /proc/$$/stat)" = $$ ] || exit 1
exec `+realGit(t)+` "$@"`).open()
	if _, err := r.Tip(background, "main"); err != nil {
		t.Error(err)
	}
}

func TestGitThatSaysTooMuch(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	r := server.clone().script("git", `yes "0123456789012345678901234567890123456789	refs/heads/other" | head -c 3000000`).open()
	if _, err := r.Tip(background, "main"); err == nil {
		t.Error("an answer that was cut short is believed")
	}
}

func TestGitThatIsTooOld(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	r := server.clone().script("git", `echo "error: unknown option" >&2; exit 129`).open()
	if _, err := r.Tip(background, "main"); err == nil || !strings.Contains(err.Error(), "too old") {
		t.Error(err)
	}
}

func TestPrePushHook(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	ours := server.clone()
	ours.at(filepath.Join(ours.dir, ".git")).hook("pre-push", "echo 'not from this machine' >&2; exit 1")
	err := ours.open().Push(background, ours.make(first, "second"), "main", first)
	if words := want[*RefusedError](t, err).Words; !strings.HasPrefix(words, "not from this machine\n") {
		t.Error(words)
	}
}

func TestGitInTheRepositoryIsNotRun(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	for _, dir := range []string{root, filepath.Join(root, "bin")} {
		if err := errors.Join(os.MkdirAll(dir, 0o777), programtest.Write(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"))); err != nil {
			t.Fatal(err)
		}
	}
	leads, into := filepath.Join(outside, "leads"), filepath.Join(outside, "into")
	if err := errors.Join(
		os.Symlink(filepath.Join(root, "bin"), leads),
		os.Mkdir(into, 0o777), os.Symlink(filepath.Join(root, "git"), filepath.Join(into, "git")),
	); err != nil {
		t.Skip("no links here:", err)
	}
	for _, dir := range []string{root, filepath.Join(root, "bin"), filepath.Join(outside, "..", filepath.Base(outside), "leads"), leads, into, ".", "bin", ""} {
		env := environment{"PATH=" + dir}
		if got := findProgram("git", env, root); got != "" {
			t.Errorf("with %q on PATH, %s would be run", dir, got)
		}
		if got := findProgram("git", env, outside+"-else"); filepath.IsAbs(dir) && got == "" {
			t.Errorf("with %q on PATH, git is not found for another repository", dir)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	env := environment{
		"A=1", "A=2", "PATH=/usr/bin:bin:/repo/bin::/bin", "GIT_DIR=x", "GIT_ALTERNATE_OBJECT_DIRECTORIES=x", "GIT_TRACE_PACKET=1",
		"GIT_SSH_COMMAND=ssh", "GIT_CONFIG_COUNT=0", "OSMOCTL_IDENTITY=x", "https_proxy=y",
	}
	if got := env.get("A"); got != "2" {
		t.Errorf("A is %q", got)
	}
	wanted := []string{
		"A=1", "A=2", "GIT_SSH_COMMAND=ssh", "GIT_CONFIG_COUNT=0", "https_proxy=y",
		"PATH=/usr/bin:/bin", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
	}
	if diff := cmp.Diff(wanted, env.forGit("/repo")); diff != "" {
		t.Error(diff)
	}
}

// TestNoGit: what needs the remote says that it needs git, and what does not works.
func TestNoGit(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := server.tip("main")
	ours := server.clone()
	commit := ours.make(first, "second")
	r := ours.with("PATH=" + ours.dir).open()
	if !r.Local() || r.URL() != server.dir {
		t.Errorf("%s is not local", r.URL())
	}
	if branch, err := r.DefaultBranch(background); branch != "main" || err != nil {
		t.Errorf("what the clone remembers: %q, %v", branch, err)
	}
	_, tip := r.Tip(background, "main")
	_, fetch := r.Fetch(background, "main")
	for call, err := range map[string]error{
		"Tip": tip, "Fetch": fetch,
		"Push":     r.Push(background, commit, "main", first),
		"CheckNew": r.CheckNew(background, "new"),
		"Obtain":   r.Obtain(background, []string{commit}),
	} {
		if !errors.Is(err, ErrNoGit) || !strings.Contains(err.Error(), "origin ("+server.dir+")") || !strings.Contains(err.Error(), "install git") {
			t.Errorf("%s: %v", call, err)
		}
	}
	if got := server.tip("main"); got != first {
		t.Errorf("the branch moved to %s", got)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ours := server.clone()
	ours.git("config", "remote.two.url", "https://a.example.com/x")
	ours.git("config", "--add", "remote.two.url", "https://b.example.com/x")
	ours.git("config", "remote.one.url", "https://a.example.com/x")
	repo := ours.repository()
	for _, name := range []string{"-f", "", ".", "..", "a/b", "https://x", "a:b", "x.lock", "two"} {
		if _, err := Open(repo, name, Options{Environ: ours.env}); err == nil {
			t.Errorf("%q was opened", name)
		}
	}
	if _, err := Open(repo, "absent", Options{Environ: ours.env}); !errors.Is(err, ErrNoRemote) {
		t.Error(err)
	}
	r, err := Open(repo, "one", Options{Environ: ours.env})
	if err != nil || r.Local() || r.URL() != "https://a.example.com/x" {
		t.Errorf("%v %v", r, err)
	}
}
