// Package docs holds the page of the documents that the program itself reads: the list of
// codes. So what "osmoctl explain" says and what the page says cannot differ.
package docs

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed codes.md
var codesPage string

// Code is what is known of one code. The texts are Markdown of one line.
type Code struct {
	Name string
	// Kind is error, warning, notice, blocks, or of a risk its severity.
	Kind string
	// Section is the heading that it stands under. A code may stand under several, each
	// with a meaning of its own.
	Section string
	// Meaning says what is so, Example what brings it about, Remedy what to do.
	Meaning, Example, Remedy string
}

// Codes are all codes, in the order of the page.
func Codes() []Code { return readCodes(codesPage) }

// readCodes reads the tables of a page.
func readCodes(page string) (list []Code) {
	section := ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := splitRow(line)
		if len(cells) != 5 {
			continue
		}
		list = append(list, Code{strings.Trim(cells[0], "`"), cells[1], section, cells[2], cells[3], cells[4]})
	}
	return list
}

// splitRow takes a row of a table apart; \| is a bar in a cell.
func splitRow(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(line, `\|`, bar)
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(cell), bar, "|")
	}
	return cells
}

// Named are the entries of a code.
func Named(name string) (list []Code) {
	for _, c := range Codes() {
		if c.Name == name {
			list = append(list, c)
		}
	}
	return list
}

// Names are the codes, sorted, each once.
func Names() (names []string) {
	for _, c := range Codes() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var link = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([^\]]*)\]\(([^)]*)\)`) })

// Plain is a line of the page without Markdown: links are named behind their words, and
// quotes of code are left out.
func Plain(text string) string {
	text = link().ReplaceAllStringFunc(text, func(found string) string {
		part := link().FindStringSubmatch(found)
		page, anchor, _ := strings.Cut(part[2], "#")
		if page == "" {
			page = "codes.md"
		}
		if part[1] == page {
			return strings.TrimSuffix("docs/"+page+"#"+anchor, "#")
		}
		return part[1] + " (" + strings.TrimSuffix("docs/"+page+"#"+anchor, "#") + ")"
	})
	return strings.ReplaceAll(text, "`", "")
}
