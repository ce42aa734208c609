package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// digest computes [Plan.Digest] from the plan alone. What it covers is fixed by the
// format version: a reviewed digest must mean the same after a squash merge, on another
// day and in another clone.
func digest(p *Plan) string {
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
	write(`,"guardrails_declared":`, p.Rails.Declared)
	write(`,"guardrails_applied":`, p.Rails.Applied)
	write(`,"settings":`, p.GuardrailChanges)
	type change struct {
		Address model.Address `json:"address"`
		Action  Action        `json:"action"`
		Before  *Object       `json:"before"`
		After   *Object       `json:"after"`
	}
	before := `,"changes":[`
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Reviewed() {
			continue
		}
		action := c.Action
		if c.Due {
			action = Update
		}
		write(before, change{c.Address, action, c.Before, c.After})
		before = ","
	}
	end := "]}"
	if before != "," {
		end = before + end
	}
	sum.Write([]byte(end))
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Reviewed is the part of a plan that its digest covers, and what can be computed from
// that alone. Reasons, dates and places are no part of it.
func (p *Plan) Reviewed() *Plan {
	part := &Plan{FormatVersion: p.FormatVersion, Digest: p.Digest, Rails: p.Rails, GuardrailChanges: p.GuardrailChanges}
	for _, c := range p.Changes {
		if !c.Reviewed() {
			continue
		}
		if c.Due {
			c.Action = Update
		}
		c.Reasons, c.Resolved, c.Origin = nil, nil, nil
		part.Changes = append(part.Changes, c)
		if c.Address.Kind != model.KindToken || c.After == nil {
			continue
		}
		var before []Reader
		if c.Before != nil {
			before = c.Before.Readers
		}
		if r := (Readers{c.Address, minusReaders(c.After.Readers, before), minusReaders(before, c.After.Readers)}); len(r.Gained)+len(r.Lost) > 0 {
			part.Readers = append(part.Readers, r)
		}
	}
	part.Summary = summarise(part.Changes)
	return part
}

// minusReaders are the readers in list whose keys are not in other.
func minusReaders(list, other []Reader) []Reader {
	known := map[string]bool{}
	for _, r := range other {
		known[r.Key] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(r Reader) bool { return known[r.Key] })
}

// Reviewed reports whether the digest covers a change.
func (c *Change) Reviewed() bool { return !c.Due || c.Covered }

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
