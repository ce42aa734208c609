package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// crowd declares accounts that each hold a set of roles of their own.
func crowd(accounts, roles, pools int) string {
	var b strings.Builder
	for i := range roles {
		fmt.Fprintf(&b, "role r%d", i)
		for j := range pools {
			fmt.Fprintf(&b, " workflow:*@pool/p%d-%d", i, j)
		}
		b.WriteByte('\n')
	}
	for i := range accounts {
		fmt.Fprintf(&b, "account a%d r%d,r%d\ntoken t\n", i, i%roles, (i/roles+i+1)%roles)
	}
	return b.String()
}

// A plan is made whole or not at all, and whoever may raise the limit is told how.
func TestPlansAreBounded(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	want := applytest.Declare(t, crowd(200, 40, 40))
	for name, limit := range map[string]func(*model.Limits){
		"plan_megabytes": func(l *model.Limits) { l.PlanMegabytes = 1 },
		"access_steps":   func(l *model.Limits) { l.AccessSteps = 100_000 },
	} {
		limits := model.DefaultLimits()
		limit(&limits)
		p, problems := plan.Build(want, &state.Snapshot{}, plan.Options{Today: w.Today, Limits: limits})
		if p != nil || len(problems) != 1 || problems[0].Code != plan.CodeTooLarge || !strings.Contains(problems[0].Hint, model.LimitsVariable+"="+name+"=") {
			t.Errorf("%s: %v", name, problems)
		}
	}
	p, problems := plan.Build(want, &state.Snapshot{}, plan.Options{Today: w.Today})
	if problems.HasErrors() || len(p.Access) != 400 {
		t.Fatalf("%d of 400 stand in the access section, %v", len(p.Access), problems)
	}
}

// What a plan is counted to take is near what its JSON takes, for plans of many
// kinds: else the limit would bound something else.
func TestSizeIsAboutThatOfJSON(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"many accounts": crowd(300, 20, 1),
		"many grants":   crowd(50, 50, 60),
		"many readers":  "recipients ops=alice,bob,carol\nrole r pool:List@*\n" + tokens(200),
	} {
		w := applytest.New(t)
		got, err := w.Plan(text).JSON()
		if err != nil {
			t.Fatal(err)
		}
		limits := model.DefaultLimits()
		fits := func(megabytes int) bool {
			limits.PlanMegabytes = megabytes
			p, _ := plan.Build(applytest.Declare(t, text), &state.Snapshot{}, plan.Options{Today: w.Today, Limits: limits})
			return p != nil
		}
		if most := len(got)>>19 + 2; !fits(most) {
			t.Errorf("%s: %d bytes of JSON do not fit into %d MiB", name, len(got), most)
		}
		if least := len(got) >> 21; least > 0 && fits(least) {
			t.Errorf("%s: %d bytes of JSON fit into %d MiB", name, len(got), least)
		}
	}
}

func tokens(n int) string {
	var b strings.Builder
	b.WriteString("account a r\n")
	for i := range n {
		fmt.Fprintf(&b, "token t%d to=ops\n", i)
	}
	return b.String()
}

// What comes of comparing on several processors does not depend on how many.
func TestAccessDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	project := crowd(100, 20, 10)
	first := text(t, w.Plan(project))
	for range 5 {
		if again := text(t, w.Plan(project)); again != first {
			t.Fatal("the same plan reads otherwise")
		}
	}
}
