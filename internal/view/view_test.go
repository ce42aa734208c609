package view_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The texts below are what OSMO's own CLI prints.

func TestUsersLookAsInOSMO(t *testing.T) {
	t.Parallel()
	list := report.UsersOf([]*state.Account{
		{Name: "svc-ci@example.com", CreatedAt: viewtest.At("2026-11-23T11:00:00.150503Z"), CreatedBy: "admin"},
		{Name: "backend-operator", CreatedAt: viewtest.At("2026-11-23T10:59:24.606573Z"), CreatedBy: "admin"},
	})
	viewtest.Check(t, `Total users: 2

User ID              Created At
===============================
svc-ci@example.com   2026-11-23
backend-operator     2026-11-23

`, func(v *view.View) error { return accounts.ShowUsers(v, list, view.Text) })
	viewtest.Check(t, `{
  "total_results": 2,
  "start_index": 1,
  "items_per_page": 2,
  "users": [
    {
      "id": "svc-ci@example.com",
      "created_at": "2026-11-23T11:00:00.150503Z",
      "created_by": "admin"
    },
    {
      "id": "backend-operator",
      "created_at": "2026-11-23T10:59:24.606573Z",
      "created_by": "admin"
    }
  ]
}
`, func(v *view.View) error { return accounts.ShowUsers(v, list, view.JSON) })
	viewtest.Check(t, "No users found\n", func(v *view.View) error { return accounts.ShowUsers(v, report.UsersOf(nil), view.Text) })
}

func TestUserLooksAsInOSMO(t *testing.T) {
	t.Parallel()
	u := report.User{ID: "svc-ci@example.com", CreatedAt: viewtest.At("2026-11-23T11:00:00.150503Z"), CreatedBy: "admin"}
	viewtest.Check(t, `User ID: svc-ci@example.com
Created At: 2026-11-23
Created By: admin

Roles: None
`, func(v *view.View) error { return accounts.ShowUser(v, u, view.Text) })
	u.Roles = []report.AssignedRole{{RoleName: "osmo-backend", AssignedBy: "admin", AssignedAt: u.CreatedAt}, {RoleName: "osmo-user", AssignedBy: "admin", AssignedAt: u.CreatedAt}}
	viewtest.Check(t, `User ID: svc-ci@example.com
Created At: 2026-11-23
Created By: admin

Roles:
  - osmo-backend (assigned by admin on 2026-11-23)
  - osmo-user (assigned by admin on 2026-11-23)
`, func(v *view.View) error { return accounts.ShowUser(v, u, view.Text) })
}

func TestTokensLookAsInOSMO(t *testing.T) {
	t.Parallel()
	expires := report.Midnight(viewtest.Date(t, "2027-01-01"))
	list := []report.Token{
		{UserName: "svc-ci@example.com", TokenName: "ci-inherit", ExpiresAt: expires, Status: "active", Roles: []string{"osmo-backend", "osmo-user"}},
		{UserName: "svc-ci@example.com", TokenName: "ci-token", Description: "CI", ExpiresAt: expires, Status: "active", Roles: []string{"osmo-user"}},
	}
	viewtest.Check(t, "Tokens for user: svc-ci@example.com\n\n"+
		"Name         Description   Active   Expires At (UTC)   Roles                  \n"+
		"==============================================================================\n"+
		"ci-inherit                 Active   2027-01-01         osmo-backend, osmo-user\n"+
		"ci-token     CI            Active   2027-01-01         osmo-user              \n\n",
		func(v *view.View) error {
			return tokens.ShowList(v, "svc-ci@example.com", report.EachOf(list), view.Text)
		})
	list[1].Roles = nil
	list[0].Roles = list[0].Roles[:1]
	viewtest.Check(t, "Tokens for user: svc-ci@example.com\n\n"+
		"Name         Description   Active   Expires At (UTC)   Roles       \n"+
		"===================================================================\n"+
		"ci-inherit                 Active   2027-01-01         osmo-backend\n"+
		"ci-token     CI            Active   2027-01-01         -           \n\n",
		func(v *view.View) error {
			return tokens.ShowList(v, "svc-ci@example.com", report.EachOf(list), view.Text)
		})
	viewtest.Check(t, "No tokens found for user svc-monitoring\n", func(v *view.View) error { return tokens.ShowList(v, "svc-monitoring", nil, view.Text) })
	viewtest.Check(t, "[]\n", func(v *view.View) error { return tokens.ShowList(v, "svc-monitoring", nil, view.JSON) })
}

// TestJSONBeginsAsOSMOs requires OSMO's keys first and in OSMO's order.
func TestJSONBeginsAsOSMOs(t *testing.T) {
	t.Parallel()
	token := report.TokenOf(viewtest.Operator(t), "backend-token", viewtest.Date(t, "2026-11-23"), viewtest.KeyNames)
	role, _ := report.BuiltinRoleOf("osmo-user", model.Server{Mode: model.ModeDatabase})
	for _, c := range []struct {
		document any
		keys     []string
	}{
		{report.UserOf(viewtest.Operator(t)), []string{"id", "created_at", "created_by", "roles"}},
		{token, []string{"user_name", "token_name", "expires_at", "description", "roles"}},
		{role, []string{"name", "description", "policies", "immutable", "sync_mode", "external_roles"}},
	} {
		b, err := json.Marshal(c.document)
		if err != nil {
			t.Fatal(err)
		}
		if got := keys(t, b)[:len(c.keys)]; !cmp.Equal(c.keys, got) {
			t.Errorf("keys %v, want %v", got, c.keys)
		}
		if strings.Contains(string(b), `"expires_at":"2027-02-21"`) {
			t.Errorf("expires_at is not of OSMO's form in %s", b)
		}
	}
}

// keys lists the keys of a JSON object in their order.
func keys(t *testing.T, object []byte) (out []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	for depth := 0; ; {
		isKey := depth == 1
		token, err := d.Token()
		if err != nil {
			return out
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
			continue
		}
		if name, ok := token.(string); ok && isKey {
			out = append(out, name)
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBestGeneration(t *testing.T) {
	t.Parallel()
	today := viewtest.Date(t, "2026-11-23")
	live := func(number int, expires, revoke model.Date) state.Generation {
		return state.Generation{Number: number, ExpiresAt: expires, RevokeAfter: revoke}
	}
	for name, c := range map[string]struct {
		generations []state.Generation
		number      int
		status      string
	}{
		"none":                    {nil, 0, report.StatusEnded},
		"active beside retiring":  {[]state.Generation{live(1, today+9, today+3), live(2, today+9, 0)}, 2, "active"},
		"newest retiring":         {[]state.Generation{live(1, today+9, today+3), live(2, today+9, today+3)}, 2, "retiring"},
		"retiring before expired": {[]state.Generation{live(1, today+9, today+3), live(2, today, 0)}, 1, "retiring"},
		"newest expired":          {[]state.Generation{live(1, today, today), live(2, today, 0)}, 2, "expired"},
	} {
		got := report.TokenOf(owning(&state.Token{Generations: c.generations}), "t", today, viewtest.KeyNames)
		if got.Generation != c.number || got.Status != c.status {
			t.Errorf("%s: generation %d is %s, want %d and %s", name, got.Generation, got.Status, c.number, c.status)
		}
	}
}

// owning is an account with one token t.
func owning(t *state.Token, roles ...string) *state.Account {
	a := &state.Account{Name: "a", Tokens: map[string]*state.Token{"t": t}}
	for _, r := range roles {
		a.Grants = append(a.Grants, state.Grant{Role: r})
	}
	return a
}

func TestStatusOfDeletedToken(t *testing.T) {
	t.Parallel()
	got := report.TokenOf(owning(&state.Token{DeletedOn: viewtest.Date(t, "2026-11-23")}), "t", viewtest.Date(t, "2026-11-24"), viewtest.KeyNames)
	if got.Status != report.StatusDeleted {
		t.Errorf("status %s, want %s", got.Status, report.StatusDeleted)
	}
}

// A token says which roles its account has and it has not, and how that came.
func TestRolesOfAToken(t *testing.T) {
	t.Parallel()
	today := viewtest.Date(t, "2026-11-23")
	rotates := model.TokenSpec{Inherit: true, Expiry: model.Expiry{In: 90}, Rotate: model.Rotation{Every: 60, Overlap: 7}}
	fixed, narrow := rotates, rotates
	fixed.Expiry, fixed.Rotate = model.Expiry{At: today + 90}, model.Rotation{}
	narrow.Inherit, narrow.Roles = false, []string{"r1"}
	g := state.Generation{Number: 1, IssuedAt: today.Time(), ExpiresAt: today + 90, Roles: []string{"r1", "r2"}}
	lost := g
	lost.RemovedRoles = []string{"r2"}
	for name, c := range map[string]struct {
		spec        model.TokenSpec
		generations []state.Generation
		roles       []string
		want        string
	}{
		"as issued":          {rotates, []state.Generation{g}, []string{"r1", "r2"}, "Roles: r1, r2 (inherited from the account when issued)\n"},
		"a role was added":   {rotates, []state.Generation{g}, []string{"r1", "r2", "r3"}, "Roles: r1, r2 (inherited from the account when issued)\nPending Roles: r3 (with its next generation, due 2027-01-22)\n"},
		"no date brings it":  {fixed, []state.Generation{g}, []string{"r1", "r2", "r3"}, "Roles: r1, r2 (inherited from the account when issued)\nPending Roles: r3 (with its next generation, which no date brings)\n"},
		"one left":           {rotates, []state.Generation{lost}, []string{"r1"}, "Roles: r1 (inherited from the account when issued)\nLost Roles: r2 (left the account since; this value never gets them back)\n"},
		"and came back":      {rotates, []state.Generation{lost}, []string{"r1", "r2"}, "Roles: r1 (inherited from the account when issued)\nPending Roles: r2 (with its next generation, due 2027-01-22)\nLost Roles: r2 (left the account since; this value never gets them back)\n"},
		"it has its own":     {narrow, []state.Generation{g}, []string{"r1", "r2", "r3"}, "Roles: r1, r2\n"},
		"no value is active": {rotates, nil, []string{"r1"}, "Roles: None (inherited from the account when issued)\nPending Roles: r1 (with its next generation, which no date brings)\n"},
	} {
		s := viewtest.New()
		viewtest.Must(t, tokens.Show(&s.View, report.TokenOf(owning(&state.Token{Spec: c.spec, Generations: c.generations}, c.roles...), "t", today, viewtest.KeyNames), view.Text))
		_, after, _ := strings.Cut(s.Stdout.String(), "Roles: ")
		if got := "Roles: " + after; !strings.HasPrefix(got, c.want) || strings.HasPrefix(strings.TrimPrefix(got, c.want), "Pending") || strings.HasPrefix(strings.TrimPrefix(got, c.want), "Lost") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// TestNextRotationAgreesWithPlan holds the date shown against the planner, which
// has the rule: on that date it rotates, and on the day before it does not.
func TestNextRotationAgreesWithPlan(t *testing.T) {
	t.Parallel()
	issued := viewtest.Date(t, "2026-11-23")
	for _, every := range []model.Days{0, 1, 60, 88} {
		for _, overlap := range []model.Days{0, 1, 7} {
			for _, expiry := range []model.Expiry{{In: 90}, {In: 2}, {At: issued + 50}, {At: issued + 300}} {
				rotate := model.Rotation{Every: every, Overlap: overlap}
				next := plan.NextRotation(appliedOnce(issued, expiry, rotate), issued)
				if on := plannedRotation(t, issued, expiry, rotate); next != on {
					t.Errorf("every %s, overlap %s, %+v: shown %s, planned %s", every, overlap, expiry, next, on)
				}
			}
		}
	}
}

func appliedOnce(issued model.Date, expiry model.Expiry, rotate model.Rotation) *state.Token {
	return &state.Token{
		Spec: model.TokenSpec{Expiry: expiry, Rotate: rotate}, Honoured: 1, LastGeneration: 1,
		Generations: []state.Generation{{Number: 1, IssuedAt: issued.Time(), ExpiresAt: expiry.On(issued)}},
	}
}

// plannedRotation is the first day on which a plan rotates the token, or none.
func plannedRotation(t *testing.T, issued model.Date, expiry model.Expiry, rotate model.Rotation) model.Date {
	t.Helper()
	token := &model.Token{Account: "a", Name: "t", TokenSpec: model.TokenSpec{Expiry: expiry, Rotate: rotate, Roles: []string{}}}
	want := &model.Declarations{Accounts: map[string]*model.Account{"a": {Name: "a", Tokens: map[string]*model.Token{"t": token}}}}
	have := &state.Snapshot{Meta: state.Meta{Serial: 1}, Accounts: map[string]*state.Account{
		"a": {Name: "a", Tokens: map[string]*state.Token{"t": appliedOnce(issued, expiry, rotate)}},
	}}
	for day := issued; day <= issued+301; day++ {
		p, faults := plan.Build(want, have, plan.Options{Today: day})
		if faults.HasErrors() {
			t.Fatal(faults)
		}
		if p.Summary.Rotate > 0 {
			return day
		}
	}
	return 0
}

func TestStateOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, a := range []model.Address{
		model.RoleAddress("x"), model.AccountAddress("x"), model.TokenAddress("x", "y"),
		model.TokenAddress("backend-operator", "x"), model.TokenAddress("backend-operator", "backend-token").At(9),
	} {
		if _, err := report.StateOf(viewtest.Snapshot(t), a, 1); err == nil || !strings.Contains(err.Error(), a.String()) {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestStateOfOneGeneration(t *testing.T) {
	t.Parallel()
	token := model.TokenAddress("backend-operator", "backend-token")
	for number, want := range map[int][2]int{0: {2, 1}, 1: {0, 1}, 3: {1, 0}} {
		o, err := report.StateOf(viewtest.Snapshot(t), token.At(number), viewtest.Date(t, "2026-11-23"))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int{len(o.Tokens[0].Generations), len(o.Tokens[0].Tombstones)}; got != want {
			t.Errorf("@%d: %v generations and tombstones, want %v", number, got, want)
		}
	}
}

func TestDiagnosticOfALongLine(t *testing.T) {
	t.Parallel()
	d := diag.Diagnostic{Summary: "bad", Pos: diag.Position{File: "f", Line: 7, Column: 1001}, Width: 3, Source: strings.Repeat("é", 1000) + "日本語" + strings.Repeat("z", 1000)}
	s := viewtest.New()
	problems.Show(&s.View, diag.List{d})
	lines := strings.Split(s.Stderr.String(), "\n")
	if len([]rune(lines[1])) > 200 || !strings.Contains(lines[1], "…") {
		t.Errorf("the line is not cut: %d characters", len([]rune(lines[1])))
	}
	under := view.DisplayWidth(lines[1][:strings.Index(lines[1], "日")])
	if at := strings.Index(lines[2], "^"); at != under || strings.Count(lines[2], "^") != 6 {
		t.Errorf("carets at %d, the problem at %d:\n%s", at, under, s.Stderr.String())
	}
}

// FuzzDiagnostics shows problems at any place of any line.
func FuzzDiagnostics(f *testing.F) {
	f.Add("roles: [x]", 1, 3, 4)
	f.Add("", 0, 0, 0)
	f.Add("\t\xff\u202e日", 1, 99, -5)
	f.Add(strings.Repeat("ab", 300), 2, 400, 900)
	f.Fuzz(func(t *testing.T, source string, line, column, width int) {
		s := viewtest.New()
		problems.Show(&s.View, diag.List{{Summary: source, Source: source, Pos: diag.Position{File: source, Line: line, Column: column}, Width: width}})
		for line := range strings.SplitSeq(s.Stderr.String(), "\n") {
			checkVisible(t, "Diagnostics", source, line)
		}
	})
}

func TestColourOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	s.Color = true
	problems.Show(&s.View, faults)
	viewtest.Must(t, plans.Show(&s.View, viewtest.FullPlan(t), view.Text))
	if strings.Contains(s.Stderr.String(), "\x1b") || !strings.Contains(s.Stdout.String(), "\x1b[") {
		t.Errorf("colour on Out %t and on Err %t, want the first alone", strings.Contains(s.Stdout.String(), "\x1b["), strings.Contains(s.Stderr.String(), "\x1b"))
	}
}

func TestMarkdownAndJSONAreNeverColoured(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	s.Color = true
	viewtest.Must(t, plans.Show(&s.View, viewtest.FullPlan(t), view.Markdown), plans.Show(&s.View, viewtest.FullPlan(t), view.JSON), plans.ShowApplied(&s.View, viewtest.FullPlan(t), applied(t), view.Markdown))
	if strings.Contains(s.Stdout.String(), "\x1b") {
		t.Error("an escape sequence in Markdown or JSON")
	}
}

// TestPlanJSONIsThePlans requires the plan's own bytes, so that what is shown and
// what is saved are one document.
func TestPlanJSONIsThePlans(t *testing.T) {
	t.Parallel()
	p := viewtest.FullPlan(t)
	want, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	viewtest.Check(t, string(want), func(v *view.View) error { return plans.Show(v, p, view.JSON) })
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestWriteErrorsAreReturned(t *testing.T) {
	t.Parallel()
	for name, write := range outputs(t) {
		if strings.HasPrefix(name, "error") || name == "diagnostics" {
			continue
		}
		if err := write(&view.View{Out: brokenPipe{}, Err: brokenPipe{}}); !errors.Is(err, errPipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoteAndWarn(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	s.Note("::error::x\ny")
	s.Warn("careful\u202e")
	if want := ":\\u{3A}error::x\\ny\nwarning: careful\\u{202E}\n"; s.Stderr.String() != want {
		t.Errorf("got %q, want %q", s.Stderr.String(), want)
	}
}

func TestErrorOfNothing(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	problems.ShowError(&s.View, nil, 0, view.JSON)
	problems.Show(&s.View, nil)
	if s.Stderr.Len()+s.Stdout.Len() > 0 {
		t.Errorf("got %q", s.Stderr.String())
	}
}
