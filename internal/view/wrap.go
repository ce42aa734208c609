package view

import (
	"slices"
	"strings"
	"unicode"
)

// Lines for a terminal are broken between words, and what follows is indented. A
// terminal would break within words, and begin again at the left. What a pipe or a
// file gets is never broken: programs read it by lines.

// word is what stands between two blanks: pieces of one or more spans.
type word struct {
	pieces []Span
	text   string
}

// writeWrapped writes a line that is wider than the page.
func (p *Page) writeWrapped(spans []Span) {
	indent, words := wordsOf(spans)
	hang := hangingIndent(indent, words, p.width)
	column := indent
	p.WriteString(strings.Repeat(" ", indent))
	for n, unit := range units(words) {
		width := unitWidth(unit)
		switch {
		case n == 0:
		case n == 1 && hang+width > p.width:
			// It fits nowhere, so it stays with its label.
			p.WriteByte(' ')
			column++
		case column+1+width > p.width:
			p.WriteString("\n" + strings.Repeat(" ", hang))
			column = hang
		default:
			p.WriteByte(' ')
			column++
		}
		for i, w := range unit {
			if i > 0 {
				p.WriteByte(' ')
			}
			for _, piece := range w.pieces {
				p.WriteString(p.paint(piece))
			}
		}
		column += width
	}
	p.WriteByte('\n')
}

// wordsOf takes a line apart. Blanks in a row count as one, but for those that
// begin the line.
func wordsOf(spans []Span) (indent int, words []word) {
	blank := true
	for _, s := range spans {
		for n, text := range strings.Split(EscapeTerminal(s.Text), " ") {
			blank = blank || n > 0
			if text == "" {
				if n > 0 && len(words) == 0 {
					indent++
				}
				continue
			}
			if n > 0 && len(words) == 0 {
				indent++
			}
			if blank {
				words = append(words, word{})
			}
			last := &words[len(words)-1]
			piece := s
			piece.Text = text
			last.pieces, last.text = append(last.pieces, piece), last.text+text
			blank = false
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
// stands, so no line ends within it.
func units(words []word) (out [][]word) {
	for i := 0; i < len(words); {
		n := 1
		if isProgram(words[i].text) {
			n = commandLength(words[i:])
		}
		out = append(out, words[i:i+n])
		i += n
	}
	return out
}

func isProgram(s string) bool { return s == "osmoctl" || s == "git" || s == "(osmoctl" || s == "(git" }

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

func unitWidth(unit []word) int {
	width := len(unit) - 1
	for _, w := range unit {
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
