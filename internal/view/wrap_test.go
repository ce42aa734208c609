package view

import (
	"errors"
	"regexp"
	"strings"
	"testing"

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
	for name, p := range map[string]*plan.Plan{"full": fullPlan(t), "huge": hugePlan(t, 20, "a text of several words, and another one")} {
		whole := newScreen()
		must(t, whole.Plan(p, Text))
		for _, width := range []int{40, 80, 132} {
			for _, color := range []bool{false, true} {
				s := newScreen()
				s.Width, s.Color = width, color
				must(t, s.Plan(p, Text))
				out := escapeSequence.ReplaceAllString(s.out.String(), "")
				if got, want := strings.Fields(out), strings.Fields(whole.out.String()); strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("%s, %d columns: other words:\n%s", name, width, out)
				}
				for _, line := range strings.Split(out, "\n") {
					if _, words := wordsOf([]span{quote(line)}); displayWidth(line) > width && len(units(words)) > 1 && displayWidth(words[0].text)+displayWidth(words[1].text) < width-20 {
						t.Errorf("%s, %d columns: %d in %q", name, width, displayWidth(line), line)
					}
				}
			}
		}
	}
}

var escapeSequence = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func TestWrapIndents(t *testing.T) {
	t.Parallel()
	s := newScreen()
	s.ErrWidth = 40
	s.Error(hintedError{
		errors.New("declarations are not committed: manifests/one.yaml, manifests/two.yaml"),
		"apply uses committed declarations only: git add manifests/one.yaml && git commit, and then apply once more",
	}, 1, Text)
	want := `error: declarations are not committed:
       manifests/one.yaml,
       manifests/two.yaml
hint: apply uses committed declarations
      only:
      git add manifests/one.yaml && git commit,
      and then apply once more
`
	if s.err.String() != want {
		t.Errorf("got\n%s\nwant\n%s", s.err.String(), want)
	}
}
