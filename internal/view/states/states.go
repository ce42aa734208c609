// Package states lays out what state holds, what a check of it found, and its
// history.
package states

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/internal/view"
	"github.com/osmoctl/osmoctl/internal/view/accounts"
	"github.com/osmoctl/osmoctl/internal/view/tokens"
)

// Show writes what state holds: text or JSON.
func Show(v *view.View, o report.StateObject, f view.Format) error {
	return v.Show(f, view.Form{
		Text: func(p *view.Page) { writeStateObject(p, o) },
		JSON: o,
	})
}

func writeStateObject(p *view.Page, o report.StateObject) {
	if o.Meta != nil {
		writeStateOverview(p, o)
		return
	}
	for _, r := range o.Roles {
		accounts.WriteRole(p, r)
	}
	for u := range o.Users.All() {
		accounts.WriteUser(p, u.User)
		writeUserTokens(p, u.TokenList)
	}
	for _, t := range o.Tokens {
		tokens.Write(p, t)
	}
}

func writeUserTokens(p *view.Page, list []report.Token) {
	p.Blank()
	if len(list) == 0 {
		p.Line("Tokens: None")
		return
	}
	p.Line("Tokens:")
	for _, t := range list {
		p.Line("  - " + tokenSummary(t))
	}
}

// tokenSummary is a token on one line: ci (generation 2, active until
// 2027-01-01; osmo-user).
func tokenSummary(t report.Token) string {
	if t.Generation == 0 {
		return t.TokenName + " (" + t.Status + ")"
	}
	return t.TokenName + " (generation " + strconv.Itoa(t.Generation) + ", " + t.Status + ", " + tokens.EndWords(t.Status, t.ExpiresAt) + "; roles: " + view.OrNone(t.Roles) + ")"
}

func writeStateOverview(p *view.Page, o report.StateObject) {
	if o.Meta.Serial == 0 {
		p.Line("Nothing was applied yet")
		return
	}
	p.Field("Lineage", o.Meta.Lineage)
	p.Field("Serial", strconv.Itoa(o.Meta.Serial))
	p.Field("Digest", "sha256:"+o.Meta.Digest)
	p.Blank()
	p.Line("Addresses:")
	for _, r := range o.Roles {
		p.Line("  role/" + r.Name)
	}
	for u := range o.Users.All() {
		deleted := ""
		if u.DeletedOn != 0 {
			deleted = " (deleted on " + u.DeletedOn.String() + ")"
		}
		p.Line("  account/" + u.ID + deleted)
		for _, t := range u.TokenList {
			p.Line("  token/" + u.ID + "/" + tokenSummary(t))
		}
	}
}
