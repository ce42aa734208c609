package helm

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

var testOptions = Options{Rules: access.RulesOf(model.Server{Mode: model.ModeConfigMap})[0]}

// read reads values that have no problem.
func read(t *testing.T, text string) map[string]Found {
	t.Helper()
	found, problems := Read("values.yaml", []byte(text), testOptions)
	for _, p := range problems {
		t.Errorf("%s [%s]", p.Error(), p.Code)
	}
	out := map[string]Found{}
	for _, f := range found {
		out[f.Name] = f
	}
	return out
}

const team = `
team:
  description: ML team
  policies:
  - actions: ["workflow:*", "pool:List"]
    resources: [pool/a, pool/b]
  - {effect: Deny, actions: ["workflow:Exec"], resources: ["pool/b"]}
  external_roles: [group]
  sync_mode: force
`

var wantTeam = &model.Role{
	Name: "team", Description: "ML team", ExternalRoles: []string{"group"}, SyncMode: model.SyncForce,
	Policies: []model.Policy{
		{Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/a", "pool/b"}},
		{Effect: model.Deny, Actions: []string{"workflow:Exec"}, Resources: []string{"pool/b"}},
	},
}

// indented puts a text below keys, each further in than the one before.
func indented(text string, keys ...string) string {
	for i := len(keys) - 1; i >= 0; i-- {
		text = keys[i] + ":" + strings.ReplaceAll("\n"+strings.Trim(text, "\n"), "\n", "\n  ") + "\n"
	}
	return text
}

// Roles stand in five places, and everything beside them is passed over, whatever
// YAML has for it.
func TestReadPlaces(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"osmo":     "base: &base {a: 1}\nother: {<<: *base, x: !!int 3}\n" + indented(team, "configuration", "roles"),
		"service":  indented(team, "services", "configs", "roles") + "global: &x null\nagain: *x\n",
		"file":     "config: {a: [1]}\n" + indented(team, "roles"),
		"manifest": "apiVersion: v1\nkind: ConfigMap\ndata:\n  run.sh: '{{{'\n  config.yaml: |\n" + strings.ReplaceAll("\n"+indented(team, "roles"), "\n", "\n    "),
		"single":   "kind: ConfigMap\ndata: {config: " + fmt.Sprintf("%q", indented(team, "roles")) + "}\n",
		"unread":   "<<: &x {kind: &k ConfigMap}\nkind: &k2 x\n" + indented(team, "roles"),
		"merged":   "configuration:\n  <<: {}\n" + strings.TrimPrefix(indented(team, "configuration", "roles"), "configuration:\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := read(t, text)
			if diff := cmp.Diff(map[string]Found{"team": {Name: "team", Role: wantTeam}}, found); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, text)
			}
		})
	}
}

// What a declaration cannot say is said in a remark.
func TestReadRemarks(t *testing.T) {
	t.Parallel()
	const policy = `policies: [{actions: ["app:Read"], resources: ["*"]}]`
	for _, c := range []struct {
		name, values string
		// want is a part of the one remark.
		want string
		// declared tells whether a role is.
		declared bool
	}{
		{"partial built-in", `osmo-user: {external_roles: [everyone]}`, "those that OSMO 6.4 brings along", true},
		{"built-in that is OSMO's", `osmo-ctrl: {policies: [{actions: ["internal:Router", "internal:Logger"], resources: ["*"]}]}`, "says what OSMO says", false},
		{"another built-in", `osmo-admin: {` + policy + `}`, "says something else here", false},
		{"null", `x: null`, "takes the role out of values that come before", false},
		{"built-in null", `osmo-user: ~`, "keep this line in your values", false},
		{"no policies", `x: {external_roles: [y]}`, "allows nothing, unless other values", true},
		{"null policies", `x: {policies: }`, "policies was null", true},
		{"null policy", `x: {policies: [null, {actions: ["app:Read"], resources: ["*"]}]}`, "Policy 1 was null", true},
		{"no resources", `x: {policies: [{actions: ["app:Read"]}]}`, "Policy 1: it had no resources", true},
		{"empty resources", `x: {policies: [{actions: ["app:Read"], resources: []}]}`, "[none] keeps that", true},
		{"null resources", `x: {policies: [{actions: ["app:Read"], resources: ~}]}`, "it had no resources", true},
		{"no actions", `x: {policies: [{resources: ["*"]}]}`, "Policy 1: it has no actions", true},
		{"bare asterisk", `x: {policies: [{actions: ["*"], resources: ["*"]}]}`, `spelled "*:*"`, true},
		{"unknown key", `x: {` + policy + `, color: red}`, `The key "color" is left out`, true},
		{"immutable", `x: {` + policy + `, immutable: true}`, "immutable is left out", true},
		{"repeated action", `x: {policies: [{actions: ["app:Read", "app:Read"], resources: ["*"]}]}`, `Policy 1: "app:Read" is written once`, true},
		{"repeated resource", `x: {policies: [{actions: ["app:Read"], resources: ["*", "*"]}]}`, `"*" is written once in resources`, true},
		{"empty external roles", `x: {` + policy + `, external_roles: []}`, "maps the role to its own name", true},
		{"null external roles", `x: {` + policy + `, external_roles: }`, "maps the role to its own name", true},
		{"several lines", "x:\n    " + policy + "\n    description: |-\n      one\n      two", "is on one line now", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for name, f := range read(t, "configuration:\n  roles:\n   "+c.values+"\n") {
				if len(f.Remarks) != 1 || !strings.Contains(f.Remarks[0], c.want) {
					t.Errorf("%s has the remarks %q, want one with %q", name, f.Remarks, c.want)
				}
				if declared := f.Role != nil; declared != c.declared {
					t.Errorf("%s is declared: %v", name, declared)
				}
			}
		})
	}
	for _, silent := range []string{"immutable: false", "name: x", "description: ", "sync_mode: ~", "external_roles: [x]"} {
		if f := read(t, "roles: {x: {"+policy+", "+silent+"}}")["x"]; f.Remarks != nil || f.Role == nil {
			t.Errorf("%s: %+v", silent, f)
		}
	}
}

// A part of a built-in role is completed from the chart.
func TestReadPartialBuiltin(t *testing.T) {
	t.Parallel()
	got := read(t, "roles: {osmo-user: {external_roles: [everyone]}}")["osmo-user"].Role
	want, _ := testOptions.Rules.Builtin("osmo-user")
	want.ExternalRoles = []string{"everyone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want.Description != "User role — standard workflow and data operations" {
		t.Errorf("the chart describes it as %q", want.Description)
	}
}

// osmo-user of another version is not the one that a server brings along.
func TestReadUserOfAnotherVersion(t *testing.T) {
	t.Parallel()
	earlier, _ := access.RulesOf(model.Server{Version: "6.3", Mode: model.ModeConfigMap})[0].Builtin("osmo-user")
	values := string(Write(map[string]*model.Role{"osmo-user": earlier}, ChartService))
	if f := read(t, values)["osmo-user"]; f.Role == nil {
		t.Errorf("it is left out: %q", f.Remarks)
	}
}

// Entries of the form before 6.2 decide nothing until a server with a database converts
// them, and only what else the policy has is declared.
func TestReadLegacyActions(t *testing.T) {
	t.Parallel()
	f := read(t, `roles:
  x:
    policies:
    - actions: [{base: http, path: "/api/workflow/*", method: "*"}, "app:Read"]
      resources: ["*"]
    - actions: [{base: http, path: "!/api/pool", method: GET}]
      resources: ["*"]
    - action: ["app:Read"]
      resource: ["*"]
`)["x"]
	want := []string{
		`Policy 1: the action {"base": "http", "path": "/api/workflow/*", "method": "*"} is of the form before 6.2 and is left out: OSMO passes over it until a server with its roles in the database converts it.`,
		`Policy 2: the action {"base": "http", "path": "!/api/pool", "method": "GET"} is of the form before 6.2 and is left out: OSMO passes over it until a server with its roles in the database converts it.`,
		`Policy 2: it has no actions that OSMO reads, so it decides nothing, and is left out.`,
		`Policy 3: the key "action" is left out: OSMO has none of this name in a policy, and passes over it.`,
		`Policy 3: the key "resource" is left out: OSMO has none of this name in a policy, and passes over it.`,
		`Policy 3: it has no actions that OSMO reads, so it decides nothing, and is left out.`,
	}
	if diff := cmp.Diff(want, f.Remarks); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]model.Policy{{Effect: model.Allow, Actions: []string{"app:Read"}, Resources: []string{"*"}}}, f.Role.Policies); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What stands in for no resources decides as they do, about every action with every
// resource that requests have.
func TestNoResourceDecidesAsNone(t *testing.T) {
	t.Parallel()
	resources := []string{"", "*", "pool/a", "pool/*", "backend/x", "user/x", "config/role", "bucket/x"}
	for _, rules := range access.RulesOf(model.Server{}) {
		for _, effect := range []model.Effect{model.Allow, model.Deny} {
			for _, action := range append(rules.Actions(), access.Action{Name: "*:*"}, access.Action{Name: "workflow:*"}) {
				role := func(resources ...string) access.Roles {
					return rules.Roles([]*model.Role{{Name: "x", Policies: []model.Policy{{Effect: effect, Actions: []string{action.Name}, Resources: resources}}}, {Name: "y", Policies: []model.Policy{{Effect: model.Allow, Actions: []string{"app:*"}, Resources: []string{"*"}}}}})
				}
				for _, asked := range append(rules.Actions(), access.Action{}) {
					for _, resource := range resources {
						if without, with := role().Check(asked.Name, resource), role(NoResource).Check(asked.Name, resource); without.Allowed != with.Allowed {
							t.Fatalf("%s of %s: %s on %q is allowed %v without resources, and %v with %s", effect, action.Name, asked.Name, resource, without.Allowed, with.Allowed, NoResource)
						}
					}
				}
			}
		}
	}
}

// Where nothing sensible can be made of something, the problem has its place.
func TestReadProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, values, want string }{
		{"no roles", "a: 1\n", "values.yaml: no roles stand here: neither at configuration.roles nor at services.configs.roles nor at roles [helm_no_roles]"},
		{"empty", "", "values.yaml: no roles stand here: neither at configuration.roles nor at services.configs.roles nor at roles [helm_no_roles]"},
		{"two places", "roles: {}\nconfiguration: {roles: {}}\n", "values.yaml:1:8: roles stand here, at roles, and at configuration.roles as well [helm_role]"},
		{"list", "roles: [a]\n", "values.yaml:1:8: roles must be a map, not a list [helm_role]"},
		{"role is a text", "roles:\n  a: b\n", `values.yaml:2:6: the role "a" must be a map, not a single value [helm_role]`},
		{"bad name", "roles:\n  a/b: {}\n", `values.yaml:2:3: the role "a/b" cannot be declared: a role name holds only letters, digits and "_", "." and "-" [helm_role]`},
		{"case", "roles:\n  OSMO-user: {}\n", `values.yaml:2:3: the role "OSMO-user" cannot be declared beside another one: their names differ only in case [helm_role]`},
		{"other name", "roles:\n  a: {name: b}\n", `values.yaml:2:13: this is another name than "a" [helm_role]`},
		{"bad action", "roles:\n  a: {policies: [{actions: [read], resources: ['*']}]}\n", "values.yaml:2:29: the action \"read\" cannot be used: "},
		{"bad effect", "roles:\n  a: {policies: [{effect: deny, actions: ['app:Read'], resources: ['*']}]}\n", `values.yaml:2:27: there is no effect "deny" [helm_role]`},
		{"bad sync mode", "roles:\n  a: {sync_mode: never}\n", `values.yaml:2:18: there is no sync mode "never" [helm_role]`},
		{"repeated key", "roles:\n  a: {}\n  a: {}\n", `values.yaml:3:3: the key "a" is repeated [duplicate_key]`},
		{"repeated on the way", "configuration: {roles: {}}\nconfiguration: {}\n", `values.yaml:2:1: the key "configuration" is repeated [duplicate_key]`},
		{"anchor inside", "roles:\n  a: &x {}\n  b: *x\n", "values.yaml:2:6: anchors are not read [yaml_anchor]"},
		{"alias on the way", "x: &x {roles: {}}\nconfiguration: *x\n", "values.yaml:2:16: aliases are not read [yaml_alias]"},
		{"merge on the way", "x: &x {roles: {}}\nconfiguration: {<<: *x}\n", `values.yaml:2:17: merge keys are not read, and "roles" may stand behind this one [yaml_merge_key]`},
		{"merge inside", "roles:\n  a: {<<: {}}\n", "values.yaml:2:7: merge keys are not read [yaml_merge_key]"},
		{"tag inside", "roles:\n  a: {description: !!str x}\n", "values.yaml:2:20: tags are not read [yaml_tag]"},
		{"second document", "roles: {}\n---\na: 1\n", "values.yaml:2:1: a second document begins here [second_document]"},
		{"syntax", "roles: {\n", "values.yaml:1:1: this is not YAML"},
		{"control character", "# \x01\nroles: {}\n", "values.yaml:1:3: the file holds the control character U+0001 [control_character]"},
		{"hidden line end", "# harmless\u2028roles: {osmo-user: {}}\n", "values.yaml:1:11: the file holds the line separator U+2028 [line_separator]"},
		{"hidden by an escape", `roles: {a: {description: "x\u202ey"}}`, "values.yaml:1:26: this value holds the invisible character U+202E [hidden_character]"},
		{"secret", "roles: {a: {description: " + aToken + "}}", "values.yaml:1:26: here stands what looks like a token of osmoctl's [leaked_secret]"},
		{"in a manifest", "kind: ConfigMap\ndata:\n  a.yaml: |\n    roles:\n      a: b\n", `values.yaml:5:10: the role "a" must be a map, not a single value [helm_role]`},
		{"in a quoted manifest", `{kind: ConfigMap, data: {a: "roles: {a: b}"}}`, `values.yaml:1:29: the role "a" must be a map, not a single value [helm_role]`},
		{"syntax in a manifest", "kind: ConfigMap\ndata:\n  a.yaml: |\n    roles: {\n", "values.yaml:4:5: this is not YAML"},
		{"too large", strings.Repeat("#", 1<<20+1), "values.yaml: the file is larger than 1 MiB [file_too_large]"},
		{"too many remarks", "roles: {a: {" + manyKeys(1001) + "}}", "values.yaml: more than 1000 things here cannot be declared as they stand [helm_role]"},
		{"too deep", "roles: {a: {policies: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}}", "this is nested too deeply [too_deep]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := Read("values.yaml", []byte(c.values), testOptions)
			var got []string
			for _, p := range problems {
				got = append(got, p.Error()+" ["+p.Code+"]")
				if p.Source != "" && p.Width < 1 {
					t.Errorf("%s covers nothing", p.Error())
				}
				if strings.Contains(p.Source, aToken) {
					t.Errorf("the source shows the token: %s", p.Source)
				}
			}
			if !problems.HasErrors() || !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("got\n%s\nwant %s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

// The rest of a values file holds what nobody is to see, so that only lines of the roles
// are shown.
func TestReadShowsNothingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values string
		shown  bool
	}{
		{"password: hunter2\nroles:\n  a: b\nsecret: hunter2\n", true},
		{"password: hunter2\nroles: {a: b}\n", false},
		{"{password: hunter2, roles: {a: b}}\n", false},
		{"{password: hunter2, roles: {a: &x {}}}\n", false},
		{"password: hunter2\n  x: 1\n", false},
		{"password: hunter2 \x01\n", false},
		{"x: &x {password: hunter2, roles: {}}\nconfiguration: *x\n", false},
		{"{kind: ConfigMap, data: {a: \"password: hunter2\\nroles:\\n  a: b\\n\"}}", false},
		{"kind: ConfigMap\ndata:\n  a.yaml: |\n    password: hunter2\n    roles:\n      a: b\n    secret: hunter2\n", true},
		{"kind: ConfigMap\ndata:\n  a.yaml: |\n    password: hunter2\n      roles: 1\n", false},
	} {
		_, problems := Read("values.yaml", []byte(c.values), testOptions)
		if !problems.HasErrors() {
			t.Errorf("%q has no problem", c.values)
		}
		for _, p := range problems {
			if strings.Contains(p.Source+p.Summary+p.Hint, "hunter2") || (p.Source != "") != c.shown {
				t.Errorf("%q: %s: shown is %q", c.values, p.Error(), p.Source)
			}
		}
	}
}

// aToken has the shape of one, and is none.
var aToken = "osmo_" + strings.Repeat("0aZ", 12) + "00"

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d: 1", i)
	}
	return strings.Join(keys, ", ")
}

// OSMO's own chart has nothing but what OSMO brings along.
func TestReadOSMOsOwnValues(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/chart-roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found, problems := Read("values.yaml", data, testOptions)
	if len(problems) > 0 || len(found) != len(access.BuiltinNames()) {
		t.Errorf("%d roles, %v", len(found), problems)
	}
	for _, f := range found {
		if f.Role != nil || len(f.Remarks) != 1 {
			t.Errorf("%s: %q", f.Name, f.Remarks)
		}
	}
}
