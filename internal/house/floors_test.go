package house

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// floors is the order in which the packages stand on one another: each may
// import those of lower floors. Whatever lies below a directory belongs to it,
// and may be imported from within it.
var floors = [][]string{
	{"pkg/diag", "pkg/secret", "internal/disk", "internal/parallel", "internal/pattern", "internal/pieces", "internal/wait", "internal/programtest", "schemas", "examples", "docs"},
	{"pkg/model"},
	{"pkg/config", "pkg/state", "pkg/record", "pkg/seal", "pkg/token", "pkg/access", "pkg/kube"},
	{"pkg/rights"},
	{"pkg/plan", "pkg/inquiry", "pkg/lint", "pkg/scan"},
	{"pkg/guard"},
	{"pkg/apply"},
	{"internal/git"},
	{"internal/gitstore", "internal/backend/local", "internal/backend/osmo", "internal/search", "internal/known"},
	{"internal/history", "internal/delivery", "internal/helm"},
	{"internal/report"},
	{"internal/view", "internal/workspace", "internal/scaffold", "internal/importer"},
	{"internal/cli"},
	{"cmd/osmoctl", "internal/bench", "internal/torture", "internal/house"},
}

// sideways are the imports within one floor, each with its reason.
var sideways = map[[2]string]string{
	{"pkg/config", "pkg/seal"}:   "what a public key is, and which may stand together, is for the package to say that seals to them",
	{"pkg/seal", "pkg/state"}:    "what state records of a sealed file is what opening compares it with",
	{"pkg/config", "pkg/access"}: "OSMO's actions and built-in roles are known to the package that evaluates them",

	{"internal/torture", "internal/bench"}: "what is killed is what is measured",
}

// home finds the listed directory that dir belongs to, and its floor.
func home(dir string) (string, int, bool) {
	for floor, tops := range floors {
		for _, top := range tops {
			if within(dir, top) {
				return top, floor, true
			}
		}
	}
	return "", 0, false
}

// forbidden says what is wrong with an import, or returns "".
func forbidden(from, to string) string {
	fromTop, fromFloor, known := home(from)
	if !known {
		return fmt.Sprintf("package %s stands on no floor: decide which packages may import it, and add it to floors in internal/house", from)
	}
	toTop, toFloor, known := home(to)
	switch {
	case isForTests(to):
		return fmt.Sprintf("%s imports %s, which is for tests", from, to)
	case !known:
		return fmt.Sprintf("package %s stands on no floor: decide which packages may import it, and add it to floors in internal/house", to)
	case fromTop == toTop, toFloor < fromFloor, sideways[[2]string{fromTop, toTop}] != "":
		return ""
	case toFloor == fromFloor:
		return fmt.Sprintf("%s imports %s, which stands beside it: move what both need to a lower floor, or add the pair to sideways with its reason", from, to)
	}
	return fmt.Sprintf("%s imports %s, which stands above it: let %s declare an interface for what it needs", from, to, from)
}

func TestFloors(t *testing.T) {
	t.Parallel()
	for _, s := range shipped(t) {
		if _, _, known := home(s.dir); !known {
			t.Errorf("%s: %s", s.name, forbidden(s.dir, s.dir))
			continue
		}
		for _, path := range s.imports() {
			to, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			if what := forbidden(s.dir, to); what != "" {
				t.Errorf("%s: %s", s.name, what)
			}
		}
	}
}

// The law refuses what it is there to refuse.
func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to, want string
	}{
		{"pkg/plan", "pkg/state", ""},
		{"pkg/config", "pkg/seal", ""},
		{"pkg/seal", "pkg/seal/internal/plugin", ""},
		{"internal/git/index", "internal/disk", ""},
		{"pkg/seal", "pkg/config", "stands beside it"},
		{"pkg/state", "pkg/plan", "stands above it"},
		{"pkg/diag", "pkg/model", "stands above it"},
		{"pkg/apply", "pkg/apply/applytest", "is for tests"},
		{"pkg/plan", "pkg/utils", "package pkg/utils stands on no floor"},
		{"pkg/planner", "pkg/model", "package pkg/planner stands on no floor"},
	} {
		got := forbidden(c.from, c.to)
		if got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%s to %s: got %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

// Every exception is still needed.
func TestSidewaysInUse(t *testing.T) {
	t.Parallel()
	for pair := range sideways {
		used := slices.ContainsFunc(shipped(t), func(s source) bool {
			return within(s.dir, pair[0]) && slices.ContainsFunc(s.imports(), func(path string) bool {
				return within(strings.TrimPrefix(path, module+"/"), pair[1])
			})
		})
		if !used {
			t.Errorf("%s does not import %s any more: take the pair out of sideways", pair[0], pair[1])
		}
	}
}

// The page for contributors shows the floors as they are.
func TestContributingNamesEveryFloor(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(readText(t, "CONTRIBUTING.md"), "## Where things go")
	for i, tops := range floors {
		_, rest, _ := strings.Cut(text, fmt.Sprintf("\n%d. ", i+1))
		floor, _, _ := strings.Cut(rest, fmt.Sprintf("\n%d. ", i+2))
		for _, top := range tops {
			if !strings.Contains(floor, "`"+top+"`") {
				t.Errorf("CONTRIBUTING.md does not name %s on floor %d", top, i+1)
			}
		}
	}
}
