package seal

import (
	"crypto/subtle"
	"fmt"
	"strings"

	"filippo.io/age"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// CheckRecorded compares the file of a generation with the digest that state has
// of it.
func CheckRecorded(ciphertext []byte, a model.Address, g *state.Generation) error {
	if !isRecorded(ciphertext, g) {
		return diag.Hinted(fmt.Errorf("the ciphertext of %s is not the one that was applied: it was changed, moved or swapped", a),
			"osmoctl state verify shows every such file")
	}
	return nil
}

func isRecorded(ciphertext []byte, g *state.Generation) bool {
	sum := state.SumOf(ciphertext)
	return subtle.ConstantTimeCompare(sum[:], g.Ciphertext[:]) == 1
}

// OpenRecorded opens the file of a generation. The order of the checks is part of
// the design: the file's digest, its binding, the value's digest, and only then is
// the value returned. The caller wipes it.
//
// Errors are those of [Open], and others where a digest is not the recorded one.
func OpenRecorded(ciphertext []byte, a model.Address, g *state.Generation, ids ...age.Identity) (secret.Value, error) {
	if err := CheckRecorded(ciphertext, a, g); err != nil {
		return secret.Value{}, err
	}
	value, err := Open(ciphertext, BindingOf(a), ids...)
	if err != nil {
		return secret.Value{}, err
	}
	if sum := state.Sum(value.SHA256()); subtle.ConstantTimeCompare(sum[:], g.Value[:]) != 1 {
		value.Wipe()
		return secret.Value{}, fmt.Errorf("the value of %s is not the one that was issued: somebody made this file", a)
	}
	return value, nil
}

// InspectRecorded checks the file of a generation without a key: its digest, the
// place that its header names, and that it is sealed to as many keys of each kind
// as state has. The header is returned as far as it can be read.
//
// Errors are a [*BindingError], those of [Inspect], and others where the file is
// not what state has.
func InspectRecorded(ciphertext []byte, a model.Address, g *state.Generation) (Header, error) {
	header, err := Inspect(ciphertext)
	switch {
	case !isRecorded(ciphertext, g):
		return header, fmt.Errorf("the ciphertext of %s is not the one that was applied", a)
	case err != nil:
		return header, fmt.Errorf("the ciphertext of %s: %w", a, err)
	case header.Binding != BindingOf(a):
		return header, &BindingError{Want: BindingOf(a), Got: header.Binding}
	case !header.Fits(g.Recipients):
		return header, fmt.Errorf("the ciphertext of %s is sealed with %s, which does not fit the %d keys that are recorded", a, CountStanzas(header.Stanzas), len(g.Recipients))
	}
	return header, nil
}

// CountStanzas counts stanzas by type: 2 X25519, 1 ssh-ed25519.
func CountStanzas(types []string) string {
	var kinds, parts []string
	counts := map[string]int{}
	for _, t := range types {
		if counts[t]++; counts[t] == 1 {
			kinds = append(kinds, t)
		}
	}
	for _, t := range kinds {
		parts = append(parts, fmt.Sprintf("%d %s", counts[t], t))
	}
	return strings.Join(parts, ", ")
}
