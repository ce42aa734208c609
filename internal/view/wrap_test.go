package view_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// hintedError is an error that says what to do.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Hint() string { return e.hint }

// Wrapped for a terminal, text says the same words in the same order; no word is
// broken, and no line is wider than the terminal but for what cannot be broken.
func TestWrap(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*plan.Plan{"full": viewtest.FullPlan(t), "huge": viewtest.HugePlan(t, 20, "a text of several words, and another one")} {
		whole := viewtest.New()
		viewtest.Must(t, plans.Show(&whole.View, p, view.Text))
		for _, width := range []int{40, 80, 132} {
			for _, color := range []bool{false, true} {
				s := viewtest.New()
				s.Width, s.Color = width, color
				viewtest.Must(t, plans.Show(&s.View, p, view.Text))
				out := escapeSequence.ReplaceAllString(s.Stdout.String(), "")
				if got, want := strings.Fields(out), strings.Fields(whole.Stdout.String()); strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("%s, %d columns: other words:\n%s", name, width, out)
				}
				for _, line := range strings.Split(out, "\n") {
					if words, parts := view.UnitsOf(line); view.DisplayWidth(line) > width && parts > 1 && view.DisplayWidth(words[0])+view.DisplayWidth(words[1]) < width-20 {
						t.Errorf("%s, %d columns: %d in %q", name, width, view.DisplayWidth(line), line)
					}
				}
			}
		}
	}
}

var escapeSequence = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func TestWrapIndents(t *testing.T) {
	t.Parallel()
	s := viewtest.New()
	s.ErrWidth = 40
	problems.ShowError(&s.View, hintedError{
		errors.New("declarations are not committed: manifests/one.yaml, manifests/two.yaml"),
		"apply uses committed declarations only: git add manifests/one.yaml && git commit, and then apply once more",
	}, 1, view.Text)
	want := `error: declarations are not committed:
       manifests/one.yaml,
       manifests/two.yaml
hint: apply uses committed declarations
      only:
      git add manifests/one.yaml && git commit,
      and then apply once more
`
	if s.Stderr.String() != want {
		t.Errorf("got\n%s\nwant\n%s", s.Stderr.String(), want)
	}
}
