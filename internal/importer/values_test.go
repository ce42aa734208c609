package importer_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/osmoctl/osmoctl/internal/helm"
	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// today is the day on which these tests take place.
var today = date("2026-11-27")

func date(s string) model.Date {
	d, err := model.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

const projectFile = "version: 1\nrecipients: {ops: age1pv2hhnr2w04tgf2vyysrk3ge5vjaemxkmeh0xgvqyn6t5nlpkv8qaw2cx4}\n" +
	"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n"

// load reads a manifest as validate does.
func load(manifest []byte) (*model.Declarations, diag.List) {
	return config.Load(fstest.MapFS{
		"osmoctl.yaml":            {Data: []byte(projectFile)},
		"manifests/imported.yaml": {Data: manifest},
	}, config.Options{Today: today})
}

// declare reads a manifest that must be valid.
func declare(t *testing.T, manifest []byte) *model.Declarations {
	t.Helper()
	want, problems := load(manifest)
	for _, p := range problems.Errors() {
		t.Errorf("%s [%s]: %s", p.Error(), p.Code, p.Source)
	}
	if want == nil {
		t.Fatalf("the manifest is not valid:\n%s", manifest)
	}
	return want
}

var rules = access.RulesOf(model.Server{Mode: model.ModeConfigMap})[0]

// readValues makes a manifest of Helm values.
func readValues(values []byte) ([]byte, diag.List) {
	found, problems := helm.Read("values.yaml", values, helm.Options{Rules: rules})
	if problems.HasErrors() {
		return nil, problems
	}
	return importer.FromValues(found).YAML(), nil
}

const usualValues = `# Values of a release.
image: &image {tag: 6.4.0}
sidecar: {image: *image}
configuration:
  roles:
    osmo-user: {external_roles: [everyone]}
    osmo-admin: {external_roles: [admins]}
    osmo-ctrl: null
    osmo-ml-team:
      description: |
        ML team
        pool access
      immutable: true
      policies:
        - actions: ["workflow:*", "pool:List"]
          resources: ["pool/ml-*"]
        - actions: ["app:*", {base: http, path: "/api/app/*", method: "*"}]
`

func TestFromValues(t *testing.T) {
	t.Parallel()
	got, problems := readValues([]byte(usualValues))
	if problems != nil {
		t.Fatal(problems)
	}
	const want = `# yaml-language-server: $schema=../schemas/manifest.schema.json
# Made by osmoctl import helm-values, from the roles in OSMO's Helm values.
roles:
  # osmo-admin is not declared here. It is built into OSMO and says something else here. Of the
  # built-in roles only osmo-user can be declared differently: keep this one in your values.

  # osmo-ctrl is not declared here. null takes the built-in role out of the chart's values. No
  # declaration can do that: keep this line in your values.

  # The description had several lines or tabs, and is on one line now.
  # immutable is left out: OSMO stores it for no role.
  # Policy 2: the action {"base": "http", "path": "/api/app/*", "method": "*"} is of the form before
  # 6.2 and is left out: OSMO passes over it until a server with its roles in the database converts
  # it.
  # Policy 2: it had no resources, and so matches only requests that are about none. [none] keeps
  # that; a server with its roles in the database would make ["*"] of it when it restarts, so write
  # that if everything was meant.
  osmo-ml-team:
    description: "ML team pool access"
    policies:
      - effect: Allow
        actions: ["workflow:*", "pool:List"]
        resources: ["pool/ml-*"]
      - effect: Allow
        actions: ["app:*"]
        resources: [none]
    external_roles: [osmo-ml-team]
    sync_mode: import

  # Helm merges this into the chart's own role: the policies are those that OSMO 6.4 brings along.
  osmo-user:
    description: "User role — standard workflow and data operations"
    policies:
      - effect: Allow
        actions: ["app:*", "auth:Token", "credentials:*", "mcp:Access", "pool:List", "profile:Read", "profile:Update", "resources:Read", "user:List", "workflow:List", "workflow:Read"]
        resources: ["*"]
      - effect: Allow
        actions: ["workflow:*"]
        resources: [pool/default]
    external_roles: [everyone]
    sync_mode: import
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	declare(t, got)
}

// Where nothing is left to declare, the manifest says so and is valid.
func TestFromValuesOfNothing(t *testing.T) {
	t.Parallel()
	for _, values := range []string{"roles: {}", "roles: ", "roles: {osmo-user: null}"} {
		got, problems := readValues([]byte(values))
		if problems != nil {
			t.Fatal(problems)
		}
		if d := declare(t, got); len(d.Roles) > 0 || !strings.HasSuffix(string(got), "\nroles: {}\n") {
			t.Errorf("%s becomes\n%s", values, got)
		}
	}
}

// roundTrip holds values that can be imported to: the manifest is valid, and what is
// exported from it is imported as the same roles. It reports whether they could.
func roundTrip(t *testing.T, values []byte) bool {
	t.Helper()
	first, problems := readValues(values)
	if problems.HasErrors() {
		for _, p := range problems {
			if p.Pos.File == "" && p.Code != diag.CodeTooManyProblems || p.Summary == "" {
				t.Errorf("%+v lacks its place or its words", p)
			}
		}
		return false
	}
	once := declare(t, first)
	for _, chart := range []helm.Chart{helm.ChartOSMO, helm.ChartService} {
		exported := helm.Write(once.Roles, chart)
		second, problems := readValues(exported)
		if problems != nil {
			t.Fatalf("what was exported has %v:\n%s", problems, exported)
		}
		twice := declare(t, second)
		if diff := cmp.Diff(once.Roles, twice.Roles, cmpopts.IgnoreFields(model.Role{}, "Origin")); diff != "" {
			t.Errorf("(-first +second)\n%s\nexported\n%s", diff, exported)
		}
		if again := helm.Write(twice.Roles, chart); string(again) != string(exported) {
			t.Errorf("exported again\n%s\nwant\n%s", again, exported)
		}
	}
	return true
}

var roundTrips = []string{
	usualValues,
	"roles: {}", "roles: ", "configuration: {roles: {a: {}}}",
	"services: {configs: {roles: {a: {policies: [{actions: ['*'], resources: [a, a, b]}], external_roles: [1, 1, true]}}}}",
	"roles: {no: {description: 010, policies: [{effect: Deny, actions: ['*:*']}]}}",
	"roles: {osmo-user: {policies: [], description: ' x '}}",
	"roles: {osmo-admin: {policies: [{actions: ['*:*'], resources: ['*']}, {actions: [], resources: []}]}}",
	"kind: ConfigMap\ndata:\n  a.yaml: |\n    roles:\n      a:\n        description: \"b\\tc\"\n",
	`{"roles": {"a": {"description": "\ud83d\ude00"}}}`,
}

func TestValuesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, values := range roundTrips {
		if !roundTrip(t, []byte(values)) {
			t.Errorf("this cannot be imported:\n%s", values)
		}
	}
}

// FuzzValues feeds values files: no panic, every problem has its place, and what can be
// imported makes the same roles after an export.
func FuzzValues(f *testing.F) {
	for _, values := range roundTrips {
		f.Add([]byte(values))
	}
	f.Add([]byte("roles: {a: &x {policies: [*x]}}"))
	f.Add([]byte("x: &x {roles: {}}\nconfiguration: {<<: *x}"))
	f.Add([]byte("roles: {a: {policies: [[]], external_roles: {}, description: [x], sync_mode: {}}}"))
	f.Fuzz(func(t *testing.T, values []byte) { roundTrip(t, values) })
}
