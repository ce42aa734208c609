package viewtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Digest is that of every plan here.
const Digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// EmptyPlan has nothing to do.
func EmptyPlan(t testing.TB) *plan.Plan {
	return &plan.Plan{
		FormatVersion: 1, Digest: Digest, Date: Date(t, "2026-11-23"),
		Server:  model.Server{Version: "6.4", Mode: model.ModeConfigMap},
		Base:    plan.Base{Lineage: "0f9d6c1e2b3a4d5e", Serial: 7, Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904"},
		Changes: []plan.Change{}, Implied: []plan.Implied{}, Access: []plan.Access{}, Readers: []plan.Readers{}, Keys: []plan.Key{},
		GuardrailChanges: []plan.GuardrailChange{}, Notices: []plan.Notice{}, Risks: []plan.Risk{}, Blocked: []plan.Blocked{}, WaitingForIdentity: []plan.Waiting{},
		Warnings: []plan.Warning{}, Upcoming: []plan.Upcoming{},
	}
}

func origin(file string, line int) *diag.Position {
	return &diag.Position{File: file, Line: line, Column: 3}
}

// FullPlan has something in every section.
func FullPlan(t testing.TB) *plan.Plan {
	p := EmptyPlan(t)
	p.Summary = plan.Summary{Create: 2, Update: 2, Rotate: 1, Revoke: 1, Delete: 1}
	p.Notices = []plan.Notice{{Code: "history_not_checked", Message: "the history of state was not checked", Hint: "git fetch --unshallow"}}
	p.Changes = fullChanges(t)
	ci, token := model.AccountAddress("ci"), model.TokenAddress("backend-operator", "backend-token")
	p.Implied = []plan.Implied{
		{Address: model.TokenAddress("legacy", "a"), Effect: "is deleted with its account, with every generation", Cause: model.AccountAddress("legacy")},
		{Address: model.TokenAddress("legacy", "b"), Effect: "is deleted with its account, with every generation", Cause: model.AccountAddress("legacy")},
		{Address: model.TokenAddress("ci", "deploy").At(2), Effect: "loses role osmo-user at once", Cause: ci},
	}
	create, list := access.Grant{Action: "workflow:Create", Resource: "pool/ml"}, access.Grant{Action: "pool:List", Resource: "pool/ml"}
	p.Access = []plan.Access{
		{Subject: ci, Gained: []access.Grant{create, list}, Lost: []access.Grant{}, EffectiveOn: p.Date},
		{Subject: model.RoleAddress(access.DefaultRole), Server: &model.Server{Version: "6.4", Mode: model.ModeDatabase}, Gained: []access.Grant{list}, Lost: []access.Grant{}, EffectiveOn: p.Date},
		{Subject: token, Gained: []access.Grant{}, Lost: []access.Grant{list}, EffectiveOn: Date(t, "2026-11-30")},
		{Subject: model.TokenAddress("ci", "deploy"), Gained: []access.Grant{create, list}, Lost: []access.Grant{}, EffectiveOn: p.Date},
	}
	alice, bob := plan.Reader{Name: "alice", Key: AliceKey}, plan.Reader{Name: "bob", Key: BobKey}
	p.Readers = []plan.Readers{
		{Token: token, Gained: []plan.Reader{alice}, Lost: []plan.Reader{bob}},
		{Token: model.TokenAddress("ci", "deploy"), Gained: []plan.Reader{alice}, Lost: []plan.Reader{}},
	}
	p.Keys = []plan.Key{
		{Key: AliceKey, Name: "alice", Tokens: 1, Declared: 3, Gained: 2},
		{Key: BobKey, Name: "bob", Tokens: 4, Declared: 3, Lost: 1},
	}
	five, fifty := 5, 50
	p.GuardrailChanges = []plan.GuardrailChange{
		{Path: "guardrails.max_deletes", Before: &model.Limit{Count: &five}, After: &model.Limit{Count: &fifty}},
		{Path: "recipients.ops", Before: nil, After: []string{AliceKey}},
	}
	legacy := model.AccountAddress("legacy")
	p.Blocked = []plan.Blocked{
		{Address: &legacy, Guardrail: guard.Protect, Detail: "the account is protected from deletion: declare protect: false, apply that, and then make this change"},
		{Guardrail: guard.Deletes, Detail: "6 deletions are more than the limit of 5", Flag: "--allow-deletes 6", Approval: model.Approval{Plan: p.Digest, Allow: "--allow-deletes 6"}.Spelling()},
	}
	p.Lifted = []plan.Lifted{{
		Plan: p.Digest, Allow: "--allow-rotations 9", Reason: "the team was told", Guardrails: []string{guard.Rotations},
		Origin: diag.Position{File: "approvals.yaml", Line: 2, Column: 5},
	}}
	p.Risks = []plan.Risk{
		{Code: plan.RiskAdministrator, Severity: plan.Critical, Address: &ci, Message: "becomes an administrator at once: gains *:* on *"},
		{Code: plan.RiskKeyChanged, Severity: plan.Critical, Message: "recipient ops is now age1new, was age1old: it would read new values of 12 tokens"},
		{Code: plan.RiskGuardrailLoosened, Severity: plan.High, Message: "guardrail max_deletes is loosened from 5 to 50"},
	}
	p.WaitingForIdentity = []plan.Waiting{{Address: model.TokenAddress("ci", "deploy").At(1), Gained: []plan.Reader{alice, bob}}}
	p.Refreshed = true
	p.WaitingForHelm = []plan.HelmWait{
		{Address: model.RoleAddress("team"), Action: plan.Update, Detail: "belongs in the Helm values; the server has another form", Fields: []plan.Field{{Path: "description", Before: "old", After: "new"}}},
		{Address: model.AccountAddress("held"), Detail: "waits, with its tokens, for new-role to be deployed with the Helm values"},
	}
	p.Drift = []plan.Drift{
		{Address: ci, Effect: "was granted role osmo-admin on the server", By: "mallory", At: "2026-11-22T03:51:25Z"},
		{Address: ci, Effect: "holds role staff, which idp-sync gives it again and again", By: "idp-sync", Left: true},
	}
	p.Undeclared = []plan.Undeclared{{Address: model.RoleAddress("theirs")}, {Address: model.TokenAddress("ci", "by-hand")}}
	deploy := model.TokenAddress("ci", "deploy")
	p.Warnings = []plan.Warning{
		{Code: plan.WarnStaysReadable, Message: "recipient bob (age1old) could open 1 value and still can, in git's history, until revocation or expiry: osmoctl secrets exposure bob lists them"},
		{Code: "token_inherits_roles", Address: &deploy, Message: "the token takes all roles of its account; list its own under roles to keep it narrow"},
		{Code: "token_inherits_roles", Address: &token, Message: "the token takes all roles of its account; list its own under roles to keep it narrow"},
		{Code: "targeted", Message: "1 change was left out because of --target"},
	}
	p.Upcoming = []plan.Upcoming{
		{Address: token.At(1), Event: plan.EventRevoke, Date: Date(t, "2026-11-30")},
		{Address: deploy, Event: plan.EventRotate, Date: Date(t, "2026-12-02")},
		{Address: model.TokenAddress("ci", "fixed"), Event: plan.EventExpire, Date: Date(t, "2026-12-02")},
	}
	return p
}

func fullChanges(t testing.TB) []plan.Change {
	policy := func(actions, resources string) model.Policy {
		return model.Policy{Effect: model.Allow, Actions: strings.Fields(actions), Resources: strings.Fields(resources)}
	}
	token := model.TokenAddress("backend-operator", "backend-token")
	role := func(p ...model.Policy) *plan.Object { return &plan.Object{Policies: p} }
	wide, narrow := policy("workflow:* pool:List", "pool/ml pool/default"), policy("workflow:*", "pool/ml")
	return []plan.Change{
		{
			Address: model.RoleAddress("osmo-ml-team"), Action: plan.Update, Reasons: []string{"declaration changed"}, Before: role(narrow), After: role(wide),
			Fields: []plan.Field{{Path: "policies", Before: []model.Policy{narrow}, After: []model.Policy{wide}}}, Origin: origin("manifests/roles.yaml", 4),
		},
		{
			Address: model.RoleAddress("osmo-text"), Action: plan.Update, Reasons: []string{"declaration changed"}, Before: role(wide), After: role(wide),
			Fields: []plan.Field{{Path: "description", Before: nil, After: "Words alone"}, {Path: "sync_mode", Before: model.SyncImport, After: model.SyncForce}},
		},
		{
			Address: model.AccountAddress("ci"), Action: plan.Create, Reasons: []string{"newly declared"}, After: &plan.Object{},
			Fields: []plan.Field{{Path: "description", After: "CI"}, {Path: "roles", After: []string{"osmo-user", "osmo-ml-team"}}, {Path: "labels", After: map[string]string{"team": "ml"}}, {Path: "protect", After: true}},
			Origin: origin("manifests/ci.yaml", 12),
		},
		{
			Address: model.TokenAddress("ci", "deploy"), Action: plan.Create, Reasons: []string{"newly declared"}, After: &plan.Object{},
			Fields:   []plan.Field{{Path: "expires_in", After: model.Days(90)}, {Path: "recipients", After: []string{"ops"}}, {Path: "generation", After: 1}},
			Resolved: &plan.Resolved{Generation: 1, ServerName: "deploy", Roles: []string{"osmo-user"}, ExpiresAt: Date(t, "2027-02-21")}, Origin: origin("manifests/ci.yaml", 18),
		},
		{
			Address: token, Action: plan.Rotate, Reasons: []string{"roles changed from osmo-backend, osmo-user to osmo-backend", "due since 2026-11-20"},
			Before: &plan.Object{}, After: &plan.Object{},
			Fields: []plan.Field{
				{Path: "roles", Before: []string{"osmo-backend", "osmo-user"}, After: []string{"osmo-backend"}},
				{Path: "labels", Before: map[string]string{"a": "1", "b": "2"}, After: map[string]string{"a": "1", "b": "3", "c": ""}},
				{Path: "expires_at", Before: Date(t, "2027-01-01"), After: nil},
			},
			Resolved: &plan.Resolved{Generation: 2, Roles: []string{"osmo-backend"}, ExpiresAt: Date(t, "2027-02-21"), Replaces: 1, RevokeAfter: Date(t, "2026-11-30")},
			Origin:   origin("manifests/backend.yaml", 9),
		},
		{Address: model.TokenAddress("ci", "old").At(3), Action: plan.Revoke, Reasons: []string{"its overlap ended on 2026-11-20"}, Before: &plan.Object{}, Due: true},
		{Address: model.AccountAddress("legacy"), Action: plan.Delete, Reasons: []string{"no longer declared"}, Before: &plan.Object{}, Fields: []plan.Field{{Path: "description", Before: "old", After: nil}}},
	}
}

// HugePlan has n changes, with n of everything else, all alike but in name and
// with text as long as it gets.
func HugePlan(t testing.TB, n int, text string) *plan.Plan {
	p := EmptyPlan(t)
	p.Summary = plan.Summary{Create: n}
	for i := range n {
		a := model.TokenAddress(fmt.Sprintf("svc-%05d", i), "deploy")
		reader := plan.Reader{Name: fmt.Sprintf("reader-%05d", i), Key: AliceKey + text}
		grant := access.Grant{Action: "workflow:Create", Resource: fmt.Sprintf("pool/%05d%s", i, text)}
		p.Changes = append(p.Changes, plan.Change{
			Address: a, Action: plan.Create, Reasons: []string{text}, After: &plan.Object{}, Origin: origin(text, i),
			Fields:   []plan.Field{{Path: "description", After: text}, {Path: "recipients", After: []string{text}}},
			Resolved: &plan.Resolved{Generation: 1, Roles: []string{text}, ExpiresAt: p.Date.Add(90)},
		})
		p.Implied = append(p.Implied, plan.Implied{Address: a, Cause: a, Effect: text})
		p.Access = append(p.Access, plan.Access{Subject: a, Gained: []access.Grant{grant}, Lost: []access.Grant{}, EffectiveOn: p.Date})
		p.Readers = append(p.Readers, plan.Readers{Token: a, Gained: []plan.Reader{reader}, Lost: []plan.Reader{}})
		p.Blocked = append(p.Blocked, plan.Blocked{Address: &a, Guardrail: guard.AccountName, Detail: text, Flag: "--allow " + a.String()})
		p.Warnings = append(p.Warnings, plan.Warning{Code: "w", Address: &a, Message: a.String() + text})
		p.Upcoming = append(p.Upcoming, plan.Upcoming{Address: a, Event: plan.EventRotate, Date: p.Date.Add(3)})
		p.WaitingForIdentity = append(p.WaitingForIdentity, plan.Waiting{Address: a, Gained: []plan.Reader{reader}})
	}
	return p
}
