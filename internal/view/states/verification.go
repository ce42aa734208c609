package states

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// ShowVerification writes what a check of state found: text or JSON. In text the
// problems themselves go through [problems.Show] and [ShowFindings].
func ShowVerification(v *view.View, r report.Verification, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeVerification(p, r) },
		JSON: r,
	})
}

func writeVerification(p *view.Page, r report.Verification) {
	switch n := len(r.Problems.Errors()); {
	case n > 0:
		p.Spans(view.Say(view.Fault, "State is not as it should be"), view.Say(view.Plain, ": "+view.Plural(n, "problem", "problems")))
	case !r.History.Sound():
		p.Spans(view.Say(view.Fault, "The history of state is not as it should be"), view.Say(view.Plain, ": "+view.Plural(r.History.CountOpen(), "finding", "findings")))
	case r.Serial == 0:
		p.Line("Nothing was applied yet")
		return
	case r.History == nil:
		p.Spans(view.Say(view.Adds, "The files of state are sound"), view.Say(view.Plain, " at serial "+strconv.Itoa(r.Serial)+"; "), view.Say(view.Warn, "their history was not checked"))
	default:
		p.Spans(view.Say(view.Adds, "State is sound"), view.Say(view.Plain, " at serial "+strconv.Itoa(r.Serial)))
	}
	p.Optional("Lineage", r.Lineage)
	p.Field("Checked", view.Plural(r.Roles, "role", "roles")+", "+view.Plural(r.Accounts, "account", "accounts")+", "+
		view.Plural(r.Tokens, "token", "tokens")+", "+view.Plural(r.Generations, "generation", "generations")+", "+
		view.Plural(r.Ciphertexts, "ciphertext", "ciphertexts"))
	if h := r.History; h != nil {
		p.Field("History", view.Plural(h.Commits, "commit", "commits")+historyWords(h))
	}
	for _, note := range r.Notes {
		p.Field("Note", note)
	}
}

// historyWords says how far the history goes, and what in it is settled.
func historyWords(h *report.History) string {
	words := ", from the first on"
	if !h.Complete {
		words = ", the older ones are not in this clone"
	}
	if n := len(h.Findings) - h.CountOpen(); n > 0 {
		words += "; " + view.Plural(n, "finding", "findings") + " settled"
	}
	return words
}
