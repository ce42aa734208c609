package remote

import (
	"context"
	"os/exec"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git"
)

// OldestGit is the oldest version of git that talks to remotes as it is asked to here.
const OldestGit = "2.29"

// Version asks the git that would talk to a remote for its version: [ErrNoGit] where
// there is none.
func Version(ctx context.Context, repo *git.Repository, environ []string) (string, error) {
	env := environment(environ)
	path := findProgram("git", env, repo.Root())
	if path == "" {
		return "", ErrNoGit
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Dir, cmd.Env, cmd.WaitDelay = repo.Root(), env.forGit(repo.Root()), grace
	detach(cmd)
	out, err := cmd.Output()
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "git version "), err
}
