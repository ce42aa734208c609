package state

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// writer appends the canonical form. A field whose value is absent is left out
// by the caller, so that there is one spelling of absence.
type writer struct {
	b     []byte
	depth int
	// first is true where the next element of the open object or list is its
	// first one.
	first bool
}

func (w *writer) open(c byte) {
	w.b = append(w.b, c)
	w.depth++
	w.first = true
}

func (w *writer) close(c byte) {
	w.depth--
	if !w.first {
		w.newline()
	}
	w.b = append(w.b, c)
	w.first = false
}

func (w *writer) newline() {
	w.b = append(w.b, '\n')
	for range w.depth {
		w.b = append(w.b, ' ', ' ')
	}
}

// next begins an element of the open object or list.
func (w *writer) next() {
	if !w.first {
		w.b = append(w.b, ',')
	}
	w.first = false
	w.newline()
}

func (w *writer) key(k string) {
	w.next()
	w.b = appendString(w.b, k)
	w.b = append(w.b, ':', ' ')
}

func (w *writer) text(k, v string) {
	if v != "" {
		w.key(k)
		w.b = appendString(w.b, v)
	}
}

func (w *writer) number(k string, v int) {
	w.key(k)
	w.b = strconv.AppendInt(w.b, int64(v), 10)
}

// flag writes true or nothing.
func (w *writer) flag(k string, v bool) {
	if v {
		w.key(k)
		w.b = append(w.b, "true"...)
	}
}

func (w *writer) date(k string, v model.Date) {
	if v != 0 {
		w.key(k)
		w.b = append(v.AppendTo(append(w.b, '"')), '"')
	}
}

func (w *writer) days(k string, v model.Days) {
	w.key(k)
	w.b = append(strconv.AppendInt(append(w.b, '"'), int64(v), 10), 'd', '"')
}

func (w *writer) time(k string, v time.Time) {
	if !v.IsZero() {
		w.key(k)
		w.b = append(v.UTC().AppendFormat(append(w.b, '"'), time.RFC3339), '"')
	}
}

func (w *writer) sum(k string, v Sum) {
	w.key(k)
	w.b = append(hex.AppendEncode(append(w.b, '"'), v[:]), '"')
}

// list writes strings on one line; nil is left out, an empty list is not.
func (w *writer) list(k string, v []string) {
	if v == nil {
		return
	}
	w.key(k)
	w.b = append(w.b, '[')
	for i, s := range v {
		if i > 0 {
			w.b = append(w.b, ',', ' ')
		}
		w.b = appendString(w.b, s)
	}
	w.b = append(w.b, ']')
}

func (w *writer) object(k string, body func()) {
	w.key(k)
	w.open('{')
	body()
	w.close('}')
}

// document appends a whole file.
func document(b []byte, body func(*writer)) []byte {
	w := &writer{b: b}
	w.open('{')
	w.number("format_version", FormatVersion)
	body(w)
	w.close('}')
	return append(w.b, '\n')
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string: only what JSON demands is escaped, in the
// one spelling \", \\ and \u00xx, and invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\ufffd"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func encodeMeta(m Meta) []byte { return appendMeta(m, true) }

// ownText is what the sum that meta.json has of itself is over.
func ownText(m Meta) []byte { return appendMeta(m, false) }

// appendMeta writes meta.json, with the lines of its sums or without.
func appendMeta(m Meta, sums bool) []byte {
	return document(make([]byte, 0, 1024), func(w *writer) {
		w.text("lineage", m.Lineage)
		w.number("serial", m.Serial)
		if sums {
			w.sum("digest", m.Digest)
		}
		if sums && m.Own != (Sum{}) {
			w.sum("meta_sha256", m.Own)
		}
		w.object("applied", func() { encodeSettings(w, m.Applied) })
		if len(m.Spent) > 0 {
			w.key("spent")
			w.open('[')
			for _, s := range m.Spent {
				w.next()
				w.open('{')
				w.text("plan", s.Plan)
				w.text("allow", s.Allow)
				w.close('}')
			}
			w.close(']')
		}
		if u := m.Underway; u != nil {
			w.object("underway", func() {
				w.text("run", u.Run)
				w.list("create", addressTexts(u.Create))
				w.list("remove", addressTexts(u.Remove))
			})
		}
	})
}

// addressTexts are nil, which is not written, where there are none.
func addressTexts(list []model.Address) (texts []string) {
	for _, a := range list {
		texts = append(texts, a.String())
	}
	return texts
}

func encodeSettings(w *writer, s Settings) {
	w.object("backend", func() {
		w.text("kind", s.Backend.Kind)
		w.text("url", s.Backend.URL)
		w.list("owns", s.Backend.Owns)
	})
	w.object("git", func() {
		w.text("push", s.Git.Push)
		w.text("branch", s.Git.Branch)
		w.text("state_branch", s.Git.StateBranch)
	})
	w.object("guardrails", func() { encodeGuardrails(w, s.Guardrails) })
	if s.Server != (model.Server{}) {
		w.object("osmo", func() {
			w.text("version", s.Server.Version)
			w.text("mode", string(s.Server.Mode))
		})
	}
	w.object("recipients", func() {
		for _, name := range model.Names(s.Recipients) {
			w.list(name, s.Recipients[name])
		}
	})
}

// encodeGuardrails writes each field of [model.Guardrails] by its type, and leaves out
// those that are silent.
func encodeGuardrails(w *writer, g model.Guardrails) {
	for name, value := range g.All() {
		switch v := value.(type) {
		case model.Days:
			if v != 0 {
				w.days(name, v)
			}
		case string:
			w.text(name, v)
		case int:
			if v != 0 {
				w.number(name, v)
			}
		case []string:
			w.list(name, v)
		case *int:
			if v != nil {
				w.number(name, *v)
			}
		case *bool:
			if v != nil {
				w.key(name)
				w.b = strconv.AppendBool(w.b, *v)
			}
		case *model.Limit:
			encodeLimit(w, name, v)
		case []model.Forbid:
			encodeForbid(w, name, v)
		}
	}
}

func encodeForbid(w *writer, key string, rules []model.Forbid) {
	if len(rules) == 0 {
		return
	}
	w.key(key)
	w.open('[')
	for _, f := range rules {
		w.next()
		w.open('{')
		w.text("name", f.Name)
		if len(f.Subjects.Accounts)+len(f.Subjects.Labels) > 0 {
			w.object("subjects", func() {
				w.list("accounts", f.Subjects.Accounts)
				encodeLabels(w, f.Subjects.Labels)
			})
		}
		w.list("actions", f.Actions)
		w.list("resources", f.Resources)
		w.text("reason", f.Reason)
		encodeExceptions(w, f.Except)
		w.close('}')
	}
	w.close(']')
}

func encodeLabels(w *writer, labels map[string]string) {
	if len(labels) == 0 {
		return
	}
	w.object("labels", func() {
		for _, k := range model.Names(labels) {
			w.key(k)
			w.b = appendString(w.b, labels[k])
		}
	})
}

func encodeExceptions(w *writer, list []model.Exception) {
	if len(list) == 0 {
		return
	}
	w.key("except")
	w.open('[')
	for _, e := range list {
		w.next()
		w.open('{')
		w.list("subjects", addressTexts(e.Subjects))
		w.text("owner", e.Owner)
		w.text("reason", e.Reason)
		w.date("until", e.Until)
		w.close('}')
	}
	w.close(']')
}

func encodeLimit(w *writer, key string, l *model.Limit) {
	if l == nil {
		return
	}
	w.object(key, func() {
		if l.Count != nil {
			w.number("count", *l.Count)
		}
		if l.Percent != nil {
			w.number("percent", *l.Percent)
		}
	})
}

func encodeRole(r *Role) []byte { return appendRole(make([]byte, 0, 512+256*len(r.Policies)), r) }

func appendRole(b []byte, r *Role) []byte {
	return document(b, func(w *writer) {
		w.text("role", r.Name)
		w.time("created_at", r.CreatedAt)
		w.text("created_by", r.CreatedBy)
		w.text("description", r.Description)
		w.text("sync_mode", string(r.SyncMode))
		w.flag("external", r.External)
		w.list("external_roles", r.ExternalRoles)
		w.key("policies")
		w.open('[')
		for _, p := range r.Policies {
			w.next()
			w.open('{')
			w.text("effect", string(p.Effect))
			w.list("actions", p.Actions)
			w.list("resources", p.Resources)
			w.close('}')
		}
		w.close(']')
	})
}

// encodeAccount makes no more room than the file takes: all of an apply are held until they
// are committed.
func encodeAccount(a *Account) []byte {
	room, _ := encodeRoom.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	*room = appendAccount((*room)[:0], a)
	data := bytes.Clone(*room)
	encodeRoom.Put(room)
	return data
}

// encodeRoom has the memory that accounts are encoded in.
var encodeRoom sync.Pool

func appendAccount(b []byte, a *Account) []byte {
	return document(b, func(w *writer) {
		w.text("account", a.Name)
		w.time("created_at", a.CreatedAt)
		w.text("created_by", a.CreatedBy)
		w.date("deleted_on", a.DeletedOn)
		w.text("description", a.Description)
		encodeLabels(w, a.Labels)
		w.flag("protect", a.Protect)
		w.key("roles")
		w.open('[')
		for _, g := range a.Grants {
			w.next()
			w.open('{')
			w.text("role", g.Role)
			w.time("assigned_at", g.AssignedAt)
			w.text("assigned_by", g.AssignedBy)
			w.flag("kept", g.Kept)
			w.close('}')
		}
		w.close(']')
		w.object("tokens", func() {
			for _, name := range model.Names(a.Tokens) {
				w.object(name, func() { encodeToken(w, a.Tokens[name]) })
			}
		})
	})
}

func encodeToken(w *writer, t *Token) {
	w.date("deleted_on", t.DeletedOn)
	if t.Live() {
		w.object("declared", func() { encodeSpec(w, t.Spec) })
	}
	w.text("renamed_to", t.RenamedTo)
	w.number("honoured_generation", t.Honoured)
	w.number("last_generation", t.LastGeneration)
	w.key("generations")
	w.open('[')
	for i := range t.Generations {
		w.next()
		encodeGeneration(w, &t.Generations[i])
	}
	w.close(']')
	w.key("tombstones")
	w.open('[')
	for _, s := range t.Tombstones {
		w.next()
		w.open('{')
		w.number("generation", s.Generation)
		w.date("ended_on", s.EndedOn)
		w.text("reason", s.Reason)
		w.flag("adopted", s.Adopted)
		if s.Known() {
			w.sum("value_sha256", s.Value)
		}
		w.close('}')
	}
	w.close(']')
}

func encodeSpec(w *writer, s model.TokenSpec) {
	w.text("description", s.Description)
	if !s.Inherit {
		w.list("roles", s.Roles)
	}
	w.date("expires_at", s.Expiry.At)
	if s.Expiry.In != 0 {
		w.days("expires_in", s.Expiry.In)
	}
	if s.Rotate.Every != 0 {
		w.days("rotate_every", s.Rotate.Every)
	}
	w.days("overlap", s.Rotate.Overlap)
	w.list("recipients", s.Recipients)
}

func encodeGeneration(w *writer, g *Generation) {
	w.open('{')
	w.number("generation", g.Number)
	w.text("server_name", g.ServerName)
	w.time("issued_at", g.IssuedAt)
	w.text("issued_by", g.IssuedBy)
	w.date("expires_at", g.ExpiresAt)
	w.date("revoke_after", g.RevokeAfter)
	w.text("description", g.Description)
	w.list("roles", g.Roles)
	w.list("removed_roles", g.RemovedRoles)
	w.list("recipients", g.Recipients)
	if len(g.FormerRecipients) > 0 {
		w.list("former_recipients", g.FormerRecipients)
	}
	w.flag("adopted", g.Adopted)
	if g.Known() {
		w.sum("value_sha256", g.Value)
		w.sum("ciphertext_sha256", g.Ciphertext)
	}
	w.close('}')
}
