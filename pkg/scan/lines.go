package scan

import (
	"bytes"
	"unicode/utf8"
)

// lineCount knows how many lines and characters came before a piece.
type lineCount struct {
	lines int
	// column counts the characters since the last line began.
	column int
}

// place fills in the lines and columns of finds, which are sorted, in a piece that
// begins at start.
func (c lineCount) place(finds []Find, piece []byte, start int64) {
	from := 0
	for i := range finds {
		at := int(finds[i].Offset - start)
		c.pass(piece[from:at])
		from = at
		finds[i].Line, finds[i].Column = c.lines+1, c.column+1
	}
}

// pass counts what is in a piece that was read.
func (c *lineCount) pass(piece []byte) {
	if last := bytes.LastIndexByte(piece, '\n'); last >= 0 {
		c.lines += bytes.Count(piece, []byte{'\n'})
		c.column, piece = 0, piece[last+1:]
	}
	c.column += utf8.RuneCount(piece)
}
