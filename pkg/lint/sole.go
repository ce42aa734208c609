package lint

import (
	"math/bits"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// To hold a role against itself without one of its parts is exact, and takes time. Most
// parts need not be: an action that is named nowhere else in the role, and nowhere in
// what everybody has, makes a difference wherever a resource of its statement is one of
// its own. What follows finds those.

// actionSet is a set of actions by their index among those of the server.
type actionSet uint64

// setOf is what a pattern covers.
func (p *project) setOf(pattern string) actionSet {
	if set, known := p.sets[pattern]; known {
		return set
	}
	var set actionSet
	for i, a := range p.known {
		if access.MatchesAction(pattern, a.Name) {
			set |= 1 << i
		}
	}
	p.sets[pattern] = set
	return set
}

func (p *project) setOfAll(patterns []string) (set actionSet) {
	for _, pattern := range patterns {
		set |= p.setOf(pattern)
	}
	return set
}

// onlyOnce is, for each of some sets, what no other has.
func onlyOnce(sets []actionSet) []actionSet {
	var once, twice actionSet
	for _, s := range sets {
		twice |= once & s
		once |= s
	}
	out := slices.Clone(sets)
	for i := range out {
		out[i] &^= twice
	}
	return out
}

// findSole has, for each statement of a role, the actions that nothing else names.
func (p *project) findSole(role *model.Role) []actionSet {
	sets := make([]actionSet, len(role.Policies))
	for i := range role.Policies {
		sets[i] = p.setOfAll(role.Policies[i].Actions)
	}
	sets = onlyOnce(sets)
	if role.Name == access.DefaultRole {
		return sets
	}
	for _, on := range p.sides {
		for _, q := range on.inForce[access.DefaultRole].Policies {
			for i := range sets {
				sets[i] &^= p.setOfAll(q.Actions)
			}
		}
	}
	return sets
}

// findSoleActions has, for each pattern of a statement, the actions that no other covers.
func (p *project) findSoleActions(patterns []string) []actionSet {
	sets := make([]actionSet, len(patterns))
	for i, pattern := range patterns {
		sets[i] = p.setOf(pattern)
	}
	return onlyOnce(sets)
}

// isFelt reports whether a statement surely makes a difference by one of the actions, which
// nothing else names.
func (p *project) isFelt(s statement, sole actionSet) bool {
	for ; sole != 0; sole &= sole - 1 {
		a := &p.known[bits.TrailingZeros64(uint64(sole))]
		root := a.Scope.Root()
		if root == "" && len(s.Resources) > 0 {
			return true
		}
		for _, r := range s.Resources {
			if root == "" || !reaches(r, root) {
				continue
			}
			resource := sample(r, root)
			felt := func(on side) bool { return access.MatchesResource(r, on.AsksAbout(a.Name, resource)) }
			if slices.ContainsFunc(p.sides, felt) {
				return true
			}
		}
	}
	return false
}
