package plan

import (
	"encoding/json"

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
		if c := &p.Changes[i]; !c.Due {
			covered.Changes = append(covered.Changes, change{c.Address, c.Action, c.Before, c.After})
		}
	}
	data, err := json.Marshal(covered)
	if err != nil {
		// Every covered type is made of strings, numbers, lists and maps.
		panic("plan: digest: " + err.Error())
	}
	return "sha256:" + state.SumOf(data).String()
}
