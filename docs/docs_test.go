package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every row of the page is read, and every entry is whole.
func TestCodes(t *testing.T) {
	t.Parallel()
	list := Codes()
	if rows := strings.Count(codesPage, "\n| `"); len(list) != rows || rows < 150 {
		t.Errorf("%d codes are read from %d rows", len(list), rows)
	}
	kinds := []string{"error", "warning", "notice", "blocks", "critical", "high"}
	name := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, c := range list {
		if !name.MatchString(c.Name) || !slices.Contains(kinds, c.Kind) || c.Section == "" || c.Meaning == "" || c.Example == "" || c.Remedy == "" {
			t.Errorf("an entry is not whole: %+v", c)
		}
		if at := c.Section + "/" + c.Name; seen[at] {
			t.Errorf("%s stands twice under %s", c.Name, c.Section)
		} else {
			seen[at] = true
		}
		for _, text := range []string{c.Meaning, c.Example, c.Remedy} {
			if plain := Plain(text); strings.Contains(plain, "](") || strings.Contains(plain, "`") || strings.Count(text, "`")%2 != 0 {
				t.Errorf("%s: %q is shown as %q", c.Name, text, plain)
			}
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"`git pull`, see [limits](security.md#cost)": "git pull, see limits (docs/security.md#cost)",
		"see [rotation.md](rotation.md#a-rename)":    "see docs/rotation.md#a-rename",
		"see [rotation.md](rotation.md)":             "see docs/rotation.md",
		"[history](#history)":                        "history (docs/codes.md#history)",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
