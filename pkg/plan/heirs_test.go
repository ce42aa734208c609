package plan_test

import (
	"fmt"
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
	oldRole = "role old pool:List@pool/x\n"
	newRole = "role new pool:List@pool/x was=old\n"
)

// step is one plan of a life: what is declared after some days, and what it does.
type step struct {
	days model.Days
	then string
	want []string
}

func live(t *testing.T, steps []step, opts ...func(*applytest.Options)) *applytest.World {
	t.Helper()
	w := applytest.New(t)
	for i, s := range steps {
		w.Pass(s.days)
		p := w.Plan(s.then, opts...)
		if diff := cmp.Diff(s.want, lines(p, s.want), emptyIsNil); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
		if len(p.Blocked) > 0 {
			t.Errorf("step %d is blocked: %v", i, p.Blocked)
		}
		w.Apply(s.then, opts...)
		if again := w.Plan(s.then, opts...); again.Pending() {
			t.Errorf("step %d is still pending: %q", i, lines(again, nil))
		}
	}
	return w
}

// A renamed role, and its grant, stay for the values that carry it.
func TestRenamedRole(t *testing.T) {
	t.Parallel()
	for name, token := range map[string][2]string{
		"explicit": {"token t roles=old", "token t roles=new"}, "inheriting": {"token t", "token t"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := oldRole+"account a old protect\n"+token[0], newRole+"account a new protect\n"+token[1]
			reason := "roles changed from old to new"
			if name == "inheriting" {
				reason = "role old was renamed to new"
			}
			w := live(t, []step{
				{0, before, []string{"create role/old…", "create account/a…", "create token/a/t…"}},
				{1, after, []string{"create role/new: renamed from old", "update account/a: declaration changed", "rotate token/a/t: " + reason}},
				{6, after, nil},
				{1, after, []string{
					"due update account/a: no value carries a renamed role any more", "due revoke token/a/t@1…",
					"due delete role/old: renamed to new, and no value carries it",
				}},
			})
			if diff := cmp.Diff([]string{"new"}, w.State().Accounts["a"].Roles()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// While the old value retires it has what it had.
func TestRenamedRoleKeepsItsOverlap(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(oldRole + "account a old\ntoken t roles=old")
	after := newRole + "account a new\ntoken t roles=new"
	p := w.Plan(after)
	if got := risksWith(p, plan.RiskLosesRoles, plan.RiskOverlapCut, plan.RiskDeletesInUse); len(got)+len(p.Access) > 0 {
		t.Errorf("risks %q, access %q", got, accesses(p))
	}
	if !slices.ContainsFunc(p.Implied, func(i plan.Implied) bool {
		return i.Address == model.AccountAddress("a") && strings.HasPrefix(i.Effect, "keeps role old until "+on(7))
	}) {
		t.Errorf("%+v", p.Implied)
	}
	w.Apply(after)
	if diff := cmp.Diff([]string{"old"}, w.Token("a", "t").Generations[0].CurrentRoles()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"new", "old"}, w.State().Accounts["a"].Roles()); diff != "" {
		t.Error(diff)
	}
	// Who no longer says that it was renamed takes it away.
	p = w.Plan(strings.ReplaceAll(after, " was=old", ""))
	if diff := cmp.Diff([]string{"update account/a: declaration changed", "delete role/old: no longer declared"}, lines(p, nil)); diff != "" {
		t.Error(diff)
	}
}

// With no overlap, and where nothing carries it, a renamed role goes at once.
func TestRenamedRoleThatNothingCarries(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", "\ntoken t roles=new overlap=0d"} {
		before := oldRole + "account a old" + strings.ReplaceAll(token, "new", "old")
		w := applytest.New(t)
		w.Apply(before)
		p := w.Plan(newRole + "account a new" + token)
		if got := lines(p, nil); !slices.Contains(got, "delete role/old: renamed to new, and no value carries it") {
			t.Errorf("%q", got)
		}
	}
}

// A renamed account stays for its values, each with the overlap of the token that
// takes its place.
func TestRenamedAccount(t *testing.T) {
	t.Parallel()
	before := roles + "account a r1 protect\ntoken t roles=r1\ntoken u roles=r1\ntoken gone roles=r1"
	after := roles + "account b r1 protect was=a\ntoken t roles=r1\ntoken v roles=r1 was=u overlap=3d"
	w := live(t, []step{
		{0, before, []string{"create role/r1…", "create role/r2…", "create role/r3…", "create account/a…", "create token/a/gone…", "create token/a/t…", "create token/a/u…"}},
		{1, after, []string{
			"create account/b: renamed from a", "update token/a/t: renamed to b/t", "update token/a/u: renamed to b/v",
			"create token/b/t: takes over from token/a/t", "create token/b/v: takes over from token/a/u", "delete token/a/gone: no longer declared",
		}},
		{2, after, nil},
		{1, after, []string{"due revoke token/a/u@1…"}},
		{3, strings.ReplaceAll(after, " was=a", ""), nil},
		{1, after, []string{"due revoke token/a/t@1: its overlap ended on " + on(8), "due delete account/a: renamed to b, and none of its values lives on"}},
	}, func(o *applytest.Options) { o.Allow.Deletes = number(1) })
	if w.State().Accounts["a"].Live() || !w.State().Accounts["b"].Live() {
		t.Error("the old account stays, or the new one is gone")
	}
}

// Protection moves along, or the rename is blocked from the start.
func TestRenamedAccountStaysProtected(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1 protect\ntoken t")
	p := w.Plan(roles + "account b r1 was=a\ntoken t")
	if len(p.Blocked) != 1 || p.Blocked[0].Guardrail != guard.Protect || !strings.Contains(p.Blocked[0].Detail, "account/b, which takes over from it, is not") {
		t.Errorf("%v", p.Blocked)
	}
}

// A restricted plan retires no value without the one that takes its place.
func TestRenamedAccountTargeted(t *testing.T) {
	t.Parallel()
	w := applytest.New(t)
	w.Apply(roles + "account a r1\ntoken t")
	p := w.Plan(roles+"account b r1 was=a\ntoken t", target(model.TokenAddress("a", "t")))
	if diff := cmp.Diff([]string{"create account/b: renamed from a", "update token/a/t: renamed to b/t", "create token/b/t: takes over from token/a/t"}, lines(p, nil)); diff != "" {
		t.Error(diff)
	}
}

// A rename there and back, or on to a third name, within the overlap or after it: the
// value that is newest works all along, and in the end nothing of the other names is
// left.
func TestRenamedOnAndBack(t *testing.T) {
	t.Parallel()
	accounts := map[string]string{
		"a":      roles + "account a r1\ntoken t roles=r1",
		"b":      roles + "account b r1 was=a\ntoken t roles=r1",
		"back":   roles + "account a r1 was=b\ntoken t roles=r1",
		"third":  roles + "account c r1 was=b\ntoken t roles=r1",
		"third2": roles + "account c r1 was=b,a\ntoken t roles=r1",
	}
	named := map[string]string{
		"a":      "role a pool:List@pool/x\naccount x a\ntoken t roles=a",
		"b":      "role b pool:List@pool/x was=a\naccount x b\ntoken t roles=b",
		"back":   "role a pool:List@pool/x was=b\naccount x a\ntoken t roles=a",
		"third":  "role c pool:List@pool/x was=b\naccount x c\ntoken t roles=c",
		"third2": "role c pool:List@pool/x was=b,a\naccount x c\ntoken t roles=c",
	}
	for what, texts := range map[string]map[string]string{"account": accounts, "role": named} {
		for _, end := range []string{"back", "third", "third2"} {
			for _, pause := range []model.Days{0, 3, 20} {
				t.Run(fmt.Sprintf("%s/%s/%d", what, end, pause), func(t *testing.T) {
					t.Parallel()
					renameOn(t, texts["a"], texts["b"], texts[end], pause)
				})
			}
		}
	}
}

// renameOn applies three projects with days between them, and the last one until
// nothing is due any more.
func renameOn(t *testing.T, first, second, third string, pause model.Days) {
	t.Helper()
	w := applytest.New(t)
	for _, project := range []string{first, second, third, third, third} {
		p := w.Plan(project)
		if len(p.Blocked) > 0 {
			t.Errorf("blocked: %v", p.Blocked)
		}
		w.Apply(project)
		if again := w.Plan(project); again.Pending() {
			t.Errorf("still pending: %q", lines(again, nil))
		}
		w.Pass(pause)
		if project == third {
			w.Pass(8)
		}
	}
	want := applytest.Declare(t, third)
	if diff := cmp.Diff(model.Names(want.Roles), model.Names(w.State().Roles)); diff != "" {
		t.Error("roles:", diff)
	}
	for name, account := range w.State().Accounts {
		if account.Live() != (want.Accounts[name] != nil) {
			t.Errorf("account %s is left, or gone", name)
		}
	}
	p := w.Plan(third)
	for _, warning := range p.Warnings {
		if warning.Code == "previous_unneeded" {
			return
		}
	}
	t.Errorf("nothing says that previously may go: %v", p.Warnings)
}
