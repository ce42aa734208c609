package report

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
	Roles       []AssignedRole    `json:"roles"`
	Description string            `json:"description"`
	Labels      map[string]string `json:"labels"`
	Protect     bool              `json:"protect"`
	// Tokens counts the live ones.
	Tokens int `json:"tokens"`
	// DeletedOn is set for an account that is only remembered.
	DeletedOn model.Date `json:"deleted_on,omitzero"`
}

// AssignedRole is one role of a user or of a token.
type AssignedRole struct {
	RoleName   string    `json:"role_name"`
	AssignedBy string    `json:"assigned_by"`
	AssignedAt time.Time `json:"assigned_at"`
}

// Users is OSMO's page of users. Here one page has them all.
type Users struct {
	TotalResults int               `json:"total_results"`
	StartIndex   int               `json:"start_index"`
	ItemsPerPage int               `json:"items_per_page"`
	Users        Each[UserSummary] `json:"users"`
}

// UserSummary is a user in a list.
type UserSummary struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
}

// UserOf reports an applied account.
func UserOf(a *state.Account) User {
	u := User{
		ID: a.Name, CreatedAt: a.CreatedAt.UTC(), CreatedBy: a.CreatedBy,
		Roles: make([]AssignedRole, 0, len(a.Grants)), Description: a.Description,
		Labels: a.Labels, Protect: a.Protect, DeletedOn: a.DeletedOn,
	}
	if u.Labels == nil {
		u.Labels = map[string]string{} // {} in JSON, and never null
	}
	for _, g := range a.Grants {
		u.Roles = append(u.Roles, AssignedRole{RoleName: g.Role, AssignedBy: g.AssignedBy, AssignedAt: g.AssignedAt.UTC()})
	}
	for _, t := range a.Tokens {
		if t.Live() {
			u.Tokens++
		}
	}
	return u
}

// UsersOf reports accounts, in their order.
func UsersOf(list []*state.Account) Users {
	return Users{TotalResults: len(list), StartIndex: 1, ItemsPerPage: len(list), Users: func(yield func(UserSummary) bool) {
		for _, a := range list {
			if !yield(UserSummary{a.Name, a.CreatedAt.UTC(), a.CreatedBy}) {
				return
			}
		}
	}}
}
