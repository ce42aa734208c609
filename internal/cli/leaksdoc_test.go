package cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/pkg/scan"
)

// TestRulesInDocs holds the rules for other scanners in docs/leaks.md to the code
// that they are made from.
func TestRulesInDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/leaks.md"
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := withBlock(withBlock(string(before), "toml", scan.Gitleaks()), "yaml", scan.Trufflehog())
	if *update {
		if err := os.WriteFile(path, []byte(after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if after != string(before) || !strings.Contains(after, scan.Pattern()) {
		t.Error("docs/leaks.md is not up to date: go test ./internal/cli -run TestRulesInDocs -update")
	}
}

// withBlock replaces the content of the only fenced block of a language.
func withBlock(text, language, content string) string {
	head, rest, _ := strings.Cut(text, "```"+language+"\n")
	_, tail, _ := strings.Cut(rest, "```\n")
	return head + "```" + language + "\n" + content + "```\n" + tail
}
