package report

import (
	"cmp"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/seal"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Who says which keys can read a token, by the record.
type Who struct {
	FormatVersion version `json:"format_version"`
	UserName      string  `json:"user_name"`
	TokenName     string  `json:"token_name"`
	// Generations are the live ones that were asked for, newest first.
	Generations []WhoGeneration `json:"generations"`
	// Next are the keys that the next value would be sealed to; nil where the
	// declarations do not say it.
	Next []plan.Reader `json:"next"`
}

// WhoGeneration is one live value.
type WhoGeneration struct {
	Generation int        `json:"generation"`
	Status     string     `json:"status"`
	ExpiresAt  model.Date `json:"expires_at"`
	// Adopted says that the value is not known: nobody reads it here, and there is
	// no file.
	Adopted bool `json:"adopted,omitzero"`
	// Recipients are the keys it is sealed to, FormerRecipients those that it
	// was sealed to earlier.
	Recipients       []plan.Reader `json:"recipients"`
	FormerRecipients []plan.Reader `json:"former_recipients"`
	// Ciphertext is the path of the sealed value, Stanzas what its header has.
	Ciphertext OrUnknown `json:"ciphertext"`
	Stanzas    []string  `json:"stanzas"`
	// Fits says that the file is the recorded one, and its header can be that
	// of these recipients; or that no file is recorded, as of an adopted one.
	Fits bool `json:"fits"`
	// Problem says why it does not fit.
	Problem string `json:"problem,omitzero"`
}

// WhoOf reports who reads the generations in list of a token that snap has. files
// has the sealed value of each that is known, and want the declarations, nil where they cannot be
// read.
func WhoOf(snap *state.Snapshot, want *model.Declarations, token model.Address, list []model.Address, files map[model.Address][]byte, today model.Date) Who {
	who := Who{UserName: token.Account, TokenName: token.Name, Generations: []WhoGeneration{}, Next: NextReaders(want, token)}
	names := snap.Meta.Applied.KeyNames()
	if want != nil {
		nameKeys(names, want)
	}
	t := snap.Accounts[token.Account].Tokens[token.Name]
	for _, at := range slices.Backward(list) {
		who.Generations = append(who.Generations, whoReads(at, t.Generation(at.Generation), files[at], today, names))
	}
	return who
}

// nameKeys names keys as they are declared, over how they last were.
func nameKeys(names map[string]string, want *model.Declarations) {
	for _, keys := range want.Project.Recipients {
		for _, k := range keys {
			if k.Name != "" {
				names[k.ID()] = k.Name
			}
		}
	}
}

func whoReads(a model.Address, g *state.Generation, data []byte, today model.Date, names map[string]string) WhoGeneration {
	w := WhoGeneration{
		Generation: g.Number, Status: string(g.Status(today)), ExpiresAt: g.ExpiresAt, Adopted: g.Adopted,
		Recipients: readersOf(g.Recipients, names), FormerRecipients: readersOf(g.FormerRecipients, names),
		Stanzas: []string{}, Fits: true,
	}
	if !g.Known() {
		return w
	}
	w.Ciphertext = OrUnknown(state.Dir + "/" + state.CiphertextPath(a.Account, a.Name, g.Number))
	header, err := seal.InspectRecorded(data, a.Token().At(g.Number), g)
	if header.Stanzas != nil {
		w.Stanzas = header.Stanzas
	}
	if err != nil {
		w.Fits, w.Problem = false, err.Error()
	}
	return w
}

// NextReaders are the keys that the next value of a token goes to, nil where that
// is not declared, or want is nil.
func NextReaders(want *model.Declarations, token model.Address) []plan.Reader {
	if want == nil || want.Accounts[token.Account] == nil {
		return nil
	}
	t := want.Accounts[token.Account].Tokens[token.Name]
	if t == nil {
		return nil
	}
	out := make([]plan.Reader, len(t.Readers))
	for i, r := range t.Readers {
		out[i] = plan.Reader{Name: r.Name, Key: r.ID()}
	}
	return sortReaders(out)
}

// sortReaders puts keys in the order of their names, which people look for.
func sortReaders(list []plan.Reader) []plan.Reader {
	slices.SortFunc(list, func(a, b plan.Reader) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	return list
}
