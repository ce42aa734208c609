package tokens

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
)

// ShowVerdict writes what is known of a token's value: text or JSON.
func ShowVerdict(v *view.View, d report.Verdict, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeVerdict(p, d) },
		JSON: d,
	})
}

func writeVerdict(p *view.Page, d report.Verdict) {
	if d.Valid {
		p.Spans(view.Say(view.Adds, "Valid"), view.Say(view.Plain, ": "), view.Quote(d.Reason))
	} else {
		p.Spans(view.Say(view.Fault, "Not valid"), view.Say(view.Plain, ": "), view.Quote(d.Reason))
	}
	if d.User != "" {
		p.Field("User", d.User)
		p.Field("Token", d.Token)
		p.Field("Generation", strconv.Itoa(d.Generation)+" ("+d.Status+")")
		p.Field("Roles", view.OrNone(d.Roles))
	}
	p.Optional("Expires At (UTC)", d.ExpiresAt.String())
	p.Optional("Revoked After", d.RevokeAfter.String())
	p.Optional("Ended On", d.EndedOn.String())
	p.Optional("Ended Because", d.EndedReason)
	p.Optional("Fingerprint", d.Fingerprint)
}
