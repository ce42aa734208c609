package view_test

import (
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// resealPlan seals three values to bob, one of them away from alice.
func resealPlan(t testing.TB) *plan.Plan {
	p := viewtest.EmptyPlan(t)
	alice, bob := plan.Reader{Name: "alice", Key: viewtest.AliceKey}, plan.Reader{Name: "bob", Key: viewtest.BobKey}
	p.Resealing, p.Summary = true, plan.Summary{Reseal: 3}
	for i, name := range []string{"a", "b", "c"} {
		c := plan.Change{
			Address: model.TokenAddress("ci", name).At(1), Action: plan.Reseal, Reasons: []string{"sealed to recipient bob from now on"}, Fields: []plan.Field{},
			Before: &plan.Object{Readers: []plan.Reader{alice}}, After: &plan.Object{Readers: []plan.Reader{alice, bob}},
			Resolved: &plan.Resolved{Generation: 1, ExpiresAt: viewtest.Date(t, "2027-02-21")},
		}
		if i == 2 {
			c.Reasons, c.After.Readers = append(c.Reasons, "no longer sealed to recipient alice"), []plan.Reader{bob}
		}
		p.Changes = append(p.Changes, c)
		p.Readers = append(p.Readers, plan.Readers{Token: c.Address.Token(), Gained: []plan.Reader{bob}, Lost: []plan.Reader{}})
	}
	p.Keys = []plan.Key{{Key: viewtest.BobKey, Name: "bob", Declared: 3, Gained: 3}}
	p.Warnings = []plan.Warning{{Code: plan.WarnStaysReadable, Message: "recipient alice could open 1 value and still can"}}
	return p
}

func whoReads(t testing.TB) report.Who {
	alice, bob := plan.Reader{Name: "alice", Key: viewtest.AliceKey}, plan.Reader{Key: viewtest.BobKey}
	return report.Who{
		UserName: "ci", TokenName: "deploy", Next: []plan.Reader{alice},
		Generations: []report.WhoGeneration{
			{
				Generation: 3, Status: "active", ExpiresAt: viewtest.Date(t, "2027-02-21"), Recipients: []plan.Reader{alice, bob}, FormerRecipients: []plan.Reader{},
				Ciphertext: "state/accounts/2f/ci/deploy.3.age", Stanzas: []string{"X25519", "ssh-ed25519", "X25519"}, Fits: true,
			},
			{
				Generation: 2, Status: "retiring", ExpiresAt: viewtest.Date(t, "2026-12-21"), Recipients: []plan.Reader{alice}, FormerRecipients: []plan.Reader{bob},
				Ciphertext: "state/accounts/2f/ci/deploy.2.age", Stanzas: []string{}, Problem: "the ciphertext is not the one that was applied",
			},
			{
				Generation: 1, Status: "expired", ExpiresAt: viewtest.Date(t, "2026-11-21"), Recipients: []plan.Reader{alice}, FormerRecipients: []plan.Reader{},
				Ciphertext: "state/accounts/2f/ci/deploy.1.age", Stanzas: []string{"X25519"}, Fits: true,
			},
		},
	}
}

func exposed(t testing.TB) report.Exposure {
	a, b := model.TokenAddress("ci", "deploy").At(2), model.TokenAddress("ci", "old").At(1)
	return report.Exposure{
		Query: "bob", Commits: 12, Expired: 1, Ended: 1200, Elsewhere: 2, Notes: []string{"this clone is shallow"},
		Keys: []report.ExposedKey{{Key: viewtest.BobKey, Names: []string{"bob", "ops"}, Live: 2}, {Key: viewtest.AliceKey, Names: []string{}}},
		Live: []report.ExposedValue{
			{Address: a, Status: "active", ExpiresAt: viewtest.Date(t, "2027-02-21"), Keys: []string{viewtest.BobKey}, Recipient: true},
			{Address: b, Status: "retiring", ExpiresAt: viewtest.Date(t, "2027-02-21"), RevokeAfter: viewtest.Date(t, "2026-11-30"), Keys: []string{viewtest.BobKey}},
		},
		Rotate: []model.Address{a.Token()}, Revoke: []model.Address{b},
		Commands: []string{"osmoctl apply --auto-approve \\\n  --replace token/ci/deploy", "osmoctl token revoke --auto-approve --reason 'readable by bob' \\\n  ci/old@1"},
	}
}
