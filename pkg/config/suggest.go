package config

import (
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
)

// didYouMean is the hint that names a near candidate, or "".
func didYouMean(name string, candidates []string) string {
	if near := diag.Nearest(name, candidates); near != "" {
		return "did you mean " + quoted(near) + "?"
	}
	return ""
}

// keyHint names the known key that was probably meant, else where the key
// belongs, else all known ones.
func keyHint(key string, known keys) string {
	if hint := didYouMean(key, known); hint != "" {
		return hint
	}
	for _, place := range keyPlaces {
		for _, name := range place.keys {
			if key == name {
				return quoted(key) + " is a key of " + place.what
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

// suggester finds near names among many. Its budget bounds the work: the first
// few problems get a hint, a flood of them does not stop the run.
type suggester struct {
	candidates []string
	budget     int
}

// suggestBudget is the number of comparisons that a suggester makes in all.
const suggestBudget = 200_000

func newSuggester(candidates []string) *suggester {
	return &suggester{candidates: candidates, budget: suggestBudget}
}

func (s *suggester) hint(name string) string {
	if s.budget -= len(s.candidates); s.budget < 0 {
		return ""
	}
	return didYouMean(name, s.candidates)
}
