package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

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

func TestPolicyWords(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]model.Policy{
		"Allow pool:List on pool/a, pool/b":              {Actions: []string{"pool:List"}, Resources: []string{"pool/a", "pool/b"}},
		"Deny pool:List where no resource is named":      {Effect: model.Deny, Actions: []string{"pool:List"}},
		"Allow nothing where no resource is named":       {},
		"deny workflow:* on *":                           {Effect: "deny", Actions: []string{"workflow:*"}, Resources: []string{"*"}},
		"Allow workflow:*, pool:List on pool/ml-infer-1": {Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/ml-infer-1"}},
	} {
		if got := policyWords(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLongFieldsAreCut(t *testing.T) {
	t.Parallel()
	if got := clip(strings.Repeat("日", maxText+9)); got != strings.Repeat("日", maxText)+"… (9 characters more)" {
		t.Errorf("got %q", got)
	}
	var policies []model.Policy
	for i := range maxFields + 5 {
		policies = append(policies, model.Policy{Effect: model.Allow, Actions: []string{fmt.Sprintf("pool:A%d", i)}})
	}
	lines, heavy := policyLines(plan.Field{After: policies})
	if last := lines[len(lines)-1][0].text; heavy || len(lines) != maxFields+1 || last != "and 5 more, none of them heavy, which -t json lists" {
		t.Errorf("%d lines, the last %q", len(lines), last)
	}
	reordered, _ := policyLines(plan.Field{Before: policies[:2], After: []model.Policy{policies[1], policies[0]}})
	if len(reordered) != 1 || reordered[0][0].text != "policies: in another order" {
		t.Errorf("got %v", reordered)
	}
}

func TestManyGrantsAreCut(t *testing.T) {
	t.Parallel()
	p := hugePlan(t, maxGrants+7, "")
	for i := range p.Access[1:] {
		p.Access[0].Gained = append(p.Access[0].Gained, p.Access[i+1].Gained...)
	}
	p.Access = p.Access[:1]
	s := newScreen()
	must(t, s.Plan(p, Text))
	if !strings.Contains(s.out.String(), "gains 7 more, none of them heavy\n") {
		t.Error("the grants left out are not counted")
	}
}

// TestCodeSpansNeverTouch joins two foreign texts, which as code spans side by
// side would read as one with a wider fence.
func TestCodeSpansNeverTouch(t *testing.T) {
	t.Parallel()
	if got, want := markdownLine([]span{quote("a"), quote("b"), say(plain, " c")}), "`a` `b` c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSectionWithNothingButACount cuts every item of a section away.
func TestSectionWithNothingButACount(t *testing.T) {
	t.Parallel()
	b := sectionOf("Changes", []int{1, 2, 3}, 2, func(int) item { return item{mark: "+"} }).block(false)
	b.cut(0)
	var out strings.Builder
	b.write(&out)
	if want := "\n#### Changes\n\n- 3 in all, which -t json lists\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
