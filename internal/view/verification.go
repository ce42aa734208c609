package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
)

// Verification writes what a check of state found: text or JSON. In text the
// problems themselves go through [View.Diagnostics] and [View.Findings].
func (v *View) Verification(r report.Verification, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.verification(r) },
		json: r,
	})
}

func (p *page) verification(r report.Verification) {
	switch n := len(r.Problems.Errors()); {
	case n > 0:
		p.spans(say(fault, "State is not as it should be"), say(plain, ": "+plural(n, "problem", "problems")))
	case !r.History.Sound():
		p.spans(say(fault, "The history of state is not as it should be"), say(plain, ": "+plural(r.History.CountOpen(), "finding", "findings")))
	case r.Serial == 0:
		p.line("Nothing was applied yet")
		return
	case r.History == nil:
		p.spans(say(adds, "The files of state are sound"), say(plain, " at serial "+strconv.Itoa(r.Serial)+"; "), say(warn, "their history was not checked"))
	default:
		p.spans(say(adds, "State is sound"), say(plain, " at serial "+strconv.Itoa(r.Serial)))
	}
	p.optional("Lineage", r.Lineage)
	p.field("Checked", plural(r.Roles, "role", "roles")+", "+plural(r.Accounts, "account", "accounts")+", "+
		plural(r.Tokens, "token", "tokens")+", "+plural(r.Generations, "generation", "generations")+", "+
		plural(r.Ciphertexts, "ciphertext", "ciphertexts"))
	if h := r.History; h != nil {
		p.field("History", plural(h.Commits, "commit", "commits")+historyWords(h))
	}
	for _, note := range r.Notes {
		p.field("Note", note)
	}
}

// historyWords says how far the history goes, and what in it is settled.
func historyWords(h *report.History) string {
	words := ", from the first on"
	if !h.Complete {
		words = ", the older ones are not in this clone"
	}
	if n := len(h.Findings) - h.CountOpen(); n > 0 {
		words += "; " + plural(n, "finding", "findings") + " settled"
	}
	return words
}
