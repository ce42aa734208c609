package view_test

import (
	"html"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/readers"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/apply"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// markup is what Markdown, GitHub and HTML have a meaning for.
var markup = []string{
	"`", "``", "```", "````", strings.Repeat("`", 15), strings.Repeat("`", 16), strings.Repeat("`", 17), strings.Repeat("`", 79),
	strings.Repeat("`", 80), strings.Repeat("`", 81), strings.Repeat("`", 200), "~~~", "~~x~~",
	" ", "  ", "    ", "\t", "\n", "\n\n", "\r", "\r\n", "\u00a0", "\u2028", "\x00", "\\", "\\`", "\\\n",
	"# h", "\n# h\n", "\n===\n", "\n---\n", "***", "**b**", "_i_", "- x", "\n- x\n", "* x", "1. x", "\n1. x\n", "- [ ] x", "> q", "\n> q",
	"|", "| a | b |", "\n|---|---|\n", "|-|", ":-:", "[x](https://evil.example)", "![x](https://evil.example/x.png)", "[x]", "\n[x]: https://evil.example\n", "[^1]", "\n[^1]: x\n",
	"<h1>x</h1>", "<a href=\"https://evil.example\">", "</a>", "<img src=x>", "<!--", "-->", "<!-- osmoctl -->", "</details>", "<details>", "</code>", "</p>", "<br>", "<![CDATA[", "]]>", "<?x", "?>", "<https://evil.example>", "<x@evil.example>",
	"https://evil.example/x", "www.evil.example", "x@evil.example", "@org/security", "@ada", "#1", "GH-1", "org/repo#1", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", ":rocket:", "&lt;", "&#96;", "&grave;", "$x$", "$$x$$", "$`x`$",
	"x", "word", "日本", "\u202e", "\u200b", "\xff", "'", "\"", "%", "{", "}", "(", ")", "]", "[", "!", "+", "=", "0",
}

// hostileText is made of up to n pieces of markup.
func hostileText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range 1 + r.IntN(n) {
		b.WriteString(markup[r.IntN(len(markup))])
	}
	return b.String()
}

// TestSpansAreCode gives hostile texts to renderers of others: each has to come
// out as one code span that shows the text, and nothing beside it.
func TestSpansAreCode(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 3))
	texts := append([]string{"", " ", "  "}, markup...)
	for range 4000 {
		texts = append(texts, hostileText(r, 8))
	}
	var document strings.Builder
	for _, s := range texts {
		document.WriteString(view.EscapeMarkdown(s) + "\n\n")
	}
	for name, render := range viewtest.Renderers() {
		lines := strings.Split(strings.TrimSpace(render(t, document.String())), "\n")
		if len(lines) != len(texts) {
			t.Errorf("%s makes %d blocks of %d spans", name, len(lines), len(texts))
		}
		for i, line := range lines[:min(len(lines), len(texts))] {
			inner, before := strings.CutPrefix(line, "<p><code>")
			inner, after := strings.CutSuffix(inner, "</code></p>")
			want := unbroken(view.EscapeTerminal(texts[i]))
			if !before || !after || strings.Contains(inner, "<") || strings.TrimSpace(texts[i]) != "" && unbroken(html.UnescapeString(inner)) != want {
				t.Fatalf("%s renders %q, of %q, as %s", name, view.EscapeMarkdown(texts[i]), texts[i], line)
			}
		}
	}
}

// markdownOf writes every document that has Markdown, one after the other, with
// the text s wherever it has text.
func markdownOf(t *testing.T, s string) string {
	p := hostilePlan(t, s)
	revoked, restored, resealing, partial := hostilePlan(t, s), hostilePlan(t, s), hostilePlan(t, s), hostilePlan(t, s)
	revoked.Revoked = &plan.Revoked{Reason: s}
	restored.Restored = &plan.Restored{Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Files: []string{s}}
	resealing.Resealing = true
	partial.Changes[0].Before, partial.Changes[0].Action = nil, plan.Create
	a := model.TokenAddress(s, s)
	done := &apply.Result{Commit: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", Issued: []apply.Issued{{Address: a, Path: s}}, Resealed: []model.Address{a}}
	exposure := report.Exposure{
		Query: s, Keys: []report.ExposedKey{{Key: s, Names: []string{s}}}, Notes: []string{s},
		Commands: []string{strings.ReplaceAll(s, "\n", " ")}, // its lines are ours
		Live:     []report.ExposedValue{{Address: a, Status: "active"}, {Address: a, Status: "retiring", Recipient: true}},
	}
	out := viewtest.New()
	add := func(err error) {
		viewtest.Must(t, err)
		out.Stdout.WriteString("\n\n")
	}
	for _, p := range []*plan.Plan{p, revoked, restored, resealing, partial} {
		add(plans.Show(&out.View, p, view.Markdown))
		add(plans.ShowSaved(&out.View, p, view.Markdown))
		add(plans.ShowApplied(&out.View, p, done, view.Markdown))
		add(plans.ShowApplied(&out.View, p, &apply.Result{}, view.Markdown))
		add(plans.ShowResealed(&out.View, p, done, view.Markdown))
	}
	add(readers.ShowExposure(&out.View, exposure, view.Markdown))
	return out.Stdout.String()
}

// phrase is words and code side by side: how much of a sentence is words depends
// on what it names.
var phrase = regexp.MustCompile(`>[^<\n]*[^<\s][^<\n]*`)

// shape is a skeleton without its words.
func shape(html string) string {
	return phrase.ReplaceAllString(strings.ReplaceAll(viewtest.Skeleton(html), "<code></code>", "code"), ">·")
}

// TestDocumentsAreOurs holds whole documents against renderers of others: with
// any text in them they have the elements that they have with a harmless one, and
// beside plain words all else stands in code.
func TestDocumentsAreOurs(t *testing.T) {
	t.Parallel()
	attacks := append([]string{}, markup...)
	r := rand.New(rand.NewPCG(3, 8))
	n := 60
	if testing.Short() {
		n = 1
	}
	for range n {
		attacks = append(attacks, hostileText(r, 6))
	}
	harmless := markdownOf(t, "harmless")
	for name, render := range viewtest.Renderers() {
		want := shape(render(t, harmless))
		for _, s := range append(attacks, "harmless") {
			got := render(t, markdownOf(t, s))
			viewtest.CheckElements(t, name, viewtest.Skeleton(got))
			if diff := cmp.Diff(want, shape(got)); diff != "" {
				t.Fatalf("%s: with %q these are other documents:\n%s", name, s, diff)
			}
		}
	}
}

// TestLongDocumentsAreOurs does so where texts are cut and items left out.
func TestLongDocumentsAreOurs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("renders plans of 300 changes with long texts")
	}
	r := rand.New(rand.NewPCG(80, 81))
	for range 4 {
		text := hostileText(r, 400)
		s := viewtest.New()
		viewtest.Must(t, plans.Show(&s.View, viewtest.HugePlan(t, 300, text), view.Markdown))
		for name, render := range viewtest.Renderers() {
			viewtest.CheckElements(t, name, viewtest.Skeleton(render(t, s.Stdout.String())))
		}
	}
}
