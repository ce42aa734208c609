package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// rules are those of the newest version in database mode, chart in ConfigMap mode,
// and earlier those of 6.3.
var (
	rules   = RulesOf(model.Server{Mode: model.ModeDatabase})[0]
	chart   = RulesOf(model.Server{Mode: model.ModeConfigMap})[0]
	earlier = RulesOf(model.Server{Version: "6.3", Mode: model.ModeDatabase})[0]
)

func TestRulesOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server model.Server
		want   []*Rules
	}{
		{model.Server{}, []*Rules{rules, chart}},
		{model.Server{Version: "6.4"}, []*Rules{rules, chart}},
		{model.Server{Version: "6.3", Mode: model.ModeDatabase}, []*Rules{earlier}},
		{model.Server{Version: "7.0", Mode: model.ModeConfigMap}, []*Rules{chart}},
	} {
		if got := RulesOf(test.server); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %d sets of rules", test.server, len(got))
		}
	}
}

func TestReadVersion(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"6.4": "6.4", "6.4.0": "6.4", "6.3.1": "6.3", "6.3": "6.3",
		"6.2": "", "6.40": "", "6.4.": "", "6.4.x": "", "v6.4": "", "": "", "6": "", "6.4.1.2": "",
	} {
		if got, ok := ReadVersion(s); got != want || ok != (want != "") {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// What 6.3 has and later versions lack, and the reverse (facts, section 12).
func TestActionsOfVersions(t *testing.T) {
	t.Parallel()
	names := func(r *Rules) (out []string) {
		for _, a := range r.Actions() {
			out = append(out, a.Name)
		}
		return out
	}
	for _, r := range []*Rules{rules, earlier} {
		for _, a := range Actions() {
			if got, ok := r.FindAction(a.Name); ok != slices.Contains(names(r), a.Name) || ok && got.Scope != a.Scope {
				t.Errorf("%s: found %v, %v", a.Name, got, ok)
			}
		}
	}
	now, then := names(rules), names(earlier)
	if len(now) != 33 || len(then) != 36 {
		t.Errorf("%d and %d actions", len(now), len(then))
	}
	gone := slices.DeleteFunc(slices.Clone(then), func(s string) bool { return slices.Contains(now, s) })
	if diff := cmp.Diff([]string{"dataset:Delete", "dataset:List", "dataset:Read", "dataset:Write"}, gone); diff != "" {
		t.Error(diff)
	}
	for pattern, want := range map[string]string{
		"dataset:*": "6.3", "dataset:Write": "6.3", "mcp:Access": "6.4", "mcp:*": "6.4", "workflow:*": "6.3 6.4", "*:Write": "6.3", "nosuch:*": "",
	} {
		if got := strings.Join(VersionsWith(pattern), " "); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
		if rules.Knows(pattern) != strings.Contains(want, "6.4") || earlier.Knows(pattern) != strings.Contains(want, "6.3") {
			t.Errorf("%s is not judged by the version", pattern)
		}
	}
}

func TestResolveByVersion(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /api/bucket": "dataset:List ", "GET /api/bucket/b/x": "dataset:Read bucket/b",
		"POST /api/bucket/b": "dataset:Write bucket/b", "DELETE /api/bucket/b": "dataset:Delete bucket/b",
	} {
		method, path, _ := strings.Cut(request, " ")
		if action, resource := earlier.Resolve(method, path); action+" "+resource != want {
			t.Errorf("6.3: %s is %q on %q", request, action, resource)
		}
		if action, resource := rules.Resolve(method, path); action+resource != "" {
			t.Errorf("6.4: %s is %q on %q", request, action, resource)
		}
	}
}

// A difference is said in what the server knows, and of that in full.
func TestDiffByVersion(t *testing.T) {
	t.Parallel()
	datasets := []*model.Role{{Name: "r", Policies: []model.Policy{allow([]string{"dataset:*"}, "bucket/a", "bucket/b*")}}}
	if gained, lost := rules.Diff(nil, datasets); len(gained)+len(lost) > 0 {
		t.Errorf("6.4 grants %v", gained)
	}
	gained, _ := earlier.Diff(nil, datasets)
	want := []Grant{{"dataset:List", ""}, {"dataset:Delete", "bucket/a"}, {"dataset:Read", "bucket/a"}, {"dataset:Write", "bucket/a"}, {"dataset:Delete", "bucket/b*"}, {"dataset:Read", "bucket/b*"}, {"dataset:Write", "bucket/b*"}}
	if diff := cmp.Diff(want, gained); diff != "" {
		// One service has one word for all of its actions in a scope.
		want = []Grant{{"dataset:List", ""}, {"dataset:*", "bucket/a"}, {"dataset:*", "bucket/b*"}}
		if diff := cmp.Diff(want, gained); diff != "" {
			t.Error(diff)
		}
	}
	for _, r := range []*Rules{rules, chart, earlier} {
		if diff := cmp.Diff([]Grant{{"*:*", Everything}}, r.Effective(builtin("osmo-admin"))); diff != "" {
			t.Errorf("%s, %s: %s", r.version, r.mode, diff)
		}
	}
}

// The chart's osmo-default lets everybody make anybody's tokens.
func TestDefaultRoleByMode(t *testing.T) {
	t.Parallel()
	tokens := []*model.Role{{Name: "r", Policies: []model.Policy{allow([]string{"auth:Token"}, "*")}}}
	if gained, _ := rules.Diff(nil, tokens); Heaviest(gained) != AdministratorByStep {
		t.Errorf("database mode: %v", gained)
	}
	if gained, _ := chart.Diff(nil, tokens); len(gained) > 0 {
		t.Errorf("everybody has it, and yet gains %v", gained)
	}
	if !chart.Roles(nil).Check("auth:Token", "user/admin").Allowed || rules.Roles(nil).Check("auth:Token", "user/admin").Allowed {
		t.Error("the default role is not that of the mode")
	}
}

// A server with its roles in the database completes its own at each start.
func TestInForce(t *testing.T) {
	t.Parallel()
	deny := model.Policy{Effect: model.Deny, Actions: []string{"workflow:Exec"}, Resources: []string{"*"}}
	narrowed := &model.Role{Name: "osmo-user", Policies: []model.Policy{allow([]string{"pool:List", "app:*"}, "*"), deny}}
	whole, _ := rules.Builtin("osmo-user")
	whole.Policies = append(whole.Policies, deny)
	if gained, lost := rules.Diff([]*model.Role{rules.InForce(narrowed)}, []*model.Role{whole}); len(gained)+len(lost) > 0 {
		t.Errorf("it differs by %v and %v", gained, lost)
	}
	if len(narrowed.Policies) != 2 {
		t.Error("the declaration was changed")
	}
	for _, r := range []*model.Role{narrowed, {Name: "ours"}} {
		if chart.InForce(r) != r {
			t.Errorf("ConfigMap mode changes %s", r.Name)
		}
	}
	for _, name := range BuiltinNames() {
		if own, _ := rules.Builtin(name); rules.InForce(own) != own {
			t.Errorf("%s misses something of itself", name)
		}
	}
	if ours := (&model.Role{Name: "ours"}); rules.InForce(ours) != ours {
		t.Error("a role of our own is completed")
	}
}

// Who becomes an administrator gains everything but what everybody has.
func TestAdministratorByMode(t *testing.T) {
	t.Parallel()
	for r, want := range map[*Rules]string{
		rules:   "*:* except auth:Login, auth:Refresh, profile:*, system:*",
		chart:   "*:* except auth:*, profile:*, system:Health",
		earlier: "*:* except auth:Login, auth:Refresh, profile:*, system:*",
	} {
		gained, _ := r.Diff(nil, builtin("osmo-admin"))
		if diff := cmp.Diff([]Grant{{want, Everything}}, gained); diff != "" {
			t.Errorf("%s, %s: %s", r.version, r.mode, diff)
		}
	}
}
