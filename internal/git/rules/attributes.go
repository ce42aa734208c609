package rules

import (
	"strings"
)

// Attributes are the attribute files that apply to a path, the weakest first.
// The one built into git is always there.
type Attributes struct {
	files  []attributeFile
	macros map[string][]setting
}

type attributeFile struct {
	dir   string
	lines []attributeLine
}

type attributeLine struct {
	pattern pattern
	sets    []setting
}

// setting is what a line says of one attribute.
type setting struct {
	name string
	Value
}

// A Value is what an attribute is for a path. The zero value means unspecified.
type Value struct {
	kind  valueKind
	given string
}

type valueKind uint8

const (
	unspecified valueKind = iota
	isSet
	isUnset
	isText
)

// True says that the attribute is set, False that it is unset with a minus.
func (v Value) True() bool  { return v.kind == isSet }
func (v Value) False() bool { return v.kind == isUnset }

// Text is the text that the attribute is set to.
func (v Value) Text() (string, bool) { return v.given, v.kind == isText }

// maxLine is the length from which on git passes over a line.
const maxLine = 2048

// NewAttributes returns what git knows by itself.
func NewAttributes() *Attributes {
	a := &Attributes{macros: map[string][]setting{}}
	a.Add("", []byte("[attr]binary -diff -merge -text"), true)
	return a
}

// Add adds a file that is stronger than all before. dir is its folder, from the
// root. Only the files at the root and outside the work tree may define macros.
func (a *Attributes) Add(dir string, data []byte, macros bool) {
	file := attributeFile{dir: dir}
	defined := map[string][]setting{}
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		a.line(&file, strings.TrimSuffix(line, "\n"), macros, defined)
	}
	for name, sets := range defined {
		a.macros[name] = sets
	}
	a.files = append(a.files, file)
}

const blank = " \t\r\n"

func (a *Attributes) line(file *attributeFile, line string, macros bool, defined map[string][]setting) {
	text := strings.TrimLeft(line, blank)
	if text == "" || text[0] == '#' || len(line) >= maxLine || strings.IndexByte(text, 0) >= 0 {
		return
	}
	name, rest, ok := unquote(text)
	if !ok {
		end := strings.IndexAny(text, blank)
		if end < 0 {
			end = len(text)
		}
		name, rest = text[:end], text[end:]
	}
	macro := len(name) > len("[attr]") && strings.HasPrefix(name, "[attr]")
	if macro && !macros {
		return
	}
	sets, ok := parseSettings(rest)
	switch {
	case !ok:
	case macro:
		if name = name[len("[attr]"):]; isAttributeName(name) {
			defined[name] = sets
		}
	case strings.HasPrefix(name, "!"):
		// git refuses negative patterns here.
	default:
		file.lines = append(file.lines, attributeLine{parsePattern(name), sets})
	}
}

// parseSettings reads what follows a pattern. One name that is none makes git
// pass over the whole line.
func parseSettings(text string) ([]setting, bool) {
	var sets []setting
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(blank, r) }) {
		name, given, hasText := strings.Cut(field, "=")
		s := setting{Value: Value{kind: isSet}}
		switch {
		case strings.HasPrefix(name, "-"):
			s.kind, name = isUnset, name[1:]
		case strings.HasPrefix(name, "!"):
			s.kind, name = unspecified, name[1:]
		case hasText:
			s.kind, s.given = isText, given
		}
		if !isAttributeName(name) {
			return nil, false
		}
		s.name = name
		sets = append(sets, s)
	}
	return sets, true
}

func isAttributeName(name string) bool {
	if name == "" || name[0] == '-' || strings.HasPrefix(name, "builtin_") {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '-' && c != '.' && c != '_' && (c < '0' || c > '9') && (lower(c) < 'a' || lower(c) > 'z') {
			return false
		}
	}
	return true
}

// Of returns what the files say of a path, given from the root.
func (a *Attributes) Of(path string, fold bool, budget *Budget) map[string]Value {
	m := matcher{fold, budget}
	found := map[string]Value{}
	for i := len(a.files) - 1; i >= 0; i-- {
		lines := a.files[i].lines
		for j := len(lines) - 1; j >= 0; j-- {
			if m.matches(lines[j].pattern, a.files[i].dir, path, false) {
				a.take(found, lines[j].sets)
			}
		}
	}
	return found
}

// take adds what is not decided yet, the last first, and unfolds macros.
func (a *Attributes) take(found map[string]Value, sets []setting) {
	for i := len(sets) - 1; i >= 0; i-- {
		s := sets[i]
		if _, decided := found[s.name]; decided {
			continue
		}
		found[s.name] = s.Value
		if macro, ok := a.macros[s.name]; ok && s.kind == isSet {
			a.take(found, macro)
		}
	}
}
