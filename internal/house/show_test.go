package house

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/docs"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/answers"
	"github.com/osmoctl/osmoctl/internal/view/calendar"
	"github.com/osmoctl/osmoctl/internal/view/codes"
	"github.com/osmoctl/osmoctl/internal/view/doctor"
	"github.com/osmoctl/osmoctl/internal/view/leaks"
	"github.com/osmoctl/osmoctl/internal/view/overview"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/readers"
	"github.com/osmoctl/osmoctl/internal/view/states"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/scan"
	"github.com/osmoctl/osmoctl/pkg/state"
	"github.com/osmoctl/osmoctl/schemas"
)

// checker holds what a view writes against a schema.
type checker func(schema string, write func(*view.View) error)

// meddled is a server that has something otherwise than state.
var meddled = &report.Server{Drift: []plan.Drift{
	{Address: model.TokenAddress("a", "t").At(1), Effect: "has lost role r on the server", By: "mallory", At: "2026-03-01T12:00:00Z"},
	{Address: model.TokenAddress("a", "theirs"), Effect: "takes its name", Left: true},
}}

// showAll shows a snapshot through every command that reads state.
func showAll(check checker, s *state.Snapshot, on model.Date) {
	showState(check, s, model.Address{}, on)
	showRoles(check, s, on)
	showUsers(check, s, on)
	showTokens(check, s, on)
	showExpiring(check, s, on)
	showOverview(check, s, on)
}

// showOverview shows a project on one page, with findings that no story has by itself.
func showOverview(check checker, s *state.Snapshot, on model.Date) {
	o := report.OverviewOf(report.OverviewFacts{
		AsOf:  report.AsOf{Date: on, Project: "infra", Commit: strings.Repeat("a", 40), Declarations: strings.Repeat("b", 40), Server: s.Meta.Applied.Server},
		State: s, Within: 30, Moment: inquiry.At(rights.Applied(s, on), s.Meta.Applied.Server), Doubts: []string{"edited"}, Notes: []string{"cut"},
		Findings: diag.List{{Code: "admin_wildcard", Summary: "all", Pos: diag.Position{File: "manifests/a.yaml", Line: 1, Column: 1}}},
		Changes:  logged(),
	})
	// A role that a file declares has a place, and servers may differ.
	by := &inquiry.Statement{Role: "ml", Policy: 1, Effect: model.Allow, Action: "*:*", Place: diag.Position{File: "manifests/a.yaml", Line: 1, Column: 1}}
	o.Access.Groups = append(o.Access.Groups, report.AccessGroup{
		Server: model.Server{Version: "6.4", Mode: model.ModeDatabase}, Steps: []inquiry.Step{{Does: "does all", Action: "*", By: by}},
	})
	check("report", func(v *view.View) error { return overview.Show(v, o, view.JSON) })
}

func showExpiring(check checker, s *state.Snapshot, on model.Date) {
	for _, within := range []model.Days{0, model.MaxDays} {
		list := plan.Calendar(s, on, within)
		check("expiring", func(v *view.View) error {
			return calendar.Show(v, report.Expiring{Today: on, Within: within, List: list, Server: meddled}, view.JSON)
		})
	}
}

func showRoles(check checker, s *state.Snapshot, on model.Date) {
	roles := []report.Role{}
	for _, name := range []string{"osmo-admin", "osmo-backend"} {
		if r, ok := report.BuiltinRoleOf(name, model.Server{}); ok {
			roles = append(roles, r)
		}
	}
	for _, name := range model.Names(s.Roles) {
		roles = append(roles, report.RoleOf(s.Roles[name]))
		showState(check, s, model.RoleAddress(name), on)
	}
	check("roles", func(v *view.View) error { return accounts.ShowRoles(v, roles, view.JSON) })
	for _, r := range roles {
		check("role", func(v *view.View) error { return accounts.ShowRole(v, r, view.JSON) })
	}
}

func showUsers(check checker, s *state.Snapshot, on model.Date) {
	var list []*state.Account
	var users []report.User
	for _, account := range model.Names(s.Accounts) {
		list, users = append(list, s.Accounts[account]), append(users, report.UserOf(s.Accounts[account]))
		showState(check, s, model.AccountAddress(account), on)
	}
	check("users", func(v *view.View) error { return accounts.ShowUsers(v, report.UsersOf(list), view.JSON) })
	for _, u := range users {
		check("user", func(v *view.View) error { return accounts.ShowUser(v, u, view.JSON) })
	}
}

func showTokens(check checker, s *state.Snapshot, on model.Date) {
	var list []report.Token
	names := s.Meta.Applied.KeyNames()
	for _, account := range model.Names(s.Accounts) {
		a := s.Accounts[account]
		for _, name := range model.Names(a.Tokens) {
			list = append(list, report.TokenOf(a, name, on, names))
			showState(check, s, model.TokenAddress(account, name), on)
			check("token-roles", func(v *view.View) error { return tokens.ShowRoles(v, report.TokenRolesOf(a, name, 0, on), view.JSON) })
		}
	}
	check("tokens", func(v *view.View) error { return tokens.ShowList(v, "", report.EachOf(list), view.JSON) })
	for _, token := range list {
		token.Server = meddled
		check("token", func(v *view.View) error { return tokens.Show(v, token, view.JSON) })
	}
}

func showState(check checker, s *state.Snapshot, a model.Address, on model.Date) {
	check("state-object", func(v *view.View) error {
		o, err := report.StateOf(s, a, on)
		if err != nil {
			return err
		}
		return states.Show(v, o, view.JSON)
	})
}

func showPlan(check checker, p *plan.Plan) {
	check("plan", func(v *view.View) error { return plans.Show(v, p, view.JSON) })
	back := *p
	back.Restored = &plan.Restored{Commit: strings.Repeat("a1", 20), Files: []string{"state/meta.json"}}
	check("plan", func(v *view.View) error { return plans.Show(v, &back, view.JSON) })
	leak := *p
	leak.Revoked = &plan.Revoked{Addresses: []model.Address{model.TokenAddress("svc", "t")}, Reason: "in a log"}
	check("plan", func(v *view.View) error { return plans.Show(v, &leak, view.JSON) })
	result := &apply.Result{Serial: 7, Commit: strings.Repeat("a1", 20), Issued: []apply.Issued{{
		Address: model.TokenAddress("svc", "t").At(2), Path: "state/accounts/aa/svc/t.2.age", ExpiresAt: today, Value: state.SumOf(nil),
	}}, Ended: []model.Address{model.TokenAddress("svc", "t").At(1)}}
	check("applied", func(v *view.View) error { return plans.ShowApplied(v, p, result, view.JSON) })
	check("applied", func(v *view.View) error { return plans.ShowApplied(v, p, &apply.Result{}, view.JSON) })
	if p.Resealing {
		showReseal(check, p)
	}
}

// showReseal shows a reseal that left the first value out, and one with nothing
// to do.
func showReseal(check checker, p *plan.Plan) {
	result := &apply.Result{Serial: 7, Commit: strings.Repeat("a1", 20)}
	for i := range p.Changes {
		list := &result.Resealed
		if i == 0 {
			list = &result.Left
		}
		*list = append(*list, p.Changes[i].Address)
	}
	check("resealed", func(v *view.View) error { return plans.ShowResealed(v, p, result, view.JSON) })
	check("resealed", func(v *view.View) error { return plans.ShowResealed(v, p, &apply.Result{}, view.JSON) })
}

// showSecrets shows who reads a token, and what a key could read.
func showSecrets(check checker) {
	key := strings.Repeat("0", 64)
	reader := []plan.Reader{{Name: "alice", Key: "sha256:" + key}}
	at := model.TokenAddress("svc", "t").At(1)
	check("who", func(v *view.View) error {
		return readers.ShowWho(v, report.Who{UserName: "svc", TokenName: "t", Next: reader, Generations: []report.WhoGeneration{{
			Generation: 1, Status: "active", ExpiresAt: today, Recipients: reader, FormerRecipients: reader,
			Ciphertext: "state/x", Stanzas: []string{"X25519"}, Problem: "it was swapped",
		}}}, view.JSON)
	})
	check("who", func(v *view.View) error {
		return readers.ShowWho(v, report.Who{Generations: []report.WhoGeneration{}}, view.JSON)
	})
	check("who", func(v *view.View) error {
		return readers.ShowWho(v, adopted(), view.JSON)
	})
	check("exposure", func(v *view.View) error {
		return readers.ShowExposure(v, report.Exposure{
			Query: "alice", Keys: []report.ExposedKey{{Key: "sha256:" + key, Names: []string{"alice"}, Live: 1}}, Notes: []string{"shallow"},
			Live:   []report.ExposedValue{{Address: at, Status: "retiring", ExpiresAt: today, RevokeAfter: today, Keys: []string{"sha256:" + key}}},
			Rotate: []model.Address{at.Token()}, Revoke: []model.Address{at}, Commands: []string{"osmoctl apply"},
		}, view.JSON)
	})
}

// adopted is who reads a token whose value nobody knows.
func adopted() report.Who {
	at := model.TokenAddress("svc", "t").At(1)
	token := &state.Token{Generations: []state.Generation{{Number: 1, Adopted: true, ExpiresAt: today}}}
	snap := &state.Snapshot{Accounts: map[string]*state.Account{"svc": {Name: "svc", Tokens: map[string]*state.Token{"t": token}}}}
	return report.WhoOf(snap, nil, at.Token(), []model.Address{at}, nil, today)
}

// someProblems has one of each shape.
var someProblems = diag.List{
	{
		Code: "unknown_key", Summary: "a token has no key", Hint: "did you mean?", Pos: diag.Position{File: "manifests/a.yaml", Line: 3, Column: 5}, Source: "x", Width: 1,
		Related: []diag.Related{{Pos: diag.Position{File: "manifests/b.yaml", Line: 1, Column: 1}, Message: "the first one"}},
	},
	{Severity: diag.Warning, Code: "no_manifests", Summary: "nothing is declared", Pos: diag.Position{File: "manifests"}},
	{Code: "unknown_target", Summary: "there is no such target"},
}

// showOthers shows what does not come from state alone.
func showOthers(check checker) {
	showVerdicts(check)
	showFindings(check)
	showLog(check)
	showSecrets(check)
	partial := &apply.PartialError{
		Done: &apply.Result{Commit: strings.Repeat("a1", 20), Serial: 3}, NotReached: []model.Address{model.AccountAddress("a")},
		Failed: []apply.Failure{{Address: model.TokenAddress("a", "t"), Err: errors.New("the server refused")}},
	}
	check("applied", func(v *view.View) error {
		return plans.ShowPartial(v, &plan.Plan{Digest: "sha256:" + strings.Repeat("a1", 32)}, partial, view.JSON)
	})
	check("checkup", func(v *view.View) error {
		return doctor.Show(v, report.CheckupOf([]report.Check{{Area: "lock", Name: "lock", Status: report.CheckWarning, Message: "held", Remedy: "wait"}, {Area: "ci", Name: "ci", Status: report.CheckProblem}}), view.JSON)
	})
	check("codes", func(v *view.View) error { return codes.ShowList(v, report.CodesOf(docs.Codes()), view.JSON) })
	check("codes", func(v *view.View) error { return codes.Show(v, report.Codes{}, view.JSON) })
	for _, do := range []string{report.AnswerAdd, report.AnswerKeep} {
		check("answer", func(v *view.View) error {
			return answers.Show(v, report.Answer{Address: model.TokenAddress("a", "t"), Do: do, Where: "x", File: "manifests/a.yaml", YAML: "service_accounts:\n", Next: []string{"osmoctl plan"}}, view.JSON)
		})
	}
	check("version", func(v *view.View) error {
		return v.Version(report.Version{Version: "devel", Go: "go1.26", Platform: "linux/amd64"}, view.JSON)
	})
	for _, err := range []error{errors.New("something is wrong"), someProblems, someProblems[0]} {
		check("error", func(v *view.View) error {
			problems.ShowError(v, err, 1, view.JSON)
			return nil
		})
	}
}

func showVerdicts(check checker) {
	ended := report.Verdict{
		Reason: "the generation ended", User: "svc", Token: "t", Generation: 2, Status: "ended", ExpiresAt: today, RevokeAfter: today,
		Roles: []string{"ml"}, Fingerprint: state.SumOf(nil).Short(), EndedOn: today, EndedReason: "revoked",
	}
	unknown := report.Verdict{Reason: "unknown", Fingerprint: ended.Fingerprint}
	for _, verdict := range []report.Verdict{ended, unknown} {
		check("verdict", func(v *view.View) error { return tokens.ShowVerdict(v, verdict, view.JSON) })
	}
	id := strings.Repeat("a1", 20)
	check("scan", func(v *view.View) error { return leaks.Show(v, report.Scan{}, view.JSON) })
	check("scan", func(v *view.View) error {
		return leaks.Show(v, report.Scan{
			Compared: id, Files: 2, Bytes: 3, Versions: 4, Left: []report.ScanLeft{{Path: "a", Reason: "it is damaged"}}, Notes: []string{"1 link was not followed"},
			Finds: []report.ScanFind{
				{Path: "a", Commit: id, Line: 1, Column: 2, Offset: 1, Encodings: []string{string(scan.Base64), string(scan.Gzip)}, Status: "ended", Verdict: ended},
				{Path: "a", Status: report.ScanUnknown, Verdict: unknown},
				{Path: "a", Status: report.ScanUnchecked, Verdict: unknown},
			},
		}, view.JSON)
	})
}

func showFindings(check checker) {
	for _, list := range []diag.List{nil, someProblems} {
		check("validation", func(v *view.View) error {
			return problems.ShowValidation(v, report.Validation{Files: 2, Roles: 1, Accounts: 3, Tokens: 4, Problems: list, Server: model.Server{Version: "6.4", Mode: model.ModeDatabase}}, view.JSON)
		})
		check("lint", func(v *view.View) error {
			said := report.Lint{Roles: 1, Accounts: 2, Findings: list, Server: model.Server{Version: "6.4", Mode: model.ModeDatabase}}
			for _, d := range list {
				said.Suppressed = append(said.Suppressed, lint.Suppressed{Diagnostic: d, By: model.Suppression{Code: d.Code, Reason: "meant", Pos: someProblems[0].Pos}})
			}
			return access.ShowLint(v, said, view.JSON)
		})
		check("verification", func(v *view.View) error {
			return states.ShowVerification(v, report.Verification{Lineage: "l", Serial: 2, Problems: list, Notes: []string{"history was not checked"}}, view.JSON)
		})
	}
	check("verification", func(v *view.View) error { return states.ShowVerification(v, report.Verification{}, view.JSON) })
	showHistory(check)
}

func showHistory(check checker) {
	id := strings.Repeat("a1", 20)
	finding := report.Finding{
		Commit: id, Author: "Eve <eve@example.com>", When: today.Time(), Subject: "tidy", Hint: "look at it",
		Problems: []report.FindingProblem{{Code: "state_foreign_commit", Message: "apply did not make it"}},
		Effects:  []string{"account/svc gains role osmo-admin"},
	}
	accepted, undone := finding, finding
	accepted.AcceptedBy, undone.UndoneBy = id, id
	history := &report.History{Commits: 3, Complete: true, Findings: []report.Finding{finding, accepted, undone}}
	check("verification", func(v *view.View) error {
		return states.ShowVerification(v, report.Verification{Lineage: "l", Serial: 3, History: history}, view.JSON)
	})
}

// logged are a commit that osmoctl made and one that somebody made by hand.
func logged() []report.LogEntry {
	entry := report.LogEntry{
		Commit: strings.Repeat("a1", 20), When: today.Time(), Author: "Ada <ada@example.com>", Actor: "ada", Serial: 3,
		Plan: "sha256:" + state.SumOf(nil).String(), Run: "r1", Summary: "osmoctl: 1 to create (serial 3)", Changes: []string{"create role/ml"}, ByOsmoctl: true,
		Reason: "in a log",
	}
	byHand := report.LogEntry{Commit: entry.Commit, When: entry.When, Author: entry.Author, Summary: "tidy"}
	return []report.LogEntry{entry, byHand}
}

func showLog(check checker) {
	check("log", func(v *view.View) error { return states.ShowLog(v, logged(), view.JSON) })
	check("log", func(v *view.View) error { return states.ShowLog(v, nil, view.JSON) })
}

// note remembers every key of a document.
func note(seen map[string]bool, document []byte) {
	var value any
	if json.Unmarshal(document, &value) == nil {
		noteKeys(seen, value)
	}
}

func noteKeys(seen map[string]bool, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			seen[key] = true
			noteKeys(seen, child)
		}
	case []any:
		for _, child := range value {
			noteKeys(seen, child)
		}
	}
}

// propertiesOf lists the name of every property in a schema, at any depth.
func propertiesOf(t *testing.T, name string) []string {
	t.Helper()
	text, ok := schemas.Read(name)
	if !ok {
		t.Fatalf("there is no schema %s", name)
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	collectProperties(found, schema)
	return model.Names(found)
}

func collectProperties(found map[string]bool, schema any) {
	switch schema := schema.(type) {
	case map[string]any:
		if properties, ok := schema["properties"].(map[string]any); ok {
			for key := range properties {
				found[key] = true
			}
		}
		for _, child := range schema {
			collectProperties(found, child)
		}
	case []any:
		for _, child := range schema {
			collectProperties(found, child)
		}
	}
}
