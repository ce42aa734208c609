package report

import (
	"slices"
	"time"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The sources of a [Role].
const (
	RoleApplied = "applied" // recorded by apply
	RoleBuiltin = "builtin" // OSMO's own, as the server makes it
	// RoleExternal is one of the server, as it was last seen there.
	RoleExternal = "external"
)

// Role is a role. Its JSON form is OSMO's, and then what OSMO does not know.
type Role struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Policies    []model.Policy `json:"policies"`
	// Immutable is always false, as OSMO's server never stores it.
	Immutable bool           `json:"immutable"`
	SyncMode  model.SyncMode `json:"sync_mode"`
	// ExternalRoles is null where the mapping is left alone.
	ExternalRoles []string `json:"external_roles"`
	// Source is one of the constants above.
	Source string `json:"source"`
	// Forms are set for a built-in role that says something else in each mode
	// of a server, where the project does not say its mode; Policies are then
	// those of the first.
	Forms []RoleForm `json:"forms,omitempty"`
	// CreatedAt and CreatedBy are absent for roles that apply did not make.
	CreatedAt time.Time `json:"created_at,omitzero"`
	CreatedBy string    `json:"created_by,omitzero"`
}

// RoleForm is what a built-in role says in one mode of a server.
type RoleForm struct {
	Mode     model.Mode     `json:"mode"`
	Policies []model.Policy `json:"policies"`
}

// RoleOf reports an applied role.
func RoleOf(r *state.Role) Role {
	source := RoleApplied
	if r.External {
		source = RoleExternal
	}
	return Role{
		Name: r.Name, Description: r.Description, Policies: orEmpty(r.Policies), SyncMode: r.SyncMode,
		ExternalRoles: r.ExternalRoles, Source: source, CreatedAt: r.CreatedAt.UTC(), CreatedBy: r.CreatedBy,
	}
}

// BuiltinRoleOf reports the role of this name that this server itself
// makes, if there is one.
func BuiltinRoleOf(name string, on model.Server) (Role, bool) {
	var out Role
	var first *model.Role
	differ := false
	for i, rules := range access.RulesOf(on) {
		r, ok := rules.Builtin(name)
		if !ok {
			return Role{}, false
		}
		if i == 0 {
			first = r
			out = Role{Name: r.Name, Description: r.Description, Policies: orEmpty(r.Policies), SyncMode: r.SyncMode, ExternalRoles: r.ExternalRoles, Source: RoleBuiltin}
		}
		gained, lost := rules.Diff([]*model.Role{first}, []*model.Role{r})
		differ = differ || len(gained)+len(lost) > 0
		out.Forms = append(out.Forms, RoleForm{rules.Server().Mode, orEmpty(r.Policies)})
	}
	if !differ {
		out.Forms = nil
	}
	return out, true
}

// RolesOf reports the roles that an account can hold, by name.
func RolesOf(snap *state.Snapshot) []Role {
	list := []Role{}
	for _, name := range RoleNames(snap) {
		r, _ := RoleNamed(snap, name)
		list = append(list, r)
	}
	return list
}

// RoleNames are the names of the roles that an account can hold, sorted: those
// applied, and those that every OSMO server brings along.
func RoleNames(snap *state.Snapshot) []string {
	names := append(model.Names(snap.Roles), access.BuiltinNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// RoleNamed reports the role as applied, else as the project's server makes it, if
// there is one.
func RoleNamed(snap *state.Snapshot, name string) (Role, bool) {
	if r := snap.Roles[name]; r != nil {
		return RoleOf(r), true
	}
	return BuiltinRoleOf(name, snap.Meta.Applied.Server)
}
