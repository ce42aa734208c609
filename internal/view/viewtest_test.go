package view

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// screen is a view that writes into memory.
type screen struct {
	View
	out, err bytes.Buffer
}

func newScreen() *screen {
	s := &screen{}
	s.Out, s.Err = &s.out, &s.err
	return s
}

func date(t testing.TB, s string) model.Date {
	t.Helper()
	d, err := model.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func at(s string) time.Time {
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return v
}

const (
	aliceKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	bobKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBobBobBobBobBobBobBobBobBobBobBobBobBobBob"
)

var keyNames = map[string]string{aliceKey: "alice", bobKey: "bob"}

// operator is an account with one token in its third generation: the first ended,
// the second retires.
func operator(t testing.TB) *state.Account {
	return &state.Account{
		Name: "backend-operator", CreatedAt: at("2026-11-23T11:00:00.150503Z"), CreatedBy: "ada@example.com",
		Description: "Backend operator of the production cluster", Labels: map[string]string{"team": "platform", "env": "prod"}, Protect: true,
		Grants: []state.Grant{
			{Role: "osmo-backend", AssignedAt: at("2026-11-23T11:00:00.150503Z"), AssignedBy: "ada@example.com"},
			{Role: "osmo-user", AssignedAt: at("2026-11-24T09:00:00Z"), AssignedBy: "bob@example.com"},
		},
		Tokens: map[string]*state.Token{
			"backend-token": operatorToken(t),
			"old":           {DeletedOn: date(t, "2026-11-20"), LastGeneration: 1, Tombstones: []state.Tombstone{{Generation: 1, EndedOn: date(t, "2026-11-20"), Reason: "no longer declared"}}},
		},
	}
}

func operatorToken(t testing.TB) *state.Token {
	return &state.Token{
		Spec: state.Spec{
			Description: "Backend Operator Token", Roles: []string{"osmo-backend"}, Expiry: model.Expiry{In: 90},
			Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"ops", "recovery"},
		},
		Honoured: 1, LastGeneration: 3,
		Generations: []state.Generation{
			{
				Number: 2, ServerName: "backend-token-g2", IssuedAt: at("2026-09-22T08:00:00Z"), IssuedBy: "ada@example.com", ExpiresAt: date(t, "2026-12-21"),
				Roles: []string{"osmo-backend", "osmo-user"}, RemovedRoles: []string{"osmo-user"}, Recipients: []string{aliceKey}, FormerRecipients: []string{bobKey},
				Value: state.SumOf([]byte("2")), Ciphertext: state.SumOf([]byte("c2")), RevokeAfter: date(t, "2026-11-30"),
			},
			{
				Number: 3, ServerName: "backend-token-g3", IssuedAt: at("2026-11-23T11:00:00Z"), IssuedBy: "ci", ExpiresAt: date(t, "2027-02-21"),
				Roles: []string{"osmo-backend"}, Recipients: []string{aliceKey, bobKey},
				Value: state.SumOf([]byte("3")), Ciphertext: state.SumOf([]byte("c3")),
			},
		},
		Tombstones: []state.Tombstone{{Generation: 1, Value: state.SumOf([]byte("1")), EndedOn: date(t, "2026-09-29"), Reason: "its overlap ended on 2026-09-29"}},
	}
}

func snapshot(t testing.TB) *state.Snapshot {
	return &state.Snapshot{
		Meta: state.Meta{
			Lineage: "0f9d6c1e2b3a4d5e", Serial: 7, Digest: state.SumOf([]byte("state")),
			Applied: state.Settings{
				Backend: model.Backend{Kind: model.BackendLocal}, Git: model.Git{Push: "origin"},
				Recipients: map[string][]string{"alice": {aliceKey}, "bob": {bobKey}, "ops": {aliceKey, bobKey}},
			},
		},
		Roles: map[string]*state.Role{"osmo-ml-team": {
			Name: "osmo-ml-team", CreatedAt: at("2026-11-23T11:00:00Z"), CreatedBy: "ada@example.com", Description: "ML team pool access",
			SyncMode: model.SyncImport, ExternalRoles: []string{"ml-group"},
			Policies: []model.Policy{
				{Effect: model.Allow, Actions: []string{"workflow:*", "pool:List"}, Resources: []string{"pool/ml-training", "pool/ml-inference"}},
				{Effect: model.Deny, Actions: []string{"workflow:Exec"}, Resources: []string{"pool/ml-inference"}},
			},
		}},
		Accounts: map[string]*state.Account{
			"backend-operator": operator(t),
			"gone":             {Name: "gone", DeletedOn: date(t, "2026-11-01"), CreatedAt: at("2026-10-01T00:00:00Z"), CreatedBy: "ada@example.com"},
		},
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, want string, write func(v *View) error) {
	t.Helper()
	s := newScreen()
	must(t, write(&s.View))
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// expiring has every event before, on and after its day.
func expiring(t testing.TB) report.Expiring {
	today := date(t, "2026-11-23")
	e := report.Expiring{Today: today, Within: 30, Lineage: "0f9d6c1e2b3a4d5e", Serial: 7, Now: at("2026-11-23T12:00:00Z")}
	for _, days := range []model.Days{-12, -1, 0, 1, 30} {
		for _, event := range []plan.Event{plan.EventRotate, plan.EventRevoke, plan.EventExpire} {
			a := model.TokenAddress("backend-operator", "backend-token")
			if event == plan.EventRevoke {
				a = a.At(3)
			}
			e.List = append(e.List, plan.Upcoming{Address: a, Event: event, Date: today.Add(days)})
		}
	}
	return e
}

func ptr[T any](v T) *T { return &v }
