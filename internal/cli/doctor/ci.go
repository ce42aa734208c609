package doctor

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/workspace/place"
)

// checkCI looks at what a job's checkout lacks.
func (p *patient) checkCI() []report.Check {
	const area = "ci"
	if !p.env.InCI() {
		return []report.Check{skip(area, "ci", "this is no CI: the variable CI is not set")}
	}
	name := "a CI"
	switch {
	case p.env.Getenv("GITHUB_ACTIONS") != "":
		name = "GitHub Actions"
	case p.env.Getenv("GITLAB_CI") != "":
		name = "GitLab CI"
	}
	list := []report.Check{fine(area, "ci", "this is %s", name)}
	repo := p.w.Repository()
	if shallow, err := repo.Shallow(); err == nil && shallow {
		list = append(list, check(area, "shallow", report.CheckWarning, "osmoctl state fetch, or fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)",
			"the checkout is shallow, so the history of state cannot be checked"))
	}
	head, err := repo.Head()
	switch {
	case err != nil:
		list = append(list, fault(area, "head", err))
	case head.Branch == "" && p.settings().Push == "":
		list = append(list, check(area, "head", report.CheckProblem, "git: {push: origin, branch: main} in osmoctl.yaml, or git switch BRANCH",
			"HEAD is detached and the project does not push, so apply has no branch to commit to"))
	case head.Branch == "":
		list = append(list, fine(area, "head", "HEAD is detached, and apply pushes its commit"))
	}
	for _, variable := range []string{"GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"} {
		if base := p.env.Getenv(variable); base != "" {
			list = append(list, p.checkBase(base))
		}
	}
	return list
}

// checkBase looks for the branch that a pull request is to be merged into.
func (p *patient) checkBase(base string) report.Check {
	commit, err := p.w.Repository().Ref(place.TrackingRef("origin", base))
	if err != nil || commit == "" {
		return check("ci", "base", report.CheckWarning, "git fetch origin "+base, "the branch that this is to be merged into, %s, is not in the checkout, and a plan is compared with it", base)
	}
	return fine("ci", "base", "the branch that this is to be merged into, %s, is here", base)
}
