package house

import (
	"encoding/json"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/schemas"
)

// keySets says where the schemas have each list of keys that package config
// accepts: a schema, and a path of keys in it.
var keySets = map[string][]string{
	"manifestKeys":      {"manifest"},
	"roleKeys":          {"manifest", "$defs", "declaredRole"},
	"policyKeys":        {"manifest", "$defs", "declaredPolicy"},
	"accountKeys":       {"manifest", "$defs", "declaredAccount"},
	"tokenKeys":         {"manifest", "$defs", "declaredToken"},
	"rotateKeys":        {"manifest", "$defs", "rotation"},
	"approvalsKeys":     {"approvals"},
	"approvalKeys":      {"approvals", "$defs", "approval"},
	"projectKeys":       {"project"},
	"defaultsKeys":      {"project", "properties", "defaults"},
	"defaultTokenKeys":  {"project", "properties", "defaults", "properties", "token"},
	"limitKeys":         {"project", "$defs", "limit"},
	"forbidKeys":        {"project", "$defs", "forbid"},
	"forbidSubjectKeys": {"project", "$defs", "forbid", "properties", "subjects"},
	"exceptKeys":        {"project", "$defs", "exception"},
	"gitKeys":           {"project", "properties", "git"},
	"backendKeys":       {"project", "properties", "backend"},
	"serverKeys":        {"project", "properties", "osmo"},
	"expectationsKeys":  {"access-expectations"},
	"expectationKeys":   {"access-expectations", "$defs", "expectation"},
}

// The schemas have exactly the keys that config accepts. Those are read from
// its sources: a list of keys is a variable of type keys.
func TestSchemasHaveTheKeysOfConfig(t *testing.T) {
	t.Parallel()
	accepted := acceptedKeys(t)
	for name, keys := range accepted {
		where := keySets[name]
		if where == nil {
			t.Errorf("config accepts the keys %s %q: add them to a schema, and the pair to keySets", name, keys)
			continue
		}
		if diff := cmp.Diff(model.Set(keys), model.Names(properties(t, where))); diff != "" {
			t.Errorf("%s and the schema's %s differ (-config +schema):\n%s", name, strings.Join(where, "/"), diff)
		}
	}
	for name := range keySets {
		if accepted[name] == nil {
			t.Errorf("config has no variable %s any more: take it out of keySets", name)
		}
	}
}

// acceptedKeys are the lists of keys in package config, by variable.
func acceptedKeys(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, s := range shipped(t) {
		if s.dir != "pkg/config" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if list, ok := spec.Values[0].(*ast.CompositeLit); ok {
				if kind, ok := list.Type.(*ast.Ident); ok && kind.Name == "keys" {
					out[spec.Names[0].Name] = texts(list)
				}
			}
			return true
		})
	}
	return out
}

// texts are the strings of a literal list.
func texts(list *ast.CompositeLit) []string {
	var out []string
	for _, e := range list.Elts {
		if lit, ok := e.(*ast.BasicLit); ok {
			s, _ := strconv.Unquote(lit.Value)
			out = append(out, s)
		}
	}
	return out
}

// properties are those of the part of a schema that a path leads to.
func properties(t *testing.T, where []string) map[string]any {
	t.Helper()
	text, ok := schemas.Read(where[0])
	if !ok {
		t.Fatalf("there is no schema %s", where[0])
	}
	var at map[string]any
	if err := json.Unmarshal(text, &at); err != nil {
		t.Fatal(err)
	}
	for _, key := range append(slices.Clone(where[1:]), "properties") {
		next, ok := at[key].(map[string]any)
		if !ok {
			t.Fatalf("%s has no %s", strings.Join(where, "/"), key)
		}
		at = next
	}
	return at
}

// Editors complete every action that OSMO knows, and every service as a whole.
func TestSchemaCompletesOSMOsActions(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"*:*": true}
	for _, a := range access.Actions() {
		service, _, _ := strings.Cut(a.Name, ":")
		want[a.Name], want[service+":*"] = true, true
	}
	text, _ := schemas.Read("manifest")
	var schema struct {
		Defs struct {
			Action struct {
				AnyOf []struct{ Enum []string }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(model.Names(want), model.Set(schema.Defs.Action.AnyOf[0].Enum)); diff != "" {
		t.Errorf("the actions differ (-OSMO +schema):\n%s", diff)
	}
}

// The built-in roles that may say nothing are those of OSMO; the one that it leaves to
// its users is declared as any other, and completed beside them.
func TestSchemaKnowsBuiltinRoles(t *testing.T) {
	t.Parallel()
	want := map[string]any{}
	for _, name := range access.BuiltinNames() {
		want[name] = map[string]any{"$ref": "#/$defs/builtinRole"}
	}
	want[access.ChangeableRole] = map[string]any{"$ref": "#/$defs/declaredRole"}
	if diff := cmp.Diff(want, properties(t, []string{"manifest", "properties", "roles"})); diff != "" {
		t.Errorf("the built-in roles differ (-OSMO +schema):\n%s", diff)
	}
}

// Editors complete the built-in roles wherever a role is held, say of each what it is,
// and let others pass.
func TestSchemaCompletesBuiltinRoles(t *testing.T) {
	t.Parallel()
	text, _ := schemas.Read("manifest")
	var schema struct {
		Defs struct {
			HeldRole struct {
				AnyOf []struct{ Enum, EnumDescriptions []string }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	builtin := schema.Defs.HeldRole.AnyOf[0]
	if diff := cmp.Diff(access.BuiltinNames(), builtin.Enum); diff != "" {
		t.Errorf("the built-in roles differ (-OSMO +schema):\n%s", diff)
	}
	if len(builtin.EnumDescriptions) != len(builtin.Enum) {
		t.Errorf("%d built-in roles have %d descriptions", len(builtin.Enum), len(builtin.EnumDescriptions))
	}
	for _, def := range []string{"declaredAccount", "declaredToken"} {
		roles := properties(t, []string{"manifest", "$defs", def})["roles"].(map[string]any)
		if diff := cmp.Diff(map[string]any{"$ref": "#/$defs/heldRole"}, roles["items"]); diff != "" {
			t.Errorf("%s: %s", def, diff)
		}
	}
	for account, valid := range map[string]bool{"osmo-user": true, "team-a": true, "team a": false, "1": false} {
		document := "service_accounts: {svc: {roles: [" + account + "]}}"
		if err := validateYAML(t, "manifest", []byte(document)); (err == nil) != valid {
			t.Errorf("%s: %v", document, err)
		}
	}
}

// Where a duration or a date is wrong, editors say so in words: by default they show the
// pattern.
func TestSchemaSaysWhatIsWrongWithADuration(t *testing.T) {
	t.Parallel()
	places := map[string][]string{
		"expires_at": {"manifest", "$defs", "declaredToken"}, "expires_in": {"manifest", "$defs", "declaredToken"},
		"every": {"manifest", "$defs", "rotation"}, "overlap": {"project", "$defs", "rotation"},
		"max_token_lifetime": {"project", "$defs", "guardrails"}, "until": {"project", "$defs", "exception"},
	}
	for key, where := range places {
		property := properties(t, where)[key].(map[string]any)
		reference, _ := property["$ref"].(string)
		text, _ := schemas.Read(where[0])
		var schema struct {
			Defs map[string]struct{ Pattern, ErrorMessage string } `json:"$defs"`
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		if def := schema.Defs[strings.TrimPrefix(reference, "#/$defs/")]; def.Pattern == "" || !strings.Contains(def.ErrorMessage, "such as") {
			t.Errorf("%s of %s: %+v", key, strings.Join(where, "/"), def)
		}
	}
}

// A role says what it allows, or that it lives on the server: never both, nor neither.
func TestSchemaOfExternalRoles(t *testing.T) {
	t.Parallel()
	for role, valid := range map[string]bool{
		"{external: true}": true, "{external: true, previously: [a]}": true, "{external: false, policies: []}": true,
		"{external: true, policies: []}": false, "{external: true, description: x}": false, "{external: false}": false, "{}": false,
	} {
		if err := validateYAML(t, "manifest", []byte("roles: {r: "+role+"}")); (err == nil) != valid {
			t.Errorf("%s: %v", role, err)
		}
	}
}
