package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// digest computes [Plan.Digest]. What it covers is fixed by the format version:
// a reviewed digest must mean the same after a squash merge, on another day and
// in another clone.
func digest(p *Plan, b basis) string {
	sum := sha256.New()
	write := func(text string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			// Every covered type is made of strings, numbers, lists and maps.
			panic("plan: digest: " + err.Error())
		}
		sum.Write([]byte(text))
		sum.Write(data)
	}
	// One object, written piece by piece, since plans may be large.
	write(`{"format_version":`, FormatVersion)
	write(`,"guardrails_declared":`, b.want.Project.Guardrails)
	write(`,"guardrails_applied":`, b.have.Meta.Applied.Guardrails)
	write(`,"settings":`, p.GuardrailChanges)
	type change struct {
		Address model.Address `json:"address"`
		Action  Action        `json:"action"`
		Before  *Object       `json:"before"`
		After   *Object       `json:"after"`
	}
	before := `,"changes":[`
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case !c.Due:
			write(before, change{c.Address, c.Action, c.Before, c.After})
		case carriesDeclaration(c, b):
			write(before, change{c.Address, Update, c.Before, c.After})
		default:
			continue
		}
		before = ","
	}
	end := "]}"
	if before != "," {
		end = before + end
	}
	sum.Write([]byte(end))
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// carriesDeclaration reports whether a rotation that is due by date brings a changed
// declaration along. Its date needs no review, the declaration does: it is
// covered as the update that it would be on any other day. So is a key that no
// apply recorded for the token, since it would be sealed to.
func carriesDeclaration(c *Change, b basis) bool {
	if c.Action != Rotate {
		return false
	}
	granted := members(b.have.Granted(b.findApplied(c.Address)))
	return len(c.Fields) > 0 || slices.ContainsFunc(c.After.Readers, func(r Reader) bool { return !granted.has(r.Key) })
}
