package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/examples"
	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Every example is planned and applied in a repository of its own, and nothing
// is left to do then.
func TestExamplesApply(t *testing.T) {
	t.Parallel()
	needGit(t)
	for _, name := range examples.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := example(t, name)
			change := answerFor(t, dir)
			expect := func(code int, args ...string) ran {
				t.Helper()
				r := osmoctlWith(change, dir, args...)
				if r.code != code {
					t.Fatalf("osmoctl %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
				}
				return r
			}
			expect(0, "validate")
			if r := expect(2, "plan", "--detailed-exitcode"); !strings.Contains(r.stdout, "to create") {
				t.Errorf("the plan creates nothing:\n%s", r.stdout)
			}
			expect(0, "apply", "--auto-approve")
			expect(0, "plan", "--detailed-exitcode")
			expect(0, "state", "verify", "--history")
			for _, look := range [][]string{{"status", "--porcelain"}, {"fsck", "--strict"}} {
				if out := git(t, dir, look...); out != "" {
					t.Errorf("git %s is not silent:\n%s", look[0], out)
				}
			}
		})
	}
}

// answerFor gives the OSMO server of an example, if it has one, and the remote that such
// a project needs. What it returns lets a command talk to the server.
func answerFor(t *testing.T, dir string) func(*command.Env) {
	t.Helper()
	file := filepath.Join(dir, "osmoctl.yaml")
	project, err := os.ReadFile(file)
	check(t, err)
	if !bytes.Contains(project, []byte("kind: osmo")) {
		return nil
	}
	// The role that the example declares is deployed.
	s := osmotest.New(osmotest.Options{Version: "6.4.0", Mode: model.ModeConfigMap, Gateway: true, Clock: func() time.Time { return day }, Roles: []osmotest.Role{{
		Name: "osmo-batch", Description: "Nightly training", SyncMode: "import", ExternalRoles: []string{"osmoctl-only"},
		Policies: []osmotest.Policy{
			{Effect: "Allow", Actions: []string{"workflow:Create", "workflow:Read", "workflow:Cancel"}, Resources: []string{"pool/batch"}},
			{Effect: "Allow", Actions: []string{"pool:List"}, Resources: []string{"*"}},
		},
	}}})
	s.CreateUser("gitops", "admin", "osmo-admin")
	token, url := s.CreateToken("gitops", "osmoctl", "", day.AddDate(0, 1, 0), "osmo-admin"), s.Serve(t)
	t.Cleanup(func() {
		if got, want := s.Users(), []string{"admin", "gitops", "svc-dashboard", "svc-nightly"}; !slices.Equal(got, want) {
			t.Errorf("the server has the users %q, want %q", got, want)
		}
		if got := len(s.Tokens()); got != 3 {
			t.Errorf("the server has %d tokens, want the two declared and osmoctl's own", got)
		}
	})
	write(t, file, bytes.ReplaceAll(project, []byte("https://osmo.example.com"), []byte(url)))
	git(t, dir, "commit", "-qam", "The server")
	remote := filepath.Join(filepath.Dir(dir), "origin.git")
	git(t, filepath.Dir(dir), "init", "-q", "--bare", "-b", "main", remote)
	git(t, dir, "remote", "add", "origin", remote)
	git(t, dir, "push", "-q", "origin", "main")
	return func(env *command.Env) {
		with(env, "OSMO_URL", url)
		env.ServerToken = secret.New([]byte(token))
	}
}

// example is a committed copy of an example.
func example(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	files, err := examples.Open(name)
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "Declare")
	return dir
}
