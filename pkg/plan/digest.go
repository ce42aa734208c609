package plan

import (
	"encoding/json"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// digest computes [Plan.Digest]. What it covers is fixed by the format version:
// a reviewed digest must mean the same after a squash merge, on another day and
// in another clone.
func (b *builder) digest(p *Plan) string {
	type change struct {
		Address model.Address `json:"address"`
		Action  Action        `json:"action"`
		Before  *Object       `json:"before"`
		After   *Object       `json:"after"`
	}
	covered := struct {
		FormatVersion int               `json:"format_version"`
		Declared      model.Guardrails  `json:"guardrails_declared"`
		Applied       model.Guardrails  `json:"guardrails_applied"`
		Settings      []GuardrailChange `json:"settings"`
		Changes       []change          `json:"changes"`
	}{FormatVersion, b.want.Project.Guardrails, b.have.Meta.Applied.Guardrails, p.GuardrailChanges, []change{}}
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case !c.Due:
			covered.Changes = append(covered.Changes, change{c.Address, c.Action, c.Before, c.After})
		case b.carries(c):
			covered.Changes = append(covered.Changes, change{c.Address, Update, c.Before, c.After})
		}
	}
	data, err := json.Marshal(covered)
	if err != nil {
		// Every covered type is made of strings, numbers, lists and maps.
		panic("plan: digest: " + err.Error())
	}
	return "sha256:" + state.SumOf(data).String()
}

// carries reports whether a rotation that is due by date brings a changed
// declaration along. Its date needs no review, the declaration does: it is
// covered as the update that it would be on any other day. So is a key that no
// apply recorded for the token, since it would be sealed to.
func (b *builder) carries(c *Change) bool {
	if c.Action != Rotate {
		return false
	}
	granted := b.granted(c.Address)
	return len(c.Fields) > 0 || slices.ContainsFunc(c.After.Readers, func(r Reader) bool { return !slices.Contains(granted, r.Key) })
}

// granted are the IDs of the keys that may read a token by what the last apply
// recorded, whether or not its value was sealed to them yet.
func (b *builder) granted(a model.Address) (ids []string) {
	t := b.appliedToken(a)
	if !t.Live() {
		return nil
	}
	for _, name := range t.Spec.Recipients {
		ids = append(ids, b.have.Meta.Applied.Recipients[name]...)
	}
	return ids
}
