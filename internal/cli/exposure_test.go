package cli_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/cli"
)

// The command that an exposure proposes is one that token revoke takes, however
// long the key is that was asked about.
func TestReasonForAnyKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"bob", "bob's", "age1pq1" + strings.Repeat("q", 1950), "ssh-rsa " + strings.Repeat("é", 400)} {
		reason := "readable by " + cli.Quotable(key)
		if len(reason) > cli.MaxReason || !utf8.ValidString(reason) || strings.Contains(reason, "'") {
			t.Errorf("%q", reason)
		}
	}
}
