package view_test

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/states"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// TestTextWhereThereIsLittle shows what results say where something is missing.
func TestTextWhereThereIsLittle(t *testing.T) {
	t.Parallel()
	settings := viewtest.EmptyPlan(t)
	settings.GuardrailChanges = []plan.GuardrailChange{{Path: "git.push", After: "origin"}}
	waiting := viewtest.EmptyPlan(t)
	waiting.WaitingForIdentity = []plan.Waiting{{Address: model.TokenAddress("a", "t").At(1)}}
	first := viewtest.EmptyPlan(t)
	first.Base = plan.Base{}
	user, _ := report.BuiltinRoleOf("osmo-user", model.Server{})
	for want, write := range map[string]func(v *view.View) error{
		"Applied: project settings recorded.": func(v *view.View) error {
			return plans.ShowApplied(v, settings, &apply.Result{Commit: "1", Serial: 2}, view.Text)
		},
		"Plan: project settings to record.":                      func(v *view.View) error { return plans.Show(v, settings, view.Text) },
		"a new value at once: osmoctl apply --replace token/a/t": func(v *view.View) error { return plans.Show(v, waiting, view.Text) },
		"Nothing was applied yet, planned for 2026":              func(v *view.View) error { return plans.Show(v, first, view.Text) },
		"No history found":                                       func(v *view.View) error { return states.ShowLog(v, nil, view.Text) },
		"No roles found":                                         func(v *view.View) error { return accounts.ShowRoles(v, nil, view.Text) },
		"No tokens found\n":                                      func(v *view.View) error { return tokens.ShowList(v, "", nil, view.Text) },
		"Source: builtin\nSync Mode: import\nExternal":           func(v *view.View) error { return accounts.ShowRole(v, user, view.Text) },
		"External Roles: as on the server":                       func(v *view.View) error { return accounts.ShowRole(v, user, view.Text) },
		"Policies: None":                                         func(v *view.View) error { return accounts.ShowRole(v, report.Role{}, view.Text) },
		"External Roles: None": func(v *view.View) error {
			return accounts.ShowRole(v, report.Role{ExternalRoles: []string{}}, view.Text)
		},
		"Roles: a (inherited from the account when": func(v *view.View) error {
			return tokens.Show(v, report.Token{Inherited: true, Roles: []string{"a"}}, view.Text)
		},
		"Generations: None": func(v *view.View) error { return tokens.Show(v, report.Token{}, view.Text) },
		"Tokens: None": func(v *view.View) error {
			return states.Show(v, report.StateObject{Users: report.EachOf([]report.StateUser{{}})}, view.Text)
		},
		"Role: x": func(v *view.View) error {
			return states.Show(v, report.StateObject{Roles: []report.Role{{Name: "x"}}}, view.Text)
		},
		"Token: x": func(v *view.View) error {
			return states.Show(v, report.StateObject{Tokens: []report.Token{{TokenName: "x"}}}, view.Text)
		},
		"Nothing was applied yet": func(v *view.View) error {
			return states.Show(v, report.StateObject{Meta: &report.StateMeta{}}, view.Text)
		},
		"Nothing was applied yet\n": func(v *view.View) error { return states.ShowVerification(v, report.Verification{}, view.Text) },
		"Nothing found; in 0 roles and 0 service accounts, for OSMO 6.4 in either mode": func(v *view.View) error {
			return access.ShowLint(v, report.Lint{Server: model.Server{Version: "6.4"}}, view.Text)
		},
		"1 finding: 1 warning, 1 suppressed; in 2 roles and 1 service account, for OSMO 6.4 in ConfigMap mode": func(v *view.View) error {
			return access.ShowLint(v, lintOf(faults.Warnings()[:1]), view.Text)
		},
		"Valid: 1 warning, 0 roles, 0 service": func(v *view.View) error {
			return problems.ShowValidation(v, report.Validation{Problems: faults.Warnings()}, view.Text)
		},
	} {
		s := viewtest.New()
		viewtest.Must(t, write(&s.View))
		if !strings.Contains(s.Stdout.String(), want) {
			t.Errorf("%q is not said in:\n%s", want, s.Stdout.String())
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1500: "1.5 kB", 3_100_000: "3.1 MB", 1_100_000_000: "1.1 GB"} {
		if got := view.Size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
