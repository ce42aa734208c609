package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// In ConfigMap mode an OSMO server takes its roles from a file that Helm makes, and
// refuses to change them. So such a plan changes no role: it says what belongs in the
// Helm values and what the server has instead. Once they are deployed, the next plan
// records that. An account whose role is not deployed waits for it, since OSMO gives
// nobody a role that it does not know.

// CodeNotAssignable is the code of a role that a server shows and gives nobody: OSMO
// 6.3 in ConfigMap mode looks roles up in its database when it grants them.
const CodeNotAssignable = "role_not_assignable"

// HelmWait is something that waits for Helm values to be deployed.
type HelmWait struct {
	Address model.Address `json:"address"`
	// Action is what the values have to do with a role, create, update or delete; empty
	// for an account that waits for one.
	Action Action `json:"action,omitzero"`
	Detail string `json:"detail"`
	// Fields are those in which the server has another form of the role.
	Fields []Field `json:"fields,omitzero"`
}

// fixesRoles reports whether the server keeps its roles where no call changes them: as
// it was seen to, or as osmoctl.yaml says.
func (b basis) fixesRoles() bool {
	switch {
	case b.want.Project.Backend.Kind != model.BackendOSMO:
		return false
	case b.observed.Seen():
		return b.observed.Server.Mode == model.ModeConfigMap
	}
	return b.server().Mode == model.ModeConfigMap
}

// warnOtherServer warns where osmoctl.yaml speaks of another server than the one that
// answers: access is worked out by the rules of the one that is declared.
func (b basis) warnOtherServer() (notices []Notice) {
	declared, seen := b.want.Project.Server, b.observed.Server
	version, known := access.ReadVersion(seen.Version)
	if declared.Version != "" && known && version != declared.Version {
		notices = append(notices, Notice{Code: "server_version_differs", Message: fmt.Sprintf("osmoctl.yaml is for OSMO %s, and the server is a %s; access is worked out by the rules of the first", declared.Version, seen.Version)})
	}
	if declared.Mode != "" && seen.Mode != "" && declared.Mode != seen.Mode {
		notices = append(notices, Notice{Code: "server_mode_differs", Message: fmt.Sprintf("osmoctl.yaml is for a server in %s, and the server is in %s; access is worked out by the rules of the first", declared.Mode.Words(), seen.Mode.Words())})
	}
	return notices
}

// revokesWithFile reports whether a server in ConfigMap mode takes a role from all who
// hold it once it is gone from the file, as it does from 6.4 on.
func (b basis) revokesWithFile() bool {
	return !access.IsOlder(access.Named(b.server()).Version, "6.4")
}

// wait notes what belongs in the Helm values.
func (p *part) wait(w HelmWait) { p.helm = append(p.helm, w) }

// waitForRole notes that a declared role differs from what the server has.
func (p rolePlanner) waitForRole(want *model.Role, have *state.Role, after *Object) (out part) {
	w := HelmWait{Address: model.RoleAddress(want.Name), Action: Create, Detail: "belongs in the Helm values; the server has no such role"}
	if have != nil {
		w.Action, w.Detail, w.Fields = Update, "belongs in the Helm values; the server has another form", fieldsOf(showRole(have), after)
	}
	out.wait(w)
	return out
}

// waitForEnd notes that a role is not declared any more and stands in the Helm values.
func (p rolePlanner) waitForEnd(have *state.Role, holders []string) (out part) {
	detail := "is no longer declared: take it out of the Helm values"
	if p.revokesWithFile() && len(holders) > 0 {
		detail += ", which takes it from " + nameFew(holders) + " and from their tokens"
	}
	out.wait(HelmWait{Address: model.RoleAddress(have.Name), Action: Delete, Detail: detail})
	return out
}

// findUndeployed are the roles of an account that the server does not have.
func (p accountPlanner) findUndeployed(want *model.Account) (roles []string) {
	return slices.DeleteFunc(slices.Clone(want.Roles), func(role string) bool {
		external := p.want.Roles[role] != nil && p.want.Roles[role].External
		return external || p.have.Roles[role] != nil || access.IsBuiltin(role) || p.observed.Roles[role] != nil
	})
}

// waitForRoles holds an account back.
func (p accountPlanner) waitForRoles(want *model.Account, roles []string) (out part) {
	out.wait(HelmWait{Address: model.AccountAddress(want.Name), Detail: "waits, with its tokens, for " + strings.Join(roles, ", ") + " to be deployed with the Helm values"})
	return out
}

// refuseUnassignable refuses roles that the server shows and gives nobody.
func (p accountPlanner) refuseUnassignable(want *model.Account) (out part) {
	for _, role := range want.Roles {
		if !p.observed.FileOnly[role] || p.observed.Users[want.Name].Holds(role) {
			continue
		}
		out.fail(CodeNotAssignable, want.Origin, "grant a built-in role, or one that is left in the server's database; from OSMO 6.4 on such a role can be granted",
			"account %s cannot have role %s: it stands only in the server's ConfigMap, and this server, a %s, grants no such role", want.Name, role, p.observed.Server.Version)
	}
	return out
}
