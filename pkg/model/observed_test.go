package model_test

import (
	"testing"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func TestCutMark(t *testing.T) {
	t.Parallel()
	mark := model.Mark{Lineage: "0123", Run: "ab"}
	for text, want := range map[string]struct {
		rest string
		mark model.Mark
	}{
		mark.On("words"):                  {"words", mark},
		mark.On(""):                       {"", mark},
		mark.On("words [osmoctl a/b]"):    {"words [osmoctl a/b]", mark},
		"words":                           {"words", model.Mark{}},
		"":                                {"", model.Mark{}},
		"[osmoctl 0123/ab] and more":      {"[osmoctl 0123/ab] and more", model.Mark{}},
		"[osmoctl 0123]":                  {"[osmoctl 0123]", model.Mark{}},
		"[osmoctl /ab]":                   {"[osmoctl /ab]", model.Mark{}},
		"[osmoctl 0123/]":                 {"[osmoctl 0123/]", model.Mark{}},
		"[osmoctl 01 23/ab]":              {"[osmoctl 01 23/ab]", model.Mark{}},
		"[osmoctl 0123/a/b]":              {"[osmoctl 0123/a/b]", model.Mark{}},
		"words [somebody's 0123/ab]":      {"words [somebody's 0123/ab]", model.Mark{}},
		"twice [osmoctl 1/2] [osmoctl 3]": {"twice [osmoctl 1/2] [osmoctl 3]", model.Mark{}},
	} {
		if rest, got := model.CutMark(text); rest != want.rest || got != want.mark {
			t.Errorf("%q: got %q and %v", text, rest, got)
		}
	}
}

// What was put on comes off again, and nothing else does.
func FuzzCutMark(f *testing.F) {
	f.Add("words", "0123", "ab")
	f.Add("words [osmoctl a/b]", "", "]")
	f.Fuzz(func(t *testing.T, description, lineage, run string) {
		text := model.Mark{Lineage: lineage, Run: run}.On(description)
		rest, got := model.CutMark(text)
		if got == (model.Mark{}) {
			if rest != text {
				t.Errorf("%q without a mark is returned as %q", text, rest)
			}
			return
		}
		if again := got.On(rest); again != text && rest != "" {
			t.Errorf("%q was taken apart and put together as %q", text, again)
		}
	})
}
