package access

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// The tests below read grants by the package comment alone, so that they share
// nothing with the code that writes them.

// request is an action on a resource.
type request struct{ action, resource string }

// covered reports whether grants, read literally, cover a request.
func covered(grants []Grant, r request) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool {
		switch {
		case g.Resource == Unregistered:
			return r.action == ""
		case r.action == "":
			return g.Resource == Everything
		case r == request{"workflow:PortForward", ""} && strings.HasPrefix(g.Resource, "pool/"):
			return reads(g.Action, r.action, actionReads) // carried
		}
		return reads(g.Action, r.action, actionReads) && reads(g.Resource, r.resource, resourceReads)
	})
}

// reads takes "PATTERN except PATTERN, PATTERN" apart.
func reads(text, value string, matches func(pattern, value string) bool) bool {
	pattern, except, _ := strings.Cut(text, " except ")
	if !matches(pattern, value) {
		return false
	}
	if strings.HasSuffix(value, "/*") {
		return true // A name that is excepted is not the unnamed resource.
	}
	return except == "" || !slices.ContainsFunc(strings.Split(except, ", "), func(p string) bool { return matches(p, value) })
}

func actionReads(pattern, action string) bool {
	prefix, wide := strings.CutSuffix(pattern, "*")
	return pattern == action || pattern == "*:*" || wide && strings.HasPrefix(action, prefix)
}

func resourceReads(pattern, resource string) bool {
	if pattern == Everything || resource == "" {
		return pattern == Everything || pattern == ""
	}
	prefix, wide := strings.CutSuffix(pattern, "*")
	name, err := url.PathUnescape(prefix)
	if err != nil {
		panic(err)
	}
	if scope, ok := strings.CutSuffix(resource, "/*"); ok {
		// The unnamed resource: by itself, or carried by a name or the scope.
		return pattern == scope+"/?" || pattern == scope+"/*" || !wide && strings.HasPrefix(pattern, scope+"/")
	}
	return pattern != "" && (name == resource || wide && strings.HasPrefix(resource, name))
}

// probes are all requests that may matter with these resources, and one more of
// each sort. Those that stand for themselves only where nothing carries them
// are kept apart.
func (r *Rules) probes(resources []string) (named, carried []request) {
	for _, a := range r.Actions() {
		root := map[Scope]string{Pool: "pool", Bucket: "bucket", Config: "config", Backend: "backend", UserOrGlobal: "user"}[a.Scope]
		if a.Scope == Global || a.Scope == UserOrGlobal {
			named = append(named, request{a.Name, ""})
		}
		if root == "" {
			continue
		}
		carried = append(carried, request{a.Name, root + "/*"})
		for _, resource := range append(resources, root+"/another") {
			if strings.HasPrefix(resource, root+"/") && resource != root+"/" && !strings.HasSuffix(resource, "/*") {
				named = append(named, request{a.Name, resource})
			}
		}
	}
	return append(named, request{}), append(carried, request{"workflow:PortForward", ""})
}

// resourcesAround are resources that tell the patterns of roles apart.
func resourcesAround(sides ...[]*model.Role) []string {
	var out []string
	for _, roles := range sides {
		for _, r := range roles {
			for _, p := range r.Policies {
				for _, pattern := range p.Resources {
					base := strings.TrimSuffix(pattern, "*")
					out = append(out, base, base+"x", base+"\x00y")
				}
			}
		}
	}
	return model.Set(out)
}

// checkDiff holds Diff against Check, by the rules of each server.
func checkDiff(t *testing.T, before, after []*model.Role) {
	t.Helper()
	for _, r := range []*Rules{rules, chart, earlier} {
		r.checkDiff(t, before, after)
	}
}

func (rules *Rules) checkDiff(t *testing.T, before, after []*model.Role) {
	t.Helper()
	gained, lost := rules.Diff(before, after)
	b, a := rules.Roles(before), rules.Roles(after)
	named, carried := rules.probes(resourcesAround(before, after))
	changed := false
	for i, r := range append(named, carried...) {
		was, is := b.Check(r.action, r.resource).Allowed, a.Check(r.action, r.resource).Allowed
		changed = changed || was != is
		checkSide(t, "gained", gained, r, is && !was, i < len(named))
		checkSide(t, "lost", lost, r, was && !is, i < len(named))
	}
	if shown := len(gained)+len(lost) > 0; shown != changed {
		t.Errorf("changed = %v, shown = %v", changed, shown)
	}
}

// checkSide wants grants to cover r if, and where exact only if, want. What
// stands for itself must be exact, too.
func checkSide(t *testing.T, side string, grants []Grant, r request, want, exact bool) {
	t.Helper()
	exact = exact || slices.ContainsFunc(grants, func(g Grant) bool {
		own := g.Resource == "" && r.resource == "" || strings.HasSuffix(g.Resource, "/?") && strings.HasSuffix(r.resource, "/*")
		return own && covered([]Grant{g}, r)
	})
	if got := covered(grants, r); got != want && (want || exact) {
		t.Errorf("%s covers %q on %q = %v, want %v: %q", side, r.action, r.resource, got, want, grants)
	}
}

// generator makes roles over few words, so that they collide.
type generator struct{ *rand.Rand }

func (g generator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g generator) list(least, most int, word func() string) []string {
	out := make([]string, least+g.IntN(most-least+1))
	for i := range out {
		out[i] = word()
	}
	return out
}

func (g generator) action() string {
	return g.pick("*:*", "*:Read", "workflow:*", "workflow:Read", "workflow:PortForward", "workflow:List", "config:*",
		"config:Update", "auth:Token", "auth:*", "internal:*", "pool:List", "app:*", "app:Read", "dataset:*", "dataset:Read", "*:Write", "nothing:At", "*")
}

func (g generator) resource() string {
	if g.IntN(6) == 0 {
		return g.pick("*", "p*", "pool", "", "pool/", "config/", "/*")
	}
	return g.pick("pool/", "pool/", "config/", "user/", "backend/", "bucket/") + g.pick("", "a", "ab", "abc", "b", "ba", "bab") + g.pick("", "*")
}

func (g generator) roles() []*model.Role {
	roles := make([]*model.Role, g.IntN(4))
	for i := range roles {
		roles[i] = &model.Role{Name: fmt.Sprintf("r%d", i)}
		for range g.IntN(4) {
			effect := model.Effect(g.pick("Allow", "Allow", "Deny", "", "deny"))
			roles[i].Policies = append(roles[i].Policies, model.Policy{
				Effect: effect, Actions: g.list(0, 3, g.action), Resources: g.list(0, 4, g.resource),
			})
		}
	}
	return roles
}

// cases is how many random differences are held against brute force, by the rules of
// each server.
var cases = flag.Uint64("cases", 400, "random differences to hold against brute force")

func TestDiffIsExact(t *testing.T) {
	t.Parallel()
	for seed := range *cases {
		g := generator{rand.New(rand.NewPCG(seed, 1))}
		before, after := g.roles(), g.roles()
		if g.IntN(2) == 0 { // a small step
			after = append(slices.Clone(before), after[:min(1, len(after))]...)
		}
		checkDiff(t, before, after)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// Roles that both sides share are left out of the comparison, and it must not
// show: the same roles, compiled for each side alone, differ by the same.
func TestSharedRolesChangeNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		g := generator{rand.New(rand.NewPCG(seed, 5))}
		var pool []*model.Role
		for i := range 3 {
			for j, r := range g.roles() {
				r.Name = fmt.Sprint("r", i, j)
				pool = append(pool, r)
			}
		}
		compiled := make([]*Compiled, len(pool))
		for i, r := range pool {
			compiled[i] = Compile(r)
		}
		var roles [2][]*model.Role
		var sets [2][]*Compiled
		for i := range pool {
			for side := range roles {
				if g.IntN(3) > 0 {
					roles[side], sets[side] = append(roles[side], pool[i]), append(sets[side], compiled[i])
				}
			}
		}
		gained, lost := rules.Diff(roles[0], roles[1])
		sharedGained, sharedLost, used, ok := rules.DiffCompiled(sets[0], sets[1], Work{unmetered, unmetered})
		if !ok || !slices.Equal(gained, sharedGained) || !slices.Equal(lost, sharedLost) {
			t.Fatalf("seed %d: apart %q %q, shared %q %q", seed, gained, lost, sharedGained, sharedLost)
		}
		if size := grantsBytes(gained) + grantsBytes(lost); used.Bytes < size {
			t.Fatalf("seed %d: %d bytes were counted of %d", seed, used.Bytes, size)
		}
	}
}

func grantsBytes(list []Grant) (n int) {
	for _, g := range list {
		n += len(g.Action) + len(g.Resource)
	}
	return n
}

// A comparison ends where it takes more steps or writes more than it may, and what
// it takes is the same each time.
func TestComparisonIsBounded(t *testing.T) {
	t.Parallel()
	var pools []string
	for i := range 1000 {
		pools = append(pools, fmt.Sprintf("pool/p%04d", i))
	}
	big := Compile(role(allow([]string{"workflow:*"}, pools...), deny([]string{"workflow:Exec"}, pools[:500]...))[0])
	small := Compile(role(allow([]string{"workflow:Read"}, "pool/new"))[0])
	all := Work{unmetered, unmetered}
	_, _, whole, ok := rules.DiffCompiled(nil, []*Compiled{big, small}, all)
	if !ok {
		t.Fatal("there is no bound, and it was met")
	}
	for _, most := range []Work{{whole.Steps - 1, whole.Bytes}, {whole.Steps, whole.Bytes - 1}} {
		if gained, _, _, ok := rules.DiffCompiled(nil, []*Compiled{big, small}, most); ok || len(gained) > 0 {
			t.Errorf("%+v of %+v was enough", most, whole)
		}
	}
	if _, _, _, ok := rules.DiffCompiled(nil, []*Compiled{big, small}, whole); !ok {
		t.Errorf("%+v was not enough", whole)
	}
	_, _, one, _ := rules.DiffCompiled([]*Compiled{big}, []*Compiled{big, small}, all)
	if one.Steps > whole.Steps/100 {
		t.Errorf("one role more took %d steps of %d", one.Steps, whole.Steps)
	}
}

func TestEffectiveIsExact(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		roles := generator{rand.New(rand.NewPCG(seed, 2))}.roles()
		grants, set := rules.Effective(roles), rules.Roles(roles)
		named, carried := rules.probes(resourcesAround(roles))
		for i, r := range append(named, carried...) {
			checkSide(t, "effective", grants, r, set.Check(r.action, r.resource).Allowed, i < len(named))
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// Whatever is only written differently must look the same.
func TestRewritingChangesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		g := generator{rand.New(rand.NewPCG(seed, 3))}
		before := g.roles()
		after := g.rewrite(before)
		if diff := cmp.Diff(rules.Effective(before), rules.Effective(after)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if gained, lost := rules.Diff(before, after); len(gained)+len(lost) > 0 {
			t.Fatalf("seed %d: gained %q, lost %q", seed, gained, lost)
		}
	}
}

// rewrite splits policies, moves the pieces between roles, changes their order
// and says some of them twice.
func (g generator) rewrite(roles []*model.Role) []*model.Role {
	var pieces []model.Policy
	for _, r := range roles {
		for _, p := range r.Policies {
			pieces = append(pieces, g.split(p)...)
		}
	}
	for range len(pieces) / 3 {
		pieces = append(pieces, pieces[g.IntN(len(pieces))])
	}
	g.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
	cut := g.IntN(len(pieces) + 1)
	return []*model.Role{{Name: "one", Policies: pieces[:cut]}, {Name: "two", Policies: pieces[cut:]}}
}

func (g generator) split(p model.Policy) []model.Policy {
	if len(p.Resources) == 0 {
		return []model.Policy{p}
	}
	var out []model.Policy
	for _, a := range p.Actions {
		for _, r := range p.Resources {
			out = append(out, model.Policy{Effect: p.Effect, Actions: []string{a}, Resources: []string{r}})
		}
	}
	return out
}

// Of few patterns, many pairs of different texts mean the same.
func TestEffectiveIsCanonical(t *testing.T) {
	t.Parallel()
	word := func(g generator) string {
		return g.pick("*", "pool/*", "pool/a", "pool/a*", "pool/ab", "pool/ab*")
	}
	resources := []string{"pool/a", "pool/ax", "pool/ab", "pool/abx", "pool/x", "pool/*", ""}
	same := 0
	for seed := range uint64(3000) {
		g := generator{rand.New(rand.NewPCG(seed, 4))}
		side := func() []*model.Role {
			r := &model.Role{Name: "r"}
			for range 1 + g.IntN(3) {
				r.Policies = append(r.Policies, model.Policy{
					Effect: model.Effect(g.pick("Allow", "Allow", "Deny")), Actions: []string{"workflow:Read"},
					Resources: g.list(1, 2, func() string { return word(g) }),
				})
			}
			return []*model.Role{r}
		}
		one, two := side(), side()
		if !slices.Equal(answersTo(one, resources), answersTo(two, resources)) {
			continue
		}
		same++
		if diff := cmp.Diff(rules.Effective(one), rules.Effective(two)); diff != "" {
			t.Fatalf("seed %d: the same access looks different: %s", seed, diff)
		}
	}
	if same < 300 {
		t.Errorf("only %d pairs meant the same", same)
	}
}

func answersTo(roles []*model.Role, resources []string) []bool {
	set := rules.Roles(roles)
	out := make([]bool, len(resources))
	for i, r := range resources {
		out[i] = set.Check("workflow:Read", r).Allowed
	}
	return out
}

func role(policies ...model.Policy) []*model.Role {
	return []*model.Role{{Name: "r", Policies: policies}}
}

func deny(actions []string, resources ...string) model.Policy {
	return model.Policy{Effect: model.Deny, Actions: actions, Resources: resources}
}

func builtin(name string) []*model.Role {
	r, _ := rules.Builtin(name)
	return []*model.Role{r}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	work := []string{"workflow:*"}
	read := []string{"config:Read"}
	tests := []struct {
		name          string
		before, after []*model.Role
		gained, lost  []Grant
	}{
		{name: "nobody stays nobody", gained: []Grant{}, lost: []Grant{}},
		{
			name:   "a new administrator",
			after:  builtin("osmo-admin"),
			gained: []Grant{{"*:* except auth:Login, auth:Refresh, profile:*, system:*", "*"}},
		},
		{
			name:   "a user becomes an administrator",
			before: builtin("osmo-user"), after: builtin("osmo-admin"),
			gained: []Grant{
				{"internal:*", "backend/*"},
				{"config:*", "config/*"},
				{"workflow:* except workflow:Read", "pool/* except pool/default"},
				{"*", Unregistered},
			},
		},
		{
			name:   "a pool more",
			before: role(allow(work, "pool/a")), after: role(allow(work, "pool/a", "pool/b")),
			gained: []Grant{{"workflow:*", "pool/b"}},
		},
		{
			name:   "a pool for a prefix",
			before: role(allow(work, "pool/team-a")), after: role(allow(work, "pool/team-*")),
			gained: []Grant{{"workflow:*", "pool/team-* except pool/team-a"}},
			lost:   []Grant{{"workflow:*", "pool/?"}},
		},
		{
			name:   "a Deny",
			before: role(allow(work, "pool/*")), after: role(allow(work, "pool/*"), deny([]string{"workflow:Exec"}, "pool/prod")),
			lost: []Grant{{"workflow:Exec", "pool/prod"}},
		},
		{
			name:   "a Deny on one pool reaches what has no pool",
			before: role(allow(work, "pool/*")), after: role(allow(work, "pool/*"), deny(work, "pool/prod")),
			lost: []Grant{{"workflow:List", ""}, {"workflow:*", "pool/prod"}},
		},
		{
			name:   "only what has no resource remains",
			before: role(allow(work, "pool/a")), after: role(allow(work)),
			lost: []Grant{{"workflow:*", "pool/a"}},
		},
		{
			name:   "the web server alone",
			after:  role(allow([]string{"workflow:PortForward"})),
			gained: []Grant{{"workflow:PortForward", ""}},
		},
		{
			name:   "a scope without a name",
			after:  role(allow(read, "config/")),
			gained: []Grant{{"config:Read", "config/?"}},
		},
		{
			name:   "what is left to an administrator",
			before: role(allow([]string{"app:*", "credentials:*", "*:List", "*:Read", "mcp:*"})), after: builtin("osmo-admin"),
			gained: []Grant{
				{"auth:Token", ""},
				{"internal:*", "backend/*"},
				{"config:*", "config/*"},
				{"workflow:*", "pool/*"},
				{"auth:Token", "user/*"},
				{"*", Unregistered},
			},
		},
		{
			name:  "an exception below a prefix said twice",
			after: role(allow(read, "config/a", "config/b*", "config/bb*"), deny(read, "config/bbb")),
			gained: []Grant{
				{"config:Read", "config/a"},
				{"config:Read", "config/b* except config/bbb"},
			},
		},
		{
			name:   "an exception",
			after:  role(allow(read, "config/*"), deny(read, "config/s*")),
			gained: []Grant{{"config:Read", "config/* except config/s*"}},
		},
		{
			name:   "all but what there was",
			before: role(allow(read, "config/secret")), after: role(allow(read, "*")),
			gained: []Grant{{"config:Read", "config/* except config/secret"}},
		},
		{
			name:   "gained below an exception",
			before: role(allow(read, "config/s*"), deny(read, "config/sa")), after: role(allow(read, "config/*")),
			gained: []Grant{{"config:Read", "config/* except config/s*"}, {"config:Read", "config/sa"}},
		},
		{
			name:   "names that look like grants",
			after:  role(allow(read, "config/* except config/x", "config/?", "config/%2A", "config/é**")),
			gained: []Grant{{"config:Read", "config/%252A"}, {"config:Read", "config/%2A%20except%20config/x"}, {"config:Read", "config/%3F"}, {"config:Read", "config/%C3%A9%2A*"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			gained, lost := rules.Diff(test.before, test.after)
			if diff := cmp.Diff(append([]Grant{}, test.gained...), gained); diff != "" {
				t.Errorf("gained (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]Grant{}, test.lost...), lost); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEffectiveOfDesign(t *testing.T) {
	t.Parallel()
	roles := role(
		allow([]string{"workflow:*", "pool:List"}, "pool/ml-training", "pool/ml-inference"),
		deny([]string{"workflow:Exec"}, "pool/ml-inference"),
	)
	want := []Grant{
		{"auth:Login", ""},
		{"auth:Refresh", ""},
		{"pool:List", ""},
		{"profile:*", ""},
		{"system:*", ""},
		{"workflow:List", ""},
		{"workflow:* except workflow:Exec", "pool/ml-inference"},
		{"workflow:*", "pool/ml-training"},
	}
	if diff := cmp.Diff(want, rules.Effective(roles)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Grant{{"*:*", "*"}}, rules.Effective(builtin("osmo-admin"))); diff != "" {
		t.Error(diff)
	}
}

// What is granted but for a few actions is said in one line; thirteen would say it
// otherwise. An action that is refused somewhere alone keeps it from that.
func TestEverythingButSome(t *testing.T) {
	t.Parallel()
	admin := allow([]string{"*:*"}, "*")
	for _, test := range []struct {
		roles []*model.Role
		want  []Grant
	}{
		{role(admin, deny([]string{"config:Update"}, "*")), []Grant{{"*:* except config:Update", "*"}}},
		{role(admin, deny([]string{"config:*", "internal:*", "app:Delete"}, "*")), []Grant{{"*:* except app:Delete, config:*, internal:*", "*"}}},
		{role(admin, deny([]string{"auth:Token"}, "*")), []Grant{{"*:* except auth:Token", "*"}}},
		{role(admin, deny([]string{"workflow:PortForward"}, "*")), []Grant{{"*:* except workflow:PortForward", "*"}}},
	} {
		for _, r := range []*Rules{rules, chart} {
			if diff := cmp.Diff(test.want, r.Effective(test.roles)); diff != "" {
				t.Errorf("%v: %s", r.Server(), diff)
			}
		}
	}
	for _, patchy := range []model.Policy{deny([]string{"config:Update"}, "config/role"), deny([]string{"auth:Token"}, "user/root"), deny([]string{"workflow:PortForward"})} {
		if got := rules.Effective(role(admin, patchy)); len(got) == 1 {
			t.Errorf("%q is said of %q", got, patchy)
		}
	}
}

// In ConfigMap mode every question about an existing workflow is one about "pool/*"
// (facts, section 12).
func TestPoolsInConfigMapMode(t *testing.T) {
	t.Parallel()
	all := []string{"workflow:*"}
	existing := Grant{"workflow:* except workflow:Create", "pool/*"}
	for _, test := range []struct {
		name  string
		roles []*model.Role
		want  []Grant
	}{
		{"one pool reaches the workflows of all", role(allow(all, "pool/a")), []Grant{{"workflow:List", ""}, existing, {"workflow:Create", "pool/a"}}},
		{"a prefix reaches those of none", role(allow(all, "pool/team-*")), []Grant{{"workflow:List", ""}, {"workflow:PortForward", ""}, {"workflow:Create", "pool/team-*"}}},
		{
			"a Deny on one refuses those of all", role(allow(all, "*"), deny([]string{"workflow:Exec"}, "pool/prod")),
			[]Grant{{"workflow:List", ""}, {"workflow:* except workflow:Exec", "pool/*"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			gained, _ := chart.Diff(nil, test.roles)
			if diff := cmp.Diff(test.want, gained); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The web server has no name of its own, so it may not hide in the sum of all.
func TestEverythingIncludesTheWebServer(t *testing.T) {
	t.Parallel()
	roles := append(builtin("osmo-admin"), role(deny([]string{"workflow:PortForward"}))...)
	if got := rules.Effective(roles); slices.Contains(got, Grant{"*:*", Everything}) {
		t.Errorf("= %q", got)
	}
}

// FuzzDiff reads roles out of any two texts: a line is a policy, "!" before it
// makes it a Deny, actions and resources are separated by "|", words by ",".
func FuzzDiff(f *testing.F) {
	f.Add("workflow:*|pool/a,pool/b", "workflow:*|pool/*\n!workflow:Exec|pool/a")
	f.Add("*:*|*", "*:*|\n!config:Update|config/*")
	f.Add("auth:Token|user/svc-*,user/", "auth:Token|user/*,user/**,*/")
	f.Add("pool:List", "*|p*\n!workflow:Exec|pool/")
	f.Add("config:Read|config/%2A,config/a except b*", "*|\xff*,config/\x00*")
	f.Fuzz(func(t *testing.T, before, after string) {
		b, a := parseRoles(before), parseRoles(after)
		checkDiff(t, b, a)
		gained, lost := rules.Diff(b, a)
		again, back := rules.Diff(a, b)
		if !slices.Equal(gained, back) || !slices.Equal(lost, again) {
			t.Errorf("there %q %q and back %q %q", gained, lost, again, back)
		}
	})
}

func parseRoles(text string) []*model.Role {
	r := &model.Role{Name: "r"}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		p := model.Policy{Effect: model.Allow}
		if rest, ok := strings.CutPrefix(line, "!"); ok {
			p.Effect, line = model.Deny, rest
		}
		actions, resources, _ := strings.Cut(line, "|")
		p.Actions = strings.Split(actions, ",")
		if resources != "" {
			p.Resources = strings.Split(resources, ",")
		}
		r.Policies = append(r.Policies, p)
	}
	return []*model.Role{r}
}

func BenchmarkEffective(b *testing.B) {
	roles := append(builtin("osmo-user"), builtin("osmo-backend")...)
	b.ReportAllocs()
	for b.Loop() {
		rules.Effective(roles)
	}
}

func BenchmarkDiff(b *testing.B) {
	before := builtin("osmo-user")
	after := append(builtin("osmo-user"), role(allow([]string{"workflow:*"}, "pool/ml-training", "pool/ml-inference"))...)
	b.ReportAllocs()
	for b.Loop() {
		rules.Diff(before, after)
	}
}

// BenchmarkDiffHuge is a role as large as a file may make it.
func BenchmarkDiffHuge(b *testing.B) {
	var pools []string
	for i := range 40000 {
		pools = append(pools, fmt.Sprintf("pool/some-pool-%d", i))
	}
	roles := role(allow([]string{"workflow:*"}, pools...), deny([]string{"workflow:Exec"}, pools[:20000]...))
	b.ReportAllocs()
	for b.Loop() {
		rules.Diff(nil, roles)
	}
}

// BenchmarkDiffCompiled is an account of twenty large roles that gains one more.
func BenchmarkDiffCompiled(b *testing.B) {
	var before []*Compiled
	for i := range 20 {
		var pools []string
		for j := range 1000 {
			pools = append(pools, fmt.Sprintf("pool/p%d-%d", i, j))
		}
		before = append(before, Compile(role(allow([]string{"workflow:*"}, pools...), deny([]string{"workflow:Exec"}, pools[:500]...))[0]))
	}
	after := append(slices.Clone(before), Compile(role(allow([]string{"workflow:Read"}, "pool/new"))[0]))
	for name, sides := range map[string][2][]*Compiled{"one more": {before, after}, "all new": {nil, after}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var used Work
			for b.Loop() {
				_, _, used, _ = rules.DiffCompiled(sides[0], sides[1], Work{unmetered, unmetered})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(used.Steps), "ns/step")
		})
	}
}
