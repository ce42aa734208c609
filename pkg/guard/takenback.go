package guard

import "github.com/osmoctl/osmoctl/pkg/plan"

// TakenBack are the entries that block a branch's plan for what its base declares
// and nobody has applied yet, where the branch declares what state has: compared
// with the state, that shows as no change, and to merge it takes back what was just
// reviewed. Both plans are made against the same state.
func TakenBack(base, branch *plan.Plan) []plan.Blocked {
	type what struct {
		address string
		detail  string
	}
	kept := map[what]bool{}
	for i := range branch.Changes {
		c := &branch.Changes[i]
		kept[what{c.Address.String(), string(c.Action)}] = true
		for _, f := range c.Fields {
			kept[what{c.Address.String(), "field " + f.Path}] = true
		}
	}
	var blocked []plan.Blocked
	for i := range base.Changes {
		c := &base.Changes[i]
		back := !c.Due && c.Action != plan.Update && !kept[what{c.Address.String(), string(c.Action)}]
		for _, f := range c.Fields {
			back = back || c.Before != nil && c.After != nil && !kept[what{c.Address.String(), "field " + f.Path}]
		}
		if !back {
			continue
		}
		address := c.Address
		blocked = append(blocked, plan.Blocked{
			Address: &address, Guardrail: BaseNotApplied,
			Detail: "the base declares to " + string(c.Action) + " it, which is not applied yet, and this branch takes that back: apply the base first, and plan again",
		})
	}
	settings := map[string]bool{}
	for _, c := range branch.GuardrailChanges {
		settings[c.Path] = true
	}
	for _, c := range base.GuardrailChanges {
		if !settings[c.Path] {
			blocked = append(blocked, plan.Blocked{
				Guardrail: BaseNotApplied,
				Detail:    "the base changes " + c.Path + ", which is not applied yet, and this branch takes that back: apply the base first, and plan again",
			})
		}
	}
	return blocked
}
