// Package problems lays out what is wrong: problems of declarations with the line
// they stand in, also as GitHub's annotations and SARIF, and the error that ends a
// command.
package problems

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Show writes problems to Err, each with its place, its line of source
// with a caret under it, its hint and its further places.
func Show(v *view.View, list diag.List) {
	if len(list) == 0 {
		return
	}
	v.Complain(func(p *view.Page) { Write(p, list) })
}

// Write writes problems to a page, as [Show] does.
func Write(p *view.Page, list diag.List) {
	p.Blocks(len(list), func(i int) { writeDiagnostic(p, &list[i]) })
}

func writeDiagnostic(p *view.Page, d *diag.Diagnostic) {
	var head []view.Span
	if place := d.Pos.String(); place != "" {
		head = append(head, view.QuoteAs(view.Strong, place), view.Say(view.Plain, ": "))
	}
	head = append(head, view.Say(severityTone(d.Severity), d.Severity.String()), view.Say(view.Plain, ": "), view.Quote(d.Summary))
	if d.Code != "" {
		head = append(head, view.Say(view.Faint, " ["+d.Code+"]"))
	}
	p.Spans(head...)
	writeSource(p, d)
	p.Hint(d.Hint)
	for _, r := range d.Related {
		p.Spans(view.QuoteAs(view.Strong, r.Pos.String()), view.Say(view.Plain, ": "), view.Quote(r.Message))
	}
}

func severityTone(s diag.Severity) view.Tone {
	if s == diag.Warning {
		return view.Warn
	}
	return view.Fault
}

// writeSource writes the line that the problem stands in, and carets under it.
func writeSource(p *view.Page, d *diag.Diagnostic) {
	if d.Source == "" || d.Pos.Line == 0 {
		return
	}
	number := strconv.Itoa(d.Pos.Line)
	gutter := "  " + number + " | "
	source, before, marked := excerpt(d, p.Room(len(gutter)+ellipses, excerptWidth))
	p.Unbroken(view.Say(view.Faint, gutter), view.Quote(source))
	if d.Pos.Column > 0 {
		blank := "  " + strings.Repeat(" ", len(number)) + " | "
		p.Unbroken(view.Say(view.Faint, blank), view.Say(view.Plain, strings.Repeat(" ", before)), view.Say(severityTone(d.Severity), strings.Repeat("^", marked)))
	}
}

// excerptWidth is how many cells of a long line an excerpt shows at most, and ellipses
// are for where it was cut.
const excerptWidth, ellipses = 160, 2

// excerpt escapes the part of the line round the problem that has room, and counts, in
// cells of a terminal, what stands before the problem and what it covers.
func excerpt(d *diag.Diagnostic, room int) (source string, before, marked int) {
	line := []rune(strings.ReplaceAll(secret.Mask(d.Source), "\t", " "))
	start := min(max(d.Pos.Column-1, 0), len(line))
	end := min(start+max(d.Width, 1), len(line))
	from, to := 0, len(line)
	if view.DisplayWidth(escapeRunes(line)) > room {
		// What stands before the problem has a good third of the room.
		from, to = start, start
		left := room
		for ; from > 0 && cells(line[from-1]) <= left-room*5/8; from-- {
			left -= cells(line[from-1])
		}
		for ; to < len(line) && cells(line[to]) <= left; to++ {
			left -= cells(line[to])
		}
		end = min(end, to)
	}
	left, middle, right := escapeRunes(line[from:start]), escapeRunes(line[start:end]), escapeRunes(line[end:to])
	if from > 0 {
		left = "…" + left
	}
	if to < len(line) {
		right += "…"
	}
	return left + middle + right, view.DisplayWidth(left), max(1, view.DisplayWidth(middle))
}

func cells(r rune) int { return view.DisplayWidth(escapeRunes([]rune{r})) }

func escapeRunes(r []rune) string { return view.EscapeTerminal(string(r)) }
