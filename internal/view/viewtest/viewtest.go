// Package viewtest has what the tests of views share: a view that writes into memory,
// and plans and states to show.
package viewtest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Screen is a view that writes into memory.
type Screen struct {
	view.View
	Stdout, Stderr bytes.Buffer
}

// New is an empty screen.
func New() *Screen {
	s := &Screen{}
	s.Out, s.Err = &s.Stdout, &s.Stderr
	return s
}

// Date is the day that s names.
func Date(t testing.TB, s string) model.Date {
	t.Helper()
	d, err := model.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// At is the moment that s names.
func At(s string) time.Time {
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return v
}

// Two keys and the names that they have.
const (
	AliceKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	BobKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBobBobBobBobBobBobBobBobBobBobBobBobBobBob"
)

// KeyNames has the names of the keys.
var KeyNames = map[string]string{AliceKey: "alice", BobKey: "bob"}

// Operator is an account with one token in its third generation: the first ended,
// the second retires.
func Operator(t testing.TB) *state.Account {
	return &state.Account{
		Name: "backend-operator", CreatedAt: At("2026-11-23T11:00:00.150503Z"), CreatedBy: "ada@example.com",
		Description: "Backend operator of the production cluster", Labels: map[string]string{"team": "platform", "env": "prod"}, Protect: true,
		Grants: []state.Grant{
			{Role: "osmo-backend", AssignedAt: At("2026-11-23T11:00:00.150503Z"), AssignedBy: "ada@example.com"},
			{Role: "osmo-user", AssignedAt: At("2026-11-24T09:00:00Z"), AssignedBy: "bob@example.com"},
		},
		Tokens: map[string]*state.Token{
			"backend-token": operatorToken(t),
			"old":           {DeletedOn: Date(t, "2026-11-20"), LastGeneration: 1, Tombstones: []state.Tombstone{{Generation: 1, EndedOn: Date(t, "2026-11-20"), Reason: "no longer declared"}}},
		},
	}
}

func operatorToken(t testing.TB) *state.Token {
	return &state.Token{
		Spec: model.TokenSpec{
			Description: "Backend Operator Token", Roles: []string{"osmo-backend"}, Expiry: model.Expiry{In: 90},
			Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"ops", "recovery"},
		},
		Honoured: 1, LastGeneration: 3,
		Generations: []state.Generation{
			{
				Number: 2, ServerName: "backend-token-g2", IssuedAt: At("2026-09-22T08:00:00Z"), IssuedBy: "ada@example.com", ExpiresAt: Date(t, "2026-12-21"),
				Roles: []string{"osmo-backend", "osmo-user"}, RemovedRoles: []string{"osmo-user"}, Recipients: []string{AliceKey}, FormerRecipients: []string{BobKey},
				Value: state.SumOf([]byte("2")), Ciphertext: state.SumOf([]byte("c2")), RevokeAfter: Date(t, "2026-11-30"),
			},
			{
				Number: 3, ServerName: "backend-token-g3", IssuedAt: At("2026-11-23T11:00:00Z"), IssuedBy: "ci", ExpiresAt: Date(t, "2027-02-21"),
				Roles: []string{"osmo-backend"}, Recipients: []string{AliceKey, BobKey},
				Value: state.SumOf([]byte("3")), Ciphertext: state.SumOf([]byte("c3")),
			},
		},
		Tombstones: []state.Tombstone{{Generation: 1, Value: state.SumOf([]byte("1")), EndedOn: Date(t, "2026-09-29"), Reason: "its overlap ended on 2026-09-29"}},
	}
}

// Adopted is an account with a token that a server had before; an earlier one of its
// kind has ended.
func Adopted(t testing.TB) *state.Account {
	return &state.Account{
		Name: "ci", CreatedAt: At("2026-11-23T11:00:00Z"), CreatedBy: "ada@example.com", Grants: []state.Grant{{Role: "osmo-user"}},
		Tokens: map[string]*state.Token{"theirs": {
			Spec:     model.TokenSpec{Roles: []string{"osmo-user"}, Expiry: model.Expiry{In: 90}, Recipients: []string{"ops"}},
			Honoured: 1, LastGeneration: 2,
			Generations: []state.Generation{{
				Number: 1, ServerName: "theirs", IssuedAt: At("2026-11-23T11:00:00Z"), IssuedBy: "ada@example.com", ExpiresAt: Date(t, "2026-12-21"),
				Roles: []string{"osmo-user"}, Adopted: true,
			}},
			Tombstones: []state.Tombstone{{Generation: 2, Adopted: true, EndedOn: Date(t, "2026-11-23"), Reason: "revoked: in a log"}},
		}},
	}
}

// Snapshot is a state with a role, a living account and a deleted one.
func Snapshot(t testing.TB) *state.Snapshot {
	return &state.Snapshot{
		Meta: state.Meta{
			Lineage: "0f9d6c1e2b3a4d5e", Serial: 7, Digest: state.SumOf([]byte("state")),
			Applied: state.Settings{
				Backend: model.Backend{Kind: model.BackendLocal}, Git: model.Git{Push: "origin"},
				Recipients: map[string][]string{"alice": {AliceKey}, "bob": {BobKey}, "ops": {AliceKey, BobKey}},
			},
		},
		Roles: map[string]*state.Role{"osmo-ml-team": {
			Name: "osmo-ml-team", CreatedAt: At("2026-11-23T11:00:00Z"), CreatedBy: "ada@example.com", Description: "ML team pool access",
			SyncMode: model.SyncImport, ExternalRoles: []string{"ml-group"},
			Policies: []model.Policy{
				{Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/ml-training", "pool/ml-inference"}},
				{Effect: model.Deny, Actions: []string{"workflow:Exec"}, Resources: []string{"pool/ml-inference"}},
			},
		}},
		Accounts: map[string]*state.Account{
			"backend-operator": Operator(t),
			"gone":             {Name: "gone", DeletedOn: Date(t, "2026-11-01"), CreatedAt: At("2026-10-01T00:00:00Z"), CreatedBy: "ada@example.com"},
		},
	}
}

// Must ends the test at an error.
func Must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// Check compares what write writes to Out.
func Check(t *testing.T, want string, write func(v *view.View) error) {
	t.Helper()
	s := New()
	Must(t, write(&s.View))
	if diff := cmp.Diff(want, s.Stdout.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Expiring has every event before, on and after its day.
// Expiring has a date of each kind.
func Expiring(t testing.TB) report.Expiring {
	today := Date(t, "2026-11-23")
	e := report.Expiring{Today: today, Within: 30, Lineage: "0f9d6c1e2b3a4d5e", Serial: 7, Now: At("2026-11-23T12:00:00Z")}
	for _, days := range []model.Days{-12, -1, 0, 1, 30} {
		for _, event := range []plan.Event{plan.EventRotate, plan.EventRevoke, plan.EventExpire} {
			a := model.TokenAddress("backend-operator", "backend-token")
			if event == plan.EventRevoke {
				a = a.At(3)
			}
			e.List = append(e.List, plan.Upcoming{Address: a, Event: event, Date: today.Add(days)})
		}
	}
	e.LastApply = At("2026-11-20T03:00:00Z")
	e.Tokens = []report.TokenDates{
		{Address: model.TokenAddress("backend-operator", "backend-token"), Generation: 4, ExpiresAt: today.Add(90), RotationDue: today.Add(-1), RevocationDue: today.Add(6)},
		{Address: model.TokenAddress("ci", "dated"), Generation: 1, ExpiresAt: today.Add(30)},
		{Address: model.TokenAddress("ci", "former"), Renamed: true, RevocationDue: today},
		{Address: model.TokenAddress("ci", "revoked")},
	}
	return e
}

// Ptr points to a copy of v.
func Ptr[T any](v T) *T { return &v }
