package model

import "testing"

func TestShellWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "''",
		"svc-ci/ci-token@2":  "svc-ci/ci-token@2",
		"own#main":           "own#main",
		"#main":              "'#main'",
		"-rf":                "'-rf'",
		"a b":                "'a b'",
		"it's":               `'it'\''s'`,
		"$(touch x);`id`":    "'$(touch x);`id`'",
		"~/ci-token":         "~/ci-token",
		"~/a b":              "~/'a b'",
		"~root":              "'~root'",
		"+refs/a:refs/b":     "+refs/a:refs/b",
		"manifests/é.yaml":   "'manifests/é.yaml'",
		"a\nb":               "'a\nb'",
		"feature/{x,y}&\"\\": "'feature/{x,y}&\"\\'",
	} {
		if got := ShellWord(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
