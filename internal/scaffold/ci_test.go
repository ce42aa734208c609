package scaffold

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// workflow is what the tests look at of a workflow.
type workflow struct {
	Name string         `yaml:"name"`
	On   map[string]any `yaml:"on"`
	Jobs map[string]job `yaml:"jobs"`
}

type job struct {
	Permissions map[string]string `yaml:"permissions"`
	Environment string            `yaml:"environment"`
	Timeout     int               `yaml:"timeout-minutes"`
	Concurrency struct {
		Cancel *bool `yaml:"cancel-in-progress"`
	} `yaml:"concurrency"`
	Env   map[string]string `yaml:"env"`
	Steps []step            `yaml:"steps"`
}

type step struct {
	Uses string            `yaml:"uses"`
	With map[string]any    `yaml:"with"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
}

// projects are where a project may lie, and who writes its pipelines.
var projects = []CI{
	{Forge: GitHub, Version: "v1.2.3", Branch: "main"},
	{Forge: GitHub, Version: "devel", Branch: "release/1.0", Project: "clusters/prod"},
}

func workflows(t *testing.T, c CI) map[string]workflow {
	t.Helper()
	files, err := c.Files()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]workflow{}
	for path, data := range files {
		var w workflow
		if err := yaml.Unmarshal(data, &w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[path] = w
	}
	return all
}

// actionlint knows GitHub's syntax, contexts and types, and which expressions bring a
// stranger's text into a script.
func TestActionlintPasses(t *testing.T) {
	t.Parallel()
	for _, c := range projects {
		files, err := c.Files()
		if err != nil {
			t.Fatal(err)
		}
		linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range model.Names(files) {
			found, err := linter.Lint(path, files[path], nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range found {
				t.Errorf("%v", e)
			}
		}
	}
}

// That they are pinned internal/house holds.
func TestPinsAreUsed(t *testing.T) {
	t.Parallel()
	files, err := projects[0].Files()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, data := range files {
		for name, pin := range pins {
			used[name] = used[name] || strings.Contains(string(data), pin+"\n")
		}
	}
	for name := range pins {
		if !used[name] {
			t.Errorf("nothing uses %s", name)
		}
	}
}

func TestScriptsEndAtAnError(t *testing.T) {
	t.Parallel()
	for _, c := range projects {
		for path, w := range workflows(t, c) {
			for name, j := range w.Jobs {
				for _, s := range j.Steps {
					if strings.Count(s.Run, "\n") > 1 && !strings.HasPrefix(s.Run, "set -euo pipefail\n") {
						t.Errorf("%s: %s goes on after an error:\n%s", path, name, s.Run)
					}
				}
			}
		}
	}
}

// What a pull request can change has no secret and no right to write; what may write
// takes nothing of a pull request but its plan; and only jobs in an environment push.
func TestRights(t *testing.T) {
	t.Parallel()
	for _, c := range projects {
		for path, w := range workflows(t, c) {
			for name, j := range w.Jobs {
				checkRights(t, path+": "+name, w, j)
			}
		}
	}
}

func checkRights(t *testing.T, where string, w workflow, j job) {
	t.Helper()
	text := fmt.Sprint(j)
	_, request := w.On["pull_request"]
	_, run := w.On["workflow_run"]
	switch {
	case j.Timeout == 0:
		t.Errorf("%s has no end", where)
	case request && (len(j.Permissions) != 1 || j.Permissions["contents"] != "read" || strings.Contains(text, "secrets.") || strings.Contains(text, "github.token") || j.Environment != ""):
		t.Errorf("%s may more than read: %v", where, j)
	case run && strings.Contains(text, "actions/checkout"):
		t.Errorf("%s checks something out", where)
	case run && j.Permissions["contents"] != "":
		t.Errorf("%s has rights on the contents: %v", where, j.Permissions)
	case strings.Contains(text, "secrets.") != (j.Environment != "") || (j.Permissions["contents"] == "write") != (j.Environment != ""):
		t.Errorf("%s: secrets and the right to push go with an environment: %v", where, j)
	case j.Concurrency.Cancel != nil && *j.Concurrency.Cancel, j.Environment != "" && j.Concurrency.Cancel == nil:
		t.Errorf("%s may be cancelled half way", where)
	}
	for _, s := range j.Steps {
		pushes := j.Environment != ""
		if strings.HasPrefix(s.Uses, "actions/checkout@") && !pushes && s.With["persist-credentials"] != false {
			t.Errorf("%s leaves its token in the checkout", where)
		}
	}
}

func TestWorkflowsOfOneProjectNameEachOther(t *testing.T) {
	t.Parallel()
	for _, c := range projects {
		all := workflows(t, c)
		var names []string
		for _, w := range all {
			names = append(names, w.Name)
		}
		for path, w := range all {
			after, is := w.On["workflow_run"].(map[string]any)
			if is && !slices.Contains(names, after["workflows"].([]any)[0].(string)) {
				t.Errorf("%s runs after %v, and there are %q", path, after["workflows"], names)
			}
		}
	}
}

func TestNamesThatNeedQuotes(t *testing.T) {
	t.Parallel()
	for _, c := range []CI{
		{Forge: GitHub, Branch: "main", Project: "a b"},
		{Forge: GitHub, Branch: "main", Project: "${{ x }}"},
		{Forge: GitLab, Branch: `ma"in`},
		{Forge: GitLab, Branch: "$(id)"},
		{Forge: GitHub, Branch: "-f"},
		{Forge: GitHub},
	} {
		if files, err := c.Files(); err == nil {
			t.Errorf("%+v gave %d files", c, len(files))
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"v1.2.3": true, "v0.0.0-20261127120000-abcdefabcdef": true, "v1.0.0-rc.1": true,
		"devel": false, "v1.2.3+dirty": false, "": false, "v1": false, "v1.2.3 x": false,
	} {
		if got := (CI{Version: version}).Installs(); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// GITLAB_CI_SCHEMA names GitLab's own schema of .gitlab-ci.yml, which is not part of
// this repository; npm's gitlab-ci-local has it as src/schema/schema.json.
func TestGitLabsSchemaPasses(t *testing.T) {
	t.Parallel()
	name := os.Getenv("GITLAB_CI_SCHEMA")
	if name == "" {
		t.Skip("GITLAB_CI_SCHEMA names no schema")
	}
	schema, err := jsonschema.NewCompiler().Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range projects {
		c.Forge = GitLab
		files, err := c.Files()
		if err != nil {
			t.Fatal(err)
		}
		for path, data := range files {
			var document any
			if err := yaml.Unmarshal(data, &document); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// Jobs that push are in an environment, one at a time, and no other is given its token;
// each other one is for pipelines that have none.
func TestGitLabsJobs(t *testing.T) {
	t.Parallel()
	files, err := CI{Forge: GitLab, Version: "v1.2.3", Branch: "main", Project: "clusters/prod"}.Files()
	if err != nil {
		t.Fatal(err)
	}
	var jobs map[string]struct {
		Extends, Environment string
		Group                string   `yaml:"resource_group"`
		Before               []string `yaml:"before_script"`
		Script               []string
		Rules                []map[string]string
	}
	if err := yaml.Unmarshal(files[".gitlab/osmoctl-clusters-prod.yml"], &jobs); err != nil {
		t.Fatal(err)
	}
	for name, j := range jobs {
		if strings.HasPrefix(name, ".") {
			continue
		}
		pushes := strings.HasSuffix(j.Extends, "-push")
		if pushes != (j.Environment != "") || pushes && jobs[j.Extends].Group == "" || len(j.Rules) == 0 {
			t.Errorf("%s: %+v", name, j)
		}
		if !pushes && strings.Contains(fmt.Sprint(j), "STATE_PUSH_TOKEN") {
			t.Errorf("%s has the token that pushes", name)
		}
		if strings.Contains(j.Rules[0]["if"], "merge_request_event") && pushes {
			t.Errorf("%s pushes for a merge request", name)
		}
	}
}
