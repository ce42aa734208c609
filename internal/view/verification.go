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
}

type verificationDocument struct {
	FormatVersion int `json:"format_version"`
	// Valid says that there is no problem of severity error.
	Valid    bool              `json:"valid"`
	Lineage  string            `json:"lineage"`
	Serial   int               `json:"serial"`
	Summary  verifiedCounts    `json:"summary"`
	Problems []problemDocument `json:"problems"`
	Notes    []string          `json:"notes"`
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
		formatVersion, !r.Problems.HasErrors(), r.Lineage, r.Serial,
		verifiedCounts{r.Roles, r.Accounts, r.Tokens, r.Generations, r.Ciphertexts},
		problemsOf(r.Problems), orEmpty(r.Notes),
	}
}

// Verification writes what a check of state found: text or JSON. In text the
// problems themselves go through [View.Diagnostics].
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
	case r.Serial == 0:
		p.line("Nothing was applied yet")
		return
	default:
		p.spans(say(adds, "State is sound"), say(plain, " at serial "+strconv.Itoa(r.Serial)))
	}
	p.optional("Lineage", r.Lineage)
	p.field("Checked", plural(r.Roles, "role", "roles")+", "+plural(r.Accounts, "account", "accounts")+", "+
		plural(r.Tokens, "token", "tokens")+", "+plural(r.Generations, "generation", "generations")+", "+
		plural(r.Ciphertexts, "ciphertext", "ciphertexts"))
	for _, note := range r.Notes {
		p.field("Note", note)
	}
}
