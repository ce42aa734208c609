package config

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/secret"
)

// parse turns the text of a file into its root node, or says what is wrong with
// the file as a whole. Problems that leave the rest readable go to r. The root
// is nil for a file that holds nothing.
func (r *reader) parse(text string) (*node, *flaw) {
	if f := checkText(text); f != nil {
		return nil, f
	}
	if root, ok := parsePlain(text, r.nodes); ok {
		return root, nil
	}
	return r.parseLibrary([]byte(text))
}

// parseLibrary is parse for what parsePlain leaves to the YAML library.
func (r *reader) parseLibrary(data []byte) (*node, *flaw) {
	readable, paired, f := translate(data)
	if f != nil {
		return nil, f
	}
	doc, err := decodeYAML(bytes.NewReader(readable))
	switch {
	case errors.Is(err, errSecondDocument):
		return nil, &flaw{
			code: codeSecondDocument, summary: "a second document begins here",
			hint: "put it into a file of its own, or delete the line of dashes",
			line: doc.Line, column: doc.Column,
		}
	case err != nil:
		return nil, syntaxFlaw(readable, err)
	case doc == nil:
		return nil, nil
	}
	c := converter{r: r, data: data, paired: paired}
	if bytes.IndexByte(data, '!') >= 0 {
		c.text = &cursor{rest: data, line: 1, column: 1}
	}
	root := new(node)
	c.convert(root, doc.Content[0], 1)
	if root.isNull() {
		return nil, nil
	}
	return root, nil
}

var (
	errSecondDocument = errors.New("a second document follows")
	errUnreadable     = errors.New("this cannot be read")
)

// decodeYAML reads the one document of a file. With errSecondDocument it
// returns the second one. The library panics on some malformed input, which
// must not end the run.
func decodeYAML(from io.Reader) (doc *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			doc, err = nil, errUnreadable
		}
	}()
	decoder := yaml.NewDecoder(from)
	var first, second yaml.Node
	switch err := decoder.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return &first, nil
	case err != nil:
		return nil, err
	}
	return &second, errSecondDocument
}

// converter turns the library's nodes into ours and refuses whatever YAML has
// beyond scalars, lists and maps.
type converter struct {
	r    *reader
	data []byte
	// paired says that values go through unpair.
	paired bool
	// text is the file where it holds an exclamation mark: the library
	// leaves no trace of a lone one, which is a tag too.
	text *cursor
	// part is set where a part of a file is read that was not written for us. Texts may
	// have several lines then, and secrets are looked for in values.
	part bool
	// move, where there is one, corrects the place of a node.
	move func(*node)
}

func (c *converter) convert(to *node, from *yaml.Node, depth int) {
	to.line, to.column = int32(from.Line), int32(from.Column)
	if c.move != nil {
		c.move(to)
	}
	to.kind = badNode
	if from.Anchor != "" {
		c.refuse(to, codeAnchor, "anchors are not read", "delete &"+from.Anchor+" and write the value out wherever it is meant")
	}
	switch {
	case from.Kind == yaml.AliasNode:
		c.refuse(to, codeAlias, "aliases are not read", `write the value out; quote a text that begins with "*"`)
	case from.Style&yaml.TaggedStyle != 0, c.hasBareTag(from):
		c.refuse(to, codeTag, "tags are not read", `delete the tag; quote a text that begins with "!"`)
	case from.Kind == yaml.ScalarNode:
		c.convertScalar(to, from)
	case depth > MaxDepth:
		c.refuse(to, codeTooDeep, "this is nested too deeply", "nothing that osmoctl reads is nested like this")
	default:
		c.convertCollection(to, from, depth)
	}
}

func (c *converter) convertScalar(to *node, from *yaml.Node) {
	value := from.Value
	if c.paired {
		var whole bool
		if value, whole = unpair(value, from.Style == yaml.DoubleQuotedStyle); !whole {
			c.refuse(to, codeSyntax, "this is not YAML: half a pair of escapes is no character", pairHint)
			return
		}
	}
	lines := value
	if c.part {
		lines = strings.NewReplacer("\n", " ", "\t", " ").Replace(value)
	}
	if code, what := checkValue(lines); code != "" {
		c.refuse(to, code, "this value holds "+what, characterHints[code])
		return
	}
	if c.part {
		c.checkPart(to, value)
	} else {
		c.checkEscaped(to, value)
	}
	to.kind, to.value, to.plain = scalarNode, value, from.Style == 0
}

const pairHint = "write the character itself, or both escapes of its pair"

// checkEscaped reports what is shaped like a secret in a value only, because escapes or
// the fold of a line stand in it: what stands in the text is found there.
func (c *converter) checkEscaped(at *node, value string) {
	for _, s := range secret.Shapes(value) {
		if !bytes.Contains(c.data, []byte(value[s.Start:s.End])) {
			c.r.add(describeLeak(s.Kind, c.r.pos(at), 0))
		}
	}
}

func (c *converter) convertCollection(to *node, from *yaml.Node, depth int) {
	to.kind = listNode
	if from.Kind == yaml.MappingNode {
		to.kind = mapNode
	}
	to.items = make([]node, len(from.Content))
	for i, child := range from.Content {
		c.convert(&to.items[i], child, depth+1)
	}
}

// hasBareTag reports whether n carries the tag "!".
func (c *converter) hasBareTag(n *yaml.Node) bool {
	return c.text != nil && c.text.at(n.Line, n.Column) == '!'
}

// cursor finds characters by line and column. It moves forward only, as nodes
// are visited in the order of their places: looking each of them up from the
// start of its line would take hours on a long one.
type cursor struct {
	rest         []byte
	line, column int
}

// at returns the character at the place, or 0 where there is none.
func (c *cursor) at(line, column int) rune {
	for c.line < line {
		n := bytes.IndexByte(c.rest, '\n')
		if n < 0 {
			return 0
		}
		c.rest, c.line, c.column = c.rest[n+1:], c.line+1, 1
	}
	for c.line == line && c.column < column {
		_, size := utf8.DecodeRune(c.rest)
		c.rest, c.column = c.rest[size:], c.column+1
	}
	if len(c.rest) == 0 || c.line != line || c.column != column {
		return 0
	}
	r, _ := utf8.DecodeRune(c.rest)
	return r
}

// refuse reports something that leaves a gap in what the file declares.
func (c *converter) refuse(n *node, code, summary, hint string) {
	c.r.broken = true
	c.r.fail(n, code, hint, "%s", summary)
}

// syntaxFlaw says what the library could not read. The library names a line
// only, often that of the surrounding block, so the place is found by how far
// it had read when it gave up.
func syntaxFlaw(data []byte, err error) *flaw {
	problem := libraryProblem(err)
	start, end := lineAround(data, findStop(data))
	line := data[start:end]
	indent := len(line) - len(bytes.TrimLeft(line, " \t"))
	if tab := bytes.IndexByte(line[:indent], '\t'); tab >= 0 {
		return flawAt(data, start+tab, codeTab, "a tab cannot indent YAML", "indent with spaces")
	}
	return flawAt(data, start+indent, codeSyntax, "this is not YAML: "+problem, syntaxHint(problem))
}

// libraryProblem is the library's own description without its prefixes.
func libraryProblem(err error) string {
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	if _, rest, found := strings.Cut(problem, ": "); found && strings.HasPrefix(problem, "line ") {
		problem = rest
	}
	return problem
}

// syntaxHint is advice for the mistakes that people make most.
func syntaxHint(problem string) string {
	switch {
	case strings.Contains(problem, "invalid Unicode character escape code"):
		return pairHint
	case strings.Contains(problem, "alphabetic or numeric"), strings.Contains(problem, "unknown anchor"):
		return `quote a text that begins with "*" or "&", such as "*:Read"`
	case strings.Contains(problem, "cannot start any token"):
		return `quote a text that begins with "@", "%" or a backquote`
	case strings.Contains(problem, "mapping values are not allowed"):
		return `check the indentation, and quote a text that holds ": "`
	case strings.Contains(problem, "end of stream"):
		return "check that every quote and bracket is closed"
	case strings.Contains(problem, "expected key"), strings.Contains(problem, "'-' indicator"):
		return "check the indentation of this line against the ones above"
	case strings.Contains(problem, "',' or"):
		return "check that every bracket is closed and items are separated by commas"
	}
	return ""
}

// findStop finds the last character, but white space, that the library reads before
// it gives up.
func findStop(data []byte) int {
	feed := &trickle{rest: data}
	_, _ = decodeYAML(feed)
	read := data[:len(data)-len(feed.rest)]
	return max(0, len(bytes.TrimRight(read, " \t\r\n"))-1)
}

// trickle hands out one byte a time.
type trickle struct{ rest []byte }

func (t *trickle) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1)], t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// lineAround is the range of the line that holds the offset.
func lineAround(data []byte, offset int) (start, end int) {
	start = bytes.LastIndexByte(data[:offset], '\n') + 1
	if n := bytes.IndexByte(data[start:], '\n'); n >= 0 {
		return start, start + n
	}
	return start, len(data)
}
