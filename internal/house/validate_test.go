package house

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/schemas"
)

// compiled has every schema, ready for use. Formats are checked, as editors do.
var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	out := map[string]*jsonschema.Schema{}
	for _, name := range schemas.Names() {
		text, _ := schemas.Read(name)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		if err := c.AddResource(schemas.FileName(name), doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if out[name], err = c.Compile(schemas.FileName(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
})

func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	all, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	if all[name] == nil {
		t.Fatalf("there is no schema %s", name)
	}
	return all[name]
}

// validateJSON holds a JSON document against a schema.
func validateJSON(t *testing.T, name string, document []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return schemaOf(t, name).Validate(value)
}

// validateYAML holds a YAML document against a schema, as an editor does.
func validateYAML(t *testing.T, name string, document []byte) error {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(document, &doc); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return schemaOf(t, name).Validate(plain(doc.Content[0]))
}

// plain turns YAML into the values of JSON by the rules of YAML 1.2, which the
// editors' language server follows: a date is a text, and so are yes and no.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = plain(item)
		}
		return list
	}
	return scalar(n)
}

func scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true"
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}
