package rights_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
)

const roles = "role r1 pool:List@*\nrole r2 app:*@*\n"

// A subject holds the same by its declaration and by the state that this was
// applied to.
func TestDeclaredAndApplied(t *testing.T) {
	t.Parallel()
	const text = roles + "account a r1,r2\ntoken narrow roles=r1 in=30d\ntoken wide in=90d\naccount b r2"
	w := applytest.New(t)
	w.Apply(text)
	declared, applied := rights.Declared(applytest.Declare(t, text)), rights.Applied(w.State(), w.Today)
	later := rights.Applied(w.State(), w.Today.Add(30))
	for _, c := range []struct {
		subject                  model.Address
		declared, applied, later []string
	}{
		{model.AccountAddress("a"), []string{"r1", "r2"}, []string{"r1", "r2"}, []string{"r1", "r2"}},
		{model.AccountAddress("b"), []string{"r2"}, []string{"r2"}, []string{"r2"}},
		{model.AccountAddress("c"), nil, nil, nil},
		{model.TokenAddress("a", "narrow"), []string{"r1"}, []string{"r1"}, nil},
		{model.TokenAddress("a", "wide"), []string{"r1", "r2"}, []string{"r1", "r2"}, []string{"r1", "r2"}},
		{model.TokenAddress("a", "wide").At(1), nil, []string{"r1", "r2"}, []string{"r1", "r2"}},
		{model.TokenAddress("a", "wide").At(2), nil, nil, nil},
		{model.TokenAddress("a", "none"), nil, nil, nil},
		{model.TokenAddress("c", "none"), nil, nil, nil},
		{model.RoleAddress("r1"), []string{"r1"}, []string{"r1"}, []string{"r1"}},
	} {
		for _, b := range []struct {
			name string
			book rights.Book
			want []string
		}{{"declared", declared, c.declared}, {"applied", applied, c.applied}, {"later", later, c.later}} {
			if d := cmp.Diff(b.want, b.book.Roles(c.subject)); d != "" {
				t.Errorf("%s, %s: %s", c.subject, b.name, d)
			}
		}
	}
	want := map[string][]string{"r1": {"a"}, "r2": {"a", "b"}}
	for _, book := range []rights.Book{declared, applied} {
		if d := cmp.Diff(want, book.Holders("r1", "r2", "r3")); d != "" {
			t.Error(d)
		}
	}
	for _, rules := range access.RulesOf(model.Server{}) {
		before, after := applied.InForce(rules), declared.InForce(rules)
		if d := cmp.Diff(model.Names(before), model.Names(after)); d != "" {
			t.Error(d)
		}
		for name := range before {
			if !model.EqualPolicies(before[name].Policies, after[name].Policies) {
				t.Errorf("%s in force differs", name)
			}
		}
	}
}

// A value that retires carries on with what its account leaves it, a token holds
// what its newest value carries, and what was deleted holds nothing.
func TestCarried(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	token := model.TokenAddress("a", "t")
	w.Apply(roles + "account a r1,r2\ntoken t roles=r1 in=90d")
	w.Apply(roles + "account a r1,r2\ntoken t roles=r2 in=90d overlap=7d")
	book := rights.Applied(w.State(), w.Today)
	if d := cmp.Diff([]string{"r2"}, book.Roles(token)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"r1"}, book.Roles(token.At(1))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"r1", "r2"}, book.Carried(token)); d != "" {
		t.Error(d)
	}
	w.Apply(roles + "account b r1")
	book = rights.Applied(w.State(), w.Today)
	if got := append(book.Roles(token), book.Carried(token)...); len(got) > 0 || book.Roles(model.AccountAddress("a")) != nil {
		t.Errorf("what was deleted holds %q", got)
	}
}
