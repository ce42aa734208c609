package view

import (
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := Count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestCodeSpansNeverTouch joins two foreign texts, which as code spans side by
// side would read as one with a wider fence.
func TestCodeSpansNeverTouch(t *testing.T) {
	t.Parallel()
	if got, want := markdownLine([]Span{Quote("a"), Quote("b"), Say(Plain, " c")}), "`a` `b` c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSectionWithNothingButACount cuts every item of a section away.
func TestSectionWithNothingButACount(t *testing.T) {
	t.Parallel()
	b := SectionOf("Changes", []int{1, 2, 3}, 2, func(int) Item { return Item{Mark: "+"} }).block(false)
	b.cut(0)
	var out strings.Builder
	b.write(&out)
	if want := "\n#### Changes\n\n- 3 in all, which -t json lists\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// A command stays on one line, since it is copied as it stands.
func TestCommandsAreNotBroken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Next: osmoctl apply --expect sha256:0123":                    "osmoctl apply --expect sha256:0123",
		"osmoctl token revoke svc-ci/t@1 --reason 'in a log' ends it": "osmoctl token revoke svc-ci/t@1 --reason 'in a log'",
		"osmoctl plan says whether the next apply issues another":     "osmoctl plan says",
		"run git add a b.yaml && git commit, then apply":              "git add a b.yaml && git commit,",
		"Next: OSMO_URL=https://a osmoctl plan --refresh":             "OSMO_URL=https://a osmoctl plan --refresh",
		"- osmoctl plan": "- osmoctl plan",
		"osmoctl init --hook   # a hook that looks for tokens": "# a hook that looks for tokens",
		"git config a.b c   # git knows":                       "git config a.b c",
		"~ account/ci":                                         "~ account/ci",
	} {
		_, words := wordsOf([]Span{Quote(text)})
		longest := ""
		for _, unit := range units(words) {
			var list []string
			for _, w := range unit {
				list = append(list, w.text)
			}
			if s := strings.Join(list, " "); len(list) > 1 && len(s) > len(longest) {
				longest = s
			}
		}
		if longest != want {
			t.Errorf("of %q %q is kept together, want %q", text, longest, want)
		}
	}
}

func TestWrapIndentsItems(t *testing.T) {
	t.Parallel()
	i := Item{Mark: "~", Head: []Span{Say(Plain, "one two three four five six seven eight nine ten")}}
	i.Add(Say(Plain, "one two three four five six seven eight nine ten"))
	p := Page{width: 40}
	i.text(&p)
	if want := "  ~ one two three four five six seven\n    eight nine ten\n      one two three four five six seven\n        eight nine ten\n"; p.String() != want {
		t.Errorf("got\n%s\nwant\n%s", p.String(), want)
	}
}
