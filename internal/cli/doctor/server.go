package doctor

import (
	"context"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// checkServer looks at the project's OSMO server, where it has one.
func (p *patient) checkServer(ctx context.Context) []report.Check {
	const area = "server"
	switch {
	case p.want == nil:
		return []report.Check{skip(area, "server", "what is declared has mistakes")}
	case p.want.Project.Backend.Kind != model.BackendOSMO:
		return []report.Check{skip(area, "server", "the project issues its tokens itself")}
	case p.offline:
		return []report.Check{skip(area, "server", "server %s was not asked, because of --offline", p.want.Project.Backend.URL)}
	}
	project := p.want.Project
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	seen, err := p.w.Look(ctx, project, func(string, model.ObservedUser) bool { return false })
	if err != nil {
		if p.env.Getenv("OSMO_URL") == "" {
			return []report.Check{warning(area, "server", err)} // As on a pull request, where plan does without.
		}
		return []report.Check{fault(area, "server", err)}
	}
	list := []report.Check{fine(area, "server", "%s answers %s: OSMO %s in %s", project.Backend.URL, seen.Identity, seen.Server.Version, seen.Server.Mode.Words())}
	if v := project.Server.Version; v != "" && seen.Server.Version != v && !strings.HasPrefix(seen.Server.Version, v+".") {
		list = append(list, check(area, "version", report.CheckWarning, "change osmo.version in osmoctl.yaml", "osmoctl.yaml is for OSMO %s, and the server is a %s", v, seen.Server.Version))
	}
	if m := project.Server.Mode; m != "" && m != seen.Server.Mode {
		list = append(list, check(area, "mode", report.CheckWarning, "change osmo.mode in osmoctl.yaml", "osmoctl.yaml is for a server in %s, and this one is in %s", m.Words(), seen.Server.Mode.Words()))
	}
	return list
}
