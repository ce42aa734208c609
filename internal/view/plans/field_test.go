package plans

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// TestValuesOfAnyType shows fields of every type that a plan may hold, and of one
// that it never does.
func TestValuesOfAnyType(t *testing.T) {
	t.Parallel()
	n, yes := 3, true
	for want, v := range map[string]any{
		"none": nil, `"a b"`: "a b", "[]": []string{}, "[a, b]": []string{"a", "b"}, "3": &n, "true": &yes, "false": false,
		"90d": model.Days(90), "2026-11-23": viewtest.Date(t, "2026-11-23"), "force": model.SyncForce, "3 or 20%": &model.Limit{Count: &n, Percent: viewtest.Ptr(20)},
		"no limit": &model.Limit{}, `{"every":"9d","overlap":"1d"}`: model.Rotation{Every: 9, Overlap: 1}, "(not shown)": func() {},
	} {
		if got := value(v); got != want {
			t.Errorf("value = %q, want %q", got, want)
		}
	}
}

func TestLongFieldsAreCut(t *testing.T) {
	t.Parallel()
	if got := view.Clip(strings.Repeat("日", view.MaxText+9)); got != strings.Repeat("日", view.MaxText)+"… (9 characters more)" {
		t.Errorf("got %q", got)
	}
	var policies []model.Policy
	for i := range view.MaxFields + 5 {
		policies = append(policies, model.Policy{Effect: model.Allow, Actions: []string{fmt.Sprintf("pool:A%d", i)}})
	}
	lines, heavy := policyLines(plan.Field{After: policies})
	if last := lines[len(lines)-1][0].Text; heavy || len(lines) != view.MaxFields+1 || last != "and 5 more, none of them heavy, which -t json lists" {
		t.Errorf("%d lines, the last %q", len(lines), last)
	}
	reordered, _ := policyLines(plan.Field{Before: policies[:2], After: []model.Policy{policies[1], policies[0]}})
	if len(reordered) != 1 || reordered[0][0].Text != "policies: in another order" {
		t.Errorf("got %v", reordered)
	}
}

func TestManyGrantsAreCut(t *testing.T) {
	t.Parallel()
	p := viewtest.HugePlan(t, view.MaxGrants+7, "")
	for i := range p.Access[1:] {
		p.Access[0].Gained = append(p.Access[0].Gained, p.Access[i+1].Gained...)
	}
	p.Access = p.Access[:1]
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, p, view.Text))
	if !strings.Contains(s.Stdout.String(), "gains 7 more, none of them heavy\n") {
		t.Error("the grants left out are not counted")
	}
}

// What "except" means stands once in a plan that says it, and in no other.
func TestExceptIsExplained(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]int{"workflow:*": 0, "workflow:* except workflow:Exec": 1} {
		for _, f := range []view.Format{view.Text, view.Markdown} {
			p := viewtest.EmptyPlan(t)
			for _, name := range []string{"one", "two"} {
				p.Access = append(p.Access, plan.Access{Subject: model.AccountAddress(name), Gained: []access.Grant{{Action: action, Resource: "pool/" + name}}})
			}
			s := viewtest.New()
			viewtest.Must(t, Show(&s.View, p, f))
			if n := strings.Count(s.Stdout.String(), exceptWords); n != want {
				t.Errorf("%s explains %q %d times:\n%s", f, action, n, s.Stdout.String())
			}
		}
	}
}
