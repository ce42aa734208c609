package importer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/importer"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func at(day string) time.Time { return date(day).Time().Add(9 * time.Hour) }

func builtin(name string) *model.Role {
	r, _ := access.RulesOf(model.Server{Mode: model.ModeDatabase})[0].Builtin(name)
	r.ExternalRoles = []string{name}
	return r
}

func role(name string, policies ...model.Policy) *model.Role {
	return &model.Role{Name: name, Policies: policies, SyncMode: model.SyncImport, ExternalRoles: []string{name}}
}

var readsApps = model.Policy{Effect: model.Allow, Actions: []string{"app:Read"}, Resources: []string{"*"}}

// usualServer has something of everything.
func usualServer() model.Observed {
	changedAdmin := builtin("osmo-admin")
	changedAdmin.ExternalRoles = []string{"admins"}
	changedUser := builtin("osmo-user")
	changedUser.ExternalRoles = []string{}
	wide := role("wide", model.Policy{Effect: model.Allow, Actions: []string{"workflow:*"}})
	team := role("team", readsApps, model.Policy{Effect: model.Deny, Actions: []string{"workflow:Exec", "workflow:Exec"}, Resources: []string{"pool/b", "pool/a"}})
	team.Description, team.ExternalRoles, team.SyncMode = "ML: team", []string{"group", "other"}, model.SyncForce
	roles := map[string]*model.Role{"osmo-admin": changedAdmin, "osmo-user": changedUser, "wide": wide, "team": team, "a/b": role("a/b", readsApps), "Team": role("Team", readsApps)}
	for _, name := range []string{"osmo-ctrl", "osmo-backend", "osmo-default"} {
		roles[name] = builtin(name)
	}
	admin := model.Authorship{By: "admin@example.com", At: at("2026-01-15")}
	return model.Observed{
		Identity: "svc-osmoctl", Server: model.Server{Version: "6.3.1", Mode: model.ModeDatabase}, Roles: roles,
		RoleChanges: map[string]model.Authorship{"team": {By: "ada", At: at("2026-02-03")}},
		Users: map[string]model.ObservedUser{
			"ada@example.com": {Created: admin, Roles: []string{"osmo-user"}},
			"svc-ci": {
				Created: admin, Roles: []string{"osmo-user", "team"},
				Assigned: map[string]model.Authorship{"osmo-user": {By: "idp-sync", At: at("2026-01-16")}, "team": admin},
				Tokens: map[string]model.ObservedToken{
					"ci":    {Description: "CI: builds", ExpiresAt: date("2027-01-01"), Roles: []string{"osmo-user", "team"}},
					"ci-g2": {ExpiresAt: date("2027-01-01"), Roles: []string{"team"}},
					"edge":  {ExpiresAt: date("2027-11-27"), Roles: []string{"team"}},
					"ours":  {ExpiresAt: date("2027-11-27"), Roles: []string{"team"}, Mark: model.Mark{Lineage: "abc", Run: "r1"}},
					"old":   {ExpiresAt: today, Roles: []string{"team"}},
					"bare":  {ExpiresAt: date("2027-01-01")},
					"far":   {ExpiresAt: date("2027-11-28"), Roles: []string{"team"}},
					"CI":    {ExpiresAt: date("2027-01-01"), Roles: []string{"team"}},
					"lines": {Description: "a\nb", ExpiresAt: date("2027-01-01"), Roles: []string{"team"}},
					"x-g3":  {ExpiresAt: date("2027-01-01"), Roles: []string{"team"}},
				},
			},
			"svc-wide":                        {Roles: []string{"wide"}},
			"svc-slash":                       {Roles: []string{"a/b"}},
			"svc-admin":                       {Created: model.Authorship{By: "x\u202ey"}, Roles: []string{"osmo-admin"}},
			"svc-osmoctl":                     {Roles: []string{}, Tokens: map[string]model.ObservedToken{}},
			"svc-" + strings.Repeat("x", 125): {Roles: []string{"team"}},
			"SVC-CI":                          {Roles: []string{"team"}},
		},
	}
}

func TestFromServer(t *testing.T) {
	t.Parallel()
	m, remarks, err := importer.FromServer(usualServer(), importer.Select{IDPrefixes: []string{"svc-", "SVC"}}, importer.Options{Today: today})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# yaml-language-server: $schema=../schemas/manifest.schema.json
# Made by osmoctl import osmo, from what a server has. Tokens are declared without recipients: those
# of defaults in osmoctl.yaml read their next generations.
roles:
  Team:
    policies:
      - effect: Allow
        actions: ["app:Read"]
        resources: ["*"]
    external_roles: [Team]
    sync_mode: import

  # "a/b" is not declared here. It cannot be declared as it stands, since its name is not osmoctl's:
  # a role name holds only letters, digits and "_", "." and "-".

  # osmo-admin is not declared here. It is built into OSMO and says something else on this server.
  # Of the built-in roles only osmo-user can be declared differently; accounts hold this one all the
  # same.

  osmo-user:
    description: "Standard user role"
    policies:
      - effect: Allow
        actions: ["app:*", "auth:Token", "credentials:*", "mcp:Access", "pool:List", "profile:Read", "profile:Update", "resources:Read", "user:List", "workflow:List", "workflow:Read"]
        resources: ["*"]
      - effect: Allow
        actions: ["workflow:*"]
        resources: [pool/default]
    external_roles: []
    sync_mode: import

  # team is not declared here. It cannot be declared as it stands, since the name differs only in
  # case from "Team".

  # wide is not declared here. It cannot be declared as it stands, since policy 1 has no resources,
  # which OSMO widens to "*" when it restarts with its roles in the database: give it ["none"] to
  # keep it narrow, or ["*"], where the role is kept.
service_accounts:
  # SVC-CI is not declared here. It cannot be declared as it stands, since it holds the role "team",
  # which cannot be declared.

  # Created by "x\u202ey".
  svc-admin:
    roles: [osmo-admin]

  # svc-ci is not declared here. It cannot be declared as it stands, since it holds the role "team",
  # which cannot be declared.

  # This is the user that osmoctl acts as on the server: whoever changes it may lock osmoctl out.
  svc-osmoctl:
    roles: []

  # svc-slash is not declared here. It cannot be declared as it stands, since it holds the role
  # "a/b", which cannot be declared.

  # svc-wide is not declared here. It cannot be declared as it stands, since it holds the role
  # "wide", which cannot be declared.

  # "svc-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
  # is not declared here. It cannot be declared as it stands, since its name is not osmoctl's: an
  # account name has at most 128 bytes, this one has 129.
`
	got := m.YAML()
	if diff := cmp.Diff(want, strings.ReplaceAll(string(got), "  # Its tokens were not listed, so none is declared.\n", "")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	declare(t, got)
	if _, _, _, n := m.Count(); n != len(remarks) {
		t.Errorf("%d remarks are returned, and the manifest has %d", len(remarks), n)
	}
}

// The same without the role whose name is like another's.
// Roles that others make are named, whatever they say; those that nobody holds are left out.
func TestFromServerNamesRoles(t *testing.T) {
	t.Parallel()
	m, _, err := importer.FromServer(usualServer(), importer.Select{IDPrefixes: []string{"svc-wide", "svc-slash", "svc-admin"}}, importer.Options{Today: today, ExternalRoles: true})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# yaml-language-server: $schema=../schemas/manifest.schema.json
# Made by osmoctl import osmo, from what a server has. Tokens are declared without recipients: those
# of defaults in osmoctl.yaml read their next generations.
roles:
  # "a/b" is not declared here. It cannot be declared, since a role name holds only letters, digits
  # and "_", "." and "-".

  wide: {external: true}
service_accounts:
  # Created by "x\u202ey".
  # Its tokens were not listed, so none is declared.
  svc-admin:
    roles: [osmo-admin]

  # svc-slash is not declared here. It cannot be declared as it stands, since it holds the role
  # "a/b", which cannot be declared.

  # Its tokens were not listed, so none is declared.
  svc-wide:
    roles: [wide]
`
	if diff := cmp.Diff(want, string(m.YAML())); diff != "" {
		t.Error(diff)
	}
}

func TestFromServerTokens(t *testing.T) {
	t.Parallel()
	seen := usualServer()
	delete(seen.Roles, "Team")
	m, _, err := importer.FromServer(seen, importer.Select{IDPrefixes: []string{"svc-c"}}, importer.Options{Today: today})
	if err != nil {
		t.Fatal(err)
	}
	const want = `
service_accounts:
  # Created by admin@example.com on 2026-01-15.
  # osmo-user is assigned by idp-sync, which may take it away and give it again; osmoctl reports
  # that and does not fight it.
  # Its token bare is not declared, since it has no roles left, and nothing can be done with it.
  # Its token ci is not declared, since the name differs only in case from "CI".
  # Its token far is not declared, since it expires on 2027-11-28, which is beyond
  # guardrails.max_token_lifetime, 365d from today.
  # Its token lines is not declared, since its description cannot be written: it holds text of
  # several lines.
  # Its token old is not declared, since it expired on 2026-11-27.
  # Its token ours is not declared, since a run of osmoctl issued it for the project of lineage abc,
  # which has its value.
  svc-ci:
    roles: [osmo-user, team]
    tokens:
      CI:
        roles: [team]
        expires_at: 2027-01-01
      # Its name is what osmoctl calls generation 2 of a token ci: that name is not to be declared
      # beside it.
      ci-g2:
        roles: [team]
        expires_at: 2027-01-01
      edge:
        roles: [team]
        expires_at: 2027-11-27
      # Its name is what osmoctl calls generation 3 of a token x: that name is not to be declared
      # beside it.
      x-g3:
        roles: [team]
        expires_at: 2027-01-01
`
	got := m.YAML()
	_, accounts, _ := strings.Cut(string(got), "\nservice_accounts:")
	if diff := cmp.Diff(want, "\nservice_accounts:"+accounts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := "  # Changed last by ada on 2026-02-03.\n  team:\n    description: \"ML: team\"\n"; !strings.Contains(string(got), want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	declare(t, got)
}

// A user fits a selection as OSMO's own list of users has it, and nobody is a service
// account unless somebody says so.
func TestSelect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		chosen importer.Select
		want   string
	}{
		{importer.Select{}, ""},
		{importer.Select{IDPrefixes: []string{"svc-a", "svc-o"}}, "svc-admin svc-osmoctl"},
		{importer.Select{Roles: []string{"osmo-admin", "a/b"}}, "svc-admin svc-slash"},
		{importer.Select{IDPrefixes: []string{"svc-"}, Roles: []string{"osmo-user"}}, "svc-ci"},
		{importer.Select{IDPrefixes: []string{""}, Roles: []string{"osmo-user"}}, "ada@example.com svc-ci"},
	} {
		m, _, err := importer.FromServer(usualServer(), c.chosen, importer.Options{Today: today})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range m.Accounts {
			got = append(got, e.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v takes %q, want %s", c.chosen, got, c.want)
		}
	}
}

// A text of the server that is shaped like a secret is repeated nowhere.
func TestFromServerKeepsSecretsOut(t *testing.T) {
	t.Parallel()
	token := "osmo_" + strings.Repeat("0aZ", 12) + "00"
	described := role("described", readsApps)
	described.Description = "use " + token
	seen := model.Observed{
		Roles: map[string]*model.Role{"described": described, token: role(token, readsApps)},
		Users: map[string]model.ObservedUser{
			token:   {Roles: []string{"osmo-user"}},
			"svc-a": {Roles: []string{"osmo-user"}, Created: model.Authorship{By: token}, Tokens: map[string]model.ObservedToken{"t": {Description: token, Roles: []string{"osmo-user"}, ExpiresAt: date("2027-01-01")}}},
		},
	}
	m, _, err := importer.FromServer(seen, importer.Select{IDPrefixes: []string{""}}, importer.Options{Today: today})
	if err != nil {
		t.Fatal(err)
	}
	got := string(m.YAML())
	if strings.Contains(got, token) || !strings.Contains(got, "consider it leaked") {
		t.Errorf("got\n%s", got)
	}
	if d := declare(t, []byte(got)); len(d.Roles) != 0 || len(d.Accounts) != 1 || len(d.Accounts["svc-a"].Tokens) != 0 {
		t.Errorf("declared are %+v", d)
	}
}

// What the project declares already is left out, and may be named all the same.
func TestFromServerKnows(t *testing.T) {
	t.Parallel()
	first, _, err := importer.FromServer(usualServer(), importer.Select{IDPrefixes: []string{"svc-a"}}, importer.Options{Today: today})
	if err != nil {
		t.Fatal(err)
	}
	o := importer.Options{Today: today, Declared: declare(t, first.YAML())}
	second, _, err := importer.FromServer(usualServer(), importer.Select{IDPrefixes: []string{"svc-a", "svc-o", "ada"}}, o)
	if err != nil {
		t.Fatal(err)
	}
	roles, accounts, _, _ := second.Count()
	if roles != 0 || accounts != 2 || !strings.Contains(string(second.YAML()), "# Left out: 3 roles and accounts that the project declares already.\n") {
		t.Errorf("%d roles and %d accounts are declared again:\n%s", roles, accounts, second.YAML())
	}
	_, problems := config.Load(fstest.MapFS{
		"osmoctl.yaml": {Data: []byte(projectFile)}, "manifests/1.yaml": {Data: first.YAML()}, "manifests/2.yaml": {Data: second.YAML()},
	}, config.Options{Today: today})
	if problems.HasErrors() {
		t.Error(problems)
	}
}

func TestFromServerLimits(t *testing.T) {
	t.Parallel()
	seen := model.Observed{Roles: map[string]*model.Role{}, Users: map[string]model.ObservedUser{}}
	for i := range 3 {
		seen.Users[fmt.Sprintf("svc-%d", i)] = model.ObservedUser{}
	}
	limits := model.DefaultLimits()
	limits.Accounts = 2
	_, _, err := importer.FromServer(seen, importer.Select{IDPrefixes: []string{"svc-"}}, importer.Options{Today: today, Limits: limits})
	if err == nil || err.Error() != "the project would have 3 service accounts, and the limit is 2" {
		t.Error(err)
	}
}

// Whatever a server has, the manifest is valid, and says of each object that is declared
// exactly what the server has, so that no plan changes it.
func TestFromServerIsExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	declaredRoles, declaredTokens := 0, 0
	for range 400 {
		seen := generateServer(r)
		m, _, err := importer.FromServer(seen, importer.Select{IDPrefixes: []string{""}}, importer.Options{Today: today})
		if err != nil {
			t.Fatal(err)
		}
		got := declare(t, m.YAML())
		checkAdopts(t, got, seen)
		for name, role := range got.Roles {
			want := seen.Roles[name]
			same := role.Description == want.Description && role.SyncMode == want.SyncMode && model.EqualPolicies(role.Policies, want.Policies) &&
				(role.ExternalRoles == nil) == (want.ExternalRoles == nil) && model.SameSet(role.ExternalRoles, want.ExternalRoles)
			if !same {
				t.Errorf("the role is declared as %+v, and the server has %+v", role, want)
			}
			declaredRoles++
		}
		for name, a := range got.Accounts {
			want := seen.Users[name]
			if !model.SameSet(a.Roles, want.Roles) {
				t.Errorf("%s has the roles %q, and %q on the server", name, a.Roles, want.Roles)
			}
			for token, declared := range a.Tokens {
				spec, has := declared.TokenSpec, want.Tokens[token]
				if spec.Description != has.Description || spec.Inherit || !model.SameSet(spec.Roles, has.Roles) || spec.Expiry.At != has.ExpiresAt || spec.Expiry.In != 0 {
					t.Errorf("%s/%s is declared as %+v, and the server has %+v", name, token, spec, has)
				}
				declaredTokens++
			}
		}
	}
	if declaredRoles < 100 || declaredTokens < 100 {
		t.Errorf("only %d roles and %d tokens were declared", declaredRoles, declaredTokens)
	}
}

// checkAdopts holds that the plan adopts, and does nothing else.
func checkAdopts(t *testing.T, want *model.Declarations, seen model.Observed) {
	t.Helper()
	p, problems := plan.Build(want, &state.Snapshot{}, plan.Options{Today: today, Observed: seen})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	objects := len(want.Roles) + len(want.Accounts)
	for _, a := range want.Accounts {
		objects += len(a.Tokens)
	}
	if p.Summary.Adopt != objects || len(p.Changes) != objects || len(p.Drift) > 0 {
		for _, c := range p.Changes {
			if c.Action != plan.Adopt {
				t.Errorf("the plan is to %s %s: %q", c.Action, c.Address, c.Reasons)
			}
		}
		t.Fatalf("%d objects are declared and %d adopted, with the drift %+v", objects, p.Summary.Adopt, p.Drift)
	}
}

// strange are names and texts that servers have.
var strange = []string{
	"a", "A", "svc-1", "svc-1", "true", "010", "con", "a/b", "a b", "", "t", "t-g2", "t-g2-g3", "T", "x\ny", "x\ty", "\u202e", "ö", "# x", "a: b", "- a", `"`, "\x00", "\xff",
	strings.Repeat("a", 129), "[osmoctl a/b]", "osmo_" + strings.Repeat("0aZ", 12) + "00", "AGE-SECRET-KEY-1", "osmo-user", "osmo-admin", "OSMO-ADMIN", "team-1", "team-2", "on",
}

func generateServer(r *rand.Rand) model.Observed {
	any := func() string { return strange[r.IntN(len(strange))] }
	some := func(most int) (list []string) {
		for range r.IntN(most + 1) {
			list = append(list, any())
		}
		return list
	}
	seen := model.Observed{Identity: any(), Roles: map[string]*model.Role{}, Users: map[string]model.ObservedUser{}}
	seen.Server.Mode = []model.Mode{"", model.ModeDatabase, model.ModeConfigMap}[r.IntN(3)]
	for range r.IntN(8) {
		name := any()
		role := &model.Role{Name: name, Description: any(), SyncMode: model.SyncIgnore, ExternalRoles: [][]string{nil, {}, some(2)}[r.IntN(3)]}
		for range r.IntN(3) {
			actions := []string{"app:Read", "*:*", "*", "app:read", "app:Read"}[r.IntN(4):]
			role.Policies = append(role.Policies, model.Policy{Effect: model.Deny, Actions: actions[:min(len(actions), r.IntN(3))], Resources: append(some(1), "*")})
		}
		seen.Roles[name] = role
	}
	for range r.IntN(8) {
		u := model.ObservedUser{Created: model.Authorship{By: any()}, Assigned: map[string]model.Authorship{}, Tokens: map[string]model.ObservedToken{}}
		if held := slices.Concat(model.Names(seen.Roles), access.BuiltinNames()); r.IntN(4) > 0 {
			u.Roles = model.Set([]string{held[r.IntN(len(held))], held[r.IntN(len(held))]})
			u.Assigned[u.Roles[0]] = model.Authorship{By: any() + "-sync"}
		}
		for range r.IntN(6) {
			token := model.ObservedToken{Description: any(), ExpiresAt: today.Add(model.Days(r.IntN(380) - 5)), Roles: u.Roles}
			if r.IntN(4) == 0 {
				token.Mark = model.Mark{Lineage: any(), Run: "r"}
			}
			u.Tokens[any()] = token
		}
		seen.Users[any()] = u
	}
	return seen
}
