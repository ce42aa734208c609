package view

import "github.com/osmoctl/osmoctl/internal/report"

// Users writes a list of users, in their order: text or JSON.
func (v *View) Users(list []report.User, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.users(list) },
		json: report.UsersOf(list),
	})
}

func (p *page) users(list []report.User) {
	if len(list) == 0 {
		p.line("No users found")
		return
	}
	p.field("Total users", count(len(list)))
	p.blank()
	rows := make([][]string, len(list))
	for i, u := range list {
		rows[i] = []string{u.ID, day(u.CreatedAt)}
	}
	p.table([]string{"User ID", "Created At"}, rows)
	p.blank()
}

// User writes one user: text or JSON.
func (v *View) User(u report.User, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.user(u) },
		json: u,
	})
}

func (p *page) user(u report.User) {
	p.field("User ID", u.ID)
	p.field("Created At", day(u.CreatedAt))
	p.field("Created By", u.CreatedBy)
	p.blank()
	p.userRoles(u.Roles)
	if u.Description != "" || len(u.Labels) > 0 || u.Protect || u.DeletedOn != 0 {
		p.blank()
		p.userExtras(u)
	}
}

func (p *page) userRoles(list []report.UserRole) {
	if len(list) == 0 {
		p.line("Roles: None")
		return
	}
	p.line("Roles:")
	for _, r := range list {
		p.line("  - " + r.RoleName + " (assigned by " + r.AssignedBy + " on " + day(r.AssignedAt) + ")")
	}
}

// userExtras writes what OSMO does not know, after what it shows.
func (p *page) userExtras(u report.User) {
	p.optional("Description", u.Description)
	p.optional("Labels", labels(u.Labels))
	if u.Protect {
		p.field("Protected", "yes")
	}
	p.optional("Deleted On", u.DeletedOn.String())
}
