package view_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/leaks"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// sarifSchema is the published schema of SARIF 2.1.0 as OASIS has it. The library
// carries its text as a constant that it does not export, so it is read from there.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	at, err := build.Import("github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(at.Dir, "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err = strconv.Unquote(literal.Value)
		}
		return true
	})
	if err != nil || !strings.Contains(text, `"title": "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"`) {
		t.Fatalf("the library has no schema of SARIF 2.1.0 where it was: %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// checkSARIF holds a log against the schema, and has it read as others understood the
// standard: they know every property.
func checkSARIF(schema *jsonschema.Schema, log []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(log))
	if err != nil {
		return err
	}
	if err := schema.Validate(doc); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(log))
	d.DisallowUnknownFields()
	if err := d.Decode(&sarif.Report{}); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the log")
	}
	return nil
}

// TestSARIFHasThePublishedForm gives every log that there is to the schema: of problems
// with and without places, of finds with and without files, of nothing at all, and of
// any text.
func TestSARIFHasThePublishedForm(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	logs := map[string]func(*view.View) error{}
	for name, write := range outputs(t) {
		if strings.HasSuffix(name, ".sarif") {
			logs[name] = write
		}
	}
	validate := func(name string, r report.Validation) {
		logs[name] = func(v *view.View) error { return problems.ShowValidation(v, r, view.SARIF) }
	}
	validate("nothing", report.Validation{})
	validate("no code", report.Validation{Problems: diag.List{{Summary: "x", Pos: diag.Position{File: "a.yaml"}}}, Root: "/"})
	logs["nothing found"] = func(v *view.View) error { return leaks.Show(v, report.Scan{}, view.SARIF) }
	for _, text := range markup {
		validate("text "+strconv.Quote(text), report.Validation{Root: text, Problems: diag.List{
			{Code: text, Summary: text, Hint: text, Source: text, Width: 3, Pos: diag.Position{File: text, Line: 1, Column: 1}, Related: []diag.Related{{Pos: diag.Position{File: text, Line: 2}, Message: text}}},
			{Severity: diag.Warning, Summary: text, Pos: diag.Position{File: text, Line: 7}},
		}})
		scan := report.Scan{Left: []report.ScanLeft{{Path: text, Reason: text}}, Finds: []report.ScanFind{{Path: text, Commit: text, Line: 1, Column: 1, Status: "ended"}, {Status: text}}}
		logs["found "+strconv.Quote(text)] = func(v *view.View) error { return leaks.Show(v, scan, view.SARIF) }
	}
	if len(logs) < 2*len(markup)+5 {
		t.Fatalf("only %d logs", len(logs))
	}
	for name, write := range logs {
		s := viewtest.New()
		viewtest.Must(t, write(&s.View))
		if err := checkSARIF(schema, s.Stdout.Bytes()); err != nil {
			t.Errorf("%s: %v\n%s", name, err, s.Stdout.String())
		}
	}
	for _, wrong := range []string{
		`{}`, `{"version": "2.1.0"}`, `{"version": "2.2", "runs": []}`, `{"version": "2.1.0", "runs": [{}]}`, `{"version": "2.1.0", "runs": [], "x": 1}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"level": "fatal", "message": {"text": "x"}}]}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}, "locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}]}]}`,
	} {
		if checkSARIF(schema, []byte(wrong)) == nil {
			t.Errorf("the schema takes %s", wrong)
		}
	}
}
