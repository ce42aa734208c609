package cli_test

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/disk"
)

// An apply that ended between its commit and the work tree leaves a tree in
// which git commit -a would take the commit back. Whatever command comes next
// completes it and does its own work besides.
func TestNextCommandCompletes(t *testing.T) {
	t.Parallel()
	full := func(env *command.Env) { env.Disk = noWorkTree{disk.OS()} }
	for name, next := range map[string][]string{
		"plan":  {"plan", "--detailed-exitcode"},
		"apply": {"apply", "--auto-approve"},
		"list":  {"token", "list"},
		"log":   {"log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := applied(t)
			r := osmoctlWith(full, dir, "apply", "--auto-approve", "--replace", "token/svc-ci/ci-token")
			if r.code != 1 || !strings.Contains(r.stderr, "is made, but not all of it followed") {
				t.Fatalf("exit code %d\n%s", r.code, r.stderr)
			}
			if git(t, dir, "status", "--porcelain") == "" {
				t.Fatal("nothing was left to complete")
			}
			if r := osmoctlWith(full, dir, next...); !strings.Contains(r.stderr, "no space left") {
				t.Errorf("nobody is told that it is still incomplete: exit code %d\n%s", r.code, r.stderr)
			}
			if r := osmoctl(dir, next...); r.code != 0 || !strings.Contains(r.stderr, "interrupted apply was completed") {
				t.Errorf("exit code %d\n%s", r.code, r.stderr)
			}
			if left := git(t, dir, "status", "--porcelain"); left != "" {
				t.Errorf("still left:\n%s", left)
			}
			if r := osmoctl(dir, next...); strings.Contains(r.stderr, "interrupted") {
				t.Errorf("said again:\n%s", r.stderr)
			}
		})
	}
}
