package view

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Commands in our own words get what it takes to be pasted where osmoctl was run;
// other words stay as they are.
func TestPaste(t *testing.T) {
	t.Parallel()
	const words = "git add a && git commit, then osmoctl apply --due-only; osmoctl, git and osmoctl's log stay"
	for _, c := range []struct {
		paste Paste
		want  string
	}{
		{Paste{}, words},
		{
			Paste{Dir: "a b", Project: "a b"},
			"git -C 'a b' add a && git -C 'a b' commit, then osmoctl -C 'a b' apply --due-only; osmoctl, git and osmoctl's log stay",
		},
		{Paste{Project: ".."}, "git -C .. add a && git -C .. commit, then osmoctl apply --due-only; osmoctl, git and osmoctl's log stay"},
	} {
		if got := c.paste.in(words); got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.paste, got, c.want)
		}
	}
}

func TestPasteApply(t *testing.T) {
	t.Parallel()
	c := Paste{Before: []string{"git add x", "git commit"}, Flags: []string{"--allow-deletes 2"}}
	if got, want := c.apply("--expect", "d"), "git add x && git commit && osmoctl apply --expect d --allow-deletes 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c.Only = true
	if got, want := c.apply("--expect", "d"), "git add x && git commit"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c = Paste{Flags: []string{strings.Repeat("x", maxPaste)}}
	if got := c.apply(); got != "" {
		t.Errorf("%d bytes", len(got))
	}
}

// What is wrong stands on stdout as Markdown, bounded, and nothing of it is markup.
func TestFailure(t *testing.T) {
	t.Parallel()
	show := func(err error) string {
		var out strings.Builder
		v := &View{Out: &out, Err: &out}
		if err := v.Failure(err); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	hostile := "</summary> [x](http://evil) `@team`\n::error::"
	var list diag.List
	for n := range 3000 {
		list.Add(diag.Diagnostic{
			Code: "c", Summary: fmt.Sprintf("%d %s", n, hostile), Hint: hostile, Source: "a: " + hostile, Width: 1,
			Pos:     diag.Position{File: "manifests/`a`.yaml", Line: n + 1, Column: 1},
			Related: []diag.Related{{Pos: diag.Position{File: hostile, Line: 1}, Message: hostile}},
		})
	}
	text := show(list)
	if n := length(text); n > 65_536 {
		t.Errorf("%d characters", n)
	}
	if !strings.HasPrefix(text, "### Not valid: 3,000 errors, and nothing was changed.\n") || !strings.Contains(text, " more, which ") {
		t.Error(text[:200])
	}
	for _, bad := range []string{"\n::error", "\n</summary"} {
		if strings.Contains(text, bad) {
			t.Errorf("it has %q", bad)
		}
	}
	single := show(errors.New("one\ntwo"))
	if want := "### Failed\n\n**Error**: `one`\n\n`two`\n"; single != want {
		t.Errorf("%q", single)
	}
}
