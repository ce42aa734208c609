package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/internal/disk"
	"github.com/osmoctl/osmoctl/internal/torture/invariants"
)

// newJoined is a clone in which somebody's key was declared, and what lives is
// sealed to it by nothing yet.
func newJoined(t testing.TB) (c *clone, joins string) {
	t.Helper()
	needGit(t)
	c = appliedClone(t, t.TempDir(), []byte(crashDeclarations))
	c.mustApply()
	identity, err := age.GenerateX25519Identity()
	check(t, err)
	joins = identity.Recipient().String()
	path := filepath.Join(c.Dir, "osmoctl.yaml")
	text, err := os.ReadFile(path)
	check(t, err)
	write(t, path, []byte(strings.Replace(string(text), ", ops: [key-000]", ", joins: "+joins+", ops: [key-000, joins]", 1)))
	c.git("commit", "-q", "-a", "-m", "Somebody joins")
	c.begin()
	return c, joins
}

func (c *clone) reseal(d disk.Disk) invariants.Ran {
	return c.run(d, "", "secrets", "reseal", "--auto-approve", "-i", c.Identity)
}

// sealedTo counts the live generations at HEAD, and those whose recipients have
// a key.
func (c *clone) sealedTo(key string) (with, all int) {
	c.t.Helper()
	for line := range strings.Lines(c.git("grep", "-h", "-e", `"recipients": \["age1`, "HEAD", "--", "state/accounts")) {
		all++
		if strings.Contains(line, key) {
			with++
		}
	}
	return with, all
}

// Every third change that a reseal makes to the disk fails in turn, alone and with all
// that follow: every value is sealed to the new key, or none is, and the next
// reseal does it.
func TestCrashOfAReseal(t *testing.T) {
	t.Parallel()
	template, joins := newJoined(t)
	values := valuesOf(template)
	for name, dead := range map[string]bool{"error": false, "stop": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			points := 0
			for k := 1; ; k += 3 * stride() {
				c := template.copy(t)
				d, failed := faulty(k, dead)
				r := c.reseal(d)
				if failed.Op == "" {
					break
				}
				points++
				what := fmt.Sprintf("change %d, %s %s: ", k, failed.Op, strings.TrimPrefix(failed.Path, c.Dir))
				if !dead {
					wantNamed(t, what, r, *failed)
				}
				c.t = t
				if with, all := c.sealedTo(joins); all < 4 || with != 0 && with != all {
					t.Errorf("%s%d of %d values are sealed to the new key", what, with, all)
				}
				check(t, c.CheckStanding())
				c.noteHead()
				if r := c.reseal(nil); r.Code != 0 {
					t.Errorf("%sthe next reseal ended with %d: %s", what, r.Code, r.Stderr)
				}
				if with, all := c.sealedTo(joins); with != all {
					t.Errorf("%safter the next reseal %d of %d values are sealed to the new key", what, with, all)
				}
				if !slices.Equal(values, valuesOf(c)) {
					t.Error(what, "a value is another")
				}
				c.Sample = []string{"a/t", "a/u", "b/t"}
				c.wantRecovered()
				if t.Failed() {
					t.Fatal(what, r.Stderr)
				}
			}
			if points < 25/stride() {
				t.Errorf("only %d changes were met", points)
			}
			t.Logf("%d points", points)
		})
	}
}

// valuesOf are the sums of all live values.
func valuesOf(c *clone) []string {
	return strings.Split(c.git("grep", "-h", "-e", "value_sha256", "HEAD", "--", "state/accounts"), "\n")
}
