package view_test

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	accessview "github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/calendar"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/states"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// hostilePlan has the text s wherever a plan has text.
func hostilePlan(t testing.TB, s string) *plan.Plan {
	p := viewtest.EmptyPlan(t)
	a := model.TokenAddress(s, s)
	reader, grant := plan.Reader{Name: s, Key: s}, access.Grant{Action: s, Resource: s}
	policy := []model.Policy{{Effect: model.Effect(s), Actions: []string{s}, Resources: []string{s}}}
	p.Digest, p.Base.Commit, p.Targets = s, s, []model.Address{a}
	p.Summary = plan.Summary{Rotate: 1}
	p.Changes = []plan.Change{{
		Address: a, Action: plan.Rotate, Reasons: []string{s}, Before: &plan.Object{}, After: &plan.Object{}, Origin: &diag.Position{File: s, Line: 1},
		Fields: []plan.Field{
			{Path: s, Before: s, After: []string{s}},
			{Path: "labels", Before: map[string]string{s: s}, After: map[string]string{}},
			{Path: "policies", Before: policy, After: nil},
			{Path: "x", After: map[string]string{s: s}},
		},
		Resolved: &plan.Resolved{Generation: 2, Replaces: 1, Roles: []string{s}, ExpiresAt: p.Date.Add(1)},
	}}
	p.Implied = []plan.Implied{{Address: a, Cause: a, Effect: s}}
	p.Access = []plan.Access{{Subject: a, Gained: []access.Grant{grant}, Lost: []access.Grant{grant}}}
	p.Readers = []plan.Readers{{Token: a, Gained: []plan.Reader{reader}, Lost: []plan.Reader{reader}}}
	p.GuardrailChanges = []plan.GuardrailChange{{Path: s, Before: s, After: s}}
	p.Blocked = []plan.Blocked{{Address: &a, Guardrail: s, Detail: s, Flag: s}}
	p.WaitingForIdentity = []plan.Waiting{{Address: a, Gained: []plan.Reader{reader}}}
	p.Risks = []plan.Risk{{Code: s, Severity: plan.Severity(s), Address: &a, Message: s}}
	p.Warnings = []plan.Warning{{Code: s, Address: &a, Message: s}}
	p.Upcoming = []plan.Upcoming{{Address: a, Event: plan.EventExpire, Date: p.Date}}
	return p
}

// attackAll writes every result with the text s wherever it has text.
func attackAll(t *testing.T, v *view.View, s string) {
	t.Helper()
	p := hostilePlan(t, s)
	list := diag.List{{Code: s, Summary: s, Hint: s, Source: s, Width: 3, Pos: diag.Position{File: s, Line: 1, Column: 1}, Related: []diag.Related{{Pos: diag.Position{File: s}, Message: s}}}}
	user := report.User{ID: s, CreatedBy: s, Roles: []report.AssignedRole{{RoleName: s, AssignedBy: s}}, Description: s, Labels: map[string]string{s: s}}
	role := report.Role{Name: s, Description: s, Source: s, ExternalRoles: []string{s}, Policies: []model.Policy{{Effect: model.Effect(s), Actions: []string{s}, Resources: []string{s}}}}
	token := report.Token{
		UserName: s, TokenName: s, Description: s, Roles: []string{s}, PendingRoles: []string{s}, LostRoles: []string{s}, Status: s, Recipients: []string{s}, RenamedTo: s,
		Generations: []report.Generation{{Status: s, ServerName: s, IssuedBy: s, Roles: []string{s}, RemovedRoles: []string{s}, Recipients: []plan.Reader{{Name: s, Key: s}}, Ciphertext: report.OrUnknown(s)}},
		Tombstones:  []report.Tombstone{{Reason: s}},
		Server:      &report.Server{Drift: []plan.Drift{{Address: model.TokenAddress(s, s), Effect: s, By: s, At: s}}},
	}
	roles := report.TokenRoles{UserName: s, TokenName: s, Roles: user.Roles, LostRoles: []string{s}, Generation: 1, Status: s}
	object := report.StateObject{Meta: &report.StateMeta{Serial: 1, Lineage: s, Digest: s}, Roles: []report.Role{role}, Users: report.EachOf([]report.StateUser{{User: user, TokenList: []report.Token{token}}})}
	verdict := report.Verdict{Reason: s, User: s, Token: s, Status: s, Roles: []string{s}, Fingerprint: s, EndedReason: s}
	entry := report.LogEntry{Commit: s, Author: s, Actor: s + "x", Plan: s, Run: s, Summary: s, Changes: []string{s}}
	findings := []report.Finding{{Commit: s, Author: s, Subject: s, Problems: []report.FindingProblem{{Code: s, Message: s}}, Effects: []string{s}, AcceptedBy: s, UndoneBy: s, Hint: s}}
	result := &apply.Result{Commit: s, Issued: []apply.Issued{{Address: model.TokenAddress(s, s), Path: s}}, Ended: []model.Address{model.TokenAddress(s, s)}}
	for _, f := range []view.Format{view.Text, view.JSON} {
		viewtest.Must(t, plans.Show(v, p, f), plans.ShowSaved(v, p, f), plans.ShowApplied(v, p, result, f), accounts.ShowUsers(v, report.UsersOf([]*state.Account{{Name: s, CreatedBy: s}}), f), accounts.ShowUser(v, user, f), accounts.ShowRoles(v, []report.Role{role}, f), accounts.ShowRole(v, role, f),
			tokens.ShowList(v, s, report.EachOf([]report.Token{token}), f), tokens.ShowList(v, s, nil, f), tokens.ShowList(v, "", report.EachOf([]report.Token{token}), f), tokens.Show(v, token, f), tokens.ShowRoles(v, roles, f), states.Show(v, object, f), states.Show(v, report.StateObject{Users: object.Users}, f),
			tokens.ShowVerdict(v, verdict, f), states.ShowLog(v, []report.LogEntry{entry}, f), v.Version(report.Version{Version: s, Commit: s, Date: s, Go: s, Platform: s}, f),
			states.ShowVerification(v, report.Verification{Lineage: s, Serial: 1, Problems: list, Notes: []string{s}, History: &report.History{Findings: findings}}, f), problems.ShowValidation(v, report.Validation{Problems: list}, f))
		problems.ShowError(v, errors.New(s), 1, f)
		problems.ShowError(v, list.Err(), 1, f)
	}
	due := report.Expiring{Today: p.Date, Within: 1, List: p.Upcoming, Lineage: s, Server: token.Server}
	due.Tokens = []report.TokenDates{{Address: model.TokenAddress(s, s), Generation: 1}}
	viewtest.Must(t, calendar.Show(v, due, view.Text), calendar.Show(v, due, view.JSON), calendar.Show(v, due, view.Markdown), calendar.Show(v, due, view.Metrics))
	viewtest.Must(t, plans.Show(v, p, view.Markdown), plans.ShowSaved(v, p, view.Markdown), plans.ShowApplied(v, p, result, view.Markdown), problems.ShowValidation(v, report.Validation{Problems: list}, view.SARIF))
	for _, f := range []view.Format{view.Text, view.JSON, view.SARIF} {
		viewtest.Must(t, accessview.ShowLint(v, lintOf(list), f))
	}
	problems.Show(v, list)
	states.ShowFindings(v, findings)
	v.Note(s)
	v.Warn(s)
}

// attackCalendar is attackAll for the one result whose lines end otherwise.
func attackCalendar(t *testing.T, v *view.View, s string) {
	t.Helper()
	p := hostilePlan(t, s)
	viewtest.Must(t, calendar.Show(v, report.Expiring{Today: p.Date, List: p.Upcoming, Lineage: s}, view.Calendar))
}

// outsideCode returns what a Markdown document says outside of its code spans.
func outsideCode(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '`')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		_, rest, ok := codeSpan(s[i:])
		if !ok {
			return b.String() + s[i:]
		}
		s = rest
	}
	return b.String() + s
}

// foldLine is a line of HTML that our documents have.
var foldLine = regexp.MustCompile(`^(?:</?details>|<summary>(?:The file says: )?[A-Z][a-z ]+ \([0-9,]+\)(?:: [0-9,]+ could read nothing before)?</summary>)$`)

func TestMarkdownIsNeutral(t *testing.T) {
	t.Parallel()
	for _, attack := range []string{
		"@ada", "#1", "<!-- x -->", "</details>", "![x](https://example.com)", "[x](y)", "https://example.com", "`", "``", "```\n# x", "a`b", " `", "|", "\n\n# x", "~~~", "&lt;",
		"\\", "\\`", "<script>", "---", "* x", "ada@example.com", "", " ",
	} {
		s := viewtest.New()
		p := hostilePlan(t, attack)
		due := report.Expiring{Today: p.Date, Within: 1, List: p.Upcoming, Server: &report.Server{Drift: []plan.Drift{{Address: model.TokenAddress(attack, attack), Effect: attack, By: attack}}}}
		viewtest.Must(t, plans.Show(&s.View, p, view.Markdown), plans.ShowSaved(&s.View, p, view.Markdown), calendar.Show(&s.View, due, view.Markdown))
		for _, line := range strings.Split(s.Stdout.String(), "\n") {
			if foldLine.MatchString(line) {
				continue
			}
			said := strings.TrimLeft(outsideCode(line), "#")
			if strings.ContainsAny(said, "@#<>[]!`|\\&~_/\"") {
				t.Errorf("with %q a line says outside of code: %q\n%s", attack, said, line)
			}
		}
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("renders plans of 2,000 changes")
	}
	for _, text := range []string{"", "short", strings.Repeat("`", 400), strings.Repeat("日", 5000)} {
		s := viewtest.New()
		p := viewtest.HugePlan(t, 2_000, text)
		viewtest.Must(t, plans.Show(&s.View, p, view.Markdown))
		if n := utf8.RuneCountInString(s.Stdout.String()); n > 65_536-1_000 {
			t.Errorf("with texts of %d bytes the comment has %d characters", len(text), n)
		}
	}
}

// What a file claims never takes the room of what its digest stands for.
func TestClaimsHideNothing(t *testing.T) {
	t.Parallel()
	p := viewtest.EmptyPlan(t)
	a := model.AccountAddress("last-one")
	p.Changes = []plan.Change{{Address: a, Action: plan.Delete, Before: &plan.Object{}}}
	for n := range 5_000 {
		long := strings.Repeat("x", 250) + strconv.Itoa(n)
		p.Risks = append(p.Risks, plan.Risk{Code: plan.RiskAdministrator, Severity: plan.Critical, Message: long})
		p.Blocked = append(p.Blocked, plan.Blocked{Guardrail: "x", Detail: long, Flag: "--pasted"})
		p.Notices = append(p.Notices, plan.Notice{Code: long, Message: long, Hint: "osmoctl apply --pasted"})
		p.Access = append(p.Access, plan.Access{Subject: a, Gained: []access.Grant{{Action: "*:*", Resource: long}}})
	}
	s := viewtest.New()
	viewtest.Must(t, plans.ShowSaved(&s.View, p, view.Markdown))
	got := s.Stdout.String()
	if !strings.Contains(got, "- **delete** `account/last-one`\n") || !strings.Contains(got, "Digest: `"+p.Digest+"`") {
		t.Errorf("the change or the digest is not seen:\n%.3000s", got)
	}
	if strings.Contains(got, "pasted") || len(got) > view.MarkdownLimit {
		t.Errorf("it proposes flags of the file, or has %d bytes", len(got))
	}
}

// TestWhatIsCutIsCounted adds, in every section, what is shown and what is said
// to be left out.
func TestWhatIsCutIsCounted(t *testing.T) {
	t.Parallel()
	const n = 1234
	for _, f := range []view.Format{view.Text, view.Markdown} {
		s := viewtest.New()
		viewtest.Must(t, plans.Show(&s.View, viewtest.HugePlan(t, n, strings.Repeat("x", 200)), f))
		for _, title := range []string{"Blocked", "Changes", "Access", "Readers", "Warnings"} {
			shown, left := countSection(s.Stdout.String(), title)
			if shown+left != n || shown == 0 || left == 0 {
				t.Errorf("%s: %s shows %d and leaves out %d of %d", f, title, shown, left, n)
			}
		}
	}
}

// countSection counts the items of a section by their marks, and reads how many
// are said to be missing.
func countSection(text, title string) (shown, left int) {
	in := false
	for _, line := range strings.Split(text, "\n") {
		switch head := strings.TrimLeft(line, "# "); {
		case head == title, strings.HasPrefix(line, "<summary>"+title+" ("):
			in = true
		case in && head != "" && (strings.HasPrefix(line, "#") || strings.HasPrefix(line, "<") || !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "-")):
			return shown, left
		case in && strings.Contains(line, "more, which -t json lists"):
			left = number(line)
		case in && (strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   ") && !strings.HasPrefix(line, "  - ")):
			shown++
		}
	}
	return shown, left
}

func number(s string) (n int) {
	for _, r := range s {
		if '0' <= r && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n
}

func TestRiskyChangesAreShownFirst(t *testing.T) {
	t.Parallel()
	p := viewtest.HugePlan(t, 1000, "")
	p.Changes = append(p.Changes, plan.Change{Address: model.AccountAddress("last"), Action: plan.Delete, Before: &plan.Object{}})
	for _, f := range []view.Format{view.Text, view.Markdown} {
		s := viewtest.New()
		viewtest.Must(t, plans.Show(&s.View, p, f))
		deleted, created := strings.Index(s.Stdout.String(), "account/last"), strings.Index(s.Stdout.String(), "newly")
		if deleted < 0 || created >= 0 && created < deleted {
			t.Errorf("%s does not begin with the deletion", f)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	p := viewtest.HugePlan(b, 10_000, "a description")
	for _, f := range []view.Format{view.Text, view.Markdown, view.JSON} {
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				s := viewtest.New()
				if err := plans.Show(&s.View, p, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
