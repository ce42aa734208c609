package problems

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// ShowError writes the error that ends a command to Err: as text with its hint, or as
// JSON. An error that has a method Hint() string says by it what to do next.
func ShowError(v *view.View, err error, exitCode int, f view.Format) {
	if err == nil {
		return
	}
	said := report.ErrorOf(err, exitCode)
	if f == view.JSON {
		said.Hint = v.Paste.Rewrite(said.Hint)
		_ = v.WriteJSON(v.Err, said)
		return
	}
	v.Complain(func(p *view.Page) {
		first, rest, _ := strings.Cut(strings.TrimRight(secret.Mask(said.Message), "\r\n"), "\n")
		p.Spans(view.Say(view.Fault, "error"), view.Say(view.Plain, ": "), view.Quote(first))
		writeMore(p, rest)
		p.Hint(said.Hint)
	})
}

// writeMore writes the further lines of a message, such as a server's words, indented.
func writeMore(p *view.Page, text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		p.Line("  " + strings.TrimRight(line, "\r"))
	}
}
