package guard

import (
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// checkUnknown lets nobody have a role of which it is not known what it allows, where a
// guardrail is about access: else it would be passed by not looking. Nothing lifts it but
// to look, as every apply does. Who has no such role before the plan and gets none is
// none of its business.
func checkUnknown(in input) (list []plan.Blocked) {
	if in.plan.Holdings == nil || !in.rails.AboutAccess() {
		return nil
	}
	for _, h := range in.plan.Holdings.List {
		i := slices.IndexFunc(h.After, func(role string) bool { return in.plan.Holdings.Unknown[role] })
		if i < 0 || h.Subject.Kind != model.KindAccount { // A token has no role that its account lacks.
			continue
		}
		list = append(list, one(&h.Subject, "", "would have %s, which lives on the server, and max_administrators or forbid cannot be held against what nobody has looked at: osmoctl plan --refresh looks, and so does apply",
			model.RoleAddress(h.After[i]))...)
	}
	return list
}
