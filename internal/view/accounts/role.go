package accounts

import (
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// ShowRoles writes a list of roles, in their order: text or JSON.
func ShowRoles(v *view.View, list []report.Role, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeRoles(p, list) },
		JSON: report.List[report.Role](list),
	})
}

func writeRoles(p *view.Page, list []report.Role) {
	if len(list) == 0 {
		p.Line("No roles found")
		return
	}
	p.Field("Total roles", view.Count(len(list)))
	p.Blank()
	rows := make([][]string, len(list))
	for i, r := range list {
		rows[i] = []string{r.Name, r.Description, strconv.Itoa(len(r.Policies)), r.Source, view.Day(r.CreatedAt)}
	}
	p.Table([]string{"Name", "Description", "Policies", "Source", "Created At"}, rows)
	p.Blank()
}

// ShowRole writes one role: text or JSON.
func ShowRole(v *view.View, r report.Role, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { WriteRole(p, r) },
		JSON: r,
	})
}

func WriteRole(p *view.Page, r report.Role) {
	p.Field("Role", r.Name)
	p.Optional("Description", r.Description)
	p.Field("Source", r.Source)
	if r.Source == report.RoleApplied {
		p.Field("Created At", view.Day(r.CreatedAt))
		p.Field("Created By", r.CreatedBy)
	}
	p.Optional("Sync Mode", string(r.SyncMode))
	p.Field("External Roles", externalRoles(r.ExternalRoles))
	p.Blank()
	for _, f := range r.Forms {
		writePolicies(p, "Policies in "+f.Mode.Words(), f.Policies)
	}
	if len(r.Forms) == 0 {
		writePolicies(p, "Policies", r.Policies)
	}
}

func writePolicies(p *view.Page, title string, list []model.Policy) {
	if len(list) == 0 {
		p.Line(title + ": None")
		return
	}
	p.Line(title + ":")
	for _, policy := range list {
		p.Line("  - " + PolicyWords(policy))
	}
}

func externalRoles(list []string) string {
	if list == nil {
		return "as on the server"
	}
	return view.OrNone(list)
}

// PolicyWords is a policy on one line: Allow workflow:*, pool:List on pool/ml.
func PolicyWords(p model.Policy) string {
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
