package packfile

import (
	"errors"
	"io"
)

// windowSize is how much is read at once: a few dozen small objects, which costs a
// reader that goes along the pack one call for all of them, and who looks at one object
// not much more than a page would.
const windowSize = 16 << 10

// window is the part of a pack that was read last, and where reading goes on in it. It
// reads byte by byte without a call, so a decompressor needs no buffer of its own.
type window struct {
	pack *Pack
	// buf is the window, which begins at start; next is where reading goes on in it.
	buf   []byte
	start int64
	next  int
	// err is that of reading the pack, as opposed to its end.
	err error
}

func (w *window) seek(p *Pack, offset int64) {
	w.err = nil
	if w.pack == p && w.start <= offset && offset < w.start+int64(len(w.buf)) {
		w.next = int(offset - w.start)
		return
	}
	w.pack, w.start, w.buf, w.next = p, offset, w.buf[:0], 0
}

// fill reads the next window. It returns io.EOF at the end of the pack.
func (w *window) fill() error {
	start := w.start + int64(len(w.buf))
	if start < 0 || start >= w.pack.size {
		return io.EOF
	}
	if cap(w.buf) == 0 {
		w.buf = make([]byte, 0, windowSize)
	}
	n, err := w.pack.from.ReadAt(w.buf[:min(windowSize, w.pack.size-start)], start)
	w.start, w.buf, w.next = start, w.buf[:n], 0
	if n == 0 {
		w.err = err
		return err
	}
	return nil
}

func (w *window) ReadByte() (byte, error) {
	if w.next == len(w.buf) {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	b := w.buf[w.next]
	w.next++
	return b, nil
}

func (w *window) Read(p []byte) (int, error) {
	if w.next == len(w.buf) {
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.buf[w.next:])
	w.next += n
	return n, nil
}

// distance reads how far back something is. No way to write a number is longer than
// needed: each byte more begins where the shorter ones end.
func (w *window) distance() (int64, error) {
	b, err := w.ReadByte()
	n := int64(b & 0x7f)
	for i := 0; err == nil && b&0x80 != 0; i++ {
		if i > 7 {
			return 0, ErrMalformed
		}
		b, err = w.ReadByte()
		n = (n+1)<<7 | int64(b&0x7f)
	}
	return n, err
}

// explain tells a pack that cannot be read from one that is damaged.
func (w *window) explain(err error) error {
	if w.err != nil && !errors.Is(w.err, io.EOF) {
		return w.err
	}
	if err == nil {
		return malformed("an object is larger than it says")
	}
	return malformed("%v", err)
}
