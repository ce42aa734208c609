package plan_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

var update = flag.Bool("update", false, "write the table of docs/rotation.md anew")

// row is a line of the table in docs/rotation.md, and what proves it. The first
// four are its cells. What is given was applied days ago; before may do more, and
// then is planned and applied.
type row struct {
	state, event, date, outcome string

	given  string
	days   model.Days
	before func(t *testing.T, w *applytest.World)
	then   string
	opts   []func(*applytest.Options)
	// want are the changes and warn the codes of warnings, as rules have them;
	// follows is part of an implied effect.
	want    []string
	warn    []string
	follows string
	// failed is the code of the problem that planning has instead.
	failed string
	// left are the generations of token/a/t after the apply; see livesOf.
	left string
}

const one = "account a r1,r2\ntoken t roles=r1"

func again(w *applytest.World, declarations string, days ...model.Days) {
	for _, d := range days {
		w.Pass(d)
		w.Apply(roles + declarations)
	}
}

// table is every case there is. Its rows are those of the document.
var table = []row{
	{
		state: "-", event: "declared", date: "at once", outcome: "`create`, generation 1",
		given: "account a r1", then: "account a r1\ntoken t",
		want: []string{"create token/a/t: newly declared"}, left: "1 active",
	},
	{
		state: "deleted", event: "declared again", date: "at once", outcome: "`create`, the next number",
		given: "account a r1\ntoken t", before: func(_ *testing.T, w *applytest.World) { again(w, "account a r1", 1) }, then: "account a r1\ntoken t",
		want: []string{"create token/a/t: newly declared"}, left: "1 ended, 2 active",
	},
	{
		state: "active", event: "a day on which nothing is due", date: "-", outcome: "nothing",
		given: one, days: 59, then: one, left: "1 active",
	},
	{
		state: "active", event: "due: `expires_in` with `every`", date: "*issued + every*, or *expiry - max(overlap, 1d)* if that is earlier", outcome: "`rotate`; the old one is retiring for the overlap",
		given: one, days: 60, then: one, want: []string{"due rotate token/a/t: due since " + on(60)}, left: "1 retiring until 67, 2 active",
	},
	{
		state: "active", event: "due: `expires_in` alone", date: "*expiry - max(overlap, 1d)*", outcome: "`rotate`",
		given: one + " in=90d every= overlap=10d", days: 80, then: one + " in=90d every= overlap=10d",
		want: []string{"due rotate token/a/t: due since " + on(80)}, left: "1 retiring until 90, 2 active",
	},
	{
		state: "active", event: "due: `expires_at` with `every`", date: "*issued + every*, if that is before the date; then never", outcome: "`rotate`",
		given: one + " at=" + on(50) + " every=10d overlap=2d", days: 10, then: one + " at=" + on(50) + " every=10d overlap=2d",
		want: []string{"due rotate token/a/t: due since " + on(10)}, left: "1 retiring until 12, 2 active",
	},
	{
		state: "active", event: "due, with an overlap of `0d`", date: "as above", outcome: "`rotate`, and `revoke` of the old one in the same apply",
		given: one + " every=60d overlap=0d", days: 60, then: one + " every=60d overlap=0d",
		want: []string{"due rotate token/a/t: due since " + on(60), "due revoke token/a/t@1: replaced, with an overlap of 0d"}, left: "1 ended, 2 active",
	},
	{
		state: "active", event: "no apply came on the day it was due", date: "next apply", outcome: "`rotate`, with the whole overlap if the old one lives that long",
		given: one, days: 80, then: one, want: []string{"due rotate token/a/t: due since " + on(60)}, left: "1 retiring until 87, 2 active",
	},
	{
		state: "active", event: "so late that the old one expires within the overlap", date: "next apply", outcome: "`rotate`; the old one is retiring until its expiry; warning `short_overlap`",
		given: one, days: 86, then: one, want: []string{"due rotate token/a/t: due since " + on(60)}, warn: []string{"short_overlap"}, left: "1 retiring until 90, 2 active",
	},
	{
		state: "expired", event: "no apply came before the expiry (`expires_in`)", date: "next apply", outcome: "`rotate`, and `revoke` of the old one; warning `missed_window`",
		given: one, days: 120, then: one, warn: []string{"missed_window"},
		want: []string{"due rotate token/a/t: due since " + on(60), "due revoke token/a/t@1: replaced, and expired on " + on(90)}, left: "1 ended, 2 active",
	},
	{
		state: "active", event: "a fixed `expires_at` is at most 30 days away", date: "each day until then", outcome: "nothing; warning `expires_soon`, and an `expire` entry under `Upcoming`",
		given: one + " at=" + on(50), days: 20, then: one + " at=" + on(50), warn: []string{"expires_soon"}, left: "1 active",
	},
	{
		state: "expired", event: "a fixed `expires_at` has come", date: "from then on", outcome: "nothing; warning `expired`",
		given: one + " at=" + on(50), days: 50, then: one + " at=" + on(50), warn: []string{"expired"}, left: "1 expired",
	},
	{
		state: "expired", event: "another key of the token changes", date: "at once", outcome: "`update` of the record, no value is issued; warning `expired`",
		given: one + " at=" + on(50), days: 60, then: one + " at=" + on(50) + " text=new",
		want: []string{"update token/a/t: declaration changed"}, warn: []string{"expired"}, left: "1 expired",
	},
	{
		state: "expired", event: "a value is asked for under the date that has passed: `generation` raised, `--replace`", date: "-", outcome: "error `expiry_passed`",
		given: one + " at=" + on(50), days: 60, then: one + " at=" + on(50) + " gen=2", failed: plan.CodeExpiryPassed, left: "1 expired",
	},
	{
		state: "expired", event: "a later `expires_at`", date: "at once", outcome: "`rotate`, and `revoke` of the old one",
		given: one + " at=" + on(50), days: 60, then: one + " at=" + on(100),
		want: []string{"rotate token/a/t: expires_at changed from " + on(50) + " to " + on(100), "revoke token/a/t@1: replaced, and expired on " + on(50)}, left: "1 ended, 2 active",
	},
	{
		state: "active", event: "`generation` raised above the value honoured last", date: "at once", outcome: "`rotate`, once however far it was raised",
		given: one, then: one + " gen=5", want: []string{"rotate token/a/t: generation raised from 1 to 5"}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "`generation` lowered or left out", date: "-", outcome: "nothing; the highest value honoured is kept",
		given: one + " gen=5", then: one + " gen=2", left: "1 active",
	},
	{
		state: "active", event: "`--replace token/ACCOUNT/NAME`", date: "at once", outcome: "`rotate`",
		given: one, then: one, opts: []func(*applytest.Options){replace(model.TokenAddress("a", "t"))},
		want: []string{"rotate token/a/t: asked for by --replace"}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "`roles` of the token: others than it has", date: "at once", outcome: "`rotate`; the old one keeps its roles until it ends",
		given: one, then: "account a r1,r2\ntoken t roles=r2", want: []string{"rotate token/a/t: roles changed from r1 to r2"}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "`roles` of the token and of its account: others than they have", date: "at once", outcome: "`rotate`; the old one lives on and loses at once what the account loses: risk `loses_all_roles` or `overlap_cut`",
		given: one, then: "account a r2\ntoken t roles=r2", want: []string{"update account/a: declaration changed", "rotate token/a/t: roles changed from r1 to r2"}, follows: "loses role r1 at once", left: "1 retiring until 7 without r1, 2 active",
	},
	{
		state: "active", event: "`roles` written out or left out, with the same result", date: "at once", outcome: "`update` of the record",
		given: one, then: "account a r1\ntoken t", want: []string{"update account/a: declaration changed", "update token/a/t: declaration changed"}, left: "1 active",
	},
	{
		state: "active", event: "`expires_at`: another date than its own", date: "at once", outcome: "`rotate`",
		given: one + " at=" + on(50), then: one + " at=" + on(60), want: []string{"rotate token/a/t: expires_at changed from " + on(50) + " to " + on(60)}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "`expires_at` in place of `expires_in`, on its own date", date: "at once", outcome: "`update` of the record",
		given: one, then: one + " at=" + on(90), want: []string{"update token/a/t: declaration changed"}, left: "1 active",
	},
	{
		state: "active", event: "`expires_in` shortened, and it outlasts that from today", date: "at once", outcome: "`rotate`",
		given: one, then: one + " in=80d", want: []string{"rotate token/a/t: it outlasts the declared lifetime of 80d"}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "`expires_in` lengthened, or shortened without being outlasted", date: "next rotation", outcome: "`update` of the record",
		given: one, days: 20, then: one + " in=75d", want: []string{"update token/a/t: declaration changed"}, left: "1 active",
	},
	{
		state: "active", event: "`description`, `rotate.every`, `rotate.overlap`, other names for the same keys", date: "next rotation", outcome: "`update` of the record",
		given: one, then: one + " text=new every=70d overlap=3d", want: []string{"update token/a/t: declaration changed"}, left: "1 active",
	},
	{
		state: "active", event: "a key added to the recipients", date: "next rotation, or `secrets reseal`", outcome: "no change; listed as waiting for an identity",
		given: "recipients ops=alice\n" + one, then: "recipients ops=alice,bob\n" + one, left: "1 active",
	},
	{
		state: "active", event: "a key taken from the recipients", date: "at once", outcome: "`rotate`: it has seen the value; warning `history_stays_readable`",
		given: "recipients ops=alice,bob\n" + one, then: "recipients ops=alice\n" + one, warn: []string{"history_stays_readable"},
		want: []string{"rotate token/a/t: recipient ops (age1bob) is no longer a recipient and has seen the value"}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "`secrets reseal` after a key was taken from the recipients", date: "at once", outcome: "same value, sealed to the others; the `rotate` stays planned",
		given: "recipients ops=alice,bob\n" + one, before: func(_ *testing.T, w *applytest.World) { w.Reseal(roles + "recipients ops=alice\n" + one) },
		then: "recipients ops=alice\n" + one, warn: []string{"history_stays_readable"},
		want: []string{"rotate token/a/t: recipient ops (age1bob) is no longer a recipient and has seen the value"}, left: "1 retiring until 7, 2 active",
	},
	{
		state: "active", event: "a role added to the account, the token inherits", date: "next rotation", outcome: "`update` of the account; implied: \"takes role … at its next rotation\"",
		given: "account a r1\ntoken t", then: "account a r1,r2\ntoken t", want: []string{"update account/a: declaration changed"},
		follows: "takes role r2 at its next rotation, due " + on(60), left: "1 active",
	},
	{
		state: "active", event: "a role taken from the account, the token inherits", date: "at once", outcome: "`update` of the account; implied: every generation \"loses role … at once\"",
		given: "account a r1,r2\ntoken t", then: "account a r1\ntoken t", want: []string{"update account/a: declaration changed"},
		follows: "loses role r2 at once", left: "1 active without r2",
	},
	{
		state: "active", event: "a role taken from the account and from the token's `roles`", date: "at once", outcome: "`update` of both, no rotation: it has the right roles already",
		given: "account a r1,r2\ntoken t roles=r1,r2", then: "account a r1\ntoken t roles=r1",
		want: []string{"update account/a: declaration changed", "update token/a/t: declaration changed"}, left: "1 active without r2",
	},
	{
		state: "active", event: "a role given back to the account, the token inherits", date: "at once", outcome: "`rotate`: the old value does not get the role back",
		given: "account a r1,r2\ntoken t", before: func(_ *testing.T, w *applytest.World) { again(w, "account a r1\ntoken t", 1) }, then: "account a r1,r2\ntoken t",
		want: []string{"update account/a: declaration changed", "rotate token/a/t: role r2 left the account and came back: only a new generation carries it"},
		left: "1 retiring until 8 without r2, 2 active",
	},
	{
		state: "active", event: "several of these on one day", date: "at once", outcome: "one `rotate`, with several reasons",
		given: one, days: 60, then: one + ",r2 gen=2",
		want: []string{"rotate token/a/t: generation raised from 1 to 2; roles changed from r1 to r1, r2; due since " + on(60)}, left: "1 retiring until 67, 2 active",
	},
	{
		state: "active", event: "renamed: `previously` of another token names it", date: "at once", outcome: "`create` of the new; `update` of the old, which is retiring for the new one's overlap",
		given: one, then: "account a r1,r2\ntoken n roles=r1 was=t",
		want: []string{"create token/a/n: renamed from t", "update token/a/t: renamed to n"}, left: "1 retiring until 7",
	},
	{
		state: "active", event: "renamed without `previously`, or with an overlap of `0d`", date: "at once", outcome: "`create` of the new, `delete` of the old",
		given: one, then: "account a r1,r2\ntoken n roles=r1 was=t overlap=0d",
		want: []string{"create token/a/n: renamed from t", "delete token/a/t: no longer declared"}, left: "1 ended",
	},
	{
		state: "active", event: "today is before the day it was issued: a clock is wrong", date: "until that day", outcome: "nothing for a date; warning `clock_behind`; `--replace` issues one with the right dates",
		given: one, days: -400, then: one, warn: []string{"clock_behind"}, left: "1 active",
	},
	{
		state: "active", event: "an apply fails or is killed before its commit", date: "next apply", outcome: "as if it had not run: the same number, another value",
		given: one, days: 60, before: func(t *testing.T, w *applytest.World) { failed(t, w, one) }, then: one,
		want: []string{"due rotate token/a/t: due since " + on(60)}, left: "1 retiring until 67, 2 active",
	},
	{
		state: "retiring", event: "its day or its expiry comes, whichever is first", date: "next apply", outcome: "`revoke`",
		given: one, before: func(_ *testing.T, w *applytest.World) { again(w, one, 60); w.Pass(7) }, then: one,
		want: []string{"due revoke token/a/t@1: its overlap ended on " + on(67)}, left: "1 ended, 2 active",
	},
	{
		state: "retiring", event: "another rotation", date: "its own day", outcome: "nothing: several retire side by side; warning `still_retiring`",
		given: one, before: func(_ *testing.T, w *applytest.World) { again(w, one, 60); w.Pass(2) }, then: one + " gen=2",
		want: []string{"rotate token/a/t: generation raised from 1 to 2"}, warn: []string{"still_retiring"}, left: "1 retiring until 67, 2 retiring until 69, 3 active",
	},
	{
		state: "retiring", event: "`overlap` raised or lowered", date: "next rotation", outcome: "`update` of the record; its day stays",
		given: one, before: func(_ *testing.T, w *applytest.World) { again(w, one, 60) }, then: one + " overlap=1d",
		want: []string{"update token/a/t: declaration changed"}, left: "1 retiring until 67, 2 active",
	},
	{
		state: "retiring", event: "a role taken from the account", date: "at once", outcome: "it loses the role as well",
		given: "account a r1,r2\ntoken t", before: func(_ *testing.T, w *applytest.World) { again(w, "account a r1,r2\ntoken t", 60) }, then: "account a r1\ntoken t",
		want: []string{"update account/a: declaration changed"}, follows: "loses role r2 at once", left: "1 retiring until 67 without r2, 2 active without r2",
	},
	{
		state: "any live one", event: "`token revoke`", date: "at once", outcome: "ended, with the reason that was given; an active one is replaced by the next apply if it is declared",
		given: one, before: func(t *testing.T, w *applytest.World) { again(w, one, 60); revoke(t, w, roles+one, "token/a/t@2") }, then: one,
		want: []string{"rotate token/a/t: no generation is active: generation 2 ended on " + on(60) + ": revoked: in a log"}, warn: []string{"still_retiring"},
		left: "1 retiring until 67, 2 ended, 3 active",
	},
	{
		state: "any live one", event: "the token is no longer declared", date: "at once", outcome: "`delete`, every generation",
		given: one, before: func(_ *testing.T, w *applytest.World) { again(w, one, 60) }, then: "account a r1,r2",
		want: []string{"delete token/a/t: no longer declared"}, left: "1 ended, 2 ended",
	},
	{
		state: "any live one", event: "the account is no longer declared", date: "at once", outcome: "`delete` of the account, with every token",
		given: one, then: "account b r1", want: []string{"create account/b: newly declared", "delete account/a: no longer declared"},
		follows: "is deleted with its account", left: "1 ended",
	},
	{
		state: "retiring, renamed", event: "the last of its generations ends", date: "next apply", outcome: "`revoke`, and the old name is gone with it",
		given: one, before: func(_ *testing.T, w *applytest.World) {
			again(w, "account a r1,r2\ntoken n roles=r1 was=t", 0)
			w.Pass(7)
		}, then: "account a r1,r2\ntoken n roles=r1 was=t",
		want: []string{"due revoke token/a/t@1: its overlap ended on " + on(7)}, left: "1 ended",
	},
	{
		state: "retiring, renamed", event: "the token that took over is removed", date: "at once", outcome: "`delete` of both",
		given: one, before: func(_ *testing.T, w *applytest.World) {
			again(w, "account a r1,r2\ntoken n roles=r1 was=t", 0)
		}, then: "account a r1,r2",
		want: []string{"delete token/a/n: no longer declared", "delete token/a/t: no longer declared"}, left: "1 ended",
	},
	{
		state: "none is active", event: "the token is declared, with a lifetime", date: "next apply", outcome: "`rotate`; the reason says when and why the last one ended",
		given: one, before: func(t *testing.T, w *applytest.World) { revoke(t, w, roles+one, "token/a/t") }, then: one,
		want: []string{"rotate token/a/t: no generation is active: generation 1 ended on " + on(0) + ": revoked: in a log"}, left: "1 ended, 2 active",
	},
	{
		state: "none is active", event: "the token is declared, with a date that has passed", date: "-", outcome: "nothing is issued; warning `expired`",
		given: one + " at=" + on(50), days: 60, before: func(t *testing.T, w *applytest.World) { revoke(t, w, roles+one+" at="+on(50), "token/a/t") }, then: one + " at=" + on(50),
		warn: []string{"expired"}, left: "1 ended",
	},
	{
		state: "none is active", event: "renamed while earlier generations retire", date: "at once", outcome: "`create` of the new; `update` of the old, whose generations keep their days",
		given: one, before: func(t *testing.T, w *applytest.World) {
			again(w, one+" gen=2", 0)
			revoke(t, w, roles+one+" gen=2", "token/a/t@2")
		}, then: "account a r1,r2\ntoken n roles=r1 was=t",
		want: []string{"create token/a/n: renamed from t", "update token/a/t: renamed to n"}, left: "1 retiring until 7, 2 ended",
	},
	{
		state: "ended", event: "anything", date: "-", outcome: "nothing: number, SHA-256 of the value, day and reason stay for ever",
		given: one, before: func(_ *testing.T, w *applytest.World) { again(w, "account b r1", 0) }, then: "account b r1", left: "1 ended",
	},
}

// failed runs an apply whose commit does not come to be.
func failed(t *testing.T, w *applytest.World, declarations string) {
	t.Helper()
	want := applytest.Declare(t, roles+declarations)
	run := w.Run(want)
	run.Store = noStore{}
	if _, err := run.Apply(t.Context(), w.PlanFor(want), w.State()); err == nil {
		t.Fatal("an apply without a store succeeded")
	}
}

// Every case of the document is tried.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, r := range table {
		t.Run(r.state+": "+r.event, func(t *testing.T) {
			t.Parallel()
			r.test(t)
		})
	}
}

func (r *row) test(t *testing.T) {
	t.Helper()
	w := applytest.New(t)
	w.Apply(roles + r.given)
	w.Pass(r.days)
	if r.before != nil {
		r.before(t, w)
	}
	if r.failed != "" {
		problem(t, w, r.then, plan.Options{}, r.failed)
	} else {
		r.apply(t, w)
	}
	if got := livesOf(t, w); got != r.left {
		t.Errorf("left are %q, want %q", got, r.left)
	}
}

func (r *row) apply(t *testing.T, w *applytest.World) {
	t.Helper()
	opts := append(r.opts, func(o *applytest.Options) { o.Allow.Deletes = number(100) })
	p := w.Apply(roles+r.then, opts...)
	if d := cmp.Diff(r.want, lines(p, r.want), emptyIsNil); d != "" {
		t.Error("changes:", d)
	}
	if d := cmp.Diff(r.warn, warnings(p), emptyIsNil); d != "" {
		t.Error("warnings:", d)
	}
	if all := strings.Join(effects(p), "\n"); !strings.Contains(all, r.follows) {
		t.Errorf("follows: %q", all)
	}
	if again := w.Plan(roles + r.then); again.Pending() {
		t.Errorf("still pending after apply: %q", lines(again, nil))
	}
}

// livesOf spells out what became of each generation of token/a/t; days are
// counted from the first.
func livesOf(t *testing.T, w *applytest.World) string {
	t.Helper()
	var out []string
	tok := w.Token("a", "t")
	first := applytest.Date(t, applytest.FirstDay)
	for n := 1; n <= tok.LastGeneration; n++ {
		g := tok.Generation(n)
		if g == nil {
			out = append(out, fmt.Sprintf("%d ended", n))
			continue
		}
		words := fmt.Sprintf("%d %s", n, g.Status(w.Today))
		if g.Status(w.Today) == state.Retiring {
			words += fmt.Sprintf(" until %d", first.Until(g.RevokeAfter))
		}
		if len(g.RemovedRoles) > 0 {
			words += " without " + strings.Join(g.RemovedRoles, ",")
		}
		out = append(out, words)
	}
	return strings.Join(out, ", ")
}

// The table of the document is this one, row by row.
func TestTableIsDocumented(t *testing.T) {
	t.Parallel()
	const path, head = "../../docs/rotation.md", "| state | event | date | outcome |\n| --- | --- | --- | --- |\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatalf("%s has no table with the head %s", path, head)
	}
	have, after, _ := strings.Cut(rest, "\n\n")
	var want strings.Builder
	for _, r := range table {
		fmt.Fprintf(&want, "| %s | %s | %s | %s |\n", r.state, r.event, r.date, r.outcome)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+head+want.String()+"\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want.String(), have+"\n"); d != "" {
		t.Error("go test ./pkg/plan -run TestTable -update writes the table:", d)
	}
}

// noStore is a disk that takes nothing.
type noStore struct{}

func (noStore) Commit(context.Context, []state.Change, string) (string, error) {
	return "", errors.New("no space left on device")
}
