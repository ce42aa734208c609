package access

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func compiled(roles []*model.Role) (out []*Compiled) {
	for _, r := range roles {
		out = append(out, Compile(r))
	}
	return out
}

func TestWithin(t *testing.T) {
	t.Parallel()
	exec := []string{"workflow:Exec"}
	team := role(allow([]string{"workflow:*"}, "pool/team-a"))
	for _, test := range []struct {
		name               string
		rules              *Rules
		roles              []*model.Role
		actions, resources []string
		want               []Grant
	}{
		{"another pool", rules, team, exec, []string{"pool/prod"}, []Grant{}},
		{"its own pool", rules, team, exec, []string{"pool/team-*"}, []Grant{{"workflow:Exec", "pool/team-a"}}},
		{"another pool in ConfigMap mode", chart, team, exec, []string{"pool/prod"}, []Grant{{"workflow:Exec", "pool/prod"}}},
		{"a wildcard over the pool", rules, role(allow([]string{"*:Exec"}, "p*")), exec, []string{"pool/prod"}, []Grant{{"workflow:Exec", "pool/prod"}}},
		{"denied just there", rules, role(allow(exec, "*"), deny(exec, "pool/prod")), exec, []string{"pool/prod"}, []Grant{}},
		{"no resource means everywhere", rules, role(allow([]string{"workflow:List"}, "pool/a")), []string{"workflow:List"}, nil, []Grant{{"workflow:List", ""}}},
		{"a resource leaves out what has none", rules, team, []string{"*:*"}, []string{"pool/prod"}, []Grant{}},
		{"own tokens are nobody else's", chart, nil, []string{"auth:Token"}, []string{"user/*"}, []Grant{{"auth:Token", "user/*"}}},
		{"own tokens are nobody else's, database", rules, role(allow([]string{"auth:Token"}, "none")), []string{"auth:Token"}, []string{"user/*"}, []Grant{}},
		{"requests without an action", rules, role(allow([]string{"*:*"}, "none")), []string{"*:*"}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.rules.Within(compiled(test.roles), test.actions, test.resources)
			if test.want == nil {
				if !slices.Contains(got, Grant{"*", Unregistered}) {
					t.Errorf("= %q", got)
				}
			} else if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever is asked, Within holds what is both granted and meant, and nothing else.
func TestWithinIsExact(t *testing.T) {
	t.Parallel()
	for seed := range *cases {
		g := generator{rand.New(rand.NewPCG(seed, 6))}
		roles, actions, resources := g.roles(), g.list(1, 2, g.action), g.list(1, 3, g.resource)
		meant := []*model.Role{{Name: "meant", Policies: []model.Policy{{Actions: actions, Resources: resources}}}}
		for _, r := range []*Rules{rules, chart, earlier} {
			got, set := r.Within(compiled(roles), actions, resources), r.Roles(roles)
			pattern := Roles{roles: meant}
			named, _ := r.probes(resourcesAround(roles, meant))
			for _, q := range named {
				if q.resource == "" && !slices.Contains(resources, "*") || strings.HasSuffix(q.resource, "/*") {
					continue
				}
				want := set.Check(q.action, q.resource).Allowed && pattern.Check(q.action, q.resource).Allowed
				if covered(got, q) != want {
					t.Fatalf("seed %d: %q within %q on %q: covered = %v: %q", seed, q, actions, resources, !want, got)
				}
			}
		}
	}
}

// What is gained within a part is what is there after and was not before.
func TestGainWithinIsExact(t *testing.T) {
	t.Parallel()
	most := Work{Steps: 1 << 30, Bytes: 1 << 30}
	for seed := range *cases {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		before, after, actions, resources := g.roles(), g.roles(), g.list(1, 2, g.action), g.list(1, 3, g.resource)
		if seed%2 == 0 { // Mostly they share roles.
			after = append(after, before[:len(before)/2]...)
		}
		meant := []*model.Role{{Name: "meant", Policies: []model.Policy{{Actions: actions, Resources: resources}}}}
		part := PartOf(actions, resources)
		for _, r := range []*Rules{rules, chart, earlier} {
			compiledBefore := compiled(before)
			compiledAfter := compiled(after)
			if seed%2 == 0 {
				copy(compiledAfter[len(after)-len(before)/2:], compiledBefore[:len(before)/2])
			}
			got, _, ok := r.GainWithin(compiledBefore, compiledAfter, part, most)
			if !ok {
				t.Fatal("there was no room")
			}
			was, is, pattern := r.Roles(before), r.Roles(after), Roles{roles: meant}
			named, _ := r.probes(resourcesAround(append(before[:len(before):len(before)], after...), meant))
			for _, q := range named {
				if q.resource == "" && !slices.Contains(resources, "*") || strings.HasSuffix(q.resource, "/*") {
					continue
				}
				want := !was.Check(q.action, q.resource).Allowed && is.Check(q.action, q.resource).Allowed && pattern.Check(q.action, q.resource).Allowed
				if covered(got, q) != want {
					t.Fatalf("seed %d: %q within %q on %q: covered = %v: %q", seed, q, actions, resources, !want, got)
				}
			}
		}
	}
	if _, _, ok := rules.GainWithin(nil, compiled(role(allow([]string{"*:*"}, "*"))), PartOf([]string{"*:*"}, nil), Work{Steps: 1, Bytes: 1 << 20}); ok {
		t.Error("more steps were taken than there were")
	}
}
