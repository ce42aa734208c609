package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// narrow roles keep the grants of a case few enough to be read.
const narrow = `
	role ra workflow:Create@pool/a
	role rb workflow:Create@pool/b
`

// implied, accessLines and readerLines render what follows from a plan.
func implied(p *plan.Plan) (out []string) {
	for _, i := range p.Implied {
		out = append(out, fmt.Sprintf("%s %s (%s)", i.Address, i.Effect, i.Cause))
	}
	return out
}

func accessLines(p *plan.Plan) (out []string) {
	for _, a := range p.Access {
		line := a.Subject.String()
		for _, g := range a.Gained {
			line += " +" + g.Action + "@" + g.Resource
		}
		for _, g := range a.Lost {
			line += " -" + g.Action + "@" + g.Resource
		}
		out = append(out, line+" from "+a.EffectiveOn.String())
	}
	return out
}

func readerLines(p *plan.Plan) (out []string) {
	for _, r := range p.Readers {
		line := r.Token.String()
		for _, k := range r.Gained {
			line += " +" + k.Name + "=" + k.Key
		}
		for _, k := range r.Lost {
			line += " -" + k.Name + "=" + k.Key
		}
		out = append(out, line)
	}
	return out
}

func TestImplied(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given, then string
		want              []string
	}{
		{"nothing", "account a ra\ntoken t", "account a ra\ntoken t", nil},
		{
			"a role leaves its account's tokens", "account a ra,rb\ntoken t\ntoken u roles=ra", "account a ra\ntoken t\ntoken u roles=ra",
			[]string{"token/a/t@1 loses role rb at once (account/a)"},
		},
		{
			"an account takes its tokens along", "account a ra\ntoken t\naccount b ra", "account b ra",
			[]string{"token/a/t is deleted with its account, with every generation (account/a)"},
		},
		{
			"a role leaves its holders", "role rc app:List@x\naccount a ra,rc\ntoken t", "account a ra\ntoken t",
			[]string{"account/a loses role rc with its deletion (role/rc)", "token/a/t@1 loses role rc at once (account/a)"},
		},
		{
			"a role reaches inheriting tokens later", "account a ra\ntoken t\ntoken u roles=ra", "account a ra,rb\ntoken t\ntoken u roles=ra",
			[]string{"token/a/t takes role rb at its next rotation, due " + on(60) + " (account/a)"},
		},
		{
			"a role reaches a fixed token at no date", "account a ra\ntoken t at=" + on(90), "account a ra,rb\ntoken t at=" + on(90),
			[]string{"token/a/t takes role rb at its next rotation, which no date brings (account/a)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			w.Apply(narrow + c.given)
			if d := cmp.Diff(c.want, implied(w.Plan(narrow+c.then)), emptyIsNil); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given string
		days        model.Days
		then        string
		want        []string
	}{
		{
			name: "of new subjects", then: "account a ra\ntoken t",
			want: []string{"account/a +workflow:Create@pool/a from " + on(0), "token/a/t +workflow:Create@pool/a from " + on(0)},
		},
		{name: "of nobody, where only text moved", given: "account a ra\ntoken t", then: "account a ra text=z\ntoken t text=z\nrole ra workflow:Create@pool/a text=z"},
		{
			name: "of a changed role", given: "account a ra\ntoken t", days: 1, then: "role ra workflow:Create@pool/c\naccount a ra\ntoken t",
			want: []string{
				"account/a +workflow:Create@pool/c -workflow:Create@pool/a from " + on(1),
				"token/a/t +workflow:Create@pool/c -workflow:Create@pool/a from " + on(1),
			},
		},
		{
			name: "of an account alone, until its tokens rotate", given: "account a ra\ntoken t", then: "account a ra,rb\ntoken t",
			want: []string{"account/a +workflow:Create@pool/b from " + on(0)},
		},
		{
			name: "of a role that leaves", given: "account a ra,rb\ntoken t", then: "account a ra\ntoken t",
			want: []string{"account/a -workflow:Create@pool/b from " + on(0), "token/a/t -workflow:Create@pool/b from " + on(0)},
		},
		{
			name: "of a narrowed token, complete when the old value is revoked", given: "account a ra,rb\ntoken t", days: 2, then: "account a ra,rb\ntoken t roles=ra",
			want: []string{"token/a/t -workflow:Create@pool/b from " + on(9)},
		},
		{
			name: "of a narrowed token without overlap", given: "account a ra,rb\ntoken t overlap=0d", days: 2, then: "account a ra,rb\ntoken t roles=ra overlap=0d",
			want: []string{"token/a/t -workflow:Create@pool/b from " + on(2)},
		},
		{
			name: "of a changed role, at once for the old value too", given: "account a ra\ntoken t", days: 2,
			then: "role ra workflow:Create@pool/c\naccount a ra\ntoken t gen=2",
			want: []string{
				"account/a +workflow:Create@pool/c -workflow:Create@pool/a from " + on(2),
				"token/a/t +workflow:Create@pool/c -workflow:Create@pool/a from " + on(2),
			},
		},
		{
			name: "of what goes", given: "account a ra\ntoken t\naccount b ra\ntoken u", days: 2, then: "account a ra",
			want: []string{
				"token/a/t -workflow:Create@pool/a from " + on(2),
				"account/b -workflow:Create@pool/a from " + on(2), "token/b/u -workflow:Create@pool/a from " + on(2),
			},
		},
		{
			name: "of a renamed token", given: "account a ra\ntoken t", then: "account a ra\ntoken n was=t",
			want: []string{"token/a/n +workflow:Create@pool/a from " + on(0), "token/a/t -workflow:Create@pool/a from " + on(7)},
		},
		{name: "of an expired token that goes", given: "account a ra\ntoken t at=" + on(5), days: 5, then: "account a ra"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			if c.given != "" {
				w.Apply(narrow + c.given)
			}
			w.Pass(c.days)
			if d := cmp.Diff(c.want, accessLines(w.Plan(narrow+c.then)), emptyIsNil); d != "" {
				t.Error(d)
			}
		})
	}
}

// A built-in role that is let go stays on the server, and so does its access.
func TestForgottenRoleKeepsItsAccess(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply("role osmo-user workflow:Create@pool/z\naccount a osmo-user")
	if p := w.Plan("account a osmo-user"); p.Summary.Forget != 1 || len(p.Access) > 0 {
		t.Errorf("%+v, access %q", p.Summary, accessLines(p))
	}
}

func TestReaders(t *testing.T) {
	t.Parallel()
	const a = "\naccount a r1\ntoken t"
	w := applytest.New(t)
	w.Apply("recipients ops=alice,bob" + roles + a)
	for _, c := range []struct {
		name, then string
		want       []string
		waiting    int
	}{
		{"the same", "recipients ops=bob,alice" + roles + a, nil, 0},
		{"one more waits for an identity", "recipients ops=alice,bob,carol" + roles + a, []string{"token/a/t +carol=age1carol"}, 1},
		{"one less makes a rotation", "recipients ops=alice" + roles + a, []string{"token/a/t -ops=age1bob"}, 0},
		{"one for another", "recipients ops=alice,carol" + roles + a, []string{"token/a/t +carol=age1carol -ops=age1bob"}, 0},
		{"of a new token", "recipients ops=alice,bob" + roles + a + "\ntoken u", []string{"token/a/u +alice=age1alice +bob=age1bob"}, 0},
	} {
		p := w.Plan(c.then)
		if d := cmp.Diff(c.want, readerLines(p), emptyIsNil); d != "" {
			t.Error(c.name, d)
		}
		if len(p.WaitingForIdentity) != c.waiting {
			t.Errorf("%s: %d wait for an identity", c.name, len(p.WaitingForIdentity))
		}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	const given = narrow + "role rc app:List@x\naccount a ra,rc\ntoken t\ntoken old\naccount b ra\ntoken u"
	const then = `
		role ra workflow:Create@pool/z
		role rb workflow:Create@pool/b text=z
		role rd app:List@y
		account a ra,rd
		  token t text=z
		  token new was=old
		account c rd
		  token v
	`
	w := applytest.New(t)
	w.Apply(given)
	for _, c := range []struct {
		target string
		want   []string
	}{
		{"role/rb", []string{"update role/rb"}},
		{"role/rd", []string{"create role/rd"}},
		{"account/a", []string{"update role/ra", "create role/rd", "update account/a", "create token/a/new", "update token/a/old", "update token/a/t"}},
		{"token/a/t", []string{"update token/a/t", "update role/ra", "create role/rd", "update account/a", "create token/a/new", "update token/a/old"}},
		{"token/c/v", []string{"create role/rd", "create account/c", "create token/c/v"}},
		{"account/c", []string{"create role/rd", "create account/c"}},
		{"role/rc", []string{"update role/ra", "create role/rd", "update account/a", "create token/a/new", "update token/a/old", "update token/a/t", "delete role/rc"}},
		{"account/b", []string{"delete account/b"}},
	} {
		address, err := model.ParseAddress(c.target)
		if err != nil {
			t.Fatal(err)
		}
		p := w.Plan(then, func(o *applytest.Options) { o.Targets = []model.Address{address} })
		if d := cmp.Diff(model.Set(c.want), model.Set(heads(p))); d != "" {
			t.Errorf("%s: %s", c.target, d)
		}
		if warned := strings.Join(warnings(p), " "); !strings.Contains(warned, "targeted") {
			t.Errorf("%s: no warning of what was left out", c.target)
		}
	}
}

func heads(p *plan.Plan) (out []string) {
	for i := range p.Changes {
		out = append(out, string(p.Changes[i].Action)+" "+p.Changes[i].Address.String())
	}
	return out
}

// The access section of a restricted plan says what its changes do: to holders
// that are no target themselves, and nothing of what was left out.
func TestAccessOfTargets(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(narrow + "account a ra\naccount b ra,rb\ntoken u")
	then := "role ra workflow:Create@pool/z\nrole rb workflow:Create@pool/b\naccount a ra\naccount b rb\ntoken u"
	for _, c := range []struct {
		target model.Address
		want   []string
	}{
		{model.RoleAddress("ra"), []string{
			"account/a +workflow:Create@pool/z -workflow:Create@pool/a from " + on(0),
			"account/b +workflow:Create@pool/z -workflow:Create@pool/a from " + on(0),
			"token/b/u +workflow:Create@pool/z -workflow:Create@pool/a from " + on(0),
		}},
		{model.AccountAddress("a"), nil},
		{model.AccountAddress("b"), []string{
			"account/b -workflow:Create@pool/a from " + on(0),
			"token/b/u -workflow:Create@pool/a from " + on(0),
		}},
		{model.TokenAddress("b", "u"), nil},
	} {
		p := w.Plan(then, func(o *applytest.Options) { o.Targets = []model.Address{c.target} })
		if d := cmp.Diff(c.want, accessLines(p), emptyIsNil); d != "" {
			t.Errorf("%s: %s", c.target, d)
		}
	}
}

func TestUpcoming(t *testing.T) {
	t.Parallel()
	const given = roles + "account a r1\ntoken t\naccount b r1\ntoken u at="
	w := applytest.New(t)
	w.Apply(given + on(80))
	w.Pass(50)
	want := []string{"token/a/t rotate " + on(60), "token/b/u expire " + on(80)}
	if d := cmp.Diff(want, upcoming(w.Plan(given+on(80)))); d != "" {
		t.Error(d)
	}
	w.Pass(10)
	if d := cmp.Diff([]string{"token/a/t@1 revoke " + on(67), "token/b/u expire " + on(80)}, upcoming(w.Plan(given+on(80)))); d != "" {
		t.Error(d)
	}
}

func upcoming(p *plan.Plan) (out []string) {
	for _, u := range p.Upcoming {
		out = append(out, fmt.Sprintf("%s %s %s", u.Address, u.Event, u.Date))
	}
	return out
}

// The settings of the project file are pending too, whichever they are.
func TestSettings(t *testing.T) {
	t.Parallel()
	const base = "recipients ops=alice\nrole r1 a:B@*"
	w := applytest.New(t)
	if p := w.Apply(base); len(p.GuardrailChanges) > 0 {
		t.Error("the first apply has settings to differ from")
	}
	for path, text := range map[string]string{
		"recipients.ops":                 "\nrecipients ops=bob",
		"recipients.dev":                 "\nrecipients ops=alice dev=bob",
		"git.push":                       "\ngit push=origin",
		"guardrails.max_token_lifetime":  "\nguard max_token_lifetime=3d",
		"guardrails.require_token_roles": "\nguard require_token_roles=false",
		"guardrails.account_name":        "\nguard account_name=a",
		"guardrails.min_recipients":      "\nguard min_recipients=1",
		"guardrails.required_recipients": "\nguard required_recipients=ops",
		"guardrails.max_new_readers":     "\nguard max_new_readers=0",
		"guardrails.max_deletes":         "\nguard max_deletes=0",
		"guardrails.max_rotations":       "\nguard max_rotations=5%",
	} {
		p := w.Plan(base + text)
		if len(p.GuardrailChanges) != 1 || p.GuardrailChanges[0].Path != path || !p.Pending() {
			t.Errorf("%s: %+v", path, p.GuardrailChanges)
		}
		targeted := w.Plan(base+text, func(o *applytest.Options) { o.Targets = []model.Address{model.RoleAddress("r1")} })
		if targeted.Pending() {
			t.Errorf("%s: a restricted plan records settings", path)
		}
	}
}
