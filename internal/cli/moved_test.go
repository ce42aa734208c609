package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
)

// meanwhile is a disk on which something happens between the moment that a
// commit is stored and the one that its branch moves.
type meanwhile struct {
	disk.Disk
	happens func()
}

func (m meanwhile) SyncDir(path string) error {
	if filepath.Base(path) == "pack" {
		m.happens()
	}
	return m.Disk.SyncDir(path)
}

// applyWhile applies a rotation while something else happens, each time that the
// commit is about to be made.
func applyWhile(dir string, happens func()) ran {
	return osmoctlWith(func(env *command.Env) { env.Disk = meanwhile{disk.OS(), happens} },
		dir, "--verbose", "apply", "--auto-approve", "--replace", "token/svc-ci/ci-token")
}

func note(t *testing.T, dir, text string) {
	t.Helper()
	write(t, filepath.Join(dir, "notes.txt"), []byte(text))
	git(t, dir, "add", "notes.txt")
	git(t, dir, "commit", "-qm", "a note")
}

// A commit that the user makes during an apply is kept: the state goes on top of
// it where the declarations are the same, and nowhere where they are not.
func TestHeadMovesDuringApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(t *testing.T, dir string)
		often   bool
		code    int
		says    string
	}{
		"a commit": {
			happens: func(t *testing.T, dir string) { note(t, dir, "once") },
			says:    "putting the commit on top of",
		},
		"an amended commit": {
			happens: func(t *testing.T, dir string) { git(t, dir, "commit", "--amend", "-qm", "other words") },
			says:    "planning again",
		},
		"a commit each time": {
			happens: func(t *testing.T, dir string) { note(t, dir, git(t, dir, "rev-parse", "HEAD")) },
			often:   true, code: 4, says: "moved 5 times",
		},
		"declarations": {
			happens: func(t *testing.T, dir string) { declareNote(t, dir) },
			code:    4, says: "declarations on main were changed while apply was at work",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := applied(t)
			note(t, dir, "before")
			done := false
			r := applyWhile(dir, func() {
				if !done || c.often {
					c.happens(t, dir)
				}
				done = true
			})
			if r.code != c.code || !strings.Contains(r.stderr, c.says) {
				t.Errorf("exit code %d, want %d after %q\n%s", r.code, c.code, c.says, r.stderr)
			}
			serial := map[int]string{0: "at serial 2", 4: "at serial 1"}[c.code]
			if r := osmoctl(dir, "state", "verify"); r.code != 0 || !strings.Contains(r.stdout, serial) {
				t.Errorf("the state is not sound %s\n%s%s", serial, r.stdout, r.stderr)
			}
			if left := git(t, dir, "status", "--porcelain"); left != "" {
				t.Errorf("left:\n%s", left)
			}
		})
	}
}

func declareNote(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "manifests", "service-accounts.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, append(text, "# a remark\n"...))
	git(t, dir, "commit", "-qam", "a remark")
}

// Who switches branches during an apply gets the commit on the branch it was
// started on, and keeps the files of the other.
func TestSwitchDuringApply(t *testing.T) {
	t.Parallel()
	dir := applied(t)
	done := false
	r := applyWhile(dir, func() {
		if !done {
			git(t, dir, "switch", "-qc", "side")
		}
		done = true
	})
	if r.code != 0 || !strings.Contains(r.stderr, "HEAD is on another branch now") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	if left := git(t, dir, "status", "--porcelain"); left != "" {
		t.Errorf("left:\n%s", left)
	}
	if got := git(t, dir, "log", "--format=%s", "side..main"); !strings.Contains(got, "(serial 2)") {
		t.Errorf("main has got: %s", got)
	}
}
