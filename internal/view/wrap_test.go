package view_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/access"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/internal/view/problems"
	"github.com/osmoctl/osmoctl/internal/view/viewtest"
	osmoaccess "github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/inquiry"
)

// hintedError is an error that says what to do.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Hint() string { return e.hint }

// However wide the terminal is, no line is wider but for a word or a command that is
// wider itself, which stands alone and is not indented then; and no word is lost or
// broken.
func TestWrap(t *testing.T) {
	t.Parallel()
	for name, write := range longOutputs(t) {
		whole := render(t, write, 0)
		for width := 40; width <= 200; width += 1 + width/30 {
			out := render(t, write, width)
			if lost := lostWord(whole, out); lost != "" {
				t.Errorf("%s, %d columns: %q is lost or broken:\n%s", name, width, lost, out)
				break
			}
			if line := tooWide(out, width); line != "" {
				t.Errorf("%s, %d columns: %d in %q", name, width, view.DisplayWidth(line), line)
				break
			}
		}
	}
}

// longOutputs are all results as text, and two with words that have no room.
func longOutputs(t *testing.T) map[string]func(v *view.View) error {
	out := map[string]func(v *view.View) error{}
	for name, write := range outputs(t) {
		if strings.HasSuffix(name, ".text") || name == "plan.color" || name == "diagnostics" || name == "error.findings" {
			out[name] = write
		}
	}
	huge := viewtest.HugePlan(t, 5, "a text of several words, and "+strings.Repeat("oneword", 20)+" without a blank")
	out["plan.huge"] = func(v *view.View) error { return plans.Show(v, huge, view.Text) }
	out["matrix"] = func(v *view.View) error { return access.ShowMatrix(v, matrix(), view.Text) }
	long := diag.List{{
		Summary: "the line is long", Pos: diag.Position{File: "manifests/" + strings.Repeat("long", 30) + ".yaml", Line: 1234, Column: 300}, Width: 7,
		Source: strings.Repeat("key: [全角文字, short], ", 30), Hint: "osmoctl plan --target account/" + strings.Repeat("long", 30) + " shows it",
	}}
	out["excerpt"] = func(v *view.View) error { problems.Show(v, long); return nil }
	return out
}

func matrix() report.AccessMatrix {
	var m report.AccessMatrix
	m.Services = []string{"auth", "config", "credentials", "dataset", "pool", "profile", "workflow"}
	m.Pools = []string{"language-inference", "vision-training"}
	for _, name := range []string{"account/svc-vision-serve", "role/osmo-admin"} {
		m.Rows = append(m.Rows, inquiry.MatrixRow{Subject: name, Services: make([]osmoaccess.Weight, len(m.Services)), Pools: make([]osmoaccess.Weight, len(m.Pools))})
	}
	return m
}

func render(t *testing.T, write func(v *view.View) error, width int) string {
	t.Helper()
	s := viewtest.New()
	s.Width, s.ErrWidth = width, width
	viewtest.Must(t, write(&s.View))
	return escapeSequence.ReplaceAllString(s.Stdout.String()+s.Stderr.String(), "")
}

var escapeSequence = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// lostWord is a word that stands less often in got than in want. Headings may have become
// names of fields, and of the rule below them, and of the source that a problem stands
// in, there may be less.
func lostWord(want, got string) string {
	count := map[string]int{}
	for _, w := range strings.Fields(got) {
		count[strings.TrimSuffix(w, ":")]++
	}
	for line := range strings.Lines(want) {
		if sourceLine.MatchString(line) {
			continue
		}
		for _, w := range strings.Fields(line) {
			w = strings.TrimSuffix(w, ":")
			if count[w]--; count[w] < 0 && strings.Trim(w, "=") != "" {
				return w
			}
		}
	}
	return ""
}

var sourceLine = regexp.MustCompile(`^ +[0-9]* \| `)

func tooWide(out string, width int) string {
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if _, parts := view.UnitsOf(line); view.DisplayWidth(line) > width && (parts > 1 || line[0] == ' ') {
			return line
		}
	}
	return ""
}

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
