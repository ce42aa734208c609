package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/apply/applytest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// realKeys puts keys that can be sealed to in the place of a test's names.
func realKeys(b *testing.B, want *model.Declarations, identities map[string]*age.X25519Identity) *model.Declarations {
	b.Helper()
	real := func(list []model.Recipient) {
		for i, r := range list {
			if identities[r.Key] == nil {
				id, err := age.GenerateX25519Identity()
				if err != nil {
					b.Fatal(err)
				}
				identities[r.Key] = id
			}
			list[i].Key = identities[r.Key].Recipient().String()
		}
	}
	for _, list := range want.Project.Recipients {
		real(list)
	}
	for _, a := range want.Accounts {
		for _, t := range a.Tokens {
			real(t.Readers)
		}
	}
	return want
}

// opening opens what a store holds.
type opening struct {
	id    age.Identity
	files map[string][]byte
}

func (o opening) Open(_ context.Context, a model.Address, _ *state.Generation) (secret.Value, error) {
	return seal.Open(o.files[state.CiphertextPath(a.Account, a.Name, a.Generation)], seal.BindingOf(a), o.id)
}

// BenchmarkSealing and BenchmarkResealing handle 10,000 tokens in memory, with
// real keys: the second must not take more than twice the time of the first.
func BenchmarkSealing(b *testing.B) {
	identities := map[string]*age.X25519Identity{}
	want := realKeys(b, applytest.Declare(b, tenThousand("ops=alice")), identities)
	for b.Loop() {
		b.StopTimer()
		w := applytest.New(b)
		r := w.Run(want)
		r.Sealer = seal.NewSealer(seal.Options{})
		p := w.PlanFor(want)
		b.StartTimer()
		if _, err := r.Apply(b.Context(), p, w.State()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResealing(b *testing.B) {
	identities := map[string]*age.X25519Identity{}
	before := realKeys(b, applytest.Declare(b, tenThousand("ops=alice")), identities)
	after := realKeys(b, applytest.Declare(b, tenThousand("ops=bob")), identities)
	w := applytest.New(b)
	r := w.Run(before)
	r.Sealer = seal.NewSealer(seal.Options{})
	if _, err := r.Apply(b.Context(), w.PlanFor(before), w.State()); err != nil {
		b.Fatal(err)
	}
	opener := opening{identities["age1alice"], map[string][]byte{}}
	for _, f := range w.Store.Files() {
		opener.files[f.Path] = f.Data
	}
	have, p := w.State(), w.PlanResealFor(after)
	for b.Loop() {
		run := &apply.Run{Sealer: r.Sealer, Store: &applytest.Store{}, Now: r.Now, ID: "run-1", Actor: "ada"}
		if _, err := run.Reseal(b.Context(), p, have, opener, false); err != nil {
			b.Fatal(err)
		}
	}
}

func tenThousand(recipients string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "recipients %s\nrole r1 a:B@*\n", recipients)
	for i := range 10_000 {
		fmt.Fprintf(&text, "account svc-%d r1\n token t\n", i)
	}
	return text.String()
}
