package access

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Overreach is what a Deny refuses beyond the resources that it lists.
type Overreach struct {
	// Everywhere are the actions that it refuses altogether, as they have no
	// resource: a list of resources does not bound them.
	Everywhere []string
	// AllPools are the actions that it refuses in every pool, although it lists some,
	// as the server cannot tell the pool of a workflow.
	AllPools []string
}

// None reports that the Deny refuses what it says.
func (o Overreach) None() bool { return len(o.Everywhere)+len(o.AllPools) == 0 }

// Words says it in a sentence's part: "refuses workflow:List everywhere".
func (o Overreach) Words() string {
	var parts []string
	if len(o.Everywhere) > 0 {
		parts = append(parts, "refuses "+strings.Join(o.Everywhere, ", ")+" everywhere, as no request of that kind has a resource")
	}
	if len(o.AllPools) > 0 {
		parts = append(parts, "refuses "+strings.Join(o.AllPools, ", ")+" for the workflows of every pool, as the server cannot tell their pool")
	}
	return strings.Join(parts, ", and ")
}

// Overreach is what a policy refuses beyond its resources. A Deny on everything says so
// itself, and one of an action that has no resource in any request means it.
func (r *Rules) Overreach(p model.Policy) (o Overreach) {
	if effectOf(&p) != model.Deny || len(p.Resources) == 0 || slices.Contains(p.Resources, "*") {
		return o
	}
	actions := matchingActions(p.Actions) & r.known
	bounded := false
	for i := range areas {
		bounded = bounded || actions&areas[i].actions != 0
	}
	services := r.global.services
	if plain := actions & (plainActions &^ ownTokens); bounded {
		o.Everywhere = namesOf(services, plain)
	}
	pool := slices.IndexFunc(scopeRoots[:], func(root string) bool { return root == Pool.Root() })
	root := point{scopeRoots[pool], true}
	covers := slices.ContainsFunc(p.Resources, func(s string) bool { return pointOf(s).encloses(root) })
	touches := slices.ContainsFunc(p.Resources, func(s string) bool { return matchResource(s, root.text+"*") })
	if touches && !covers {
		o.AllPools = namesOf(services, actions&r.unplaced)
	}
	return o
}

func namesOf(services []service, set actionSet) (names []string) {
	for _, s := range services {
		names = append(names, s.names(set&s.actions)...)
	}
	return names
}
