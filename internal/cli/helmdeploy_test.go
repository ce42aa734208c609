package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/internal/backend/osmo/osmotest"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// What a plan waits for is what the export writes: once it is deployed, nothing is left
// to deploy, and after the apply nothing to do.
func TestHelmValuesAreWhatThePlanWaitsFor(t *testing.T) {
	t.Parallel()
	needGit(t)
	s := osmotest.New(osmotest.Options{Version: "6.4.0", Mode: model.ModeConfigMap, Gateway: true})
	s.CreateUser("gitops", "admin", "osmo-admin")
	p := serverProject{dir: filepath.Join(t.TempDir(), "project"), url: s.Serve(t), credential: s.CreateToken("gitops", "ci", "", time.Now().AddDate(0, 0, 30), "osmo-admin")}
	p.make(t)
	write(t, filepath.Join(p.dir, "manifests", "all.yaml"), []byte(`
roles:
  team:
    description: 'ML: team'
    policies:
      - {actions: ["workflow:*", "pool:List"], resources: ["pool/b", "pool/a"]}
      - {effect: Deny, actions: ["workflow:Exec"], resources: ["pool/b"]}
  "on":
    policies: [{actions: ["app:Read"], resources: [none]}]
    external_roles: []
    sync_mode: ignore
  osmo-user:
    policies: [{actions: ["app:*"], resources: ["*"]}]
    external_roles: [everyone]
service_accounts:
  svc: {roles: [team, "on"]}
`))
	git(t, p.dir, "add", "-A")
	git(t, p.dir, "commit", "-qm", "Declare")
	if plan := p.run(t, 0, "plan").stdout; !strings.Contains(plan, "Waiting for Helm values") || !strings.Contains(plan, "osmoctl export helm-values") {
		t.Fatalf("the plan waits for nothing:\n%s", plan)
	}
	s.SetRoles(deploy(t, p.run(t, 0, "export", "helm-values").stdout)...)
	if plan := p.run(t, 0, "plan").stdout; strings.Contains(plan, "Waiting for Helm values") {
		t.Errorf("the plan waits for what was deployed:\n%s", plan)
	}
	p.run(t, 0, "apply", "--auto-approve", "--single-writer")
	p.run(t, 0, "plan", "--detailed-exitcode")
}

// deploy is what a server makes of values behind those of its chart, read by a reader
// that is not osmoctl's.
func deploy(t *testing.T, values string) []osmotest.Role {
	t.Helper()
	type policy struct {
		Effect             string
		Actions, Resources []string
	}
	type role struct {
		Description   string
		Policies      []policy
		ExternalRoles []string `yaml:"external_roles"`
		SyncMode      string   `yaml:"sync_mode"`
	}
	roles := map[string]role{}
	for _, name := range access.BuiltinNames() {
		r, _ := access.RulesOf(model.Server{Mode: model.ModeConfigMap})[0].Builtin(name)
		chart := role{Description: r.Description, ExternalRoles: []string{name}, SyncMode: "import"}
		for _, p := range r.Policies {
			chart.Policies = append(chart.Policies, policy{string(p.Effect), p.Actions, p.Resources})
		}
		roles[name] = chart
	}
	var given struct {
		Configuration struct{ Roles map[string]yaml.Node }
	}
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		t.Fatal(err)
	}
	for name, node := range given.Configuration.Roles {
		merged := roles[name]
		if err := node.Decode(&merged); err != nil {
			t.Fatal(err)
		}
		roles[name] = merged
	}
	var out []osmotest.Role
	for name, r := range roles {
		one := osmotest.Role{Name: name, Description: r.Description, SyncMode: r.SyncMode, ExternalRoles: r.ExternalRoles}
		for _, p := range r.Policies {
			one.Policies = append(one.Policies, osmotest.Policy(p))
		}
		out = append(out, one)
	}
	return out
}
