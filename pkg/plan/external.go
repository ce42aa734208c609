package plan

import (
	"fmt"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// A role that is declared as external lives on the server: somebody else made it, and
// accounts may hold it. It is never written or deleted. State records what it was last
// seen to be, marked as such, so that a plan without a server can say what it allows. Until
// somebody has looked that is not known: then access, risks and lint leave it out, the plan
// says so, and no guardrail about access lets anybody have it. What its owner makes of it
// later is recorded as drift, by the plans that look.

// CodeRoleNotOnServer is the code of a role that is declared as external and that the
// server does not have.
const CodeRoleNotOnServer = "role_not_on_server"

// planExternal plans a role that lives on the server. Where the server was looked at and
// has it, it was adopted before.
func (p rolePlanner) planExternal(want *model.Role) (out part) {
	address, have := model.RoleAddress(want.Name), p.have.Roles[want.Name]
	switch {
	case p.observed.Seen() && p.observed.Roles[want.Name] == nil:
		out.fail(CodeRoleNotOnServer, want.Origin, "ask whoever owns it to make it there, or declare it here with its policies",
			"role %s is declared as external, and the server has no such role", want.Name)
	case have == nil:
		out.change(Change{
			Address: address, Action: Adopt, After: &Object{External: true}, Origin: &want.Origin,
			Reasons: []string{"newly declared; it lives on the server, and what it allows is not known"},
		})
	case !have.External:
		before, after := showRole(have), showRole(have)
		after.External = true
		out.change(Change{
			Address: address, Action: Update, Before: before, After: after, Origin: &want.Origin,
			Reasons: []string{"lives on the server from now on; osmoctl leaves it there as it is"},
		})
	}
	return out
}

// findUnknown are the roles of which it is not known what they allow once the plan is
// applied.
func (b basis) findUnknown() map[string]bool {
	unknown := map[string]bool{}
	for name, role := range b.want.Roles {
		if role.External && b.have.Roles[name] == nil {
			unknown[name] = true
		}
	}
	return unknown
}

// noteUnknown says in the head of a plan what it cannot know.
func (b basis) noteUnknown(p *Plan) {
	var names []string
	for _, name := range model.Names(b.findUnknown()) {
		names = append(names, model.RoleAddress(name).String())
	}
	if len(names) == 0 {
		return
	}
	does, are := "lives", "it allows is"
	if len(names) > 1 {
		does, are = "live", "they allow is"
	}
	p.Notices = append(p.Notices, Notice{
		Code:    "external_unknown",
		Message: fmt.Sprintf("%s %s on the server, and what %s not known before somebody has looked: access and risks leave it out", nameFew(names), does, are),
		Hint:    "osmoctl plan --refresh",
	})
}
