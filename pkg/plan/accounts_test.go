package plan_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Accounts are planned at the same time, in pieces. What comes of it is in one order, and is
// the same each time, whatever of it is found first: of more accounts than a piece has, some
// change, some go, some are renamed, some keep a line that is of no use.
func TestManyAccountsArePlannedInOrder(t *testing.T) {
	t.Parallel()
	const accounts = 700
	w := applytest.New(t)
	w.Apply(crowd(accounts, 5, 1))
	want := applytest.Declare(t, crowd(accounts, 5, 1))
	for i, name := range model.Names(want.Accounts) {
		switch account := want.Accounts[name]; i % 7 {
		case 1:
			account.Description = "changed"
		case 2:
			delete(want.Accounts, name)
		case 3:
			account.Previously = []string{"never-" + name}
		case 4:
			account.Tokens["t"].Inherit, account.Tokens["t"].Roles = false, account.Roles[:1]
		}
	}
	var first []byte
	for range 10 {
		p := w.PlanFor(want)
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(data, first) {
			t.Fatal("the same declarations and state have another plan")
		}
		if p.Summary.Delete != accounts/7 || p.Summary.Rotate == 0 || p.Summary.Update+p.Summary.Rotate != 2*accounts/7 {
			t.Fatalf("%+v", p.Summary)
		}
		var unknown []string
		for _, warning := range p.Warnings {
			if warning.Code == "previous_unknown" || warning.Code == "previous_unneeded" {
				unknown = append(unknown, warning.Address.Name)
			}
		}
		if len(unknown) != accounts/7 || !slices.IsSorted(unknown) {
			t.Fatalf("%d warnings about earlier names, in order: %v", len(unknown), slices.IsSorted(unknown))
		}
	}
}

// Of a plan that there is no room for, what is said does not depend on how far the planning
// came: some of the accounts are wrong too, and which of them were looked at is chance.
func TestWhatIsTooLargeIsSaidAlike(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	want := applytest.Declare(t, crowd(700, 5, 1))
	for i, name := range model.Names(want.Accounts) {
		if i%3 == 0 {
			want.Accounts[name].Tokens["t"].Expiry = model.Expiry{At: w.Today - 1}
		}
		want.Accounts[name].Description = strings.Repeat("wide ", 200)
	}
	limits := model.DefaultLimits()
	limits.PlanMegabytes = 1
	for range 10 {
		_, problems := plan.Build(want, w.State(), plan.Options{Today: w.Today, Limits: limits})
		if len(problems) != 1 || problems[0].Code != plan.CodeTooLarge {
			t.Fatalf("%d problems, the first is %v", len(problems), problems[0])
		}
	}
	if _, problems := plan.Build(want, w.State(), plan.Options{Today: w.Today}); !problems.HasErrors() || problems[0].Code != plan.CodeExpiryPassed {
		t.Errorf("where there is room for the plan, %v", problems)
	}
}
