package cli

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/osmoctl/osmoctl/internal/cli/command"
)

// A branch by itself says of each of its commands what the whole grammar says.
func TestBranchAlone(t *testing.T) {
	t.Parallel()
	parser, err := quietParser()
	if err != nil {
		t.Fatal(err)
	}
	help := func(branches []branch, path string) string {
		var out bytes.Buffer
		_, _, err := parseBy(&command.Env{Stdout: &out, Stderr: &out}, branches, append(strings.Fields(path), "--help"))
		if !errors.Is(err, errAnswered) {
			t.Errorf("%s --help: %v", path, err)
		}
		return out.String()
	}
	for _, leaf := range parser.Model.Leaves(false) {
		path := leaf.Path()
		first, _, _ := strings.Cut(path, " ")
		alone := slices.DeleteFunc(grammar(), func(b branch) bool { return b.name != first })
		if len(alone) != 1 {
			t.Fatalf("%s: %d branches", path, len(alone))
		}
		if got, want := help(alone, path), help(grammar(), path); got != want || got == "" {
			t.Errorf("%s --help by its branch alone:\n%s\nby the whole grammar:\n%s", path, got, want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	var out bytes.Buffer
	env := &command.Env{Stdout: &out, Stderr: &out}
	for name, args := range map[string][]string{"branch": {"user", "get", "svc-ci"}, "all": {"-v", "user", "get", "svc-ci"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := parse(env, args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
