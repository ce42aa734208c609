package guard_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

const administering = `
	role root *:*@none
	role maker auth:Token@*
	role writer config:Update@config/role
	role half1 config:*@config/a
	role plain workflow:*@pool/a
	role never -*:*@*
`

// TestAdministrators has what counts as one, however it is spelled, and what does not.
func TestAdministrators(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given, then string
		// blocked is what the details say, warned what the warnings say.
		blocked, warned string
	}{
		{name: "at once", then: "account a root", blocked: "1 account or token would be an administrator, the limit is 0: account/a becomes one"},
		{name: "by anybody's tokens", then: "account a maker", blocked: "account/a becomes one"},
		{name: "by roles", then: "account a writer", blocked: "account/a becomes one"},
		{name: "nothing of the kind", then: "account a plain,half1"},
		{name: "denied again", then: "account a root,never"},
		{
			name: "by a role that changes", given: "account a plain\naccount b plain", then: "role plain *:*@none\naccount a plain\naccount b plain",
			blocked: "2 accounts and tokens would be administrators, the limit is 0: account/a, account/b become ones",
		},
		{name: "a token goes with its account", then: "account a root\ntoken t", blocked: "1 account or token would be an administrator, the limit is 0: account/a becomes one"},
		{name: "a token that is not denied", then: "account a root,never\ntoken t roles=root\ntoken u", blocked: "1 account or token would be an administrator, the limit is 0: token/a/t becomes one"},
		{
			name: "a value that works on", given: "account a root,never\ntoken t roles=plain", then: "account a root,plain\ntoken t roles=plain",
			blocked: "account/a becomes one",
		},
		{name: "who stays one is warned about", given: "account a root", then: "account a root\naccount b plain", warned: "1 account or token is an administrator, and the limit is 0: account/a"},
		{name: "one for another", given: "account a root", then: "account a plain\naccount b root", blocked: "1 account or token would be an administrator, the limit is 0: account/b becomes one"},
		{name: "fewer", given: "account a root\naccount b root", then: "account a root\naccount b plain", warned: "limit is 0: account/a"},
		{name: "deleted", given: "account a root\ntoken t", then: ""},
		{name: "moved", given: "account a root\ntoken t", then: "account b root was=a\ntoken t", blocked: "account/b becomes one"},
		{
			name: "everybody", given: "account a plain", then: "role osmo-default auth:Token@*\naccount a plain",
			blocked: "everybody would become an administrator, in database mode, by role osmo-default: no number of administrators allows that",
		},
		{name: "everybody on one of the servers", given: "osmo mode=\naccount a plain", then: "osmo mode=\naccount a plain\naccount b plain", warned: "in ConfigMap mode everybody is one by role osmo-default; say which the server is"},
		{name: "beyond what everybody has", given: "osmo mode=\naccount a plain", then: "osmo mode=\naccount a plain\naccount b maker", blocked: "account/b becomes one", warned: "in ConfigMap mode everybody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(administering + c.given)
			then := administering + c.then
			if strings.HasPrefix(c.then, "role plain") {
				then = strings.Replace(then, "role plain workflow:*@pool/a\n", "", 1)
			}
			p := w.Plan(then + "\nguard max_administrators=0 max_deletes=9")
			var details []string
			for _, b := range p.Blocked {
				if b.Guardrail == guard.Administrators {
					details = append(details, b.Detail)
				}
			}
			if got := strings.Join(details, "\n"); !strings.Contains(got, c.blocked) || (got == "") != (c.blocked == "") {
				t.Errorf("blocked: %q", got)
			}
			if got := strings.Join(warned(p, guard.WarnAdministrators), "\n"); !strings.Contains(got, c.warned) || (got == "") != (c.warned == "") {
				t.Errorf("warned: %q", got)
			}
		})
	}
}

// The recorded limit binds as the declared one does, and that a limit is higher is said.
func TestRecordedLimitOfAdministrators(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(administering + "guard max_administrators=1\naccount a root\naccount b")
	p := w.Plan(administering + "guard max_administrators=2\naccount a root\naccount b root")
	if d := cmp.Diff([]string{"max_administrators --allow-administrators 2"}, blocked(p)); d != "" {
		t.Error(d)
	}
	said := []string{}
	for _, r := range p.Risks {
		if r.Code == plan.RiskGuardrailLoosened {
			said = append(said, r.Message)
		}
	}
	if d := cmp.Diff([]string{"guardrail max_administrators is loosened from 1 to 2"}, said); d != "" {
		t.Error(d)
	}
	// A plan in part is held against what it does.
	only := func(name string) func(*applytest.Options) {
		return func(o *applytest.Options) { o.Targets = []model.Address{model.AccountAddress(name)} }
	}
	if got := w.Plan(administering+"guard max_administrators=1\naccount a root\naccount b root\naccount c", only("c")); len(got.Blocked) > 0 {
		t.Errorf("%q", blocked(got))
	}
	if got := w.Plan(administering+"guard max_administrators=1\naccount a root\naccount b root\naccount c", only("b")); len(got.Blocked) != 1 {
		t.Errorf("%q", blocked(got))
	}
}

// What takes too long to judge is refused, not let through.
func TestJudgingIsBounded(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	want := applytest.Declare(t, administering+"guard max_administrators=5\naccount a root\naccount b maker")
	p, problems := plan.Build(want, w.State(), plan.Options{Today: w.Today})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	limits := model.DefaultLimits()
	limits.AccessSteps = 10
	err := guard.Hold(p, guard.Facts{Declared: want, Applied: w.State(), Limits: limits})
	if list, ok := errors.AsType[diag.List](err); !ok || list[0].Code != plan.CodeTooLarge || !strings.Contains(list[0].Hint, "access_steps=20") {
		t.Errorf("%v", err)
	}
}
