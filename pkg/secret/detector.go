package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
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
	n := &needles{values: make([][]byte, 0, len(values)), list: make([]needle, 0, perValue*len(values))}
	n.grow(max(smallest, bits.Len(uint(perNeedle*cap(n.list)))))
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
	// perNeedle are the bits that the filter has for each needle at least: three in a
	// hundred windows pass by chance at most. There is a chain for as many bits.
	perNeedle = 32
	// smallest is the logarithm of the size in bits of the smallest filter.
	smallest = 16
	// perValue is how many encodings a token has that are not the same.
	perValue = 12
)

// needles are the encodings of all values. A needle is found by the hash of the
// eight bytes in its middle: every place of the blob that may be within one costs a
// multiplication and a look into the filter, however many needles there are, and the
// few that pass are compared in full. The middle, because tokens begin alike.
//
// Of a needle nothing is kept but those bytes and whose encoding it is: where they are
// met, the value is encoded again. The encodings of 100,000 values would be 150 MB.
type needles struct {
	values [][]byte
	list   []needle
	// short are those without a window; they are searched one by one.
	short [][]byte
	// within has the bytes that windows consist of. Others end what has to be looked at,
	// which is a few bytes of a ciphertext and half of a state file.
	within [256]bool
	// filter has 1<<bits bits, and heads the first needle of each chain, counted from
	// one. Both are indexed by the first bits of a window's hash.
	bits   int
	filter []uint64
	heads  []int32
	encode encoder
}

type needle struct {
	window uint64
	// value is the index of the one that it encodes.
	value int32
	// next is another needle of the same chain, counted from one; 0 where there is none.
	next int32
}

func (n *needles) add(value []byte) {
	n.values = append(n.values, bytes.Clone(value))
	n.encode.all(value)
	for _, text := range n.encode.texts {
		if len(text) < window {
			n.short = append(n.short, bytes.Clone(text))
			continue
		}
		at := middle(text)
		for _, c := range text[at : at+window] {
			n.within[c] = true
		}
		n.list = append(n.list, needle{window: binary.LittleEndian.Uint64(text[at:]), value: int32(len(n.values) - 1)})
		if len(n.list)*perNeedle > 1<<n.bits {
			n.grow(n.bits + 1)
		} else {
			n.link(len(n.list) - 1)
		}
	}
	n.encode.wipe()
}

// grow makes filter and heads anew, of another size.
func (n *needles) grow(bits int) {
	clear(n.filter)
	n.bits, n.filter, n.heads = bits, make([]uint64, 1<<bits/64), make([]int32, 1<<bits/perNeedle)
	for i := range n.list {
		n.link(i)
	}
}

// link makes a needle the first of its chain.
func (n *needles) link(i int) {
	bit := n.slot(n.list[i].window)
	n.filter[bit/64] |= 1 << (bit % 64)
	n.list[i].next, n.heads[bit/perNeedle] = n.heads[bit/perNeedle], int32(i+1)
}

// middle is where a needle's window begins.
func middle(text []byte) int { return (len(text) - window) / 2 }

// spread spreads windows over the filter: the top bits of a product depend on all
// bits of the factor.
const spread = 0x9e3779b97f4a7c15

func (n *needles) slot(w uint64) uint64 { return w * spread >> (64 - n.bits) }

func (n *needles) find(blob []byte) bool {
	for _, text := range n.short {
		if bytes.Contains(blob, text) {
			return true
		}
	}
	run := 0
	for i, c := range blob {
		if !n.within[c] {
			run = 0
			continue
		}
		if run++; run < window {
			continue
		}
		w := binary.LittleEndian.Uint64(blob[i+1-window:])
		bit := n.slot(w)
		if n.filter[bit/64]&(1<<(bit%64)) != 0 && n.matches(blob, i+1-window, w) {
			return true
		}
	}
	return false
}

// matches compares the needles whose window w stands at i.
func (n *needles) matches(blob []byte, i int, w uint64) bool {
	for at := n.heads[n.slot(w)/perNeedle]; at > 0; at = n.list[at-1].next {
		if n.list[at-1].window == w && n.isAt(blob, i, n.values[n.list[at-1].value]) {
			return true
		}
	}
	return false
}

// isAt reports whether an encoding of a value stands in blob with its window at i.
func (n *needles) isAt(blob []byte, i int, value []byte) bool {
	var e encoder
	defer e.wipe()
	e.all(value)
	for _, text := range e.texts {
		if len(text) < window {
			continue
		}
		if start := i - middle(text); start >= 0 && bytes.HasPrefix(blob[start:], text) {
			return true
		}
	}
	return false
}

func (n *needles) wipe() {
	for _, value := range n.values {
		clear(value)
	}
	for _, text := range n.short {
		clear(text)
	}
	clear(n.list)
	clear(n.filter)
	clear(n.heads)
	clear(n.within[:])
	n.values, n.list, n.short = nil, nil, nil
}

// encoder collects the encodings of one value, and may be used again. They share one
// buffer, made large enough beforehand, so that no copy is left behind by growing.
type encoder struct {
	whole   []byte // the buffer from its beginning
	buf     []byte // what of it is taken
	scratch []byte
	texts   [][]byte
}

func (e *encoder) all(value []byte) {
	const perByte = 1 + 6*2 + 2*2 + 2*3 + 2*4
	if need := perByte*len(value) + 6*8; cap(e.whole) < need {
		e.whole = make([]byte, 0, need)
		e.scratch = make([]byte, 3*len(value)+16)
		e.texts = make([][]byte, 0, 16)
	}
	e.buf, e.texts = e.whole, e.texts[:0]

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

// wipe overwrites what was encoded last.
func (e *encoder) wipe() {
	clear(e.whole[:cap(e.whole)])
	clear(e.scratch)
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
	padded := e.scratch[:offset+len(value)]
	clear(padded[:offset])
	copy(padded[offset:], value)
	whole := e.scratch[len(padded):][:encoding.EncodedLen(len(padded))]
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
