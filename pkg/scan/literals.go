package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/osmoctl/osmoctl/pkg/token"
)

// literal is what a token begins with in some encoding.
type literal struct {
	text string
	// encoding is the outermost; "" is the prefix as it is.
	encoding Encoding
	// skip is how many characters of base64 stand between the beginning of the
	// group of four and the literal.
	skip int
}

const (
	// stride is how far apart the places are that are looked at, and how many
	// bytes are looked at in each. Of 5 bytes one such window is always whole.
	stride     = 3
	filterBits = 16
)

// table finds literals. Three windows of each, at places that follow one another,
// have their bits in the filter and the literal in the map.
type table struct {
	filter [1 << filterBits / 64]uint64
	heads  map[uint32]*heads
}

// heads are the literals that have a window in common. Logs of OSMO are full of its
// name, so what may follow the window is known too, at each of two places: few of
// the names are followed by what a token has there, and no literal is compared.
type heads struct {
	list   []head
	follow [2][256]bool
}

func (h *heads) add(l literal, at int) {
	h.list = append(h.list, head{l, at})
	for k := range h.follow {
		if next := at + stride + k; next < len(l.text) {
			h.follow[k][l.text[next]] = true
			continue
		}
		for c := range h.follow[k] {
			h.follow[k][c] = true // The literal has ended.
		}
	}
}

// mayFollow says whether b can be what follows the window in any of the literals.
func (h *heads) mayFollow(b []byte) bool {
	for k := range h.follow[:min(len(h.follow), len(b))] {
		if !h.follow[k][b[k]] {
			return false
		}
	}
	return true
}

// head is a literal whose byte at is where a window begins.
type head struct {
	literal
	at int
}

// slot spreads windows over the filter.
func slot(window uint32) uint32 { return window * 0x9e3779b1 >> (32 - filterBits) }

var literals = sync.OnceValue(func() *table {
	t := &table{heads: map[uint32]*heads{}}
	for _, l := range allLiterals() {
		t.add(l)
	}
	return t
})

func (t *table) add(l literal) {
	first := rareAt(l.text)
	for at := first; at < first+stride; at++ {
		w := windowOf(l.text[at:])
		bit := slot(w)
		t.filter[bit/64] |= 1 << (bit % 64)
		if t.heads[w] == nil {
			t.heads[w] = &heads{}
		}
		t.heads[w].add(l, at)
	}
}

// rareAt is where windows of a literal begin that are not of one byte thrice:
// files are full of zeros.
func rareAt(text string) int {
	for first := 0; first+2*stride-1 <= len(text); first++ {
		rare := true
		for at := first; at < first+stride; at++ {
			rare = rare && (text[at] != text[at+1] || text[at] != text[at+2])
		}
		if rare {
			return first
		}
	}
	return 0
}

func windowOf[T string | []byte](b T) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

// allLiterals lists the beginnings, in each encoding and in two within one
// another as far as they are usual.
func allLiterals() []literal {
	raw := []byte(token.Prefix)
	list := append(escapedLiterals(), literal{text: token.Prefix})
	list = append(list, hexLiterals(raw)...)
	list = append(list, wideLiterals(raw)...)
	for _, l := range list {
		list = append(list, base64Literals([]byte(l.text))...)
	}
	list = append(append(list, rareLiterals()...), brokenLiterals(token.Prefix)...)
	for _, l := range base64Literals(raw) {
		inner := []byte(l.text)
		list = append(list, hexLiterals(inner)...)
		list = append(list, wideLiterals(inner)...)
		for _, twice := range base64Literals(inner) {
			list = append(append(list, twice), base64Literals([]byte(twice.text))...)
		}
	}
	return list
}

func hexLiterals(b []byte) []literal {
	lower := hex.EncodeToString(b)
	return []literal{{text: lower, encoding: Hex}, {text: string(bytes.ToUpper([]byte(lower))), encoding: Hex}}
}

// wideLiterals are b in UTF-16 and UTF-32, of either byte order: they differ in
// what stands before the first character and after the last.
func wideLiterals(b []byte) []literal {
	return []literal{
		{text: string(bytes.Join(split(b), []byte{0})), encoding: UTF16},
		{text: string(bytes.Join(split(b), []byte{0, 0, 0})), encoding: UTF32},
	}
}

func split(b []byte) [][]byte { return bytes.Split(b, nil) }

// base64Literals are the characters that b alone decides, at each of the three
// places in a group where it may begin. Both alphabets have the same ones: of
// ASCII only five characters are written with the two in which they differ, and
// no token has them.
func base64Literals(b []byte) []literal {
	var list []literal
	for before := range 3 {
		from, to := (before*8+5)/6, (before+len(b))*8/6
		whole := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), b...))
		list = append(list, literal{text: whole[from:to], encoding: Base64, skip: from})
	}
	return list
}

// escapedLiterals are the prefix with its underscore escaped, and with
// everything escaped.
func escapedLiterals() []literal {
	return []literal{
		{text: "osmo%5", encoding: Percent},
		{text: "osmo%255", encoding: Percent},
		{text: "%6f%73%6", encoding: Percent},
		{text: "%6F%73%6", encoding: Percent},
		{text: `osmo\u005`, encoding: Escapes},
		{text: `osmo\\u005`, encoding: Escapes},
		{text: `\u006f\u0073`, encoding: Escapes},
		{text: `\u006F\u0073`, encoding: Escapes},
		{text: `osmo\x5`, encoding: Escapes},
		{text: `\x6f\x73\x6`, encoding: Escapes},
		{text: `\x6F\x73\x6`, encoding: Escapes},
		{text: `osmo\_`, encoding: Escapes},
		{text: `osmo\\_`, encoding: Escapes},
		{text: `osmo\137`, encoding: Escapes},
		{text: "osmo=5F", encoding: Quoted},
		{text: "osmo=5f", encoding: Quoted},
		{text: "osmo&#95", encoding: Escapes},
		{text: "osmo&#x5", encoding: Escapes},
		{text: "osmo&lowbar;", encoding: Escapes},
		{text: "&#111;&#115;", encoding: Escapes},
		{text: "&#x6f;&#x73;", encoding: Escapes},
		{text: "&#x6F;&#x73;", encoding: Escapes},
	}
}

// rareLiterals are forms that are seldom met, and so not looked for in base64.
func rareLiterals() []literal {
	return []literal{
		{text: "osmo%25255", encoding: Percent},
		{text: "osmo%u005", encoding: Percent},
		{text: `osmo\\x5`, encoding: Escapes},
		{text: `osmo\x{5`, encoding: Escapes},
		{text: `osmo\u{5`, encoding: Escapes},
		{text: `osmo\U0000005`, encoding: Escapes},
		{text: `osmo\textunderscore`, encoding: Escapes},
		{text: `osmo\\137`, encoding: Escapes},
		{text: `\157\163\15`, encoding: Escapes},
		{text: "=6F=73=6", encoding: Quoted},
		{text: "=6f=73=6", encoding: Quoted},
		{text: "osmo&#0", encoding: Escapes},
		{text: "osmo&#x0", encoding: Escapes},
		{text: "osmo&#X5", encoding: Escapes},
		{text: "osmo&UnderBar;", encoding: Escapes},
		{text: "osmo&amp;", encoding: Escapes},
	}
}

// brokenLiterals are the prefix with the end of a line in it, as mail has one after
// 76 characters.
func brokenLiterals(prefix string) (list []literal) {
	for _, end := range []string{"=\n", "=\r\n"} {
		for at := 1; at < len(prefix); at++ {
			list = append(list, literal{text: prefix[:at] + end + prefix[at:], encoding: Wrapped})
			quoted := prefix[:at] + end + strings.TrimSuffix(prefix[at:], "_") + "=5"
			list = append(list, literal{text: quoted, encoding: Quoted})
		}
	}
	return list
}

// findBeginnings finds the literals of a text.
func (s *Scanner) findBeginnings(t *text) {
	b, filter := t.b, &s.table.filter
	for i := 0; i+4 <= len(b); i += stride {
		w := binary.LittleEndian.Uint32(b[i:]) & 0xffffff
		bit := slot(w)
		if filter[bit/64]>>(bit%64)&1 != 0 {
			s.checkWindow(t, i, w)
		}
	}
	// The last window may be one of three bytes without a fourth.
	if n := len(b); n >= stride && n%stride == 0 {
		s.checkWindow(t, n-stride, windowOf(b[n-stride:]))
	}
}

// checkWindow compares the literals that have the window w.
func (s *Scanner) checkWindow(t *text, i int, w uint32) {
	heads := s.table.heads[w]
	if heads == nil || !heads.mayFollow(t.b[i+stride:]) {
		return
	}
	for k := range heads.list {
		h := &heads.list[k]
		from := i - h.at
		if from >= 0 && len(t.b)-from >= len(h.text) && string(t.b[from:from+len(h.text)]) == h.text {
			s.checkLiteral(t, from, &h.literal)
		}
	}
}

// checkLiteral takes off the encoding that a literal announces.
func (s *Scanner) checkLiteral(t *text, at int, l *literal) {
	if l.encoding == "" {
		s.checkShape(t, at)
		return
	}
	if t.depth >= s.opts.layers() {
		return
	}
	switch l.encoding {
	case Base64:
		s.base64Around(t, at, l.skip)
	case Hex:
		s.hexAround(t, at)
	case UTF16:
		s.narrowAround(t, at, 2, UTF16)
	case UTF32:
		s.narrowAround(t, at, 4, UTF32)
	case Wrapped:
		s.checkWrapped(t, at)
	default:
		s.unescapeFrom(t, at, l.encoding)
	}
}
