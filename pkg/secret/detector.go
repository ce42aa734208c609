package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"unicode/utf16"
)

// A Detector finds values in bytes that are about to be published. It looks for
// each value as it is, in base64 (standard and URL alphabet, at each of the
// three places that a value may begin at within a group), in hex, URL-escaped,
// and as UTF-16 of either byte order.
//
// It is the last line of defence and finds mistakes, not intentions: a value
// that was compressed, encrypted, encoded twice or broken across lines is not
// found.
//
// Once the last value was added, any number of goroutines may call
// [Detector.Find] at the same time.
type Detector struct {
	// lend keeps the encodings behind a closure, as Value keeps its bytes.
	lend func() *needles
}

// NewDetector returns a detector of values.
func NewDetector(values ...Value) *Detector {
	n := &needles{heads: map[uint64]int32{}, filter: make([]uint64, 1<<filterBits/64)}
	d := &Detector{lend: func() *needles { return n }}
	for _, v := range values {
		d.Add(v)
	}
	return d
}

// Add looks for v from now on. It copies what it needs: v may be wiped. An
// empty value is ignored, since it is in everything.
func (d *Detector) Add(v Value) {
	n := d.lend()
	_ = v.Use(func(b []byte) error {
		if len(b) > 0 {
			n.add(b)
		}
		return nil
	})
}

// Find reports whether blob holds any of the values.
func (d *Detector) Find(blob []byte) bool { return d.lend().find(blob) }

// Wipe overwrites what was kept of the values and forgets them.
func (d *Detector) Wipe() { d.lend().wipe() }

const (
	// window is how many bytes of a needle stand for it in the search.
	window = 8
	// filterBits is the logarithm of the filter's size in bits: half a
	// megabyte, which a processor's cache holds, and three in a hundred
	// windows let through by chance where 10,000 values are looked for.
	filterBits = 22
)

// needles are the encodings of all values. A needle is found by the hash of the
// eight bytes in its middle: every place of the blob costs a multiplication and
// a look into the filter, however many needles there are, and the few that pass
// are compared in full. The middle, because tokens begin alike.
type needles struct {
	list []needle
	// short are those without a window; they are searched one by one.
	short  [][]byte
	heads  map[uint64]int32
	filter []uint64
}

type needle struct {
	text []byte
	// next is the index of another needle with the same window, or -1.
	next int32
}

func (n *needles) add(value []byte) {
	var e encoder
	e.encode(value)
	for _, text := range e.texts {
		n.insert(text)
	}
}

func (n *needles) insert(text []byte) {
	if len(text) < window {
		n.short = append(n.short, text)
		return
	}
	w := binary.LittleEndian.Uint64(text[middle(text):])
	next, ok := n.heads[w]
	if !ok {
		next = -1
	}
	n.heads[w] = int32(len(n.list))
	n.list = append(n.list, needle{text: text, next: next})
	bit := slot(w)
	n.filter[bit/64] |= 1 << (bit % 64)
}

// middle is where a needle's window begins.
func middle(text []byte) int { return (len(text) - window) / 2 }

// slot spreads windows over the filter: the top bits of a product depend on all
// bits of the factor.
func slot(w uint64) uint64 { return w * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

func (n *needles) find(blob []byte) bool {
	for _, text := range n.short {
		if bytes.Contains(blob, text) {
			return true
		}
	}
	if len(n.list) == 0 {
		return false
	}
	for i := 0; i+window <= len(blob); i++ {
		w := binary.LittleEndian.Uint64(blob[i:])
		bit := slot(w)
		if n.filter[bit/64]&(1<<(bit%64)) != 0 && n.matches(blob, i, w) {
			return true
		}
	}
	return false
}

// matches compares the needles whose window w stands at i.
func (n *needles) matches(blob []byte, i int, w uint64) bool {
	at, ok := n.heads[w]
	for ok && at >= 0 {
		text := n.list[at].text
		if start := i - middle(text); start >= 0 && bytes.HasPrefix(blob[start:], text) {
			return true
		}
		at = n.list[at].next
	}
	return false
}

func (n *needles) wipe() {
	for _, needle := range n.list {
		clear(needle.text)
	}
	for _, text := range n.short {
		clear(text)
	}
	clear(n.filter)
	clear(n.heads)
	n.list, n.short = nil, nil
}

// encoder collects the encodings of one value. They share one buffer, made
// large enough beforehand, so that no copy is left behind by growing.
type encoder struct {
	buf   []byte
	texts [][]byte
}

func (e *encoder) encode(value []byte) {
	const perByte = 1 + 6*2 + 2*2 + 2*3 + 2*4
	e.buf = make([]byte, 0, perByte*len(value)+6*8)
	e.texts = make([][]byte, 0, 16)

	e.take(append(e.buf, value...))
	for offset := range 3 {
		e.base64(base64.RawStdEncoding, value, offset)
		e.base64(base64.RawURLEncoding, value, offset)
	}
	e.take(hex.AppendEncode(e.buf, value))
	e.take(appendUpperHex(e.buf, value))
	e.take(appendEscaped(e.buf, value, "0123456789ABCDEF"))
	e.take(appendEscaped(e.buf, value, "0123456789abcdef"))
	e.take(appendUTF16(e.buf, value, binary.LittleEndian))
	e.take(appendUTF16(e.buf, value, binary.BigEndian))
}

// take keeps what was appended to the buffer, unless it is there already: a
// value of letters and digits is its own URL encoding.
func (e *encoder) take(grown []byte) {
	text := grown[len(e.buf):len(grown):len(grown)]
	for _, known := range e.texts {
		if bytes.Equal(known, text) {
			clear(text)
			return
		}
	}
	e.buf = grown
	e.texts = append(e.texts, text)
}

// base64 keeps the characters that value alone decides when offset bytes stand
// before it in its group of three, and anything after it.
func (e *encoder) base64(encoding *base64.Encoding, value []byte, offset int) {
	from := (offset*8 + 5) / 6
	to := (offset + len(value)) * 8 / 6
	padded := make([]byte, offset+len(value))
	defer clear(padded)
	copy(padded[offset:], value)
	whole := make([]byte, encoding.EncodedLen(len(padded)))
	defer clear(whole)
	encoding.Encode(whole, padded)
	if from < to {
		e.take(append(e.buf, whole[from:to]...))
	}
}

func appendUpperHex(dst, value []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range value {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// appendEscaped writes every byte that is no letter or digit as %XX. Encoders
// differ about "_", "-", "." and "~", which need no escape: where they are left
// alone in a token the value is found as it is.
func appendEscaped(dst, value []byte, digits string) []byte {
	for _, c := range value {
		if '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// appendUTF16 reads value as UTF-8, which tokens are.
func appendUTF16(dst, value []byte, order binary.AppendByteOrder) []byte {
	for _, r := range string(value) {
		if low, high := utf16.EncodeRune(r); low != '\uFFFD' {
			dst = order.AppendUint16(order.AppendUint16(dst, uint16(low)), uint16(high))
			continue
		}
		dst = order.AppendUint16(dst, uint16(r))
	}
	return dst
}
