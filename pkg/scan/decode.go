package scan

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxInner bounds what is unpacked of one piece of gzip that stands in base64: it
// is held in memory.
const maxInner = 32 << 20

// before is how much is decoded before a beginning: what is encoded again within
// needs the end of the character before it.
const before = 32

// base64Around decodes what stands around a beginning in base64. skip characters
// of its group of four stand before it; those that are missing count as zeros.
func (s *Scanner) base64Around(t *text, at, skip int) {
	if t.covers.have(t.b, Base64, at, skip, 4) {
		return
	}
	lo := at
	for lo > 0 && at-lo < skip+before && isBase64(t.b[lo-1]) {
		lo--
	}
	missing := skip - (at - lo)
	if missing < 0 {
		lo, missing = lo+(-missing)%4, 0
	}
	limit := min(len(t.b), at+around)
	hi := at
	for hi < limit && isBase64(t.b[hi]) {
		hi++
	}
	hi = findEnd(t.b[:limit], hi)
	if missing == 0 {
		t.covers.add(Base64, lo, hi, hi < limit)
	}
	s.searchBase64(t, lo, hi, missing)
}

// searchBase64 searches what b[lo:hi] is when phase zeros stand before it.
func (s *Scanner) searchBase64(t *text, lo, hi, phase int) {
	out := decode64(s.room(t.depth, (hi-lo)/4*3+6), t.b[lo:hi], phase)
	s.scratch[t.depth] = out
	c := cursor{b: t.b[lo:hi], next: nextEncoded}
	at := func(i int) int { return lo + c.nth(i*8/6-phase) }
	if len(out) >= valueLength {
		s.search(t.inner(out, Base64, at))
	}
	s.gunzip(t, out, at(0))
}

// decode64 appends what src is in base64 of either alphabet, without what breaks
// lines.
func decode64(dst, src []byte, phase int) []byte {
	var group uint32
	n := phase
	for i := 0; i < len(src); {
		if n == 0 {
			dst, i = decodeQuads(dst, src, i)
			if i >= len(src) {
				break
			}
		}
		v := sextets[src[i]]
		if v == notBase64 {
			i += max(gap(src[i:]), 1)
			continue
		}
		group, n, i = group<<6|uint32(v), n+1, i+1
		if n == 4 {
			dst = append(dst, byte(group>>16), byte(group>>8), byte(group))
			group, n = 0, 0
		}
	}
	switch n {
	case 2:
		dst = append(dst, byte(group>>4))
	case 3:
		dst = append(dst, byte(group>>10), byte(group>>2))
	}
	return dst
}

// decodeQuads decodes whole groups up to the first that is interrupted, and
// returns where that is.
func decodeQuads(dst, src []byte, i int) ([]byte, int) {
	for ; i+4 <= len(src); i += 4 {
		v := quads[0][src[i]] | quads[1][src[i+1]] | quads[2][src[i+2]] | quads[3][src[i+3]]
		if v>>31 != 0 {
			return dst, i
		}
		dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
	}
	return dst, i
}

// cursor finds the characters of an encoding by their number. It goes on from
// where it was, and back to the mark before: a text may hold many values, and be
// decoded from several places in turn.
type cursor struct {
	b []byte
	// next says how many bytes to go on, and whether a character begins there.
	next  func(b []byte) (width int, character bool)
	at, n int
	// marks are where every markEvery-th character may begin.
	marks []int
}

const markEvery = 512

// nth is where the n-th character stands, counted from 0. One before the first
// is one of the zeros that were put there.
func (c *cursor) nth(n int) int {
	if n = max(n, 0); n < c.n {
		k := n / markEvery
		c.at, c.n = c.marks[k], k*markEvery
	}
	for c.at < len(c.b) {
		if c.n == len(c.marks)*markEvery {
			c.marks = append(c.marks, c.at)
		}
		width, character := c.next(c.b[c.at:])
		if character && c.n >= n {
			return c.at
		}
		if character {
			c.n++
		}
		c.at += width
	}
	return max(len(c.b)-1, 0)
}

// nextEncoded is the next of cursors in base64 and hex.
func nextEncoded(b []byte) (width int, character bool) {
	if width = gap(b); width > 0 {
		return width, false
	}
	return 1, isBase64(b[0])
}

// gunzip searches what is compressed within an encoding, as releases of Helm are
// in Kubernetes. What cannot be unpacked is not gzip.
func (s *Scanner) gunzip(t *text, b []byte, at int) {
	if len(b) < 18 || b[0] != 0x1f || b[1] != 0x8b || b[2] != 8 || t.depth+1 >= s.opts.layers() {
		return
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return
	}
	if !s.account.charge(openCost) {
		s.exhausted = true
		return
	}
	data, err := io.ReadAll(io.LimitReader(metered{z, s.account}, maxInner))
	s.exhausted = s.exhausted || errors.Is(err, errBudget) || len(data) == maxInner
	packed := t.inner(b, Base64, func(int) int { return at })
	s.search(packed.inner(data, Gzip, func(int) int { return 0 }))
}

// hexAround decodes the hex around a beginning.
func (s *Scanner) hexAround(t *text, at int) {
	if t.covers.have(t.b, Hex, at, 0, 2) {
		return
	}
	lo := at
	for lo > 1 && at-lo < before && isHex(t.b[lo-1]) && isHex(t.b[lo-2]) {
		lo -= 2
	}
	limit := min(len(t.b), at+around)
	to := s.searchHex(t, lo, limit)
	t.covers.add(Hex, lo, to, to < limit)
}

// searchHex searches what b[lo:hi] is in hex, up to the first other character, and
// returns where that is.
func (s *Scanner) searchHex(t *text, lo, hi int) int {
	if hi-lo < 2*valueLength || !isHex(t.b[lo]) || !isHex(t.b[lo+1]) {
		return lo
	}
	out, n := decodeHex(s.room(t.depth, (hi-lo)/2), t.b[lo:hi])
	s.scratch[t.depth] = out
	if len(out) >= valueLength {
		c := cursor{b: t.b[lo:hi], next: nextEncoded}
		s.search(t.inner(out, Hex, func(i int) int { return lo + c.nth(2*i) }))
	}
	return lo + n
}

// decodeHex appends what src is in hex up to the first other character, without
// what breaks lines, and returns how much of src that was.
func decodeHex(dst, src []byte) ([]byte, int) {
	high, half := byte(0), false
	for i := 0; i < len(src); {
		c := src[i]
		if !isHex(c) {
			width := gap(src[i:])
			if width == 0 {
				return dst, i
			}
			i += width
			continue
		}
		if half {
			dst = append(dst, high<<4|nibble(c))
		}
		high, half, i = nibble(c), !half, i+1
	}
	return dst, len(src)
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

// narrowAround takes every step-th byte of what stands around a beginning.
func (s *Scanner) narrowAround(t *text, at, step int, e Encoding) {
	if t.covers.have(t.b, e, at, 0, step) {
		return
	}
	lo := at
	for lo >= step && at-lo < before && t.b[lo-1] == 0 && t.b[lo-step] != 0 {
		lo -= step
	}
	hi := min(len(t.b), at+around)
	t.covers.add(e, lo, hi, hi == len(t.b))
	s.searchNarrow(t, lo, hi, step, e)
}

// searchNarrow searches b[lo:hi] without the zeros between its characters. Those of a
// character stand behind it or before it, by the order of bytes. Where text ends,
// and something else begins or stood before, they are on one side alone.
func (s *Scanner) searchNarrow(t *text, lo, hi, step int, e Encoding) {
	out := s.room(t.depth, (hi-lo)/step+1)
	for i := lo; i < hi; i += step {
		c := t.b[i]
		if c == 0 || !zeros(t.b, i+1, i+step) && !zeros(t.b, i+1-step, i) {
			c = notASCII
		}
		out = append(out, c)
	}
	s.scratch[t.depth] = out
	if len(out) >= valueLength {
		s.search(t.inner(out, e, func(i int) int { return lo + step*i }))
	}
}

// zeros reports whether b[lo:hi] is zero. What is cut off at either end of b is.
func zeros(b []byte, lo, hi int) bool {
	for _, c := range b[max(lo, 0):max(min(hi, len(b)), 0)] {
		if c != 0 {
			return false
		}
	}
	return true
}

// notASCII stands for a character that is none of ASCII, and for a zero.
const notASCII = 1

// searchWide searches what could be UTF-16: stretches in which every other byte is zero,
// and no two bytes that follow one another are.
func (s *Scanner) searchWide(t *text) {
	b := t.b
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], 0)
		if i < 0 {
			return
		}
		first := from + i
		last := first
		for last+2 < len(b) && b[last+1] != 0 && b[last+2] == 0 {
			last += 2
		}
		if (last-first)/2+1 >= valueLength {
			s.searchStretch(t, first, last)
		}
		from = last + 1
	}
}

// searchStretch searches a stretch whose first and last zeros are known. Its characters
// stand before their zeros, or behind them: one that stands outside may be part of
// the text or not, and makes the end of a value uncertain.
func (s *Scanner) searchStretch(t *text, first, last int) {
	before, after := first > 0 && t.b[first-1] != 0, last+1 < len(t.b) && t.b[last+1] != 0
	if !after || before {
		s.searchNarrow(t, max(first-1, (first+1)%2), last, 2, UTF16)
	}
	if after {
		s.searchNarrow(t, first+1, last+2, 2, UTF16)
	}
}

// unescapeFrom resolves the escapes behind a beginning.
func (s *Scanner) unescapeFrom(t *text, at int, e Encoding) {
	if t.covers.have(t.b, e, at, 0, 1) {
		return
	}
	hi := min(len(t.b), at+around)
	t.covers.add(e, at, hi, hi == len(t.b))
	s.unescape(t, at, hi, e)
}

// unescapeAll resolves all escapes of a text.
func (s *Scanner) unescapeAll(t *text) {
	for _, e := range []struct {
		mark     byte
		encoding Encoding
	}{{'%', Percent}, {'\\', Escapes}, {'&', Escapes}, {'=', Quoted}} {
		if bytes.IndexByte(t.b, e.mark) >= 0 {
			s.unescape(t, 0, len(t.b), e.encoding)
			return
		}
	}
}

func (s *Scanner) unescape(t *text, lo, hi int, e Encoding) {
	out, changed := s.room(t.depth, hi-lo), false
	for i := lo; i < hi; {
		if width := softBreak(t.b[i:hi]); width > 0 {
			i, changed = i+width, true
			continue
		}
		c, width := escape(t.b[i:hi])
		out, i, changed = append(out, c), i+width, changed || width > 1
	}
	s.scratch[t.depth] = out
	if changed && len(out) >= valueLength {
		c := cursor{b: t.b[lo:hi], next: nextEscaped}
		s.search(t.inner(out, e, func(i int) int { return lo + c.nth(i) }))
	}
}

// nextEscaped is the next of cursors in text with escapes.
func nextEscaped(b []byte) (width int, character bool) {
	if width = softBreak(b); width > 0 {
		return width, false
	}
	_, width = escape(b)
	return width, true
}

// softBreak is the length of what breaks a line in quoted-printable, or 0.
func softBreak(b []byte) int {
	switch {
	case len(b) > 1 && b[0] == '=' && b[1] == '\n':
		return 2
	case len(b) > 2 && b[0] == '=' && b[1] == '\r' && b[2] == '\n':
		return 3
	}
	return 0
}

// escape reads one character, escaped or not, and how many bytes it takes.
func escape(b []byte) (c byte, width int) {
	switch b[0] {
	case '%':
		if len(b) > 1 && b[1] == 'u' {
			return readCode(b, 2, 4, 16)
		}
		return readCode(b, 1, 2, 16)
	case '\\':
		return backslash(b)
	case '&':
		return entity(b)
	case '=':
		return readCode(b, 1, 2, 16)
	}
	return b[0], 1
}

func backslash(b []byte) (byte, int) {
	if len(b) < 2 {
		return b[0], 1
	}
	switch b[1] {
	case 'x':
		return readNumber(b, 2)
	case 'u':
		return readNumber(b, 4)
	case 'U':
		return readCode(b, 2, 8, 16)
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return tab(b)
	case '_':
		return '_', 2 + empty(b[2:])
	case '\\', '/', '"':
		return b[1], 2
	case '0', '1':
		return readCode(b, 1, 3, 8)
	}
	return b[0], 1
}

// readNumber reads \x5f and \u005f, of so many digits, and \x{5f} and \u{5f}.
func readNumber(b []byte, digits int) (byte, int) {
	if len(b) < 3 || b[2] != '{' {
		return readCode(b, 2, digits, 16)
	}
	n := digitsOf(b[3:], 16)
	if c, width := readCode(b, 3, n, 16); width > 1 && len(b) > width && b[width] == '}' {
		return c, width + 1
	}
	return b[0], 1
}

// tab tells a tab from the name that LaTeX has for an underscore.
func tab(b []byte) (byte, int) {
	const name = `\textunderscore`
	if !bytes.HasPrefix(b, []byte(name)) {
		return '\t', 2
	}
	rest := b[len(name):]
	if len(rest) > 0 && rest[0] == ' ' {
		return '_', len(name) + 1
	}
	return '_', len(name) + empty(rest)
}

// empty is the length of the braces that end the name of a command in LaTeX, or 0.
func empty(b []byte) int {
	if bytes.HasPrefix(b, []byte("{}")) {
		return 2
	}
	return 0
}

// entities are those of HTML that may stand for what a value has, or for the
// beginning of another one.
var entities = []struct {
	text string
	c    byte
}{{"&lowbar;", '_'}, {"&UnderBar;", '_'}, {"&amp;", '&'}}

// entity reads one with or without the semicolon that browsers do without.
func entity(b []byte) (byte, int) {
	for _, e := range entities {
		if bytes.HasPrefix(b, []byte(e.text)) {
			return e.c, len(e.text)
		}
	}
	if len(b) < 3 || b[1] != '#' {
		return b[0], 1
	}
	skip, base := 2, 10
	if b[2] == 'x' || b[2] == 'X' {
		skip, base = 3, 16
	}
	c, width := readCode(b, skip, digitsOf(b[min(skip, len(b)):], base), base)
	if width > 1 && len(b) > width && b[width] == ';' {
		width++
	}
	return c, width
}

// digitsOf is how many digits a number begins with, of those that are looked at.
func digitsOf(b []byte, base int) (n int) {
	const most = 8
	for n < min(len(b), most) && (isDecimal(b[n]) || base == 16 && isHex(b[n])) {
		n++
	}
	return n
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }

// readCode reads the number of an ASCII character, digits long, behind skip bytes.
func readCode(b []byte, skip, digits, base int) (byte, int) {
	if len(b) < skip+digits || digits == 0 {
		return b[0], 1
	}
	n, err := strconv.ParseUint(string(b[skip:skip+digits]), base, 32)
	if err != nil || n >= utf8.RuneSelf {
		return b[0], 1
	}
	return byte(n), skip + digits
}
