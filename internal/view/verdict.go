package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
)

// Verdict writes what is known of a token's value: text or JSON.
func (v *View) Verdict(d report.Verdict, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.verdict(d) },
		json: d,
	})
}

func (p *page) verdict(d report.Verdict) {
	if d.Valid {
		p.spans(say(adds, "Valid"), say(plain, ": "), quote(d.Reason))
	} else {
		p.spans(say(fault, "Not valid"), say(plain, ": "), quote(d.Reason))
	}
	if d.User != "" {
		p.field("User", d.User)
		p.field("Token", d.Token)
		p.field("Generation", strconv.Itoa(d.Generation)+" ("+d.Status+")")
		p.field("Roles", orNone(d.Roles))
	}
	p.optional("Expires At (UTC)", d.ExpiresAt.String())
	p.optional("Revoked After", d.RevokeAfter.String())
	p.optional("Ended On", d.EndedOn.String())
	p.optional("Ended Because", d.EndedReason)
	p.optional("Fingerprint", d.Fingerprint)
}
