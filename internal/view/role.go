package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The sources of a [Role].
const (
	RoleApplied = "applied" // recorded by apply
	RoleBuiltin = "builtin" // OSMO's own, as the server makes it
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

// RoleOf is the view of an applied role.
func RoleOf(r *state.Role) Role {
	return Role{
		Name: r.Name, Description: r.Description, Policies: orEmpty(r.Policies), SyncMode: r.SyncMode,
		ExternalRoles: r.ExternalRoles, Source: RoleApplied, CreatedAt: r.CreatedAt.UTC(), CreatedBy: r.CreatedBy,
	}
}

// BuiltinRoleOf is the view of the role of this name that this server itself
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

// Roles writes a list of roles, in their order: text or JSON.
func (v *View) Roles(list []Role, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.roles(list) },
		json: func() any { return orEmpty(list) },
	})
}

func (p *page) roles(list []Role) {
	if len(list) == 0 {
		p.line("No roles found")
		return
	}
	p.field("Total roles", count(len(list)))
	p.blank()
	rows := make([][]string, len(list))
	for i, r := range list {
		rows[i] = []string{r.Name, r.Description, strconv.Itoa(len(r.Policies)), r.Source, day(r.CreatedAt)}
	}
	p.table([]string{"Name", "Description", "Policies", "Source", "Created At"}, rows)
	p.blank()
}

// Role writes one role: text or JSON.
func (v *View) Role(r Role, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.role(r) },
		json: func() any { return r },
	})
}

func (p *page) role(r Role) {
	p.field("Role", r.Name)
	p.optional("Description", r.Description)
	p.field("Source", r.Source)
	if r.Source == RoleApplied {
		p.field("Created At", day(r.CreatedAt))
		p.field("Created By", r.CreatedBy)
	}
	p.optional("Sync Mode", string(r.SyncMode))
	p.field("External Roles", externalRoles(r.ExternalRoles))
	p.blank()
	for _, f := range r.Forms {
		p.policies("Policies in "+plan.ModeWords(f.Mode), f.Policies)
	}
	if len(r.Forms) == 0 {
		p.policies("Policies", r.Policies)
	}
}

func (p *page) policies(title string, list []model.Policy) {
	if len(list) == 0 {
		p.line(title + ": None")
		return
	}
	p.line(title + ":")
	for _, policy := range list {
		p.line("  - " + policyWords(policy))
	}
}

func externalRoles(list []string) string {
	if list == nil {
		return "as on the server"
	}
	return orNone(list)
}

// policyWords is a policy on one line: Allow workflow:*, pool:List on pool/ml.
func policyWords(p model.Policy) string {
	effect := p.Effect
	if effect == "" {
		effect = model.Allow
	}
	words := string(effect) + " " + orNothing(p.Actions)
	if len(p.Resources) == 0 {
		return words + " where no resource is named"
	}
	return words + " on " + strings.Join(p.Resources, ", ")
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
