package view

// What the tests look into, of which programs see the result alone.
var BreakCommands = breakCommands

// ColoredPage is a page of a terminal with colours.
func ColoredPage() *Page { return &Page{colored: true} }

// UnitsOf are the words of a line, and how many parts of it are kept together.
func UnitsOf(line string) (list []string, parts int) {
	_, words := wordsOf([]Span{Quote(line)})
	for _, w := range words {
		list = append(list, w.text)
	}
	return list, len(units(words))
}
