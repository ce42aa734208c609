package config

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Foreign is YAML that was not written for osmoctl, such as the values of a Helm
// chart, of which a part is read. In that part it refuses what [Load] refuses in
// manifests, but for texts of several lines, tabs in quotes, and keys that it does
// not know; elsewhere anchors, aliases and tags are nobody's business. The text as a
// whole keeps to the limits of a manifest and shows what it says, comments included,
// since an unusual line end anywhere hides a line that a reader takes for part of
// another.
//
// A Foreign collects the problems of whoever reads it. The rest of the file may hold
// passwords in the clear, so lines are shown of the parts alone that are read, and only
// where no line of theirs holds something else.
type Foreign struct {
	*reader
	// shown are the lines that problems may show; shared by what is inside.
	shown  *[]lines
	data   []byte
	root   *yaml.Node
	paired bool
	// place turns a place in data into one in the file; nil where that is the same.
	place func(line, column int) (int, int)
	// source has the lines of data, once they are asked for.
	source []string
	// merges are the merge keys that were passed.
	merges []passed
	// opaque is set where lines of data are no lines of the file.
	opaque bool
}

// lines are those from first to last.
type lines struct{ first, last int32 }

// ReadForeign reads the text of a file, whose name is for messages. What is wrong
// with the file as a whole is among the problems, and nothing is found in it then.
func ReadForeign(file string, data []byte) *Foreign {
	f := &Foreign{reader: &reader{file: file, problems: problems{hints: diag.NewHints()}}, data: data, shown: new([]lines)}
	if len(data) > MaxFileSize {
		problem := fileProblem(file, errTooLarge)
		problem.Hint = "give the part that is to be read, in a file of its own"
		f.add(problem)
		return f
	}
	f.parse()
	return f
}

func (f *Foreign) parse() {
	problem := checkText(string(f.data))
	readable := f.data
	if problem == nil {
		readable, f.paired, problem = translate(f.data)
	}
	if problem != nil {
		f.addFlaw(problem)
		return
	}
	doc, err := decodeYAML(bytes.NewReader(readable))
	switch {
	case errors.Is(err, errSecondDocument):
		f.addFlaw(&flaw{
			code: codeSecondDocument, summary: "a second document begins here",
			hint: "give one document at a time", line: doc.Line, column: doc.Column,
		})
	case err != nil:
		f.addFlaw(syntaxFlaw(readable, err))
	case doc != nil:
		f.root = doc.Content[0]
	}
}

func (f *Foreign) addFlaw(problem *flaw) {
	if f.place != nil {
		problem.line, problem.column = f.place(problem.line, problem.column)
	}
	f.add(problem.diagnostic(f.file))
}

// Problems are all that were found so far, sorted, with their lines where those may be
// shown.
func (f *Foreign) Problems() diag.List {
	list := f.finish()
	text := sourceOf(string(f.data))
	for i := range list {
		if d := &list[i]; d.Code == codeLeakedSecret && d.Pos.Line > 0 {
			text.hide(d.Pos.Line)
		}
	}
	for i := range list {
		if d := &list[i]; f.isShown(d.Pos.Line) && d.Pos.Column > 0 {
			text.annotate(d)
		}
	}
	return list
}

func (f *Foreign) isShown(line int) bool {
	return slices.ContainsFunc(*f.shown, func(l lines) bool { return int(l.first) <= line && line <= int(l.last) })
}

// show lets the lines of a part be shown: a block has them for itself.
func (f *Foreign) show(from *yaml.Node, part *node) {
	if !f.opaque && from.Kind == yaml.MappingNode && from.Style&yaml.FlowStyle == 0 {
		*f.shown = append(*f.shown, lines{part.line, lastLine(part)})
	}
}

func lastLine(n *node) int32 {
	last := n.line
	for i := range n.items {
		last = max(last, lastLine(&n.items[i]))
	}
	return last
}

// Fail adds an error at a value.
func (f *Foreign) Fail(at Value, code, hint, format string, args ...any) {
	f.fail(at.node, code, hint, format, args...)
}

// FailWhole adds an error of the file as a whole.
func (f *Foreign) FailWhole(code, hint, summary string) {
	f.add(diag.Diagnostic{Code: code, Summary: summary, Hint: hint, Pos: diag.Position{File: f.file}})
}

// Value is a value in a part that is read. A value that was refused is neither a
// text, a list nor a map, and nobody has to speak of it again.
type Value struct{ *node }

// IsRefused reports whether a problem tells already why the value cannot be read.
func (v Value) IsRefused() bool { return v.kind == badNode }

// IsNull reports whether nothing, ~ or null stands here, without quotes.
func (v Value) IsNull() bool { return v.isNull() }

// IsText reports whether a single value stands here, null included.
func (v Value) IsText() bool { return v.kind == scalarNode }

// IsList reports whether a list stands here.
func (v Value) IsList() bool { return v.kind == listNode }

// IsMap reports whether a map stands here.
func (v Value) IsMap() bool { return v.kind == mapNode }

// Text is a single value as it is written, without its quotes.
func (v Value) Text() string { return v.value }

// Kind names what stands here, for messages: "a list".
func (v Value) Kind() string { return v.kind.String() }

// Items are those of a list.
func (v Value) Items() []Value {
	list := make([]Value, len(v.items))
	for i := range v.items {
		list[i] = Value{&v.items[i]}
	}
	return list
}

// Entry is a key of a map, with what stands behind it.
type Entry struct{ Key, Value Value }

// Entries are those of a map, each key once and a text. Others are reported and left
// out.
func (f *Foreign) Entries(v Value) []Entry {
	list := make([]Entry, 0, len(v.items)/2)
	seen := nameIndex{}
	for i := 0; i+1 < len(v.items); i += 2 {
		key := &v.items[i]
		if !f.isKey(key) {
			continue
		}
		if first := seen.add(key); first != nil {
			f.failDuplicate(key, first)
			continue
		}
		list = append(list, Entry{Value{key}, Value{&v.items[i+1]}})
	}
	return list
}

// Find reads what stands below the keys, one below the other, and reports whether
// anything does. On the way there it refuses an alias, and a key that is repeated. What
// may stand behind a merge key is not found; [Foreign.FailMerges] tells of it.
func (f *Foreign) Find(path ...string) (Value, bool) {
	at := f.root
	for _, name := range path {
		if at = f.step(at, name); at == nil {
			return Value{}, false
		}
	}
	if at == nil {
		return Value{}, false
	}
	return Value{f.read(at)}, true
}

// step is the value of a key in a map.
func (f *Foreign) step(at *yaml.Node, name string) (value *yaml.Node) {
	switch {
	case at == nil:
		return nil
	case at.Kind == yaml.AliasNode:
		f.fail(f.locate(at), codeAlias, "write the value out", "aliases are not read")
		return nil
	case at.Kind != yaml.MappingNode:
		return nil
	}
	var merge *yaml.Node
	for i := 0; i+1 < len(at.Content); i += 2 {
		key := at.Content[i]
		switch {
		case key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Style == 0:
			merge = key
		case key.Kind != yaml.ScalarNode || key.Value != name:
		case value != nil:
			f.fail(f.locate(key), codeDuplicateKey, "keep one of the two", "the key %s is repeated", quote(name))
			return nil
		default:
			value = at.Content[i+1]
		}
	}
	if value == nil && merge != nil {
		f.merges = append(f.merges, passed{f.locate(merge), name})
	}
	return value
}

// passed is a merge key that a wanted key may stand behind.
type passed struct {
	at   *node
	name string
}

// FailMerges refuses the merge keys that were passed in search of something.
func (f *Foreign) FailMerges() {
	for _, m := range f.merges {
		f.fail(m.at, codeMergeKey, "write the keys out", "merge keys are not read, and %s may stand behind this one", quote(m.name))
	}
}

// Peek is the single value at a key of the outermost map, of which nothing is refused;
// "" where there is none.
func (f *Foreign) Peek(name string) string {
	if f.root == nil || f.root.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(f.root.Content); i += 2 {
		if key, value := f.root.Content[i], f.root.Content[i+1]; key.Value == name && value.Kind == yaml.ScalarNode {
			return value.Value
		}
	}
	return ""
}

// locate is a node for messages alone.
func (f *Foreign) locate(from *yaml.Node) *node {
	n := &node{kind: badNode, line: int32(from.Line), column: int32(from.Column)}
	f.move(n)
	return n
}

// read turns a part into nodes.
func (f *Foreign) read(from *yaml.Node) *node {
	c := converter{r: f.reader, data: f.data, paired: f.paired, part: true, move: f.move}
	if bytes.IndexByte(f.data, '!') >= 0 {
		c.text = &cursor{rest: f.data, line: 1, column: 1}
	}
	root := new(node)
	c.convert(root, from, 1)
	f.show(from, root)
	return root
}

func (f *Foreign) move(n *node) {
	if f.place != nil {
		line, column := f.place(int(n.line), int(n.column))
		n.line, n.column = int32(line), int32(column)
	}
}

// Names are the keys below which something stands, as they are written.
func (f *Foreign) Names(path ...string) (names []string) {
	at := f.root
	for _, name := range path {
		if at = f.step(at, name); at == nil {
			return nil
		}
	}
	if at == nil || at.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if key := at.Content[i]; key.Kind == yaml.ScalarNode {
			names = append(names, key.Value)
		}
	}
	return names
}

// Inside reads YAML that stands as a text below the keys, as the data of a
// Kubernetes ConfigMap does. It adds its problems to those of f, at their places in the
// file where the text is written line by line, else where it begins. It is nil where
// there is no such text.
func (f *Foreign) Inside(path ...string) *Foreign {
	at := f.root
	for _, name := range path {
		at = f.step(at, name)
	}
	if at == nil || at.Kind != yaml.ScalarNode {
		return nil
	}
	inner := &Foreign{reader: f.reader, data: []byte(at.Value), shown: f.shown, opaque: true}
	inner.place = func(int, int) (int, int) { return at.Line, at.Column }
	if at.Style&yaml.LiteralStyle != 0 && f.place == nil {
		inner.place, inner.opaque = f.literalPlaces(at), false
	}
	inner.parse()
	return inner
}

// literalPlaces finds the lines of a literal block in the file: they begin below its
// header, each behind the block's indent.
func (f *Foreign) literalPlaces(at *yaml.Node) func(line, column int) (int, int) {
	if f.source == nil {
		f.source = strings.Split(string(f.data), "\n")
	}
	source, inner := f.source[min(at.Line, len(f.source)):], strings.Split(at.Value, "\n")
	return func(line, column int) (int, int) {
		if line < 1 || line > len(source) || line > len(inner) {
			return at.Line, at.Column
		}
		indent, found := strings.CutSuffix(strings.TrimSuffix(source[line-1], "\r"), inner[line-1])
		if !found {
			return at.Line + line, 1
		}
		return at.Line + line, column + utf8.RuneCountInString(indent)
	}
}

// checkPart reports what is shaped like a secret in a value of a part: nobody looks
// for it in the rest of the file.
func (c *converter) checkPart(at *node, value string) {
	for _, s := range secret.Shapes(value) {
		c.r.add(describeLeak(s.Kind, c.r.pos(at), 0))
	}
}
