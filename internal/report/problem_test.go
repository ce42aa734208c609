package report

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

func TestErrorOfOneProblem(t *testing.T) {
	t.Parallel()
	got := ErrorOf(fmt.Errorf("wrapped: %w", diag.Diagnostic{Code: "c", Summary: "s", Hint: "h"}), 1)
	if diff := cmp.Diff(Error{Message: "wrapped: s", Code: "c", Hint: "h", ExitCode: 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
