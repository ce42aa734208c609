package worktree

import (
	"bytes"
	"strings"

	"github.com/osmoctl/osmoctl/internal/git/gitconfig"
	"github.com/osmoctl/osmoctl/internal/git/rules"
)

// conversion is what git does to the bytes of a file when it stores them, by the
// file's attributes and the settings.
type conversion struct {
	// text says that CRLF becomes LF, auto that git first looks whether the
	// content is text.
	text, auto bool
	ident      bool
	// unknown says why the rest cannot be told: a program that plan does not
	// start, or an encoding that it does not know. "" if it can.
	unknown string
}

// conversionOf decides as git's convert_attrs does.
func conversionOf(config *gitconfig.Config, attrs map[string]rules.Value) conversion {
	c := conversion{ident: attrs["ident"].True()}
	c.text, c.auto = lineEnds(config, attrs)
	if name, ok := attrs["filter"].Text(); ok && runsFilter(config, name) {
		c.unknown = "the attribute filter=" + name
	}
	switch encoding, ok := attrs["working-tree-encoding"].Text(); {
	case ok && encoding != "" && !isUTF8(encoding):
		c.unknown = "the attribute working-tree-encoding=" + encoding
	case attrs["working-tree-encoding"].True() || attrs["working-tree-encoding"].False():
		c.unknown = "the attribute working-tree-encoding, which names no encoding"
	}
	return c
}

func lineEnds(config *gitconfig.Config, attrs map[string]rules.Value) (text, auto bool) {
	action := textAction(attrs["text"])
	if action == "" {
		action = textAction(attrs["crlf"])
	}
	eol, _ := attrs["eol"].Text()
	switch {
	case action == "binary":
		return false, false
	case action == "auto":
		return true, true
	case action == "text" || eol == "lf" || eol == "crlf":
		return true, false
	}
	setting, _ := config.Get("core.autocrlf")
	auto = strings.EqualFold(setting, "input") || config.Bool("core.autocrlf", false)
	return auto, auto
}

func textAction(v rules.Value) string {
	text, _ := v.Text()
	switch {
	case v.True() || text == "input":
		return "text"
	case v.False():
		return "binary"
	case text == "auto":
		return "auto"
	}
	return ""
}

// runsFilter tells whether storing a file starts a program, or fails without
// one. A filter that is named and not configured does nothing.
func runsFilter(config *gitconfig.Config, name string) bool {
	for _, key := range []string{".clean", ".process"} {
		if program, _ := config.Get("filter." + name + key); program != "" {
			return true
		}
	}
	return config.Bool("filter."+name+".required", false)
}

func isUTF8(encoding string) bool {
	return strings.EqualFold(encoding, "UTF-8") || strings.EqualFold(encoding, "UTF8")
}

// apply returns the bytes that git would store. kept tells whether the version
// that git knows has CRLF line ends: automatic conversion then leaves them.
func (c conversion) apply(data []byte, kept func() (bool, error)) ([]byte, error) {
	if c.text && bytes.Contains(data, []byte("\r\n")) {
		converted, err := c.lines(data, kept)
		if err != nil {
			return nil, err
		}
		data = converted
	}
	if c.ident {
		data = withoutIdent(data)
	}
	return data, nil
}

func (c conversion) lines(data []byte, kept func() (bool, error)) ([]byte, error) {
	if c.auto {
		if isBinary(data) {
			return data, nil
		}
		if has, err := kept(); has || err != nil {
			return data, err
		}
	}
	return WithoutCR(data), nil
}

// isBinary is git's guess: a zero byte, a carriage return alone, or too much
// that cannot be printed.
func isBinary(data []byte) bool {
	printable, other := 0, 0
	for i, c := range data {
		switch {
		case c == 0:
			return true
		case c == '\r':
			if i+1 == len(data) || data[i+1] != '\n' {
				return true
			}
		case c == '\n':
		case c == '\b', c == '\t', c == '\x1b', c == '\f', c >= ' ' && c != 0x7f:
			printable++
		default:
			other++
		}
	}
	if len(data) > 0 && data[len(data)-1] == '\x1a' {
		other-- // the end of a file, as DOS wrote it
	}
	return printable>>7 < other
}

// hasCRLF tells of a stored version whether automatic conversion leaves it alone.
func hasCRLF(data []byte) bool {
	return bytes.Contains(data, []byte("\r\n")) && !isBinary(data)
}

// withoutIdent makes $Id$ of every $Id: anything$ within a line.
func withoutIdent(data []byte) []byte {
	var out []byte
	for rest := data; ; {
		i := bytes.IndexByte(rest, '$')
		if i < 0 {
			return append(out, rest...)
		}
		out, rest = append(out, rest[:i+1]...), rest[i+1:]
		if !bytes.HasPrefix(rest, []byte("Id:")) {
			continue
		}
		end := bytes.IndexByte(rest[3:], '$')
		if end < 0 {
			return append(out, rest...)
		}
		if bytes.IndexByte(rest[3:3+end], '\n') < 0 {
			out, rest = append(out, "Id$"...), rest[3+end+1:]
		}
	}
}

// withoutCR returns a text with the line ends that git stores.
func WithoutCR(data []byte) []byte {
	if !bytes.Contains(data, []byte("\r\n")) {
		return data
	}
	return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
}
