package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// large declares accounts with two tokens each, and a hundred roles.
func large(accounts int) string {
	var b strings.Builder
	b.WriteString("recipients ops=alice,bob rec=carol\n")
	for i := range 100 {
		fmt.Fprintf(&b, "role r%d workflow:*@pool/p%d pool:List@*\n", i, i)
	}
	for i := range accounts {
		fmt.Fprintf(&b, "account svc-%d r%d,r%d label=team:t%d\ntoken ci roles=r%d to=ops,rec\ntoken deploy\n", i, i%100, (i+1)%100, i%10, i%100)
	}
	return b.String()
}

func BenchmarkBuildFresh(b *testing.B) {
	w := applytest.New(b)
	want := applytest.Declare(b, large(10_000))
	b.ReportAllocs()
	for b.Loop() {
		build(b, want, &state.Snapshot{}, w)
	}
}

func BenchmarkBuildNothingToDo(b *testing.B) {
	w := applytest.New(b)
	text := large(10_000)
	w.Apply(text)
	want, have := applytest.Declare(b, text), w.State()
	b.ReportAllocs()
	for b.Loop() {
		if p := build(b, want, have, w); p.Pending() {
			b.Fatal("something is to be done")
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	w := applytest.New(b)
	p := w.Plan(large(10_000))
	for b.Loop() {
		if _, err := p.JSON(); err != nil {
			b.Fatal(err)
		}
	}
}

func build(b *testing.B, want *model.Declarations, have *state.Snapshot, w *applytest.World) *plan.Plan {
	p, problems := plan.Build(want, have, plan.Options{Today: w.Today})
	if problems.HasErrors() {
		b.Fatal(problems)
	}
	return p
}
