package house

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/internal/scaffold"
)

// pinned is an action by the hash of a commit, with the version that it is of.
var pinned = regexp.MustCompile(`^ *(?:- )?uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$`)

// The workflows are those of this repository, and those that init writes for others.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no workflow (%v)", err)
	}
	for _, file := range files {
		checkWorkflow(t, file, readText(t, ".github/workflows/"+filepath.Base(file)))
	}
	for _, project := range []string{"", "clusters/prod"} {
		written, err := scaffold.CI{Forge: scaffold.GitHub, Version: "v1.2.3", Branch: "main", Project: project}.Files()
		if err != nil || len(written) == 0 {
			t.Fatalf("init writes %d workflows (%v)", len(written), err)
		}
		for path, text := range written {
			checkWorkflow(t, path, string(text))
		}
	}
}

// checkWorkflow demands that what a workflow runs of others is pinned, that it asks for
// rights job by job, and that no text of an event gets into a script.
func checkWorkflow(t *testing.T, file, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); strings.Contains(line, "uses:") && !pinned.MatchString(line) {
			t.Errorf("%s: an action that is not pinned by a hash with its version: %s", file, line)
		}
	}
	var w struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions map[string]string
			Steps       []struct{ Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if w.Permissions == nil || len(w.Permissions) > 0 {
		t.Errorf("%s: permissions must be {} at the top, and be asked for by each job", file)
	}
	for name, job := range w.Jobs {
		if job.Permissions == nil {
			t.Errorf("%s: job %s does not say its permissions", file, name)
		}
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s: job %s: an expression becomes text of a script: pass it in env\n%s", file, name, step.Run)
			}
		}
	}
}

// instructions are those of a Dockerfile, one a line.
func instructions(text string) (list [][]string) {
	text = regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(text, "")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if words := strings.Fields(line); len(words) > 0 {
			list = append(list, words)
		}
	}
	return list
}

// faultsOfImage says what is wrong with a Dockerfile.
func faultsOfImage(text string) (faults []string) {
	user := "root"
	stages := []string{"scratch"}
	for _, words := range instructions(text) {
		switch words[0] {
		case "FROM":
			user = "root"
			if !slices.Contains(stages, words[1]) && !regexp.MustCompile(`^[^@:]+:[^@:]+@sha256:[0-9a-f]{64}$`).MatchString(words[1]) {
				faults = append(faults, "not pinned by version and digest: "+words[1])
			}
			if len(words) == 4 {
				stages = append(stages, words[3])
			}
		case "ADD":
			faults = append(faults, "ADD fetches and unpacks what COPY leaves alone")
		case "USER":
			user = words[1]
		case "RUN":
			if strings.Contains(strings.Join(words, " "), "curl") || slices.Contains(words, "wget") {
				faults = append(faults, "a download that nothing checks")
			}
		case "ENTRYPOINT", "CMD":
			if !strings.HasPrefix(words[1], "[") {
				faults = append(faults, words[0]+" goes through a shell, which does not pass signals on")
			}
		}
	}
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		faults = append(faults, "runs as "+user+": name a user by number, which a cluster can see is not root")
	}
	return faults
}

func TestImage(t *testing.T) {
	t.Parallel()
	recipe := readText(t, "Dockerfile")
	for _, fault := range faultsOfImage(recipe) {
		t.Errorf("Dockerfile: %s", fault)
	}
	for _, c := range [][2]string{
		{"FROM alpine:3.22.5@sha256:", "FROM alpine:latest # "},
		{"USER 65532:65532\n", ""},
		{"USER 65532:65532", "USER osmoctl"},
		{"COPY LICENSE", "ADD https://example.com/LICENSE"},
		{`ENTRYPOINT ["/usr/bin/osmoctl"]`, "ENTRYPOINT osmoctl"},
		{"mkdir -p /out/etc/apk", "curl -L https://example.com | sh"},
	} {
		worse := strings.Replace(recipe, c[0], c[1], 1)
		if worse == recipe || len(faultsOfImage(worse)) == 0 {
			t.Errorf("nothing is wrong where %q is %q", c[0], c[1])
		}
	}
}

// The notes of a release are a section of the changelog, and without one there is no release.
func TestNotes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	notes := func(version string) (string, error) {
		out, err := exec.Command("bash", filepath.Join(root, "tools", "release", "notes"), version).CombinedOutput()
		return string(out), err
	}
	if out, err := notes("Unreleased"); err != nil || !strings.Contains(out, "The first version.") || strings.Contains(out, "\n## ") {
		t.Errorf("%v: %.300s", err, out)
	}
	if out, err := notes("v99.0.0"); err == nil || !strings.Contains(out, `no section "## v99.0.0"`) {
		t.Errorf("got %v: %.300s", err, out)
	}
}
