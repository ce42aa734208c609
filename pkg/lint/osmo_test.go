package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// findingsOf are the findings about one role, with the pattern or statement that each is
// about: roles that come from no manifest have no places.
func findingsOf(server model.Server, role *model.Role) (out []string) {
	r := *role
	r.Origin = diag.Position{File: "r", Line: 1}
	r.Policies = append([]model.Policy(nil), role.Policies...)
	for i := range r.Policies {
		p := &r.Policies[i]
		p.Origin = diag.Position{File: "r", Line: 10 * (i + 1)}
		for j := range p.Actions {
			p.ActionPlaces = append(p.ActionPlaces, model.LineColumn{Line: int32(p.Origin.Line + 1), Column: int32(j + 1)})
		}
		for j := range p.Resources {
			p.ResourcePlaces = append(p.ResourcePlaces, model.LineColumn{Line: int32(p.Origin.Line + 2), Column: int32(j + 1)})
		}
	}
	d := &model.Declarations{Project: model.Project{Server: server}, Roles: map[string]*model.Role{r.Name: &r}}
	for _, f := range lint.Run(d, nil).Findings {
		out = append(out, f.Code+" "+about(&r, f.Pos))
	}
	return out
}

func about(r *model.Role, pos diag.Position) string {
	if pos.Line < 10 {
		return "role"
	}
	i := pos.Line/10 - 1
	switch p := r.Policies[i]; pos.Line % 10 {
	case 1:
		return fmt.Sprintf("%d %s", i, p.Actions[pos.Column-1])
	case 2:
		return fmt.Sprintf("%d %s", i, p.Resources[pos.Column-1])
	}
	return fmt.Sprint(i)
}

// What is to be known of the roles that OSMO brings along is found in them.
func TestBuiltinRoles(t *testing.T) {
	t.Parallel()
	userAlways := []string{"becomes_somebody_else 0 auth:Token", "action_without_effect 0 profile:Read"}
	for name, want := range map[string]map[model.Mode][]string{
		"osmo-admin": {
			// A wildcard, and meant; a second policy that says nothing; a description that
			// excepts internal endpoints, which the wildcard does not.
			model.ModeDatabase:  {"description_untrue role", "admin_wildcard 0 *:*", "statement_without_effect 1"},
			model.ModeConfigMap: {"admin_wildcard 0 *:*"},
		},
		"osmo-user": {
			model.ModeDatabase:  userAlways,
			model.ModeConfigMap: {"becomes_somebody_else 0 auth:Token", "action_without_effect 0 auth:Token", "pool_not_enforced 1 pool/default"},
		},
		"osmo-backend": {
			// pool/* stands beside actions of other scopes.
			model.ModeDatabase: {"resources_without_effect 0 pool/*"},
		},
		"osmo-ctrl": {},
		"osmo-default": {
			// Everybody can make anybody's token.
			model.ModeConfigMap: {"becomes_somebody_else 0 auth:Token"},
		},
	} {
		for _, mode := range access.Modes() {
			server := model.Server{Version: "6.4", Mode: mode}
			role, _ := access.RulesOf(server)[0].Builtin(name)
			got := findingsOf(server, role)
			if diff := cmp.Diff(sortedSet(want[mode]), sortedSet(got)); diff != "" {
				t.Errorf("%s in mode %s (-want +got):\n%s", name, mode, diff)
			}
		}
	}
}

func sortedSet(list []string) []string { return append([]string{}, model.Set(list)...) }

func policy(effect model.Effect, actions, resources string) model.Policy {
	return model.Policy{Effect: effect, Actions: strings.Fields(actions), Resources: strings.Fields(resources)}
}

// What OSMO's documents give as examples does not do what they say. Without resources a
// policy reaches no request that has one, so nothing is left of most.
func TestDocumentedRoles(t *testing.T) {
	t.Parallel()
	both := model.Server{}
	for _, c := range []struct {
		name string
		role model.Role
		want []string
	}{
		{
			"a read-only administrator: allows the administration of users, and its Deny is dead",
			model.Role{Name: "osmo-read-only-admin", Description: "Read-only admin", Policies: []model.Policy{
				policy(model.Allow, "*:*", ""), policy(model.Deny, "config:Update", ""),
			}},
			[]string{"admin_wildcard 0 *:*", "claim_is_role role", "description_untrue role", "role_unheld role", "statement_without_effect 1"},
		},
		{
			"a scope in upper case",
			model.Role{Name: "role-reader", Policies: []model.Policy{policy(model.Allow, "config:Read", "config/ROLE")}},
			[]string{"role_unheld role", "wrong_scope 0 config/ROLE"},
		},
		{
			"a backend's name",
			model.Role{Name: "my-backend", Policies: []model.Policy{policy(model.Allow, "internal:Operator", "backend/my-backend")}},
			[]string{"role_unheld role", "wrong_scope 0 backend/my-backend"},
		},
		{
			"no resources, where an action needs one",
			model.Role{Name: "new-role", Policies: []model.Policy{policy(model.Allow, "workflow:Create workflow:Read", "")}},
			[]string{"role_unheld role", "statement_without_effect 0"},
		},
	} {
		if diff := cmp.Diff(sortedSet(c.want), sortedSet(findingsOf(both, &c.role))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What cannot be declared at all is an error of reading, and lint need not say it.
func TestDocumentedManifests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ policy, want string }{
		"no resources":    {`{effect: Allow, actions: ["workflow:*"]}`, "resources_missing"},
		"empty resources": {`{effect: Allow, actions: ["*:*"], resources: []}`, "resources_missing"},
		"singular":        {`{effect: Allow, action: "workflow:*", resource: pool/a}`, "unknown_key"},
	} {
		d, found := config.Load(fstest.MapFS{
			"osmoctl.yaml":     &fstest.MapFile{Data: fmt.Appendf(nil, projectYAML, anyMode)},
			"manifests/m.yaml": &fstest.MapFile{Data: []byte("roles:\n  r:\n    policies:\n      - " + c.policy + "\n")},
		}, config.Options{})
		if d != nil || !slices.Contains(codesOf(found), c.want) {
			t.Errorf("%s: %v, want %s", name, found, c.want)
		}
	}
}

func codesOf(list diag.List) (codes []string) {
	for _, d := range list {
		codes = append(codes, d.Code)
	}
	return codes
}

// Roles that are as large as may be are given up on, in a bounded time, and that is said.
func TestLargeRolesAreLeftOut(t *testing.T) {
	t.Parallel()
	d := &model.Declarations{Roles: map[string]*model.Role{}}
	for r := range 20 {
		role := &model.Role{Name: fmt.Sprintf("r-%02d", r), Origin: diag.Position{File: "r", Line: r + 1}}
		for i := range 50 {
			p := model.Policy{Effect: model.Allow}
			for j := range 200 {
				p.Actions = append(p.Actions, "workflow:"+string(rune('A'+j%26)))
				p.Resources = append(p.Resources, fmt.Sprintf("pool/%d-%d-%d", r, i, j))
			}
			role.Policies = append(role.Policies, p)
		}
		d.Roles[role.Name] = role
	}
	began := time.Now()
	result := lint.Run(d, nil)
	left := 0
	for _, f := range result.Findings {
		if f.Code == "too_much_to_compare" {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d findings say that roles were left out, want 1", left)
	}
	t.Logf("%v for %d findings", time.Since(began), len(result.Findings))
}
