package view

import (
	"errors"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Failure writes to Out, as Markdown, the error that keeps a command from having a
// result: a comment that is made of it says why there is none. [View.Error] says it
// to whoever reads Err.
func (v *View) Failure(err error) error {
	return v.showDocument(Markdown, failureReport(err))
}

func failureReport(err error) document {
	var list diag.List
	hint := report.ErrorOf(err, 0).Hint
	if !errors.As(err, &list) {
		d := document{head: [][]span{{say(fault, "Failed")}}}
		label := []span{say(fault, "Error"), say(plain, ": ")}
		for line := range strings.SplitSeq(strings.TrimSpace(secret.Mask(err.Error())), "\n") {
			d.head = append(d.head, append(label, quote(strings.TrimSpace(line))))
			label = nil
		}
		return d.withHint(hint)
	}
	found := len(list.Errors())
	d := document{
		head:     [][]span{{say(fault, "Not valid: "+plural(found, "error", "errors")+", and nothing was changed.")}},
		sections: []section{sectionOf("Problems", list, maxChanges, problemItem)},
	}
	if first, ok := report.FirstProblem(err); ok && hint == first.Hint {
		return d // It stands with the problem.
	}
	return d.withHint(hint)
}

func (d document) withHint(hint string) document {
	if hint != "" {
		d.foot = append(d.foot, []span{say(plain, "Next: "), run(hint)})
	}
	return d
}

// problemItem is one problem with its line of source, its hint and further places.
func problemItem(p diag.Diagnostic) item {
	i := item{mark: "!", tone: severityTone(p.Severity)}
	if place := p.Pos.String(); place != "" {
		i.head = append(i.head, quoteAs(strong, place), say(plain, " "))
	}
	i.head = append(i.head, say(plain, p.Severity.String()+": "), tell(p.Summary))
	if p.Code != "" {
		i.head = append(i.head, say(faint, " "), quote(p.Code))
	}
	if p.Source != "" && p.Pos.Line > 0 {
		line, _, _ := excerpt(&p)
		i.add(say(plain, "line: "), quote(line))
	}
	if p.Hint != "" {
		i.add(say(plain, "hint: "), span{text: p.Hint, told: true, command: true})
	}
	for _, r := range p.Related {
		i.add(quote(r.Pos.String()), say(plain, " "), tell(r.Message))
	}
	return i
}
