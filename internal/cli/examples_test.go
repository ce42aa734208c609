package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/examples"
)

// Every example is planned and applied in a repository of its own, and nothing
// is left to do then.
func TestExamplesApply(t *testing.T) {
	t.Parallel()
	needGit(t)
	for _, name := range examples.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := example(t, name)
			expect := func(code int, args ...string) ran {
				t.Helper()
				r := osmoctl(dir, args...)
				if r.code != code {
					t.Fatalf("osmoctl %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
				}
				return r
			}
			expect(0, "validate")
			if r := expect(2, "plan", "--detailed-exitcode"); !strings.Contains(r.stdout, "to create") {
				t.Errorf("the plan creates nothing:\n%s", r.stdout)
			}
			expect(0, "apply", "--auto-approve")
			expect(0, "plan", "--detailed-exitcode")
			expect(0, "state", "verify", "--history")
			for _, look := range [][]string{{"status", "--porcelain"}, {"fsck", "--strict"}} {
				if out := git(t, dir, look...); out != "" {
					t.Errorf("git %s is not silent:\n%s", look[0], out)
				}
			}
		})
	}
}

// example is a committed copy of an example.
func example(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	files, err := examples.Open(name)
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "Declare")
	return dir
}
