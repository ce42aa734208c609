package view_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/pkg/diag"
)

// What is wrong stands on stdout as Markdown, bounded, and nothing of it is markup.
func TestFailure(t *testing.T) {
	t.Parallel()
	show := func(err error) string {
		var out strings.Builder
		v := &view.View{Out: &out, Err: &out}
		if err := problems.ShowFailure(v, err); err != nil {
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
	if n := utf8.RuneCountInString(text); n > 65_536 {
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
