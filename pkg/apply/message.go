package apply

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/secret"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// The trailers of a commit that apply makes. Reading history goes by them.
const (
	TrailerSerial  = "Osmoctl-Serial"
	TrailerLineage = "Osmoctl-Lineage"
	TrailerPlan    = "Osmoctl-Plan"
	TrailerRun     = "Osmoctl-Run"
	TrailerActor   = "Osmoctl-Actor"
	// TrailerDeclarations names the declarations' commit where state has a
	// branch of its own.
	TrailerDeclarations = "Osmoctl-Declarations"
	// TrailerMoved names the commit of the place that state was moved from.
	// It is one of the commit's parents.
	TrailerMoved = "Osmoctl-Moved"
	// TrailerReason says why generations were revoked now.
	TrailerReason = "Osmoctl-Reason"
	// TrailerRestored names the commit whose state a restore brought back.
	TrailerRestored = "Osmoctl-Restored"
)

// maxListed bounds how many changes a commit message lists one by one.
const maxListed = 100

// message says what the commit changes and for whom. All text in it is made of
// checked names, of our own words, and of single lines, so no trailer can be
// forged through it.
func (r *Run) message(p *plan.Plan, next *state.Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "osmoctl: %s (serial %d)\n\n", p.Summary.Words(), next.Meta.Serial)
	listChanges(&b, p)
	if len(p.GuardrailChanges) > 0 {
		fmt.Fprintf(&b, "record changed project settings\n")
	}
	fmt.Fprintf(&b, "\n%s: %d\n%s: %s\n%s: %s\n%s: %s\n%s: %s\n",
		TrailerSerial, next.Meta.Serial, TrailerLineage, next.Meta.Lineage,
		TrailerPlan, p.Digest, TrailerRun, oneLine(r.ID), TrailerActor, oneLine(r.Actor))
	if p.Revoked != nil {
		fmt.Fprintf(&b, "%s: %s\n", TrailerReason, oneLine(p.Revoked.Reason))
	}
	if r.Moved != "" {
		fmt.Fprintf(&b, "%s: %s\n", TrailerMoved, oneLine(r.Moved))
	}
	r.declarations(&b)
	return b.String()
}

func (r *Run) declarations(b *strings.Builder) {
	if r.Declarations != "" {
		fmt.Fprintf(b, "%s: %s\n", TrailerDeclarations, oneLine(r.Declarations))
	}
}

func listChanges(b *strings.Builder, p *plan.Plan) {
	for i := range p.Changes {
		if i == maxListed {
			fmt.Fprintf(b, "and %d more\n", len(p.Changes)-maxListed)
			break
		}
		c := &p.Changes[i]
		fmt.Fprintf(b, "%s %s\n", c.Action, c.Address)
	}
}

// oneLine makes a space of whatever could end a line: the actor's name comes
// from the environment. What looks like a secret is masked, since a commit's
// message is there for ever.
func oneLine(s string) string {
	s = secret.Mask(s)
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c)
	}), " ")
}
