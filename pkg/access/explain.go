package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// Explanation is a decision with everything that bears on it.
type Explanation struct {
	Decision
	// Allows and Denies are all statements that match, in the order of the roles.
	Allows, Denies []Statement
	// Near are those that allow the action, on other resources.
	Near []Statement
}

// Explain decides as [Roles.Check] does, and names every statement that matches, and
// those that would allow the action if their resources were others.
func (s Roles) Explain(action, resource string) Explanation {
	e := Explanation{Decision: s.Check(action, resource)}
	resource = askedAbout(s.unplaced, action, resource)
	for _, r := range s.roles {
		for i := range r.Policies {
			p := &r.Policies[i]
			effect := effectOf(p)
			actionPattern, resourcePattern, ok := match(p, action, resource)
			by := Statement{r.Name, i, effect, actionPattern, resourcePattern}
			switch {
			case ok && effect == model.Allow:
				e.Allows = append(e.Allows, by)
			case ok && effect == model.Deny:
				e.Denies = append(e.Denies, by)
			case actionPattern != "" && effect == model.Allow:
				e.Near = append(e.Near, by)
			}
		}
	}
	return e
}

// Cause is a statement as people look for it: one policy of a role, and what in it matched.
type Cause struct {
	Role string `json:"role"`
	// Policy counts from 1.
	Policy   int          `json:"policy"`
	Effect   model.Effect `json:"effect"`
	Action   string       `json:"action"`
	Resource string       `json:"resource"`
	// Place is where the pattern of its action stands; zero for a role that no file
	// declares.
	Place diag.Position `json:"place,omitzero"`
}

// Words names it: policy 2 of role ml-team (manifests/roles.yaml:7:9).
func (c *Cause) Words() string {
	words := fmt.Sprintf("policy %d of role %s", c.Policy, c.Role)
	if c.Place.File != "" {
		words += " (" + c.Place.String() + ")"
	}
	return words
}

// CauseOf is a statement of one of the roles as a cause; nil for the zero Statement.
func (s Roles) CauseOf(by Statement) *Cause {
	i := slices.IndexFunc(s.roles, func(r *model.Role) bool { return r.Name == by.Role })
	if i < 0 || by.PolicyIndex >= len(s.roles[i].Policies) {
		return nil
	}
	p := &s.roles[i].Policies[by.PolicyIndex]
	place := p.ActionAt(max(0, slices.Index(p.Actions, by.ActionPattern)))
	return &Cause{by.Role, by.PolicyIndex + 1, by.Effect, by.ActionPattern, by.ResourcePattern, place}
}

// Step is a way in which somebody is an administrator, or becomes one.
type Step struct {
	Weight Weight
	// Does says what the holder does, such as "makes a token of any user, an
	// administrator's included".
	Does  string
	Grant Grant
	// By grants it.
	By Statement
}

// Steps are the ways to an administrator's power that roles open, with [DefaultRole]
// among them: those that are one first, then those that lead there. There are none
// exactly where [Rules.Weigh] is below [AdministratorByStep].
func (r *Rules) Steps(roles []*model.Role) (steps []Step) {
	set := r.Roles(roles)
	for _, g := range r.Effective(roles) {
		for _, w := range g.ways() {
			request := r.Witness(w.Grant)
			w.By = set.Check(request.Action, request.Resource).By
			steps = append(steps, w)
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return int(b.Weight) - int(a.Weight) })
	return steps
}

// ways are the ways that one grant opens, each as a grant of just that.
func (g Grant) ways() (out []Step) {
	if g.Weight() < AdministratorByStep {
		return nil
	}
	term, exceptActions := cutExceptions(g.Action)
	base, exceptResources := cutExceptions(g.Resource)
	actions := matchingActions([]string{term}) &^ matchingActions(exceptActions)
	if g.Resource == Everything {
		base = "*"
	}
	if actions&unregistered != 0 {
		out = append(out, Step{Weight: Administrator, Does: "gives itself any role, and does all that has no action", Grant: Grant{"*", Unregistered}})
	}
	if p := pointOf(base); actions&ownTokens != 0 && (p.encloses(point{"user/", true}) || strings.HasPrefix(base, "user/")) {
		whose := base
		if base == "*" {
			whose = "user/*"
		}
		out = append(out, Step{Weight: AdministratorByStep, Does: "makes a token of another user, with all roles of that user", Grant: Grant{"auth:Token", spellExcept(whose, exceptResources)}})
	}
	does := map[string]string{
		"config/role":    `writes "*:*" into a role that it holds`,
		"config/service": "replaces the keys that logins are signed with, and signs its own",
	}
	for _, s := range seizable {
		if actions&configUpdate != 0 && pointOf(base).has(s) && !slices.ContainsFunc(exceptResources, func(e string) bool { return pointOf(e).has(s) }) {
			out = append(out, Step{Weight: AdministratorByStep, Does: does[s], Grant: Grant{"config:Update", s}})
		}
	}
	return out
}
