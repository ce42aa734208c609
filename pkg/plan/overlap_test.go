package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// saidOf are the messages of the warnings of one code.
func saidOf(p *plan.Plan, code string) []string {
	out := []string{}
	for _, w := range p.Warnings {
		if w.Code == code {
			out = append(out, w.Address.String()+": "+w.Message)
		}
	}
	return out
}

// What the replaced generation keeps and loses stands where its validity does.
func TestOverlapSaysWhatItIsWorth(t *testing.T) {
	t.Parallel()
	type worth struct{ Keeps, Loses []string }
	for _, c := range []struct {
		given, then string
		want        worth
	}{
		{"account a r1\ntoken t roles=r1", "account a r2\ntoken t roles=r2", worth{[]string{}, []string{"r1"}}},
		{"account a r1,r2\ntoken t roles=r1,r2", "account a r2\ntoken t roles=r2 gen=2", worth{[]string{"r2"}, []string{"r1"}}},
		{"account a r1\ntoken t roles=r1", "account a r1,r2\ntoken t roles=r2", worth{}},
		{"account a r1\ntoken t roles=r1", "account a r2\ntoken t roles=r2 overlap=0d", worth{}},
		{"account a r1\ntoken old roles=r1", "account a r2\ntoken t roles=r2 was=old", worth{[]string{}, []string{"r1"}}},
	} {
		w := applytest.New(t)
		w.Apply(roles + c.given)
		got := worth{}
		for _, change := range w.Plan(roles + c.then).Changes {
			if r := change.Resolved; r != nil && r.Replaces > 0 {
				got = worth{r.ReplacedKeeps, r.ReplacedLoses}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q to %q (-want +got):\n%s", c.given, c.then, diff)
		}
	}
}

// A Secret of OSMO's service has a place for one retiring generation.
func TestRotationWithinAnOverlapSaysWhatHasNoPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		then string
		want []string
	}{
		{"token t gen=3", []string{"token/a/t: generation 1 until 2026-03-08 still retires; export backend-secret has a place for one retiring generation, and none for generation 1 until 2026-03-08; to rotate later keeps it, token revoke ends one sooner"}},
		{"token t gen=3 overlap=0d", []string{"token/a/t: generation 1 until 2026-03-08 still retires; to rotate later keeps it, token revoke ends one sooner"}},
		{"token t gen=2", []string{}},
	} {
		w := applytest.New(t)
		w.Apply(roles + "account a r1\ntoken t")
		w.Apply(roles + "account a r1\ntoken t gen=2")
		if diff := cmp.Diff(c.want, saidOf(w.Plan(roles+"account a r1\n"+c.then), "still_retiring")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.then, diff)
		}
	}
}

// One rule, a rhythm below the lifetime: of a fixed date it is told when the token
// is issued, and never keeps a plan from being made.
func TestRhythmThatNeverComes(t *testing.T) {
	t.Parallel()
	const given = "account a r1\n"
	for _, c := range []struct {
		given, then string
		said        bool
	}{
		{"", "token t at=2026-04-01 every=60d", true},
		{"", "token t at=2026-03-31 every=30d", true},
		{"", "token t at=2026-04-01 every=30d", false},
		{"", "token t at=2026-04-01", false},
		{"token t", "token t at=2026-04-01 every=60d", true},
		{"token t at=2026-04-01 every=20d", "token t at=2026-04-01 every=60d", true},
		{"token t at=2026-04-01 every=60d", "token t at=2026-04-01 every=60d", false},
		{"token t at=2026-04-01 every=60d", "token t at=2026-04-01 every=60d gen=2", false},
	} {
		w := applytest.New(t)
		w.Apply(roles + given + c.given)
		if got := saidOf(w.Plan(roles+given+c.then), "never_rotated"); (len(got) == 1) != c.said || len(got) > 1 {
			t.Errorf("%q to %q: %q", c.given, c.then, got)
		}
	}
}

func TestRenameWithoutPrevious(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, given, then string
		want              string
	}{
		{"a token", "account a r1\ntoken t", "account a r1\ntoken u", "token/a/u: renamed? token/a/t goes in this plan and has the same content: add previously: [t] to the keys of token/a/u at manifests/test.yaml:6:1; a new value comes either way"},
		{"a declared one", "account a r1\ntoken t", "account a r1\ntoken u was=t", ""},
		{"another content", "account a r1\ntoken t", "account a r1\ntoken u in=30d every=20d", ""},
		{"another account", "account a r1\ntoken t\ntoken k text=k\naccount b r1", "account a r1\ntoken k text=k\naccount b r1\ntoken t", ""},
		{"one stays", "account a r1\ntoken t", "account a r1\ntoken t\ntoken u", ""},
		{"a role", "role old pool:List,pool:Read@pool/x\naccount a old\ntoken t", "role new pool:Read,pool:List@pool/x\naccount a new\ntoken t", "role/new: renamed? role/old goes"},
		{"a role with other policies", "role old pool:List@pool/x\naccount a old", "role new pool:List@pool/y\naccount a new", ""},
		{"roles without policies", "role old", "role new", ""},
		{"an account", "account a r1\ntoken t", "account b r1\ntoken t", "account/b: renamed? account/a goes"},
		{"accounts without tokens", "account a r1", "account b r1", ""},
		{"an account whose token was renamed", "account a r1\ntoken t\nnext\naccount a r1\ntoken u was=t", "account b r1\ntoken u", "account/b: renamed? account/a goes"},
		{"several", "account a r1\ntoken k\ntoken k2\ntoken k3\ntoken k4", "account a r1\ntoken z", "token/a/z: renamed? token/a/k, token/a/k2, token/a/k3 and 1 more go in this plan and have the same content: list its earlier name under previously of token/a/z at manifests/test.yaml:6:1; a"},
		{"a name in another case", "account a r1\ntoken t", "account a r1\ntoken T", "token/a/T: renamed? token/a/t goes in this plan and has the same content: previously takes no name that differs in upper and lower case alone, so rename it in two steps"},
		{"a word of YAML", "account a r1\ntoken null", "account a r1\ntoken u", `token/a/u: renamed? token/a/null goes in this plan and has the same content: add previously: ["null"] to the keys`},
		{"a list that is there", "account a r1\ntoken t", "account a r1\ntoken u was=null", `token/a/u: renamed? token/a/t goes in this plan and has the same content: let previously of token/a/u at manifests/test.yaml:6:1 be ["null", t]; a`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := applytest.New(t)
			for given := range strings.SplitSeq(c.given, "\nnext\n") {
				w.Apply(roles + given)
			}
			got := saidOf(w.Plan(roles+c.then), "renamed")
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// No declaration moves a token to another account, and a plan that looks like it says so.
func TestTokenThatMoves(t *testing.T) {
	t.Parallel()
	given := roles + "account a r1\ntoken t\ntoken k\naccount b r1"
	for then, want := range map[string]int{
		"account a r1\ntoken k\naccount b r1\ntoken t":                        1,
		"account a r1\ntoken k\naccount b r1\ntoken other":                    0,
		"account a r1\ntoken k\naccount b r1\ntoken t text=another":           0,
		"account a r1\ntoken k\ntoken t\naccount b r1\ntoken t":               0,
		"account a r1\ntoken k\naccount b r1\ntoken t\naccount c r1\ntoken t": 2,
	} {
		w := applytest.New(t)
		w.Apply(given)
		got := saidOf(w.Plan(roles+then), "moved")
		if len(got) != want || want > 0 && !strings.HasPrefix(got[0], "token/b/t: moved? token/a/t goes in this plan and has the same name and content") {
			t.Errorf("%q: %q", then, got)
		}
	}
}

// Of a crowd the first are asked about and the rest is counted, restricted or not.
func TestRenamesAreBounded(t *testing.T) {
	t.Parallel()
	var before, after strings.Builder
	for i := range 25 {
		fmt.Fprintf(&before, "\ntoken a%02d text=n%d", i, i)
		fmt.Fprintf(&after, "\ntoken b%02d text=n%d", i, i)
	}
	w := applytest.New(t)
	w.Apply(roles + "account a r1" + before.String())
	got := saidOf(w.Plan(roles+"account a r1"+after.String(), target(model.AccountAddress("a"))), "renamed")
	if len(got) != 0 {
		t.Errorf("what a restricted plan leaves out is no rename in it: %q", got)
	}
	got = saidOf(w.Plan(roles+"account a r1"+after.String()), "renamed")
	if len(got) != 11 || !slices.IsSorted(got) || got[10] != "token/a/b10: renamed? this one and 14 more look like it too" {
		t.Errorf("got %q", got)
	}
}
