package view_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/leaks"
	"github.com/osmoctl/osmoctl/internal/view/sarif"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
)

// scanned has a find of every status and kind of place.
func scanned(t *testing.T) report.Scan {
	day := viewtest.Date(t, "2026-11-23")
	id := "3c825dc642cb6eb9a060e54bf8d69288fbee4904"
	of := func(status string) report.Verdict {
		return report.Verdict{User: "ci", Token: "deploy", Generation: 2, Status: status, ExpiresAt: day.Add(90), RevokeAfter: day.Add(3), Roles: []string{"osmo-user"}, Fingerprint: "sha256:01234567"}
	}
	ended := of("ended")
	ended.EndedOn, ended.EndedReason = day, "no longer declared"
	stranger := report.Verdict{Fingerprint: "sha256:89abcdef"}
	return report.Scan{
		Compared: id, Files: 7, Bytes: 3_141_592, Versions: 42,
		Finds: []report.ScanFind{
			{Path: "logs/app.log", Line: 12, Column: 3, Offset: 400, Status: "active", Verdict: of("active")},
			{Path: "a.tar.gz!in/a b.log", Line: 1, Column: 1, Encodings: []string{"base64", "utf-16"}, Status: "retiring", Verdict: of("retiring")},
			{Path: "logs/[token].log", Status: "expired", Verdict: of("expired")},
			{Path: "ci.env", Commit: id, Line: 2, Column: 7, Offset: 20, Status: "ended", Verdict: ended},
			{Commit: id, Line: 3, Column: 1, Offset: 9, Status: report.ScanUnknown, Verdict: stranger},
			{Path: "x\u202ey", Line: 1, Column: 1, Status: report.ScanUnchecked, Verdict: stranger},
		},
		Left:  []report.ScanLeft{{Path: "b.gz", Reason: "it is damaged"}},
		Notes: []string{"2 links were not followed"},
	}
}

// What SARIF 2.1.0 demands of a log: the standard's own names, levels and rules
// that are defined, lines from 1, and places that are relative references.
func TestScanSARIF(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	if err := leaks.Show(&s.View, scanned(t), view.SARIF); err != nil {
		t.Fatal(err)
	}
	var log sarif.Log
	decoder := json.NewDecoder(bytes.NewReader(s.Stdout.Bytes()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || len(run.Results) != 6 || len(run.Invocations) != 1 || run.Invocations[0].Successful {
		t.Errorf("got %+v", log)
	}
	for _, r := range run.Results {
		if !slices.Contains([]string{"none", "note", "warning", "error"}, r.Level) || r.Message.Text == "" {
			t.Errorf("level %q, message %q", r.Level, r.Message.Text)
		}
		if !slices.Contains(run.Tool.Driver.Rules, sarif.Rule{ID: r.RuleID}) {
			t.Errorf("the rule %q is not defined", r.RuleID)
		}
		for _, l := range r.Locations {
			if l.Physical.Artifact.URI == "" || strings.ContainsAny(l.Physical.Artifact.URI, " \u202e") {
				t.Errorf("the place is %q", l.Physical.Artifact.URI)
			}
			if g := l.Physical.Region; g != nil && (g.StartLine < 1 || g.StartColumn < 1) {
				t.Errorf("the region is %+v", g)
			}
		}
	}
}
