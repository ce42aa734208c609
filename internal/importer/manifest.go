// Package importer makes declarations from what exists: from the roles in OSMO's Helm
// values, and from the users, roles and tokens of a server.
//
// # What is written
//
// A [Manifest] is written with its remarks as comments, each above what it is about: what
// was made of something that a declaration cannot say, and what is left out and why.
// osmoctl validate accepts it beside a project file that names default recipients, and the
// same input gives the same bytes.
//
// # From a server
//
// [FromServer] declares only what it can declare exactly: the plan that adopts it must be
// empty. A role with a policy that no manifest may hold, a grant of a role that cannot be
// named, a token that has expired: each is left out with whatever depends on it, since a
// declaration that lacks a grant is a declaration that takes it away. What is left out is
// undeclared, and what is undeclared stays as it is.
//
// Texts of a server are anybody's: they are declared only where a manifest could hold
// them, and in comments they are cut, escaped and masked.
package importer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/internal/helm"
	"github.com/osmoctl/osmoctl/pkg/config"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/secret"
)

// Manifest is declarations with what has to be said about them.
type Manifest struct {
	// About stands at the head, a paragraph each.
	About []string
	// Roles and Accounts are sorted by name.
	Roles    []Entry[model.Role]
	Accounts []Entry[model.Account]
	// Tokens are the remarks about an account's tokens.
	Tokens map[model.Address][]string
}

// Entry is something that is declared, or left out.
type Entry[T any] struct {
	Name string
	// Declared is nil where the remarks are all there is.
	Declared *T
	// Remarks are sentences.
	Remarks []string
}

// FromValues declares what was found in Helm values.
func FromValues(found []helm.Found) Manifest {
	m := Manifest{About: []string{"Made by osmoctl import helm-values, from the roles in OSMO's Helm values."}}
	for _, f := range found {
		m.Roles = append(m.Roles, Entry[model.Role]{f.Name, f.Role, f.Remarks})
	}
	return m
}

// Count is how many roles, accounts and tokens are declared, and how many remarks there
// are.
func (m Manifest) Count() (roles, accounts, tokens, remarks int) {
	for _, r := range m.Roles {
		if r.Declared != nil {
			roles++
		}
		remarks += len(r.Remarks)
	}
	for _, a := range m.Accounts {
		if a.Declared != nil {
			accounts++
			tokens += len(a.Declared.Tokens)
		}
		remarks += len(a.Remarks)
	}
	for _, list := range m.Tokens {
		remarks += len(list)
	}
	return roles, accounts, tokens, remarks
}

// schemaLine leads an editor to the schema, from a file in the folder of manifests.
const schemaLine = "# yaml-language-server: $schema=../schemas/manifest.schema.json\n"

// YAML writes the manifest.
func (m Manifest) YAML() []byte {
	w := &writer{b: []byte(schemaLine)}
	for _, text := range m.About {
		w.comment("", text)
	}
	writeEntries(w, "roles", m.Roles, w.role)
	writeEntries(w, "service_accounts", m.Accounts, func(a *model.Account) { w.account(a, m.Tokens) })
	if roles, accounts, _, _ := m.Count(); roles+accounts == 0 {
		w.line("roles: {}") // a file that declares nothing is a mistake
	}
	return w.b
}

type writer struct{ b []byte }

func (w *writer) line(indent string, parts ...string) {
	w.b = append(w.b, indent...)
	for _, p := range parts {
		w.b = append(w.b, p...)
	}
	w.b = append(w.b, '\n')
}

// commentWidth is how wide a comment gets where its words allow it.
const commentWidth = 100

// comment writes a text that may hold anything.
func (w *writer) comment(indent, text string) {
	if config.CheckText(text) != nil {
		text = strconv.QuoteToASCII(text)
		text = text[1 : len(text)-1]
	}
	line := indent + "#"
	for word := range strings.FieldsSeq(secret.Mask(text)) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > commentWidth && line != indent+"#" {
			w.line(line)
			line = indent + "#"
		}
		line += " " + word
	}
	w.line(line)
}

// remarks writes what is said about something that is declared.
func (w *writer) remarks(indent string, list []string) {
	for _, text := range list {
		w.comment(indent, text)
	}
}

// leftOut writes what is said about something that is not.
func (w *writer) leftOut(indent, name string, list []string) {
	for _, text := range list {
		w.comment(indent, quoteName(name)+" is not declared here. "+text)
	}
}

// separate keeps the comments of two entries apart.
func (w *writer) separate(i int) {
	if i > 0 {
		w.line("")
	}
}

// writeEntries writes what is declared below a key, with what is said about the rest;
// where nothing is declared there is no key.
func writeEntries[T any](w *writer, key string, list []Entry[T], declare func(*T)) {
	below := ""
	if slices.ContainsFunc(list, func(e Entry[T]) bool { return e.Declared != nil }) {
		w.line(key, ":")
		below = "  "
	}
	for i, e := range list {
		w.separate(i)
		if e.Declared == nil {
			w.leftOut(below, e.Name, e.Remarks)
			continue
		}
		w.remarks(below, e.Remarks)
		declare(e.Declared)
	}
}

func (w *writer) role(r *model.Role) {
	const indent = "    "
	if r.External {
		w.line("  ", config.Scalar(r.Name), ": {external: true}")
		return
	}
	w.line("  ", config.Scalar(r.Name), ":")
	if r.Description != "" {
		w.line(indent, "description: ", config.Scalar(r.Description))
	}
	w.b = config.AppendPolicies(w.b, indent, r.Policies)
	if r.ExternalRoles != nil {
		w.line(indent, "external_roles: ", config.FlowList(r.ExternalRoles))
	}
	w.line(indent, "sync_mode: ", cmp.Or(string(r.SyncMode), string(model.SyncImport)))
}

func (w *writer) account(a *model.Account, remarks map[model.Address][]string) {
	const indent = "    "
	w.line("  ", config.Scalar(a.Name), ":")
	w.line(indent, "roles: ", config.FlowList(a.Roles))
	if len(a.Tokens) == 0 {
		return
	}
	w.line(indent, "tokens:")
	for _, name := range model.Names(a.Tokens) {
		t := a.Tokens[name]
		w.remarks(indent+"  ", remarks[t.Address()])
		w.line(indent, "  ", config.Scalar(name), ":")
		if t.Description != "" {
			w.line(indent, "    description: ", config.Scalar(t.Description))
		}
		w.line(indent, "    roles: ", config.FlowList(t.Roles))
		w.line(indent, "    expires_at: ", t.Expiry.At.String())
	}
}

// maxQuoted is how much of a text a remark repeats, in bytes.
const maxQuoted = 120

// quote shows a text of others on one line, cut where it is long.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "..."
	}
	if config.CheckText(s) != nil {
		return strconv.QuoteToASCII(s)
	}
	return strconv.Quote(s)
}

// quoteName shows a name as it is where it could be declared.
func quoteName(s string) string {
	if model.CheckAccountName(s) == nil {
		return s
	}
	return quote(s)
}
