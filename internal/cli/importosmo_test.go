package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/internal/cli/command"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// What a server has becomes declarations, the plan of which adopts, and the one after it
// has nothing to do. Nothing on the server changes by any of it.
func TestImportOSMO(t *testing.T) {
	t.Parallel()
	needGit(t)
	for mode, o := range map[string]osmotest.Options{
		"database":  {Version: "6.3.1", Mode: model.ModeDatabase},
		"file":      {Version: "6.3.1", Mode: model.ModeConfigMap},
		"configmap": {Version: "6.4.0", Mode: model.ModeConfigMap},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o.Gateway = true
			o.Roles = []osmotest.Role{{
				Name: "team", Description: "ML team", SyncMode: "force", ExternalRoles: []string{"group"},
				Policies: []osmotest.Policy{{Effect: "Allow", Actions: []string{"pool:List", "workflow:*"}, Resources: []string{"pool/ml-*"}}},
			}}
			s := osmotest.New(o)
			s.PutRole(o.Roles[0], "admin") // 6.3 grants what its database has
			s.CreateUser("gitops", "admin", "osmo-admin")
			s.CreateUser("ada@example.com", "admin", "osmo-user")
			s.CreateUser("svc-ci", "admin", "osmo-user", "team")
			s.CreateUser("svc-idle", "admin")
			today := time.Now().UTC().Truncate(24 * time.Hour)
			credential := s.CreateToken("gitops", "ci", "", today.AddDate(0, 0, 30), "osmo-admin")
			s.CreateToken("svc-ci", "build", "Build: images", today.AddDate(0, 0, 60), "team")
			s.CreateToken("svc-ci", "all", "", today.AddDate(0, 0, 90), "osmo-user", "team")
			p := serverProject{dir: filepath.Join(t.TempDir(), "project"), url: s.Serve(t), credential: credential}
			p.make(t)

			// A shell makes the file that the output goes to before anything runs.
			write(t, filepath.Join(p.dir, "manifests", "imported.yaml"), nil)
			imported := p.run(t, 0, "import", "osmo", "--id-prefix", "svc-")
			for _, want := range []string{"  team:\n", "  svc-ci:\n    roles: [osmo-user, team]\n", "      build:\n        description: \"Build: images\"\n        roles: [team]\n", "  svc-idle:\n    roles: []\n"} {
				if !strings.Contains(imported.stdout, want) {
					t.Errorf("the manifest lacks\n%s\n%s", want, imported.stdout)
				}
			}
			if strings.Contains(imported.stdout, "ada") || strings.Contains(imported.stdout, "gitops:") {
				t.Errorf("people are declared:\n%s", imported.stdout)
			}
			write(t, filepath.Join(p.dir, "manifests", "imported.yaml"), []byte(imported.stdout))
			git(t, p.dir, "add", "-A")
			git(t, p.dir, "commit", "-qm", "Adopt")
			p.run(t, 0, "validate")
			if plan := p.run(t, 2, "plan", "--detailed-exitcode").stdout; !strings.Contains(plan, "5 to adopt") {
				t.Errorf("the plan does not adopt:\n%s", plan)
			}
			before := s.Counts().Calls
			p.run(t, 0, "apply", "--auto-approve", "--single-writer")
			p.run(t, 0, "plan", "--detailed-exitcode")
			for call, n := range s.Counts().Calls {
				if !strings.HasPrefix(call, "GET ") && !strings.Contains(call, "/jwt/") && n != before[call] {
					t.Errorf("%s was called %d times", call, n-before[call])
				}
			}
			if again := p.run(t, 0, "import", "osmo", "--roles", "team").stdout; strings.Contains(again, "svc-ci:") || !strings.Contains(again, "declares already") {
				t.Errorf("what is declared is imported again:\n%s", again)
			}
		})
	}
}

// Without a server, or without leave to talk to it, nothing is imported.
func TestImportOSMORefuses(t *testing.T) {
	t.Parallel()
	needGit(t)
	p := serverProject{dir: filepath.Join(t.TempDir(), "project"), url: "http://127.0.0.1:1"}
	p.make(t)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{80, "people are users too", []string{"import", "osmo"}},
		{80, "people are users too", []string{"import", "osmo", "--id-prefix", ""}},
		{1, "there is no credential for the OSMO server", []string{"import", "osmo", "--id-prefix", "svc-"}},
	} {
		if r := p.run(t, c.code, c.args...); r.stdout != "" || !strings.Contains(r.stderr, c.want) {
			t.Errorf("osmoctl %s: %s%s", strings.Join(c.args, " "), r.stdout, r.stderr)
		}
	}
	write(t, filepath.Join(p.dir, "osmoctl.yaml"), []byte("version: 1\n"))
	if r := p.run(t, 80, "import", "osmo", "--roles", "osmo-user"); !strings.Contains(r.stderr, "osmoctl.yaml names none") {
		t.Error(r.stderr)
	}
}

// serverProject is a project whose tokens a server issues.
type serverProject struct{ dir, url, credential string }

func (p serverProject) make(t *testing.T) {
	t.Helper()
	write(t, filepath.Join(p.dir, "osmoctl.yaml"), []byte("version: 1\nrecipients: {ops: age1pv2hhnr2w04tgf2vyysrk3ge5vjaemxkmeh0xgvqyn6t5nlpkv8qaw2cx4}\n"+
		"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\nbackend: {kind: osmo, url: \""+p.url+"\"}\n"))
	write(t, filepath.Join(p.dir, "manifests", "README"), nil)
	git(t, p.dir, "init", "-q", "-b", "main")
	git(t, p.dir, "add", "-A")
	git(t, p.dir, "commit", "-qm", "Begin")
}

// run runs a command that may talk to the server, now.
func (p serverProject) run(t *testing.T, code int, args ...string) ran {
	t.Helper()
	r := osmoctlWith(func(env *command.Env) {
		with(env, "OSMO_URL", p.url)
		env.Now = time.Now
		if p.credential != "" {
			env.ServerToken = secret.New([]byte(p.credential))
		}
	}, p.dir, args...)
	if r.code != code {
		t.Fatalf("osmoctl %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	return r
}
