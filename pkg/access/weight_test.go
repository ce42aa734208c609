package access

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestWeightOfGrants(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		action, resource string
		want             Weight
	}{
		{"*", Unregistered, Administrator},
		{"*:*", Everything, Administrator},
		{"*:* except auth:Login, profile:*", Everything, Administrator},

		{"auth:Token", "user/*", AdministratorByStep},
		{"auth:Token", "user/admin", AdministratorByStep},
		{"auth:Token", "user/svc-*", AdministratorByStep},
		{"auth:Token", "user/* except user/admin, user/root*", AdministratorByStep},
		{"auth:Token", "user/?", AdministratorByStep},
		{"auth:Token", "", Writing}, // one's own
		{"config:Update", "config/role", AdministratorByStep},
		{"config:Update", "config/service", AdministratorByStep},
		{"config:Update", "config/*", AdministratorByStep},
		{"config:*", "config/*", AdministratorByStep},
		{"config:*", "config/r*", AdministratorByStep},
		{"config:*", "config/role*", AdministratorByStep},
		{"config:*", "config/* except config/role", AdministratorByStep}, // config/service is left
		{"config:*", "config/* except config/s*", AdministratorByStep},
		{"config:Update", "config/* except config/role, config/service", WholeScope},
		{"config:Update", "config/* except config/r*, config/s*", WholeScope},
		{"config:Update", "config/ro* except config/role", Writing},
		{"config:Update", "config/roles", Writing},
		{"config:Update", "config/backend", Writing},
		{"config:Update", "config/?", Writing},
		{"config:Read", "config/role", Reading},

		{"config:Read", "config/*", WholeScope},
		{"workflow:Read", "pool/*", WholeScope},
		{"workflow:*", "pool/*", WholeScope},
		{"workflow:* except workflow:Exec", "pool/* except pool/prod", WholeScope},
		{"workflow:Create", "pool/p*", WholeScope},
		{"workflow:Create", "pool/%C3*", WholeScope},
		{"internal:Operator", "backend/*", WholeScope},

		{"workflow:Create", "pool/pr*", Writing},
		{"workflow:Create", "pool/prod", Writing},
		{"workflow:Exec", "pool/?", Writing},
		{"workflow:PortForward", "", Writing},
		{"internal:*", "backend/listener", Writing},
		{"app:*", "", Writing},
		{"credentials:*", "", Writing},
		{"mcp:Access", "", Writing},
		{"profile:Update", "", Writing},
		{"future:Whatever", "pool/a", Writing},

		{"workflow:Read", "pool/prod", Reading},
		{"workflow:List", "", Reading},
		{"auth:Login", "", Reading},
		{"system:*", "", Reading},
		{"user:List", "", Reading},
		{"app:* except app:Create, app:Delete, app:Update", "", Reading},
	} {
		if got := (Grant{tt.action, tt.resource}).Weight(); got != tt.want {
			t.Errorf("%s on %q weighs %s, want %s", tt.action, tt.resource, got, tt.want)
		}
	}
}

// What an author may write so that it does not look like what it is.
func TestWeightOfDisguises(t *testing.T) {
	t.Parallel()
	all := []string{"*:*"}
	tests := map[string]struct {
		policies []model.Policy
		want     Weight
	}{
		"everything on nothing":             {[]model.Policy{allow(all, "none")}, Administrator},
		"everything on one pool":            {[]model.Policy{allow(all, "pool/sandbox")}, Administrator},
		"everything where none is named":    {[]model.Policy{allow(all)}, Administrator},
		"everything, by OSMO's bare form":   {[]model.Policy{allow([]string{"*"}, "x")}, Administrator},
		"a denial of everything it has":     {[]model.Policy{allow(all, "none"), deny([]string{"workflow:*", "config:*", "auth:*", "app:*"}, "*")}, Administrator},
		"a denial in lower case":            {[]model.Policy{allow(all, "none"), {Effect: "deny", Actions: all, Resources: []string{"*"}}}, Administrator},
		"a denial of an unknown action":     {[]model.Policy{allow(all, "none"), deny([]string{"admin:*"}, "*")}, Administrator},
		"a denial that takes it":            {[]model.Policy{allow(all, "none"), deny(all, "nowhere")}, Nothing},
		"any update":                        {[]model.Policy{allow([]string{"*:Update"}, "config/ro*")}, AdministratorByStep},
		"any update on what begins with c":  {[]model.Policy{allow([]string{"*:Update"}, "c*")}, AdministratorByStep},
		"tokens of whoever begins with u":   {[]model.Policy{allow([]string{"*:Token"}, "u*")}, AdministratorByStep},
		"a denial of another spelling":      {[]model.Policy{allow([]string{"config:*"}, "config/*"), deny([]string{"config:*"}, "config/ROLE", "config/Role")}, AdministratorByStep},
		"a denial without resources":        {[]model.Policy{allow([]string{"config:*"}, "config/*"), deny([]string{"config:Update"})}, AdministratorByStep},
		"a denial of one of the two":        {[]model.Policy{allow([]string{"config:*"}, "config/*"), deny([]string{"config:Update"}, "config/role")}, AdministratorByStep},
		"a denial of both":                  {[]model.Policy{allow([]string{"config:*"}, "config/*"), deny([]string{"config:Update"}, "config/role", "config/service")}, WholeScope},
		"verbs one by one, in two policies": {[]model.Policy{allow([]string{"workflow:Read", "workflow:Cancel", "workflow:Create"}, "pool/*"), allow([]string{"workflow:Exec"}, "*")}, WholeScope},
		"every letter":                      {letterPrefixes("pool/"), WholeScope},
		"every two letters":                 {letterPrefixes("pool/p"), WholeScope},
		"a few of two letters":              {letterPrefixes("pool/p")[:manyPrefixes-1], Writing},
		"every three letters of one prefix": {letterPrefixes("pool/pr"), Writing},
		"a wildcard whose end is a star":    {[]model.Policy{allow([]string{"workflow:Exec"}, "pool/**")}, WholeScope},
		"an action of another scope":        {[]model.Policy{allow([]string{"config:Update"}, "pool/*", "user/*")}, Nothing},
		"the case of a scope":               {[]model.Policy{allow([]string{"workflow:Exec"}, "Pool/*", "POOL/*")}, Nothing},
	}
	for name, tt := range tests {
		if got := rules.Weigh(role(tt.policies...)); got != max(tt.want, rules.Weigh(nil)) && (tt.want != Nothing || got > Writing) {
			t.Errorf("%s: weighs %s, want %s: %v", name, got, tt.want, rules.Effective(role(tt.policies...)))
		}
		// Halves in two roles are the whole.
		var split []*model.Role
		for _, p := range tt.policies {
			split = append(split, role(p)...)
		}
		if got, whole := rules.Weigh(split), rules.Weigh(role(tt.policies...)); got != whole {
			t.Errorf("%s: in several roles it weighs %s, in one %s", name, got, whole)
		}
	}
}

func letterPrefixes(root string) (out []model.Policy) {
	for c := 'a'; c <= 'z'; c++ {
		out = append(out, allow([]string{"workflow:Exec"}, root+string(c)+"*"))
	}
	return out
}

// Prefixes that stand in one policy are as heavy as in many.
func TestCrowdsOfPrefixes(t *testing.T) {
	t.Parallel()
	var resources []string
	for _, p := range letterPrefixes("pool/p") {
		resources = append(resources, p.Resources...)
	}
	policy := allow([]string{"workflow:Exec"}, resources...)
	if w, _, _ := WeighPolicy(policy); w != WholeScope || rules.Weigh(role(policy)) != WholeScope {
		t.Errorf("the policy weighs %s, its role %s", w, rules.Weigh(role(policy)))
	}
	got := Crowds(rules.Effective(role(policy, allow([]string{"config:Read"}, "config/ab*", "config/cd*"))))
	if diff := cmp.Diff([]Crowd{{"pool/", 26}}, got); diff != "" {
		t.Error(diff)
	}
	if w := rules.Weigh(role(policy, allow([]string{"workflow:Exec"}, "pool/p*"))); w != WholeScope {
		t.Errorf("with the prefix of all of them it weighs %s", w)
	}
}

// However many grants there are, their bundles are few, and the heaviest keep their
// actions.
func TestBundlesAreFew(t *testing.T) {
	t.Parallel()
	grants := []Grant{{"workflow:Read", "pool/a"}, {"config:Update", "config/role"}, {"*", Unregistered}}
	for i := range 5000 {
		grants = append(grants, Grant{"auth:Token", fmt.Sprintf("user/u%d", i)}, Grant{fmt.Sprintf("workflow:* except workflow:Read, workflow:X%d", i), "pool/*"})
	}
	got := Scale{}.Heavy(grants)
	if len(got) != maxBundles+1 {
		t.Fatalf("%d bundles", len(got))
	}
	want := []string{
		"* on users, roles of users, deletion of configuration, workflow tags and all else without an action", "config:Update on config/role",
		"auth:Token on user/u0; user/u1; user/u2; user/u3; user/u4; user/u5; user/u6; user/u7; and 4992 more below user/",
	}
	for i, w := range want {
		if got[i].String() != w {
			t.Errorf("got %s, want %s", got[i], w)
		}
	}
	n := 0
	for _, b := range got {
		n += len(b.Resources)
	}
	if n != len(grants)-1 || !strings.HasPrefix(got[maxBundles].String(), "further actions on pool/*; ") {
		t.Errorf("%d grants in bundles, the last %s", n, got[maxBundles])
	}
}

func TestBuiltinRolesWeigh(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Weight{
		"osmo-admin": Administrator, "osmo-user": AdministratorByStep, "osmo-backend": WholeScope, "osmo-ctrl": WholeScope, DefaultRole: Writing,
	} {
		if got := rules.Weigh(builtin(name)); got != want {
			t.Errorf("%s weighs %s, want %s", name, got, want)
		}
	}
	// In a ConfigMap the default role has auth:Token on everybody.
	if got := rules.Weigh([]*model.Role{{Name: DefaultRole, Policies: builtins[3].configMap}}); got != AdministratorByStep {
		t.Errorf("the default role of a ConfigMap weighs %s", got)
	}
}

// TestWeightNeverFalls widens what roles grant: nothing may weigh less then.
func TestWeightNeverFalls(t *testing.T) {
	t.Parallel()
	rose := 0
	for seed := range uint64(3000) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		before := g.roles()
		after := g.widen(before)
		was, is := rules.Weigh(before), rules.Weigh(after)
		if is < was {
			t.Fatalf("seed %d: the weight falls from %s to %s: %v, then %v", seed, was, is, rules.Effective(before), rules.Effective(after))
		}
		if gained, _ := rules.Diff(before, after); Heaviest(gained) > is {
			t.Fatalf("seed %d: what is gained weighs %s, all of it %s", seed, Heaviest(gained), is)
		}
		if is > was {
			rose++
		}
	}
	if rose < 100 {
		t.Errorf("only %d of the steps made anything heavier", rose)
	}
}

// widen copies roles and lets them grant more, in one of the ways there are.
func (g generator) widen(roles []*model.Role) []*model.Role {
	out := make([]*model.Role, len(roles))
	for i, r := range roles {
		out[i] = &model.Role{Name: r.Name, Policies: clonePolicies(r.Policies)}
	}
	out = append(out, &model.Role{Name: "more"})
	r := out[g.IntN(len(out))]
	if len(r.Policies) == 0 || g.IntN(3) == 0 {
		r.Policies = append(r.Policies, allow(g.list(1, 2, g.action), g.list(1, 2, g.resource)...))
		return out
	}
	i := g.IntN(len(r.Policies))
	p := &r.Policies[i]
	switch {
	case effectOf(p) != model.Allow:
		r.Policies = slices.Delete(r.Policies, i, i+1)
	case g.IntN(2) == 0 && len(p.Actions) > 0:
		service, _, _ := strings.Cut(p.Actions[0], ":")
		p.Actions[0] = g.pick("*:*", service+":*")
		if service == "*" {
			p.Actions[0] = "*:*"
		}
	case len(p.Resources) > 0:
		text := pointOf(p.Resources[0]).text
		p.Resources[0] = text[:g.IntN(len(text)+1)] + "*"
	}
	return out
}

// TestWiderGrantsWeighNoLess holds every two grants of a set against each other:
// where one covers all that the other does, it weighs at least as much.
func TestWiderGrantsWeighNoLess(t *testing.T) {
	t.Parallel()
	var grants []Grant
	seen := map[Grant]bool{}
	for seed := range uint64(150) {
		for _, grant := range rules.Effective(generator{rand.New(rand.NewPCG(seed, 8))}.roles()) {
			if !seen[grant] {
				seen[grant], grants = true, append(grants, grant)
			}
		}
	}
	resources := []string{"config/role", "config/service"}
	for _, a := range areas {
		for _, name := range []string{"", "a", "ab", "abc", "b", "ba", "bab"} {
			resources = append(resources, a.root+name, a.root+name+"x")
		}
	}
	named, carried := rules.probes(resources)
	all := append(named, carried...)
	covers := make([][]bool, len(grants))
	for i, grant := range grants {
		for _, r := range all {
			covers[i] = append(covers[i], covered([]Grant{grant}, r))
		}
	}
	pairs := 0
	for i, wide := range grants {
		for j, narrow := range grants {
			if !coversAll(covers[i], covers[j]) {
				continue
			}
			pairs++
			if wide.Weight() < narrow.Weight() {
				t.Errorf("%v weighs %s and covers %v, which weighs %s", wide, wide.Weight(), narrow, narrow.Weight())
			}
		}
	}
	if pairs < 200 {
		t.Errorf("only %d pairs of %d grants cover each other", pairs, len(grants))
	}
}

func coversAll(wide, narrow []bool) bool {
	any := false
	for i := range narrow {
		any = any || narrow[i]
		if narrow[i] && !wide[i] {
			return false
		}
	}
	return any
}

// TestPoliciesWeighWhatTheyGrant holds a policy's own weight against that of its
// effective access: it may say more where that has no place to show, never less.
func TestPoliciesWeighWhatTheyGrant(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		g := generator{rand.New(rand.NewPCG(seed, 9))}
		p := allow(g.list(0, 3, g.action), g.list(0, 4, g.resource)...)
		w, actions, resources := WeighPolicy(p)
		gained, _ := rules.Diff(nil, role(p))
		if got := Heaviest(gained); got > w {
			t.Fatalf("seed %d: %v weighs %s and gives %s: %v", seed, p, w, got, gained)
		}
		if len(actions) != len(p.Actions) || len(resources) != len(p.Resources) {
			t.Fatalf("seed %d: %v lost patterns: %v, %v", seed, p, actions, resources)
		}
		if len(actions) > 0 && actions[0].Weight != w {
			t.Fatalf("seed %d: %v weighs %s, and its heaviest action %s", seed, p, w, actions[0].Weight)
		}
		if len(actions) > 0 && len(resources) > 0 && resources[0].Weight != w {
			t.Fatalf("seed %d: %v weighs %s, and its heaviest resource %s", seed, p, w, resources[0].Weight)
		}
		p.Effect = model.Deny
		if denied, _, _ := WeighPolicy(p); denied != w {
			t.Fatalf("seed %d: %v weighs %s denied, %s allowed", seed, p, denied, w)
		}
	}
	if w, _, _ := WeighPolicy(model.Policy{Effect: "deny", Actions: []string{"*:*"}, Resources: []string{"*"}}); w != Nothing {
		t.Errorf("a policy without effect weighs %s", w)
	}
}

func TestWeightsAreWritten(t *testing.T) {
	t.Parallel()
	for w := Reading; w <= Administrator; w++ {
		data, err := json.Marshal(map[Weight]Weight{w: w})
		var back map[Weight]Weight
		if err != nil || json.Unmarshal(data, &back) != nil || back[w] != w {
			t.Errorf("%s is written %s and read %v", w, data, back)
		}
	}
	if _, err := ParseWeight("root"); err == nil || Weight(99).String() != "unknown" {
		t.Errorf("an unknown weight: %v, %s", err, Weight(99))
	}
}

func BenchmarkWeight(b *testing.B) {
	grants := rules.Effective(builtin("osmo-user"))
	for b.Loop() {
		Heaviest(grants)
	}
}

// So many prefixes of three characters are a wildcard that does not look like one.
func TestLongPrefixesAreACrowd(t *testing.T) {
	t.Parallel()
	var some, many []Grant
	for i := range 26 * 26 {
		g := Grant{Action: "workflow:*", Resource: fmt.Sprintf("pool/%c%cx*", 'a'+i%26, 'a'+i/26)}
		many = append(many, g)
		if i < 20 {
			some = append(some, g)
		}
	}
	if got := Crowds(many); len(got) != 1 || got[0].Root != "pool/" || got[0].Prefixes != 26*26 {
		t.Errorf("got %v", got)
	}
	if got := Crowds(some); len(got) != 0 {
		t.Errorf("a list of teams: %v", got)
	}
}
