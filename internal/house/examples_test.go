package house

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/osmoctl/osmoctl/examples"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
	"github.com/osmoctl/osmoctl/schemas"
)

// today is the day on which these tests take place.
var today = date("2026-11-23")

func date(s string) model.Date {
	d, err := model.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// project is a directory with an osmoctl.yaml.
type project struct {
	name string
	fs   fs.FS
}

// projects are the examples, and what init makes of the first of them.
func projects(t *testing.T) []project {
	t.Helper()
	started := fstest.MapFS{}
	for _, f := range examples.Starter(otherKey) {
		started[f.Path] = &fstest.MapFile{Data: f.Data}
	}
	out := []project{{"starter", started}}
	for _, name := range examples.Names() {
		dir, err := examples.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, project{name, dir})
	}
	return out
}

// otherKey is a public key that is in no example.
const otherKey = "age1jet2evyylx29tajqgxh4unw8xmdted6vl7m94j8wfj2hl27a7fysqsw376"

// load reads a project that has no problem at all, warnings included.
func load(t *testing.T, p project) *model.Declarations {
	t.Helper()
	want, problems := config.Load(p.fs, config.Options{Today: today})
	for _, d := range problems {
		t.Errorf("%s: %s: %s", p.name, d.Severity, d.Error())
	}
	if want == nil {
		t.FailNow()
	}
	return want
}

func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	for _, p := range projects(t) {
		want := load(t, p)
		if len(want.Accounts) == 0 {
			t.Errorf("%s declares no service account", p.name)
		}
		for _, f := range yamlFiles(t, p.fs) {
			if err := validateYAML(t, schemaFor(f.name), f.data); err != nil {
				t.Errorf("%s/%s: %v", p.name, f.name, err)
			}
		}
	}
}

// An example says what it means, or why it does not.
func TestExamplesAreLinted(t *testing.T) {
	t.Parallel()
	for _, p := range projects(t) {
		for _, d := range lint.Run(load(t, p), nil).Findings {
			t.Errorf("%s: %s: %s: %s", p.name, d.Severity, d.Code, d.Error())
		}
	}
}

// An example is planned without anything that needs a second look.
func TestExamplesArePlanned(t *testing.T) {
	t.Parallel()
	for _, p := range projects(t) {
		want := load(t, p)
		got, problems := plan.Build(want, &state.Snapshot{}, plan.Options{Today: today})
		if len(problems) > 0 {
			t.Errorf("%s: %v", p.name, problems)
			continue
		}
		if err := guard.Hold(got, guard.Facts{Declared: want, Applied: &state.Snapshot{}}); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		for _, b := range got.Blocked {
			t.Errorf("%s is blocked: %s: %s", p.name, b.Guardrail, b.Detail)
		}
		if got.Summary.Create == 0 {
			t.Errorf("%s creates nothing", p.name)
		}
	}
}

type yamlFile struct {
	name string
	data []byte
}

func yamlFiles(t *testing.T, fsys fs.FS) []yamlFile {
	t.Helper()
	var out []yamlFile
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		out = append(out, yamlFile{name, data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func schemaFor(name string) string {
	if name == config.ProjectFile {
		return "project"
	}
	return "manifest"
}

var schemaLine = regexp.MustCompile(`\A# yaml-language-server: \$schema=(\S+)\n`)

// The first line of every file leads an editor to the right schema.
func TestExamplesPointAtTheirSchemas(t *testing.T) {
	t.Parallel()
	for _, p := range projects(t) {
		below := path.Join("examples", p.name)
		if p.name == "starter" {
			below = "."
		}
		for _, f := range yamlFiles(t, p.fs) {
			m := schemaLine.FindSubmatch(f.data)
			if m == nil {
				t.Errorf("%s/%s names no schema in its first line", p.name, f.name)
				continue
			}
			got := path.Join(below, path.Dir(f.name), string(m[1]))
			if want := "schemas/" + schemas.FileName(schemaFor(f.name)); got != want {
				t.Errorf("%s/%s names the schema %s, want %s", p.name, f.name, got, want)
			}
		}
	}
}

func TestExamplesHaveReadme(t *testing.T) {
	t.Parallel()
	for _, name := range examples.Names() {
		dir, err := examples.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := fs.ReadFile(dir, "README.md")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# ") || !strings.Contains(string(text), "thrown\naway") && !strings.Contains(string(text), "thrown away") {
			t.Errorf("the README of %s has no title, or does not say that its keys open nothing", name)
		}
	}
}

// A new project is readable by its operator and by nobody else.
func TestStarterHasTheKey(t *testing.T) {
	t.Parallel()
	want := load(t, projects(t)[0])
	for _, a := range want.Accounts {
		for _, token := range a.Tokens {
			if got := model.IDs(token.Readers); !slices.Equal(got, []string{otherKey}) {
				t.Errorf("%s is read by %q", token.Address(), got)
			}
		}
	}
	for _, f := range examples.Starter(otherKey) {
		if bytes.Contains(f.Data, []byte(examples.DemoRecipient)) {
			t.Errorf("%s still has the demo key", f.Path)
		}
	}
	for _, name := range examples.StarterSchemas() {
		if _, ok := schemas.Read(name); !ok {
			t.Errorf("there is no schema %s", name)
		}
	}
}

func TestOpenUnknownExample(t *testing.T) {
	t.Parallel()
	if _, err := examples.Open("nothing"); err == nil {
		t.Error("there is an example called nothing")
	}
}
