package doctor

import (
	"context"

	"github.com/osmoctl/osmoctl/internal/report"
)

// checkRemote asks the remote that apply pushes to where its branch is.
func (p *patient) checkRemote(ctx context.Context) []report.Check {
	const area = "remote"
	settings := p.settings()
	switch {
	case settings.Push == "":
		return []report.Check{skip(area, "remote", "the project does not push: state stays in this clone until somebody pushes it")}
	case p.offline:
		return []report.Check{skip(area, "remote", "remote %s was not asked, because of --offline", settings.Push)}
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	tip, err := p.w.LookAtTip(ctx, settings)
	if err != nil {
		return []report.Check{fault(area, "remote", err)}
	}
	list := []report.Check{fine(area, "remote", "%s (%s) answers", settings.Push, tip.URL)}
	switch {
	case tip.Commit == "" && settings.StateBranch != "":
		list = append(list, fine(area, "branch", "branch %s is not there yet: the first apply makes it", tip.Branch))
	case tip.Commit == "":
		list = append(list, check(area, "branch", report.CheckProblem, "git push "+settings.Push+" HEAD:"+tip.Branch, "branch %s is not there", tip.Branch))
	case tip.Commit != tip.Known:
		list = append(list, check(area, "branch", report.CheckWarning, "git fetch "+settings.Push, "branch %s has commits that this clone has not got, so state here may be old", tip.Branch))
	default:
		list = append(list, fine(area, "branch", "this clone knows the newest commit of branch %s", tip.Branch))
	}
	return append(list, skip(area, "push", "whether a push is let through shows with the first one: nothing else proves it"))
}
