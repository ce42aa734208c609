package report

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// KeepsAccess reports whether a change of a role lets it allow exactly what it
// allowed, on whatever server the project may be for.
func KeepsAccess(p *plan.Plan, c *plan.Change) bool {
	if c.Action != plan.Update || c.Address.Kind != model.KindRole || c.Before == nil || c.After == nil {
		return false
	}
	before := &model.Role{Name: c.Address.Name, Policies: c.Before.Policies}
	after := &model.Role{Name: c.Address.Name, Policies: c.After.Policies}
	return !slices.ContainsFunc(access.RulesOf(p.Server), func(r *access.Rules) bool {
		gained, lost := r.Diff([]*model.Role{r.InForce(before)}, []*model.Role{r.InForce(after)})
		return len(gained)+len(lost) > 0
	})
}
