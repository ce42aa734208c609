package access

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// accessCase is one entry of testdata/access-cases.json: a question with the answer of
// OSMO's own evaluator, chosen to tell its rules from plausible misreadings of them.
type accessCase struct {
	Kind string
	// Method and Path, or Action and Resource, are what is asked.
	Method, Path, Action, Resource, Pool string
	Known                                []string
	Roles, Before, After                 []caseRole
	OSMO                                 json.RawMessage
}

type caseRole struct {
	Name     string
	Policies []model.Policy
}

type caseFile struct {
	Cases    []accessCase
	Scopes   map[string][]string
	Universe []string
}

func loadCases(t *testing.T) (f caseFile) {
	t.Helper()
	data, err := os.ReadFile("testdata/access-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func modelRoles(list []caseRole) (out []*model.Role) {
	for _, r := range list {
		out = append(out, &model.Role{Name: r.Name, Policies: r.Policies})
	}
	return out
}

func answerOf[T any](t *testing.T, c accessCase) (v T) {
	t.Helper()
	if err := json.Unmarshal(c.OSMO, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAccessCases holds this package against every answer that OSMO gave.
func TestAccessCases(t *testing.T) {
	t.Parallel()
	file := loadCases(t)
	asked := map[string]int{}
	for i, c := range file.Cases {
		asked[c.Kind]++
		switch c.Kind {
		case "resolve", "request", "action":
			checkRequestCase(t, i, c)
		case "workflow_of_pool":
			checkWorkflowCase(t, i, c)
		case "pools":
			want, got := answerOf[[]string](t, c), rules.Roles(modelRoles(c.Roles)).Pools(c.Known)
			if !slices.Equal(model.Set(want), model.Set(got)) {
				t.Errorf("case %d: pools %q, want %q", i, got, want)
			}
		case "diff":
			checkDiffCase(t, i, c, file)
		default:
			t.Fatalf("case %d: kind %q is not tested", i, c.Kind)
		}
	}
	if len(file.Cases) < 1200 || len(asked) != 6 {
		t.Errorf("only %d cases of %d kinds", len(file.Cases), len(asked))
	}
}

func checkRequestCase(t *testing.T, i int, c accessCase) {
	t.Helper()
	want := answerOf[struct {
		Action, Resource, Role string
		Allowed, Denied        bool
	}](t, c)
	action, resource := c.Action, c.Resource
	if c.Kind != "action" {
		if action, resource = rules.Resolve(c.Method, c.Path); action != want.Action || resource != want.Resource {
			t.Errorf("case %d: %s %s is %q on %q, want %q on %q", i, c.Method, c.Path, action, resource, want.Action, want.Resource)
		}
	}
	if c.Kind == "resolve" {
		return
	}
	got := rules.Roles(modelRoles(c.Roles)).Check(action, resource)
	if got.Allowed != want.Allowed || (got.By.Effect == model.Deny) != want.Denied {
		t.Errorf("case %d: %q on %q: %+v, want %+v", i, action, resource, got, want)
	}
	if want.Role != "" && got.By.Role != want.Role {
		t.Errorf("case %d: decided by %q, OSMO says %q", i, got.By.Role, want.Role)
	}
}

func checkWorkflowCase(t *testing.T, i int, c accessCase) {
	t.Helper()
	want := answerOf[struct {
		Database  bool `json:"database_mode"`
		ConfigMap bool `json:"configmap_mode"`
	}](t, c)
	// The role that everybody has is in its database form in either.
	everybody, _ := rules.Builtin(DefaultRole)
	roles := modelRoles(c.Roles)
	if !slices.ContainsFunc(roles, func(r *model.Role) bool { return r.Name == DefaultRole }) {
		roles = append(roles, everybody)
	}
	for r, want := range map[*Rules]bool{rules: want.Database, chart: want.ConfigMap} {
		if got := r.Roles(roles).Check(c.Action, "pool/"+c.Pool).Allowed; got != want {
			t.Errorf("case %d: %s in pool %s, %s: %v, want %v", i, c.Action, c.Pool, r.mode, got, want)
		}
	}
}

// checkDiffCase reads the grants of a difference literally.
func checkDiffCase(t *testing.T, i int, c accessCase, file caseFile) {
	t.Helper()
	want := answerOf[struct{ Gained, Lost map[string][]string }](t, c)
	gained, lost := rules.Diff(modelRoles(c.Before), modelRoles(c.After))
	for action, roots := range file.Scopes {
		for _, resource := range file.Universe {
			if slices.Contains(roots, resource) || slices.ContainsFunc(roots, func(root string) bool { return root != "" && strings.HasPrefix(resource, root) }) {
				// "pool/*" and its kin may be carried by what stands for them.
				exact := !strings.HasSuffix(resource, "/*") && (action != "workflow:PortForward" || resource != "")
				checkSide(t, "gained", gained, request{action, resource}, slices.Contains(want.Gained[action], resource), exact)
				checkSide(t, "lost", lost, request{action, resource}, slices.Contains(want.Lost[action], resource), exact)
			}
		}
	}
	const unregistered = "(unregistered)"
	checkSide(t, "gained", gained, request{}, len(want.Gained[unregistered]) > 0, true)
	checkSide(t, "lost", lost, request{}, len(want.Lost[unregistered]) > 0, true)
	if t.Failed() {
		t.Fatalf("case %d", i)
	}
}
