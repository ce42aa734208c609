package projects

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/internal/git"
	"github.com/osmoctl/osmoctl/internal/scaffold"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// writePipelines writes what a forge runs for a project, at the top of its repository.
func writePipelines(env *command.Env, dir, forge string) error {
	repo, err := git.Open(dir, git.Options{Env: env.GetenvWithoutIndex})
	if err != nil {
		return err
	}
	defer repo.Close()
	project, problems := config.LoadProject(os.DirFS(dir))
	if err := problems.Err(); err != nil {
		return err
	}
	branch, err := mergedInto(repo, project.Git)
	if err != nil {
		return err
	}
	ci := scaffold.CI{Forge: forge, Version: env.Version, Project: strings.Trim(filepath.ToSlash(repo.Prefix()), "/"), Branch: branch}
	files, err := ci.Files()
	if err != nil {
		return err
	}
	written, kept, err := scaffold.WriteMissing(repo.Root(), files)
	for _, path := range written {
		env.Infof("Wrote %s", path)
	}
	for _, path := range kept {
		env.Warnf("%s exists and was left alone", path)
		if path == ".gitlab-ci.yml" && len(written) > 0 {
			env.Infof("  add to its include: - local: %s", written[0])
		}
	}
	if err != nil {
		return err
	}
	if !ci.Installs() {
		env.Warnf("this is a development build (%s), which cannot be installed elsewhere: put a released version in the place of %s in what was written", env.Version, scaffold.VersionToFill)
	}
	if project.Git.Push == "" {
		env.Warnf("osmoctl.yaml has no git.push, so an apply in a pipeline would publish nothing: add git: {push: origin}, or where nobody may push to %s, git: {push: origin, state_branch: osmoctl/state}", branch)
	}
	env.Infof("What each line is for, and what to set in the repository's settings: docs/ci.md of osmoctl.")
	return nil
}

// mergedInto is the branch that pull requests are merged into: the declared one, else
// the remote's default, else the current one.
func mergedInto(repo *git.Repository, declared model.Git) (string, error) {
	if declared.Branch != "" {
		return declared.Branch, nil
	}
	remote := declared.Push
	if remote == "" {
		remote = "origin"
	}
	if target, err := repo.Symbolic(place.TrackingRef(remote, "HEAD")); err == nil && target != "" {
		return strings.TrimPrefix(target, place.TrackingRef(remote, "")), nil
	}
	head, err := repo.Head()
	return strings.TrimPrefix(head.Branch, place.HeadsPrefix), err
}
