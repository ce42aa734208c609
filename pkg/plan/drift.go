package plan

import (
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Drift is one thing that the server has otherwise than the last apply left it.
type Drift struct {
	Address model.Address `json:"address"`
	// Effect goes on from the address: "has lost role ops on the server".
	Effect string `json:"effect"`
	// By and At say who did it and when, where the server knows.
	By string `json:"by,omitzero"`
	At string `json:"at,omitzero"`
	// Left says that the plan leaves it so.
	Left bool `json:"left,omitzero"`
}

// stamp is who did something on a server and when.
type stamp struct {
	By string `json:"by,omitzero"`
	At string `json:"at,omitzero"`
}

func stampOf(a model.Authorship) (s stamp) {
	s.By = a.By
	if !a.At.IsZero() {
		s.At = a.At.UTC().Format("2006-01-02T15:04:05Z")
	}
	return s
}

// ShowDrift is drift as a plan shows it.
func ShowDrift(list []state.Drift) []Drift {
	out := make([]Drift, len(list))
	for i, d := range list {
		s := stampOf(d.Authorship)
		out[i] = Drift{Address: d.Address, Effect: d.Effect, By: s.By, At: s.At, Left: d.Left}
	}
	return out
}

// explain says of changes that put right what somebody changed on the server that they
// do: nobody declared anything else.
func (o *observer) explain(planned []Change) {
	if len(o.drift) == 0 {
		return
	}
	drifted := map[model.Address]bool{}
	for _, d := range o.drift {
		drifted[d.Address] = !d.Left
	}
	for i := range planned {
		c := &planned[i]
		if c.Action == Create && isApplied(o.applied, c.Address) {
			c.Reasons = []string{"gone from the server"}
		}
		if c.Action != Update || !drifted[c.Address] {
			continue
		}
		if len(fieldsOf(show(o.applied, c.Address), c.After)) == 0 {
			c.Reasons = nil
		}
		c.Reasons = append(c.Reasons, "changed on the server")
	}
}

// record makes changes of the corrections that no other change brings along, and says
// which generations ended by them.
func (o *observer) record(planned []Change) (out part) {
	if len(o.drift) == 0 {
		return out
	}
	touched := map[model.Address]bool{}
	for i := range planned {
		touched[Bearer(planned[i].Address)] = true
	}
	recorded := map[model.Address]bool{}
	for _, d := range o.drift {
		// Several things may have happened to one object.
		if d.Left || recorded[d.Address] {
			continue
		}
		c := Change{Address: d.Address, Action: Update, Reasons: []string{"the server has it so"}, Before: show(o.applied, d.Address), After: show(o.have, d.Address)}
		switch {
		case c.After == nil && d.Address.Generation > 0:
			c.Action, c.Reasons = Revoke, []string{"gone from the server"}
		case touched[Bearer(d.Address)]:
			continue
		case c.After == nil:
			c.Action, c.Reasons = Forget, []string{"no longer declared, and gone from the server"}
		}
		recorded[d.Address] = true
		out.change(c)
	}
	return out
}

// show is what a state has of a role, an account or a generation; nil where it has none.
func show(s *state.Snapshot, a model.Address) *Object {
	switch {
	case a.Kind != model.KindToken && !isApplied(s, a):
	case a.Kind == model.KindRole:
		return showRole(s.Roles[a.Name])
	case a.Kind == model.KindAccount:
		return showAccount(s.Accounts[a.Name])
	default:
		if t := findToken(s, a); t != nil && t.Generation(a.Generation) != nil {
			return showGeneration(t.Generation(a.Generation))
		}
	}
	return nil
}

// Bearer is the object whose record in state has what an address names: a role, or the
// account of a token.
func Bearer(a model.Address) model.Address {
	if a.Kind == model.KindToken {
		return model.AccountAddress(a.Account)
	}
	return a
}
