package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/view/viewtest"
)

// An edit replaces a text of a file by another one.
type edit struct{ file, old, new string }

// reviews are the usual changes of a project, as its reviewers get to see them.
var reviews = map[string][]edit{
	"add-account": {{"manifests/teams/speech.yaml", "", `service_accounts:
  svc-speech-lab:
    description: Experiments with speech
    roles: [osmo-data]
    tokens:
      lab-token:
        description: Lab
        roles: [osmo-data]
        recipients: [language-team, recovery]
`}},
	"widen-wildcard": {{"manifests/roles.yaml", `"pool/language-*"`, `"pool/*"`}},
	"remove-role": {
		{"manifests/roles.yaml", roleData, ""},
		{"manifests/teams/language.yaml", "[osmo-data, osmo-language]", "[osmo-language]"},
		{"manifests/teams/vision.yaml", "[osmo-data, osmo-vision]", "[osmo-vision]"},
		{"manifests/teams/vision.yaml", "[osmo-data]", "[osmo-vision]"},
	},
	"rotate":         {{"manifests/teams/vision.yaml", "description: Rollout\n", "description: Rollout\n        generation: 2\n"}},
	"delete-account": {{"manifests/teams/language.yaml", accountEval, ""}},
	"change-recipients": {
		{"osmoctl.yaml", "vision-team: [alice, bob]", "vision-team: [alice, erin]"},
		{"osmoctl.yaml", "\n  # Teams,", "  erin: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n\n  # Teams,"},
	},
	"rename-account": {{"manifests/teams/language.yaml", "  svc-language-eval:\n", "  svc-language-check:\n    previously: [svc-language-eval]\n"}},
	"loosen-guardrails": {
		{"osmoctl.yaml", "  min_recipients: 2\n", ""},
		{"osmoctl.yaml", "max_new_readers: 2", "max_new_readers: 20"},
		{"osmoctl.yaml", "{count: 3, percent: 20}", "{count: 30}"},
	},
}

const (
	roleData = `  osmo-data:
    description: Application and credential definitions that the jobs need
    policies:
      - actions: ["app:Read", "credentials:Read", "resources:Read"]
        resources: ["*"]
`
	accountEval = `  svc-language-eval:
    description: Evaluation, shared with everyone
    labels: {team: language, environment: evaluation}
    roles: [osmo-language]
    tokens:
      eval-token:
        description: Evaluation
        roles: [osmo-language]
        recipients: [everyone, recovery]
        # An evaluation that is under way takes up to two weeks.
        rotate: {every: 45d, overlap: 14d}
`
)

// TestReviews holds the Markdown of each change against a file that a person has read,
// and gives it to a renderer of others: it has our elements alone, closed where they
// were opened, and whatever is not our own words stands in code.
func TestReviews(t *testing.T) {
	t.Parallel()
	project := reviewed(t)
	for name, edits := range reviews {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "repository")
			check(t, os.CopyFS(dir, os.DirFS(filepath.Dir(filepath.Dir(project)))))
			dir = filepath.Join(dir, "clusters", "prod")
			for _, e := range edits {
				e.apply(t, dir)
			}
			git(t, dir, "add", "-A")
			git(t, dir, "commit", "-qm", name)
			r := osmoctl(dir, "plan", "-t", "markdown")
			if r.code > 3 || r.code == 1 {
				t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			for renderer, render := range viewtest.Renderers() {
				viewtest.CheckElements(t, renderer, viewtest.Skeleton(render(t, r.stdout)))
			}
			checkReview(t, name, r.stdout)
		})
	}
}

// reviewed is a project that was applied, in a folder of its repository.
func reviewed(t *testing.T) (dir string) {
	t.Helper()
	needGit(t)
	top := example(t, "ml-teams")
	dir = filepath.Join(top, "clusters", "prod")
	check(t, os.MkdirAll(dir, 0o777))
	git(t, top, "mv", "osmoctl.yaml", "manifests", "README.md", "clusters/prod")
	git(t, top, "commit", "-qm", "Move")
	if r := osmoctl(dir, "apply", "--auto-approve"); r.code != 0 {
		t.Fatalf("apply: exit code %d\n%s", r.code, r.stderr)
	}
	return dir
}

func (e edit) apply(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(e.file))
	if e.old == "" {
		write(t, path, []byte(e.new))
		return
	}
	text, err := os.ReadFile(path)
	check(t, err)
	if !strings.Contains(string(text), e.old) {
		t.Fatalf("%s has no %q", e.file, e.old)
	}
	write(t, path, []byte(strings.ReplaceAll(string(text), e.old, e.new)))
}

// checkReview compares with testdata/reviews/NAME.md.
func checkReview(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "reviews", name+".md")
	if *update {
		write(t, path, []byte(got))
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./internal/cli -run TestReviews -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), run go test ./internal/cli -run TestReviews -update if it is meant:\n%s", path, diff)
	}
}
