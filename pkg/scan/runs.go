package scan

import "crypto/sha256"

const (
	// shortRun is the shortest run of base64 in one line that is decoded for what
	// might be in it, and shortRunDeep so with Deep. Below the length of a value,
	// because a value may be cut in two by a line break; lines are wrapped at 60
	// characters and more.
	shortRun     = 40
	shortRunDeep = 8
	// encodedLength is what a value takes in base64.
	encodedLength = (valueLength*8 + 5) / 6
	// longestWindows is how long a run may be whose every 43 characters are
	// looked up; of longer ones that is done at both ends.
	longestWindows = 256
)

// eachRun calls f for the maximal runs within b[lo:hi] of at least n characters
// of a class. It looks at every n-th byte, and from there back to where the run
// begins: in ordinary text that is one byte of five.
func eachRun(b []byte, lo, hi int, class uint8, n int, f func(lo, hi int)) {
	from, known := lo, lo // b[from:known] is of the class
	for from+n <= hi {
		probe := from + n - 1
		back := probe
		for back >= known && classes[b[back]]&class != 0 {
			back--
		}
		if back >= known {
			from, known = back+1, probe+1
			continue
		}
		end := probe + 1
		for end < hi && classes[b[end]]&class != 0 {
			end++
		}
		f(from, end)
		from, known = end+1, end+1
	}
}

// joined is a run of base64 with its continuations in the next lines.
type joined struct{ lo, hi int }

// countBase64 counts characters, without those that break lines.
func countBase64(b []byte) (n int) {
	for i := 0; i < len(b); {
		from := i
		for i < len(b) && isBase64(b[i]) {
			i++
		}
		n += i - from
		if i < len(b) {
			i += max(gap(b[i:]), 1)
		}
	}
	return n
}

// searchRuns looks at the long runs of a text: for values without a prefix, and for
// what is in them as base64 and hex.
func (s *Scanner) searchRuns(t *text) joined {
	shortest, j := shortRun, joined{}
	if s.opts.Deep {
		shortest = shortRunDeep
	}
	eachRun(t.b, 0, len(t.b), inBase64, shortest, func(lo, hi int) {
		s.lookUpWords(t, lo, hi)
		if t.depth < s.opts.layers() {
			s.searchRun(t, lo, hi, &j)
		}
	})
	return j
}

// searchRun decodes a run from where it may begin. That is not certain: what stands at
// the end of the line before may belong to it, or be the word above a block; and
// a line may go on in the next, or be followed by another value.
func (s *Scanner) searchRun(t *text, lo, hi int, j *joined) {
	lo = afterEscape(t.b, lo)
	if lo < j.hi {
		s.searchDecoded(t, lo, hi)
		return
	}
	before := lineBefore(t.b, lo, j.hi)
	*j = joined{lo: lo, hi: findEnd(t.b, hi)}
	if before == 0 && !t.first || countBase64(t.b[before:lo])%4 == 0 {
		j.lo = before
	}
	s.searchDecoded(t, j.lo, j.hi)
	if before < j.lo {
		s.searchDecoded(t, before, j.hi)
	}
	if j.lo < lo || hi < j.hi {
		s.searchDecoded(t, lo, hi)
	}
}

// searchDecoded searches what b[lo:hi] is in base64 and in hex, where it is long
// enough to hold a value. With Deep it is decoded from each of four places.
func (s *Scanner) searchDecoded(t *text, lo, hi int) {
	if hi-lo < encodedLength {
		return
	}
	phases := 1
	if s.opts.Deep {
		phases = 4
	}
	for phase := range phases {
		s.searchBase64(t, lo, hi, phase)
	}
	s.searchHex(t, lo, hi)
	if s.opts.Deep {
		eachRun(t.b, lo, hi, inHex, 2*valueLength, func(lo, hi int) {
			s.searchHex(t, lo, hi)
			s.searchHex(t, lo+1, hi)
		})
	}
}

// findEnd is where a run ends that goes on after line breaks.
func findEnd(b []byte, end int) int {
	for end < len(b) {
		next := end + gap(b[end:])
		if next == end || next >= len(b) || !isBase64(b[next]) {
			return end
		}
		for end = next; end < len(b) && isBase64(b[end]); {
			end++
		}
	}
	return end
}

// lineBefore is where the characters begin that stand at the end of the line
// before, or lo where there are none.
func lineBefore(b []byte, lo, floor int) int {
	i := lo
	for i > floor && (b[i-1] == ' ' || b[i-1] == '\t') {
		i--
	}
	switch {
	case i > floor && b[i-1] == '\n':
		i--
		if i > floor && b[i-1] == '\r' {
			i--
		}
	case i == lo && i > floor+1 && (b[i-1] == 'n' || b[i-1] == 'r') && b[i-2] == '\\':
		i = beforeEscapes(b, i, floor)
	default:
		return lo
	}
	begin := i
	for begin > floor && isBase64(b[begin-1]) {
		begin--
	}
	if begin == i {
		return lo
	}
	return afterEscape(b, begin)
}

// beforeEscapes goes back over \n, \r\n and what they are in JSON within JSON.
func beforeEscapes(b []byte, i, floor int) int {
	for i > floor+1 && (b[i-1] == 'n' || b[i-1] == 'r') && b[i-2] == '\\' {
		for i--; i > floor && b[i-1] == '\\'; {
			i--
		}
	}
	return i
}

// afterEscape is where a run begins whose first characters belong to an escape
// before it: \nVALUE, or %3DVALUE.
func afterEscape(b []byte, lo int) int {
	switch {
	case lo == 0 || lo+2 >= len(b):
	case b[lo-1] == '\\' && (b[lo] == 'n' || b[lo] == 'r' || b[lo] == 't'):
		return lo + 1
	case b[lo-1] == '%' && isHex(b[lo]) && isHex(b[lo+1]):
		return lo + 2
	}
	return lo
}

// gap is the length of what may stand between two characters of base64 and does
// not count: a line break with the indentation after it, the same as an escape,
// and the backslashes before an escaped slash. It is 0 where there is no gap.
func gap(b []byte) int {
	if len(b) == 0 || b[0] != '\n' && b[0] != '\r' && b[0] != '\\' {
		return 0
	}
	if b[0] == '\\' {
		return gapOfEscapes(b)
	}
	return lineBreak(b)
}

func gapOfEscapes(b []byte) int {
	i := 0
	for i < len(b) && b[i] == '\\' {
		i++
	}
	switch {
	case i == len(b):
		return 0
	case b[i] == '/':
		return i
	case b[i] == '\n' || b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
		return i + lineBreak(b[i:])
	case b[i] == 'r' || b[i] == 'n':
		again := 0
		if b[i] == 'r' && i+1 < len(b) && b[i+1] == '\\' {
			again = gapOfEscapes(b[i+1:])
		}
		return i + 1 + again
	}
	return 0
}

// lookUpWords looks the values without a prefix up that stand in a run.
func (s *Scanner) lookUpWords(t *text, lo, hi int) {
	if s.opts.Issued == nil || hi-lo < valueLength {
		return
	}
	eachRun(t.b, lo, hi, inWord, valueLength, func(lo, hi int) {
		if lo == 0 && !t.first || hi == len(t.b) && !t.last {
			return // It goes on in another piece, which has it whole.
		}
		s.lookUpWord(t, lo, hi)
		if after := afterEscape(t.b, lo); after > lo {
			s.lookUpWord(t, after, hi)
		}
		if s.opts.Deep {
			s.lookUpWindows(t, lo, hi)
		}
	})
}

// lookUpWord looks up a run that has the length of a value.
func (s *Scanner) lookUpWord(t *text, lo, hi int) {
	if hi-lo == valueLength || hi-lo == oldLength && allHex(t.b[lo:hi]) {
		s.lookUp(t, lo, hi)
	}
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// lookUpWindows looks every 43 characters up.
func (s *Scanner) lookUpWindows(t *text, lo, hi int) {
	for at := lo; at+valueLength <= hi; at++ {
		if at >= lo+longestWindows && at+valueLength <= hi-longestWindows {
			at = hi - longestWindows
		}
		s.lookUp(t, at, at+valueLength)
	}
}

func (s *Scanner) lookUp(t *text, lo, hi int) {
	if sum := sha256.Sum256(t.b[lo:hi]); s.opts.Issued(sum) {
		s.note(t, lo, sum, false)
	}
}
