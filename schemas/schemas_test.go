package schemas_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/osmoctl/osmoctl/schemas"
)

const dialect = "https://json-schema.org/draft/2020-12/schema"

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, ok := schemas.Read(name)
	if !ok {
		t.Fatalf("there is no schema %s", name)
	}
	return text
}

// decode returns the schema as plain maps and lists.
func decode(t *testing.T, name string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(read(t, name), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func each(t *testing.T, check func(t *testing.T, name string)) {
	t.Helper()
	for _, name := range schemas.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, name)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := schemas.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "manifest") || !slices.Contains(names, "project") {
		t.Errorf("got %q", names)
	}
	if _, ok := schemas.Read("../manifest"); ok {
		t.Error("a path was taken for a name")
	}
	if got := schemas.FileName("plan"); got != "plan.schema.json" {
		t.Errorf("got %q", got)
	}
}

// Every schema is valid by the rules of its draft, and stands alone: a compiler
// that can load nothing accepts it.
func TestCompile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string) {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		c.UseLoader(jsonschema.SchemeURLLoader{})
		url := "https://osmoctl.dev/schemas/" + schemas.FileName(name)
		if err := c.AddResource(url, doc); err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile(url)
		if err != nil {
			t.Fatal(err)
		}
		if s.DraftVersion != 2020 {
			t.Errorf("the draft is %d", s.DraftVersion)
		}
	})
}

func TestHead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string) {
		doc := decode(t, name)
		if doc["$schema"] != dialect {
			t.Errorf("$schema is %v", doc["$schema"])
		}
		if want := "https://osmoctl.dev/schemas/" + schemas.FileName(name); doc["$id"] != want {
			t.Errorf("$id is %v, want %v", doc["$id"], want)
		}
		for _, key := range []string{"title", "description"} {
			if text, _ := doc[key].(string); text == "" {
				t.Errorf("there is no %s", key)
			}
		}
	})
}

// walk visits every schema inside v that describes a value.
func walk(path string, v any, visit func(path string, schema map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for key, child := range v {
			walk(path+"/"+key, child, visit)
		}
	case []any:
		for _, child := range v {
			walk(path, child, visit)
		}
	}
}

// Editors show descriptions: every property has one.
func TestEveryPropertyIsDescribed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string) {
		doc := decode(t, name)
		walk("", doc, func(path string, schema map[string]any) {
			properties, _ := schema["properties"].(map[string]any)
			if strings.HasSuffix(path, "/if") || strings.HasSuffix(path, "/then") {
				return
			}
			for key, p := range properties {
				if !described(doc, p) {
					t.Errorf("%s/properties/%s has no description", path, key)
				}
			}
		})
	})
}

func described(doc map[string]any, property any) bool {
	p, _ := property.(map[string]any)
	if text, _ := p["description"].(string); text != "" {
		return true
	}
	reference, _ := p["$ref"].(string)
	definitions, _ := doc["$defs"].(map[string]any)
	target, found := definitions[strings.TrimPrefix(reference, "#/$defs/")]
	return found && described(doc, target)
}

// A schema that lets unknown keys pass does not find a misspelt one.
func TestObjectsAreClosed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string) {
		walk("", decode(t, name), func(path string, schema map[string]any) {
			if schema["type"] == "object" && schema["additionalProperties"] == nil {
				t.Errorf("%s lets any key pass", path)
			}
		})
	})
}

// What two schemas call by one name is the same thing, and whatever is defined
// is used.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	first := map[string]any{}
	for _, name := range schemas.Names() {
		doc := decode(t, name)
		text := string(read(t, name))
		definitions, _ := doc["$defs"].(map[string]any)
		for key, d := range definitions {
			if before, ok := first[key]; ok && !reflect.DeepEqual(before, d) {
				t.Errorf("%s defines %s unlike another schema", name, key)
			}
			first[key] = d
			if !strings.Contains(text, `"#/$defs/`+key+`"`) {
				t.Errorf("%s defines %s and does not use it", name, key)
			}
		}
	}
}

// Required properties exist: the compiler does not ask for that.
func TestRequiredPropertiesExist(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string) {
		walk("", decode(t, name), func(path string, schema map[string]any) {
			properties, _ := schema["properties"].(map[string]any)
			required, _ := schema["required"].([]any)
			for _, key := range required {
				if _, ok := properties[key.(string)]; !ok && properties != nil {
					t.Errorf("%s requires %v, which is no property of it", path, key)
				}
			}
		})
	})
}
