package house

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// chapter is one change of a project's declarations, some days after the last.
type chapter struct {
	days    model.Days
	project string
	text    string
	options func(*applytest.Options)
	// blocked chapters are planned and not applied.
	blocked bool
	// approved chapters are blocked until all of that is approved.
	approved bool
	// reseal has what lives sealed again before anything is planned.
	reseal bool
}

const (
	firstKey  = "age1pv2hhnr2w04tgf2vyysrk3ge5vjaemxkmeh0xgvqyn6t5nlpkv8qaw2cx4"
	secondKey = "age19a775444cll777wk9rt9jhxvqxkyka0yklsvl4a38xhn2p60z54skf4he5"

	thirdKey = "age1rglte84arawtrhh5us69sgmnm70ksc2rq0xgk87vz4pu737y84sqpgadux"

	oneKey = "version: 1\nrecipients: {ops: " + firstKey + "}\ndefaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n"

	// movedKey gives a name that nothing is sealed to any more another key.
	movedKey = "version: 1\nrecipients: {alice: " + firstKey + ", bob: " + thirdKey + ", ops: [alice]}\ndefaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n"

	twoKeys = "version: 1\nrecipients: {alice: " + firstKey + ", bob: " + secondKey + ", ops: [alice, bob]}\n" +
		"defaults: {recipients: [ops], token: {expires_in: 90d, rotate: {every: 60d, overlap: 7d}}}\n" +
		"guardrails: {max_token_lifetime: 300d, require_token_roles: false, account_name: '.*', min_recipients: 1, required_recipients: [alice], max_new_readers: 5, max_deletes: {count: 9, percent: 90}, max_rotations: {count: 9}, max_administrators: 3, forbid: [{name: no-root, subjects: {accounts: [svc*], labels: {team: x}}, actions: ['config:*'], resources: [config/role], reason: not theirs, except: [{subjects: [account/svc], owner: ada, reason: for a while, until: 2026-03-20}]}]}\n" +
		"git: {push: origin, branch: main, state_branch: osmoctl-state}\nbackend: {kind: local}\nosmo: {version: \"6.4\", mode: database}\n"
)

// story goes through everything that plans, state and views can hold.
var story = []chapter{
	{text: `
roles:
  ml:
    description: Team
    policies:
      - {actions: ["workflow:*", "pool:List"], resources: ["pool/a", "pool/b"]}
      - {effect: Deny, actions: ["workflow:Exec"], resources: ["pool/b"]}
    external_roles: [group]
    sync_mode: force
  old: {policies: []}
service_accounts:
  plain: {roles: [osmo-user]}
  svc:
    description: Service
    labels: {team: x}
    roles: [ml, old, osmo-user]
    protect: true
    tokens:
      inherits: {description: Inherits}
      explicit: {roles: [ml, osmo-user], rotate: {overlap: 0d}}
      dated: {roles: [ml], expires_at: 2026-06-01}
      gone: {roles: [ml]}
  doomed:
    roles: [ml]
    tokens: {t: {}}
`},
	{days: 3, project: twoKeys, text: `
roles:
  ml:
    description: Team of two
    policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]
    external_roles: []
service_accounts:
  plain: {roles: [osmo-user, ml]}
  svc:
    description: Service of two
    roles: [ml, osmo-user]
    tokens:
      inherits: {description: Inherits still}
      explicit: {roles: [ml], generation: 2}
      dated: {roles: [ml], expires_at: 2026-06-02}
      renamed: {roles: [ml], previously: [gone]}
  doomed:
    roles: [ml]
    tokens: {t: {}}
`, options: func(o *applytest.Options) {
		o.Notices = []plan.Notice{{Code: "history_not_checked", Message: "the history of state was not checked", Hint: "git fetch --unshallow"}}
		o.Targets = []model.Address{model.AccountAddress("plain")}
		o.Replace = []model.Address{model.TokenAddress("svc", "inherits")}
		o.AsOf = true
		o.StateEdited = []string{"state/meta.json"}
	}, blocked: true},
	{days: 1, project: twoKeys, text: `
roles:
  ml: {policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
service_accounts:
  plain: {roles: [osmo-user, ml]}
  svc:
    roles: [ml, osmo-user, osmo-backend]
    tokens: {inherits: {}, explicit: {roles: [ml], generation: 2}, dated: {roles: [ml], expires_at: 2026-06-02}, renamed: {roles: [ml], previously: [gone]}}
  doomed:
    roles: [ml]
    tokens: {t: {}}
`, options: func(o *applytest.Options) {
		many := 100
		o.Allow = model.Allowance{Deletes: &many, Rotations: &many, NewReaders: &many, StateMove: "origin/osmoctl-state#main"}
	}, blocked: true},
	{days: 1, project: twoKeys, text: `
roles:
  ml: {policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
  old: {policies: []}
service_accounts:
  plain: {roles: [osmo-user, ml]}
  svc:
    roles: [ml, old, osmo-user, osmo-backend]
    protect: false
    tokens: {inherits: {}, explicit: {roles: [ml], generation: 2}, dated: {roles: [ml], expires_at: 2026-06-02}, renamed: {roles: [ml], previously: [gone]}}
  doomed:
    roles: [ml]
    tokens: {t: {}}
`, options: func(o *applytest.Options) { o.Allow.StateMove = "origin/osmoctl-state#main" }},
	{days: 2, project: strings.Replace(twoKeys, "count: 9, percent: 90", "count: 1", 1), text: `
roles:
  ml: {policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
service_accounts:
  svc:
    roles: [ml, osmo-backend]
    tokens: {inherits: {generation: 2}, explicit: {roles: [ml], generation: 2}, dated: {roles: [ml], expires_at: 2026-06-02}, renamed: {roles: [ml], previously: [gone]}}
`, approved: true},
	{days: 8, reseal: true, project: movedKey, text: `
roles:
  ml: {policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
service_accounts:
  svc:
    roles: [ml, osmo-backend]
    tokens: {inherits: {}, explicit: {roles: [ml], generation: 2}, dated: {roles: [ml], expires_at: 2026-06-02}, renamed: {roles: [ml], previously: [gone]}}
`, options: func(o *applytest.Options) { o.Allow.StateMove = "HEAD" }},
	{days: 1, project: movedKey, text: `
roles:
  ai: {previously: [ml], policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
service_accounts:
  svc:
    roles: [ai, osmo-backend]
    tokens: {inherits: {}, explicit: {roles: [ai], generation: 2}, dated: {roles: [ai], expires_at: 2026-06-02}, renamed: {roles: [ai], previously: [gone]}}
`},
	{days: 120, project: oneKey, text: `
roles:
  ai: {previously: [ml], policies: [{actions: ["workflow:*"], resources: ["pool/a"]}]}
service_accounts:
  svc:
    roles: [ai, osmo-backend]
    tokens: {inherits: {description: Due and described}, explicit: {roles: [ai], generation: 2}, dated: {roles: [ai], expires_at: 2026-06-02}, renamed: {roles: [ai], previously: [gone]}}
`},
}

// tell lives the story and shows each plan, with the world before it is applied
// and, at the end, the last one.
func tell(t *testing.T, show func(w *applytest.World, p *plan.Plan)) *applytest.World {
	t.Helper()
	w := applytest.New(t)
	for i, c := range story {
		w.Pass(c.days)
		want := declared(t, c, w.Today)
		var options []func(*applytest.Options)
		if c.options != nil {
			options = append(options, c.options)
		}
		if c.reseal {
			show(w, w.PlanResealFor(want))
			w.ResealFor(want)
		}
		p := w.PlanFor(want, options...)
		if c.approved {
			show(w, p)
			want.Approvals = approveAll(t, p)
			p = w.PlanFor(want, options...)
		}
		if blocked := len(p.Blocked) > 0; blocked != c.blocked {
			t.Fatalf("chapter %d: blocked is %v: %+v", i, blocked, p.Blocked)
		}
		show(w, p)
		if !c.blocked {
			w.ApplyFor(want, options...)
		}
	}
	text := strings.Replace(story[len(story)-1].text, "roles:\n", "roles:\n  shared: {external: true}\n", 1)
	show(w, w.PlanFor(declared(t, chapter{project: onServer, text: text}, w.Today), func(o *applytest.Options) {
		o.Observed, o.Targets = meddledWith(w.State()), nil
	}))
	return w
}

// approveAll approves whatever blocks a plan.
func approveAll(t *testing.T, p *plan.Plan) (list []model.Approval) {
	t.Helper()
	for i, b := range p.Blocked {
		lifts, err := model.ParseAllowance(b.Flag)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, model.Approval{
			Plan: p.Digest, Allow: b.Flag, Lifts: lifts, Reason: "agreed", Origin: diag.Position{File: config.ApprovalsFile, Line: i + 2, Column: 5},
		})
	}
	return list
}

// onServer is the last project on a server that keeps its roles in a ConfigMap.
const onServer = oneKey + "backend: {kind: osmo, url: \"https://osmo.example.com\"}\n"

// meddledWith is a server that has everything otherwise than state says.
func meddledWith(have *state.Snapshot) model.Observed {
	by := model.Authorship{By: "mallory", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	seen := model.Observed{
		Identity: "osmoctl", Server: model.Server{Version: "6.4.0", Mode: model.ModeConfigMap},
		Roles: map[string]*model.Role{"theirs": {Name: "theirs"}, "shared": {Name: "shared"}}, RoleChanges: map[string]model.Authorship{"theirs": by}, Users: map[string]model.ObservedUser{},
	}
	for name := range have.Roles {
		seen.Roles[name] = &model.Role{Name: name, Description: "another"}
	}
	for name := range have.Accounts {
		seen.Users[name] = model.ObservedUser{
			Created: by, Roles: []string{"osmo-admin", "staff"}, Assigned: map[string]model.Authorship{"osmo-admin": by, "staff": {By: "idp-sync"}},
			Tokens: map[string]model.ObservedToken{"theirs": {ExpiresAt: 1}},
		}
	}
	return seen
}

func declared(t *testing.T, c chapter, on model.Date) *model.Declarations {
	t.Helper()
	project := c.project
	if project == "" {
		project = oneKey
	}
	want, problems := config.Load(fstest.MapFS{
		"osmoctl.yaml":       {Data: []byte(project)},
		"manifests/one.yaml": {Data: []byte(c.text)},
	}, config.Options{Today: on})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return want
}

func TestPlansFitTheirSchema(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	check := func(p *plan.Plan) {
		t.Helper()
		document, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := validateJSON(t, "plan", document); err != nil {
			t.Errorf("%v\n%s", err, document)
		}
		note(seen, document)
	}
	// At each step of the story one could also go back to where it began.
	began := (&state.Snapshot{}).Edit().Snapshot()
	tell(t, func(w *applytest.World, p *plan.Plan) {
		check(p)
		check(revokeAll(t, w))
		check(dueOnly(t, w))
		restored := plan.Restored{Commit: strings.Repeat("a1", 20), Files: []string{"state/meta.json"}}
		check(w.Hold(plan.Restore(w.State(), began, restored, plan.Options{Today: w.Today}), guard.Facts{}))
	})
	// What never occurs is not tried: the story has to grow with the plan.
	for _, key := range propertiesOf(t, "plan") {
		if !seen[key] {
			t.Errorf("no plan of the story has %q", key)
		}
	}
}

// dueOnly is the plan of what dates ask for.
func dueOnly(t *testing.T, w *applytest.World) *plan.Plan {
	t.Helper()
	p, problems := plan.Due(w.State(), nil, plan.Options{Today: w.Today})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return w.Hold(p, guard.Facts{})
}

// revokeAll is the plan that ends every token there is, now.
func revokeAll(t *testing.T, w *applytest.World) *plan.Plan {
	t.Helper()
	what := plan.Revoked{Addresses: []model.Address{}, Reason: "in a log"}
	for account, a := range w.State().Accounts {
		for token := range a.Tokens {
			what.Addresses = append(what.Addresses, model.TokenAddress(account, token))
		}
	}
	p, problems := plan.RevokeNow(nil, w.State(), what, plan.Options{Today: w.Today})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return w.Hold(p, guard.Facts{})
}

func TestStateFitsItsSchemas(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	check := func(w *applytest.World) {
		for _, f := range w.Store.Files() {
			if state.IsCiphertext(f.Path) {
				continue
			}
			if err := validateJSON(t, stateSchema(f.Path), f.Data); err != nil {
				t.Errorf("%s: %v\n%s", f.Path, err, f.Data)
			}
			note(seen, f.Data)
		}
	}
	w := tell(t, func(w *applytest.World, _ *plan.Plan) { check(w) })
	check(w)
	begin(t, w)
	check(w)
	for _, name := range []string{"state-meta", "state-role", "state-account"} {
		for _, key := range propertiesOf(t, name) {
			if !seen[key] {
				t.Errorf("no file of the story has %q, which %s does", key, name)
			}
		}
	}
}

// begin records work on a server, as a run does before it asks it for anything, and
// tokens that the server had before, one of which has ended.
func begin(t *testing.T, w *applytest.World) {
	t.Helper()
	edit := w.State().Edit()
	edit.SetRole(&state.Role{Name: "shared", External: true, SyncMode: model.SyncImport, Policies: []model.Policy{}})
	settings := w.State().Meta.Applied
	settings.Backend = model.Backend{Kind: model.BackendOSMO, URL: "https://osmo.example.com", Owns: []string{"account/svc-*"}}
	edit.SetSettings(settings)
	edit.SetUnderway(state.Underway{
		Run: "run-1", Create: []model.Address{model.AccountAddress("new"), model.TokenAddress("new", "t").At(1)},
		Remove: []model.Address{model.TokenAddress("svc", "t").At(2)},
	})
	for _, name := range []string{"theirs", "older"} {
		edit.Adopt(model.TokenAddress("svc", name), state.Generation{
			Number: 1, ServerName: name, IssuedAt: w.Today.Time(), IssuedBy: "ada", ExpiresAt: w.Today.Add(30), Roles: []string{"osmo-user"},
		})
	}
	edit.End(model.TokenAddress("svc", "older").At(1), w.Today, "replaced")
	_, changes := edit.Finish()
	if _, err := w.Store.Commit(t.Context(), changes, "begin"); err != nil {
		t.Fatal(err)
	}
}

func stateSchema(path string) string {
	switch {
	case path == state.MetaPath:
		return "state-meta"
	case strings.HasPrefix(path, "roles/"):
		return "state-role"
	}
	return "state-account"
}

// What the reading commands print fits their schemas.
func TestViewsFitTheirSchemas(t *testing.T) {
	t.Parallel()
	seen := map[string]map[string]bool{}
	check := func(schema string, write func(*view.View) error) {
		t.Helper()
		var out bytes.Buffer
		v := &view.View{Out: &out, Err: &out}
		if err := write(v); err != nil {
			t.Fatal(err)
		}
		if err := validateJSON(t, schema, out.Bytes()); err != nil {
			t.Errorf("%s: %v\n%s", schema, err, out.Bytes())
		}
		if seen[schema] == nil {
			seen[schema] = map[string]bool{}
		}
		note(seen[schema], out.Bytes())
	}
	showAll(check, &state.Snapshot{}, today)
	w := tell(t, func(w *applytest.World, p *plan.Plan) {
		showAll(check, w.State(), w.Today)
		showPlan(check, p)
		showPlan(check, dueOnly(t, w))
	})
	begin(t, w)
	showAll(check, w.State(), w.Today)
	showOthers(check)
	for name := range seen {
		for _, key := range propertiesOf(t, name) {
			if !seen[name][key] {
				t.Errorf("nothing of the story has %q, which %s does", key, name)
			}
		}
	}
}
