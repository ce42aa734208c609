package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestDecisionNamesItsStatement(t *testing.T) {
	t.Parallel()
	team := &model.Role{Name: "team", Policies: []model.Policy{
		allow([]string{"pool:List"}),
		allow([]string{"config:Read", "workflow:*"}, "config/role", "pool/*"),
		allow([]string{"workflow:Read"}, "pool/a"),
	}}
	limits := &model.Role{Name: "limits", Policies: []model.Policy{
		deny([]string{"*:Exec"}, "pool/prod"),
		deny([]string{"workflow:Exec"}, "*"),
	}}
	set := rules.Roles([]*model.Role{team, nil, limits})
	tests := []struct {
		name             string
		action, resource string
		want             Decision
	}{
		{
			"the first Allow", "workflow:Read", "pool/a",
			Decision{true, Statement{"team", 1, model.Allow, "workflow:*", "pool/*"}},
		},
		{
			"the first Deny, in a later role", "workflow:Exec", "pool/prod",
			Decision{false, Statement{"limits", 0, model.Deny, "*:Exec", "pool/prod"}},
		},
		{
			"a policy without resources", "pool:List", "",
			Decision{true, Statement{"team", 0, model.Allow, "pool:List", ""}},
		},
		{
			"the default role", "profile:Read", "",
			Decision{true, Statement{DefaultRole, 0, model.Allow, "profile:*", "*"}},
		},
		{"no statement", "config:Update", "config/role", Decision{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := set.Check(test.action, test.resource)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Explicit() != (test.want.By.Role != "") {
				t.Errorf("Explicit = %v", got.Explicit())
			}
		})
	}
}

func TestDefaultRole(t *testing.T) {
	t.Parallel()
	own := &model.Role{Name: DefaultRole}
	tests := []struct {
		name string
		set  Roles
		want bool
	}{
		{"is added", rules.Roles(nil), true},
		{"gives way to one that was given", rules.Roles([]*model.Role{own}), false},
		{"is not in the zero value", Roles{}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.set.Check("system:Health", "").Allowed; got != test.want {
				t.Errorf("allowed = %v, want %v", got, test.want)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	set := rules.Roles(builtin("osmo-user"))
	b.ReportAllocs()
	for b.Loop() {
		set.Check("workflow:Create", "pool/default")
	}
}
