package config

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/model"
)

var spelled = map[string]string{
	"": `""`, "a": "a", "a-b_c.d@e/f": "a-b_c.d@e/f", "true": `"true"`, "No": `"No"`, "y": `"y"`, "null": `"null"`, "nullable": "nullable",
	"1": `"1"`, "a b": `"a b"`, "a:": `"a:"`, "*": `"*"`, `"`: `"\""`, `\`: `"\\"`, "a\nb": `"a\nb"`, "größe": `"größe"`, "\u2028": `"\u2028"`, "\xff": "\"\uFFFD\"",
}

func TestScalar(t *testing.T) {
	t.Parallel()
	for text, want := range spelled {
		if got := Scalar(text); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
	if got, want := FlowList([]string{"a", "b c"}), `[a, "b c"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := FlowList(nil); got != "[]" {
		t.Errorf("got %s", got)
	}
}

func TestAppendPolicies(t *testing.T) {
	t.Parallel()
	got := string(AppendPolicies(nil, "  ", []model.Policy{{Actions: []string{"app:*"}, Resources: []string{"*"}}, {Effect: model.Deny}}))
	want := "  policies:\n    - effect: Allow\n      actions: [\"app:*\"]\n      resources: [\"*\"]\n    - effect: Deny\n      actions: []\n      resources: []\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(AppendPolicies([]byte("x\n"), "", nil)); got != "x\npolicies: []\n" {
		t.Errorf("got %q", got)
	}
}

// FuzzScalar writes texts: the library reads each as the text that it is, on one line, and
// so does this package where the text may stand in a manifest.
func FuzzScalar(f *testing.F) {
	for text := range spelled {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := "role: " + Scalar(text)
		var got map[string]any
		if err := yaml.Unmarshal([]byte(line), &got); err != nil || got["role"] != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%q is written %s, and read as %q: %v", text, line, got["role"], err)
		}
		if CheckText(text) != nil {
			return
		}
		r := &reader{}
		root, flaw := r.parse(line + "\n")
		switch {
		case flaw != nil:
			t.Errorf("%q is written %s, which is refused: %s", text, line, flaw.summary)
		case len(r.list) > 0:
			t.Logf("%q holds a secret", text)
		case root.items[1].value != text || root.items[1].isNull():
			t.Errorf("%q is written %s, and read as %q", text, line, root.items[1].value)
		}
	})
}
