package plan

import "errors"

// ErrDiffers is what a [Comparison] ends a writer with.
var ErrDiffers = errors.New("it is another plan")

// Comparison is a writer that holds what it is given against what is expected, and fails
// with [ErrDiffers] where they part. Rest is what was not given up to there.
type Comparison struct {
	Rest    []byte
	Differs bool
}

// Write compares the next bytes.
func (c *Comparison) Write(b []byte) (int, error) {
	n := 0
	for n < len(b) && n < len(c.Rest) && b[n] == c.Rest[n] {
		n++
	}
	if c.Rest = c.Rest[n:]; n < len(b) {
		c.Differs = true
		return n, ErrDiffers
	}
	return n, nil
}
