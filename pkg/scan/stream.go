package scan

import (
	"bytes"
	"errors"
	"io"
)

const (
	// pieceSize is how much is searched at once.
	pieceSize = 2 << 20
	// overlap is how much of a piece is searched again with the next one: more
	// than a value takes in any encoding that is looked for.
	overlap = 16 << 10
)

// Reader searches everything that r has, in pieces. It returns what was found
// even where reading failed, and how many bytes were read.
func (s *Scanner) Reader(r io.Reader) (finds []Find, n int64, err error) {
	s.begin()
	if s.buffer == nil {
		s.buffer = make([]byte, pieceSize)
	}
	p := pieces{r: r, b: s.buffer}
	for !p.last {
		err = p.read()
		t := &text{b: p.b[:p.n], start: p.start, first: p.start == 0, last: p.last}
		before := len(s.finds)
		var j joined
		if !allZero(t.b) {
			j = s.search(t)
		}
		sortFinds(s.finds[before:])
		p.count.place(s.finds[before:], t.b, t.start)
		p.keep(cut(t.b, j))
	}
	sortFinds(s.finds)
	return s.finds, p.total, err
}

// allZero knows the pieces of holes and of empty disks, in which there is nothing.
func allZero(b []byte) bool {
	return len(b) > 0 && b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}

// cut is where the next piece is to begin. Within base64 it is at the beginning
// of a group of four, so that the next piece can be decoded from its start.
func cut(b []byte, j joined) int {
	at := max(len(b)-overlap, 0)
	if at <= j.lo || at >= j.hi {
		return at
	}
	for at > j.lo && b[at-1] == '\\' {
		at--
	}
	for over := countBase64(b[j.lo:at]) % 4; over > 0; {
		at--
		if isBase64(b[at]) && (at == 0 || b[at-1] != '\\' || b[at] == '/') {
			over--
		}
	}
	return at
}

// pieces reads input into one buffer.
type pieces struct {
	r     io.Reader
	b     []byte
	n     int   // bytes in b
	start int64 // of b in the input
	total int64
	last  bool
	count lineCount
}

// read fills the buffer. At the end of the input, or where reading fails, last
// is set.
func (p *pieces) read() error {
	for p.n < len(p.b) {
		n, err := p.r.Read(p.b[p.n:])
		p.n, p.total = p.n+n, p.total+int64(n)
		if err != nil {
			p.last = true
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
	}
	return nil
}

// keep moves what stands from a place on to the beginning of the buffer.
func (p *pieces) keep(from int) {
	if p.last {
		return
	}
	p.count.pass(p.b[:from])
	p.start += int64(from)
	p.n = copy(p.b, p.b[from:p.n])
}
