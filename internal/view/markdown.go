package view

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// markdownLimit is what a comment on GitHub holds, in characters, less some room
// for what a workflow puts round it.
const markdownLimit = 65_536 - 2_000

// markdown lays the document out for a comment. Our own words have no character
// that Markdown knows; everything else stands in code spans.
//
// Where the whole is too long, each section gets at most half of the room that
// is left, in the order of risk, so that none starves those after it entirely.
func (d document) markdown() string {
	head, foot := markdownHead(d.head), markdownParagraphs(d.foot)
	room := markdownLimit - length(head) - length(foot)
	blocks, rest := d.blocks()
	var out strings.Builder
	out.WriteString(head)
	for _, b := range blocks {
		rest -= b.length()
		if b.length()+rest > room {
			b.cut(max(room/2, room-rest))
		}
		room -= b.length()
		b.write(&out)
	}
	return out.String() + foot
}

func (d document) blocks() (blocks []*block, total int) {
	for _, s := range d.sections {
		if len(s.items) > 0 {
			b := s.block()
			blocks, total = append(blocks, b), total+b.length()
		}
	}
	return blocks, total
}

// block is a section in Markdown, item by item.
type block struct {
	title string
	items []string
	left  int
}

func (s section) block() *block {
	b := &block{title: "\n#### " + s.title + "\n\n", left: s.left}
	for _, i := range s.items {
		b.items = append(b.items, i.markdown())
	}
	return b
}

// cut drops items from the end until the block has at most room characters. The
// title and the number of what was left out always stay.
func (b *block) cut(room int) {
	have := b.length()
	for len(b.items) > 0 && have > room {
		last := len(b.items) - 1
		have -= length(b.items[last])
		b.items = b.items[:last]
		b.left++
	}
}

// leftRoom is kept for the line that says how much was left out.
const leftRoom = 80

func (b *block) length() int {
	n := length(b.title) + leftRoom
	for _, i := range b.items {
		n += length(i)
	}
	return n
}

func (b *block) write(out *strings.Builder) {
	out.WriteString(b.title)
	for _, i := range b.items {
		out.WriteString(i)
	}
	switch {
	case b.left > 0 && len(b.items) == 0:
		out.WriteString("- " + count(b.left) + " in all, which -t json lists\n")
	case b.left > 0:
		out.WriteString("- " + leftWords(b.left) + "\n")
	}
}

func (i item) markdown() string {
	var b strings.Builder
	b.WriteString("- " + EscapeMarkdown(i.mark) + " " + markdownLine(i.head) + "\n")
	for _, line := range i.body {
		b.WriteString("  - " + markdownLine(line) + "\n")
	}
	return b.String()
}

// markdownHead is the document's head: a heading and paragraphs.
func markdownHead(lines [][]span) string {
	if len(lines) == 0 {
		return ""
	}
	title := slices.Clone(lines[0])
	for i := range title {
		title[i].tone = plain // a heading is bold already
	}
	return "### " + markdownLine(title) + "\n" + markdownParagraphs(lines[1:])
}

func markdownParagraphs(lines [][]span) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("\n" + markdownLine(line) + "\n")
	}
	return b.String()
}

// markdownLine joins spans. Two code spans that touch would become one: the fence
// of the second would end up as text of the first, so a blank keeps them apart.
func markdownLine(spans []span) string {
	var b strings.Builder
	afterCode := false
	for _, s := range spans {
		if s.foreign && afterCode {
			b.WriteByte(' ')
		}
		b.WriteString(markdownSpan(s))
		afterCode = s.foreign
	}
	return strings.TrimSpace(b.String())
}

// markdownSpan is foreign text as code, and our own in bold where it warns.
func markdownSpan(s span) string {
	switch {
	case s.foreign:
		return EscapeMarkdown(s.text)
	case s.tone == plain || s.tone == faint || s.text == "":
		return s.text
	}
	word := strings.TrimSpace(s.text)
	return strings.Replace(s.text, word, "**"+word+"**", 1)
}

func length(s string) int { return utf8.RuneCountInString(s) }
