package plans

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// crowds hide something heavy among what is harmless. The last line of each is
// what a reviewer must see, whatever is cut.
func crowds() map[string]string {
	var teams, policies, verbs, pools, tokens, wide, users strings.Builder
	for i := range 300 {
		fmt.Fprintf(&teams, "role team-%d workflow:Read@pool/team-%d\naccount team-%d team-%d\n", i, i, i, i)
		fmt.Fprintf(&policies, " workflow:Read@pool/team-%d", i)
		fmt.Fprintf(&verbs, "workflow:Read%c%c,", 'a'+i%26, 'a'+i/26)
		fmt.Fprintf(&pools, "config/c%d,", i)
		fmt.Fprintf(&tokens, "token t%d roles=narrow\n", i)
		if i >= 150 {
			continue
		}
		fmt.Fprintf(&users, " auth:Token@user/u%d workflow:Read@pool/u%d", i, i)
		fmt.Fprintf(&wide, "role wide-%d auth:Token@user/u%d workflow:Read@pool/w%d\naccount wide-%d wide-%d\n", i, i, i, i, i)
	}
	long := strings.Repeat("x", 900)
	return map[string]string{
		"an administrator among accounts":       teams.String() + "account zz-nightly osmo-admin",
		"one by a step among accounts":          teams.String() + "role zz config:Update@config/role\naccount zz-nightly zz",
		"behind policies":                       "role many" + policies.String() + " config:*@config/*\naccount zz-nightly many",
		"behind policies, held by nobody":       "role many" + policies.String() + " config:*@config/*",
		"behind actions":                        "role many " + verbs.String() + "config:Update@config/role\naccount zz-nightly many",
		"behind resources":                      "role many config:Update@" + pools.String() + "config/role\naccount zz-nightly many",
		"behind actions and resources":          "role many " + verbs.String() + "config:Update@" + pools.String() + "config/role\naccount zz-nightly many",
		"behind a long resource":                "role many config:Update@pool/" + long + ",config/role\naccount zz-nightly many",
		"under a long description":              "role many text=" + long + " *:*@none\naccount zz-nightly text=" + long + " many",
		"in a token with narrow ones":           "role narrow workflow:Read@pool/a\nrole wide *:*@none\naccount zz-nightly narrow,wide\n" + tokens.String() + "token zz roles=wide",
		"in two roles":                          teams.String() + "role a config:Update@config/a*\nrole b config:Update@config/*\nrole c -config:Update@config/a*\naccount zz-nightly a,b,c",
		"behind a denial that takes nothing":    teams.String() + "role sly *:*@none -*:Token@* -config:*@config/ROLE -admin:*@*\naccount zz-nightly sly",
		"by wildcards":                          teams.String() + "role sly *:Update@c*\naccount zz-nightly sly",
		"more of them than grants are shown":    "role many" + users.String() + "\naccount zz-nightly many",
		"every letter":                          teams.String() + "role sly workflow:Exec@pool/a*,pool/b*,pool/c*,pool/d*\naccount zz-nightly sly",
		"as every pair of letters among others": wide.String() + "role zz workflow:Exec@pool/aa*,pool/ab*,pool/ac*,pool/ad*,pool/ae*,pool/af*,pool/ag*,pool/ah*\naccount zz-nightly zz",
		"among others that are heavy":           wide.String() + "role zz config:Update@config/role\naccount zz-nightly zz",
	}
}

// TestNothingHeavyIsCut holds each crowd in text and Markdown to the plan's own
// data: every heavy grant of every subject is said, and of what was left out it is
// said that nothing heavy is in it.
func TestNothingHeavyIsCut(t *testing.T) {
	t.Parallel()
	for name, text := range crowds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := applytest.New(t).Plan("recipients ops=alice\n" + text)
			if len(p.Risks) == 0 {
				t.Fatal("no risk")
			}
			if !RisksFit(p) {
				t.Error("the risks do not fit a comment")
			}
			for _, f := range []view.Format{view.Text, view.Markdown} {
				s := viewtest.New()
				viewtest.Must(t, Show(&s.View, p, f))
				said := s.Stdout.String()
				if f == view.Markdown {
					said = withoutFences(said)
				}
				checkHeavy(t, string(f), p, said)
			}
		})
	}
}

func checkHeavy(t *testing.T, format string, p *plan.Plan, out string) {
	t.Helper()
	risks, _, _ := strings.Cut(out, "Changes\n")
	risks, _, _ = strings.Cut(risks, "#### Access\n") // which comes first in Markdown
	_, section, _ := strings.Cut(out, "Access\n")
	if format == "text" && strings.Contains(risks, "more, which") {
		t.Error("risks were cut")
	}
	for _, a := range p.Access {
		for _, g := range a.Gained {
			if !g.Weight().Heavy() {
				continue
			}
			named := strings.Contains(risks, a.Subject.String()) || g.Weight() < access.Administrator && strings.Contains(risks, "of whom the same is true")
			if !named || !saysGrant(risks, g) {
				t.Errorf("%s: the risks do not say that %s gains %s on %s", format, a.Subject, g.Action, g.Resource)
			}
			if format == "text" && !saysGrant(section, g) {
				t.Errorf("%s: the access section leaves out %s on %s", format, g.Action, g.Resource)
			}
		}
	}
	for _, a := range p.Access {
		for _, c := range access.Crowds(a.Gained) {
			words := fmt.Sprintf("%d prefixes of two characters below %s", c.Prefixes, c.Root)
			if !strings.Contains(risks, words) || format == "text" && !strings.Contains(section, "gains "+words) && !strings.Contains(out, a.Gained[0].Resource) {
				t.Errorf("%s does not say that %s gains %s", format, a.Subject, words)
			}
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if strings.Contains(line, " more") && strings.Contains(line, "heavy") && !strings.Contains(line, "none of them heavy") && !strings.Contains(line, "stands under Risks") {
			t.Errorf("%s says: %s", format, line)
		}
	}
}

// saysGrant looks for a grant as bundles spell it: with its first exceptions, and
// counted where many of its action are on the same scope.
func saysGrant(text string, g access.Grant) bool {
	base, except, _ := strings.Cut(g.Resource, " except ")
	first, _, _ := strings.Cut(except, ",")
	scope, _, _ := strings.Cut(base, "/")
	for _, line := range strings.Split(text, "\n") {
		line = strings.ReplaceAll(line, "`", "")
		_, grants, found := strings.Cut(line, g.Action+" on ")
		if found && strings.Contains(grants, view.ClipTo(first, 40)) && (strings.Contains(grants, view.Clip(base)) || strings.Contains(grants, "more below "+scope+"/")) {
			return true
		}
	}
	return false
}

// TestNothingHeavyIsCutOfAnyProject holds projects made by chance to the same.
func TestNothingHeavyIsCutOfAnyProject(t *testing.T) {
	t.Parallel()
	heavy := 0
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := applytest.New(t).Plan("recipients ops=alice\n" + chance(r))
		heavy += len(p.Risks)
		for _, f := range []view.Format{view.Text, view.Markdown} {
			s := viewtest.New()
			viewtest.Must(t, Show(&s.View, p, f))
			if f == view.Text || RisksFit(p) {
				checkHeavy(t, string(f), p, s.Stdout.String())
			} else if !strings.Contains(s.Stdout.String(), "**Incomplete**") {
				t.Error("risks do not fit, and the document does not say so")
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	if heavy < 200 {
		t.Errorf("only %d risks", heavy)
	}
}

// chance declares roles of few policies, most of them harmless, and accounts that
// hold some of them.
func chance(r *rand.Rand) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var b strings.Builder
	for i := range 150 {
		fmt.Fprintf(&b, "role r%d", i)
		for range 1 + r.IntN(4) {
			resource := fmt.Sprintf("%steam-%d%s", pick("pool/", "pool/", "config/", "backend/"), r.IntN(90), pick("", "", "*"))
			if r.IntN(40) == 0 {
				resource = pick("*", "none", "c*", "config/*", "config/ro*", "config/role", "pool/*", "p*", "pool/p*", "user/*", "user/root", "u*")
			}
			fmt.Fprintf(&b, " %s%s@%s", pick("", "", "", "", "-"), pick("workflow:*", "workflow:Read", "*:Read", "*:Update", "config:*", "auth:*", "pool:List", "internal:*", "*:List", "*:*"), resource)
		}
		b.WriteString("\n")
	}
	for i := range 220 {
		fmt.Fprintf(&b, "account svc-%d r%d,r%d\n", i, r.IntN(75), 75+r.IntN(75))
		if r.IntN(3) == 0 {
			b.WriteString("token t\n")
		}
	}
	return b.String()
}

// TestHeavyPoliciesAreShown wants the words of the policy itself among the changes.
func TestHeavyPoliciesAreShown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"behind policies":                 "policy + Allow config:* on config/*",
		"behind policies, held by nobody": "policy + Allow config:* on config/*",
		"behind actions":                  "policy + Allow config:Update, workflow:Read",
		"behind resources":                "policy + Allow config:Update on config/role, config/c0",
		"behind actions and resources":    "policy + Allow config:Update, workflow:Read",
		"behind a long resource":          "policy + Allow config:Update on config/role, pool/xx",
		"under a long description":        "policy + Allow *:* on none",
	} {
		p := applytest.New(t).Plan("recipients ops=alice\n" + crowds()[name])
		for _, f := range []view.Format{view.Text, view.Markdown} {
			s := viewtest.New()
			viewtest.Must(t, Show(&s.View, p, f))
			out := strings.ReplaceAll(s.Stdout.String(), "`", "")
			changes, _, _ := strings.Cut(out, "\nAccess\n")
			at := strings.Index(changes, want)
			if at < 0 {
				t.Errorf("%s, as %s: %q is not among the changes", name, f, want)
				continue
			}
			if first := strings.Index(changes, "policy + "); first != at {
				t.Errorf("%s, as %s: another policy stands before it: %.80s", name, f, changes[first:])
			}
			if line, _, _ := strings.Cut(out[at:], "\n"); name == "behind actions and resources" && !strings.Contains(line, " on config/role, ") {
				t.Errorf("the resource is cut: %s", line)
			}
		}
	}
}

// TestAccessBeginsWithTheHeaviest has one subject that gains much and hundreds that
// gain little, together and each.
func TestAccessBeginsWithTheHeaviest(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("role all workflow:Read@pool/a\nrole some workflow:Read@*\nrole step auth:Token@user/root\n")
	for i := range 300 {
		fmt.Fprintf(&b, "account a-%d all\n", i)
	}
	b.WriteString("account b some\naccount c step\naccount d osmo-admin\naccount e all,step\n")
	p := applytest.New(t).Plan(b.String())
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, p, view.Text))
	_, section, _ := strings.Cut(s.Stdout.String(), "\nAccess\n")
	var order []string
	for _, line := range strings.Split(section, "\n") {
		if subject, ok := strings.CutPrefix(line, "  ~ "); ok {
			order = append(order, strings.SplitN(subject, ",", 2)[0])
		}
	}
	if got, want := strings.Join(order, " "), "account/d account/c account/e account/b account/a-0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRisksThatDoNotFit has more that is heavy than a comment holds.
func TestRisksThatDoNotFit(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "role wide-%d auth:Token@user/somebody-%d\naccount wide-%d wide-%d\n", i, i, i, i)
	}
	p := applytest.New(t).Plan(b.String())
	if RisksFit(p) {
		t.Error("the risks are said to fit")
	}
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, p, view.Markdown))
	lines := strings.Split(s.Stdout.String(), "\n")
	if !strings.HasPrefix(lines[2], "**Incomplete**: a comment has no room for all that has to be seen of this plan.") {
		t.Errorf("the document begins\n%s", strings.Join(lines[:5], "\n"))
	}
	if n := utf8.RuneCountInString(s.Stdout.String()); n > view.MarkdownLimit {
		t.Errorf("%d characters", n)
	}
	if out := s.Stdout.String(); !strings.Contains(out, "more, which osmoctl plan shows as text") || strings.Contains(out, "none of them heavy") {
		t.Error("what was cut is not said to be heavy")
	}
	s = viewtest.New()
	viewtest.Must(t, Show(&s.View, p, view.Text))
	checkHeavy(t, "text", p, s.Stdout.String())
}

// withoutFences is what a document says, whether as words or as code.
func withoutFences(markdown string) string { return strings.ReplaceAll(markdown, "`", "") }

// TestHeavyBeforeHalfOfTheRoom has sections before the risks that would take all.
func TestHeavyBeforeHalfOfTheRoom(t *testing.T) {
	t.Parallel()
	p := viewtest.HugePlan(t, 2000, strings.Repeat("`", 250))
	for i := range 300 {
		a := model.AccountAddress(fmt.Sprintf("svc-%05d", i))
		p.Risks = append(p.Risks, plan.Risk{Code: plan.RiskAdministratorByStep, Severity: plan.Critical, Address: &a, Message: fmt.Sprintf("can make itself an administrator: gains auth:Token on user/u%d", i)})
	}
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, p, view.Markdown))
	said := withoutFences(s.Stdout.String())
	for _, r := range p.Risks {
		if !strings.Contains(said, r.Message) {
			t.Fatalf("the document does not say %q", r.Message)
		}
	}
	if n := utf8.RuneCountInString(s.Stdout.String()); n > view.MarkdownLimit || !RisksFit(p) {
		t.Errorf("%d characters, fits: %v", n, RisksFit(p))
	}
}

// TestManyOfOneRisk names administrators, all of them, and counts the rest.
func TestManyOfOneRisk(t *testing.T) {
	t.Parallel()
	p := viewtest.EmptyPlan(t)
	for _, code := range []string{plan.RiskAdministrator, plan.RiskAdministratorByStep} {
		for i := range 120 {
			a := model.AccountAddress(fmt.Sprintf("svc-%03d", i))
			p.Risks = append(p.Risks, plan.Risk{Code: code, Severity: plan.Critical, Address: &a, Message: "gains"})
		}
	}
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, p, view.Text))
	out := s.Stdout.String()
	if strings.Count(out, "account/svc-119") != 1 || strings.Count(out, "account/svc-049") != 2 || !strings.Contains(out, "and 70 more of whom the same is true") {
		t.Errorf("got\n%s", out)
	}
	if !strings.HasPrefix(out, "No changes. State equals the declarations. 120 accounts become administrators.\n") {
		t.Errorf("it begins %.100s", out)
	}
}

func TestRiskWords(t *testing.T) {
	t.Parallel()
	account, other, token, role := model.AccountAddress("a"), model.AccountAddress("b"), model.TokenAddress("a", "t"), model.RoleAddress("r")
	risk := func(code string, list ...*model.Address) (out []plan.Risk) {
		severity := plan.Critical
		switch code {
		case plan.RiskProtectionLifted, plan.RiskGuardrailLoosened, plan.RiskServerChanged, plan.RiskWholeScope, plan.RiskIdentityProvider, plan.RiskDeletesInUse, plan.RiskLosesRoles:
			severity = plan.High
		}
		for _, a := range list {
			out = append(out, plan.Risk{Code: code, Severity: severity, Address: a, Message: "m"})
		}
		return out
	}
	for _, c := range []struct {
		want  string
		risks [][]plan.Risk
	}{
		{"", nil},
		{"1 account becomes administrator.", [][]plan.Risk{risk(plan.RiskAdministrator, &account, &account)}},
		{"1 token becomes administrator.", [][]plan.Risk{risk(plan.RiskAdministrator, &token)}},
		{"2 accounts and 1 token become administrators.", [][]plan.Risk{risk(plan.RiskAdministrator, &account, &other, &token, &role)}},
		{"1 role makes its holders administrators.", [][]plan.Risk{risk(plan.RiskAdministrator, &role)}},
		{
			"1 account becomes administrator. 1 account can make itself an administrator. State is moved. 2 recipients have other keys. The backend is another.",
			[][]plan.Risk{
				risk(plan.RiskAdministrator, &account), risk(plan.RiskAdministratorByStep, &account, &other), risk(plan.RiskStateMoved, nil, nil),
				risk(plan.RiskKeyChanged, nil, nil), risk(plan.RiskBackendChanged, nil), risk(plan.RiskWholeScope, &token),
			},
		},
		{"1 account becomes administrator.", [][]plan.Risk{risk(plan.RiskAdministrator, &account), risk(plan.RiskAdministratorByStep, &account)}},
		{"1 role lets its holders become administrators. Everybody gains access.", [][]plan.Risk{risk(plan.RiskAdministratorByStep, &role), risk(plan.RiskEverybodyGains, &role)}},
		{"1 account loses its protection.", [][]plan.Risk{risk(plan.RiskProtectionLifted, &account), risk(plan.RiskGuardrailLoosened, nil)}},
		{"5 guardrails are loosened.", [][]plan.Risk{risk(plan.RiskGuardrailLoosened, nil, nil, nil, nil, nil), risk(plan.RiskWholeScope, &account)}},
		{"The OSMO server is another.", [][]plan.Risk{risk(plan.RiskServerChanged, nil, nil)}},
		{"2 accounts gain wildcards over a whole scope.", [][]plan.Risk{risk(plan.RiskWholeScope, &account, &other)}},
		{"1 role is given to more people at login.", [][]plan.Risk{risk(plan.RiskIdentityProvider, &role)}},
		{"2 deletions are of what is in use.", [][]plan.Risk{risk(plan.RiskDeletesInUse, &account, &role)}},
		{"1 thing in use loses all access.", [][]plan.Risk{risk(plan.RiskLosesRoles, &token)}},
	} {
		p := viewtest.EmptyPlan(t)
		for _, list := range c.risks {
			p.Risks = append(p.Risks, list...)
		}
		if got := strings.Join(riskWords(p), " "); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// TestNewReadersAreNeverCut has a key that could read nothing among a hundred that
// come to read more.
func TestNewReadersAreNeverCut(t *testing.T) {
	t.Parallel()
	p := viewtest.EmptyPlan(t)
	for i := range 300 {
		token := model.TokenAddress("ci", fmt.Sprintf("t%d", i))
		for range 2 {
			reader := plan.Reader{Name: fmt.Sprintf("known-%d", i), Key: fmt.Sprintf("age1known%d", i)}
			p.Readers = append(p.Readers, plan.Readers{Token: token, Gained: []plan.Reader{reader}, Lost: []plan.Reader{}})
			p.Keys = append(p.Keys, plan.Key{Key: reader.Key, Name: reader.Name, Tokens: 7, Gained: 2})
		}
	}
	for i := range 60 {
		reader := plan.Reader{Name: fmt.Sprintf("mallory-%d", i), Key: fmt.Sprintf("age1mallory%d", i)}
		p.Readers = append(p.Readers, plan.Readers{Token: model.TokenAddress("ci", "t0"), Gained: []plan.Reader{reader}, Lost: []plan.Reader{}})
		p.Keys = append(p.Keys, plan.Key{Key: reader.Key, Name: reader.Name, Gained: 1})
	}
	for _, f := range []view.Format{view.Text, view.Markdown} {
		s := viewtest.New()
		viewtest.Must(t, Show(&s.View, p, f))
		if n := strings.Count(s.Stdout.String(), "mallory-"); n != 60 || !strings.Contains(s.Stdout.String(), "and 300 more") {
			t.Errorf("%s names %d of 60 new readers", f, n)
		}
	}
}
