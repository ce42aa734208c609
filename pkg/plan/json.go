package plan

import (
	"bytes"
	"io"

	"github.com/osmoctl/osmoctl/internal/pieces"
)

// JSON is the published form of the plan: indented, with a newline at the end,
// and the same bytes for the same plan.
func (p *Plan) JSON() ([]byte, error) {
	var b bytes.Buffer
	err := p.WriteJSON(&b)
	return b.Bytes(), err
}

// WriteJSON writes what JSON returns, one item of a list at a time: a plan may be
// large, and its text is many times larger. No write ends within a string.
func (p *Plan) WriteJSON(to io.Writer) error { return pieces.Write(to, p, true) }
