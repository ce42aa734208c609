// Package tokens lays out tokens with their generations, as OSMO's own CLI does and
// with what OSMO does not know after it, and verdicts on values.
package tokens

import (
	"strings"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/plans"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// ShowList writes the tokens of one user, or of all where user is empty: text or
// JSON.
func ShowList(v *view.View, user string, list report.Each[report.Token], f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeTokens(p, user, list) },
		JSON: list,
	})
}

func writeTokens(p *view.Page, user string, list report.Each[report.Token]) {
	var rows [][]string
	for t := range list.All() {
		rows = append(rows, []string{t.UserName, t.TokenName, t.Description, statusWords(t), view.OrDash(model.Date(t.ExpiresAt).String()), view.OrDash(strings.Join(t.Roles, ", "))})
	}
	switch {
	case len(rows) == 0 && user == "":
		p.Line("No tokens found")
		return
	case len(rows) == 0:
		p.Line("No tokens found for user " + user)
		return
	case user == "":
		p.Field("Total tokens", view.Count(len(rows)))
	default:
		p.Field("Tokens for user", user)
	}
	p.Blank()
	writeTokenTable(p, user == "", rows)
	p.Blank()
}

func writeTokenTable(p *view.Page, withUser bool, rows [][]string) {
	heading := []string{"User", "Name", "Description", "Active", "Expires At (UTC)", "Roles"}
	if !withUser {
		heading = heading[1:]
		for i := range rows {
			rows[i] = rows[i][1:]
		}
	}
	p.Table(heading, rows)
}

// Show writes one token with its generations: text or JSON.
func Show(v *view.View, t report.Token, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { Write(p, t) },
		JSON: t,
	})
}

func Write(p *view.Page, t report.Token) {
	p.Field("Token", t.TokenName)
	p.Field("Owner", t.UserName)
	p.Optional("Description", t.Description)
	p.Field("Status", statusWords(t))
	p.Optional("Expires At (UTC)", model.Date(t.ExpiresAt).String())
	p.Field("Roles", rolesWords(t))
	p.Optional("Pending Roles", pendingWords(t))
	p.Optional("Lost Roles", lostWords(t))
	p.Optional("Rotation", rotationWords(t))
	p.Optional("Next Rotation", t.NextRotation.String())
	p.Optional("Recipients", strings.Join(t.Recipients, ", "))
	p.Optional("Renamed To", t.RenamedTo)
	p.Optional("Deleted On", t.DeletedOn.String())
	writeGenerations(p, t.Generations)
	writeTombstones(p, t.Tombstones)
	plans.WriteServer(p, t.Server)
}

// ShowRoles writes the roles of one token: text or JSON.
func ShowRoles(v *view.View, r report.TokenRoles, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeRoles(p, r) },
		JSON: r,
	})
}

func writeRoles(p *view.Page, r report.TokenRoles) {
	p.Field("Token", r.TokenName)
	p.Field("Owner", r.UserName)
	p.Blank()
	accounts.WriteRoles(p, r.Roles)
	p.Blank()
	if r.Generation == 0 {
		p.Field("Generation", "None")
		return
	}
	p.Field("Generation", view.Count(r.Generation)+" ("+r.Status+")")
	p.Optional("Lost Roles", strings.Join(r.LostRoles, ", "))
}

// statusWords is the status, and that the value is unknown where it is: who looks
// for a token to use has to see it in the list.
func statusWords(t report.Token) string {
	if t.Adopted {
		return view.Title(t.Status) + " (adopted, value unknown)"
	}
	return view.Title(t.Status)
}

func rolesWords(t report.Token) string {
	if t.Inherited {
		return view.OrNone(t.Roles) + " (inherited from the account when issued)"
	}
	return view.OrNone(t.Roles)
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

func writeGenerations(p *view.Page, list []report.Generation) {
	p.Blank()
	if len(list) == 0 {
		p.Line("Generations: None")
		return
	}
	p.Line("Generations:")
	for i := len(list) - 1; i >= 0; i-- {
		writeGeneration(p, list[i])
	}
}

func writeGeneration(p *view.Page, g report.Generation) {
	head := "  - " + view.Count(g.Generation) + " (" + g.Status + ", " + EndWords(g.Status, g.ExpiresAt)
	switch {
	case g.RevokeDue:
		head += ", to be revoked since " + g.RevokeAfter.String()
	case g.RevokeAfter != 0:
		head += ", revoked on " + g.RevokeAfter.String()
	}
	p.Line(head + ")")
	if g.Adopted {
		p.Field("    Adopted", view.Moment(g.IssuedAt)+" by "+g.IssuedBy)
	} else {
		p.Field("    Issued", view.Moment(g.IssuedAt)+" by "+g.IssuedBy)
	}
	p.Field("    Roles", view.OrNone(g.Roles))
	if len(g.RemovedRoles) > 0 {
		p.Field("    Lost Roles", strings.Join(g.RemovedRoles, ", "))
	}
	p.Field("    Server Name", g.ServerName)
	if g.Adopted {
		p.Line("    Value: unknown; osmoctl apply --replace makes one that is known")
		return
	}
	p.Field("    Value", g.Value.String())
	p.Field("    Ciphertext", string(g.Ciphertext))
	p.Line("    Readers:")
	for _, r := range g.Recipients {
		p.Line("      - " + view.KeyName(r.Name, r.Key))
	}
	for _, r := range g.FormerRecipients {
		p.Line("      - formerly " + view.KeyName(r.Name, r.Key))
	}
}

// EndWords says when a value dies, or died.
func EndWords(status string, on report.Midnight) string {
	if status == string(state.Expired) {
		return "expired on " + model.Date(on).String()
	}
	return "expires on " + model.Date(on).String()
}

func writeTombstones(p *view.Page, list []report.Tombstone) {
	if len(list) == 0 {
		return
	}
	p.Blank()
	p.Line("Ended Generations:")
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		p.Line("  - " + view.Count(t.Generation) + " (ended on " + t.EndedOn.String() + "): " + t.Reason)
	}
}
