package view

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Tokens writes the tokens of one user, or of all where user is empty: text or
// JSON.
func (v *View) Tokens(user string, list []report.Token, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.tokens(user, list) },
		json: report.List[report.Token](list),
	})
}

func (p *page) tokens(user string, list []report.Token) {
	switch {
	case len(list) == 0 && user == "":
		p.line("No tokens found")
		return
	case len(list) == 0:
		p.line("No tokens found for user " + user)
		return
	case user == "":
		p.field("Total tokens", count(len(list)))
	default:
		p.field("Tokens for user", user)
	}
	p.blank()
	p.tokenTable(user == "", list)
	p.blank()
}

func (p *page) tokenTable(withUser bool, list []report.Token) {
	heading := []string{"User", "Name", "Description", "Active", "Expires At (UTC)", "Roles"}
	rows := make([][]string, len(list))
	for i, t := range list {
		rows[i] = []string{t.UserName, t.TokenName, t.Description, title(t.Status), orDash(model.Date(t.ExpiresAt).String()), orDash(strings.Join(t.Roles, ", "))}
	}
	if !withUser {
		heading = heading[1:]
		for i := range rows {
			rows[i] = rows[i][1:]
		}
	}
	p.table(heading, rows)
}

// Token writes one token with its generations: text or JSON.
func (v *View) Token(t report.Token, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.token(t) },
		json: t,
	})
}

func (p *page) token(t report.Token) {
	p.field("Token", t.TokenName)
	p.field("Owner", t.UserName)
	p.optional("Description", t.Description)
	p.field("Status", title(t.Status))
	p.optional("Expires At (UTC)", model.Date(t.ExpiresAt).String())
	p.field("Roles", rolesWords(t))
	p.optional("Pending Roles", pendingWords(t))
	p.optional("Lost Roles", lostWords(t))
	p.optional("Rotation", rotationWords(t))
	p.optional("Next Rotation", t.NextRotation.String())
	p.optional("Recipients", strings.Join(t.Recipients, ", "))
	p.optional("Renamed To", t.RenamedTo)
	p.optional("Deleted On", t.DeletedOn.String())
	p.generations(t.Generations)
	p.tombstones(t.Tombstones)
}

func rolesWords(t report.Token) string {
	if t.Inherited {
		return orNone(t.Roles) + " (inherited from the account when issued)"
	}
	return orNone(t.Roles)
}

// pendingWords says which roles are to come, and when.
func pendingWords(t report.Token) string {
	switch {
	case len(t.PendingRoles) == 0:
		return ""
	case t.NextRotation == 0:
		return strings.Join(t.PendingRoles, ", ") + " (with its next generation, which no date brings)"
	}
	return strings.Join(t.PendingRoles, ", ") + " (with its next generation, due " + t.NextRotation.String() + ")"
}

// lostWords says which roles are gone. A rotation alone brings back what the
// account holds again.
func lostWords(t report.Token) string {
	if len(t.LostRoles) == 0 {
		return ""
	}
	return strings.Join(t.LostRoles, ", ") + " (left the account since; this value never gets them back)"
}

// rotationWords is the declared life of a token: lives 90d, rotated every 60d
// with an overlap of 7d.
func rotationWords(t report.Token) string {
	words := ""
	if t.ExpiresIn > 0 {
		words = "lives " + t.ExpiresIn.String()
	}
	if t.Rotate != nil && t.Rotate.Every > 0 {
		if words != "" {
			words += ", "
		}
		words += "rotated every " + t.Rotate.Every.String()
	}
	if words == "" {
		return ""
	}
	return words + ", with an overlap of " + t.Rotate.Overlap.String()
}

func (p *page) generations(list []report.Generation) {
	p.blank()
	if len(list) == 0 {
		p.line("Generations: None")
		return
	}
	p.line("Generations:")
	for i := len(list) - 1; i >= 0; i-- {
		p.generation(list[i])
	}
}

func (p *page) generation(g report.Generation) {
	head := "  - " + count(g.Generation) + " (" + g.Status + ", " + endWords(g.Status, g.ExpiresAt)
	switch {
	case g.RevokeDue:
		head += ", to be revoked since " + g.RevokeAfter.String()
	case g.RevokeAfter != 0:
		head += ", revoked on " + g.RevokeAfter.String()
	}
	p.line(head + ")")
	p.field("    Issued", moment(g.IssuedAt)+" by "+g.IssuedBy)
	p.field("    Roles", orNone(g.Roles))
	if len(g.RemovedRoles) > 0 {
		p.field("    Lost Roles", strings.Join(g.RemovedRoles, ", "))
	}
	p.field("    Server Name", g.ServerName)
	p.field("    Value", g.Value.Short())
	p.field("    Ciphertext", g.Ciphertext)
	p.line("    Readers:")
	for _, r := range g.Recipients {
		p.line("      - " + keyName(r.Name, r.Key))
	}
	for _, r := range g.FormerRecipients {
		p.line("      - formerly " + keyName(r.Name, r.Key))
	}
}

// endWords says when a value dies, or died.
func endWords(status string, on report.Midnight) string {
	if status == string(state.Expired) {
		return "expired on " + model.Date(on).String()
	}
	return "expires on " + model.Date(on).String()
}

func (p *page) tombstones(list []report.Tombstone) {
	if len(list) == 0 {
		return
	}
	p.blank()
	p.line("Ended Generations:")
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		p.line("  - " + count(t.Generation) + " (ended on " + t.EndedOn.String() + "): " + t.Reason)
	}
}
