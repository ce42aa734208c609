package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/internal/pattern"
	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// findMergedBack finds built-in roles that a server with a database completes.
func findMergedBack(p *project) (out []finding) {
	for _, role := range p.roles {
		var back []access.Grant
		mode, ok := p.in(func(on side) bool {
			whole := on.InForce(role)
			if whole == role {
				return false
			}
			gained, _ := on.Diff([]*model.Role{role}, []*model.Role{whole})
			if len(gained) > 0 {
				back = gained
			}
			return len(gained) > 0
		})
		if !ok {
			continue
		}
		out = append(out, aboutRole(role,
			mode+"the server adds back to "+quote(role.Name)+" at its next start what OSMO's own form has and this one lacks: "+list(back, spellGrant),
			"only a Deny narrows a built-in role there; a role of another name is not touched"))
	}
	return out
}

func spellGrant(g access.Grant) string {
	if g.Resource == "" {
		return g.Action
	}
	return g.Action + " on " + g.Resource
}

func findHeldByEverybody(p *project) (out []finding) {
	for _, role := range p.roles {
		if role.Name != access.DefaultRole && slices.Contains(role.ExternalRoles, access.DefaultRole) {
			out = append(out, aboutRole(role,
				quote(access.DefaultRole)+" among its external roles gives the role "+quote(role.Name)+" to everybody who logs in",
				"name groups of the identity provider"))
		}
	}
	return out
}

// findClaims finds roles that a claim of their name gives to whoever has it, which no
// external_roles and no sync_mode prevents. It says nothing where the role's own name
// stands among its external roles: then it is meant. A role that makes no administrator
// counts only where something was said that looks like a limit.
func findClaims(p *project) (out []finding) {
	for _, role := range p.roles {
		if access.IsBuiltin(role.Name) || slices.Contains(role.ExternalRoles, role.Name) {
			continue
		}
		limited := role.ExternalRoles != nil || role.SyncMode == model.SyncIgnore
		mode, ok := p.in(func(on side) bool {
			w := access.Heaviest(on.gained[role])
			return w >= access.AdministratorByStep || limited && w.Heavy()
		})
		if !ok {
			continue
		}
		out = append(out, aboutRole(role,
			mode+"whoever has a claim of the name "+quote(role.Name)+" at the identity provider holds the role, whatever external_roles and sync_mode say",
			"see to it that no group is called so; where it is meant, name it in external_roles"))
	}
	return out
}

// findUnheld leaves the built-in roles to those whom OSMO gives them.
func findUnheld(p *project) (out []finding) {
	held := p.book.Holders(model.Names(p.declared.Roles)...)
	for _, role := range p.roles {
		if len(held[role.Name]) == 0 && len(role.ExternalRoles) == 0 && !access.IsBuiltin(role.Name) {
			out = append(out, aboutRole(role,
				"no declared account holds the role "+quote(role.Name)+", and it names no external roles",
				"give it to an account, name groups of the identity provider, or delete it"))
		}
	}
	return out
}

// promise is what a description says, and how a grant breaks it.
type promise struct {
	says    func() *regexp.Regexp
	what    string
	breaks  func(access.Grant) bool
	byNames bool
}

var promises = []promise{
	{
		pattern.Lazy(`(?i)\b(read[-_ ]?only|view[-_ ]?only|viewer|observer|auditor|only (reads|looks|views)|(reads|looks|views) only|changes nothing|no changes)\b`),
		"says that it only reads", func(g access.Grant) bool { return !g.ReadsOnly() }, true,
	},
	{
		pattern.Lazy(`(?i)\b(except|without|no|but( not)?)( for)? (the )?internal\b`),
		"says that it leaves internal endpoints out", func(g access.Grant) bool {
			return strings.HasPrefix(g.Action, "internal:") || g.Action == "*:*" || g.Resource == access.Everything
		}, false,
	},
}

// negated matches what is said to be not so, at the end of what stands before.
var negated = pattern.Lazy(`(?i)(\bnot|n't|\bno|\bmore than)( a| an)? $`)

func (p promise) isMadeBy(role *model.Role) bool {
	if p.byNames && p.says().MatchString(role.Name) {
		return true
	}
	for _, at := range p.says().FindAllStringIndex(role.Description, -1) {
		if !negated().MatchString(role.Description[:at[0]]) {
			return true
		}
	}
	return false
}

// findUntrueDescriptions holds what a role's name and description say against what it
// grants beyond what everybody has.
func findUntrueDescriptions(p *project) (out []finding) {
	for _, role := range p.roles {
		for _, promise := range promises {
			if !promise.isMadeBy(role) {
				continue
			}
			var broken []access.Grant
			mode, ok := p.in(func(on side) bool {
				breaking := slices.DeleteFunc(slices.Clone(on.gained[role]), func(g access.Grant) bool { return !promise.breaks(g) })
				if len(breaking) > 0 {
					broken = breaking
				}
				return len(breaking) > 0
			})
			if ok {
				out = append(out, aboutRole(role,
					mode+"the role "+quote(role.Name)+" "+promise.what+", and it grants "+list(broken, spellGrant),
					"narrow the role, or say in the description what it does"))
				break
			}
		}
	}
	return out
}

// findUnknownActions takes over what reading the declarations found: a statement has one
// finding, which names what is wrong with its first such action.
func findUnknownActions(p *project) (out []finding) {
	known := map[diag.Position]statement{}
	warnings := slices.DeleteFunc(slices.Clone(p.found), func(d diag.Diagnostic) bool { return d.Code != "unknown_action" })
	if len(warnings) == 0 {
		return nil
	}
	p.visit(func(s statement) (finding, bool) {
		for i := range s.Actions {
			known[s.ActionAt(i)] = s
		}
		return finding{}, false
	})
	said := map[diag.Position]bool{}
	for _, d := range warnings {
		f := finding{d, d.Pos}
		if s, ok := known[d.Pos]; ok {
			f.about = s.Origin
			if said[f.about] {
				continue
			}
			said[f.about] = true
		}
		out = append(out, f)
	}
	return out
}
