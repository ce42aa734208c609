package house

import (
	"fmt"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/lint"
)

// The page about access lists every rule of lint, with its severity, and no other.
func TestLintIsDocumented(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(readText(t, "docs/access.md"), "\n## Lint\n")
	text, _, _ = strings.Cut(text, "\n## ")
	rows := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| `") {
			rows++
		}
	}
	for _, rule := range lint.Rules() {
		if row := fmt.Sprintf("\n| `%s` | %s | ", rule.Code, rule.Severity); !strings.Contains(text, row) {
			t.Errorf("docs/access.md has no row %q", row)
		}
	}
	if want := len(lint.Rules()); rows != want {
		t.Errorf("docs/access.md has %d rows, want one for each of the %d rules", rows, want)
	}
}
