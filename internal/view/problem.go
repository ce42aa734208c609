package view

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Diagnostics writes problems to Err, each with its place, its line of source
// with a caret under it, its hint and its further places.
func (v *View) Diagnostics(list diag.List) {
	if len(list) == 0 {
		return
	}
	v.complain(func(p *page) {
		for i := range list {
			if i > 0 {
				p.blank()
			}
			p.diagnostic(&list[i])
		}
	})
}

func (p *page) diagnostic(d *diag.Diagnostic) {
	var head []span
	if place := d.Pos.String(); place != "" {
		head = append(head, quoteAs(strong, place), say(plain, ": "))
	}
	head = append(head, say(severityTone(d.Severity), d.Severity.String()), say(plain, ": "), quote(d.Summary))
	if d.Code != "" {
		head = append(head, say(faint, " ["+d.Code+"]"))
	}
	p.spans(head...)
	p.source(d)
	p.hint(d.Hint)
	for _, r := range d.Related {
		p.spans(quoteAs(strong, r.Pos.String()), say(plain, ": "), quote(r.Message))
	}
}

func severityTone(s diag.Severity) tone {
	if s == diag.Warning {
		return warn
	}
	return fault
}

// source writes the line that the problem stands in, and carets under it.
func (p *page) source(d *diag.Diagnostic) {
	if d.Source == "" || d.Pos.Line == 0 {
		return
	}
	number := strconv.Itoa(d.Pos.Line)
	source, before, marked := excerpt(d)
	p.unbroken(say(faint, "  "+number+" | "), quote(source))
	if d.Pos.Column > 0 {
		gutter := "  " + strings.Repeat(" ", len(number)) + " | "
		p.unbroken(say(faint, gutter), say(plain, strings.Repeat(" ", before)), say(severityTone(d.Severity), strings.Repeat("^", marked)))
	}
}

// What an excerpt shows of a long line: this many characters of it, and this
// many of them before the problem.
const (
	excerptWidth = 160
	excerptLead  = 60
)

// excerpt escapes the part of the line round the problem and counts, in cells of
// a terminal, what stands before the problem and what it covers.
func excerpt(d *diag.Diagnostic) (source string, before, marked int) {
	line := []rune(strings.ReplaceAll(secret.Mask(d.Source), "\t", " "))
	start := min(max(d.Pos.Column-1, 0), len(line))
	end := min(start+max(d.Width, 1), len(line))
	from, to := 0, len(line)
	if len(line) > excerptWidth {
		from = max(0, start-excerptLead)
		to = min(len(line), from+excerptWidth)
		end = min(end, to)
	}
	left, middle, right := escapeRunes(line[from:start]), escapeRunes(line[start:end]), escapeRunes(line[end:to])
	if from > 0 {
		left = "…" + left
	}
	if to < len(line) {
		right += "…"
	}
	return left + middle + right, displayWidth(left), max(1, displayWidth(middle))
}

func escapeRunes(r []rune) string { return EscapeTerminal(string(r)) }
