package house

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Whoever runs osmoctl finds every limit, with its default, in docs/security.md.
func TestLimitsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range model.LimitTable() {
		if row := fmt.Sprintf("| `%s` | %s | ", l[0], l[1]); !strings.Contains(string(text), row) {
			t.Errorf("docs/security.md has no row %q", row)
		}
	}
}
