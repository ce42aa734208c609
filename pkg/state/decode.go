package state

import (
	"reflect"

	"github.com/osmoctl/osmoctl/pkg/model"
)

func decodeMeta(b []byte) (m Meta, err error) {
	r := &reader{b: b}
	err = r.document(func(key string) bool {
		switch key {
		case "lineage":
			m.Lineage = r.text()
		case "serial":
			m.Serial = r.number()
		case "digest":
			m.Digest = r.sum()
		case "meta_sha256":
			m.Own = r.sum()
		case "applied":
			m.Applied = decodeSettings(r)
		case "spent":
			r.array(func() { m.Spent = append(m.Spent, decodeSpent(r)) })
		case "underway":
			m.Underway = decodeUnderway(r)
		default:
			return false
		}
		return true
	})
	if err == nil && (m.Serial < 1 || m.Lineage == "") {
		err = &problemError{CodeInconsistent, "lineage and a serial of at least 1 are missing"}
	}
	if err == nil && m.Underway != nil {
		err = checkUnderway(m.Underway)
	}
	if err == nil {
		err = checkSpent(m.Spent)
	}
	return m, err
}

func decodeSpent(r *reader) (s Spent) {
	r.object(func(key string) bool {
		switch key {
		case "plan":
			s.Plan = r.text()
		case "allow":
			s.Allow = r.text()
		default:
			return false
		}
		return true
	})
	return s
}

func decodeUnderway(r *reader) *Underway {
	u := &Underway{}
	r.object(func(key string) bool {
		switch key {
		case "run":
			u.Run = r.text()
		case "create":
			r.array(func() { u.Create = append(u.Create, r.address()) })
		case "remove":
			r.array(func() { u.Remove = append(u.Remove, r.address()) })
		default:
			return false
		}
		return true
	})
	return u
}

func decodeSettings(r *reader) (s Settings) {
	s.Recipients = map[string][]string{}
	r.object(func(key string) bool {
		switch key {
		case "backend":
			r.object(func(key string) bool { return decodeBackend(r, &s.Backend, key) })
		case "git":
			r.object(func(key string) bool { return decodeGit(r, &s.Git, key) })
		case "guardrails":
			r.object(func(key string) bool { return decodeGuardrail(r, &s.Guardrails, key) })
		case "osmo":
			r.object(func(key string) bool { return decodeServer(r, &s.Server, key) })
		case "recipients":
			r.object(func(name string) bool {
				s.Recipients[name] = r.list()
				return true
			})
		default:
			return false
		}
		return true
	})
	return s
}

func decodeBackend(r *reader, b *model.Backend, key string) bool {
	switch key {
	case "kind":
		b.Kind = r.text()
	case "url":
		b.URL = r.text()
	case "owns":
		b.Owns = r.list()
	default:
		return false
	}
	return true
}

func decodeServer(r *reader, s *model.Server, key string) bool {
	switch key {
	case "version":
		s.Version = r.text()
	case "mode":
		s.Mode = model.Mode(r.text())
	default:
		return false
	}
	return true
}

func decodeGit(r *reader, g *model.Git, key string) bool {
	switch key {
	case "push":
		g.Push = r.text()
	case "branch":
		g.Branch = r.text()
	case "state_branch":
		g.StateBranch = r.text()
	default:
		return false
	}
	return true
}

// decodeGuardrail reads each field of [model.Guardrails] by its type.
func decodeGuardrail(r *reader, g *model.Guardrails, key string) bool {
	i := 0
	for name := range g.All() {
		if name == key {
			break
		}
		i++
	}
	settings := reflect.ValueOf(g).Elem()
	if i == settings.NumField() {
		return false
	}
	switch to := settings.Field(i).Addr().Interface().(type) {
	case *model.Days:
		*to = r.days()
	case *string:
		*to = r.text()
	case *int:
		*to = r.number()
	case *[]string:
		*to = r.list()
	case **int:
		*to = new(r.number())
	case **bool:
		*to = new(r.boolean())
	case **model.Limit:
		*to = decodeLimit(r)
	case *[]model.Forbid:
		r.array(func() { *to = append(*to, decodeForbid(r)) })
	default:
		panic("state: no guardrail is read as " + settings.Field(i).Type().String())
	}
	return true
}

func decodeForbid(r *reader) (f model.Forbid) {
	r.object(func(key string) bool {
		switch key {
		case "name":
			f.Name = r.text()
		case "subjects":
			r.object(func(key string) bool { return decodeSubjects(r, &f.Subjects, key) })
		case "actions":
			f.Actions = r.list()
		case "resources":
			f.Resources = r.list()
		case "reason":
			f.Reason = r.text()
		case "except":
			r.array(func() { f.Except = append(f.Except, decodeException(r)) })
		default:
			return false
		}
		return true
	})
	return f
}

func decodeSubjects(r *reader, s *model.ForbidSubjects, key string) bool {
	switch key {
	case "accounts":
		s.Accounts = r.list()
	case "labels":
		s.Labels = decodeLabels(r)
	default:
		return false
	}
	return true
}

func decodeLabels(r *reader) map[string]string {
	r.space()
	start := r.pos
	if labels, length := r.names.knownLabels(r.b[start:]); labels != nil {
		r.pos += length
		return labels
	}
	labels := map[string]string{}
	r.object(func(key string) bool {
		labels[key] = r.name()
		return true
	})
	if r.err == nil {
		r.names.keepLabels(r.b[start:r.pos], labels)
	}
	return labels
}

func decodeException(r *reader) (e model.Exception) {
	r.object(func(key string) bool {
		switch key {
		case "subjects":
			r.array(func() { e.Subjects = append(e.Subjects, r.address()) })
		case "owner":
			e.Owner = r.text()
		case "reason":
			e.Reason = r.text()
		case "until":
			e.Until = r.date()
		default:
			return false
		}
		return true
	})
	return e
}

func decodeLimit(r *reader) *model.Limit {
	l := &model.Limit{}
	r.object(func(key string) bool {
		n := 0
		switch key {
		case "count":
			l.Count = &n
		case "percent":
			l.Percent = &n
		default:
			return false
		}
		n = r.number()
		return true
	})
	return l
}

func decodeRole(b []byte, n *names) (*Role, error) {
	r := &reader{b: b, names: n}
	role := &Role{}
	err := r.document(func(key string) bool {
		switch key {
		case "role":
			role.Name = r.text()
		case "created_at":
			role.CreatedAt = r.time()
		case "created_by":
			role.CreatedBy = r.name()
		case "description":
			role.Description = r.text()
		case "sync_mode":
			role.SyncMode = model.SyncMode(r.text())
		case "external":
			role.External = r.boolean()
		case "external_roles":
			role.ExternalRoles = r.list()
		case "policies":
			r.array(func() { role.Policies = append(role.Policies, decodePolicy(r)) })
		default:
			return false
		}
		return true
	})
	if err == nil {
		err = checkRole(role)
	}
	return role, err
}

func decodePolicy(r *reader) (p model.Policy) {
	r.object(func(key string) bool {
		switch key {
		case "effect":
			p.Effect = model.Effect(r.text())
		case "actions":
			p.Actions = r.list()
		case "resources":
			p.Resources = r.list()
		default:
			return false
		}
		return true
	})
	return p
}

func decodeAccount(b []byte, n *names) (*Account, error) {
	r := &reader{b: b, names: n}
	a := &Account{Tokens: map[string]*Token{}}
	err := r.document(func(key string) bool { return decodeAccountField(r, a, key) })
	if err == nil {
		err = checkAccount(a)
	}
	return a, err
}

func decodeAccountField(r *reader, a *Account, key string) bool {
	switch key {
	case "account":
		a.Name = r.text()
	case "created_at":
		a.CreatedAt = r.time()
	case "created_by":
		a.CreatedBy = r.name()
	case "deleted_on":
		a.DeletedOn = r.date()
	case "description":
		a.Description = r.text()
	case "labels":
		a.Labels = decodeLabels(r)
	case "protect":
		a.Protect = r.boolean()
	case "roles":
		r.array(func() { a.Grants = append(a.Grants, decodeGrant(r)) })
	case "tokens":
		r.object(func(name string) bool {
			a.Tokens[name] = decodeToken(r)
			return true
		})
	default:
		return false
	}
	return true
}

func decodeGrant(r *reader) (g Grant) {
	r.object(func(key string) bool {
		switch key {
		case "role":
			g.Role = r.name()
		case "assigned_at":
			g.AssignedAt = r.time()
		case "assigned_by":
			g.AssignedBy = r.name()
		case "kept":
			g.Kept = r.boolean()
		default:
			return false
		}
		return true
	})
	return g
}

func decodeToken(r *reader) *Token {
	t := &Token{}
	r.object(func(key string) bool {
		switch key {
		case "deleted_on":
			t.DeletedOn = r.date()
		case "declared":
			t.Spec = decodeSpec(r)
		case "renamed_to":
			t.RenamedTo = r.text()
		case "honoured_generation":
			t.Honoured = r.number()
		case "last_generation":
			t.LastGeneration = r.number()
		case "generations":
			r.array(func() { t.Generations = append(t.Generations, decodeGeneration(r)) })
		case "tombstones":
			r.array(func() { t.Tombstones = append(t.Tombstones, decodeTombstone(r)) })
		default:
			return false
		}
		return true
	})
	return t
}

func decodeSpec(r *reader) (s model.TokenSpec) {
	r.object(func(key string) bool {
		switch key {
		case "description":
			s.Description = r.text()
		case "roles":
			s.Roles = r.list()
		case "expires_at":
			s.Expiry.At = r.date()
		case "expires_in":
			s.Expiry.In = r.days()
		case "rotate_every":
			s.Rotate.Every = r.days()
		case "overlap":
			s.Rotate.Overlap = r.days()
		case "recipients":
			s.Recipients = r.list()
		default:
			return false
		}
		return true
	})
	s.Inherit = s.Roles == nil
	return s
}

func decodeGeneration(r *reader) (g Generation) {
	r.object(func(key string) bool {
		switch key {
		case "generation":
			g.Number = r.number()
		case "server_name":
			g.ServerName = r.name()
		case "issued_at":
			g.IssuedAt = r.time()
		case "issued_by":
			g.IssuedBy = r.name()
		case "expires_at":
			g.ExpiresAt = r.date()
		case "revoke_after":
			g.RevokeAfter = r.date()
		case "description":
			g.Description = r.text()
		case "roles":
			g.Roles = r.list()
		case "removed_roles":
			g.RemovedRoles = r.list()
		case "recipients":
			g.Recipients = r.list()
		case "former_recipients":
			g.FormerRecipients = r.list()
		case "adopted":
			g.Adopted = r.boolean()
		case "value_sha256":
			g.Value = r.sum()
		case "ciphertext_sha256":
			g.Ciphertext = r.sum()
		default:
			return false
		}
		return true
	})
	return g
}

func decodeTombstone(r *reader) (s Tombstone) {
	r.object(func(key string) bool {
		switch key {
		case "generation":
			s.Generation = r.number()
		case "ended_on":
			s.EndedOn = r.date()
		case "reason":
			s.Reason = r.name()
		case "adopted":
			s.Adopted = r.boolean()
		case "value_sha256":
			s.Value = r.sum()
		default:
			return false
		}
		return true
	})
	return s
}
