package report

import (
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
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

// VerificationOf checks the files of a state, the sealed values among them. It
// needs no key, and knows nothing of their history.
func VerificationOf(files []state.File) Verification {
	snap, problems := state.Decode(files)
	v := Verification{Problems: problems}
	if snap == nil {
		return v
	}
	if snap.Meta.IsEdited() {
		v.Problems.Add(diag.Diagnostic{
			Code: state.CodeDigest, Summary: "meta_sha256 does not fit the rest of this file: it was changed by hand", Pos: diag.Position{File: state.Dir + "/" + state.MetaPath},
			Hint: "osmoctl state verify --history names the commit; restore the file from the last one that apply made",
		})
	}
	contents := make(map[string][]byte, len(files))
	for _, f := range files {
		contents[f.Path] = f.Data
	}
	v.Lineage, v.Serial, v.Roles = snap.Meta.Lineage, snap.Meta.Serial, len(snap.Roles)
	for _, name := range model.Names(snap.Accounts) {
		if !snap.Accounts[name].Live() {
			continue
		}
		v.Accounts++
		for _, token := range model.Names(snap.Accounts[name].Tokens) {
			t := snap.Accounts[name].Tokens[token]
			if t.Live() {
				v.Tokens++
			}
			for i := range t.Generations {
				g := &t.Generations[i]
				v.Generations++
				if !g.Known() {
					continue // Nothing was sealed, and state would not have a file.
				}
				v.Ciphertexts++
				path := state.CiphertextPath(name, token, g.Number)
				a := model.TokenAddress(name, token).At(g.Number)
				if _, err := seal.InspectRecorded(contents[path], a, g); err != nil {
					v.Problems.Add(diag.Diagnostic{
						Code: "ciphertext", Summary: err.Error(), Pos: diag.Position{File: state.Dir + "/" + path},
						Hint: "restore the file from the commit that apply made: osmoctl log " + model.TokenAddress(name, token).String(),
					})
				}
			}
		}
	}
	return v
}

// Sound reports whether nothing is wrong, neither now nor in the history.
func (r Verification) Sound() bool { return !r.Problems.HasErrors() && r.History.Sound() }

type verificationDocument struct {
	FormatVersion version `json:"format_version"`
	// Valid says that there is no problem of severity error, and no finding
	// that is not settled.
	Valid    bool           `json:"valid"`
	Lineage  string         `json:"lineage"`
	Serial   int            `json:"serial"`
	Summary  verifiedCounts `json:"summary"`
	Problems []problem      `json:"problems"`
	Notes    List[string]   `json:"notes"`
	History  *History       `json:"history"`
}

type verifiedCounts struct {
	Roles       int `json:"roles"`
	Accounts    int `json:"accounts"`
	Tokens      int `json:"tokens"`
	Generations int `json:"generations"`
	Ciphertexts int `json:"ciphertexts"`
}

// MarshalJSON writes the document.
func (r Verification) MarshalJSON() ([]byte, error) {
	return encode(verificationDocument{
		Valid: r.Sound(), Lineage: r.Lineage, Serial: r.Serial,
		Summary:  verifiedCounts{r.Roles, r.Accounts, r.Tokens, r.Generations, r.Ciphertexts},
		Problems: problemsOf(r.Problems), Notes: r.Notes, History: r.History,
	})
}
