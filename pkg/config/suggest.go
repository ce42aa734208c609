package config

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// nearHint is a hint that may name a near candidate. Whether it does is decided
// once the problem is known to be shown, and in the order in which problems are
// shown: files are read at the same time, and the run's budget for hints must not
// depend on which was ready first.
type nearHint struct {
	name  string
	among []string
	// otherwise is the hint where nothing is near.
	otherwise string
}

func (h nearHint) text(hints *diag.Hints) string {
	if near := hints.Nearest(h.name, h.among); near != "" {
		return "did you mean " + quote(near) + "?"
	}
	return h.otherwise
}

// keyPlace says where an unknown key belongs, else which ones are known.
func keyPlace(key string, known keys) string {
	for _, place := range keyPlaces {
		for _, name := range place.keys {
			if key == name {
				return quote(key) + " is a key of " + place.what
			}
		}
	}
	return "its keys are " + strings.Join(known, ", ")
}

// keyPlaces lists where each key belongs, for keys that stand at the wrong
// level.
var keyPlaces = []struct {
	what string
	keys keys
}{
	{"a manifest, at its top level", manifestKeys},
	{ProjectFile + ", at its top level", projectKeys},
	{"a service account", accountKeys},
	{"a token", tokenKeys},
	{"a role", roleKeys},
	{"a policy", policyKeys},
	{"rotate", rotateKeys},
	{"guardrails", guardrailKeys},
	{"git", gitKeys},
}
