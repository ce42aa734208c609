package view

import (
	"slices"
	"strings"
	"unicode"
)

// Lines for a terminal are broken between words, and what follows is indented. A
// terminal would break within words, and begin again at the left. What a pipe or a
// file gets is never broken: programs read it by lines.
//
// What cannot be broken and is wider than the indentation leaves room for stands
// further to the left, and what is wider than the page stands on a line of its own:
// the terminal breaks it, and still copies it as one line.

// word is what stands between two blanks: pieces of one or more spans. gap counts
// the blanks before it.
type word struct {
	pieces []Span
	text   string
	gap    int
}

// writeWrapped writes a line that is wider than the page.
func (p *Page) writeWrapped(spans []Span) {
	indent, words := wordsOf(spans)
	hang := hangingIndent(indent, words, p.width)
	column := 0
	for n, unit := range units(words) {
		width := unitWidth(unit)
		switch {
		case n == 0:
			column = p.indent(indent, width)
		case column+unit[0].gap+width > p.width:
			p.WriteByte('\n')
			column = p.indent(hang, width)
		default:
			p.WriteString(strings.Repeat(" ", unit[0].gap))
			column += unit[0].gap
		}
		for i, w := range unit {
			if i > 0 {
				p.WriteString(strings.Repeat(" ", w.gap))
			}
			for _, piece := range w.pieces {
				p.WriteString(p.paint(piece))
			}
		}
		column += width
	}
	p.WriteByte('\n')
}

// indent begins a line for something of that width, and returns how far it is
// indented: less than wanted where there is no room.
func (p *Page) indent(wanted, width int) int {
	by := max(0, min(wanted, p.width-width))
	p.WriteString(strings.Repeat(" ", by))
	return by
}

// wordsOf takes a line apart.
func wordsOf(spans []Span) (indent int, words []word) {
	gap, blank := 0, true
	for _, s := range spans {
		for n, text := range strings.Split(EscapeTerminal(s.Text), " ") {
			if n > 0 {
				gap, blank = gap+1, true
			}
			if text == "" {
				continue
			}
			if blank {
				if len(words) == 0 {
					indent, gap = gap, 0
				}
				words = append(words, word{gap: gap})
				gap, blank = 0, false
			}
			last := &words[len(words)-1]
			piece := s
			piece.Text = text
			last.pieces, last.text = append(last.pieces, piece), last.text+text
		}
	}
	return indent, words
}

// labels are what the rest of a line is aligned behind.
var lineLabels = []string{"hint:", "error:", "warning:", "Next:"}

func hangingIndent(indent int, words []word, width int) int {
	hang := indent + 2
	if len(words) > 0 && slices.Contains(lineLabels, words[0].text) {
		hang = indent + len(words[0].text) + 1
	}
	return min(hang, width/2)
}

// units puts the words of a command together: it is copied and pasted as it
// stands, so no line ends within it. A mark that begins a line, such as a dash, stays
// with what it marks.
func units(words []word) (out [][]word) {
	for i := 0; i < len(words); {
		n := 1
		if i == 0 && len(words) > 1 && isMark(words[0].text) {
			n += unitLength(words[1:])
		} else {
			n = unitLength(words[i:])
		}
		out = append(out, words[i:i+n])
		i += n
	}
	return out
}

// unitLength counts the words that stay together at the beginning of words: a command
// with the variables set for it, the comment behind it, or a map of YAML in braces.
func unitLength(words []word) int {
	if words[0].text == "#" {
		return len(words)
	}
	if strings.HasPrefix(words[0].text, "{") {
		return 1 + max(0, slices.IndexFunc(words, func(w word) bool { return strings.HasSuffix(w.text, "}") }))
	}
	set := 0
	for set < len(words)-1 && isAssignment(words[set].text) {
		set++
	}
	if !isProgram(words[set].text) {
		return 1
	}
	return set + commandLength(words[set:])
}

func isProgram(s string) bool { return s == "osmoctl" || s == "git" || s == "(osmoctl" || s == "(git" }

// isAssignment knows what sets a variable for the command behind it.
func isAssignment(s string) bool {
	name, _, found := strings.Cut(s, "=")
	return found && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

func isMark(s string) bool { return len(s) == 1 && strings.Contains("+-~!*=?#>", s) }

// commandLength counts the words of a command at the beginning of words: its name
// and two more, and whatever follows that is no word of a sentence.
func commandLength(words []word) int {
	plain, n, quoted := 0, 1, false
	for ; n < len(words); n++ {
		before, s := words[n-1].text, words[n].text
		if quoted = quoted != (strings.Count(before, "'")%2 == 1); quoted {
			continue
		}
		if strings.ContainsRune(",;:)", rune(before[len(before)-1])) {
			return n
		}
		switch {
		case s == "#":
			return n
		case s == "&&":
			plain = -1
		case isProgram(s), strings.HasPrefix(before, "-") && !strings.Contains(before, "="):
		case strings.ContainsAny(s, "-/@='\"$<>|:.0123456789") || strings.ContainsFunc(s, unicode.IsUpper):
		case plain < 2:
			plain++
		default:
			return n
		}
	}
	return n
}

func unitWidth(unit []word) (width int) {
	for i, w := range unit {
		if i > 0 {
			width += w.gap
		}
		width += DisplayWidth(w.text)
	}
	return width
}

func lineWidth(spans []Span) (width int) {
	for _, s := range spans {
		width += DisplayWidth(EscapeTerminal(s.Text))
	}
	return width
}
