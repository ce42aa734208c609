package gitconfig

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// match tells whether a git path pattern fits a whole path: "*" and "?" stay
// within one name, "**" as a whole name spans any number of them.
func match(pattern, path string, foldCase bool) bool {
	var re strings.Builder
	if foldCase {
		re.WriteString("(?i)")
	}
	re.WriteString("^")
	for i := 0; i < len(pattern); {
		n, piece := translate(pattern[i:], i == 0 || pattern[i-1] == '/')
		re.WriteString(piece)
		i += n
	}
	re.WriteString("$")
	compiled, err := regexp.Compile(re.String())
	return err == nil && compiled.MatchString(path)
}

// translate turns the first element of a pattern into a regular expression
// and says how many bytes it took.
func translate(p string, atName bool) (int, string) {
	switch {
	case atName && strings.HasPrefix(p, "**/"):
		return 3, "(?:.*/)?"
	case atName && p == "**":
		return 2, ".*"
	case p[0] == '*':
		return 1, "[^/]*"
	case p[0] == '?':
		return 1, "[^/]"
	case p[0] == '[' && strings.IndexByte(p, ']') > 1:
		return class(p[:strings.IndexByte(p, ']')+1])
	case p[0] == '\\' && len(p) > 1:
		return 2, regexp.QuoteMeta(p[1:2])
	}
	_, n := utf8.DecodeRuneInString(p)
	return n, regexp.QuoteMeta(p[:n])
}

func class(p string) (int, string) {
	inner := p[1 : len(p)-1]
	if inner[0] == '!' || inner[0] == '^' {
		return len(p), "[^" + regexp.QuoteMeta(inner[1:]) + "]"
	}
	return len(p), "[" + regexp.QuoteMeta(inner) + "]"
}
