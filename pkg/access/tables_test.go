package access

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func loadYAML(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestActionsAreOSMOs(t *testing.T) {
	t.Parallel()
	var file struct {
		Actions []struct {
			Action    string
			Scope     Scope
			Endpoints []struct {
				Path    string
				Methods []string
			}
		}
	}
	loadYAML(t, "actions.yaml", &file)
	var want []Action
	for _, a := range file.Actions {
		action := Action{Name: a.Action, Scope: a.Scope}
		for _, e := range a.Endpoints {
			action.Endpoints = append(action.Endpoints, Endpoint(e))
		}
		want = append(want, action)
	}
	if diff := cmp.Diff(want, rules.Actions()); diff != "" {
		t.Error(diff)
	}
}

func TestRegistryFitsItsSet(t *testing.T) {
	t.Parallel()
	if len(registry) > 63 {
		t.Error("the registry has outgrown actionSet")
	}
	if !slices.IsSortedFunc(registry, func(a, b Action) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the registry is not sorted, so the grouping by service is wrong")
	}
}

func TestActionsBelongToTheCaller(t *testing.T) {
	t.Parallel()
	want := Actions()
	mine := Actions()
	mine[0].Name = "changed"
	mine[1].Endpoints[0].Path = "changed"
	mine[2].Endpoints[0].Methods[0] = "changed"
	if diff := cmp.Diff(want, Actions()); diff != "" {
		t.Error(diff)
	}
}

// roleFile is builtin-roles.yaml.
type roleFile struct {
	Database  roleForm `yaml:"database_mode"`
	ConfigMap roleForm `yaml:"configmap_mode"`
}

type roleForm struct {
	Roles map[string]struct {
		Description   string
		Policies      []model.Policy
		ExternalRoles []string `yaml:"external_roles"`
	}
}

// role returns the role of this name as a declaration would have it.
func (f roleForm) role(name string) *model.Role {
	r := f.Roles[name]
	return &model.Role{Name: name, Description: r.Description, Policies: r.Policies, ExternalRoles: r.ExternalRoles, SyncMode: model.SyncImport}
}

func TestBuiltinsAreOSMOs(t *testing.T) {
	t.Parallel()
	var file roleFile
	loadYAML(t, "builtin-roles.yaml", &file)
	if diff := cmp.Diff(model.Names(file.Database.Roles), BuiltinNames()); diff != "" {
		t.Error(diff)
	}
	for _, name := range BuiltinNames() {
		for r, form := range map[*Rules]roleForm{rules: file.Database, chart: file.ConfigMap} {
			got, ok := r.Builtin(name)
			if diff := cmp.Diff(form.role(name).Policies, got.Policies); diff != "" || !ok {
				t.Errorf("%s: %s", name, diff)
			}
			if builtin, equal := EqualsBuiltin(form.role(name)); !builtin || !equal {
				t.Errorf("%s as OSMO ships it: builtin = %v, equal = %v", name, builtin, equal)
			}
		}
	}
}

func TestBuiltinBelongsToTheCaller(t *testing.T) {
	t.Parallel()
	r, _ := rules.Builtin("osmo-user")
	r.Policies[0].Actions[0] = "*:*"
	r.Policies[1].Resources[0] = "*"
	again, _ := rules.Builtin("osmo-user")
	if _, equal := EqualsBuiltin(again); !equal {
		t.Error("changing a copy changed the table")
	}
	if _, ok := rules.Builtin("osmo-nobody"); ok {
		t.Error("osmo-nobody is built in")
	}
}

func TestEqualsBuiltin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		role   string
		change func(*model.Role)
		equal  bool
	}{
		{"untouched", "osmo-user", func(*model.Role) {}, true},
		{"another description", "osmo-user", func(r *model.Role) { r.Description = "ours" }, true},
		{"actions in another order", "osmo-user", func(r *model.Role) { slices.Reverse(r.Policies[0].Actions) }, true},
		{"no sync mode", "osmo-user", func(r *model.Role) { r.SyncMode = "" }, true},
		{"its own external role", "osmo-user", func(r *model.Role) { r.ExternalRoles = []string{"osmo-user"} }, true},
		{"an action more", "osmo-user", func(r *model.Role) { r.Policies[1].Actions = append(r.Policies[1].Actions, "config:Read") }, false},
		{"a resource more", "osmo-user", func(r *model.Role) { r.Policies[1].Resources = append(r.Policies[1].Resources, "pool/b") }, false},
		{"a policy less", "osmo-user", func(r *model.Role) { r.Policies = r.Policies[:1] }, false},
		{"another effect", "osmo-backend", func(r *model.Role) { r.Policies[0].Effect = model.Deny }, false},
		{"the external role that a database answers with", "osmo-default", func(r *model.Role) { r.ExternalRoles = []string{"osmo-default"} }, true},
		{"no external role, as its chart has it", "osmo-default", func(r *model.Role) { r.ExternalRoles = []string{} }, true},
		{"policies in another order", "osmo-user", func(r *model.Role) { slices.Reverse(r.Policies) }, true},
		{"a group of administrators", "osmo-admin", func(r *model.Role) { r.ExternalRoles = []string{"staff"} }, false},
		{"no external role", "osmo-admin", func(r *model.Role) { r.ExternalRoles = []string{} }, false},
		{"another sync mode", "osmo-admin", func(r *model.Role) { r.SyncMode = model.SyncForce }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, _ := rules.Builtin(test.role)
			test.change(r)
			if builtin, equal := EqualsBuiltin(r); !builtin || equal != test.equal {
				t.Errorf("builtin = %v, equal = %v, want true, %v", builtin, equal, test.equal)
			}
		})
	}
	if builtin, equal := EqualsBuiltin(&model.Role{Name: "ours"}); builtin || equal {
		t.Error("a role of our own counts as built in")
	}
}
