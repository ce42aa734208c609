package config

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

const fullProject = `version: 1
recipients:
  alice: ` + aliceKey + `
  bob: ` + bobKey + ` # moved
  ops: [bob, alice]
  everyone: ops
defaults:
  recipients: [alice]
  token: {expires_in: 90d, rotate: {every: 60d}}
guardrails:
  max_token_lifetime: 400d
  require_token_roles: false
  account_name: "svc-.*"
  min_recipients: 1
  required_recipients: [alice]
  max_new_readers: 0
  max_deletes: {count: 5, percent: 20}
  max_rotations: {percent: 50}
  max_administrators: 2
  forbid:
    - {name: z, actions: ["*:*"], reason: last}
    - name: no-exec
      subjects: {accounts: [svc-*, bob], labels: {team: ml}}
      actions: [workflow:Exec]
      resources: [pool/prod, pool/a]
      reason: not there
      except: [{subjects: [token/bob/t, account/svc-oncall], owner: alice, reason: on call, until: 2027-03-01}]
git: {push: origin, branch: main, state_branch: osmoctl/state}
backend: {kind: local}
`

const fullManifest = `roles:
  ml-team:
    description: 010
    policies:
      - actions: ["workflow:*", pool:List]
        resources: [pool/a, pool/b]
      - {effect: Deny, actions: [workflow:Exec], resources: ["*"]}
    external_roles: []
    sync_mode: force
service_accounts:
  svc-a:
    description: no
    labels: {team: platform, "since": 2027-01-01}
    roles: [osmo-user, ml-team]
    protect: true
    tokens:
      plain: {}
      own:
        description: >-
          folded
          text
        roles: [osmo-user]
        expires_at: 2027-12-01
        rotate: {every: 20d, overlap: 0d}
        generation: 3
        recipients: [everyone, bob]
        previously: [old, older]
      brief:
        expires_in: 4d
        rotate: {every: 3d}
  svc-b: {}
`

var (
	alice = model.Recipient{Name: "alice", Key: aliceKey, Kind: model.RecipientX25519}
	bob   = model.Recipient{Name: "bob", Key: bobKey, Kind: model.RecipientX25519}
)

func pointer[T any](v T) *T { return &v }

func date(t *testing.T, s string) model.Date {
	t.Helper()
	d, err := model.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustLoad(t *testing.T, fsys fs.FS) *model.Declarations {
	t.Helper()
	d, list := Load(fsys, Options{Today: benchDay})
	if len(list) > 0 {
		t.Fatalf("unexpected problems: %q", briefs(list))
	}
	return d
}

// What a shell has just made is no mistake of a manifest, where that is asked for.
func TestPassEmpty(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"osmoctl.yaml": {Data: []byte("version: 1\n")}, "manifests/new.yaml": {}, "manifests/role.yaml": {Data: []byte("roles: {a: {policies: []}}\n")}}
	if _, list := Load(fsys, Options{}); !list.HasErrors() {
		t.Error("a file of no byte is no problem")
	}
	if d, list := Load(fsys, Options{PassEmpty: true}); list.HasErrors() || d.Roles["a"] == nil {
		t.Errorf("%v", list)
	}
	fsys["manifests/new.yaml"].Data = []byte("\n")
	if _, list := Load(fsys, Options{PassEmpty: true}); !list.HasErrors() {
		t.Error("a file that holds a line is passed over")
	}
}

func TestLoadProject(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, testProject(fullProject, fullManifest)).Project
	both := []model.Recipient{bob, alice}
	want := model.Project{
		Version:    1,
		Recipients: map[string][]model.Recipient{"alice": {alice}, "bob": {bob}, "ops": both, "everyone": both},
		Defaults: model.Defaults{
			Recipients: []string{"alice"}, Expiry: model.Expiry{In: 90}, Rotate: model.Rotation{Every: 60, Overlap: 7},
		},
		Guardrails: model.Guardrails{
			MaxTokenLifetime: 400, RequireTokenRoles: pointer(false), AccountName: "svc-.*", MinRecipients: 1,
			RequiredRecipients: []string{"alice"}, MaxNewReaders: pointer(0),
			MaxDeletes:   &model.Limit{Count: pointer(5), Percent: pointer(20)},
			MaxRotations: &model.Limit{Percent: pointer(50)}, MaxAdministrators: pointer(2),
			Forbid: []model.Forbid{
				{
					Name: "no-exec", Subjects: model.ForbidSubjects{Accounts: []string{"bob", "svc-*"}, Labels: map[string]string{"team": "ml"}},
					Actions: []string{"workflow:Exec"}, Resources: []string{"pool/a", "pool/prod"}, Reason: "not there",
					Except: []model.Exception{{
						Subjects: []model.Address{model.AccountAddress("svc-oncall"), model.TokenAddress("bob", "t")},
						Owner:    "alice", Reason: "on call", Until: mustDate("2027-03-01"),
					}},
				},
				{Name: "z", Actions: []string{"*:*"}, Reason: "last"},
			},
		},
		Git:     model.Git{Push: "origin", Branch: "main", StateBranch: "osmoctl/state"},
		Backend: model.Backend{Kind: model.BackendLocal},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("project (-want +got):\n%s", diff)
	}
}

func mustDate(text string) model.Date {
	d, err := model.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestLoadRoles(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, testProject(fullProject, fullManifest)).Roles
	want := map[string]*model.Role{"ml-team": {
		Name: "ml-team", Description: "010", ExternalRoles: []string{}, SyncMode: model.SyncForce,
		Policies: []model.Policy{
			{Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/a", "pool/b"}},
			{Effect: model.Deny, Actions: []string{"workflow:Exec"}, Resources: []string{"*"}},
		},
		Origin: diag.Position{File: "manifests/a.yaml", Line: 2, Column: 3},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	// cmp asks Policy.Equal, to which places do not count.
	deny := got["ml-team"].Policies[1]
	places := []diag.Position{deny.Origin, deny.ActionAt(0), deny.ResourceAt(0)}
	at := func(line, column int) diag.Position {
		return diag.Position{File: "manifests/a.yaml", Line: line, Column: column}
	}
	if diff := cmp.Diff([]diag.Position{at(7, 9), at(7, 34), at(7, 62)}, places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestLoadAccounts(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, testProject(fullProject, fullManifest)).Accounts
	at := func(line, column int) diag.Position {
		return diag.Position{File: "manifests/a.yaml", Line: line, Column: column}
	}
	want := map[string]*model.Account{
		"svc-a": {
			Name: "svc-a", Description: "no", Labels: map[string]string{"team": "platform", "since": "2027-01-01"},
			Roles: []string{"ml-team", "osmo-user"}, Protect: true, Origin: at(11, 3),
			Tokens: map[string]*model.Token{
				"plain": {
					Account: "svc-a", Name: "plain", TokenSpec: model.TokenSpec{
						Inherit: true, Expiry: model.Expiry{In: 90}, Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"alice"},
					},
					Readers: []model.Recipient{alice},
					Origin:  at(17, 7), ExpiryOrigin: diag.Position{File: ProjectFile, Line: 9, Column: 23},
				},
				"own": {
					Account: "svc-a", Name: "own", Generation: 3, TokenSpec: model.TokenSpec{
						Description: "folded text", Roles: []string{"osmo-user"},
						Expiry: model.Expiry{At: date(t, "2027-12-01")}, Rotate: model.Rotation{Every: 20}, Recipients: []string{"everyone", "bob"},
					},
					Readers:    []model.Recipient{bob, alice},
					Previously: []string{"old", "older"}, Origin: at(18, 7), ExpiryOrigin: at(23, 21),
				},
				"brief": {
					Account: "svc-a", Name: "brief", TokenSpec: model.TokenSpec{
						Inherit: true, Expiry: model.Expiry{In: 4}, Rotate: model.Rotation{Every: 3, Overlap: 2}, Recipients: []string{"alice"},
					},
					Readers: []model.Recipient{alice},
					Origin:  at(28, 7), ExpiryOrigin: at(29, 21),
				},
			},
		},
		"svc-b": {Name: "svc-b", Roles: []string{}, Tokens: map[string]*model.Token{}, Origin: at(31, 3)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

// TestLoadBuiltins holds that OSMO's own spelling of its roles is no mistake.
func TestLoadBuiltins(t *testing.T) {
	t.Parallel()
	d := mustLoad(t, testProject(projectYAML, `roles:
  osmo-admin:
    policies:
      - {effect: Allow, actions: ["*:*"], resources: ["*"]}
      - {effect: Allow, actions: [], resources: []}
  osmo-default:
    policies:
      - {actions: ["auth:Login", "auth:Refresh", "auth:Token", "profile:*", "system:Health"], resources: ["*"]}
  osmo-user:
    policies: [{actions: ["workflow:*"], resources: ["*"]}]
`))
	if got := model.Names(d.Roles); len(got) != 3 {
		t.Errorf("roles: %q", got)
	}
}

// TestLoadInlineKey holds that a key written into a list bears the
// name of the list.
func TestLoadInlineKey(t *testing.T) {
	t.Parallel()
	d := mustLoad(t, testProject("version: 1\nrecipients:\n  ops: ["+bobKey+"]\n", "roles: {}\n"))
	want := []model.Recipient{{Name: "ops", Key: bobKey, Kind: model.RecipientX25519}}
	if diff := cmp.Diff(want, d.Project.Recipients["ops"]); diff != "" {
		t.Error(diff)
	}
}

func TestLoadPostQuantumMix(t *testing.T) {
	t.Parallel()
	project := "version: 1\nrecipients:\n  a: " + aliceKey + "\n  q: " + hybridKey(t) + "\ndefaults: {recipients: [a, q]}\n"
	checkBad(t, testProject(project, "roles: {}\n"), wants("recipient_mix 5:24 name recipients of one sort"))
}

func TestLoadFiles(t *testing.T) {
	t.Parallel()
	data := &fstest.MapFile{Data: []byte("roles: {}\n")}
	tests := []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"no project file", fstest.MapFS{"manifests/a.yaml": data}, wants("missing_project 0:0 run osmoctl init")},
		{"no manifests", fstest.MapFS{}, wants("warning no_manifests 0:0")},
		{"empty directory", fstest.MapFS{"manifests": dir()}, wants("warning no_manifests 0:0")},
		{"manifests is a file", fstest.MapFS{"manifests": data}, wants("not_regular 0:0 make it a directory")},
		{"manifests is a link", fstest.MapFS{"manifests": link("other"), "other/a.yaml": data}, wants("not_regular 0:0")},
		{"link", fstest.MapFS{"manifests/a.yaml": data, "manifests/b.yaml": link("a.yaml")}, wants("not_regular 0:0 put a regular file")},
		{"link to a directory", fstest.MapFS{"manifests/a.yaml": data, "manifests/b": link("../x"), "x/c.yaml": data}, wants("not_regular 0:0")},
		{"FIFO", fstest.MapFS{"manifests/a.yaml": {Mode: fs.ModeNamedPipe}}, wants("not_regular 0:0")},
		{"device", fstest.MapFS{"manifests/a.yaml": {Mode: fs.ModeDevice}}, wants("not_regular 0:0")},
		{"directory like a file", fstest.MapFS{"manifests/a.yaml/b.yml": data}, nil},
		{"capitals", fstest.MapFS{"manifests/a.yaml": data, "manifests/b.YAML": data}, wants("warning ignored_file 0:0 manifests end in .yaml")},
		{"dot file", fstest.MapFS{"manifests/a.yaml": data, "manifests/.b.yaml": data}, wants("warning ignored_file 0:0 names that begin with a dot")},
		{"dot directory", fstest.MapFS{"manifests/a.yaml": data, "manifests/.b/c.yml": data}, wants("warning ignored_file 0:0")},
		{"other files", fstest.MapFS{"manifests/a.yaml": data, "manifests/README.md": data, "x.yaml": data}, nil},
		{"large file", fstest.MapFS{"manifests/a.yaml": {Data: make([]byte, MaxFileSize+1)}}, wants("file_too_large 0:0 split it")},
		{"large project file", fstest.MapFS{ProjectFile: {Data: make([]byte, MaxFileSize+1)}, "manifests/a.yaml": data}, wants("file_too_large 0:0")},
		{"large project", largeProject(), wants("project_too_large 0:0 split the project")},
		{"many files", manyFiles(data), wants("too_many_files 0:0 put several")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.files[ProjectFile] == nil && tt.name != "no project file" {
				tt.files[ProjectFile] = &fstest.MapFile{Data: []byte(projectYAML)}
			}
			checkBad(t, tt.files, tt.want)
		})
	}
}

func dir() *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeDir | 0o755} }

func link(to string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
}

func largeProject() fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := range model.DefaultLimits().Megabytes + 1 {
		fsys[fmt.Sprintf("manifests/%02d.yaml", i)] = &fstest.MapFile{Data: bytes.Repeat([]byte("\n"), MaxFileSize)}
	}
	return fsys
}

func manyFiles(data *fstest.MapFile) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := range model.DefaultLimits().Files + 1 {
		fsys[fmt.Sprintf("manifests/%05d.yaml", i)] = data
	}
	return fsys
}

// growing is a file that holds more than it says.
type growing struct{ fs.FS }

type growingFile struct {
	fs.File
	io *bytes.Reader
}

func (g growing) Open(name string) (fs.File, error) {
	f, err := g.FS.Open(name)
	if err == nil && strings.HasSuffix(name, "a.yaml") {
		return growingFile{f, bytes.NewReader(make([]byte, 1<<20))}, nil
	}
	return f, err
}

func (f growingFile) Read(p []byte) (int, error) { return f.io.Read(p) }

func TestLoadGrowingFile(t *testing.T) {
	t.Parallel()
	_, list := Load(growing{testProject(projectYAML, "roles: {}\n")}, Options{})
	if got, want := briefs(list), wants("unreadable_file 0:0 run the command again"); !match(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadAcrossFiles(t *testing.T) {
	t.Parallel()
	fsys := testProject(projectYAML, "roles:\n  r: {policies: []}\nservice_accounts:\n  svc: {roles: [x]}\n  bad: {roles: []}\n")
	fsys["manifests/b.yml"] = &fstest.MapFile{Data: []byte("roles:\n  R: {policies: []}\n  r: {policies: []}\nservice_accounts: {svc: {}, Bad: {}}\n")}
	_, list := Load(fsys, Options{})
	errors := list.Errors()
	want := wants("undeclared_role 4:17", "case_collision 2:3", "duplicate_name 3:3", "duplicate_name 4:20", "case_collision 4:29")
	if got := briefs(errors); !match(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i, first := range []int{0, 2, 2, 4, 5} {
		if first > 0 && (len(errors[i].Related) != 1 || errors[i].Related[0].Pos.Line != first) {
			t.Errorf("%s: related is %v, want line %d", errors[i].Error(), errors[i].Related, first)
		}
	}
}

// TestLoadBrokenFile holds that nothing is called undeclared that a broken file
// may declare.
func TestLoadBrokenFile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"syntax": "roles: {\n", "null": "roles:\n", "alias": "roles: &x {}\n", "kind": "roles: []\n", "text": "roles: {} # \x01\n",
	} {
		fsys := testProject(projectYAML, account("roles: [elsewhere]", "protect: 1"))
		fsys["manifests/b.yaml"] = &fstest.MapFile{Data: []byte(text)}
		_, list := Load(fsys, Options{})
		if len(list) != 2 || list[0].Code != codeWrongKind || list[1].Pos.File != "manifests/b.yaml" {
			t.Errorf("%s: got %q", name, briefs(list))
		}
	}
}

// TestLoadBrokenProject holds that nothing is missed that a broken project file
// may declare.
func TestLoadBrokenProject(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"syntax": "version: {\n", "newer": "version: 2\n", "null": "version: 1\nrecipients:\n", "kind": "version: 1\ndefaults: []\n",
	} {
		_, list := Load(testProject(text, token("recipients: [elsewhere]", "protect: 1")), Options{})
		codes := map[string]int{}
		for _, d := range list {
			codes[d.Code]++
		}
		if name == "kind" {
			delete(codes, codeUnknownRecipient)
		}
		if len(codes) != 2 || codes[codeUnknownKey] != 1 {
			t.Errorf("%s: got %q", name, briefs(list))
		}
	}
}

// TestLoadBadDefault holds that a default that was refused is not missed by
// every token.
func TestLoadBadDefault(t *testing.T) {
	t.Parallel()
	_, list := Load(testProject("version: 1\ndefaults: {recipients: [x], token: {expires_in: 90}}\n", token("{}")), Options{})
	if got, want := briefs(list), wants("unknown_recipient 2:25", "bad_duration 2:49"); !match(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLoadManyReaders holds that a token is sealed to a bounded number of keys.
func TestLoadManyReaders(t *testing.T) {
	t.Parallel()
	s := &recipients{groups: map[string]*group{}, sets: map[string]readerSet{}}
	for i := range maxReaders + 1 {
		name := fmt.Sprintf("n%03d", i)
		s.groups[name] = &group{keys: []model.Recipient{{Name: name, Key: name, Kind: model.RecipientX25519}}}
	}
	s.index()
	names := s.names
	if _, problem := s.findReaders(names); problem == nil || problem.code != codeTooManyRecipients {
		t.Errorf("%d readers: got %v", len(names), problem)
	}
	if readers, problem := s.findReaders(names[1:]); problem != nil || len(readers) != maxReaders {
		t.Errorf("%d readers: got %d, %v", maxReaders, len(readers), problem)
	}
}

// TestLoadSplitting holds that neither the number of files nor their names and
// order matter.
func TestLoadSplitting(t *testing.T) {
	t.Parallel()
	roles, accounts, _ := strings.Cut(fullManifest, "service_accounts:")
	head, tail, _ := strings.Cut(accounts, "  svc-b:")
	whole := mustLoad(t, testProject(fullProject, fullManifest))
	for _, names := range [][]string{{"a.yaml", "b/c.yaml", "d.yml"}, {"z.yml", "b.yaml", "a/x/y.yaml"}} {
		fsys := fstest.MapFS{ProjectFile: {Data: []byte(fullProject)}}
		for i, text := range []string{roles, "service_accounts:" + head, "service_accounts:\n  svc-b:" + tail} {
			fsys["manifests/"+names[i]] = &fstest.MapFile{Data: []byte(text)}
		}
		if diff := cmp.Diff(whole, mustLoad(t, fsys), ignorePositions()); diff != "" {
			t.Errorf("%q (-whole +split):\n%s", names, diff)
		}
	}
}

func ignorePositions() cmp.Option {
	return cmp.FilterValues(func(diag.Position, diag.Position) bool { return true }, cmp.Ignore())
}

// TestLoadTwice holds that scheduling shows nowhere, neither in what is read
// nor in what is wrong.
func TestLoadTwice(t *testing.T) {
	t.Parallel()
	good, bad := benchProject(600, 300), fstest.MapFS{}
	maps.Copy(bad, good)
	for i, tt := range badManifests {
		bad[fmt.Sprintf("manifests/bad-%03d.yaml", i)] = &fstest.MapFile{Data: []byte(tt.text)}
	}
	for _, fsys := range []fstest.MapFS{good, bad} {
		d1, l1 := Load(fsys, Options{Today: benchDay})
		d2, l2 := Load(fsys, Options{Today: benchDay})
		if diff := cmp.Diff(d1, d2); diff != "" {
			t.Errorf("declarations differ:\n%s", diff)
		}
		if diff := cmp.Diff(l1, l2); diff != "" {
			t.Errorf("problems differ:\n%s", diff)
		}
	}
}

// TestLoadManyProblems holds that a project that is wrong everywhere is
// reported in bounds, errors first.
func TestLoadManyProblems(t *testing.T) {
	t.Parallel()
	fsys := testProject(projectYAML, "roles:\n"+strings.Repeat("  a b: {policies: [], name: x}\n", 3000))
	_, list := Load(fsys, Options{})
	if len(list) != maxProblems+1 || list[maxProblems].Code != codeTooManyProblems || len(list.Warnings()) > 0 {
		t.Errorf("%d problems, %d warnings, the last one %q", len(list), len(list.Warnings()), brief(list[len(list)-1]))
	}
}

// TestLoadManyWarnings holds that warnings, however many, are no error.
func TestLoadManyWarnings(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("roles:\n")
	for i := range maxProblems + 5 {
		fmt.Fprintf(&b, "  r%d: {policies: []}\n", i)
	}
	d, list := Load(testProject(projectYAML, b.String()), Options{})
	if d == nil || len(list) != maxProblems+1 || list.HasErrors() {
		t.Errorf("%d problems, errors: %v", len(list), list.HasErrors())
	}
}

// TestLoadManyKeys holds that a map of 19,000 keys is read, and a repeated one
// among them found.
func TestLoadManyKeys(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("service_accounts:\n")
	for i := range 19_000 {
		fmt.Fprintf(&b, "  a%d: {}\n", i)
	}
	b.WriteString("  a7: {}\n")
	checkBad(t, testProject(projectYAML, b.String()), wants("duplicate_key 19002:3"))
}

func hybridKey(t *testing.T) string {
	t.Helper()
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return identity.Recipient().String()
}

// What the project alone makes is nobody else's.
func TestExternalRoleOfTheProject(t *testing.T) {
	t.Parallel()
	_, list := Load(fstest.MapFS{
		"osmoctl.yaml":     {Data: []byte("version: 1\nbackend: {kind: osmo, url: \"https://osmo.example.com\", owns: [role/team-*]}\n")},
		"manifests/a.yaml": {Data: []byte("roles:\n  team-a: {external: true}\n  shared: {external: true}\n")},
	}, Options{})
	if got, want := briefs(list), wants("external_role 2:12"); !match(got, want) {
		t.Error(got)
	}
}
