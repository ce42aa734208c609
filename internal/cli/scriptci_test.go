package cli_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"
)

// runner runs the jobs of pipelines that osmoctl init --ci wrote, with their own
// scripts: it checks out, keeps artifacts and outputs, and knows what a forge tells.
type runner struct {
	// outputs are those of jobs, by JOB.NAME, and secrets what a job in an environment
	// is given.
	outputs map[string]string
	jobs    int
}

type runners struct{}

// workflowJob is what the runner needs of a job on GitHub.
type workflowJob struct {
	If          string            `yaml:"if"`
	Env         map[string]string `yaml:"env"`
	Permissions map[string]string `yaml:"permissions"`
	Outputs     map[string]string `yaml:"outputs"`
	Environment string            `yaml:"environment"`
	Steps       []struct {
		ID       string            `yaml:"id"`
		If       string            `yaml:"if"`
		Uses     string            `yaml:"uses"`
		With     map[string]string `yaml:"with"`
		Run      string            `yaml:"run"`
		Env      map[string]string `yaml:"env"`
		Continue bool              `yaml:"continue-on-error"`
	} `yaml:"steps"`
}

// jobRun is one run of a job.
type jobRun struct {
	*runner
	ts   *testscript.TestScript
	dir  string // the work tree
	temp string
	// event is what the file "event" says: expressions and their values, and variables
	// of the runner.
	event   map[string]string
	env     map[string]string
	secrets bool
	pushes  bool
}

// forge puts what stands in for a forge into the script's directory: its command gh, the
// hook of its repository, and what opens and merges a pull request.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	work := ts.Getenv("WORK")
	ts.Check(os.CopyFS(work, os.DirFS(forgeDir)))
	for _, name := range []string{"gh", "go", "curl"} {
		ts.Check(os.Chmod(filepath.Join(work, "bin", name), 0o755))
	}
	config, err := os.OpenFile(ts.Getenv("GIT_CONFIG_GLOBAL"), os.O_WRONLY|os.O_APPEND, 0)
	ts.Check(err)
	// Every fetch and commit would look for something to tidy up.
	_, err = config.WriteString("[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n")
	ts.Check(errors.Join(err, config.Close()))
	ts.Setenv("PATH", filepath.Join(work, "bin")+string(filepath.ListSeparator)+ts.Getenv("PATH"))
	ts.Setenv("FORGE", filepath.Join(work, "forge"))
}

// forgeDir is absolute, since scripts change the directory.
var forgeDir = func() string {
	dir, err := filepath.Abs(filepath.Join("testdata", "forge"))
	if err != nil {
		panic(err)
	}
	return dir
}()

// workflow FILE JOB runs a job of a workflow. The file "event" says what the forge tells:
// lines of NAME=VALUE, where a NAME in capitals is a variable, another one an
// expression. checkout is "URL REF", what the forge has the job check out.
func workflow(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: workflow FILE JOB")
	}
	var file struct {
		Env  map[string]string      `yaml:"env"`
		Jobs map[string]workflowJob `yaml:"jobs"`
	}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), &file))
	j, ok := file.Jobs[args[1]]
	if !ok {
		ts.Fatalf("%s has no job %s", args[0], args[1])
	}
	run := newRun(ts)
	run.secrets, run.pushes = j.Environment != "", j.Permissions["contents"] == "write"
	if j.If != "" && !run.holds(j.If) {
		return // as a forge skips it
	}
	maps.Copy(run.env, file.Env)
	for name, value := range j.Env {
		run.env[name] = run.fill(value)
	}
	err := run.steps(j)
	for name, value := range j.Outputs {
		run.outputs["needs."+args[1]+".outputs."+name] = run.fill(value)
	}
	switch {
	case err != nil && !neg:
		ts.Fatalf("%s of %s: %v", args[1], args[0], err)
	case err == nil && neg:
		ts.Fatalf("%s of %s did not fail", args[1], args[0])
	}
}

func newRun(ts *testscript.TestScript) *jobRun {
	r := ts.Value(runners{}).(*runner)
	r.jobs++
	dir := ts.MkAbs(filepath.Join(ts.Getenv("WORK"), "runner", strconv.Itoa(r.jobs)))
	run := &jobRun{runner: r, ts: ts, dir: filepath.Join(dir, "work"), temp: filepath.Join(dir, "temp"), event: map[string]string{}, env: map[string]string{}}
	for _, d := range []string{run.dir, run.temp} {
		ts.Check(os.MkdirAll(d, 0o777))
	}
	for line := range strings.Lines(ts.ReadFile(filepath.Join(ts.Getenv("WORK"), "event"))) {
		name, value, _ := strings.Cut(strings.TrimSpace(os.Expand(line, ts.Getenv)), "=")
		if name == strings.ToUpper(name) {
			run.env[name] = value
		} else {
			run.event[name] = value
		}
	}
	run.event["runner.temp"], run.env["RUNNER_TEMP"] = run.temp, run.temp
	run.event["github.token"] = "the job's token"
	return run
}

// steps runs the steps of a job on GitHub, and goes on after a failure with those that
// ask for it.
func (r *jobRun) steps(j workflowJob) (failed error) {
	for i, s := range j.Steps {
		if failed != nil && !strings.Contains(s.If, "!cancelled()") || s.If != "" && !r.holds(s.If) {
			continue
		}
		err := r.use(s.Uses, s.With)
		if s.Run != "" {
			output := filepath.Join(r.temp, "output")
			env := map[string]string{"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": filepath.Join(r.ts.Getenv("WORK"), "summary.md")}
			for name, value := range s.Env {
				env[name] = r.fill(value)
			}
			err = r.shell(fmt.Sprint("step", i), s.Run, env)
			r.collect(s.ID, output)
		}
		if err != nil && !s.Continue && failed == nil {
			failed = err
		}
	}
	return failed
}

// collect takes what a step has put out.
func (r *jobRun) collect(id, output string) {
	data, _ := os.ReadFile(output)
	_ = os.Remove(output)
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		r.event["steps."+id+".outputs."+name] = value
	}
}

// use does what the actions do that the workflows name.
func (r *jobRun) use(uses string, with map[string]string) error {
	action, _, _ := strings.Cut(uses, "@")
	for name, value := range with {
		with[name] = r.fill(value)
	}
	store := filepath.Join(r.ts.Getenv("WORK"), "artifacts", with["name"])
	switch action {
	case "", "actions/setup-go":
		return nil
	case "actions/checkout":
		return r.checkout(with["fetch-depth"])
	case "actions/upload-artifact":
		data, err := os.ReadFile(with["path"])
		if os.IsNotExist(err) {
			return nil
		}
		r.ts.Check(err)
		r.ts.Check(os.MkdirAll(store, 0o777))
		return os.WriteFile(filepath.Join(store, filepath.Base(with["path"])), data, 0o666)
	case "actions/download-artifact":
		return os.CopyFS(with["path"], os.DirFS(store))
	}
	return fmt.Errorf("there is no action %s here", uses)
}

// checkout does as GitHub's and GitLab's runners: one commit, or all of every branch,
// and a detached HEAD.
func (r *jobRun) checkout(depth string) error {
	url, ref, _ := strings.Cut(r.event["checkout"], " ")
	fetch := "git fetch -q --depth 1 origin +" + ref + ":refs/remotes/job"
	if depth == "0" {
		fetch = "git fetch -q origin +refs/heads/*:refs/remotes/origin/* +" + ref + ":refs/remotes/job"
	}
	return r.shell("checkout", "git init -q .\ngit remote add origin "+url+"\n"+fetch+"\ngit checkout -q --detach refs/remotes/job\n", nil)
}

// shell runs a script as a runner does, in the work tree.
func (r *jobRun) shell(name, text string, env map[string]string) error {
	all := maps.Clone(r.env)
	maps.Copy(all, env)
	if r.pushes {
		all["MAY_PUSH"] = "1"
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(all[name], "'", `'\''`))
	}
	fmt.Fprintf(&b, "cd '%s'\n%s", r.dir, text)
	path := filepath.Join(r.temp, name+".sh")
	r.ts.Check(os.WriteFile(path, []byte(b.String()), 0o666))
	return r.ts.Exec("bash", "-e", path)
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

// fill puts values in the place of expressions.
func (r *jobRun) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string { return r.value(expression.FindStringSubmatch(e)[1]) })
}

func (r *jobRun) value(name string) string {
	if value, known := r.event[name]; known && (r.secrets || !strings.HasPrefix(name, "secrets.")) {
		return value
	}
	if value, known := r.outputs[name]; known {
		return value
	}
	switch kind, _, _ := strings.Cut(name, "."); kind {
	case "secrets", "vars", "inputs", "steps", "needs":
		return "" // as on a forge
	}
	r.ts.Fatalf("the event says nothing of %s", name)
	return ""
}

// holds evaluates a condition: two sides of == or !=.
func (r *jobRun) holds(condition string) bool {
	condition = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(condition, "${{"), "}}"))
	if condition == "!cancelled()" {
		return true
	}
	left, right, equal := strings.Cut(condition, " == ")
	if !equal {
		left, right, _ = strings.Cut(condition, " != ")
	}
	return (r.value(left) == strings.Trim(right, "'")) == equal
}

// gitlabJob is what the runner needs of a job on GitLab.
type gitlabJob struct {
	Extends     string            `yaml:"extends"`
	Variables   map[string]string `yaml:"variables"`
	Before      []string          `yaml:"before_script"`
	Script      []string          `yaml:"script"`
	Needs       []string          `yaml:"needs"`
	Environment string            `yaml:"environment"`
	Artifacts   struct {
		Paths   []string          `yaml:"paths"`
		Reports map[string]string `yaml:"reports"`
	} `yaml:"artifacts"`
}

// gitlab FILE JOB runs a job of GitLab's, with what the file "event" tells.
func gitlab(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gitlab FILE JOB")
	}
	var jobs map[string]gitlabJob
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), &jobs))
	j, ok := jobs[args[1]]
	if !ok {
		ts.Fatalf("%s has no job %s", args[0], args[1])
	}
	run := newRun(ts)
	run.pushes = j.Environment != ""
	if !run.pushes {
		delete(run.env, "STATE_PUSH_TOKEN")
	}
	for parent := j.Extends; parent != ""; parent = jobs[parent].Extends {
		for name, value := range jobs[parent].Variables {
			run.env[name] = value
		}
		if j.Before == nil {
			j.Before = jobs[parent].Before
		}
	}
	url, ref, _ := strings.Cut(run.event["checkout"], " ")
	ts.Check(run.shell("checkout", "git init -q .\ngit remote add origin "+url+"\ngit fetch -q origin +"+ref+":refs/pipelines/1\ngit checkout -q --detach refs/pipelines/1\n", nil))
	for _, name := range j.Needs {
		_ = os.CopyFS(run.dir, os.DirFS(filepath.Join(ts.Getenv("WORK"), "artifacts", name)))
		if d, found := run.outputs[name]; found {
			run.env["DIGEST"] = d
		}
	}
	err := run.shell("job", strings.Join(append(slices.Clone(j.Before), j.Script...), "\n"), nil)
	store := filepath.Join(ts.Getenv("WORK"), "artifacts", args[1])
	ts.Check(os.MkdirAll(store, 0o777))
	for _, path := range j.Artifacts.Paths {
		if data, err := os.ReadFile(filepath.Join(run.dir, path)); err == nil {
			ts.Check(os.WriteFile(filepath.Join(store, path), data, 0o666))
		}
	}
	if env, err := os.ReadFile(filepath.Join(run.dir, j.Artifacts.Reports["dotenv"])); err == nil {
		run.outputs[args[1]] = strings.TrimPrefix(strings.TrimSpace(string(env)), "DIGEST=")
	}
	if (err != nil) != neg {
		ts.Fatalf("%s: %v", args[1], err)
	}
}
