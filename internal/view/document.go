package view

import "strings"

// How much of a result people are shown.
const (
	MaxChanges = 200 // changes
	MaxItems   = 50  // items of any other section
	MaxNames   = 8   // names in one line
	MaxGrants  = 20  // grants in one item
	MaxFields  = 20  // lines about one field, such as the policies of a role
	MaxText    = 300 // characters of one value
)

// Document is a report in one content and two forms, text and Markdown. Sections
// stand in the order of risk, and the items within each as well, so that what is
// cut for length is the least harmful.
type Document struct {
	// Title is the heading in Markdown, where it is given, and stands for the first
	// line of Head there.
	Title    Heading
	Head     [][]Span
	Sections []Section
	Foot     [][]Span
}

// Heading is what the document is and, in short, what it says. Markdown
// names the project between the two.
type Heading struct{ What, Verdict string }

// Section is a list under a title. A section without items is not shown.
type Section struct {
	Title string
	Tone  Tone
	Items []Item
	// Left counts the items that were left out. LeftGrave says that risks are
	// about some of them.
	Left      int
	LeftGrave bool
	// Graded says that the items are sorted by weight, and Vital that none may
	// be left out as long as there is any room.
	Graded, Vital bool
	// Folded sections stand last in Markdown, and open when somebody wants to read
	// them. Until then they say how many things they are about, Count or else one
	// for each item, and Gist.
	Folded bool
	Count  int
	Gist   string
}

// Fold folds sections.
func Fold(list ...Section) []Section {
	for i := range list {
		list[i].Folded = true
	}
	return list
}

// Item is one entry of a section: a mark, a line, and further lines below it.
type Item struct {
	Mark string
	Tone Tone
	Head []Span
	Body [][]Span
	// Heavy items are left out last; of Grave ones a risk says what is heavy
	// in them.
	Heavy, Grave bool
}

// Add appends a line below the item.
func (i *Item) Add(spans ...Span) { i.Body = append(i.Body, spans) }

// SectionOf makes a section of a list, the first of it as items and the others
// counted.
func SectionOf[T any](title string, list []T, most int, itemOf func(T) Item) Section {
	s := Section{Title: title}
	for _, e := range list[:min(len(list), most)] {
		s.Items = append(s.Items, itemOf(e))
	}
	s.Left = len(list) - len(s.Items)
	return s
}

// LeftWords says how much is not shown.
func LeftWords(n int) string {
	return "and " + Count(n) + " more, which -t json lists"
}

// restWords says how much of a section is not shown, and whether anything in it
// matters.
func (s Section) restWords() string {
	words := "and " + Count(s.Left) + " more, which "
	if len(s.Items) == 0 {
		words = Count(s.Left) + " in all, which "
	}
	switch {
	case s.Vital:
		return words + "osmoctl plan shows as text"
	case !s.Graded:
		return words + "-t json lists"
	case s.LeftGrave:
		return words + "-t json lists; whatever is heavy in them stands under Risks"
	}
	return words + "-t json lists, none of them heavy: no administrator, no wildcard over a whole scope"
}

// ShowDocument writes a document to Out: text or Markdown.
func (v *View) ShowDocument(f Format, d Document) error {
	switch f {
	case Text, "":
		return v.Print(d.text)
	case Markdown:
		d.paste(v.Paste)
		return v.write(v.Out, []byte(d.markdown(v.Comment)))
	}
	return ErrFormat{f}
}

// text lays the document out for a terminal.
func (d Document) text(p *Page) {
	for _, line := range d.Head {
		p.Spans(line...)
	}
	for _, s := range d.Sections {
		if len(s.Items) > 0 {
			s.text(p)
		}
	}
	if len(d.Foot) > 0 {
		p.Blank()
	}
	for _, line := range d.Foot {
		p.Spans(line...)
	}
}

func (s Section) text(p *Page) {
	p.Blank()
	tone := s.Tone
	if tone == Plain {
		tone = Strong
	}
	p.Spans(Say(tone, s.Title))
	for _, i := range s.Items {
		i.text(p)
	}
	if s.Left > 0 {
		p.Spans(Say(Faint, "  "+s.restWords()))
	}
}

func (i Item) text(p *Page) {
	p.Spans(append([]Span{Say(Plain, "  "), Say(i.Tone, i.Mark+" ")}, i.Head...)...)
	for _, line := range i.Body {
		p.Spans(append([]Span{Say(Plain, strings.Repeat(" ", 6))}, line...)...)
	}
}
