package inquiry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
)

var (
	database = model.Server{Version: "6.4", Mode: model.ModeDatabase}
	chart    = model.Server{Version: "6.4", Mode: model.ModeConfigMap}
	either   = model.Server{Version: "6.4"}
)

// declare makes declarations of lines such as "role r Allow a:B,c:D x,y" and
// "account a r1,r2" and "token a t r1".
func declare(t testing.TB, text string) *model.Declarations {
	t.Helper()
	d := &model.Declarations{Roles: map[string]*model.Role{}, Accounts: map[string]*model.Account{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		switch f := strings.Fields(line); {
		case len(f) == 0:
		case f[0] == "role" && len(f) == 5:
			if d.Roles[f[1]] == nil {
				d.Roles[f[1]] = &model.Role{Name: f[1]}
			}
			d.Roles[f[1]].Policies = append(d.Roles[f[1]].Policies, model.Policy{
				Effect: model.Effect(f[2]), Actions: strings.Split(f[3], ","), Resources: strings.Split(f[4], ","),
				Origin: diag.Position{File: "m.yaml", Line: number, Column: 1},
			})
		case f[0] == "account" && len(f) == 3:
			d.Accounts[f[1]] = &model.Account{Name: f[1], Roles: model.Set(strings.Split(f[2], ",")), Tokens: map[string]*model.Token{}}
		case f[0] == "token" && len(f) == 4:
			d.Accounts[f[1]].Tokens[f[2]] = &model.Token{Account: f[1], Name: f[2], TokenSpec: model.TokenSpec{Roles: strings.Split(f[3], ",")}}
		default:
			t.Fatalf("line %d: %s", number, line)
		}
	}
	return d
}

func at(t testing.TB, text string, server model.Server) *inquiry.Moment {
	t.Helper()
	return inquiry.At(rights.Declared(declare(t, text)), server)
}

const estate = `
role team Allow workflow:*,pool:List pool/a
role team Deny workflow:Exec pool/a
role exec Allow workflow:Exec pool/a
role deny Deny workflow:Exec *
role boss Allow *:* none
role write Allow config:Update config/role
account svc team
token svc t team
account ops exec,deny
token ops narrow exec
account cfg write
`

func ask(t *testing.T, m *inquiry.Moment, subject, question string) inquiry.Answer {
	t.Helper()
	s, err := m.Find(subject)
	if err != nil {
		t.Fatal(err)
	}
	what, on, _ := strings.Cut(question, " ")
	q, err := m.Read(what, on)
	if err != nil {
		t.Fatal(err)
	}
	return m.Can(s, q)
}

func TestCan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server            model.Server
		subject, question string
		allowed           bool
		// by is the role and policy that decide in the first part; "" is none.
		by    string
		parts int
	}{
		{database, "account/svc", "workflow:Create pool/a", true, "team 1", 1},
		{database, "account/svc", "workflow:Exec pool/a", false, "team 2", 1},
		{database, "account/svc", "workflow:Create pool/b", false, "", 1},
		{database, "account/svc", "workflow:Read", true, "team 1", 1},
		{database, "account/svc", "config:Read", false, "", 1},
		{database, "account/ops", "workflow:Exec pool/a", false, "deny 1", 1},
		{database, "ops/narrow", "workflow:Exec pool/a", true, "exec 1", 1},
		{database, "role/boss", "DELETE /api/configs/pool/x", true, "boss 1", 1},
		{database, "everybody", "auth:Token user/root", false, "", 1},
		{chart, "everybody", "auth:Token user/root", true, "osmo-default 1", 1},
		{either, "everybody", "auth:Token user/root", false, "", 2},
		{either, "account/svc", "workflow:Read pool/b", false, "", 2},
		{either, "account/svc", "workflow:Create pool/b", false, "", 1},
		{database, "account/svc", "task:rsync a", true, "team 1", 2},
		{database, "account/svc", "task:tag pool/a", false, "", 1},
	} {
		got := ask(t, at(t, estate, test.server), test.subject, test.question)
		by := ""
		if s := got.Parts[0].By; s != nil {
			by = fmt.Sprintf("%s %d", s.Role, s.Policy)
		}
		if got.Allowed != test.allowed || by != test.by || len(got.Parts) != test.parts {
			t.Errorf("%s %s %v: %v by %q, %d parts", test.subject, test.question, test.server, got.Allowed, by, len(got.Parts))
		}
		for _, part := range got.Parts {
			if part.Change == "" {
				t.Errorf("%s %s: nothing would change it", test.subject, test.question)
			}
		}
	}
}

// What is said to change an answer does change it, where it is a role to be given.
func TestRolesThatWouldDo(t *testing.T) {
	t.Parallel()
	m := at(t, estate, database)
	got := ask(t, m, "account/cfg", "workflow:Exec pool/a")
	if want := "one of the roles exec, osmo-admin, or a policy that allows workflow:Exec on pool/a"; got.Parts[0].Change != want {
		t.Errorf("= %q, want %q", got.Parts[0].Change, want)
	}
	s, _ := m.Holding([]string{"write", "exec"})
	q, _ := m.Read("workflow:Exec", "pool/a")
	if !m.Can(s, q).Allowed {
		t.Error("the role does not do")
	}
}

// Every holder can, and who is left out cannot.
func TestWhoIsExact(t *testing.T) {
	t.Parallel()
	for _, server := range []model.Server{database, chart} {
		m := at(t, estate, server)
		for _, question := range []string{"workflow:Exec pool/a", "workflow:Create pool/a", "config:Update config/role", "auth:Token user/root", "system:Version", "POST /api/auth/user"} {
			what, on, _ := strings.Cut(question, " ")
			q, err := m.Read(what, on)
			if err != nil {
				t.Fatal(err)
			}
			holders := map[string]bool{}
			for _, h := range m.Who(q) {
				holders[h.Subject] = true
			}
			for _, s := range m.Subjects() {
				if can := m.Can(s, q).Allowed; can != (holders[s.Name] || holders[inquiry.Everybody]) {
					t.Errorf("%s %s: can = %v, listed = %v", s.Name, question, can, holders[s.Name])
				}
			}
		}
	}
}

func TestAdministrators(t *testing.T) {
	t.Parallel()
	list := func(server model.Server) (out []string) {
		for _, a := range at(t, estate, server).Administrators() {
			out = append(out, fmt.Sprintf("%s %s %d", a.Subject, a.Weight, len(a.Steps)))
		}
		return out
	}
	want := []string{"role/boss administrator 1", "role/osmo-admin administrator 4", "account/cfg administrator_by_step 1", "role/osmo-user administrator_by_step 1", "role/write administrator_by_step 1"}
	if diff := cmp.Diff(want, list(database)); diff != "" {
		t.Error(diff)
	}
	// In ConfigMap mode everybody makes anybody's token, which is said once.
	want = []string{"role/boss administrator 1", "role/osmo-admin administrator 3", "account/cfg administrator_by_step 1", "role/write administrator_by_step 1", "everybody administrator_by_step 1"}
	if diff := cmp.Diff(want, list(chart)); diff != "" {
		t.Error(diff)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	m := at(t, estate, database)
	s, _ := m.Find("account/svc")
	part := m.Show(s).Parts[0]
	if !slices.IsSortedFunc(part.Granted, func(a, b inquiry.Granted) int { return int(b.Weight) - int(a.Weight) }) {
		t.Error("the heaviest does not stand first")
	}
	if len(part.Refused) != 1 || part.Refused[0].Grant != (access.Grant{Action: "workflow:Exec", Resource: "pool/a"}) || part.Refused[0].By.Policy != 2 {
		t.Errorf("refused: %+v", part.Refused)
	}
	for _, g := range part.Granted {
		if g.By == nil || g.By.Effect != model.Allow {
			t.Errorf("%+v is granted by nothing", g)
		}
	}
	if n := len(at(t, estate, either).Show(s).Parts); n != 2 {
		t.Errorf("%d parts where the modes differ", n)
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	m := at(t, estate, database).Matrix()
	i := slices.IndexFunc(m.Rows, func(r inquiry.MatrixRow) bool { return r.Subject == "account/cfg" })
	if got := m.Rows[i].Services[slices.Index(m.Services, "config")]; got != access.AdministratorByStep {
		t.Errorf("config: %v", got)
	}
	if diff := cmp.Diff([]string{"a", "default"}, m.Pools); diff != "" {
		t.Error(diff)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	wider := strings.Replace(estate, "pool:List pool/a", "pool:List pool/*", 1)
	diff := func(a, b string, server model.Server) (out []string) {
		for _, d := range inquiry.Diff(at(t, a, server), at(t, b, server)) {
			for _, c := range d.Gained {
				out = append(out, fmt.Sprintf("%s + %s %s", strings.Join(d.Subjects, " "), c.Action, c.Resource))
			}
			for _, c := range d.Lost {
				out = append(out, fmt.Sprintf("%s - %s %s", strings.Join(d.Subjects, " "), c.Action, c.Resource))
			}
		}
		return out
	}
	const who = "account/svc role/team token/svc/t"
	if diff := cmp.Diff([]string{who + " + workflow:* pool/* except pool/a"}, diff(estate, wider, database)); diff != "" {
		t.Error(diff)
	}
	if got := diff(wider, wider, either); len(got) > 0 {
		t.Errorf("a moment differs from itself: %q", got)
	}
	// What everybody gains is said of everybody alone.
	open := estate + "role osmo-default Allow app:Read *\n"
	got := diff(estate, open, database)
	if !slices.Contains(got, "everybody + app:Read ") || len(got) != len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !strings.HasPrefix(s, "everybody") })) {
		t.Errorf("= %q", got)
	}
}

// Subjects that share their roles cost nothing more.
func BenchmarkAdministrators(b *testing.B) {
	var text strings.Builder
	text.WriteString(estate)
	for i := range 10_000 {
		fmt.Fprintf(&text, "account svc-%d team,write\n", i)
	}
	book := rights.Declared(declare(b, text.String()))
	b.ReportAllocs()
	for b.Loop() {
		inquiry.At(book, database).Administrators()
	}
}
