package tokens_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// BenchmarkList lists 10,000 tokens.
func BenchmarkList(b *testing.B) {
	snap := &state.Snapshot{Accounts: map[string]*state.Account{}}
	for i := range 10_000 {
		name := fmt.Sprintf("svc-%05d", i)
		snap.Accounts[name] = &state.Account{Name: name, Tokens: map[string]*state.Token{"ci": {
			Spec: model.TokenSpec{Description: "Builds", Roles: []string{"bare"}, Expiry: model.Expiry{In: 90}, Recipients: []string{"ops"}}, LastGeneration: 1,
			Generations: []state.Generation{{Number: 1, ServerName: "ci", IssuedBy: "ada", ExpiresAt: 20_000, Roles: []string{"bare"}, Recipients: []string{"age1key"}, Value: state.SumOf([]byte(name))}},
		}}}
	}
	for _, f := range []view.Format{view.Text, view.JSON} {
		b.Run(string(f), func(b *testing.B) {
			v := view.View{Out: io.Discard}
			b.ReportAllocs()
			for b.Loop() {
				if err := tokens.ShowList(&v, "", report.TokensOf(snap, model.Names(snap.Accounts), 19_000), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
