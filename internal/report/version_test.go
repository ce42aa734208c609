package report_test

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/report"
)

// A build of a tag, one of a work tree with edits, one without a repository.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	const commit, date = "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "2026-03-01T12:00:00Z"
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{
			{Key: "-trimpath", Value: "true"},
			{Key: "vcs", Value: "git"},
			{Key: "vcs.revision", Value: commit},
			{Key: "vcs.time", Value: date},
			{Key: "vcs.modified", Value: modified},
		}
	}
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want report.Version
	}{
		"tag":      {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs("false")}, report.Version{Version: "v1.2.3", Commit: commit, Date: date}},
		"edited":   {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: vcs("true")}, report.Version{Version: "v1.2.3+dirty", Commit: commit, Date: date, Modified: true}},
		"module":   {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, report.Version{Version: "v1.2.3"}},
		"unstated": {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, report.Version{Version: "devel"}},
		"nothing":  {debug.BuildInfo{}, report.Version{Version: "devel"}},
	} {
		if diff := cmp.Diff(c.want, report.NewVersion(&c.info)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
