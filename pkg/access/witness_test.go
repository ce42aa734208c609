package access

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Every grant of a difference has a witness that one side allows and the other does
// not, and that resolves to what it says it is.
func TestWitness(t *testing.T) {
	t.Parallel()
	for seed := range *cases {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		before, after := g.roles(), g.roles()
		for _, r := range []*Rules{rules, chart, earlier} {
			gained, lost := r.Diff(before, after)
			was, is := r.Roles(before), r.Roles(after)
			for _, list := range []struct {
				grants     []Grant
				with, then Roles
			}{{gained, is, was}, {lost, was, is}} {
				for _, grant := range list.grants {
					q := r.Witness(grant)
					if !list.with.Check(q.Action, q.Resource).Allowed || list.then.Check(q.Action, q.Resource).Allowed {
						t.Fatalf("seed %d: %+v is no witness of %q", seed, q, grant)
					}
				}
			}
		}
	}
}

// A witness can be sent: its path resolves to its action and resource. A path has no
// pool of an existing workflow, and none has the empty name.
func TestWitnessCanBeSent(t *testing.T) {
	t.Parallel()
	for _, r := range []*Rules{rules, chart, earlier} {
		for _, a := range r.Actions() {
			root := map[Scope]string{Pool: "pool/", Bucket: "bucket/", Config: "config/", Backend: "backend/"}[a.Scope]
			resources := []string{root}
			if root != "" {
				resources = []string{root + "*"}
			}
			if a.Scope == UserOrGlobal {
				resources = []string{"", "user/*", "user/ada"}
			}
			if a.Name == "workflow:PortForward" {
				resources = append(resources, "")
			}
			for _, resource := range resources {
				q := r.Witness(Grant{a.Name, resource})
				action, on := r.Resolve(q.Method, q.Path)
				existing := strings.HasPrefix(q.Resource, "pool/") && on == "pool/*"
				internal := strings.HasPrefix(on, "backend/") // the path's own word
				if action != a.Name || on != q.Resource && !existing && !internal {
					t.Errorf("%s on %q: %+v resolves to %q on %q", a.Name, resource, q, action, on)
				}
			}
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	roles := []*model.Role{
		{Name: "team", Policies: []model.Policy{allow([]string{"workflow:*"}, "pool/a", "pool/b"), allow([]string{"*:Read"}, "*")}},
		{Name: "limits", Policies: []model.Policy{deny([]string{"workflow:Exec"}, "pool/*"), allow([]string{"workflow:Exec"}, "pool/c")}},
	}
	got := rules.Roles(roles).Explain("workflow:Exec", "pool/b")
	want := Explanation{
		Decision: Decision{By: Statement{"limits", 0, model.Deny, "workflow:Exec", "pool/*"}},
		Allows:   []Statement{{"team", 0, model.Allow, "workflow:*", "pool/b"}},
		Denies:   []Statement{{"limits", 0, model.Deny, "workflow:Exec", "pool/*"}},
		Near:     []Statement{{"limits", 1, model.Allow, "workflow:Exec", ""}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// In ConfigMap mode the pool is not known, so any name matches.
	if got := chart.Roles(roles).Explain("workflow:Read", "pool/z"); len(got.Allows) != 2 || !got.Allowed {
		t.Errorf("= %+v", got)
	}
}

// There are steps exactly where the weight says so, and each is granted by what it names.
func TestSteps(t *testing.T) {
	t.Parallel()
	for seed := range *cases {
		roles := generator{rand.New(rand.NewPCG(seed, 8))}.roles()
		for _, r := range []*Rules{rules, chart, earlier} {
			steps, weight := r.Steps(roles), r.Weigh(roles)
			if heavy := weight >= AdministratorByStep; heavy != (len(steps) > 0) || heavy && steps[0].Weight != weight {
				t.Fatalf("seed %d: %v, %+v", seed, weight, steps)
			}
			if i := slices.IndexFunc(steps, func(s Step) bool { return s.By.Effect != model.Allow }); i >= 0 {
				t.Fatalf("seed %d: nothing grants %+v", seed, steps[i])
			}
		}
	}
}

func TestTasks(t *testing.T) {
	t.Parallel()
	for _, task := range Tasks() {
		if found, ok := FindTask(task.Name); !ok || found.Name != task.Name || len(task.Needs) == 0 {
			t.Errorf("%s: %+v", task.Name, found)
		}
		for _, n := range task.Needs {
			if n.Action != "" && !rules.Knows(n.Action) {
				t.Errorf("%s needs %s, which does not exist", task.Name, n.Action)
			}
		}
	}
	// Of rsync on a prefix, the configuration is refused.
	team := rules.Roles(role(allow([]string{"workflow:*"}, "pool/team-*")))
	rsync, _ := FindTask("rsync")
	var got []bool
	for _, n := range rsync.Needs {
		got = append(got, team.Check(n.Action, n.On("team-a")).Allowed)
	}
	if !slices.Equal(got, []bool{false, true}) {
		t.Errorf("rsync: %v", got)
	}
}
