package view

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
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// problems has one of each kind of problem.
var problems = diag.List{
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
			ExpiresAt: date(t, "2027-02-21"), Value: state.SumOf([]byte("v")),
		}},
	}
}

var history = []report.LogEntry{
	{
		Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", When: at("2026-11-23T12:00:00Z"), Author: "osmoctl <ci@example.com>", Actor: "ada@example.com",
		Serial: 8, Plan: digest, Run: "12345", Summary: "osmoctl: 1 create (serial 8)", Changes: []string{"create account/ci"}, ByOsmoctl: true,
	},
	{
		Commit: "9f825dc642cb6eb9a060e54bf8d69288fbee4904", When: at("2026-11-23T11:00:00Z"), Author: "ada", Actor: "ada", Serial: 7, Plan: digest, Run: "12344",
		Summary: "osmoctl: 1 revoke (serial 7)", Changes: []string{"revoke token/ci/deploy@2"}, Reason: "in the log of build 17", ByOsmoctl: true,
	},
	{Commit: "1a", When: at("2026-11-22T12:00:00Z"), Author: "mallory", Summary: "fix state"},
}

var findings = []report.Finding{
	{
		Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Author: "mallory", When: at("2026-11-22T12:00:00Z"), Subject: "fix state",
		Problems: []report.FindingProblem{
			{Code: "state_foreign_commit", Message: "it changes state/ and was not made by osmoctl"},
			{Code: "state_value_revived", Message: "the value sha256:01234567 is live again as token/ci/deploy@1, and was ended as token/ci/deploy@1"},
		},
		Effects: []string{"account/ci gains osmo-admin", "token/ci/deploy@2 is no longer live"}, Hint: "git show 4b825dc642cb shows it",
	},
	{
		Commit: "1a825dc642cb6eb9a060e54bf8d69288fbee4904", Author: "ada", When: at("2026-11-21T12:00:00Z"), Subject: "merge",
		Problems: []report.FindingProblem{{Code: "state_foreign_commit", Message: "it changes state/ and was not made by osmoctl"}}, AcceptedBy: "2b825dc642cb6eb9a060e54bf8d69288fbee4904",
	},
	{
		Commit: "3c825dc642cb6eb9a060e54bf8d69288fbee4904", Author: "ada", When: at("2026-11-20T12:00:00Z"), Subject: "oops",
		Problems: []report.FindingProblem{{Code: "state_rollback", Message: "the serial fell from 3 to 2: an older state is back"}}, UndoneBy: "5d825dc642cb6eb9a060e54bf8d69288fbee4904",
		Effects: slices.Repeat([]string{"account/ci gains osmo-user"}, 23),
	},
}

type hinted struct{ error }

func (hinted) Hint() string { return "osmoctl plan shows what changed" }

// outputs are all results in all their forms.
func outputs(t *testing.T) map[string]func(v *View) error {
	today := date(t, "2026-11-23")
	user, role := report.UserOf(operator(t)), report.RoleOf(snapshot(t).Roles["osmo-ml-team"])
	token := report.TokenOf(operator(t), "backend-token", today, keyNames)
	everything, err := report.StateOf(snapshot(t), model.Address{}, today)
	if err != nil {
		t.Fatal(err)
	}
	account, err := report.StateOf(snapshot(t), model.AccountAddress("backend-operator"), today)
	if err != nil {
		t.Fatal(err)
	}
	blocked, quiet := fullPlan(t), emptyPlan(t)
	free := fullPlan(t)
	free.Blocked = nil
	verdict := report.Verdict{Valid: true, Reason: "active", User: "ci", Token: "deploy", Generation: 2, Status: "active", ExpiresAt: today.Add(90), Roles: []string{"osmo-user"}, Fingerprint: "sha256:01234567"}
	ended := report.Verdict{Reason: "revoked", User: "ci", Token: "deploy", Generation: 1, Status: "ended", Fingerprint: "sha256:89abcdef", EndedOn: today, EndedReason: "no longer declared"}
	validation := report.Validation{Files: 3, Roles: 2, Accounts: 4, Tokens: 5, Problems: problems, Root: "infra"}
	sound := report.Verification{Lineage: "0f9d", Serial: 7, Roles: 1, Accounts: 2, Tokens: 3, Generations: 4, Ciphertexts: 4, Notes: []string{"history was not walked"}}
	broken, walked, doubtful := sound, sound, sound
	broken.Problems = problems
	walked.History, walked.Notes = &report.History{Commits: 12, Complete: true, Findings: findings[1:]}, nil
	doubtful.History, doubtful.Notes = &report.History{Commits: 12, Findings: findings}, nil

	leaks, none := scanned(t), report.Scan{Files: 3, Bytes: 1200, Versions: 5}

	text := func(f func(*View, Format) error) func(*View) error { return func(v *View) error { return f(v, Text) } }
	in := func(format Format, f func(*View, Format) error) func(*View) error {
		return func(v *View) error { return f(v, format) }
	}
	resealing, resealed := resealPlan(t), &apply.Result{Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Serial: 8}
	resealed.Resealed = []model.Address{resealing.Changes[0].Address, resealing.Changes[1].Address}
	resealed.Left = []model.Address{resealing.Changes[2].Address}
	out := map[string]func(v *View) error{
		"plan.color": func(v *View) error { v.Color = true; return v.Plan(blocked, Text) },
		"plan.free":  text(func(v *View, f Format) error { return v.Plan(free, f) }),
		"plan.as-of": func(v *View) error {
			p := fullPlan(t)
			p.AsOf, p.Blocked, p.Targets, p.Changes = true, nil, []model.Address{model.AccountAddress("ci")}, nil
			return v.Plan(p, Text)
		},
		"diagnostics":    func(v *View) error { v.Diagnostics(problems); return nil },
		"error.findings": func(v *View) error { v.Findings(findings); return nil },
		"error.text": func(v *View) error {
			v.Error(fmt.Errorf("apply: %w", hinted{errors.New("the remote says:\nno way")}), 4, Text)
			return nil
		},
		"error.json":        func(v *View) error { v.Error(hinted{errors.New("plan is stale")}, 4, JSON); return nil },
		"error.list":        func(v *View) error { v.Error(problems.Err(), 1, Text); return nil },
		"error.list.json":   func(v *View) error { v.Error(fmt.Errorf("read: %w", problems.Err()), 1, JSON); return nil },
		"validation.github": in(GitHub, func(v *View, f Format) error { return v.Validation(validation, f) }),
		"scan.sarif":        in(SARIF, func(v *View, f Format) error { return v.Scan(leaks, f) }),
		"validation.sarif":  in(SARIF, func(v *View, f Format) error { return v.Validation(validation, f) }),
	}
	both := map[string]func(*View, Format) error{
		"plan":         func(v *View, f Format) error { return v.Plan(blocked, f) },
		"plan.none":    func(v *View, f Format) error { return v.Plan(quiet, f) },
		"applied":      func(v *View, f Format) error { return v.Applied(free, applied(t), f) },
		"applied.none": func(v *View, f Format) error { return v.Applied(quiet, &apply.Result{Serial: 7}, f) },
		"reseal":       func(v *View, f Format) error { return v.Plan(resealing, f) },
		"resealed":     func(v *View, f Format) error { return v.Resealed(resealing, resealed, f) },
		"resealed.none": func(v *View, f Format) error {
			none := emptyPlan(t)
			none.Resealing = true
			return v.Resealed(none, &apply.Result{Serial: 7}, f)
		},
		"who":      func(v *View, f Format) error { return v.Who(whoReads(t), f) },
		"exposure": func(v *View, f Format) error { return v.Exposure(exposed(t), f) },
		"exposure.none": func(v *View, f Format) error {
			return v.Exposure(report.Exposure{Query: "eve", Complete: true, Commits: 12, Ended: 3, Expired: 1, Keys: []report.ExposedKey{{Key: bobKey}}}, f)
		},
		"users":        func(v *View, f Format) error { return v.Users([]report.User{user}, f) },
		"user":         func(v *View, f Format) error { return v.User(user, f) },
		"roles":        func(v *View, f Format) error { return v.Roles([]report.Role{role}, f) },
		"role":         func(v *View, f Format) error { return v.Role(role, f) },
		"tokens":       func(v *View, f Format) error { return v.Tokens("", []report.Token{token}, f) },
		"token":        func(v *View, f Format) error { return v.Token(token, f) },
		"verdict":      func(v *View, f Format) error { return v.Verdict(verdict, f) },
		"verdict.no":   func(v *View, f Format) error { return v.Verdict(ended, f) },
		"scan":         func(v *View, f Format) error { return v.Scan(leaks, f) },
		"scan.none":    func(v *View, f Format) error { return v.Scan(none, f) },
		"state":        func(v *View, f Format) error { return v.StateObject(everything, f) },
		"state.user":   func(v *View, f Format) error { return v.StateObject(account, f) },
		"validation":   func(v *View, f Format) error { return v.Validation(validation, f) },
		"verification": func(v *View, f Format) error { return v.Verification(sound, f) },
		"verify.walk":  func(v *View, f Format) error { return v.Verification(walked, f) },
		"verify.found": func(v *View, f Format) error { return v.Verification(doubtful, f) },
		"verify.no":    func(v *View, f Format) error { return v.Verification(broken, f) },
		"log":          func(v *View, f Format) error { return v.Log(history, f) },
		"expiring":     func(v *View, f Format) error { return v.Expiring(expiring(t), f) },
		"expiring.no": func(v *View, f Format) error {
			return v.Expiring(report.Expiring{Today: today, Within: 30, Now: at("2026-11-23T12:00:00Z")}, f)
		},
		"version": func(v *View, f Format) error {
			return v.Version(report.Version{Version: "v1.0.0", Commit: "4b825dc6", Go: "go1.26.0", Platform: "linux/amd64"}, f)
		},
	}
	for name, f := range both {
		out[name+".text"], out[name+".json"] = in(Text, f), in(JSON, f)
	}
	for _, name := range []string{"plan", "plan.none", "applied", "applied.none"} {
		out[name+".markdown"] = in(Markdown, both[name])
	}
	for _, name := range []string{"expiring", "expiring.no"} {
		out[name+".icalendar"] = in(Calendar, both[name])
	}
	return out
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, write := range outputs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScreen()
			if err := write(&s.View); err != nil {
				t.Fatal(err)
			}
			golden(t, name, append(s.out.Bytes(), s.err.Bytes()...))
		})
	}
}

// goInternals matches what Go prints of values that nobody meant to print.
var goInternals = regexp.MustCompile(`%!|<nil>|0x[0-9a-f]{8}|map\[|&\{|\b(plan|model|state|diag|access|view)\.[A-Z]|\[\]string|\{[A-Z][a-z]+:`)

func TestNoGoInOutput(t *testing.T) {
	t.Parallel()
	for name, write := range outputs(t) {
		s := newScreen()
		if err := write(&s.View); err != nil {
			t.Fatal(err)
		}
		if found := goInternals.Find(append(s.out.Bytes(), s.err.Bytes()...)); found != nil {
			t.Errorf("%s shows %q", name, found)
		}
	}
}

func TestFormatsThatAResultLacks(t *testing.T) {
	t.Parallel()
	s := newScreen()
	err := s.Users(nil, SARIF)
	var format ErrFormat
	if !errors.As(err, &format) || format.Format != SARIF || s.out.Len() > 0 {
		t.Errorf("got %v and %q", err, s.out.String())
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
