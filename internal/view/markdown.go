package view

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
)

// markdown lays the document out for a comment: the mark that it is found again by,
// a heading, what everybody has to see, and folded below it the rest. Our own words
// have no character that Markdown knows; everything else stands in code spans.
//
// Where the whole is too long, room is kept first for what is heavy, in any
// section; of the rest each section gets at most half of the room that is left, in
// the order of risk, so that none starves those after it entirely. Where even what
// is heavy is too long, the sections that are vital keep theirs, since they say it
// all; and where those are, the document says so before anything else.
func (d Document) markdown(c Comment) string {
	if d.Title.What != "" {
		d.Head = append([][]Span{c.spans(d.Title)}, d.Head[min(1, len(d.Head)):]...)
	}
	d.Sections = slices.Clone(d.Sections)
	slices.SortStableFunc(d.Sections, func(a, b Section) int {
		switch {
		case a.Folded == b.Folded:
			return 0
		case a.Folded:
			return 1
		}
		return -1
	})
	room := d.room(c)
	blocks, kept := d.blocks(false)
	if kept > room {
		blocks, kept = d.blocks(true)
	}
	if kept > room {
		d.Head = slices.Insert(slices.Clone(d.Head), min(1, len(d.Head)), []Span{
			Say(Fault, "Incomplete"), Say(Plain, ": a comment has no room for all that has to be seen of this plan. "), Quote("osmoctl plan"), Say(Plain, " shows it as text."),
		})
		room = d.room(c)
		kept = cutVital(blocks, kept, room)
	}
	var out strings.Builder
	out.WriteString(c.marker() + markdownHead(d.Head))
	free, rest := room-kept, 0
	for _, b := range blocks {
		rest += b.length() - b.kept
	}
	for _, b := range blocks {
		rest -= b.length() - b.kept
		if b.length()-b.kept+rest > free {
			b.cut(b.kept + max(free/2, free-rest))
		}
		free -= b.length() - b.kept
		b.write(&out)
	}
	return out.String() + markdownParagraphs(d.Foot)
}

// VitalFits reports whether a comment on GitHub has room for all of the vital
// sections, where this many others keep their titles. It is the same for whatever
// comment somebody asks for, and for every project's path.
func (d Document) VitalFits(others int) bool {
	_, kept := d.blocks(true)
	other := Section{Title: "Waiting for an identity", Folded: true, Count: 1_000_000, Gist: strings.Repeat("-", 60)}
	return maxNaming+kept+others*other.block(false).kept <= d.room(Comment{})
}

// room is what marker, head and foot leave of a comment.
func (d Document) room(c Comment) int {
	return c.limit() - len(c.marker()) - len(markdownHead(d.Head)) - len(markdownParagraphs(d.Foot))
}

// blocks are the sections in Markdown, and kept is the room that must be kept for
// them: for every title, and for what is heavy, in all sections or in those that
// are vital.
func (d Document) blocks(vital bool) (blocks []*block, kept int) {
	for _, s := range d.Sections {
		if len(s.Items) > 0 {
			b := s.block(s.Vital || !vital)
			blocks, kept = append(blocks, b), kept+b.kept
		}
	}
	return blocks, kept
}

// cutVital takes from the vital blocks what there is no room for, and returns what
// is kept then.
func cutVital(blocks []*block, kept, room int) int {
	for _, b := range slices.Backward(blocks) {
		if b.Vital && kept > room {
			kept -= b.kept
			b.cut(max(0, room-kept))
			b.kept = b.length()
			kept += b.kept
		}
	}
	return kept
}

// block is a section in Markdown, item by item.
type block struct {
	Section
	title string
	texts []string
	// end is what follows the items.
	end string
	// kept is the length that is not to be cut.
	kept int
}

func (s Section) block(keepHeavy bool) *block {
	b := &block{Section: s, title: "\n#### " + s.Title + "\n\n"}
	if s.Folded {
		b.title, b.end = "\n<details>\n<summary>"+s.summary()+"</summary>\n\n", "\n</details>\n"
	}
	b.kept, b.Items = b.length(), slices.Clone(s.Items)
	for _, i := range s.Items {
		text := i.markdown()
		b.texts = append(b.texts, text)
		if keepHeavy && i.Heavy {
			b.kept += len(text)
		}
	}
	return b
}

// summary is what a folded section says.
func (s Section) summary() string {
	n := s.Count
	if n == 0 {
		n = len(s.Items) + s.Left
	}
	words := s.Title + " (" + Count(n) + ")"
	if s.Gist != "" {
		words += ": " + s.Gist
	}
	return words
}

// cut drops items from the end, what is heavy last, until the block has at most
// room characters. The title and the number of what was left out always stay.
func (b *block) cut(room int) {
	have := b.length()
	for _, heavy := range []bool{false, true} {
		for n := len(b.texts) - 1; n >= 0 && have > room; n-- {
			i := b.Items[n]
			if i.Heavy != heavy {
				continue
			}
			have -= len(b.texts[n])
			b.texts, b.Items = slices.Delete(b.texts, n, n+1), slices.Delete(b.Items, n, n+1)
			b.Left++
			b.LeftGrave = b.LeftGrave || i.Heavy || i.Grave
		}
	}
}

// leftRoom is kept for the line that says how much was left out.
const leftRoom = 140

func (b *block) length() int {
	n := len(b.title) + leftRoom + len(b.end)
	for _, text := range b.texts {
		n += len(text)
	}
	return n
}

func (b *block) write(out *strings.Builder) {
	out.WriteString(b.title)
	for _, text := range b.texts {
		out.WriteString(text)
	}
	if b.Left > 0 {
		out.WriteString("- " + b.restWords() + "\n")
	}
	out.WriteString(b.end)
}

// markdown is the item without its mark: its words say the same, and lists have marks.
func (i Item) markdown() string {
	var b strings.Builder
	b.WriteString("- " + markdownLine(i.Head) + "\n")
	for _, line := range i.Body {
		b.WriteString("  - " + markdownLine(line) + "\n")
	}
	return b.String()
}

// markdownHead is the document's head: a heading and paragraphs.
func markdownHead(lines [][]Span) string {
	if len(lines) == 0 {
		return ""
	}
	title := slices.Clone(lines[0])
	for i := range title {
		title[i].tone = Plain // a heading is bold already
	}
	return "### " + markdownLine(title) + "\n" + markdownParagraphs(lines[1:])
}

func markdownParagraphs(lines [][]Span) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("\n" + markdownLine(line) + "\n")
	}
	return b.String()
}

// markdownLine joins spans. Two code spans that touch would become one: the fence
// of the second would end up as text of the first, so a blank keeps them apart.
func markdownLine(spans []Span) string {
	line := ""
	for _, s := range spans {
		next := markdownSpan(s)
		if strings.HasSuffix(line, "`") && strings.HasPrefix(next, "`") {
			line += " "
		}
		line += next
	}
	return strings.TrimSpace(line)
}

// markdownSpan is foreign text as code, and our own in bold where it warns.
func markdownSpan(s Span) string {
	switch {
	case s.Foreign:
		return EscapeMarkdown(s.Text)
	case s.Told:
		return markdownSentence(s.Text)
	case s.tone == Plain || s.tone == Faint || s.Text == "":
		return s.Text
	}
	word := strings.TrimSpace(s.Text)
	return strings.Replace(s.Text, word, "**"+word+"**", 1)
}

// sentenceWord is a word, number or date in which Markdown and what renders it
// find nothing: no sign, no address, no mention, no reference to an issue. Signs
// that end a clause may follow, but none that makes a number that of a list.
var sentenceWord = pattern.Lazy(`^(?:\(?[A-Za-z]+(?:['-][A-Za-z]+)*\)?[,.;:?]?|` + sentenceNumber + `[,;:]?|\(` + sentenceNumber + `\)[,;:]?)$`)

const sentenceNumber = `(?:[0-9]{1,3}(?:,[0-9]{3})*[d%]?|[0-9]{4}-[0-9]{2}-[0-9]{2})`

// hexWord could be read as the name of a commit.
var hexWord = pattern.Lazy(`^[0-9A-Fa-f]{7,}$`)

// quotedPart is what a sentence itself puts into quotes.
var quotedPart = pattern.Lazy(`"(?:[^"\\]|\\.)*"`)

// markdownSentence shows the plain words of a sentence as such, and as code what is
// quoted in it and every word that could be more than a word, neighbours together.
func markdownSentence(s string) string {
	if s = EscapeTerminal(s); strings.TrimSpace(s) == "" {
		return EscapeMarkdown(s)
	}
	var out []string
	for rest := s; rest != ""; {
		quoted := quotedPart().FindStringIndex(rest)
		if quoted == nil {
			return strings.Join(append(out, markdownWords(rest)...), " ")
		}
		out = append(out, markdownWords(rest[:quoted[0]])...)
		after := strings.TrimLeft(rest[quoted[1]:], ",;:")
		out = append(out, EscapeMarkdown(rest[quoted[0]:quoted[1]])+rest[quoted[1]:len(rest)-len(after)])
		rest = after
	}
	return strings.Join(out, " ")
}

func markdownWords(s string) (out []string) {
	var code []string
	flush := func() {
		if len(code) == 0 {
			return
		}
		text, end := strings.Join(code, " "), ""
		if cut := strings.TrimRight(text, ",;:"); cut != "" {
			text, end = cut, text[len(cut):]
		}
		out, code = append(out, EscapeMarkdown(text)+end), nil
	}
	for word := range strings.FieldsSeq(s) {
		if sentenceWord().MatchString(word) && !hexWord().MatchString(strings.Trim(word, "(),.;:")) {
			flush()
			out = append(out, word)
		} else {
			code = append(code, word)
		}
	}
	flush()
	return out
}
