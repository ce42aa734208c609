package view

import (
	"strconv"

	"github.com/osmoctl/osmoctl/internal/report"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// StateObject writes what state holds: text or JSON.
func (v *View) StateObject(o report.StateObject, f Format) error {
	return v.show(f, form{
		text: func(p *page) { p.stateObject(o) },
		json: o,
	})
}

func (p *page) stateObject(o report.StateObject) {
	if o.Meta != nil {
		p.stateOverview(o)
		return
	}
	for _, r := range o.Roles {
		p.role(r)
	}
	for _, u := range o.Users {
		p.user(u.User)
		p.userTokens(u.TokenList)
	}
	for _, t := range o.Tokens {
		p.token(t)
	}
}

func (p *page) userTokens(list []report.Token) {
	p.blank()
	if len(list) == 0 {
		p.line("Tokens: None")
		return
	}
	p.line("Tokens:")
	for _, t := range list {
		p.line("  - " + tokenSummary(t))
	}
}

// tokenSummary is a token on one line: ci (generation 2, active until
// 2027-01-01; osmo-user).
func tokenSummary(t report.Token) string {
	if t.Generation == 0 {
		return t.TokenName + " (" + t.Status + ")"
	}
	return t.TokenName + " (generation " + strconv.Itoa(t.Generation) + ", " + t.Status + ", " + endWords(t.Status, t.ExpiresAt) + "; roles: " + orNone(t.Roles) + ")"
}

func (p *page) stateOverview(o report.StateObject) {
	if o.Meta.Serial == 0 {
		p.line("Nothing was applied yet")
		return
	}
	p.field("Lineage", o.Meta.Lineage)
	p.field("Serial", strconv.Itoa(o.Meta.Serial))
	p.field("Digest", "sha256:"+o.Meta.Digest)
	p.blank()
	p.line("Addresses:")
	for _, r := range o.Roles {
		p.line("  role/" + r.Name)
	}
	for _, u := range o.Users {
		p.line("  account/" + u.ID + deletedWords(u.DeletedOn))
		for _, t := range u.TokenList {
			p.line("  token/" + u.ID + "/" + tokenSummary(t))
		}
	}
}

func deletedWords(on model.Date) string {
	if on == 0 {
		return ""
	}
	return " (deleted on " + on.String() + ")"
}
