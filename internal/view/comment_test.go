package view_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// showIn is a plan as Markdown for a comment.
func showIn(t *testing.T, p *plan.Plan, c view.Comment) string {
	t.Helper()
	s := viewtest.New()
	s.Comment = c
	viewtest.Must(t, plans.Show(&s.View, p, view.Markdown))
	return s.Stdout.String()
}

var markerLine = regexp.MustCompile(`^<!-- osmoctl plan [A-Za-z0-9._/%~-]{1,250} -->$`)

// Every project has a marker of its own, which is the first line, whatever its path:
// one that ends comments, writes commands, is very long or shaped like a secret.
func TestMarker(t *testing.T) {
	t.Parallel()
	paths := append([]string{
		"", ".", "clusters/prod", "clusters/pröd", "a-b", "a--b", "-", "--", "->", "-->", "a --> <img src=x>", "%2D", "::error::x", "##[group]", "a\nb",
		strings.Repeat("x", 4000), strings.Repeat("x", 4001), "AGE-SECRET-KEY-1" + strings.Repeat("Q", 58), "AGE-SECRET-KEY-1" + strings.Repeat("P", 58),
	}, markup...)
	markers := map[string]string{}
	for _, path := range paths {
		document := showIn(t, viewtest.FullPlan(t), view.Comment{Report: "plan", Project: path})
		first, rest, _ := strings.Cut(document, "\n")
		if !markerLine.MatchString(first) || strings.Contains(strings.TrimSuffix(strings.TrimPrefix(first, "<!--"), "-->"), "--") {
			t.Errorf("%q has the marker %q", path, first)
		}
		if other, known := markers[first]; known && other != path && path != "." {
			t.Errorf("%q and %q have the marker %s", other, path, first)
		}
		markers[first] = path
		if !strings.HasPrefix(rest, "### Plan") {
			t.Errorf("%q: below the marker stands %.40q", path, rest)
		}
		for name, render := range viewtest.Renderers() {
			viewtest.CheckElements(t, name, viewtest.Skeleton(render(t, document)))
		}
	}
	if document := showIn(t, viewtest.FullPlan(t), view.Comment{Report: "plan", Project: "clusters/prod"}); !strings.HasPrefix(document, "<!-- osmoctl plan clusters/prod -->\n### Plan in `clusters/prod`: blocked, 3 risks, 2 to create,") {
		t.Errorf("it begins %.120q", document)
	}
}

// A document has as many bytes as were asked for, at most, and uses more of them where
// there are more.
func TestMarkdownLimit(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("renders twenty plans of 2,000 changes")
	}
	longest := strings.Repeat("\U000E0001", 4000)
	for _, text := range []string{"", "short", strings.Repeat("`", 400), strings.Repeat("日", 5000)} {
		before := 0
		for _, limit := range []int{view.MinMarkdownLimit, 20_000, view.MarkdownLimit, 150_000, 1_000_000} {
			p := viewtest.HugePlan(t, 2000, text)
			p.Risks = viewtest.FullPlan(t).Risks
			n := len(showIn(t, p, view.Comment{Report: "plan", Project: longest, Limit: limit}))
			if n > limit || n < before {
				t.Errorf("texts of %d bytes, %d bytes asked for: %d, and with less asked for %d", len(text), limit, n, before)
			}
			before = n
		}
	}
}

// Whether risks fit is asked of a comment on GitHub, whatever was asked for to show.
func TestRisksFitWhateverIsShown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("renders thousands of risks")
	}
	few, many := viewtest.FullPlan(t), viewtest.EmptyPlan(t)
	for range 1500 {
		for _, r := range few.Risks {
			r.Message += strings.Repeat(" x", len(many.Risks)%40) + string(rune('a'+len(many.Risks)%26)) + strings.Repeat("y", len(many.Risks)/26)
			many.Risks = append(many.Risks, r)
		}
	}
	if !plans.RisksFit(few) || plans.RisksFit(many) {
		t.Fatalf("few risks fit: %v, many: %v", plans.RisksFit(few), plans.RisksFit(many))
	}
	if small := showIn(t, many, view.Comment{Limit: view.MinMarkdownLimit}); !strings.Contains(small, "**Incomplete**") {
		t.Error("a comment that shows less does not say so")
	}
	if large := showIn(t, many, view.Comment{Limit: 50_000_000}); strings.Contains(large, "**Incomplete**") {
		t.Error("a comment that shows all says that it is incomplete")
	}
}
