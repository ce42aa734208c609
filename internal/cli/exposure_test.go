package cli_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/history"
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The command that an exposure proposes is one that token revoke takes, however
// long the key is that was asked about.
func TestReasonForAnyKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"bob", "bob's", "age1pq1" + strings.Repeat("q", 1950), "ssh-rsa " + strings.Repeat("é", 400)} {
		snap := &state.Snapshot{Accounts: map[string]*state.Account{"ci": {Name: "ci", Tokens: map[string]*state.Token{
			"t": {Generations: []state.Generation{{Number: 1, ExpiresAt: 9, Recipients: []string{key}}}},
		}}}}
		known := &history.Exposure{}
		e := report.ExposureOf(known, key, []string{key}, snap, nil, 1)
		if len(e.Commands) != 1 {
			t.Fatalf("the commands are %q", e.Commands)
		}
		_, rest, _ := strings.Cut(e.Commands[0], "--reason '")
		reason, address, _ := strings.Cut(rest, "'")
		if len(reason) > plan.MaxReason || !utf8.ValidString(reason) || !strings.HasPrefix(reason, "readable by ") || strings.TrimSpace(address) != "\\\n  ci/t@1" {
			t.Errorf("%q", e.Commands[0])
		}
	}
}
