package apply

import (
	"fmt"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/record"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// maxListed bounds how many changes a commit message lists one by one.
const maxListed = 100

// message says what the commit changes and for whom.
func (r *Run) message(p *plan.Plan, next *state.Snapshot) record.Message {
	m := record.Message{
		Subject: fmt.Sprintf("osmoctl: %s (serial %d)", p.Summary.Words(), next.Meta.Serial), Changes: listChanges(p),
		Serial: next.Meta.Serial, Lineage: next.Meta.Lineage, Plan: p.Digest,
		Run: r.ID, Actor: r.Actor, Moved: r.Moved, Declarations: r.Declarations, Accepted: r.Accepted,
	}
	if len(p.GuardrailChanges) > 0 {
		m.Changes = append(m.Changes, "record changed project settings")
	}
	for _, l := range p.Lifted {
		m.Changes = append(m.Changes, fmt.Sprintf("lift %s by %s, approved in %s: %s", strings.Join(l.Guardrails, " and "), l.Allow, l.Origin, l.Reason))
	}
	if p.Revoked != nil {
		m.Reason = p.Revoked.Reason
	}
	return m
}

// restoreMessage is like that of an apply. It names no plan, since a restore
// cannot be asked for by a digest.
func (r *Run) restoreMessage(p *plan.Plan, next *state.Snapshot) record.Message {
	m := record.Message{
		Subject: fmt.Sprintf("osmoctl: restore %.12s (serial %d)", p.Restored.Commit, next.Meta.Serial), Changes: listChanges(p),
		Serial: next.Meta.Serial, Lineage: next.Meta.Lineage,
		Run: r.ID, Actor: r.Actor, Restored: p.Restored.Commit, Declarations: r.Declarations, Accepted: r.Accepted,
	}
	if len(m.Changes) == 0 {
		m.Changes = []string{"put files of state back"}
	}
	return m
}

// note is the message of a phase that records where a run stands.
func (r *Run) note(what string, lines []string) func(*state.Snapshot) record.Message {
	if n := len(lines); n > maxListed {
		lines = append(lines[:maxListed:maxListed], fmt.Sprintf("and %d more", n-maxListed))
	}
	return func(next *state.Snapshot) record.Message {
		return record.Message{
			Subject: fmt.Sprintf("osmoctl: %s (serial %d)", what, next.Meta.Serial), Changes: lines,
			Serial: next.Meta.Serial, Lineage: next.Meta.Lineage, Run: r.ID, Actor: r.Actor, Declarations: r.Declarations,
		}
	}
}

func listChanges(p *plan.Plan) []string {
	var lines []string
	for i := range p.Changes {
		if i == maxListed {
			return append(lines, fmt.Sprintf("and %d more", len(p.Changes)-maxListed))
		}
		lines = append(lines, fmt.Sprintf("%s %s", p.Changes[i].Action, p.Changes[i].Address))
	}
	return lines
}
