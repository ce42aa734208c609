package rules

import "strings"

var escapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '"': '"',
}

// unquote reads a name in quotes, as C writes strings. It is false for a text
// without quotes, and for one that is broken, which git then takes literally.
func unquote(text string) (name, rest string, ok bool) {
	if text[0] != '"' {
		return "", "", false
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return out.String(), text[i+1:], true
		case c != '\\':
			out.WriteByte(c)
		case i+1 < len(text) && escapes[text[i+1]] != 0:
			i++
			out.WriteByte(escapes[text[i]])
		case i+3 < len(text) && isOctal(text[i+1:i+4]):
			out.WriteByte((text[i+1]-'0')<<6 | (text[i+2]-'0')<<3 | text[i+3] - '0')
			i += 3
		default:
			return "", "", false
		}
	}
	return "", "", false
}

func isOctal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '7' {
			return false
		}
	}
	return s[0] <= '3'
}
