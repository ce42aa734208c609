package config

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzPlain holds the fast parser to the library: what it accepts, the library
// reads in the same way.
func FuzzPlain(f *testing.F) {
	for _, seed := range slices.Concat(plainTexts, otherTexts) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkPlain(t, data)
	})
}

// checkPlain reports whether the fast parser accepted the text.
func checkPlain(t *testing.T, data []byte) bool {
	t.Helper()
	if checkText(string(data)) != nil {
		return false
	}
	memory := &nodeMemory{}
	if _, ok := parsePlain("k: [a, {b: c}]\n"+string(data), memory); !ok {
		memory = nil
	}
	fast, ok := parsePlain(string(data), memory)
	if !ok {
		return false
	}
	r := &reader{file: "x.yaml"}
	slow, flaw := r.parseLibrary(data)
	if flaw != nil || len(r.list) > 0 {
		t.Fatalf("the library refuses %q: %v %v", data, flaw, r.list)
	}
	if diff := cmp.Diff(flat(slow), flat(fast)); diff != "" {
		t.Fatalf("%q reads differently (-library +fast):\n%s", data, diff)
	}
	return true
}

// flatNode is a node for comparison.
type flatNode struct {
	Value        string
	Line, Column int32
	Kind         kind
	Plain        bool
	Items        []flatNode
}

func flat(n *node) *flatNode {
	if n == nil {
		return nil
	}
	f := &flatNode{n.value, n.line, n.column, n.kind, n.plain, nil}
	for i := range n.items {
		f.Items = append(f.Items, *flat(&n.items[i]))
	}
	return f
}

// plainTexts are what the fast parser must accept, otherTexts what it may leave
// to the library.
var plainTexts = []string{
	"a: b\n",
	"# comment\n\na: b # c\nc: 'd' #e\n",
	"roles:\n  osmo-x:\n    policies:\n      - actions: [\"workflow:*\", pool:List]\n        resources: [pool/a, 'x']\n      - {effect: Deny, actions: [a:B], resources: []}\n",
	"a:\n- b\n- c: d\n  e:\n  - f\ng: {}\n",
	"a: ü ö # ä\nb: [é, x]\n",
	"a: {b: {c: [d, [e]]}, f: g h}\n",
	"  a: b\n  c:\n\n    # x\n    d: e\n",
	"a: b \r\n\r\nc:\r\n- d # e\r\n",
	"a:\n    - b\n    -   c: d\n        e: f\n",
	"\"q r\": 1\nz: ~\ny: null\n'x': a:b\nw: a #\nv: a#b\n",
}

var otherTexts = []string{
	"a: b\t\nc: \td\n",
	"a: b\n  c\n",
	"a:\n  - b\n c: d\n",
	"a: [b, c: d]\n",
	"a: [b c:d , e:*]\n",
	"a: [x,\n",
	"- a\n- b\n",
	"a: |\n  b\n",
	"a: &x b\nc: *x\n",
	"---\na: b\n...\n",
	"a: b\n---\nc: d\n",
	"a: 'it''s'\nb: \"x\\ty\"\n",
	"a : b\nb:c\n",
	"a: b: c\n",
	"a:\n  b: c\n   d: e\n",
	"a:\n  b: c\n d: e\n",
	"a: [\"b\"c]\n",
	"a: {\"b\":c, d: e,}\n",
}

// TestPlainAccepts makes sure that the fast parser takes what people write:
// were it to give up, everything would still work, ten times slower.
func TestPlainAccepts(t *testing.T) {
	t.Parallel()
	for _, text := range plainTexts {
		if !checkPlain(t, []byte(text)) {
			t.Errorf("the fast parser gives up on %q", text)
		}
	}
}

// pieces are what random texts are made of.
var pieces = []string{
	"a", "b", "key", ":", ": ", ": ", ": ", "- ", "- ", "-", "\n", "\n", "\n  ", "\n  ", "\n    ", "\n      ", "\n ", "\r\n",
	"[", "]", "{", "}", ", ", ",", " ", "  ", "#", " # c", "\"q\"", "'s'", "\"", "'", "x y", "é", "|", ">", "*", "&a ", "!t ",
	"? ", "~", "null", "---", "...", "<<", "1", "-1", "@", "%", "`", "\\", "a:b", "k: v", "k:\n  ", "\n- ", ".", "/", "=",
	"a: ", "b: ", "c:", "d:\n", "[a]", "{a: b}", "[]", "\n\n", "\n# c\n", "\n   # c\n", "workflow:*",
}

func assemble(choices []byte) []byte {
	var text []byte
	for _, c := range choices {
		text = append(text, pieces[int(c)%len(pieces)]...)
	}
	return text
}

// FuzzPlainPieces is FuzzPlain over texts that look like YAML more often.
func FuzzPlainPieces(f *testing.F) {
	f.Add([]byte{0, 4, 1, 10, 1, 4, 0})
	f.Fuzz(func(t *testing.T, choices []byte) {
		checkPlain(t, assemble(choices))
	})
}

// TestPlainRandom compares random texts: half of them written as people do, half
// with a piece put in somewhere.
func TestPlainRandom(t *testing.T) {
	t.Parallel()
	w := textWriter{Rand: rand.New(rand.NewPCG(1, 2))}
	accepted := 0
	for i := range plainRandomRuns {
		text := []byte(w.blockMap("", 3))
		if i%2 == 0 {
			at := w.IntN(len(text))
			text = slices.Concat(text[:at], []byte(w.pick(pieces...)), text[at:])
		}
		if checkPlain(t, text) {
			accepted++
		}
	}
	if accepted < plainRandomRuns/5 {
		t.Errorf("only %d of %d texts were accepted: the test compares too little", accepted, plainRandomRuns)
	}
}

const plainRandomRuns = 2_000

// textWriter writes random YAML.
type textWriter struct{ *rand.Rand }

func (w textWriter) pick(from ...string) string { return from[w.IntN(len(from))] }

func (w textWriter) lineEnd() string {
	return w.pick("\n", "\n", "\n", "  \n", " # c: [d\n", "\r\n", "\n\n", "\n     # c\n", "\n# c\n")
}

func (w textWriter) scalar() string {
	return w.pick("a", "b c", "\"q: #\"", "'s, ['", "1", "2027-01-01", "é ü", "a:b", "null", "x-y_z.w", "\"é\"", "''", "<<", "workflow:*")
}

func (w textWriter) flow(depth int) string {
	switch n := w.IntN(4); {
	case depth == 0 || n < 2:
		return w.pick("a", "b c", "\"q: #\"", "'s, ['", "1", "pool:*", "[]", "{}", "x/y")
	case n == 2:
		return "[" + w.flow(depth-1) + w.pick(", ", ",", " , ") + w.flow(depth-1) + "]"
	}
	return "{k: " + w.flow(depth-1) + ", 'l': " + w.flow(depth-1) + w.pick("", " ") + "}"
}

func (w textWriter) blockMap(indent string, depth int) string {
	text := ""
	for i := range 1 + w.IntN(3) {
		if i > 0 || indent == "" || text != "" {
			text += indent
		}
		text += w.pick("a", "k-1", "\"q\"", "'s t'", "x.y", "é", "svc@z") + ":" + w.value(indent, depth)
	}
	return text
}

func (w textWriter) value(indent string, depth int) string {
	deeper := indent + w.pick(" ", "  ", "  ", "    ")
	switch n := w.IntN(6); {
	case depth == 0 || n < 2:
		return w.pick(" ", "  ") + w.scalar() + w.lineEnd()
	case n == 2:
		return " " + w.flow(2) + w.lineEnd()
	case n == 3:
		return w.lineEnd() + deeper + w.blockMap(deeper, depth-1)
	case n == 4 && indent != "":
		return w.lineEnd() + w.blockList(indent, depth-1)
	}
	return w.lineEnd() + w.blockList(deeper, depth-1)
}

func (w textWriter) blockList(indent string, depth int) string {
	text := ""
	for range 1 + w.IntN(3) {
		gap := w.pick(" ", " ", "   ")
		text += indent + "-" + gap
		switch n := w.IntN(4); {
		case depth == 0 || n == 0:
			text += w.scalar() + w.lineEnd()
		case n == 1:
			text += w.flow(2) + w.lineEnd()
		default:
			text += w.blockMap(indent+" "+gap, depth-1)
		}
	}
	return text
}
