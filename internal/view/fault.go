package view

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Error writes the error that ends a command to Err: as text with its hint, or as
// JSON. An error that has a method Hint() string says by it what to do next.
func (v *View) Error(err error, exitCode int, f Format) {
	if err == nil {
		return
	}
	said := report.ErrorOf(err, exitCode)
	if f == JSON {
		said.Hint = v.Paste.in(said.Hint)
		_ = v.printJSON(v.Err, said)
		return
	}
	v.complain(func(p *page) {
		first, rest, _ := strings.Cut(strings.TrimRight(secret.Mask(said.Message), "\r\n"), "\n")
		p.spans(say(fault, "error"), say(plain, ": "), quote(first))
		p.more(rest)
		p.hint(said.Hint)
	})
}

// more writes the further lines of a message, such as a server's words, indented.
func (p *page) more(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.line("  " + strings.TrimRight(line, "\r"))
	}
}
