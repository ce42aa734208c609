package view

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// Roles writes a list of roles, in their order: text or JSON.
func (v *View) Roles(list []report.Role, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.roles(list) },
		json: report.List[report.Role](list),
	})
}

func (p *page) roles(list []report.Role) {
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
func (v *View) Role(r report.Role, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.role(r) },
		json: r,
	})
}

func (p *page) role(r report.Role) {
	p.field("Role", r.Name)
	p.optional("Description", r.Description)
	p.field("Source", r.Source)
	if r.Source == report.RoleApplied {
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
