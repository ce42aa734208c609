package helm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	roles := map[string]*model.Role{
		"team": wantTeam,
		// Words and numbers of YAML stay names and texts.
		"on":        {Name: "on", Description: "null", Policies: []model.Policy{{Actions: []string{"app:Read"}, Resources: []string{"*"}}}},
		"010":       {Name: "010", Description: "a: b # \"c\"", ExternalRoles: []string{}},
		"osmo-user": {Name: "osmo-user", ExternalRoles: []string{"yes", "2027-01-01"}, SyncMode: model.SyncIgnore},
	}
	const want = `# The roles that osmoctl has declared, as values of OSMO's chart osmo, written by
# osmoctl export helm-values --chart osmo. Give this file to helm upgrade as the last -f,
# behind the values that the release has already. Helm merges maps: roles that stand in other
# values and not here stay as they are there, and a role that is declared no more has to be taken
# out of them.
configuration:
  roles:
    "010":
      description: "a: b # \"c\""
      policies: []
      # This clears nothing here: OSMO maps a role without external_roles to its own name. To map
      # it to nobody, declare a name that the identity provider gives to nobody.
      external_roles: []
      sync_mode: import
    "on":
      description: "null"
      policies:
        - effect: Allow
          actions: ["app:Read"]
          resources: ["*"]
      # The declaration leaves external_roles alone. OSMO maps a role to its own name then.
      external_roles: ["on"]
      sync_mode: import
    osmo-user:
      description: ""
      policies: []
      external_roles: ["yes", "2027-01-01"]
      sync_mode: ignore
    team:
      description: "ML team"
      policies:
        - effect: Allow
          actions: ["workflow:*", "pool:List"]
          resources: [pool/a, pool/b]
        - effect: Deny
          actions: ["workflow:Exec"]
          resources: [pool/b]
      external_roles: [group]
      sync_mode: force
`
	if diff := cmp.Diff(want, string(Write(roles, ChartOSMO))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, service, _ := strings.Cut(string(Write(nil, ChartService)), "them.\n")
	if want := "services:\n  configs:\n    roles: {}\n"; !strings.HasSuffix(service, want) {
		t.Errorf("got %s", service)
	}
}

func TestChartFor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]Chart{"": ChartOSMO, "6.4": ChartOSMO, "6.3": ChartService} {
		if got := ChartFor(model.Server{Version: version}); got != want {
			t.Errorf("%q is installed by %s, want %s", version, got, want)
		}
	}
}

// Every version of YAML, and Helm's own JSON between, reads texts as texts.
func TestWriteIsTextToEveryReader(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		role := generateRole(r, "role")
		var got struct {
			Configuration struct {
				Roles map[string]struct {
					Description   string
					Policies      []map[string]any
					ExternalRoles []string `yaml:"external_roles"`
					SyncMode      string   `yaml:"sync_mode"`
				}
			}
		}
		text := Write(map[string]*model.Role{"role": role}, ChartOSMO)
		if err := yaml.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		read := got.Configuration.Roles["role"]
		if read.Description != role.Description || len(read.Policies) != len(role.Policies) || read.SyncMode == "" {
			t.Errorf("got %+v from\n%s", read, text)
		}
		if len(role.ExternalRoles) > 0 && !slices.Equal(read.ExternalRoles, role.ExternalRoles) {
			t.Errorf("got %q from\n%s", read.ExternalRoles, text)
		}
	}
}

// What Write makes of roles, Read reads back, and says nothing about it but where the
// meaning of external roles differs.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		roles := generateRoles(r)
		for _, chart := range []Chart{ChartOSMO, ChartService} {
			text := Write(roles, chart)
			found, problems := Read("values.yaml", text, testOptions)
			if len(problems) > 0 {
				t.Fatalf("%v\n%s", problems, text)
			}
			got := map[string]*model.Role{}
			for _, f := range found {
				if got[f.Name] = f.Role; len(roles[f.Name].ExternalRoles) > 0 && f.Remarks != nil {
					t.Errorf("%s: %q", f.Name, f.Remarks)
				}
			}
			want := map[string]*model.Role{}
			for name, role := range roles {
				fixed := *role
				if len(fixed.ExternalRoles) == 0 {
					fixed.ExternalRoles = []string{name}
				}
				want[name] = &fixed
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got)\n%s\n%s", diff, text)
			}
			if again := Write(got, chart); !bytes.Equal(again, Write(want, chart)) {
				t.Errorf("written again it is\n%s", again)
			}
		}
	}
}

// texts are what somebody may have written, as a description or a name of a group.
var texts = []string{
	"a", "Team", "true", "No", "y", "~", "null", "1e3", "0x1F", "010", "1_000", "12:30:00", "2027-01-01", ".inf", "=", "<<", "- x", "a: b",
	"a #b", "#", "*x", "&x", "!x", "%x", "@x", "`x", "'x'", `"x"`, `\u0041`, "{x}", "[x]", "x, y", "größe", "日本", "😀", " x ", "? x", "---", "...", "|", ">-", "{{ .Values.x }}",
}

func generateRole(r *rand.Rand, name string) *model.Role {
	pick := func(from []string, least int) []string {
		list := slices.Clone(from)
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list[:least+r.IntN(3)]
	}
	role := &model.Role{
		Name: name, Description: texts[r.IntN(len(texts))], Policies: []model.Policy{},
		SyncMode: []model.SyncMode{model.SyncImport, model.SyncForce, model.SyncIgnore}[r.IntN(3)],
	}
	for range r.IntN(3) {
		role.Policies = append(role.Policies, model.Policy{
			Effect:    []model.Effect{model.Allow, model.Deny}[r.IntN(2)],
			Actions:   pick([]string{"workflow:*", "*:Read", "*:*", "app:Read", "pool:List"}, 1),
			Resources: pick(append([]string{"*", "pool/a", "pool/team-*", "none"}, texts...), 1),
		})
	}
	switch r.IntN(3) {
	case 0:
		role.ExternalRoles = pick(texts, 1)
	case 1:
		role.ExternalRoles = []string{}
	}
	return role
}

func generateRoles(r *rand.Rand) map[string]*model.Role {
	roles := map[string]*model.Role{}
	names := []string{"true", "n", "1e3", "010", "a.b", "x_y", "team", "off", "2027-01-01"}
	for range r.IntN(5) {
		name := names[r.IntN(len(names))]
		roles[name] = generateRole(r, name)
	}
	for i := range r.IntN(3) {
		name := fmt.Sprintf("role-%d", i)
		roles[name] = generateRole(r, name)
	}
	return roles
}
