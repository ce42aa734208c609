package config

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// parsePlain reads the YAML that people write: block maps and lists, flow maps
// and lists on one line, and texts on one line, quoted or not. It takes a tenth
// of the library's time, which is most of the time that a large project takes.
//
// It never decides that a file is wrong. Whatever it is not certain about (a
// tab, an escape, a block scalar, an indentation that does not match, a null)
// makes it give up, and the library reads the file. What it does accept it reads
// as the library would, value by value and position by position; FuzzPlain
// holds it to that. The text has passed checkText.
func parsePlain(text string, memory *nodeMemory) (root *node, ok bool) {
	if memory == nil {
		memory = &nodeMemory{}
	}
	memory.stack, memory.slab = memory.stack[:0], slices.Grow(memory.slab[:0], len(text)/16+8)
	p := plainParser{text: text, nodeMemory: memory}
	if strings.IndexByte(p.text, '\t') >= 0 || !p.nextLine() {
		return nil, false
	}
	root = new(node)
	if !p.readBlockMap(root, 1) || p.indent != atEnd {
		return nil, false
	}
	return root, true
}

// nodeMemory is what the nodes of a file were in, for those of another file once they are of
// no use. Without it the nodes of a large project would be five times as large as its files.
type nodeMemory struct {
	// stack holds the items of the collections that are being read, slab those of finished
	// ones.
	stack, slab []node
}

const (
	// atEnd is the indent of the end of the text: below that of any line.
	atEnd = -1
	// maxPlainLine bounds a line, since a column is found by counting the
	// characters before it.
	maxPlainLine = 2000
	// maxPlainKey is below the length at which the library refuses a key.
	maxPlainKey = 200
)

// plainParser stands on one line of the text, which is neither blank nor a
// comment.
type plainParser struct {
	text string
	// start and end are the line's range in text, without its line end.
	start, end int
	// next is where the line after it begins.
	next   int
	number int
	// indent is the number of blanks before what is to be read on the line.
	indent int
	*nodeMemory
}

// nextLine moves to the next line that holds something. It reports false at the
// end of the text and for a line that the parser leaves to the library.
func (p *plainParser) nextLine() bool {
	for p.next < len(p.text) {
		p.start, p.end = p.next, len(p.text)
		if n := strings.IndexByte(p.text[p.start:], '\n'); n >= 0 {
			p.end = p.start + n
		}
		p.next = p.end + 1
		p.number++
		if p.end > p.start && p.text[p.end-1] == '\r' {
			p.end--
		}
		content := p.blanks(p.start)
		if content == p.end || p.text[content] == '#' {
			continue
		}
		p.indent = content - p.start
		return p.end-p.start <= maxPlainLine
	}
	p.indent = atEnd
	return false
}

// blanks returns the offset of the first character from i on that is not a
// blank, at most the line's end.
func (p *plainParser) blanks(i int) int {
	for i < p.end && p.text[i] == ' ' {
		i++
	}
	return i
}

// isRest reports whether nothing but blanks and a comment stands from i to the
// end of the line.
func (p *plainParser) isRest(i int) bool {
	j := p.blanks(i)
	return j == p.end || j > i && p.text[j] == '#'
}

// begin sets the kind of a node and its position, which is that of offset i.
func (p *plainParser) begin(to *node, k kind, i int) {
	to.kind = k
	to.line, to.column = int32(p.number), int32(utf8.RuneCountInString(p.text[p.start:i])+1)
}

// collect ends a collection whose items lie on the stack from base on.
func (p *plainParser) collect(to *node, base int) {
	items := p.stack[base:]
	if cap(p.slab)-len(p.slab) < len(items) {
		p.slab = make([]node, 0, max(len(items), 2*cap(p.slab)))
	}
	n := len(p.slab)
	p.slab = append(p.slab, items...)
	to.items = p.slab[n:len(p.slab):len(p.slab)]
	p.stack = p.stack[:base]
}

// readBlockMap reads the map whose first key stands at the indent, and leaves the
// parser on the line after it.
func (p *plainParser) readBlockMap(to *node, depth int) bool {
	indent, base := p.indent, len(p.stack)
	p.begin(to, mapNode, p.start+indent)
	for p.indent == indent {
		if !p.readBlockEntry(depth) {
			return false
		}
	}
	p.collect(to, base)
	return p.indent < indent
}

// readBlockEntry reads a key and its value.
func (p *plainParser) readBlockEntry(depth int) bool {
	indent := p.indent
	var key, value node
	i, ok := p.readKey(&key, p.start+indent)
	if !ok {
		return false
	}
	p.stack = append(p.stack, key)
	if p.isRest(i) {
		ok = p.readBlockValue(&value, indent, depth)
	} else {
		ok = p.readLineValue(&value, p.blanks(i), depth)
	}
	p.stack = append(p.stack, value)
	return ok
}

// readKey reads a key at i and its colon, and returns the offset after them.
func (p *plainParser) readKey(to *node, i int) (after int, ok bool) {
	p.begin(to, scalarNode, i)
	switch c := p.text[i]; {
	case c == '"' || c == '\'':
		after, ok = p.readQuotedText(to, i)
	case isAlphanumeric(rune(c)) || c == '_':
		after, ok = p.readPlainKey(to, i), true
	}
	colon := ok && after-i <= maxPlainKey && after < p.end && p.text[after] == ':'
	if !colon || after+1 < p.end && p.text[after+1] != ' ' {
		return 0, false
	}
	return after + 1, true
}

func (p *plainParser) readPlainKey(to *node, i int) (after int) {
	for after = i; after < p.end && isPlainKey(p.text[after]); after++ {
	}
	to.value, to.plain = p.text[i:after], true
	return after
}

func isPlainKey(c byte) bool {
	return isAlphanumeric(rune(c)) || c == '_' || c == '-' || c == '.' || c == '/' || c == '@'
}

// readBlockValue reads the block below a key that stands at the indent.
func (p *plainParser) readBlockValue(to *node, indent, depth int) bool {
	if !p.nextLine() || depth >= MaxDepth {
		return false
	}
	switch {
	case p.indent >= indent && p.isItem():
		return p.readBlockList(to, depth+1)
	case p.indent > indent:
		return p.readBlockMap(to, depth+1)
	}
	return false
}

// readLineValue reads the value at i, which ends on its line.
func (p *plainParser) readLineValue(to *node, i, depth int) bool {
	var ok bool
	switch p.text[i] {
	case '[', '{', '"', '\'':
		i, ok = p.readFlowValue(to, i, depth+1)
	default:
		i, ok = p.readBlockText(to, i)
	}
	return ok && p.isRest(i) && (p.nextLine() || p.indent == atEnd)
}

// isItem reports whether the line begins an item of a list.
func (p *plainParser) isItem() bool {
	i := p.start + p.indent
	return p.text[i] == '-' && i+1 < p.end && p.text[i+1] == ' '
}

// readBlockList reads the list whose first dash stands at the indent.
func (p *plainParser) readBlockList(to *node, depth int) bool {
	indent, base := p.indent, len(p.stack)
	p.begin(to, listNode, p.start+indent)
	for p.indent == indent && p.isItem() {
		var item node
		if !p.readBlockItem(&item, depth) {
			return false
		}
		p.stack = append(p.stack, item)
	}
	p.collect(to, base)
	return p.indent <= indent
}

// readBlockItem reads what follows a dash: a map that begins on its line, or a
// value.
func (p *plainParser) readBlockItem(to *node, depth int) bool {
	i := p.blanks(p.start + p.indent + 1)
	if i == p.end || p.text[i] == '#' || depth >= MaxDepth {
		return false
	}
	if _, ok := p.readKey(new(node), i); !ok {
		return p.readLineValue(to, i, depth)
	}
	p.indent = i - p.start
	return p.readBlockMap(to, depth+1)
}

// readBlockText reads a text without quotes that is no part of a flow collection.
func (p *plainParser) readBlockText(to *node, i int) (after int, ok bool) {
	if !p.beginsText(i) {
		return 0, false
	}
	for after = i; after < p.end; after++ {
		switch c := p.text[after]; {
		case c == ':' && (after+1 == p.end || p.text[after+1] == ' '):
			return 0, false
		case c == '#' && p.text[after-1] == ' ':
			return p.endText(to, i, after), true
		}
	}
	return p.endText(to, i, after), true
}

// beginsText reports whether the character at i surely begins a text.
func (p *plainParser) beginsText(i int) bool {
	c := p.text[i]
	return isAlphanumeric(rune(c)) || c >= utf8.RuneSelf || strings.IndexByte("_/.+(~^$=;", c) >= 0
}

// endText sets the text that reaches from i up to end, less the blanks before
// its end, and returns its end.
func (p *plainParser) endText(to *node, i, end int) int {
	p.begin(to, scalarNode, i)
	to.value, to.plain = strings.TrimRight(p.text[i:end], " "), true
	return i + len(to.value)
}

// readQuotedText reads a text in quotes that holds no escape.
func (p *plainParser) readQuotedText(to *node, i int) (after int, ok bool) {
	quote := p.text[i]
	p.begin(to, scalarNode, i)
	for after = i + 1; after < p.end; after++ {
		switch c := p.text[after]; {
		case c == quote:
			to.value = p.text[i+1 : after]
			return after + 1, quote == '"' || after+1 == p.end || p.text[after+1] != quote
		case c == '\\' && quote == '"':
			return 0, false
		}
	}
	return 0, false
}

// readFlowValue reads a value at i within or as a flow collection.
func (p *plainParser) readFlowValue(to *node, i, depth int) (after int, ok bool) {
	switch c := p.text[i]; {
	case c == '"' || c == '\'':
		return p.readQuotedText(to, i)
	case depth > MaxDepth:
		return 0, false
	case c == '[':
		p.begin(to, listNode, i)
		return p.readFlowItems(to, i+1, ']', p.readFlowItem, depth)
	case c == '{':
		p.begin(to, mapNode, i)
		return p.readFlowItems(to, i+1, '}', p.readFlowEntry, depth)
	}
	return p.readFlowText(to, i)
}

// readFlowItems reads what item reads, separated by commas, up to the closing
// bracket.
func (p *plainParser) readFlowItems(to *node, i int, closing byte, item func(i, depth int) (int, bool), depth int) (after int, ok bool) {
	base := len(p.stack)
	if i = p.blanks(i); i < p.end && p.text[i] == closing {
		p.collect(to, base)
		return i + 1, true
	}
	for {
		i, ok = item(i, depth)
		if i = p.blanks(i); !ok || i == p.end {
			return 0, false
		}
		switch p.text[i] {
		case closing:
			p.collect(to, base)
			return i + 1, true
		case ',':
			i = p.blanks(i + 1)
		default:
			return 0, false
		}
	}
}

func (p *plainParser) readFlowItem(i, depth int) (after int, ok bool) {
	var item node
	if i < p.end {
		after, ok = p.readFlowValue(&item, i, depth+1)
	}
	p.stack = append(p.stack, item)
	return after, ok
}

func (p *plainParser) readFlowEntry(i, depth int) (after int, ok bool) {
	var key node
	if i < p.end {
		after, ok = p.readKey(&key, i)
	}
	if !ok {
		return 0, false
	}
	p.stack = append(p.stack, key)
	return p.readFlowItem(p.blanks(after), depth)
}

// readFlowText reads a text without quotes within a flow collection. Its characters
// are few, since many mean something there.
func (p *plainParser) readFlowText(to *node, i int) (after int, ok bool) {
	if c := p.text[i]; !isAlphanumeric(rune(c)) && c < utf8.RuneSelf {
		return 0, false
	}
	for after = i; after < p.end; after++ {
		c := p.text[after]
		if c == ',' || c == ']' || c == '}' {
			return p.endText(to, i, after), true
		}
		if !isFlowText(c) && !p.joins(after) {
			return 0, false
		}
	}
	return 0, false
}

func isFlowText(c byte) bool {
	return isPlainKey(c) || c == '*' || c == '+' || c == ' ' || c >= utf8.RuneSelf
}

// joins reports whether a colon at i is a part of the text around it.
func (p *plainParser) joins(i int) bool {
	return p.text[i] == ':' && i+1 < p.end && (p.text[i+1] == '*' || isAlphanumeric(rune(p.text[i+1])))
}
