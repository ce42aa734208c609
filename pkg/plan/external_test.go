package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

const (
	external = "backend\nosmo mode=database\nrole shared external\naccount a shared\ntoken t"
	shared   = "role shared pool:List@pool/x\n"
)

// A role that lives on the server is adopted as it is there, followed, and let go of.
func TestExternalRole(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	there := serverOf(t, model.ModeDatabase, "6.3.1", shared)
	seen := observing(there)
	p := w.Plan(external, seen)
	want := []string{
		"adopt role/shared: newly declared; it lives on the server, and osmoctl never writes it",
		"create account/a: newly declared", "create token/a/t: newly declared",
	}
	if d := cmp.Diff(want, lines(p, nil)); d != "" {
		t.Error(d)
	}
	if got := accesses(p); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "pool:List") }) {
		t.Errorf("access: %q", got)
	}
	w.Apply(external, seen)
	role := w.State().Roles["shared"]
	if !role.External || !model.EqualPolicies(role.Policies, there.Roles["shared"].Policies) {
		t.Errorf("%+v", role)
	}
	// Without a look it is what it was last seen to be.
	if p := w.Plan(external); len(p.Changes) > 0 || len(p.Notices) > 0 {
		t.Errorf("%q %+v", lines(p, nil), p.Notices)
	}
	// Its policies stand in no declaration, so none of these writes it.
	for then, want := range map[string]string{
		"backend\nosmo mode=database\n" + shared + "account a shared\ntoken t": "update role/shared: declaration changed",
		"backend\nosmo mode=database\naccount a osmo-user\ntoken t":            "forget role/shared: no longer declared; it lives on the server and stays there as it is",
	} {
		if got := lines(w.Plan(then), nil); !slices.Contains(got, want) {
			t.Errorf("%q: %q", then, got)
		}
	}
}

// A role that the project made is given away as it stands.
func TestRoleThatBecomesExternal(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	own := strings.Replace(external, "role shared external\n", shared, 1)
	w.Apply(own)
	p := w.Plan(external)
	if d := cmp.Diff([]string{"update role/shared: lives on the server from now on; osmoctl leaves it there as it is"}, lines(p, nil)); d != "" {
		t.Error(d)
	}
	if len(p.Access) > 0 || len(p.Changes[0].Fields) != 1 || p.Changes[0].Fields[0].Path != "external" {
		t.Errorf("%q %+v", accesses(p), p.Changes[0].Fields)
	}
	w.Apply(external)
	if again := w.Plan(external); again.Pending() {
		t.Errorf("still pending: %q", lines(again, nil))
	}
}

// What nobody has looked at is not known: the plan says so, and no rule about access is
// passed by it. To agree to it is not to agree to what is there.
func TestUnknownExternalRole(t *testing.T) {
	t.Parallel()
	seen := observing(serverOf(t, model.ModeDatabase, "6.3.1", shared))
	blind := applytest.New(t).Plan(external)
	if !slices.ContainsFunc(blind.Notices, func(n plan.Notice) bool { return n.Code == "external_unknown" }) || len(blind.Blocked) > 0 {
		t.Errorf("%+v %v", blind.Notices, blind.Blocked)
	}
	if applytest.New(t).Plan(external, seen).Digest == blind.Digest {
		t.Error("who agrees to an unknown role agrees to whatever it is")
	}
	bounded := external + "\nguard max_administrators=5"
	blind = applytest.New(t).Plan(bounded)
	if len(blind.Blocked) != 1 || blind.Blocked[0].Guardrail != guard.UnknownAccess || *blind.Blocked[0].Address != model.AccountAddress("a") {
		t.Errorf("%v", blind.Blocked)
	}
	if p := applytest.New(t).Plan(bounded, seen); len(p.Blocked) > 0 {
		t.Errorf("%v", p.Blocked)
	}
	_, problems := plan.Build(applytest.Declare(t, external), applytest.New(t).State(), plan.Options{
		Today: applytest.Date(t, applytest.FirstDay), Observed: serverOf(t, model.ModeDatabase, "6.3.1", "role another"),
	})
	if len(problems) != 1 || problems[0].Code != plan.CodeRoleNotOnServer || problems[0].Pos.Line != 3 {
		t.Errorf("%v", problems)
	}
}

// A server that keeps its roles in a ConfigMap is not asked for the values of a role that
// others write.
func TestExternalRoleInConfigMapMode(t *testing.T) {
	t.Parallel()
	project := strings.Replace(external, "mode=database", "mode=configmap", 1)
	for name, p := range map[string]*plan.Plan{
		"blind":  applytest.New(t).Plan(project),
		"seeing": applytest.New(t).Plan(project, observing(serverOf(t, model.ModeConfigMap, "6.4.0", shared))),
	} {
		if len(p.WaitingForHelm) > 0 || len(p.Changes) != 3 {
			t.Errorf("%s: %q, changes %q", name, helmLines(p), lines(p, nil))
		}
	}
}
