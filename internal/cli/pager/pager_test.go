package pager

import (
	"errors"
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                         nil,
		"  ":                       nil,
		"less":                     {"less"},
		" less  -R\t-S ":           {"less", "-R", "-S"},
		`less '-P a b' "c 'd'"e`:   {"less", "-P a b", "c 'd'e"},
		`/opt/my\ pager \"x\" ''`:  {"/opt/my pager", `"x"`, ""},
		`C:\Tools\less.exe -R`:     {`C:\Tools\less.exe`, "-R"},
		`'C:\My Tools\less.exe' ~`: {`C:\My Tools\less.exe`, "~"},
		`a "b|c" 'd$e'`:            {"a", "b|c", "d$e"},
	} {
		if got, err := split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("split(%q) = %q, %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"less | sh", "less; rm x", "less && x", "less > file", "less $HOME", `less "$(x)"`, "less `x`", "(less)", "a\nb"} {
		if got, err := split(line); !errors.Is(err, ErrShell) {
			t.Errorf("split(%q) = %q, %v", line, got, err)
		}
	}
	if got, err := split("less 'x"); err == nil {
		t.Errorf("a quote without an end is %q", got)
	}
}
