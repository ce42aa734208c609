package cli

import (
	"slices"
	"testing"
)

// Each command that is paged is there, and none can be asked for a value.
func TestPagedCommands(t *testing.T) {
	t.Parallel()
	parser, err := quietParser()
	if err != nil {
		t.Fatal(err)
	}
	left := slices.Clone(paged)
	for _, leaf := range parser.Model.Leaves(false) {
		name := leaf.Path()
		if !slices.Contains(left, name) {
			continue
		}
		left = slices.DeleteFunc(left, func(s string) bool { return s == name })
		for _, f := range leaf.Flags {
			if f.Name == "reveal" || f.Name == "identity" || f.Name == "auto-approve" {
				t.Errorf("%s has --%s", name, f.Name)
			}
		}
	}
	if len(left) > 0 {
		t.Errorf("there are no commands %q", left)
	}
}
