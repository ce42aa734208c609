package state

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func day(tb testing.TB, s string) model.Date {
	tb.Helper()
	d, err := model.ParseDate(s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func ptr[T any](v T) *T { return &v }

// everything has each field of every kind of state set somewhere, and unset
// somewhere else. The golden files are what it encodes to.
func everything(tb testing.TB) *Edit {
	tb.Helper()
	at := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	e := (&Snapshot{}).Edit()
	e.SetLineage("0123456789abcdef")
	e.SetSettings(Settings{
		Backend: model.Backend{Kind: model.BackendLocal},
		Git:     model.Git{Push: "origin", Branch: "main", StateBranch: "state"},
		Guardrails: model.Guardrails{
			MaxTokenLifetime: 365, RequireTokenRoles: ptr(true), AccountName: "svc-.*", MinRecipients: 2,
			RequiredRecipients: []string{"recovery"}, MaxNewReaders: ptr(0),
			MaxDeletes: &model.Limit{Count: ptr(5), Percent: ptr(20)}, MaxRotations: &model.Limit{},
		},
		Recipients: map[string][]string{"ops": {"age1alice", "age1bob"}, "recovery": {"age1carol"}, "nobody": {}},
	})
	e.SetRole(&Role{
		Name: "team", CreatedAt: at, CreatedBy: "ada", Description: "a \"quoted\" \\ text\twith\u2028everything, ünïcode & <html>",
		SyncMode: model.SyncForce, ExternalRoles: []string{"idp"},
		Policies: []model.Policy{
			{Effect: model.Allow, Actions: []string{"pool:List", "workflow:*"}, Resources: []string{"pool/a", "*"}},
			{Effect: model.Deny, Actions: []string{"*:*"}},
			{Effect: model.Allow, Actions: []string{}, Resources: []string{}},
		},
	})
	e.SetRole(&Role{Name: "bare"})
	e.SetRole(&Role{Name: "cleared", ExternalRoles: []string{}, SyncMode: model.SyncImport})
	accounts(tb, e, at)
	return e
}

func accounts(tb testing.TB, e *Edit, at time.Time) {
	a := e.Account("svc@example.org")
	a.CreatedAt, a.CreatedBy, a.Description, a.Protect = at, "ada", "an account", true
	a.Labels = map[string]string{"team": "platform", "a/b": ""}
	a.Grants = []Grant{{Role: "bare", AssignedAt: at, AssignedBy: "ada"}, {Role: "team", AssignedAt: at.Add(time.Hour), AssignedBy: "bob"}}

	t := model.TokenAddress("svc@example.org", "deploy")
	e.Issue(t, generation(tb, 1, "deploy"), []byte("sealed 1"))
	e.Issue(t, generation(tb, 2, "deploy-g2"), []byte("sealed 2"))
	e.Issue(t, generation(tb, 4, "deploy-g4"), []byte("sealed 4"))
	e.End(t.At(1), day(tb, "2026-05-01"), "its overlap ended")
	token := e.Token("svc@example.org", "deploy")
	token.Honoured = 3
	token.Generations[0].RevokeAfter = day(tb, "2026-06-01")
	token.Generations[0].RemovedRoles = []string{"team"}
	e.Reseal(t.At(4), []byte("sealed 4"), []string{"age1alice", "age1carol"})
	token.Spec = model.TokenSpec{
		Description: "a token", Roles: []string{"bare", "team"}, Expiry: model.Expiry{In: 90},
		Rotate: model.Rotation{Every: 60, Overlap: 7}, Recipients: []string{"ops", "recovery"},
	}

	old := model.TokenAddress("svc@example.org", "old")
	e.Issue(old, generation(tb, 1, "old"), []byte("sealed old"))
	o := e.Token("svc@example.org", "old")
	o.RenamedTo, o.Honoured, o.Generations[0].RevokeAfter = "deploy", 1, day(tb, "2026-06-01")
	o.Spec = model.TokenSpec{Inherit: true, Expiry: model.Expiry{At: day(tb, "2027-01-01")}}

	gone := model.TokenAddress("svc@example.org", "gone")
	e.Issue(gone, generation(tb, 1, "gone"), []byte("sealed gone"))
	e.DeleteToken(gone, day(tb, "2026-05-02"), "no longer declared")

	e.Account("empty")
	dead := e.Account("dead")
	dead.CreatedAt, dead.CreatedBy = at, "ada"
	e.Issue(model.TokenAddress("dead", "t"), generation(tb, 1, "t"), []byte("sealed dead"))
	e.DeleteAccount("dead", day(tb, "2026-05-03"), "no longer declared")
}

func generation(tb testing.TB, number int, name string) Generation {
	return Generation{
		Number: number, ServerName: name, IssuedAt: time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC), IssuedBy: "ada",
		ExpiresAt: day(tb, "2026-06-30"), Description: "as issued", Roles: []string{"bare", "team"},
		Recipients: []string{"age1alice", "age1bob"}, Value: SumOf([]byte(name)),
	}
}

// filesOf lists changes as the files that they leave.
func filesOf(changes []Change) (files []File) {
	for _, c := range changes {
		if !c.Delete {
			files = append(files, File{Path: c.Path, Mode: RegularMode, Data: c.Data})
		}
	}
	return files
}

// equal compares snapshots, the sums that no caller sees included. What is
// empty and what is nil are one in a file.
func equal(a, b *Snapshot) string {
	return cmp.Diff(a, b, cmp.AllowUnexported(Snapshot{}), cmpopts.EquateEmpty())
}

func TestDecodeReadsWhatFinishWrites(t *testing.T) {
	t.Parallel()
	next, changes := everything(t).Finish()
	got, problems := Decode(filesOf(changes))
	if problems != nil {
		t.Fatal(problems)
	}
	if d := equal(next, got); d != "" {
		t.Error(d)
	}
	// nil and empty differ in these, and both survive.
	if got.Roles["bare"].ExternalRoles != nil || got.Roles["cleared"].ExternalRoles == nil {
		t.Error("external roles left alone and cleared are confused")
	}
	svc := got.Accounts["svc@example.org"]
	if !svc.Tokens["old"].Spec.Inherit || svc.Tokens["deploy"].Spec.Inherit {
		t.Error("inherited and listed roles are confused")
	}
}

func TestDecodeOfNothing(t *testing.T) {
	t.Parallel()
	s, problems := Decode(nil)
	if problems != nil || s.Exists() {
		t.Errorf("%v, %v", s, problems)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	g := Generation{ExpiresAt: 100}
	for _, c := range []struct {
		on     model.Date
		revoke model.Date
		want   Status
	}{{99, 0, Active}, {100, 0, Expired}, {101, 0, Expired}, {99, 100, Retiring}, {100, 100, Expired}} {
		g.RevokeAfter = c.revoke
		if got := g.Status(c.on); got != c.want {
			t.Errorf("on %d, revoked after %d: %s, want %s", c.on, c.revoke, got, c.want)
		}
	}
}

func TestCurrentRoles(t *testing.T) {
	t.Parallel()
	g := Generation{Roles: []string{"a", "b", "c"}, RemovedRoles: []string{"b"}}
	if d := cmp.Diff([]string{"a", "c"}, g.CurrentRoles()); d != "" {
		t.Error(d)
	}
}

func TestValuesKnowsTheDead(t *testing.T) {
	t.Parallel()
	next, _ := everything(t).Finish()
	values := next.Values()
	for _, name := range []string{"deploy", "deploy-g2", "deploy-g4", "old", "gone", "t"} {
		if !values[SumOf([]byte(name))] {
			t.Errorf("the value of %s is forgotten", name)
		}
	}
	if len(values) != 6 {
		t.Errorf("%d values, want 6", len(values))
	}
}

// Nothing of a missing object is live.
func TestNilIsNotLive(t *testing.T) {
	t.Parallel()
	if (*Account)(nil).Live() || (*Token)(nil).Live() {
		t.Error("what is not there lives")
	}
}

// TestSharedKeyNames prefers the name that stands for one key alone.
func TestSharedKeyNames(t *testing.T) {
	t.Parallel()
	settings := Settings{Recipients: map[string][]string{"all": {"k1", "k2", "k3"}, "bob": {"k2"}, "zoe": {"k1"}}}
	names := settings.KeyNames()
	for id, want := range map[string]string{"k1": "zoe", "k2": "bob", "k3": "all", "k4": ""} {
		if got := names[id]; got != want {
			t.Errorf("%s is named %q, want %q", id, got, want)
		}
	}
}
