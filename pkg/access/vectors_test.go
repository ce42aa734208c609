package access

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// vector is one entry of testdata/policy-vectors.json, every one of which was
// run against OSMO's own evaluator.
type vector struct {
	Name   string
	Mode   string
	Roles  []string
	Method string
	Path   string
	Action string
	// Resource is what method and path resolve to, with Action.
	Resource    string
	Expect      string
	Denied      bool `json:"denied_explicitly"`
	Pools       []string
	ExpectPools []string `json:"expect_pools"`
}

func loadVectors(t *testing.T) (map[string]*model.Role, []vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/policy-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Roles map[string]struct {
			Policies []struct {
				Effect    model.Effect
				Actions   []vectorAction
				Resources []string
			}
		}
		Vectors []vector
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	roles := map[string]*model.Role{}
	for name, r := range file.Roles {
		role := &model.Role{Name: name}
		for _, p := range r.Policies {
			policy := model.Policy{Effect: p.Effect, Resources: p.Resources}
			for _, a := range p.Actions {
				policy.Actions = append(policy.Actions, string(a))
			}
			role.Policies = append(role.Policies, policy)
		}
		roles[name] = role
	}
	return roles, file.Vectors
}

// vectorAction reads an action in either of OSMO's two forms. The older one,
// by path and method, names no action and reads as empty.
type vectorAction string

func (a *vectorAction) UnmarshalJSON(data []byte) error {
	var older struct{ Action string }
	if json.Unmarshal(data, &older) == nil {
		*a = vectorAction(older.Action)
		return nil
	}
	return json.Unmarshal(data, (*string)(a))
}

func TestVectors(t *testing.T) {
	t.Parallel()
	roles, vectors := loadVectors(t)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			// The vectors list every role that counts, so the default one is
			// not added.
			var set Roles
			for _, name := range v.Roles {
				set.roles = append(set.roles, roles[name])
			}
			switch v.Mode {
			case "request":
				action, resource := rules.Resolve(v.Method, v.Path)
				if action != v.Action || resource != v.Resource {
					t.Errorf("Resolve = %q, %q, want %q, %q", action, resource, v.Action, v.Resource)
				}
				checkVector(t, set, v)
			case "action":
				checkVector(t, set, v)
			case "pools":
				if diff := cmp.Diff(v.ExpectPools, set.Pools(v.Pools)); diff != "" {
					t.Error(diff)
				}
			default:
				t.Fatalf("mode %q is not tested", v.Mode)
			}
		})
	}
}

func checkVector(t *testing.T, set Roles, v vector) {
	t.Helper()
	d := set.Check(v.Action, v.Resource)
	if want := v.Expect == "allow"; d.Allowed != want {
		t.Errorf("allowed = %v by %+v, want %v", d.Allowed, d.By, want)
	}
	if denied := d.By.Effect == model.Deny; denied != v.Denied {
		t.Errorf("denied explicitly = %v by %+v, want %v", denied, d.By, v.Denied)
	}
}
