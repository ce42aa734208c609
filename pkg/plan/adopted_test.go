package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/guard"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

const adoptedToken = "account a r1\ntoken t in=90d every=60d\ntoken theirs in=90d every=60d\n"

// adopting is a world with an issued token and an adopted one.
func adopting(t *testing.T, declarations string) *applytest.World {
	t.Helper()
	w := applytest.New(t)
	w.Apply(strings.Replace(declarations, "token theirs in=90d every=60d\n", "", 1))
	w.Adopt(declarations, "a", "theirs")
	return w
}

// A value that nobody knows was told to nobody: whoever comes or goes, there is
// nothing to seal again, and no reason for another value.
func TestRecipientsOfAnUnknownValue(t *testing.T) {
	t.Parallel()
	theirs := model.TokenAddress("a", "theirs")
	for name, c := range map[string]struct{ given, then string }{
		"nothing changes": {aliceAndBob, aliceAndBob},
		"a key added":     {onlyAlice, aliceAndBob},
		"a key taken out": {aliceAndBob, onlyAlice},
		"another key":     {onlyAlice, "recipients ops=bob\n" + roles},
	} {
		w := adopting(t, c.given+adoptedToken)
		p := w.Plan(c.then + adoptedToken)
		for _, change := range p.Changes {
			if change.Address.Token() == theirs {
				t.Errorf("%s: %s %s: %q", name, change.Action, change.Address, change.Reasons)
			}
		}
		for _, wait := range p.WaitingForIdentity {
			if wait.Address.Token() == theirs {
				t.Errorf("%s: it waits for a reseal: %+v", name, wait)
			}
		}
		for _, change := range w.PlanReseal(c.then + adoptedToken).Changes {
			if change.Address.Token() == theirs {
				t.Errorf("%s: it would be resealed", name)
			}
		}
	}
}

// No key is counted as one that opens a value which was never sealed.
func TestKeysOfAnUnknownValue(t *testing.T) {
	t.Parallel()
	w := adopting(t, onlyAlice+adoptedToken)
	p := w.Plan(onlyAlice + adoptedToken)
	i := slices.IndexFunc(p.Keys, func(k plan.Key) bool { return k.Key == "age1alice" })
	if i < 0 || p.Keys[i].Tokens != 1 || p.Keys[i].Declared != 2 {
		t.Errorf("the keys are %+v", p.Keys)
	}
}

// The way to a value that is known is another one: it is sealed to those declared,
// who read it from then on.
func TestReplaceAnUnknownValue(t *testing.T) {
	t.Parallel()
	theirs := model.TokenAddress("a", "theirs")
	w := adopting(t, onlyAlice+adoptedToken)
	replace := func(o *applytest.Options) { o.Replace = []model.Address{theirs} }
	p := w.Apply(onlyAlice+adoptedToken, replace)
	i := slices.IndexFunc(p.Readers, func(r plan.Readers) bool { return r.Token == theirs })
	if i < 0 || len(p.Readers[i].Gained) != 1 || len(p.Readers[i].Lost) != 0 {
		t.Errorf("the readers are %+v", p.Readers)
	}
	token := w.Token("a", "theirs")
	if old := token.Generation(1); old == nil || old.Known() || old.RevokeAfter == 0 || !token.Active().Known() {
		t.Errorf("the generations are %+v", token.Generations)
	}
	w.Pass(30)
	w.Apply(onlyAlice + adoptedToken)
	if stones := w.Token("a", "theirs").Tombstones; len(stones) != 1 || !stones[0].Adopted {
		t.Errorf("the tombstones are %+v", stones)
	}
}

// Dates ask for another value as of any, and a revocation ends it.
func TestDatesOfAnUnknownValue(t *testing.T) {
	t.Parallel()
	w := adopting(t, onlyAlice+adoptedToken)
	w.Pass(60)
	applyDue(t, w, due(t, w, plan.Options{}))
	if token := w.Token("a", "theirs"); !token.Active().Known() || token.Active().Number != 2 {
		t.Errorf("the generations are %+v", token.Generations)
	}
	// An apply of a part records no recipients, and then nobody is known to seal to.
	w = adopting(t, onlyAlice+adoptedToken)
	edit := w.State().Edit()
	settings := w.State().Meta.Applied
	settings.Recipients = nil
	edit.SetSettings(settings)
	_, changes := edit.Finish()
	if _, err := w.Store.Commit(t.Context(), changes, ""); err != nil {
		t.Fatal(err)
	}
	w.Pass(60)
	p := due(t, w, plan.Options{})
	warned := slices.ContainsFunc(p.Warnings, func(w plan.Warning) bool {
		return w.Code == "key_unknown" && *w.Address == model.TokenAddress("a", "theirs")
	})
	if !warned || slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Address.Name == "theirs" }) {
		t.Errorf("warnings %+v, changes %+v", p.Warnings, p.Changes)
	}
	what := plan.Revoked{Addresses: []model.Address{model.TokenAddress("a", "theirs")}, Reason: "in a log"}
	revoke, problems := plan.RevokeNow(nil, w.State(), what, plan.Options{Today: w.Today})
	if err := problems.Err(); err != nil || len(w.Hold(revoke, guard.Facts{}).Changes) != 1 {
		t.Errorf("%v, %+v", err, revoke)
	}
}

// What asks for a reseal of such a generation is told why there is none.
func TestResealTargetOfAnUnknownValue(t *testing.T) {
	t.Parallel()
	w := adopting(t, onlyAlice+adoptedToken)
	opts := plan.Options{Today: w.Today, Targets: []model.Address{model.TokenAddress("a", "theirs").At(1)}}
	_, problems := plan.BuildReseal(applytest.Declare(t, aliceAndBob+adoptedToken), w.State(), opts)
	if len(problems) != 1 || !strings.Contains(problems[0].Summary, "adopted") || !strings.Contains(problems[0].Hint, "--replace token/a/theirs") {
		t.Errorf("%+v", problems)
	}
}
