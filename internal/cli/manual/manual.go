// Package manual makes the manual pages from the command line's grammar, so that they cannot
// say anything else than --help does.
//
// A page is roff for the man macros, of which groff and mandoc know the same. Everything that
// comes from the grammar goes through [escape]: a line of it can begin with a sign that roff takes
// for a request, and signs that people type, such as a hyphen or a quote, would come out as
// typographic ones, which no shell takes. The same grammar and heading give the same bytes.
package manual

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Heading is what every page says of the program at its head and foot.
type Heading struct {
	Version string
	// Date is a day, such as 2026-03-01; it may be empty.
	Date string
}

// Page is one manual page.
type Page struct {
	// Name is that of the page and, with .1 behind it, of its file. Command is what it is
	// about, such as token get; empty for the program itself.
	Name, Command string
	Roff          string
}

// Pages are the pages of the grammar, root's first, then one for each command and group of
// commands in the grammar's order. Hidden ones have none.
func Pages(root *kong.Node, h Heading) []Page {
	pages := []Page{{Name: nameOf(root), Command: root.Path(), Roff: write(root, h)}}
	for _, n := range visible(root) {
		pages = append(pages, Pages(n, h)...)
	}
	return pages
}

// nameOf is what man finds a page by, such as osmoctl-token-get.
func nameOf(n *kong.Node) string { return strings.ReplaceAll(n.FullPath(), " ", "-") }

func visible(n *kong.Node) (list []*kong.Node) {
	for _, child := range n.Children {
		if !child.Hidden {
			list = append(list, child)
		}
	}
	return list
}

func write(n *kong.Node, h Heading) string {
	var b strings.Builder
	b.WriteString(".\\\" Made from the command line's grammar by osmoctl man.\n")
	fmt.Fprintf(&b, ".TH %s 1 %s %s %s\n", quote(strings.ToUpper(nameOf(n))), quote(h.Date), quote("osmoctl "+h.Version), quote("osmoctl manual"))
	// Lines are neither stretched nor words broken: both make commands hard to copy.
	b.WriteString(".ad l\n.nh\n")
	about, more, _ := strings.Cut(n.Help, "\n\n")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(nameOf(n)), escape(strings.TrimSuffix(about, ".")))
	b.WriteString(".SH SYNOPSIS\n" + synopsis(n) + "\n")
	if text := strings.TrimSpace(more + "\n\n" + n.Detail); text != "" {
		writeText(&b, text)
	}
	writeArguments(&b, n)
	writeFlags(&b, n)
	if children := visible(n); len(children) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, child := range children {
			item(&b, bold(child.Name), child.Help)
		}
	}
	writeSeeAlso(&b, n)
	return b.String()
}

func synopsis(n *kong.Node) string {
	text := bold(n.FullPath()) + " [" + italic("options") + "]"
	if len(visible(n)) > 0 {
		text += " " + italic("COMMAND")
	}
	for _, a := range n.Positional {
		text += " " + italic(a.Summary())
	}
	return text
}

// exitCodes begins the paragraph of the description that lists them.
const exitCodes = "Exit codes: "

// writeText writes paragraphs: the exit codes as a section of their own, and lines that are
// indented as they stand, since they are examples.
func writeText(b *strings.Builder, text string) {
	b.WriteString(".SH DESCRIPTION\n")
	var codes string
	for i, paragraph := range strings.Split(text, "\n\n") {
		paragraph = strings.Trim(paragraph, "\n")
		if list, ok := strings.CutPrefix(paragraph, exitCodes); ok {
			codes = list
			continue
		}
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, " ") {
			b.WriteString(".EX\n" + escape(paragraph) + "\n.EE\n")
			continue
		}
		b.WriteString(escape(paragraph) + "\n")
	}
	if codes == "" {
		return
	}
	b.WriteString(".SH EXIT STATUS\n")
	for code := range strings.SplitSeq(strings.TrimSuffix(codes, "."), "; ") {
		number, meaning, _ := strings.Cut(code, " ")
		item(b, bold(number), meaning)
	}
}

func writeArguments(b *strings.Builder, n *kong.Node) {
	if len(n.Positional) > 0 {
		b.WriteString(".SH ARGUMENTS\n")
	}
	for _, a := range n.Positional {
		item(b, italic(a.Summary()), a.Help)
	}
}

// writeFlags writes the flags of the command itself. Those that every command takes stand on
// the first page, which the others name.
func writeFlags(b *strings.Builder, n *kong.Node) {
	b.WriteString(".SH OPTIONS\n")
	for _, f := range n.Flags {
		if f.Hidden {
			continue
		}
		name, value, _ := strings.Cut(f.String(), "=")
		term := bold(name)
		if value != "" {
			term += "=" + italic(value)
		}
		item(b, term, f.Help)
	}
	if n.Parent != nil {
		b.WriteString(".PP\nThe options that every command takes are in\n.BR osmoctl (1).\n")
	}
}

// writeSeeAlso names the pages above and below.
func writeSeeAlso(b *strings.Builder, n *kong.Node) {
	var near []*kong.Node
	if n.Parent != nil {
		near = append(near, n.Parent)
	}
	near = append(near, visible(n)...)
	if len(near) == 0 {
		return
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, other := range near {
		end := ","
		if i == len(near)-1 {
			end = ""
		}
		fmt.Fprintf(b, ".BR %s (1)%s\n", escape(nameOf(other)), end)
	}
}

// item writes an indented text under its term.
func item(b *strings.Builder, term, text string) {
	b.WriteString(".TP\n" + term + "\n" + escape(text) + "\n")
}

func bold(s string) string   { return `\fB` + escape(s) + `\fR` }
func italic(s string) string { return `\fI` + escape(s) + `\fR` }

// quote makes one argument of a macro.
func quote(s string) string { return `"` + escape(s) + `"` }

var signs = strings.NewReplacer(
	`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`,
)

// escape keeps text from being read as roff. A full stop at the start of a line would begin a
// request there, as would a quote, which has another name by then.
func escape(s string) string {
	s = signs.Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
