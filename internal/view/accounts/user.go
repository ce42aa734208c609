// Package accounts lays out service accounts and roles, as OSMO's own CLI does and
// with what OSMO does not know after it.
package accounts

import (
	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// ShowUsers writes a list of users, in their order: text or JSON.
func ShowUsers(v *view.View, list report.Users, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeUsers(p, list) },
		JSON: list,
	})
}

func writeUsers(p *view.Page, list report.Users) {
	if list.TotalResults == 0 {
		p.Line("No users found")
		return
	}
	p.Field("Total users", view.Count(list.TotalResults))
	p.Blank()
	rows := make([][]string, 0, list.TotalResults)
	for u := range list.Users.All() {
		rows = append(rows, []string{u.ID, view.Day(u.CreatedAt)})
	}
	p.Table([]string{"User ID", "Created At"}, rows)
	p.Blank()
}

// ShowUser writes one user: text or JSON.
func ShowUser(v *view.View, u report.User, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { WriteUser(p, u) },
		JSON: u,
	})
}

func WriteUser(p *view.Page, u report.User) {
	p.Field("User ID", u.ID)
	p.Field("Created At", view.Day(u.CreatedAt))
	p.Field("Created By", u.CreatedBy)
	p.Blank()
	WriteRoles(p, u.Roles)
	if u.Description != "" || len(u.Labels) > 0 || u.Protect || u.DeletedOn != 0 {
		p.Blank()
		writeUserExtras(p, u)
	}
}

// WriteRoles writes the roles that a user or a token has, each on a line, as OSMO's own
// CLI does.
func WriteRoles(p *view.Page, list []report.AssignedRole) {
	if len(list) == 0 {
		p.Line("Roles: None")
		return
	}
	p.Line("Roles:")
	for _, r := range list {
		p.Line("  - " + r.RoleName + " (assigned by " + r.AssignedBy + " on " + view.Day(r.AssignedAt) + ")")
	}
}

// writeUserExtras writes what OSMO does not know, after what it shows.
func writeUserExtras(p *view.Page, u report.User) {
	p.Optional("Description", u.Description)
	p.Optional("Labels", view.JoinLabels(u.Labels))
	if u.Protect {
		p.Field("Protected", "yes")
	}
	p.Optional("Deleted On", u.DeletedOn.String())
}
