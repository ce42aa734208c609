package access

import "github.com/osmoctl/osmoctl/pkg/model"

// Grant is one piece of effective access, as a plan shows it.
type Grant struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// Effective is what roles grant.
func Effective(roles []*model.Role) []Grant { return nil }

// Diff is what somebody gains and loses.
func Diff(before, after []*model.Role) (gained, lost []Grant) { return nil, nil }
