package view_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/calendar"
	"github.com/osmoctl/osmoctl/internal/view/leaks"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/readers"
	"github.com/osmoctl/osmoctl/internal/view/states"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/lint"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// lintOf is a lint that found some problems, and suppressed them as well.
func lintOf(list diag.List) report.Lint {
	r := report.Lint{Roles: 2, Accounts: 1, Findings: list, Root: "infra", Server: model.Server{Version: "6.4", Mode: model.ModeConfigMap}}
	for _, d := range list {
		r.Suppressed = append(r.Suppressed, lint.Suppressed{Diagnostic: d, By: model.Suppression{Code: d.Code, Reason: "meant, see " + d.Summary, Pos: d.Pos}})
	}
	return r
}

// problems has one of each kind of problem.
var faults = diag.List{
	{
		Code: "unknown_key", Summary: `unknown key "rols"`, Hint: `did you mean "roles"?`, Pos: diag.Position{File: "manifests/ci.yaml", Line: 12, Column: 5},
		Source: "    rols: [deployer]", Width: 4,
	},
	{
		Severity: diag.Warning, Code: "duplicate_name", Summary: `account "ci" is declared twice`, Pos: diag.Position{File: "manifests/b, c.yaml", Line: 3, Column: 1},
		Related: []diag.Related{{Pos: diag.Position{File: "manifests/a.yaml", Line: 2}, Message: "first declared here"}},
	},
	{Code: "missing_project", Summary: "the directory has no osmoctl.yaml", Hint: "run osmoctl init"},
}

func applied(t *testing.T) *apply.Result {
	return &apply.Result{
		Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Serial: 8,
		Issued: []apply.Issued{{
			Address: model.TokenAddress("ci", "deploy").At(1), Path: "state/accounts/2f/ci/deploy.1.age",
			ExpiresAt: viewtest.Date(t, "2027-02-21"), Value: state.SumOf([]byte("v")),
		}},
	}
}

var history = []report.LogEntry{
	{
		Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", When: viewtest.At("2026-11-23T12:00:00Z"), Author: "osmoctl <ci@example.com>", Actor: "ada@example.com",
		Serial: 8, Plan: viewtest.Digest, Run: "12345", Summary: "osmoctl: 1 create (serial 8)", Changes: []string{"create account/ci"}, ByOsmoctl: true,
	},
	{
		Commit: "9f825dc642cb6eb9a060e54bf8d69288fbee4904", When: viewtest.At("2026-11-23T11:00:00Z"), Author: "ada", Actor: "ada", Serial: 7, Plan: viewtest.Digest, Run: "12344",
		Summary: "osmoctl: 1 revoke (serial 7)", Changes: []string{"revoke token/ci/deploy@2"}, Reason: "in the log of build 17", ByOsmoctl: true,
	},
	{Commit: "1a", When: viewtest.At("2026-11-22T12:00:00Z"), Author: "mallory", Summary: "fix state"},
}

var findings = []report.Finding{
	{
		Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Author: "mallory", When: viewtest.At("2026-11-22T12:00:00Z"), Subject: "fix state",
		Problems: []report.FindingProblem{
			{Code: "state_foreign_commit", Message: "it changes state/ and was not made by osmoctl"},
			{Code: "state_value_revived", Message: "the value sha256:01234567 is live again as token/ci/deploy@1, and was ended as token/ci/deploy@1"},
		},
		Effects: []string{"account/ci gains osmo-admin", "token/ci/deploy@2 is no longer live"}, Hint: "git show 4b825dc642cb shows it",
	},
	{
		Commit: "1a825dc642cb6eb9a060e54bf8d69288fbee4904", Author: "ada", When: viewtest.At("2026-11-21T12:00:00Z"), Subject: "merge",
		Problems: []report.FindingProblem{{Code: "state_foreign_commit", Message: "it changes state/ and was not made by osmoctl"}}, AcceptedBy: "2b825dc642cb6eb9a060e54bf8d69288fbee4904",
	},
	{
		Commit: "3c825dc642cb6eb9a060e54bf8d69288fbee4904", Author: "ada", When: viewtest.At("2026-11-20T12:00:00Z"), Subject: "oops",
		Problems: []report.FindingProblem{{Code: "state_rollback", Message: "the serial fell from 3 to 2: an older state is back"}}, UndoneBy: "5d825dc642cb6eb9a060e54bf8d69288fbee4904",
		Effects: slices.Repeat([]string{"account/ci gains osmo-user"}, 23),
	},
}

type hinted struct{ error }

func (hinted) Hint() string { return "osmoctl plan shows what changed" }

// outputs are all results in all their forms.
func outputs(t *testing.T) map[string]func(v *view.View) error {
	today := viewtest.Date(t, "2026-11-23")
	user, role := report.UserOf(viewtest.Operator(t)), report.RoleOf(viewtest.Snapshot(t).Roles["osmo-ml-team"])
	token := report.TokenOf(viewtest.Operator(t), "backend-token", today, viewtest.KeyNames)
	adopted := viewtest.Adopted(t)
	theirs := report.TokenOf(adopted, "theirs", today, nil)
	at := model.TokenAddress("ci", "theirs").At(1)
	whoReadsTheirs := report.WhoOf(&state.Snapshot{Accounts: map[string]*state.Account{"ci": adopted}}, nil, at.Token(), []model.Address{at}, nil, today)
	everything, err := report.StateOf(viewtest.Snapshot(t), model.Address{}, today)
	if err != nil {
		t.Fatal(err)
	}
	account, err := report.StateOf(viewtest.Snapshot(t), model.AccountAddress("backend-operator"), today)
	if err != nil {
		t.Fatal(err)
	}
	blocked, quiet := viewtest.FullPlan(t), viewtest.EmptyPlan(t)
	free := viewtest.FullPlan(t)
	free.Blocked = nil
	verdict := report.Verdict{Valid: true, Reason: "active", User: "ci", Token: "deploy", Generation: 2, Status: "active", ExpiresAt: today.Add(90), Roles: []string{"osmo-user"}, Fingerprint: "sha256:01234567"}
	ended := report.Verdict{Reason: "revoked", User: "ci", Token: "deploy", Generation: 1, Status: "ended", Fingerprint: "sha256:89abcdef", EndedOn: today, EndedReason: "no longer declared"}
	validation := report.Validation{Files: 3, Roles: 2, Accounts: 4, Tokens: 5, Problems: faults, Root: "infra", Server: model.Server{Version: "6.4", Mode: model.ModeConfigMap}}
	linted := lintOf(faults)
	sound := report.Verification{Lineage: "0f9d", Serial: 7, Roles: 1, Accounts: 2, Tokens: 3, Generations: 4, Ciphertexts: 4, Notes: []string{"history was not walked"}}
	broken, walked, doubtful := sound, sound, sound
	broken.Problems = faults
	walked.History, walked.Notes = &report.History{Commits: 12, Complete: true, Findings: findings[1:]}, nil
	doubtful.History, doubtful.Notes = &report.History{Commits: 12, Findings: findings}, nil

	found, none := scanned(t), report.Scan{Files: 3, Bytes: 1200, Versions: 5}

	text := func(f func(*view.View, view.Format) error) func(*view.View) error {
		return func(v *view.View) error { return f(v, view.Text) }
	}
	in := func(format view.Format, f func(*view.View, view.Format) error) func(*view.View) error {
		return func(v *view.View) error { return f(v, format) }
	}
	resealing, resealed := resealPlan(t), &apply.Result{Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Serial: 8}
	resealed.Resealed = []model.Address{resealing.Changes[0].Address, resealing.Changes[1].Address}
	resealed.Left = []model.Address{resealing.Changes[2].Address}
	out := map[string]func(v *view.View) error{
		"plan.color": func(v *view.View) error { v.Color = true; return plans.Show(v, blocked, view.Text) },
		"plan.free":  text(func(v *view.View, f view.Format) error { return plans.Show(v, free, f) }),
		"plan.as-of": func(v *view.View) error {
			p := viewtest.FullPlan(t)
			p.AsOf, p.Blocked, p.Targets, p.Changes = true, nil, []model.Address{model.AccountAddress("ci")}, nil
			return plans.Show(v, p, view.Text)
		},
		"diagnostics":    func(v *view.View) error { problems.Show(v, faults); return nil },
		"error.findings": func(v *view.View) error { states.ShowFindings(v, findings); return nil },
		"error.text": func(v *view.View) error {
			problems.ShowError(v, fmt.Errorf("apply: %w", hinted{errors.New("the remote says:\nno way")}), 4, view.Text)
			return nil
		},
		"error.json": func(v *view.View) error {
			problems.ShowError(v, hinted{errors.New("plan is stale")}, 4, view.JSON)
			return nil
		},
		"error.list": func(v *view.View) error { problems.ShowError(v, faults.Err(), 1, view.Text); return nil },
		"error.list.json": func(v *view.View) error {
			problems.ShowError(v, fmt.Errorf("read: %w", faults.Err()), 1, view.JSON)
			return nil
		},
		"validation.github": in(view.GitHub, func(v *view.View, f view.Format) error { return problems.ShowValidation(v, validation, f) }),
		"scan.sarif":        in(view.SARIF, func(v *view.View, f view.Format) error { return leaks.Show(v, found, f) }),
		"lint.text":         in(view.Text, func(v *view.View, f view.Format) error { return access.ShowLint(v, linted, f) }),
		"lint.json":         in(view.JSON, func(v *view.View, f view.Format) error { return access.ShowLint(v, linted, f) }),
		"lint.github":       in(view.GitHub, func(v *view.View, f view.Format) error { return access.ShowLint(v, linted, f) }),
		"lint.sarif":        in(view.SARIF, func(v *view.View, f view.Format) error { return access.ShowLint(v, linted, f) }),
		"validation.sarif":  in(view.SARIF, func(v *view.View, f view.Format) error { return problems.ShowValidation(v, validation, f) }),
	}
	both := map[string]func(*view.View, view.Format) error{
		"plan":      func(v *view.View, f view.Format) error { return plans.Show(v, blocked, f) },
		"saved":     func(v *view.View, f view.Format) error { return plans.ShowSaved(v, blocked, f) },
		"plan.none": func(v *view.View, f view.Format) error { return plans.Show(v, quiet, f) },
		"applied":   func(v *view.View, f view.Format) error { return plans.ShowApplied(v, free, applied(t), f) },
		"applied.none": func(v *view.View, f view.Format) error {
			return plans.ShowApplied(v, quiet, &apply.Result{Serial: 7}, f)
		},
		"reseal":   func(v *view.View, f view.Format) error { return plans.Show(v, resealing, f) },
		"resealed": func(v *view.View, f view.Format) error { return plans.ShowResealed(v, resealing, resealed, f) },
		"resealed.none": func(v *view.View, f view.Format) error {
			none := viewtest.EmptyPlan(t)
			none.Resealing = true
			return plans.ShowResealed(v, none, &apply.Result{Serial: 7}, f)
		},
		"who":      func(v *view.View, f view.Format) error { return readers.ShowWho(v, whoReads(t), f) },
		"exposure": func(v *view.View, f view.Format) error { return readers.ShowExposure(v, exposed(t), f) },
		"exposure.none": func(v *view.View, f view.Format) error {
			return readers.ShowExposure(v, report.Exposure{Query: "eve", Complete: true, Commits: 12, Ended: 3, Expired: 1, Keys: []report.ExposedKey{{Key: viewtest.BobKey}}}, f)
		},
		"users": func(v *view.View, f view.Format) error {
			return accounts.ShowUsers(v, report.UsersOf([]*state.Account{viewtest.Operator(t)}), f)
		},
		"user":  func(v *view.View, f view.Format) error { return accounts.ShowUser(v, user, f) },
		"roles": func(v *view.View, f view.Format) error { return accounts.ShowRoles(v, []report.Role{role}, f) },
		"role":  func(v *view.View, f view.Format) error { return accounts.ShowRole(v, role, f) },
		"tokens": func(v *view.View, f view.Format) error {
			return tokens.ShowList(v, "", report.EachOf([]report.Token{token}), f)
		},
		"token": func(v *view.View, f view.Format) error { return tokens.Show(v, token, f) },
		"token.roles": func(v *view.View, f view.Format) error {
			return tokens.ShowRoles(v, report.TokenRolesOf(viewtest.Operator(t), "backend-token", 2, today), f)
		},
		"tokens.adopted": func(v *view.View, f view.Format) error {
			return tokens.ShowList(v, "ci", report.EachOf([]report.Token{theirs}), f)
		},
		"token.adopted": func(v *view.View, f view.Format) error { return tokens.Show(v, theirs, f) },
		"who.adopted":   func(v *view.View, f view.Format) error { return readers.ShowWho(v, whoReadsTheirs, f) },
		"verdict":       func(v *view.View, f view.Format) error { return tokens.ShowVerdict(v, verdict, f) },
		"verdict.no":    func(v *view.View, f view.Format) error { return tokens.ShowVerdict(v, ended, f) },
		"scan":          func(v *view.View, f view.Format) error { return leaks.Show(v, found, f) },
		"scan.none":     func(v *view.View, f view.Format) error { return leaks.Show(v, none, f) },
		"state":         func(v *view.View, f view.Format) error { return states.Show(v, everything, f) },
		"state.user":    func(v *view.View, f view.Format) error { return states.Show(v, account, f) },
		"validation":    func(v *view.View, f view.Format) error { return problems.ShowValidation(v, validation, f) },
		"verification":  func(v *view.View, f view.Format) error { return states.ShowVerification(v, sound, f) },
		"verify.walk":   func(v *view.View, f view.Format) error { return states.ShowVerification(v, walked, f) },
		"verify.found":  func(v *view.View, f view.Format) error { return states.ShowVerification(v, doubtful, f) },
		"verify.no":     func(v *view.View, f view.Format) error { return states.ShowVerification(v, broken, f) },
		"log":           func(v *view.View, f view.Format) error { return states.ShowLog(v, history, f) },
		"expiring":      func(v *view.View, f view.Format) error { return calendar.Show(v, viewtest.Expiring(t), f) },
		"expiring.no": func(v *view.View, f view.Format) error {
			return calendar.Show(v, report.Expiring{Today: today, Within: 30, Now: viewtest.At("2026-11-23T12:00:00Z")}, f)
		},
		"expiring.server": func(v *view.View, f view.Format) error {
			return calendar.Show(v, report.Expiring{Today: today, Within: 30, Server: &report.Server{Drift: []plan.Drift{}}}, f)
		},
		"token.server": func(v *view.View, f view.Format) error {
			token := token
			token.Server = &report.Server{Drift: []plan.Drift{
				{Address: model.TokenAddress("ci", "deploy").At(2), Effect: "has lost role osmo-user on the server", By: "mallory", At: "2026-03-01T12:00:00Z"},
				{Address: model.TokenAddress("ci", "deploy-g3"), Effect: "expired on 2026-03-01 and takes its name on the server until somebody deletes it there", Left: true},
			}}
			return tokens.Show(v, token, f)
		},
		"version": func(v *view.View, f view.Format) error {
			return v.Version(report.Version{Version: "v1.0.0", Commit: "4b825dc6", Date: "2026-03-01T12:00:00Z", Go: "go1.26.0", Platform: "linux/amd64"}, f)
		},
		"version.edited": func(v *view.View, f view.Format) error {
			return v.Version(report.Version{Version: "v1.0.0+dirty", Commit: "4b825dc6", Date: "2026-03-01T12:00:00Z", Modified: true, Go: "go1.26.0", Platform: "linux/amd64"}, f)
		},
	}
	for name, f := range both {
		out[name+".text"], out[name+".json"] = in(view.Text, f), in(view.JSON, f)
	}
	for _, name := range []string{"plan", "plan.none", "saved", "applied", "applied.none", "expiring", "expiring.no", "expiring.server"} {
		out[name+".markdown"] = in(view.Markdown, both[name])
	}
	for name, width := range map[string]int{"plan": 60, "who": 60, "state": 60, "token": 60, "roles": 60, "tokens": 40, "validation": 60, "verification": 60} {
		out[name+".narrow"] = func(v *view.View) error {
			v.Width, v.ErrWidth = width, width
			return both[name](v, view.Text)
		}
	}
	for _, name := range []string{"expiring", "expiring.no"} {
		out[name+".icalendar"], out[name+".prometheus"] = in(view.Calendar, both[name]), in(view.Metrics, both[name])
	}
	return out
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, write := range outputs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := viewtest.New()
			if err := write(&s.View); err != nil {
				t.Fatal(err)
			}
			golden(t, name, append(s.Stdout.Bytes(), s.Stderr.Bytes()...))
		})
	}
}

// goInternals matches what Go prints of values that nobody meant to print.
var goInternals = regexp.MustCompile(`%!|<nil>|0x[0-9a-f]{8}|map\[|&\{|\b(plan|model|state|diag|access|view)\.[A-Z]|\[\]string|\{[A-Z][a-z]+:`)

func TestNoGoInOutput(t *testing.T) {
	t.Parallel()
	for name, write := range outputs(t) {
		s := viewtest.New()
		if err := write(&s.View); err != nil {
			t.Fatal(err)
		}
		if found := goInternals.Find(append(s.Stdout.Bytes(), s.Stderr.Bytes()...)); found != nil {
			t.Errorf("%s shows %q", name, found)
		}
	}
}

func TestFormatsThatAResultLacks(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	err := accounts.ShowUsers(&s.View, report.Users{}, view.SARIF)
	var format view.ErrFormat
	if !errors.As(err, &format) || format.Format != view.SARIF || s.Stdout.Len() > 0 {
		t.Errorf("got %v and %q", err, s.Stdout.String())
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/NAME.golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./internal/view -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), run go test ./internal/view -update if it is meant:\n%s", path, diff)
	}
}
