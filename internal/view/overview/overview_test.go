package overview

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func pageOf(t *testing.T, o report.Overview) string {
	t.Helper()
	s := viewtest.New()
	viewtest.Must(t, Show(&s.View, o, view.HTML))
	return s.Stdout.String()
}

// element is what one element of the page holds.
func element(t *testing.T, text, open, end string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, open)
	inner, _, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("the page has no %s", open)
	}
	return inner
}

// skeleton is the page without its script, style and data.
func skeleton(text string) string {
	for _, part := range []string{`<style>`, `<script type="application/json" id="data">`, `<script>`} {
		before, rest, _ := strings.Cut(text, part)
		_, after, _ := strings.Cut(rest, "</"+part[1:min(len(part)-1, strings.IndexAny(part, " >"))])
		text = before + after
	}
	return text
}

func TestPolicyLetsThePagesOwnBe(t *testing.T) {
	t.Parallel()
	text := pageOf(t, viewtest.Fleet(t, 20))
	policy := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(element(t, text, `http-equiv="Content-Security-Policy" content="`, `"`))
	for rule, own := range map[string]string{"script-src": element(t, text, "<script>", "</script>"), "style-src": element(t, text, "<style>", "</style>")} {
		if !strings.Contains(policy, rule+" '"+sumOf(own)+"'") {
			t.Errorf("%q has not the sum of what the page has", policy)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.ContainsAny(policy, "*:") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}

// loading finds what makes a browser load or run something.
var loading = regexp.MustCompile(`(?i)\s(?:src|srcset|style|on[a-z]+|action|data|poster)\s*=|<(?:img|iframe|object|embed|link|base|form|audio|video|script)\b|javascript:|https?:`)

func TestPageLoadsNothing(t *testing.T) {
	t.Parallel()
	text := skeleton(pageOf(t, viewtest.Fleet(t, 20)))
	if found := loading.FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	if used := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(|XMLHttp|WebSocket|import\(`).FindString(scriptText); used != "" {
		t.Errorf("the script uses %s", used)
	}
	if used := regexp.MustCompile(`url\((?:[^#]|$)|@import`).FindString(styleText); used != "" {
		t.Errorf("the style uses %s", used)
	}
}

func TestSameInputsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	first, second := pageOf(t, viewtest.Fleet(t, 200)), pageOf(t, viewtest.Fleet(t, 200))
	if first != second {
		t.Error("two pages of one project differ")
	}
}

// hostile has a text wherever an overview has text.
func hostile(s string) report.Overview {
	address := model.TokenAddress(s, s)
	return report.Overview{
		AsOf:      report.AsOf{Date: 20_000, Project: s, Commit: s, Serial: 1, Lineage: s, Declarations: s + "x"},
		Attention: []report.Attention{{Grade: report.GradeAct, Kind: s, Code: s, Subject: s, Message: s, Hint: s}},
		Tokens: []report.Lifeline{{
			Address: address, UserName: s, TokenName: s, Description: s, Status: s, Roles: []string{s}, RenamedTo: s,
			Generations: []report.LifeSpan{{Status: s, IssuedBy: s, Roles: []string{s}, Keys: []string{s}}},
			Ended:       []report.LifeEnd{{Reason: s}},
		}},
		Access: report.AccessGroups{Services: []string{s}, Pools: []string{s}, Groups: []report.AccessGroup{{
			Roles: []string{s}, Subjects: []string{s}, Steps: []inquiry.Step{{Does: s, By: &inquiry.Statement{Role: s, Action: s, Resource: s}}},
		}}},
		Keys:    []report.KeyReach{{Key: s, Name: s}},
		Changes: []report.LogEntry{{Commit: s, Author: s, Summary: s, Reason: s, Changes: []string{s}}},
		Notes:   []string{s},
	}
}

func TestForeignTextStaysText(t *testing.T) {
	t.Parallel()
	plain := pageOf(t, hostile("plain"))
	for _, s := range []string{
		"</script><script>alert(1)</script>", "<!--<script>", "]]>", `"><img src=x onerror=alert(1)>`, "</style>", "'\"`&lt;", "{{.}}", "${x}", "\u2028", "\u202e", "\x1b[31m", "\x00", "\xff",
		"::error ::x", "##[error]x",
	} {
		text := pageOf(t, hostile(s))
		if got, want := shape(text), shape(plain); got != want {
			t.Errorf("with %q the page has the tags\n%s\nand not\n%s", s, got, want)
		}
		if strings.ContainsAny(text, "\u2028\u202e\x1b\x00") || strings.Contains(text, "##[") {
			t.Errorf("%q comes through", s)
		}
		var d data
		if err := json.Unmarshal([]byte(element(t, text, `id="data">`, "</script>")), &d); err != nil {
			t.Fatalf("with %q: %v", s, err)
		}
		if got, want := d.Attention[0].Message, view.EscapeTerminal(s); got != want || d.Tokens[0].Account != want || d.Changes[0].Changes[0] != want {
			t.Errorf("of %q the page has %q", s, got)
		}
	}
}

// shape is the tags of a page, in their order.
func shape(text string) string {
	return strings.Join(regexp.MustCompile(`<[!/]?[a-z]+`).FindAllString(text, -1), "")
}

// What is shaped like a secret is on no page, wherever it stood; nor is what state has of
// values.
func TestPageHoldsNoSecret(t *testing.T) {
	t.Parallel()
	const token = "osmo_0123456789abcdefghijklmnopqrstuvABCDEF"
	for _, f := range []view.Format{view.HTML, view.JSON} {
		s := viewtest.New()
		viewtest.Must(t, Show(&s.View, hostile("see "+token+"."), f))
		if bytes.Contains(s.Stdout.Bytes(), []byte(token[:16])) {
			t.Errorf("the token is in the %s", f)
		}
		facts := viewtest.FleetFacts(t, 30)
		s = viewtest.New()
		viewtest.Must(t, Show(&s.View, report.OverviewOf(facts), f))
		for _, a := range facts.State.Accounts {
			for _, g := range a.Tokens["deploy"].Generations {
				for _, sum := range []state.Sum{g.Value, g.Ciphertext} {
					if bytes.Contains(s.Stdout.Bytes(), []byte(sum.String()[:12])) {
						t.Errorf("the sum of a value is in the %s", f)
					}
				}
			}
		}
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	until := viewtest.Date(t, "2026-12-23")
	for _, c := range []struct {
		s    report.Summary
		want string
	}{
		{report.Summary{AccessKnown: true, Grade: report.GradeNone, Until: until}, "Nothing is overdue, and nothing is due by 23 December 2026. No account is an administrator."},
		{report.Summary{AccessKnown: true, Grade: report.GradeKnow, Due: 2, Until: until}, "Nothing is overdue. 2 things are due by 23 December 2026. No account is an administrator."},
		{report.Summary{AccessKnown: true, Grade: report.GradeAct, Overdue: 1, Administrators: 2, ByStep: 1, Findings: 3}, "1 thing is overdue. 2 accounts are administrators; 1 more becomes one by a single request; lint has 3 findings."},
		{report.Summary{AccessKnown: true, Grade: report.GradeAct, Administrators: 1, ByStep: 9, EverybodyByStep: true}, "Something is broken. 1 account is an administrator; everybody who logs in becomes one by a single request."},
		{report.Summary{Grade: report.GradeNone, Until: until}, "Nothing is overdue, and nothing is due by 23 December 2026. Who is an administrator is not known."},
	} {
		if got := verdict(c.s) + " " + risks(c.s); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// The overview counts and grades what the fleet was made with.
func TestFleetIsToldAsItIs(t *testing.T) {
	t.Parallel()
	facts := viewtest.FleetFacts(t, 60)
	facts.Doubts = []string{"commit 4b825dc642cb was edited"}
	o := report.OverviewOf(facts)
	if s := o.Summary; s.Accounts != 60 || s.Tokens != 60 || s.Keys != 3 || s.Administrators != 1 || !s.EverybodyByStep || s.Overdue != 3 || s.Findings != 2 || s.Grade != report.GradeAct {
		t.Errorf("the summary is %+v", s)
	}
	if len(o.Attention) == 0 || o.Attention[0].Kind != "history" {
		t.Fatalf("doubts do not come first: %+v", o.Attention)
	}
	kinds := map[string]int{}
	for i, a := range o.Attention {
		kinds[a.Kind]++
		if i > 0 && a.Grade == report.GradeAct && o.Attention[i-1].Grade != report.GradeAct {
			t.Errorf("%+v comes behind what is less grave", a)
		}
	}
	for kind, want := range map[string]int{"rotate_overdue": 2, "expire_overdue": 1, "no_value": 1, "administrator": 1, "administrator_by_step": 1, "removed_reader": 1, "finding": 2} {
		if kinds[kind] != want {
			t.Errorf("there are %d of %s, want %d", kinds[kind], kind, want)
		}
	}
	if static, _, _ := strings.Cut(pageOf(t, o), "<script"); !strings.Contains(static, ">3 things are overdue.</h1>") || !strings.Contains(static, "<code>token/svc-speech-00011/deploy</code> a rotation is overdue") {
		t.Error("without a script the page does not say what is overdue")
	}
	var list diag.List
	if facts.Findings = list; report.OverviewOf(facts).Summary.Findings != 0 {
		t.Error("findings are counted that are not there")
	}
	facts.Moment, facts.Notes = nil, []string{"Who may do what is left out."}
	if text := pageOf(t, report.OverviewOf(facts)); !strings.Contains(text, `<p class="note">Who may do what is left out.</p>`) {
		t.Error("the page does not say what is left out")
	} else if !strings.Contains(text, `<b>?</b> <span>administrators</span>`) {
		t.Error("what is not known is given as a number")
	}
}
