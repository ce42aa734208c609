package view

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// columnGap stands between the columns of a table, and narrowGap where there is little
// room. A cell is broken into maxCellLines at most.
const columnGap, narrowGap, maxCellLines = 3, 2, 3

// Table writes rows as OSMO's CLI does: headings and cells aligned to the left,
// the last column padded too, a rule of equals signs between them.
//
// Where the page is too narrow for that, cells are broken between words; a table of
// marks, whose headings are what is wide, becomes several with the same first column;
// and what has no room as columns is written as fields.
func (p *Page) Table(heading []string, rows [][]string) {
	all := append([][]string{heading}, rows...)
	for r, row := range all {
		all[r] = make([]string, len(heading))
		for c := range heading {
			all[r][c] = EscapeTerminal(row[c])
		}
	}
	widths := columnWidths(all, DisplayWidth)
	if p.width == 0 || total(widths, columnGap) <= p.width {
		p.columns(all, widths, columnGap)
		return
	}
	if bands := p.bands(all, widths); bands != nil {
		p.Blocks(len(bands), func(i int) { p.columns(pick(all, bands[i]), pick([][]int{widths}, bands[i])[0], columnGap) })
		return
	}
	for gap := columnGap; gap >= narrowGap; gap-- {
		if fit := narrow(all, widths, p.width-gap*(len(widths)-1)); fit != nil {
			p.columns(all, fit, gap)
			return
		}
	}
	p.fields(all)
}

// columns writes a table, the first row as its heading.
func (p *Page) columns(all [][]string, widths []int, gap int) {
	p.row(all[0], widths, gap)
	p.WriteString(strings.Repeat("=", total(widths, gap)) + "\n")
	for _, row := range all[1:] {
		p.row(row, widths, gap)
	}
}

// row writes the cells side by side, on as many lines as the longest takes.
func (p *Page) row(cells []string, widths []int, gap int) {
	lines := make([][]string, len(cells))
	most := 1
	for c, cell := range cells {
		lines[c] = breakCell(cell, widths[c])
		most = max(most, len(lines[c]))
	}
	for n := range most {
		for c := range cells {
			if c > 0 {
				p.WriteString(strings.Repeat(" ", gap))
			}
			text := ""
			if n < len(lines[c]) {
				text = lines[c][n]
			}
			p.WriteString(text + strings.Repeat(" ", widths[c]-DisplayWidth(text)))
		}
		p.WriteByte('\n')
	}
}

// fields writes each row as fields, the first of which is not indented.
func (p *Page) fields(all [][]string) {
	p.Blocks(len(all)-1, func(i int) {
		for c, cell := range all[i+1] {
			indent := "  "
			if c == 0 {
				indent = ""
			}
			p.Field(indent+all[0][c], OrDash(cell))
		}
	})
}

// bands are the columns of the tables that a table of marks is split into, the first
// column in each; nil where it is none, or one column is too wide.
func (p *Page) bands(all [][]string, widths []int) (out [][]int) {
	for c := 1; c < len(widths); c++ {
		for _, row := range all[1:] {
			if DisplayWidth(row[c]) > 1 {
				return nil
			}
		}
		if widths[0]+columnGap+widths[c] > p.width {
			return nil
		}
	}
	room := 0
	for c := 1; c < len(widths); c++ {
		if room -= columnGap + widths[c]; room < 0 {
			out = append(out, []int{0})
			room = p.width - widths[0] - columnGap - widths[c]
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

// pick takes some columns of each row.
func pick[T any](all [][]T, columns []int) [][]T {
	out := make([][]T, len(all))
	for r, row := range all {
		for _, c := range columns {
			out[r] = append(out[r], row[c])
		}
	}
	return out
}

// narrow takes from the widest columns until all fit into the room. It breaks no word,
// and returns nil where that is not enough, or a cell would be too tall.
func narrow(all [][]string, widths []int, room int) []int {
	widths, least := slices.Clone(widths), columnWidths(all, leastWidth)
	for over := total(widths, 0) - room; over > 0; over-- {
		widest := -1
		for c, w := range widths {
			if w > least[c] && (widest < 0 || w > widths[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			return nil
		}
		widths[widest]--
	}
	for _, row := range all {
		for c, cell := range row {
			if len(breakCell(cell, widths[c])) > maxCellLines {
				return nil
			}
		}
	}
	return widths
}

func columnWidths(all [][]string, widthOf func(string) int) []int {
	widths := make([]int, len(all[0]))
	for _, row := range all {
		for c, cell := range row {
			widths[c] = max(widths[c], widthOf(cell))
		}
	}
	return widths
}

// cellHang is how far the further lines of a cell are indented.
const cellHang = 2

// leastWidth is what a cell needs so that none of its words is broken.
func leastWidth(cell string) (width int) {
	for n, w := range strings.Fields(cell) {
		if n > 0 {
			width = max(width, cellHang+DisplayWidth(w))
		} else {
			width = DisplayWidth(w)
		}
	}
	return width
}

// breakCell breaks a cell into lines. Nothing of a cell is to be copied as one line, so
// commands are broken too.
func breakCell(cell string, width int) []string {
	if DisplayWidth(cell) <= width {
		return []string{cell}
	}
	var lines []string
	for _, w := range strings.Fields(cell) {
		last := len(lines) - 1
		switch {
		case last < 0:
			lines = append(lines, w)
		case DisplayWidth(lines[last])+1+DisplayWidth(w) <= width:
			lines[last] += " " + w
		default:
			lines = append(lines, strings.Repeat(" ", cellHang)+w)
		}
	}
	return lines
}

func total(widths []int, gap int) int {
	sum := gap * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// DisplayWidth is how many cells of a terminal s takes.
func DisplayWidth(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}
