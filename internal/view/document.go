package view

import "strings"

// How much of a result people are shown.
const (
	maxChanges = 200 // changes
	maxItems   = 50  // items of any other section
	maxNames   = 8   // names in one line
	maxGrants  = 20  // grants in one item
	maxFields  = 20  // lines about one field, such as the policies of a role
	maxText    = 300 // characters of one value
)

// document is a report in one content and two forms, text and Markdown. Sections
// stand in the order of risk, and the items within each as well, so that what is
// cut for length is the least harmful.
type document struct {
	head     [][]span
	sections []section
	foot     [][]span
}

// section is a list under a title. A section without items is not shown.
type section struct {
	title string
	tone  tone
	items []item
	// left counts the items that were left out. leftGrave says that risks are
	// about some of them.
	left      int
	leftGrave bool
	// graded says that the items are sorted by weight, and vital that none may
	// be left out as long as there is any room.
	graded, vital bool
}

// item is one entry of a section: a mark, a line, and further lines below it.
type item struct {
	mark string
	tone tone
	head []span
	body [][]span
	// heavy items are left out last, see [access.Weight]; of grave ones a risk
	// says what is heavy in them.
	heavy, grave bool
}

// add appends a line below the item.
func (i *item) add(spans ...span) { i.body = append(i.body, spans) }

// sectionOf makes a section of a list, the first of it as items and the others
// counted.
func sectionOf[T any](title string, list []T, most int, itemOf func(T) item) section {
	s := section{title: title}
	for _, e := range list[:min(len(list), most)] {
		s.items = append(s.items, itemOf(e))
	}
	s.left = len(list) - len(s.items)
	return s
}

// leftWords says how much is not shown.
func leftWords(n int) string {
	return "and " + count(n) + " more, which -t json lists"
}

// leftWords says how much of a section is not shown, and whether anything in it
// matters.
func (s section) leftWords() string {
	words := "and " + count(s.left) + " more, which "
	if len(s.items) == 0 {
		words = count(s.left) + " in all, which "
	}
	switch {
	case s.vital:
		return words + "osmoctl plan shows as text"
	case !s.graded:
		return words + "-t json lists"
	case s.leftGrave:
		return words + "-t json lists; whatever is heavy in them stands under Risks"
	}
	return words + "-t json lists, none of them heavy: no administrator, no wildcard over a whole scope"
}

func (v *View) showDocument(f Format, d document) error {
	switch f {
	case Text, "":
		return v.print(d.text)
	case Markdown:
		d.paste(v.Paste)
		return v.write(v.Out, []byte(d.markdown()))
	}
	return ErrFormat{f}
}

// text lays the document out for a terminal.
func (d document) text(p *page) {
	for _, line := range d.head {
		p.spans(line...)
	}
	for _, s := range d.sections {
		if len(s.items) > 0 {
			s.text(p)
		}
	}
	if len(d.foot) > 0 {
		p.blank()
	}
	for _, line := range d.foot {
		p.spans(line...)
	}
}

func (s section) text(p *page) {
	p.blank()
	p.spans(say(s.headTone(), s.title))
	for _, i := range s.items {
		i.text(p)
	}
	if s.left > 0 {
		p.spans(say(faint, "  "+s.leftWords()))
	}
}

func (s section) headTone() tone {
	if s.tone == plain {
		return strong
	}
	return s.tone
}

func (i item) text(p *page) {
	p.spans(append([]span{say(plain, "  "), say(i.tone, i.mark+" ")}, i.head...)...)
	for _, line := range i.body {
		p.spans(append([]span{say(plain, strings.Repeat(" ", 6))}, line...)...)
	}
}
