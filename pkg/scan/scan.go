package scan

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Encoding is a way in which a value was written.
type Encoding string

// The encodings.
const (
	Base64  Encoding = "base64"
	Hex     Encoding = "hex"
	UTF16   Encoding = "utf-16"
	UTF32   Encoding = "utf-32"
	Percent Encoding = "url-encoding"
	Escapes Encoding = "escapes" // \u005f, \x5f, \137, \_, &#95;
	Quoted  Encoding = "quoted-printable"
	Wrapped Encoding = "line-wrapped"
	Gzip    Encoding = "gzip"
)

// Sum is the SHA-256 of a value.
type Sum = [sha256.Size]byte

// Find is a value that was found. It does not hold the value.
type Find struct {
	// Offset is where its encoded form begins, in bytes from the beginning of
	// what was searched.
	Offset int64
	// Line and Column count from 1; columns are characters. They are 0 where a
	// name was searched.
	Line, Column int
	// Encodings are those that it is wrapped in, the outermost first.
	Encodings []Encoding
	// Sum is the SHA-256 of the value.
	Sum Sum
	// Shaped says that it has the form of the tokens that osmoctl issues, with
	// the right checksum. Otherwise it is one that was issued.
	Shaped bool
	// InName says that it stands in the name, not in the content.
	InName bool
}

// Options say what is looked for.
type Options struct {
	// Issued reports whether a value of this SHA-256 was ever issued. Without
	// it only values of osmoctl's form are found. It is called by several
	// goroutines.
	Issued func(Sum) bool
	// Deep decodes whatever could be an encoding, at every offset, and looks up
	// every 43 characters of a run, not only whole runs. It takes ten times as long,
	// and in base64 a hundred times.
	Deep bool
	// Budget bounds what all inputs of a run unpack to beyond a hundred times their
	// own size; without one, this scanner has one of [DefaultBudget] for itself.
	Budget *Budget
	// MaxDepth bounds how deep archives are nested; zero is the default, 4.
	MaxDepth int
}

const (
	defaultMaxDepth = 4

	// maxLayers bounds how many encodings are taken off, one within another.
	maxLayers     = 4
	maxLayersDeep = 6

	// valueLength is the length of a token of ours, and of a server's.
	valueLength = 43
	// oldLength is that of the hex values that older servers issued.
	oldLength = 64
)

func (o Options) withDefaults() Options {
	if o.Budget == nil {
		o.Budget = NewBudget(DefaultBudget)
	}
	if o.MaxDepth == 0 {
		o.MaxDepth = defaultMaxDepth
	}
	return o
}

func (o Options) layers() int {
	if o.Deep {
		return maxLayersDeep
	}
	return maxLayers
}

// Scanner searches. It is for one goroutine at a time; several scanners share
// nothing that changes.
type Scanner struct {
	opts   Options
	table  *table
	buffer []byte
	// scratch is a buffer for each depth of decoding.
	scratch [][]byte
	found   map[place]bool
	finds   []Find
	// account is that of the file that is being searched. exhausted says that more
	// was there in gzip within encodings than is looked at.
	account   *account
	exhausted bool
	// zstd has a decoder for each depth of files within files.
	zstd []*zstd.Decoder
}

// place tells finds apart: the same value at the same place was found twice.
type place struct {
	offset int64
	sum    Sum
}

// New returns a scanner.
func New(o Options) *Scanner {
	s := &Scanner{opts: o.withDefaults(), table: literals(), found: map[place]bool{}}
	s.open()
	return s
}

// open begins the account of a file.
func (s *Scanner) open() *account {
	s.account = &account{Budget: s.opts.Budget}
	return s.account
}

// Bytes searches a text as a whole and returns what was found, in the order of
// places.
func (s *Scanner) Bytes(b []byte) []Find {
	s.begin()
	s.search(&text{b: b, first: true, last: true})
	sortFinds(s.finds)
	lineCount{}.place(s.finds, b, 0)
	return s.finds
}

// Name searches a name, such as a file's.
func (s *Scanner) Name(name string) []Find {
	s.begin()
	s.search(&text{b: []byte(name), first: true, last: true})
	for i := range s.finds {
		s.finds[i].InName = true
	}
	sortFinds(s.finds)
	return s.finds
}

func (s *Scanner) begin() {
	clear(s.found)
	s.finds, s.exhausted = nil, false
}

func sortFinds(finds []Find) {
	slices.SortStableFunc(finds, func(a, b Find) int { return cmp.Compare(a.Offset, b.Offset) })
}

// text is bytes to search: a piece of the input, or what was decoded from it.
type text struct {
	b []byte
	// start is the offset of a piece in the input.
	start int64
	// first and last say that nothing stands before and after.
	first, last bool
	// outer is what it was decoded from, at says where each of its bytes stood
	// there.
	outer    *text
	encoding Encoding
	at       func(int) int
	depth    int
	covers   covers
}

// inner is text that was decoded from this one.
func (t *text) inner(b []byte, e Encoding, at func(int) int) *text {
	return &text{b: b, first: true, last: true, outer: t, encoding: e, at: at, depth: t.depth + 1}
}

// origin is the offset in the input of a byte of the text.
func (t *text) origin(i int) int64 {
	for t.outer != nil {
		i, t = t.at(i), t.outer
	}
	return t.start + int64(i)
}

func (t *text) encodings() []Encoding {
	var list []Encoding
	for ; t.outer != nil; t = t.outer {
		list = append(list, t.encoding)
	}
	slices.Reverse(list)
	return list
}

// search looks for values in a text and in all that is encoded in it.
// The last run of base64 is returned: it may go on behind the text.
func (s *Scanner) search(t *text) joined {
	if t.depth > 0 && !s.account.charge(s.weigh(len(t.b))) {
		s.exhausted = true
		return joined{}
	}
	s.findBeginnings(t)
	j := s.searchRuns(t)
	if t.depth < s.opts.layers() {
		s.searchWide(t)
		if s.opts.Deep {
			s.unescapeAll(t)
		}
	}
	return j
}

// weigh is what is charged for bytes that were decoded: text that is made to be
// slow is decoded over and over, and packed it is small. Ordinary text is decoded
// less than once.
func (s *Scanner) weigh(n int) int64 {
	const overhead, deeper = 64, 32
	if s.opts.Deep {
		return int64(n+overhead) / deeper
	}
	return int64(n + overhead)
}

// note takes a find down, once.
func (s *Scanner) note(t *text, at int, sum Sum, shaped bool, more ...Encoding) {
	p := place{t.origin(at), sum}
	if s.found[p] {
		return
	}
	s.found[p] = true
	s.finds = append(s.finds, Find{Offset: p.offset, Encodings: append(t.encodings(), more...), Sum: sum, Shaped: shaped})
}

// room lends the buffer of a depth, for at least n bytes.
func (s *Scanner) room(depth, n int) []byte {
	for len(s.scratch) <= depth {
		s.scratch = append(s.scratch, nil)
	}
	if cap(s.scratch[depth]) < n {
		s.scratch[depth] = make([]byte, 0, n)
	}
	return s.scratch[depth][:0]
}
