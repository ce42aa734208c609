package config

import (
	"io/fs"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Annotate fills Source and Width of the diagnostics that have a line and no
// source line yet, from the files of fsys. A file that cannot be read leaves
// its diagnostics as they are.
//
// The source line is masked where it is shaped like a secret, and cut to about
// 160 characters. If Pos.Column is at most 120, it is cut at its end only, so
// that the caret belongs under character Pos.Column; beyond, the line begins
// with "…" in place of what was cut off and the caret belongs under character
// 41.
func Annotate(fsys fs.FS, list diag.List) {
	texts := map[string]*sourceText{}
	for _, hide := range []bool{true, false} {
		for i := range list {
			d := &list[i]
			if d.Pos.Line < 1 || d.Pos.Column < 1 || d.Source != "" || hide && d.Code != codeLeakedSecret {
				continue
			}
			text, ok := texts[d.Pos.File]
			if !ok {
				text = readSource(fsys, d.Pos.File)
				texts[d.Pos.File] = text
			}
			if hide {
				text.hide(d.Pos.Line)
			} else {
				text.annotate(d)
			}
		}
	}
}

// hide masks a line as a whole where it holds a secret that cannot be told in it,
// since it is written with escapes.
func (t *sourceText) hide(number int) {
	if number <= len(t.lines) && mask(t.lines[number-1]) == t.lines[number-1] {
		t.hidden[number] = true
	}
}

// sourceText is a file by lines. The lines that are shown are kept, masked and
// by character, since many problems may stand on one long line.
type sourceText struct {
	lines  []string
	hidden map[int]bool
	shown  map[int][]rune
}

func readSource(fsys fs.FS, name string) *sourceText {
	text, err := readFile(fsys, name)
	if err != nil {
		return &sourceText{hidden: map[int]bool{}}
	}
	return sourceOf(text)
}

func sourceOf(text string) *sourceText {
	return &sourceText{strings.Split(text, "\n"), maskPEM(text), map[int][]rune{}}
}

// line returns a line as it may be shown.
func (t *sourceText) line(number int) []rune {
	if line, ok := t.shown[number]; ok {
		return line
	}
	text := strings.TrimSuffix(t.lines[number-1], "\r")
	if text = mask(text); t.hidden[number] {
		text = asterisks(text)
	}
	t.shown[number] = []rune(text)
	return t.shown[number]
}

func (t *sourceText) annotate(d *diag.Diagnostic) {
	if d.Pos.Line > len(t.lines) {
		return
	}
	line := t.line(d.Pos.Line)
	if d.Pos.Column > len(line)+1 {
		return
	}
	if d.Width == 0 {
		d.Width = tokenWidth(line[d.Pos.Column-1:])
	}
	d.Source, d.Width = window(line, d.Pos.Column, d.Width)
}

const (
	maxSource  = 160 // characters of a source line that are shown
	lastWhole  = 120 // column up to which a line keeps its beginning
	leftMargin = 40  // characters before the column where it does not
)

// window cuts a long line around the column, and the width to what is shown.
func window(line []rune, column, width int) (source string, shown int) {
	prefix := ""
	if len(line) > maxSource && column > lastWhole {
		prefix, line, column = "…", line[column-leftMargin:], leftMargin
	}
	line = line[:min(len(line), maxSource-len([]rune(prefix)))]
	return prefix + string(line), max(1, min(width, len(line)-column+1))
}

// tokenWidth measures what text begins with: a quoted text, or whatever reaches
// to the next blank, comma, bracket or colon.
func tokenWidth(text []rune) int {
	if len(text) == 0 {
		return 1
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		return widthOfQuoted(text, quote)
	}
	for i, c := range text {
		if strings.ContainsRune(" \t,[]{}", c) || c == ':' && (i+1 == len(text) || text[i+1] == ' ') {
			return max(1, i)
		}
	}
	return len(text)
}

// widthOfQuoted measures up to the closing quote.
func widthOfQuoted(text []rune, quote rune) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}
