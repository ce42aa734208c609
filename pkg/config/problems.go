package config

import (
	"fmt"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

const (
	// maxProblems bounds what one run reports: nobody reads more, and hostile
	// input must not fill the memory with complaints about itself.
	maxProblems = 1000
	// maxSummary bounds the characters of a summary or hint, which may quote
	// a value as long as its file.
	maxSummary = 400
)

// problems collects what is wrong, up to maxProblems of each severity. The zero
// value is ready to use.
type problems struct {
	list     diag.List
	errors   int
	warnings int
	// dropped counts the problems that no longer fitted.
	dropped int
	// near has, by their index in list, the problems whose hint is made when
	// they are taken over; see nearHint.
	near map[int]nearHint
	// hints is what the run may still spend on them; nil in the readers of
	// manifests, which are several at a time.
	hints *diag.Hints
}

// full reports whether another problem of this severity would be dropped, so
// that costly hints need not be made for it.
func (p *problems) full(s diag.Severity) bool {
	if s == diag.Warning {
		return p.warnings >= maxProblems
	}
	return p.errors >= maxProblems
}

// add takes a problem in, with its texts made fit to be shown.
func (p *problems) add(d diag.Diagnostic) {
	if p.full(d.Severity) {
		p.dropped++
		return
	}
	d.Summary, d.Hint = presentable(d.Summary), presentable(d.Hint)
	p.keep(d)
}

func (p *problems) keep(d diag.Diagnostic) {
	if d.Severity == diag.Warning {
		p.warnings++
	} else {
		p.errors++
	}
	p.list = append(p.list, d)
}

// merge takes over what q holds.
func (p *problems) merge(q *problems) {
	for i, d := range q.list {
		if p.full(d.Severity) {
			p.dropped++
			continue
		}
		if near, waits := q.near[i]; waits {
			d.Hint = presentable(near.text(p.hints))
		}
		p.keep(d)
	}
	p.dropped += q.dropped
}

// finish returns the problems in order, at most maxProblems with errors before
// warnings, and a closing one where some were left out.
func (p *problems) finish() diag.List {
	p.list.Sort()
	p.forgetTwice()
	room := maxProblems - p.errors
	kept := p.list[:0]
	for _, d := range p.list {
		if d.Severity == diag.Warning {
			if room == 0 {
				p.dropped++
				continue
			}
			room--
		}
		kept = append(kept, d)
	}
	if p.dropped > 0 {
		kept = append(kept, p.describeRest())
	}
	return kept
}

// describeRest says that the list is not all there is.
func (p *problems) describeRest() diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Warning,
		Code:     codeTooManyProblems,
		Summary:  fmt.Sprintf("there are more than these %d problems", maxProblems),
		Hint:     "fix some of them and look again",
	}
	if p.errors > 0 {
		d.Severity = diag.Error
	}
	return d
}

// presentable masks secrets in a text that quotes a file, and cuts it. It masks
// first, since a secret that was cut in two no longer looks like one.
func presentable(s string) string {
	s = mask(s[:min(len(s), 16*maxSummary)])
	if utf8.RuneCountInString(s) > maxSummary {
		return string([]rune(s)[:maxSummary]) + "..."
	}
	return s
}

// secondPlace is another place that a problem is about.
func secondPlace(pos diag.Position, format string, args ...any) []diag.Related {
	return []diag.Related{{Pos: pos, Message: fmt.Sprintf(format, args...)}}
}
