package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Verdict says whose value was shown, and whether it is valid. Where the value
// is unknown, everything but Valid, Reason and Fingerprint is empty.
type Verdict struct {
	Valid bool
	// Reason says in a few words why the value is valid or is not.
	Reason      string
	User, Token string
	Generation  int
	// Status is that of the generation, or "ended".
	Status                 string
	ExpiresAt, RevokeAfter model.Date
	Roles                  []string
	// Fingerprint is the short SHA-256 of the value, sha256:xxxxxxxx.
	Fingerprint string
	// EndedOn and EndedReason are set for an ended generation.
	EndedOn     model.Date
	EndedReason string
}

type verdictDocument struct {
	FormatVersion int        `json:"format_version"`
	Valid         bool       `json:"valid"`
	Reason        string     `json:"reason"`
	UserName      string     `json:"user_name,omitzero"`
	TokenName     string     `json:"token_name,omitzero"`
	Generation    int        `json:"generation,omitzero"`
	Status        string     `json:"status,omitzero"`
	ExpiresAt     model.Date `json:"expires_at,omitzero"`
	RevokeAfter   model.Date `json:"revoke_after,omitzero"`
	Roles         []string   `json:"roles"`
	Fingerprint   string     `json:"fingerprint"`
	EndedOn       model.Date `json:"ended_on,omitzero"`
	EndedReason   string     `json:"ended_reason,omitzero"`
}

func (d Verdict) document() verdictDocument {
	return verdictDocument{
		formatVersion, d.Valid, d.Reason, d.User, d.Token, d.Generation, d.Status,
		d.ExpiresAt, d.RevokeAfter, orEmpty(d.Roles), d.Fingerprint, d.EndedOn, d.EndedReason,
	}
}

// Verdict writes what is known of a token's value: text or JSON.
func (v *View) Verdict(d Verdict, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.verdict(d) },
		json: func() any { return d.document() },
	})
}

func (p *page) verdict(d Verdict) {
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
