package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/gitstore/remote"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/workspace"
)

const repository = "repository"

// checkRepository looks at git, the work tree and the clone.
func (p *patient) checkRepository(ctx context.Context) []report.Check {
	list := []report.Check{p.checkGit(ctx)}
	broken := p.w.CheckWorkTree()
	for _, err := range broken {
		list = append(list, fault(repository, "work_tree", err))
	}
	if len(broken) == 0 {
		list = append(list, fine(repository, "work_tree", "nothing is in conflict or under way in the work tree"))
	}
	list = append(list, p.checkAuthor(), p.checkAttributes(), p.checkMaintenance())
	if p.env.InCI() {
		return list // What a checkout lacks is looked at there.
	}
	if shallow, err := p.w.Repository().Shallow(); err == nil && shallow {
		list = append(list, check(repository, "shallow", report.CheckWarning, "osmoctl state fetch, or git fetch --unshallow",
			"the clone is shallow, so the history of state cannot be checked"))
	}
	return list
}

// checkMaintenance tells whether git would like to tidy up, which it does by itself only
// after some of its commands.
func (p *patient) checkMaintenance() report.Check {
	switch what, err := p.w.DescribeClutter(); {
	case err != nil:
		return fault(repository, "maintenance", err)
	case what != "":
		return check(repository, "maintenance", report.CheckWarning, workspace.MaintenanceHint, "%s", what)
	}
	return fine(repository, "maintenance", "git's maintenance is not due")
}

// checkGit looks for the git that talks to remotes.
func (p *patient) checkGit(ctx context.Context) report.Check {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	version, err := p.w.GitVersion(ctx)
	pushes := p.settings().Push != ""
	switch {
	case errors.Is(err, remote.ErrNoGit) && !pushes:
		return skip(repository, "git", "there is no git on PATH, and a project that does not push needs none")
	case errors.Is(err, remote.ErrNoGit):
		return check(repository, "git", report.CheckProblem, "install git "+remote.OldestGit+" or newer", "there is no git on PATH, and git.push needs it")
	case err != nil:
		return fault(repository, "git", err)
	case olderThan(version, remote.OldestGit):
		return check(repository, "git", report.CheckProblem, "install "+remote.OldestGit+" or newer", "git %s is too old to talk to remotes for osmoctl", version)
	}
	return fine(repository, "git", "git %s", version)
}

// olderThan compares the first two numbers of versions.
func olderThan(version, oldest string) bool {
	number := func(v string, i int) int {
		parts := strings.Split(v, ".")
		if i >= len(parts) {
			return 0
		}
		n, _ := strconv.Atoi(parts[i])
		return n
	}
	if a, b := number(version, 0), number(oldest, 0); a != b {
		return a < b
	}
	return number(version, 1) < number(oldest, 1)
}

// checkAuthor tells under which name commits are made.
func (p *patient) checkAuthor() report.Check {
	name, email := p.env.Getenv("GIT_AUTHOR_NAME"), p.env.Getenv("GIT_AUTHOR_EMAIL")
	if configured, ok := p.w.Repository().Identity(); ok {
		name, email = configured.Name, configured.Email
	}
	if name != "" && email != "" {
		return fine(repository, "author", "commits are made for %s <%s>", name, email)
	}
	return check(repository, "author", report.CheckWarning, "git config user.name NAME && git config user.email ADDRESS, or apply --actor NAME",
		"git does not know who you are, so commits are recorded for whom the CI names, or for osmoctl")
}

// keepsBytes is the line of .gitattributes that keeps git from the line ends of state.
const keepsBytes = "state/** -text"

// checkAttributes looks for the line that init writes.
func (p *patient) checkAttributes() report.Check {
	for _, dir := range []string{p.w.Dir(), p.w.Repository().Root()} {
		text, err := os.ReadFile(filepath.Join(dir, ".gitattributes"))
		if err == nil && strings.Contains(string(text), keepsBytes) {
			return fine(repository, "attributes", "git leaves the line ends of state alone")
		}
	}
	return check(repository, "attributes", report.CheckWarning, "echo '"+keepsBytes+"' >> .gitattributes",
		"no .gitattributes keeps git from the line ends of state/, which a clone with core.autocrlf would change")
}
