package gitconfig

import (
	"fmt"
	"strings"
)

// A Setting is one line of a configuration file.
type Setting struct {
	// Key is section.key or section.subsection.key. Section and key are in
	// lower case, the subsection is as written.
	Key   string
	Value string
	// Bare says that there was no "=": git takes such a key for true.
	Bare bool
}

// Parse reads one configuration file in git's own syntax.
func Parse(data []byte) ([]Setting, error) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	p := &parser{text: strings.ReplaceAll(text, "\r\n", "\n"), line: 1}
	for {
		p.skipBlank()
		switch {
		case p.pos == len(p.text):
			return p.settings, nil
		case p.text[p.pos] == '[':
			if err := p.section(); err != nil {
				return nil, err
			}
		default:
			if err := p.setting(); err != nil {
				return nil, err
			}
		}
	}
}

type parser struct {
	text     string
	pos      int
	line     int
	prefix   string
	settings []Setting
}

func (p *parser) fail(what string) error { return fmt.Errorf("line %d: %s", p.line, what) }

// next returns the next byte and steps over it; the end counts as a newline.
func (p *parser) next() byte {
	if p.pos >= len(p.text) {
		return '\n'
	}
	c := p.text[p.pos]
	p.pos++
	if c == '\n' {
		p.line++
	}
	return c
}

// skipBlank steps over white space and comments.
func (p *parser) skipBlank() {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case isSpace(c) || c == '\n':
			p.next()
		case c == '#' || c == ';':
			p.skipLine()
		default:
			return
		}
	}
}

func (p *parser) skipLine() {
	for p.pos < len(p.text) && p.next() != '\n' {
	}
}

// section reads [name], [name "sub"] or the old [name.sub].
func (p *parser) section() error {
	p.next()
	start := p.pos
	for p.pos < len(p.text) && (isKeyByte(p.text[p.pos]) || p.text[p.pos] == '.') {
		p.pos++
	}
	p.prefix = strings.ToLower(p.text[start:p.pos])
	if p.prefix == "" {
		return p.fail("a section needs a name")
	}
	if p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		return p.subsection()
	}
	return p.closeSection()
}

func (p *parser) closeSection() error {
	if p.next() != ']' {
		return p.fail("a section must end in ]")
	}
	p.prefix += "."
	return nil
}

func (p *parser) subsection() error {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
	if p.next() != '"' {
		return p.fail("a subsection must be in quotes")
	}
	var sub strings.Builder
	for {
		c := p.next()
		if c == '\\' {
			c = p.next()
		} else if c == '"' {
			break
		}
		if c == '\n' {
			return p.fail("a subsection must end on its line")
		}
		sub.WriteByte(c)
	}
	p.prefix += "." + sub.String()
	return p.closeSection()
}

func (p *parser) setting() error {
	start := p.pos
	for p.pos < len(p.text) && isKeyByte(p.text[p.pos]) {
		p.pos++
	}
	key := strings.ToLower(p.text[start:p.pos])
	if key == "" || p.prefix == "" {
		return p.fail("a key in a section is expected here")
	}
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
	s := Setting{Key: p.prefix + key}
	switch {
	case p.pos < len(p.text) && p.text[p.pos] == '=':
		p.pos++
		value, err := p.value()
		if err != nil {
			return err
		}
		s.Value = value
	case p.pos == len(p.text) || strings.IndexByte("\n#;", p.text[p.pos]) >= 0:
		s.Bare = true
		p.skipLine()
	default:
		return p.fail("= is expected after the key")
	}
	p.settings = append(p.settings, s)
	return nil
}

// value reads to the end of the line: quotes, escapes, continued lines, and
// comments outside quotes. White space at the end counts only inside quotes.
func (p *parser) value() (string, error) {
	var out []byte
	quoted, keep := false, 0
	for {
		c := p.next()
		switch {
		case c == '\n' && quoted:
			return "", p.fail("a quote is not closed")
		case c == '\n':
			return string(out[:keep]), nil
		case c == '"':
			quoted = !quoted
			keep = len(out)
		case c == '\\':
			unescaped, err := p.escape()
			if err != nil {
				return "", err
			}
			out = append(out, unescaped...)
			keep = len(out)
		case !quoted && (c == '#' || c == ';'):
			p.skipLine()
			return string(out[:keep]), nil
		case !quoted && isSpace(c):
			if len(out) > 0 {
				out = append(out, c)
			}
		default:
			out = append(out, c)
			keep = len(out)
		}
	}
}

// escape reads what follows a backslash; a newline continues the line.
func (p *parser) escape() (string, error) {
	switch p.next() {
	case '\n':
		return "", nil
	case 't':
		return "\t", nil
	case 'n':
		return "\n", nil
	case 'b':
		return "\b", nil
	case '\\':
		return `\`, nil
	case '"':
		return `"`, nil
	}
	return "", p.fail("an unknown escape follows the backslash")
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r' }

func isKeyByte(c byte) bool {
	return c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
