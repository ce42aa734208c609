package view

import (
	"strings"

	"github.com/rivo/uniseg"
)

// columnGap stands between the columns of a table.
const columnGap = 3

// Table writes rows as OSMO's CLI does: headings and cells aligned to the left,
// the last column padded too, a rule of equals signs between them.
func (p *Page) Table(heading []string, rows [][]string) {
	widths := make([]int, len(heading))
	all := append([][]string{heading}, rows...)
	for r, row := range all {
		all[r] = make([]string, len(heading))
		for c := range heading {
			all[r][c] = EscapeTerminal(row[c])
			widths[c] = max(widths[c], DisplayWidth(all[r][c]))
		}
	}
	p.row(all[0], widths)
	p.WriteString(strings.Repeat("=", total(widths)) + "\n")
	for _, row := range all[1:] {
		p.row(row, widths)
	}
}

func (p *Page) row(cells []string, widths []int) {
	for c, cell := range cells {
		if c > 0 {
			p.WriteString(strings.Repeat(" ", columnGap))
		}
		p.WriteString(cell + strings.Repeat(" ", widths[c]-DisplayWidth(cell)))
	}
	p.WriteByte('\n')
}

func total(widths []int) int {
	sum := columnGap * (len(widths) - 1)
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
