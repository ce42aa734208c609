package scan

import (
	"bytes"
	"testing"
)

// A text full of values that are encoded twice is looked at from many places in
// turn. Going back from one to another must not begin at the start of the text:
// it would take hours.
func TestCursorGoesBackToAMark(t *testing.T) {
	t.Parallel()
	line, steps := append(bytes.Repeat([]byte("A"), 76), '\n'), 0
	c := cursor{b: bytes.Repeat(line, 1000), next: func(b []byte) (int, bool) {
		steps++
		return nextEncoded(b)
	}}
	for _, n := range []int{75_999, 0, 76, 511, 512, 513, 40_000, 39_999, 75_000, 1} {
		if got, want := c.nth(n), n/76*77+n%76; got != want {
			t.Errorf("character %d stands at %d, want %d", n, got, want)
		}
	}
	if got := (&cursor{b: line, next: nextEncoded}).nth(-1); got != 0 {
		t.Errorf("a zero before the first stands at %d", got)
	}
	steps = 0
	for range 100 {
		c.nth(75_999)
		c.nth(75_990)
	}
	if steps > 100*2*markEvery {
		t.Errorf("%d steps", steps)
	}
}
