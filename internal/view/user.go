package view

import (
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// User is a service account as it was applied. Its JSON form is that of OSMO's
// "user get", and then what OSMO does not know.
type User struct {
	ID          string            `json:"id"`
	CreatedAt   time.Time         `json:"created_at"`
	CreatedBy   string            `json:"created_by"`
	Roles       []UserRole        `json:"roles"`
	Description string            `json:"description"`
	Labels      map[string]string `json:"labels"`
	Protect     bool              `json:"protect"`
	// Tokens counts the live ones.
	Tokens int `json:"tokens"`
	// DeletedOn is set for an account that is only remembered.
	DeletedOn model.Date `json:"deleted_on,omitzero"`
}

// UserRole is one role of a user.
type UserRole struct {
	RoleName   string    `json:"role_name"`
	AssignedBy string    `json:"assigned_by"`
	AssignedAt time.Time `json:"assigned_at"`
}

// userList is OSMO's page of users. Here one page has them all.
type userList struct {
	TotalResults int           `json:"total_results"`
	StartIndex   int           `json:"start_index"`
	ItemsPerPage int           `json:"items_per_page"`
	Users        []userSummary `json:"users"`
}

type userSummary struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
}

// UserOf is the view of an applied account.
func UserOf(a *state.Account) User {
	u := User{
		ID: a.Name, CreatedAt: a.CreatedAt.UTC(), CreatedBy: a.CreatedBy,
		Roles: make([]UserRole, 0, len(a.Grants)), Description: a.Description,
		Labels: orEmptyMap(a.Labels), Protect: a.Protect, DeletedOn: a.DeletedOn,
	}
	for _, g := range a.Grants {
		u.Roles = append(u.Roles, UserRole{RoleName: g.Role, AssignedBy: g.AssignedBy, AssignedAt: g.AssignedAt.UTC()})
	}
	for _, t := range a.Tokens {
		if t.Live() {
			u.Tokens++
		}
	}
	return u
}

// Users writes a list of users, in their order: text or JSON.
func (v *View) Users(list []User, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.users(list) },
		json: func() any { return userListOf(list) },
	})
}

func userListOf(list []User) userList {
	out := userList{TotalResults: len(list), StartIndex: 1, ItemsPerPage: len(list), Users: make([]userSummary, len(list))}
	for i, u := range list {
		out.Users[i] = userSummary{u.ID, u.CreatedAt, u.CreatedBy}
	}
	return out
}

func (p *page) users(list []User) {
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
func (v *View) User(u User, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.user(u) },
		json: func() any { return u },
	})
}

func (p *page) user(u User) {
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

func (p *page) userRoles(list []UserRole) {
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
func (p *page) userExtras(u User) {
	p.optional("Description", u.Description)
	p.optional("Labels", labels(u.Labels))
	if u.Protect {
		p.field("Protected", "yes")
	}
	p.optional("Deleted On", u.DeletedOn.String())
}
