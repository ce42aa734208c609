package view

import (
	"strings"
	"testing"
)

// Commands in our own words get what it takes to be pasted where osmoctl was run;
// other words stay as they are.
func TestPaste(t *testing.T) {
	t.Parallel()
	const words = "git add a && git commit, then osmoctl apply --due-only; osmoctl, git and osmoctl's log stay"
	for _, c := range []struct {
		paste Paste
		want  string
	}{
		{Paste{}, words},
		{
			Paste{Dir: "a b", Project: "a b"},
			"git -C 'a b' add a && git -C 'a b' commit, then osmoctl -C 'a b' apply --due-only; osmoctl, git and osmoctl's log stay",
		},
		{Paste{Project: ".."}, "git -C .. add a && git -C .. commit, then osmoctl apply --due-only; osmoctl, git and osmoctl's log stay"},
	} {
		if got := c.paste.Rewrite(words); got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.paste, got, c.want)
		}
	}
}

func TestPasteApply(t *testing.T) {
	t.Parallel()
	c := Paste{Before: []string{"git add x", "git commit"}, Flags: []string{"--allow-deletes 2"}}
	if got, want := c.Apply("--expect", "d"), "git add x && git commit && osmoctl apply --expect d --allow-deletes 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c.Only = true
	if got, want := c.Apply("--expect", "d"), "git add x && git commit"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c = Paste{Flags: []string{strings.Repeat("x", MaxPaste)}}
	if got := c.Apply(); got != "" {
		t.Errorf("%d bytes", len(got))
	}
}
