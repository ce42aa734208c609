package lint

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// findIncompleteTasks finds statements that allow a request of a task on some pools, where
// the role does not allow what the task asks besides; and roles whose description names
// a task that no action stands for.
func findIncompleteTasks(p *project) []finding {
	out := p.visit(func(s statement) (finding, bool) {
		if s.denies() || s.everything() {
			return finding{}, false
		}
		for _, task := range access.Tasks() {
			if f, ok := p.findIncomplete(s, task); ok {
				return f, true
			}
		}
		return finding{}, false
	})
	for _, role := range p.roles {
		if !tagging().MatchString(role.Description) || !slices.ContainsFunc(p.sides, func(on side) bool { return touchesWorkflows(on.gained[role]) }) {
			continue
		}
		if mode, ok := p.in(func(on side) bool { return access.Heaviest(on.gained[role]) < access.Administrator }); ok {
			out = append(out, aboutRole(role,
				mode+"the role "+quote(role.Name)+" says that it tags workflows, and cannot: POST /api/workflow/NAME/tag has no action",
				"only \"*:*\" reaches it, which makes an administrator: leave tags to one"))
		}
	}
	return out
}

// tagging matches a description that speaks of tags.
var tagging = pattern.Lazy(`(?i)\btag(s|ging)?\b`)

func touchesWorkflows(grants []access.Grant) bool {
	return slices.ContainsFunc(grants, func(g access.Grant) bool { return strings.HasPrefix(g.Action, "workflow:") && !g.ReadsOnly() })
}

// findIncomplete looks at one task. What is done on a pool by a statement is done as far
// as the pool goes, and another request of the task is refused: by a Deny, or since it
// names no pool.
func (p *project) findIncomplete(s statement, task access.Task) (finding, bool) {
	named := func(n access.Need) bool { return p.setOfAll(s.Actions)&p.setOf(n.Action) != 0 }
	if len(task.Needs) < 2 || !slices.ContainsFunc(task.Needs, named) {
		return finding{}, false
	}
	tried := 0
	for i, r := range s.Resources {
		if !reaches(r, "pool/") || p.misnamed(r) != "" {
			continue
		}
		if tried++; tried > maxTried {
			break
		}
		pool := strings.TrimPrefix(sample(r, "pool/"), "pool/")
		var missing access.Need
		var by access.Decision
		mode, ok := p.in(func(on side) bool {
			need, d, broken := brokenOff(on.Roles([]*model.Role{s.role}), task, pool, s)
			if broken {
				missing, by = need, d
			}
			return broken
		})
		if !ok {
			continue
		}
		var related []diag.Related
		if by.Explicit() && by.By.Role == s.role.Name {
			related = relatedTo(s.role.Policies[by.By.PolicyIndex].Origin, "this Deny refuses it")
		}
		also := missing.Action + " on " + quote(missing.On(pool))
		return s.find(s.actionAt(missing.Action),
			mode+"the task "+task.Name+" does not work on "+quote(s.Resources[i])+": it also takes "+also+", which the role refuses: "+missing.Why,
			"allow "+also+" too, or leave the action out", related...), true
	}
	return finding{}, false
}

// maxTried is how many pools of one statement a task is tried on: the request that is
// refused names none of them.
const maxTried = 16

// brokenOff is the request of a task that is refused, where the statement allows one that is
// on the pool itself.
func brokenOff(roles access.Roles, task access.Task, pool string, s statement) (missing access.Need, by access.Decision, ok bool) {
	begun, refused := false, false
	for _, need := range task.Needs {
		d := roles.Check(need.Action, need.On(pool))
		switch {
		case !d.Allowed:
			missing, by, refused = need, d, true
		case strings.Contains(need.Resource, "{}") && d.By.Role == s.role.Name && d.By.PolicyIndex == s.index:
			begun = true
		}
	}
	return missing, by, begun && refused
}

// backendRoles are those that OSMO brings along for the parts of its own.
var backendRoles = []string{"osmo-backend", "osmo-ctrl"}

// findInternalWithoutBackend finds accounts that hold internal actions by a role of their
// own. One that holds OSMO's own role for a backend is one, and an administrator has all.
func findInternalWithoutBackend(p *project) (out []finding) {
	decided := map[string]internal{}
	speak := map[string]bool{}
	for _, name := range model.Names(p.declared.Accounts) {
		account := p.declared.Accounts[name]
		if slices.ContainsFunc(account.Roles, func(r string) bool { return slices.Contains(backendRoles, r) }) {
			continue
		}
		roles := slices.DeleteFunc(slices.Clone(account.Roles), func(r string) bool {
			speaks, known := speak[r]
			if !known {
				speaks = p.speaksOfInternal(r)
				speak[r] = speaks
			}
			return !speaks
		})
		key := strings.Join(roles, "\n")
		held, known := decided[key]
		if !known {
			held = p.findInternal(roles)
			decided[key] = held
		}
		if held.action == "" {
			continue
		}
		out = append(out, finding{diag.Diagnostic{
			Summary: held.mode + "the account " + quote(name) + " may send " + held.action + ", which is for parts of OSMO, and holds neither osmo-backend nor osmo-ctrl",
			Hint:    "give a backend operator the role osmo-backend, and take internal actions out of other roles",
			Pos:     account.Origin,
			Related: relatedTo(held.by, "this allows it"),
		}, account.Origin})
	}
	return out
}

// speaksOfInternal reports whether a role allows or refuses an internal action.
func (p *project) speaksOfInternal(role string) bool {
	return slices.ContainsFunc(p.sides, func(on side) bool {
		return on.inForce[role] != nil && slices.ContainsFunc(on.inForce[role].Policies, func(q model.Policy) bool {
			return p.setOfAll(q.Actions)&p.setOf("internal:*") != 0
		})
	})
}

// internal is an internal action that some roles allow, in which mode, and the place of
// the pattern that does.
type internal struct {
	mode, action string
	by           diag.Position
}

func (p *project) findInternal(roles []string) (found internal) {
	found.mode, _ = p.in(func(on side) bool {
		var held []*model.Role
		for _, name := range roles {
			held = append(held, on.inForce[name])
		}
		set := on.Roles(held)
		for _, a := range p.known {
			if a.Scope != access.Backend {
				continue
			}
			for _, word := range words {
				d := set.Check(a.Name, "backend/"+word)
				if d.Allowed && !access.MatchesAction(d.By.ActionPattern, "") {
					found.action = a.Name
					if cause := set.CauseOf(d.By); cause != nil {
						found.by = cause.Place
					}
					return true
				}
			}
		}
		return false
	})
	return found
}
