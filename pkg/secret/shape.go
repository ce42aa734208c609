package secret

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Kind is what a piece of text has the shape of.
type Kind uint8

// The kinds.
const (
	// Token is osmoctl's own, whether or not its checksum is right.
	Token Kind = iota
	// Key is a private one: age's in its spellings, PEM, OpenSSH's, PuTTY's.
	Key
	// JWT is what web services give to those who log in.
	JWT
)

// String names the kind for messages.
func (k Kind) String() string {
	switch k {
	case Key:
		return "a private key"
	case JWT:
		return "a JWT"
	}
	return "a token of osmoctl's"
}

// Shape is a piece of text that nobody may be shown, from Start to before End.
type Shape struct {
	Kind       Kind
	Start, End int
}

// Shapes finds what is shaped like a secret, from left to right. It takes time
// in proportion to the text, whatever that holds.
//
// What is masked is hidden from a reviewer as well. So each shape is narrow
// enough to be refused wherever it is declared, and none has a character in it
// that stands between two texts of a list, an address or a sentence: no two
// harmless texts that are shown together become one that is masked.
func Shapes(text string) []Shape {
	if len(text) < shortest {
		return nil
	}
	f := finder{text: text}
	f.marks()
	f.webTokens()
	return inOrder(f.list)
}

// Mask replaces what is shaped like a secret by as many asterisks, so that what
// is counted in characters stays true.
func Mask(text string) string {
	list := Shapes(text)
	if len(list) == 0 {
		return text
	}
	var b strings.Builder
	end := 0
	for _, s := range list {
		b.WriteString(text[end:s.Start])
		b.WriteString(strings.Repeat("*", utf8.RuneCountInString(text[s.Start:s.End])))
		end = s.End
	}
	return b.String() + text[end:]
}

// inOrder sorts shapes and makes one of those that overlap.
func inOrder(list []Shape) []Shape {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b Shape) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
	out := list[:1]
	for _, s := range list[1:] {
		last := &out[len(out)-1]
		if s.Start < last.End {
			last.End = max(last.End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// shortest is below the length of every shape.
const shortest = 22

// rule finds shapes that hold a mark. It is given where the mark begins and ends,
// and returns the shape's range, or a range that is empty and begins where a
// search has to go on: the rule would fail before that place as well.
type rule struct {
	kind  Kind
	mark  string
	match func(text string, at, after int) (start, end int)
}

// finder collects the shapes of one text.
type finder struct {
	text string
	list []Shape
	// done is up to where each rule has looked; nil before the first mark.
	done []int
}

// try lets a rule look at the mark that begins at at.
func (f *finder) try(r *rule, at int) (next int) {
	after := at + len(r.mark)
	start, end := r.match(f.text, at, after)
	if start < end {
		f.list = append(f.list, Shape{r.kind, start, end})
	}
	return max(end, after)
}

// marks finds all marks in one pass. Every third byte is looked at, with the two
// after it: of each mark three such windows are known, so that one is met
// wherever it stands. One bit of a small table rules out nearly all others.
func (f *finder) marks() {
	t, text := markTable(), f.text
	for ; len(text) > stride; text = text[stride:] {
		// Four bytes are one load, and the last of them is not looked at.
		w := (uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24) & 0xffffff
		if bit := markSlot(w); t.filter[bit/64]>>(bit%64)&1 != 0 {
			f.window(t, len(f.text)-len(text), w)
		}
	}
	if len(text) == stride {
		f.window(t, len(f.text)-stride, windowAt(text, 0))
	}
}

func (f *finder) window(t *marksTable, i int, w uint32) {
	for _, h := range t.heads[markSlot(w)] {
		at := i - h.offset
		if at < 0 || !strings.HasPrefix(f.text[at:], h.rule.mark) {
			continue
		}
		if f.done == nil {
			f.done = make([]int, t.rules)
		}
		if at >= f.done[h.number] {
			f.done[h.number] = f.try(h.rule, at)
		}
	}
}

// webTokens finds JWTs, whose mark is too short for the table.
func (f *finder) webTokens() {
	jwt := rule{JWT, "eyJ", webToken}
	for from := 0; ; {
		next := strings.Index(f.text[from:], jwt.mark)
		if next < 0 {
			return
		}
		from = f.try(&jwt, from+next)
	}
}

const (
	// stride is how far apart windows are, and how long. Of five bytes one is
	// always whole.
	stride   = 3
	slotBits = 14
)

// marksTable finds rules by the windows in their marks.
type marksTable struct {
	filter [1 << slotBits / 64]uint64
	heads  [1 << slotBits][]markHead
	rules  int
}

type markHead struct {
	rule           *rule
	number, offset int
}

func windowAt(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16
}

func markSlot(w uint32) uint32 { return w * 0x9e3779b1 >> (32 - slotBits) }

var markTable = sync.OnceValue(func() *marksTable {
	rules := allRules()
	t := &marksTable{rules: len(rules)}
	for n := range rules {
		// The last windows: the first ones of many marks are everyday words.
		first := len(rules[n].mark) - 2*stride + 1
		for offset := first; offset < first+stride; offset++ {
			w := windowAt(rules[n].mark, offset)
			bit := markSlot(w)
			t.filter[bit/64] |= 1 << (bit % 64)
			t.heads[bit] = append(t.heads[bit], markHead{&rules[n], n, offset})
		}
	}
	return t
})

func allRules() (list []rule) {
	add := func(kind Kind, match func(string, int, int) (int, int), marks ...string) {
		for _, mark := range marks {
			list = append(list, rule{kind, mark, match})
		}
	}
	for _, prefix := range []string{"osmo", "Osmo", "OSMO"} {
		add(Token, plainToken, prefix+"_", prefix+"%5", prefix+"=5", prefix+`\`)
	}
	add(Token, base64Token, "b3Ntb1", "9zbW9f", "vc21vX")
	add(Token, hexToken, "6f736d6f5f", "6F736D6F5F")
	add(Token, percentToken, "%6f%73%6d%6f%5f", "%6F%73%6D%6F%5F")
	add(Key, ageKey, "age-secret-key-", "AGE-SECRET-KEY-", "Age-Secret-Key-")
	add(Key, pluginKey, "age-plugin-", "AGE-PLUGIN-", "Age-Plugin-")
	add(Key, pemKey, "private key", "PRIVATE KEY", "Private Key")
	add(Key, runOf(isBase64, 10), "b3BlbnNzaC1rZXktdjE")
	// The first words of a private key in base64, at each of the three places in
	// a group that they may begin at.
	add(Key, runOf(isBase64, 8),
		"QUdFLVNFQ1JFVC1LRVkt", "FHRS1TRUNSRVQtS0VZL", "BR0UtU0VDUkVULUtFWS",
		"YWdlLXNlY3JldC1rZXkt", "FnZS1zZWNyZXQta2V5L", "hZ2Utc2VjcmV0LWtleS",
		"QUdFLVBMVUdJTi", "FHRS1QTFVHSU4t", "BR0UtUExVR0lOL",
		"IFBSSVZBVEUgS0VZLS0tLS", "BQUklWQVRFIEtFWS0tLS0t", "gUFJJVkFURSBLRVktLS0tL")
	add(Key, puttyKey, "PuTTY-User-Key-File-")
	return list
}

// The length of what follows the prefix of a token, and the part of it that is
// certain in base64, whatever stands before the token and after it.
const (
	tokenBody  = 38
	base64Body = 49
)

// plainToken is one with its underscore as it is or escaped.
func plainToken(text string, at, after int) (start, end int) {
	body := after
	switch text[after-1] {
	case '5': // %5F, =5F
		body = skipFold(text, after, "f")
	case '\\':
		for body < len(text) && text[body] == '\\' {
			body++
		}
		body = skipFold(text, body, "_", "u005f", "x5f")
	}
	if end = body + run(text[max(body, 0):], isAlphanumeric); body < 0 || end-body < tokenBody {
		return after, after
	}
	return at, end
}

// skipFold returns where the first of words that stands at i ends, in any case,
// or -1.
func skipFold(text string, i int, words ...string) int {
	for _, w := range words {
		if i+len(w) <= len(text) && strings.EqualFold(text[i:i+len(w)], w) {
			return i + len(w)
		}
	}
	return -1
}

// base64Token is the prefix in base64 with what follows. No character of it is one
// in which the alphabets of base64 differ: those stand for nothing in a token.
func base64Token(text string, at, after int) (start, end int) {
	end = after + run(text[after:], isAlphanumeric)
	if end-after < base64Body {
		return end, end
	}
	return at, end
}

func hexToken(text string, at, after int) (start, end int) {
	end = after + run(text[after:], isHex)
	if end-after < 2*tokenBody {
		return end, end
	}
	return at, end
}

func percentToken(text string, at, after int) (start, end int) {
	end = after
	for end+2 < len(text) && text[end] == '%' && isHex(text[end+1]) && isHex(text[end+2]) {
		end += 3
	}
	if end-after < 3*tokenBody {
		return end, end
	}
	return at, end
}

// ageKey is AGE-SECRET-KEY-1 and AGE-SECRET-KEY-PQ-1 with what follows.
func ageKey(text string, at, after int) (start, end int) {
	body := after
	end = after + run(text[after:], isAlphanumeric)
	if end < len(text) && text[end] == '-' {
		body = end + 1
		end = body + run(text[body:], isAlphanumeric)
	}
	if end-body < 20 || text[body] != '1' {
		return end, end
	}
	return at, end
}

// pluginKey is an identity of a plugin: the name of one, and 1 with what follows.
func pluginKey(text string, at, after int) (start, end int) {
	end = after + run(text[after:], isPluginName)
	for from := after; from < end; {
		next := strings.Index(text[from:end], "-1")
		if next < 0 {
			break
		}
		from += next + len("-1")
		if n := run(text[from:min(end, from+8)], isBech32); n == 8 {
			return at, end
		}
	}
	return end, end
}

// pemKey is a private key in PEM from its first line on, or what begins as one.
func pemKey(text string, at, after int) (start, end int) {
	const longest = 40 // characters between BEGIN and PRIVATE KEY
	head := at
	for head > 0 && at-head < longest && (isAlphanumeric(text[head-1]) || text[head-1] == ' ') {
		head--
	}
	head -= len("-----")
	if block := skipFold(text, after, " block"); block >= 0 {
		after = block
	}
	if head < 0 || skipFold(text, head, "-----begin ") < 0 || skipFold(text, after, "-----") < 0 {
		return after, after
	}
	const foot = "-----END "
	end = strings.Index(text[after:], foot)
	if end < 0 {
		return head, len(text)
	}
	end += after + len(foot)
	if line := strings.Index(text[end:], "-----"); line >= 0 {
		return head, end + line + len("-----")
	}
	return head, len(text)
}

// puttyKey is a key of PuTTY's from its first line on.
func puttyKey(text string, at, after int) (start, end int) {
	if after+1 < len(text) && isDigit(text[after]) && text[after+1] == ':' {
		return at, len(text)
	}
	return after, after
}

// webToken is a JWT: three parts at least, the first of them an object.
func webToken(text string, at, after int) (start, end int) {
	const shortestPart = 10
	first := after + run(text[after:], isWord)
	end = first
	for n, least := 1, shortestPart; ; n++ {
		if n >= 3 {
			least = 0
		}
		if end >= len(text) || text[end] != '.' {
			break
		}
		part := run(text[end+1:], isWord)
		if part < least {
			break
		}
		end += 1 + part
		if n == 2 {
			start = end
		}
	}
	if start == 0 || first-after < shortestPart {
		return first, first
	}
	return at, end
}

// runOf matches a mark with n characters of a class or more after it.
func runOf(class func(byte) bool, n int) func(string, int, int) (int, int) {
	return func(text string, at, after int) (start, end int) {
		if end = after + run(text[after:], class); end-after < n {
			return end, end
		}
		return at, end
	}
}

// run is how many characters of a class a text begins with.
func run(text string, class func(byte) bool) int {
	for i := range len(text) {
		if !class(text[i]) {
			return i
		}
	}
	return len(text)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool {
	return isDigit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func isHex(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f' }

func isWord(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '-' }

func isBase64(c byte) bool { return isWord(c) || c == '+' || c == '/' || c == '=' }

func isPluginName(c byte) bool { return isWord(c) || c == '+' || c == '.' }

// isBech32 reports the characters of age's keys, in either case.
func isBech32(c byte) bool { return isAlphanumeric(c) && !strings.ContainsRune("1bioBIO", rune(c)) }
