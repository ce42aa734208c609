package cli_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/disk/disktest"
	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// clone is a project in which something goes wrong.
type clone struct {
	invariants.Project
	t   testing.TB
	day time.Time
}

const crashDeclarations = `service_accounts:
  a:
    roles: [osmo-user]
    tokens:
      t: {roles: [osmo-user], expires_in: 90d, rotate: {every: 60d, overlap: 7d}}
      u: {roles: [osmo-user], expires_in: 90d, rotate: {every: 60d, overlap: 7d}}
  b:
    roles: [osmo-user]
    tokens:
      t: {roles: [osmo-user], expires_in: 300d}
`

// newClone is a project in which the next apply writes new files, replaces some
// and deletes some, with a user's work in it.
func newClone(t testing.TB) *clone {
	t.Helper()
	needGit(t)
	return newCloneIn(t, t.TempDir(), []byte(crashDeclarations))
}

func newCloneIn(t testing.TB, top string, manifest []byte) *clone {
	t.Helper()
	c := appliedClone(t, top, manifest)
	c.begin()
	return c
}

// begin leaves a user's work in the clone.
func (c *clone) begin() {
	c.t.Helper()
	var err error
	c.Work, err = invariants.Begin(c.Dir)
	check(c.t, err)
	c.noteHead()
}

// appliedClone is a clone in which everything is due for rotation.
func appliedClone(t testing.TB, top string, manifest []byte) *clone {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	check(t, err)
	c := at(t, filepath.Join(top, "project"), filepath.Join(top, "identity.txt"))
	write(t, c.Identity, []byte(identity.String()+"\n"))
	write(t, filepath.Join(c.Dir, "osmoctl.yaml"), []byte("version: 1\nrecipients: {key-000: "+identity.Recipient().String()+", ops: [key-000]}\n"+
		"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n"))
	write(t, filepath.Join(c.Dir, "manifests", "a.yaml"), manifest)
	check(t, invariants.Draft(c.Dir))
	c.git("init", "-q", "-b", "main")
	c.git("add", "-A")
	c.git("commit", "-q", "-m", "Declare")
	for range 2 {
		c.mustApply()
		c.pass(61)
	}
	return c
}

func at(t testing.TB, dir, identity string) *clone {
	c := &clone{t: t, day: day}
	c.Dir, c.Identity = dir, identity
	c.Osmoctl = func(stdin string, args ...string) invariants.Ran { return c.run(nil, stdin, args...) }
	return c
}

// copy makes the same clone elsewhere, which is quicker than a new one.
func (c *clone) copy(t testing.TB) *clone {
	t.Helper()
	twin := at(t, filepath.Join(t.TempDir(), "project"), c.Identity)
	check(t, os.CopyFS(twin.Dir, os.DirFS(c.Dir)))
	twin.take(c)
	return twin
}

// take takes over what was known of another clone.
func (c *clone) take(from *clone) {
	c.day, c.Work, c.Past, c.Sample = from.day, from.Work, from.Past, from.Sample
	// It reports the user's work as an error.
	_, _ = invariants.Git(c.Dir, "update-index", "-q", "--refresh")
}

func (c *clone) pass(days int) { c.day = c.day.AddDate(0, 0, days) }

func (c *clone) git(args ...string) string {
	c.t.Helper()
	out, err := invariants.Git(c.Dir, args...)
	check(c.t, err)
	return out
}

// run runs a command on the clone's day, with a disk of the test's; nil is the
// real one.
func (c *clone) run(d disk.Disk, stdin string, args ...string) invariants.Ran {
	r := osmoctlWith(func(env *command.Env) {
		env.Disk, env.Stdin = d, strings.NewReader(stdin)
		env.Now = func() time.Time { return c.day }
		with(env, "GIT_CONFIG_GLOBAL", os.DevNull)
	}, c.Dir, args...)
	return invariants.Ran{Code: r.code, Stdout: r.stdout, Stderr: r.stderr}
}

func (c *clone) apply(d disk.Disk) invariants.Ran { return c.run(d, "", "apply", "--auto-approve") }

func (c *clone) mustApply() {
	c.t.Helper()
	if r := c.apply(nil); r.Code != 0 {
		c.t.Fatalf("apply ended with %d: %s", r.Code, r.Stderr)
	}
}

func (c *clone) noteHead() { c.Past = append(c.Past, c.git("rev-parse", "HEAD")) }

// wantUnchanged is for an apply that failed before it made a commit.
func (c *clone) wantUnchanged() {
	c.t.Helper()
	check(c.t, c.CheckStanding())
	if head := c.git("rev-parse", "HEAD"); head != c.Past[len(c.Past)-1] {
		c.t.Error("the branch has moved")
	}
}

// wantRecovered applies as the next person would, and checks everything.
func (c *clone) wantRecovered() {
	c.t.Helper()
	check(c.t, c.CheckStanding())
	c.noteHead()
	c.mustApply()
	check(c.t, c.Check())
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fault is the error that a change to the disk fails with.
func fault(e disktest.Event) error {
	switch e.Op {
	case "write", "append", "create", "mkdir":
		return fmt.Errorf("%s %s: %w", e.Op, e.Path, syscall.ENOSPC)
	case "sync", "syncdir":
		return fmt.Errorf("%s %s: %w", e.Op, e.Path, syscall.EIO)
	}
	return fmt.Errorf("%s %s: %w", e.Op, e.Path, syscall.EACCES)
}

// tolerable are the changes that apply can do without: a lock that can be made
// in another way, a folder that stays though it is empty, and a pack that stays though
// its objects are in another.
func tolerable(e disktest.Event) bool {
	info, err := os.Lstat(e.Path)
	joined := filepath.Base(filepath.Dir(e.Path)) == "pack" && filepath.Ext(e.Path) != ".keep"
	return e.Op == "link" || e.Op == "remove" && err == nil && (info.IsDir() || joined)
}

// faulty fails the k-th change, and where dead is set all that follow, as if
// the process had ended. It tells which change it failed.
func faulty(k int, dead bool) (d disk.Disk, failed *disktest.Event) {
	failed = new(disktest.Event)
	n := 0
	return disktest.Spy(func(e disktest.Event) error {
		n++
		if n == k {
			*failed = e
		}
		if n == k || dead && n > k {
			return fault(e)
		}
		return nil
	}), failed
}

// Every change that an apply makes to the disk fails in turn, alone and with
// all that follow. The error says what happened; the next apply puts it right.
func TestCrashAtEveryChange(t *testing.T) {
	t.Parallel()
	template := newClone(t)
	for name, dead := range map[string]bool{"error": false, "stop": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			points := 0
			for k := 1; ; k += stride() {
				c := template.copy(t)
				d, failed := faulty(k, dead)
				r := c.apply(d)
				if failed.Op == "" {
					break
				}
				points++
				what := fmt.Sprintf("change %d, %s %s: ", k, failed.Op, strings.TrimPrefix(failed.Path, c.Dir))
				if !dead {
					wantNamed(t, what, r, *failed)
				}
				t.Run(fmt.Sprint(k), func(t *testing.T) {
					c.t = t
					c.wantRecovered()
				})
				if t.Failed() {
					t.Fatal(what, r.Stderr)
				}
			}
			if points < 50/stride() {
				t.Errorf("only %d changes were met", points)
			}
			t.Logf("%d points", points)
		})
	}
}

// stride thins the points where tests are to be short. All take some ten
// seconds.
func stride() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// wantNamed is for an apply of which one change failed.
func wantNamed(t *testing.T, what string, r invariants.Ran, e disktest.Event) {
	t.Helper()
	var errno syscall.Errno
	if !errors.As(fault(e), &errno) {
		t.Fatal("a fault without a number")
	}
	if r.Code == 0 && tolerable(e) {
		return
	}
	if r.Code != 1 || !strings.Contains(r.Stderr, errno.Error()) {
		t.Errorf("%sapply ended with %d and does not name the fault: %s", what, r.Code, r.Stderr)
	}
}

// The power fails before each flush and rename. What was not flushed is gone,
// or there, or some of it is, folder by folder and file by file.
func TestCrashLosesWhatWasNotFlushed(t *testing.T) {
	t.Parallel()
	template := newClone(t)
	model, err := disktest.NewVolatile(template.Dir)
	check(t, err)
	var events []disktest.Event
	if r := template.apply(disktest.Spy(func(e disktest.Event) error {
		events = append(events, e)
		return nil
	})); r.Code != 0 {
		t.Fatal(r.Stderr)
	}
	moments, points := 0, 0
	for n, e := range events {
		if e.Op == "sync" || e.Op == "syncdir" || e.Op == "rename" {
			moments++
			for luck := uint64(0); luck < 3 && moments%stride() == 0; luck++ {
				points++
				name := fmt.Sprintf("%d %s, luck %d", n, e.Op, luck)
				t.Run(name, func(t *testing.T) { powerReturns(t, template, model, rand.New(rand.NewPCG(uint64(n), luck)), luck) })
			}
		}
		model.Apply(e)
	}
	t.Logf("%d changes, %d power failures", len(events), points)
	// What apply has reported is on the disk, however unlucky. Work tree files
	// are copies, for git to make again, as after a git checkout of one's own.
	after := at(t, filepath.Join(t.TempDir(), "project"), template.Identity)
	check(t, model.Crash(after.Dir, func() bool { return false }))
	if template.git("rev-parse", "HEAD") != after.git("rev-parse", "HEAD") {
		t.Error("a commit that apply has reported is lost")
	}
	after.take(template)
	after.mustApply()
	after.git("checkout", "HEAD", "--", "state")
	check(t, after.Check())
}

func powerReturns(t *testing.T, template *clone, model *disktest.Volatile, random *rand.Rand, luck uint64) {
	c := at(t, filepath.Join(t.TempDir(), "project"), template.Identity)
	lucky := func() bool { return luck == 1 || luck == 2 && random.IntN(2) == 0 }
	check(t, model.Crash(c.Dir, lucky))
	c.take(template)
	c.wantRecovered()
}

// A disk on which flushing fails, or renaming, is no disk to issue tokens on.
func TestCrashNothingIsMadeWithoutFlushing(t *testing.T) {
	t.Parallel()
	template := newClone(t)
	for _, op := range []string{"sync", "syncdir", "rename", "write"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			c := template.copy(t)
			r := c.apply(disktest.Spy(func(e disktest.Event) error {
				if e.Op == op {
					return fault(e)
				}
				return nil
			}))
			if r.Code != 1 {
				t.Errorf("apply ended with %d: %s", r.Code, r.Stderr)
			}
			c.wantUnchanged()
			c.wantRecovered()
		})
	}
}

// A user deletes a file of state. Nothing depends on it; git brings it back.
func TestCrashStateFileDeleted(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	found, err := filepath.Glob(filepath.Join(c.Dir, "state/accounts/*/b/t.1.age"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	check(t, os.Remove(found[0]))
	c.mustApply()
	if _, err := os.Lstat(found[0]); err == nil {
		t.Error("apply took back what the user has done")
	}
	c.git("checkout", "HEAD", "--", "state")
	check(t, c.Check())
}

// The clock falls back by a day after an apply. Nothing is due, nothing is
// rotated, and what is asked for meanwhile is done.
func TestCrashClockFallsBack(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	c.mustApply()
	c.noteHead()
	c.pass(-1)
	check(t, c.Check())
	c.mustApply()
	if head := c.git("rev-parse", "HEAD"); head != c.Past[len(c.Past)-1] {
		t.Error("an apply on an earlier day made a commit")
	}
	if r := c.run(nil, "", "apply", "--auto-approve", "--replace", "token/a/t"); r.Code != 0 {
		t.Fatal(r.Stderr)
	}
	c.Sample = []string{"a/t", "a/u", "b/t"}
	check(t, c.Check())
	c.pass(1)
	check(t, c.Check())
}
