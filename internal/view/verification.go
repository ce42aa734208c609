package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// Verification is what a check of state found.
type Verification struct {
	Lineage string
	Serial  int
	// The counts are of what was checked.
	Roles, Accounts, Tokens, Generations, Ciphertexts int
	Problems                                          diag.List
	// Notes are worth knowing and no problem, such as what was not checked.
	Notes []string
	// History is nil where it was not asked for.
	History *History
}

type verificationDocument struct {
	FormatVersion int `json:"format_version"`
	// Valid says that there is no problem of severity error, and no finding
	// that is not settled.
	Valid    bool              `json:"valid"`
	Lineage  string            `json:"lineage"`
	Serial   int               `json:"serial"`
	Summary  verifiedCounts    `json:"summary"`
	Problems []problemDocument `json:"problems"`
	Notes    []string          `json:"notes"`
	History  *History          `json:"history"`
}

type verifiedCounts struct {
	Roles       int `json:"roles"`
	Accounts    int `json:"accounts"`
	Tokens      int `json:"tokens"`
	Generations int `json:"generations"`
	Ciphertexts int `json:"ciphertexts"`
}

func (r Verification) document() verificationDocument {
	return verificationDocument{
		formatVersion, r.Sound(), r.Lineage, r.Serial,
		verifiedCounts{r.Roles, r.Accounts, r.Tokens, r.Generations, r.Ciphertexts},
		problemsOf(r.Problems), orEmpty(r.Notes), r.History.document(),
	}
}

// Sound reports whether nothing is wrong, neither now nor in the history.
func (r Verification) Sound() bool { return !r.Problems.HasErrors() && r.History.sound() }

// Verification writes what a check of state found: text or JSON. In text the
// problems themselves go through [View.Diagnostics] and [View.Findings].
func (v *View) Verification(r Verification, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.verification(r) },
		json: func() any { return r.document() },
	})
}

func (p *page) verification(r Verification) {
	switch n := len(r.Problems.Errors()); {
	case n > 0:
		p.spans(say(fault, "State is not as it should be"), say(plain, ": "+plural(n, "problem", "problems")))
	case !r.History.sound():
		p.spans(say(fault, "The history of state is not as it should be"), say(plain, ": "+plural(r.History.open(), "finding", "findings")))
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
func historyWords(h *History) string {
	words := ", from the first on"
	if !h.Complete {
		words = ", the older ones are not in this clone"
	}
	if n := len(h.Findings) - h.open(); n > 0 {
		words += "; " + plural(n, "finding", "findings") + " settled"
	}
	return words
}
