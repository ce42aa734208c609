package access

import "github.com/osmoctl/osmoctl/pkg/model"

// Roles is a set of roles under which to decide, [DefaultRole] always among
// them. The zero value grants nothing at all; make one with [Rules.Roles]. It keeps
// the roles it is given and does not change them, so it may be shared.
type Roles struct {
	roles    []*model.Role
	unplaced actionSet
}

// Decision is the answer to one request.
type Decision struct {
	Allowed bool
	// By is the statement that decided. It is the zero Statement where none
	// matched, which refuses too.
	By Statement
}

// Explicit reports whether a statement decided, rather than the lack of one.
func (d Decision) Explicit() bool { return d.By != Statement{} }

// Statement names one policy of a role and what in it matched.
type Statement struct {
	Role string
	// PolicyIndex counts from 0 in the order of the role's policies.
	PolicyIndex   int
	Effect        model.Effect
	ActionPattern string
	// ResourcePattern is empty where the policy lists no resources.
	ResourcePattern string
}

// Check decides about an action on a resource, as [Rules.Resolve] names them: a Deny
// that matches in any role refuses, else an Allow that matches grants, else it
// is refused. Of several matching statements it reports the first, in the
// order of the roles and their policies. About a resource that the server cannot
// tell it decides as the server does ([Rules.AsksAbout]).
func (s Roles) Check(action, resource string) Decision {
	var d Decision
	resource = askedAbout(s.unplaced, action, resource)
	for _, r := range s.roles {
		switch by := decide(r, action, resource); {
		case by.Effect == model.Deny:
			return Decision{By: by}
		case by.Effect == model.Allow && !d.Allowed:
			d = Decision{Allowed: true, By: by}
		}
	}
	return d
}

// Pools returns those of the known pools, in their order, that OSMO lists as
// allowed for workflows to be submitted to. Its list is wider than what it
// permits: here a Deny counts only inside its own role, while [Roles.Check]
// heeds it in any.
func (s Roles) Pools(known []string) []string {
	var allowed []string
	for _, pool := range known {
		for _, r := range s.roles {
			if decide(r, "workflow:Create", "pool/"+pool).Effect == model.Allow {
				allowed = append(allowed, pool)
				break
			}
		}
	}
	return allowed
}

// decide finds the statement by which one role decides: its first Deny that
// matches, else its first Allow that does.
func decide(r *model.Role, action, resource string) Statement {
	var first Statement
	for i := range r.Policies {
		p := &r.Policies[i]
		effect := effectOf(p)
		if effect == "" || effect == model.Allow && first.Effect != "" {
			continue
		}
		actionPattern, resourcePattern, ok := match(p, action, resource)
		if !ok {
			continue
		}
		by := Statement{r.Name, i, effect, actionPattern, resourcePattern}
		if effect == model.Deny {
			return by
		}
		first = by
	}
	return first
}

// effectOf is the policy's effect as OSMO reads it: an absent one is Allow, and
// a policy with any other word, "deny" in lower case included, does nothing.
func effectOf(p *model.Policy) model.Effect {
	switch p.Effect {
	case "", model.Allow:
		return model.Allow
	case model.Deny:
		return model.Deny
	}
	return ""
}

// match finds the first patterns of p that cover action and resource.
func match(p *model.Policy, action, resource string) (actionPattern, resourcePattern string, ok bool) {
	actionPattern, ok = find(p.Actions, action, matchAction)
	if !ok {
		return "", "", false
	}
	if len(p.Resources) == 0 {
		return actionPattern, "", resource == ""
	}
	resourcePattern, ok = find(p.Resources, resource, matchResource)
	return actionPattern, resourcePattern, ok
}

func find(patterns []string, value string, matches func(pattern, value string) bool) (string, bool) {
	for _, p := range patterns {
		if matches(p, value) {
			return p, true
		}
	}
	return "", false
}
