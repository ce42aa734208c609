package view

import (
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// TestTextWhereThereIsLittle shows what results say where something is missing.
func TestTextWhereThereIsLittle(t *testing.T) {
	t.Parallel()
	settings := emptyPlan(t)
	settings.GuardrailChanges = []plan.GuardrailChange{{Path: "git.push", After: "origin"}}
	waiting := emptyPlan(t)
	waiting.WaitingForIdentity = []plan.Waiting{{Address: model.TokenAddress("a", "t").At(1)}}
	first := emptyPlan(t)
	first.Base = plan.Base{}
	user, _ := report.BuiltinRoleOf("osmo-user", model.Server{})
	for want, write := range map[string]func(v *View) error{
		"Applied: project settings recorded.":                    func(v *View) error { return v.Applied(settings, &apply.Result{Commit: "1", Serial: 2}, Text) },
		"Plan: project settings to record.":                      func(v *View) error { return v.Plan(settings, Text) },
		"a new value at once: osmoctl apply --replace token/a/t": func(v *View) error { return v.Plan(waiting, Text) },
		"Nothing was applied yet, planned for 2026":              func(v *View) error { return v.Plan(first, Text) },
		"No history found":                                       func(v *View) error { return v.Log(nil, Text) },
		"No roles found":                                         func(v *View) error { return v.Roles(nil, Text) },
		"No tokens found\n":                                      func(v *View) error { return v.Tokens("", nil, Text) },
		"Source: builtin\nSync Mode: import\nExternal":           func(v *View) error { return v.Role(user, Text) },
		"External Roles: as on the server":                       func(v *View) error { return v.Role(user, Text) },
		"Policies: None":                                         func(v *View) error { return v.Role(report.Role{}, Text) },
		"External Roles: None":                                   func(v *View) error { return v.Role(report.Role{ExternalRoles: []string{}}, Text) },
		"Roles: a (inherited from the account when":              func(v *View) error { return v.Token(report.Token{Inherited: true, Roles: []string{"a"}}, Text) },
		"Generations: None":                                      func(v *View) error { return v.Token(report.Token{}, Text) },
		"Tokens: None":                                           func(v *View) error { return v.StateObject(report.StateObject{Users: []report.StateUser{{}}}, Text) },
		"Role: x":                                                func(v *View) error { return v.StateObject(report.StateObject{Roles: []report.Role{{Name: "x"}}}, Text) },
		"Token: x": func(v *View) error {
			return v.StateObject(report.StateObject{Tokens: []report.Token{{TokenName: "x"}}}, Text)
		},
		"Nothing was applied yet":              func(v *View) error { return v.StateObject(report.StateObject{Meta: &report.StateMeta{}}, Text) },
		"Nothing was applied yet\n":            func(v *View) error { return v.Verification(report.Verification{}, Text) },
		"Valid: 1 warning, 0 roles, 0 service": func(v *View) error { return v.Validation(report.Validation{Problems: problems.Warnings()}, Text) },
	} {
		s := newScreen()
		must(t, write(&s.View))
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("%q is not said in:\n%s", want, s.out.String())
		}
	}
}
