package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// The forms of OSMO's Helm chart, as declarations.
const (
	chartBackend = "role osmo-backend internal:Operator,config:Read,pool:List@* ext=osmo-backend\n"
	chartDefault = "role osmo-default auth:Login,auth:Refresh,auth:Token,profile:*,system:Health@*\n"
)

// accesses spells the access section, one line an entry.
func accesses(p *plan.Plan) (out []string) {
	for _, a := range p.Access {
		line := a.Subject.String()
		if a.Server != nil {
			line += " on " + a.Server.Version + " " + string(a.Server.Mode)
		}
		for _, g := range a.Gained {
			line += " +" + strings.TrimSpace(g.Action+" "+g.Resource)
		}
		for _, g := range a.Lost {
			line += " -" + strings.TrimSpace(g.Action+" "+g.Resource)
		}
		out = append(out, line)
	}
	return out
}

func risksWith(p *plan.Plan, codes ...string) (out []string) {
	for _, r := range p.Risks {
		for _, c := range codes {
			if r.Code == c {
				out = append(out, r.Message)
			}
		}
	}
	return out
}

// Which form of a built-in role is declared is recorded, and what it gives is
// shown once.
func TestBuiltinFormIsRecorded(t *testing.T) {
	t.Parallel()
	const account = "account a osmo-backend\ntoken t"
	for mode, want := range map[string][]string{
		"database": {"account/a +config:Read config/* except config/backend", "token/a/t +config:Read config/* except config/backend"},
		// There the chart's form is the one in force already.
		"configmap": nil,
		"": {
			"account/a on 6.4 database +config:Read config/* except config/backend", "token/a/t on 6.4 database +config:Read config/* except config/backend",
		},
	} {
		t.Run("mode="+mode, func(t *testing.T) {
			t.Parallel()
			project := "osmo mode=" + mode + "\n"
			w := applytest.New(t)
			w.Apply(project + account)
			p := w.Plan(project + chartBackend + account)
			if diff := cmp.Diff([]string{"adopt role/osmo-backend: newly declared; the role is built into OSMO"}, lines(p, nil)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, accesses(p)); diff != "" {
				t.Error(diff)
			}
			w.Apply(project + chartBackend + account)
			again := w.Plan(project + chartBackend + account)
			if again.Pending() || len(again.Access) > 0 || len(again.Risks) > 0 {
				t.Errorf("said again: %q %v", accesses(again), again.Risks)
			}
			// Let go, it stays as it is.
			gone := w.Plan(project + account)
			if diff := cmp.Diff([]string{"forget role/osmo-backend: no longer declared; the role is built into OSMO and stays there as it is"}, lines(gone, nil)); diff != "" {
				t.Error(diff)
			}
			if len(gone.Access) > 0 {
				t.Errorf("%q", accesses(gone))
			}
		})
	}
}

// The chart's osmo-default lets everybody make anybody's token.
func TestEverybodyGainsByMode(t *testing.T) {
	t.Parallel()
	const account = "account a r\nrole r pool:List@*\n"
	for mode, want := range map[string]struct{ access, risks []string }{
		"database": {
			[]string{"role/osmo-default +auth:Token +auth:Token user/*"},
			[]string{"everybody has this role and gains auth:Token", "everybody has this role and gains auth:Token on user/*"},
		},
		"": {
			[]string{"role/osmo-default on 6.4 database +auth:Token +auth:Token user/*"},
			[]string{"everybody has this role and gains auth:Token on user/*, in database mode", "everybody has this role and gains auth:Token, in database mode"},
		},
		"configmap": {},
	} {
		t.Run("mode="+mode, func(t *testing.T) {
			t.Parallel()
			project := "osmo mode=" + mode + "\n"
			w := applytest.New(t)
			w.Apply(project + account)
			p := w.Plan(project + account + chartDefault)
			if diff := cmp.Diff(want.access, accesses(p)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want.risks, risksWith(p, plan.RiskEverybodyGains, plan.RiskAdministratorByStep)); diff != "" {
				t.Error(diff)
			}
			w.Apply(project + account + chartDefault)
			// Who has it already gains nothing by a role of their own.
			own := w.Plan(project + strings.ReplaceAll(account, "pool:List@*", "pool:List,auth:Token@*") + chartDefault)
			if len(own.Access)+len(own.Risks) > 0 {
				t.Errorf("%q %v", accesses(own), own.Risks)
			}
		})
	}
}

// A project on such a server hears so once.
func TestEverybodyAdministrates(t *testing.T) {
	t.Parallel()
	const own = "role osmo-default auth:Login,auth:Refresh,profile:*,system:Health,system:Version@*\n"
	warned := func(p *plan.Plan) bool {
		return slices.ContainsFunc(p.Warnings, func(w plan.Warning) bool { return w.Code == "everybody_administrates" })
	}
	w := applytest.New(t)
	for i, step := range []struct {
		text string
		want bool
	}{
		{"osmo mode=configmap\naccount a osmo-user", true},
		{"osmo mode=configmap\naccount a osmo-user text=x", false},
		{"osmo mode=database\naccount a osmo-user", true}, // the old one is answered for as well
		{"osmo mode=database\naccount a osmo-user text=x", false},
		{"osmo mode=\naccount a osmo-user", true},
		{"osmo mode=\n" + chartDefault + "account a osmo-user", true},
		{"osmo mode=\n" + own + "account a osmo-user", false},
		{"osmo mode=configmap\n" + own + "account a osmo-user", false},
	} {
		if p := w.Plan(step.text); warned(p) != step.want {
			t.Errorf("%d: %v", i, p.Warnings)
		}
		w.Apply(step.text)
	}
}

// What a built-in role is narrowed by comes back where the server keeps its roles in
// the database.
func TestNarrowedBuiltinRole(t *testing.T) {
	t.Parallel()
	const account = "account a osmo-user\n"
	const narrowed = "role osmo-user pool:List,workflow:List,workflow:Read@* workflow:*@pool/default\n"
	for mode, want := range map[string]struct {
		lost string
		warn bool
	}{
		"database":  {"", true},
		"configmap": {"account/a -app:*", false},
		"":          {"account/a on 6.4 configmap -app:*", true},
	} {
		t.Run("mode="+mode, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			project := "osmo mode=" + mode + "\n"
			w.Apply(project + account)
			p := w.Plan(project + narrowed + account)
			got := strings.Join(accesses(p), "\n")
			if want.lost == "" && got != "" || !strings.HasPrefix(got, want.lost) || strings.Contains(got, "\n") {
				t.Errorf("%q", got)
			}
			warned := false
			for _, w := range p.Warnings {
				warned = warned || w.Code == "builtin_restored" && strings.Contains(w.Message, "own form grants, app:*, auth:Token, credentials:*, mcp:Access")
			}
			if warned != want.warn {
				t.Errorf("%v", p.Warnings)
			}
		})
	}
	// A Deny holds everywhere.
	w := applytest.New(t)
	w.Apply(account)
	if p := w.Plan("role osmo-user pool:List@* -auth:Token@*\n" + account); !strings.Contains(strings.Join(accesses(p), "\n"), "-auth:Token user/*") {
		t.Errorf("%q", accesses(p))
	}
}

// Where both modes are possible, both are answered, and what they agree on is said
// once.
func TestBothModesAreAnswered(t *testing.T) {
	t.Parallel()
	p := applytest.New(t).Plan("osmo mode=\naccount a osmo-backend\naccount b osmo-ctrl\naccount c r\nrole r auth:Token@* workflow:Exec@pool/*")
	want := []string{
		"account/a on 6.4 database +pool:List +internal:* backend/*",
		"account/a on 6.4 configmap +pool:List +internal:* backend/*",
		"account/b +internal:*",
		"account/c on 6.4 database",
		"account/c on 6.4 configmap",
	}
	got := accesses(p)
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if subject, _, _ := strings.Cut(want[i], " +"); !strings.HasPrefix(got[i], subject) {
			t.Errorf("%q, want %q", got[i], subject)
		}
	}
	if diff := cmp.Diff([]string{
		"can make itself an administrator: gains auth:Token on user/*, in database mode",
		"lets whoever holds it become an administrator: grants auth:Token on user/*, in database mode",
	}, risksWith(p, plan.RiskAdministratorByStep)); diff != "" {
		t.Error(diff)
	}
	for _, message := range risksWith(p, plan.RiskWholeScope) {
		if strings.Contains(message, "workflow:Exec") && strings.Contains(message, "mode") {
			t.Errorf("both agree, and yet: %s", message)
		}
	}
}

// Nobody hides a gain by saying that the server is another.
func TestServerThatChanges(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("osmo mode=database\nrole r pool:List@*\naccount a r")
	p := w.Plan("osmo mode=configmap\nrole r pool:List,auth:Token@*\naccount a r")
	if got := accesses(p); len(got) != 1 || !strings.HasPrefix(got[0], "account/a on 6.4 database +auth:Token") {
		t.Errorf("%q", got)
	}
	want := []string{`osmo.mode changes from "database" to "configmap": from the next apply on access is judged by the rules of another server`}
	if diff := cmp.Diff(want, risksWith(p, plan.RiskServerChanged)); diff != "" {
		t.Error(diff)
	}
	p = w.Plan("osmo version=6.3 mode=database\nrole r pool:List,dataset:*@*\naccount a r")
	if got := accesses(p); len(got) != 1 || !strings.HasPrefix(got[0], "account/a on 6.3 database +dataset:List") {
		t.Errorf("%q", got)
	}
}
