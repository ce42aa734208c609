package config

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// checkLeaks reports what is shaped like a secret anywhere in a file, comments
// included: it is in git for good, so it has to end.
//
// Since such a text is refused here, nothing can be declared that a view would
// mask: a mask must not hide anything from a reviewer.
func (r *reader) checkLeaks(text string) {
	line, offset := 1, 0
	for _, s := range secret.Shapes(text) {
		line += strings.Count(text[offset:s.Start], "\n")
		offset = s.Start
		if r.full(diag.Error) {
			r.dropped++
			continue
		}
		start := strings.LastIndexByte(text[:s.Start], '\n') + 1
		first, _, _ := strings.Cut(text[s.Start:s.End], "\n")
		r.add(describeLeak(s.Kind, diag.Position{File: r.file, Line: line, Column: utf8.RuneCountInString(text[start:s.Start]) + 1}, utf8.RuneCountInString(first)))
	}
}

// forgetTwice takes out of the list, which is sorted, each private key that was
// reported in the place of a public one as well.
func (p *problems) forgetTwice() {
	asPublic := map[diag.Position]bool{}
	for _, d := range p.list {
		if d.Code == codePrivateKey {
			asPublic[lineOf(d.Pos)] = true
		}
	}
	if len(asPublic) == 0 {
		return
	}
	before := len(p.list)
	p.list = slices.DeleteFunc(p.list, func(d diag.Diagnostic) bool { return d.Code == codeLeakedSecret && asPublic[lineOf(d.Pos)] })
	p.errors -= before - len(p.list)
}

func lineOf(p diag.Position) diag.Position { return diag.Position{File: p.File, Line: p.Line} }

// checkFileName reports a file whose name is shaped like a secret, or that of a
// folder that it lies in.
func checkFileName(p *problems, name string) {
	for _, s := range secret.Shapes(name) {
		d := describeLeak(s.Kind, diag.Position{File: name}, 0)
		d.Summary = "the name of this file holds what looks like " + s.Kind.String()
		p.add(d)
	}
}

func describeLeak(kind secret.Kind, pos diag.Position, width int) diag.Diagnostic {
	return diag.Diagnostic{
		Code: codeLeakedSecret, Summary: "here stands what looks like " + kind.String(), Hint: leakedHints[kind],
		Pos: pos, Width: width,
	}
}

var leakedHints = map[secret.Kind]string{
	secret.Token: "consider it leaked, in git's history too: osmoctl token verify says whose it is, osmoctl token revoke ends it",
	secret.Key:   "consider it known: make a new pair, and have what it opens replaced, which osmoctl secrets exposure lists by its public key",
	secret.JWT:   "consider it leaked, in git's history too: have it revoked by whoever issued it",
}
