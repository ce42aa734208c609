package osmotest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

const (
	stampLayout = "2006-01-02T15:04:05.000000Z"
	// holderLayout is that of one call, which writes the zone otherwise.
	holderLayout = "2006-01-02T15:04:05.000000+00:00"
	naiveLayout  = "2006-01-02T15:04:05.000000"

	userPattern  = `^[a-zA-Z0-9]([a-zA-Z0-9_.@-]*[a-zA-Z0-9])?$`
	tokenPattern = `^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$`
)

var (
	userName  = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_.@-]*[a-zA-Z0-9])?\z`)
	tokenName = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?\z`)
)

func stamp(t time.Time) string { return t.Format(stampLayout) }

func (u *user) json() map[string]any {
	return map[string]any{"id": u.id, "created_at": stamp(u.createdAt), "created_by": u.createdBy}
}

// grantList are a user's grants, in the order in which they were given.
func (u *user) grantList(roles []string) []any {
	out := []any{}
	slices.SortFunc(roles, func(a, b string) int { return cmp.Compare(u.grants[a].id, u.grants[b].id) })
	for _, role := range roles {
		g := u.grants[role]
		out = append(out, map[string]any{"role_name": role, "assigned_by": g.by, "assigned_at": stamp(g.at)})
	}
	return out
}

// find is a user by the first name of the path.
func (s *Server) find(q *request) (*user, *reply) {
	id := q.names[0]
	if strings.TrimSpace(id) == "" {
		r := wrong("User ID must not be empty")
		return nil, &r
	}
	if u := s.users[id]; u != nil {
		return u, nil
	}
	r := wrong("User " + id + " not found")
	return nil, &r
}

// number reads a number of the query, clamped.
func number(q *request, name string, absent, least, most int) (int, *reply) {
	word := q.query.Get(name)
	if !q.query.Has(name) {
		return absent, nil
	}
	n, err := strconv.ParseInt(word, 10, 64)
	switch {
	case err != nil && strings.Trim(word, "-0123456789") == "" && word != "":
		r := reply{400, fail("Error: bigint out of range\n", "DATABASE")}
		return 0, &r
	case err != nil:
		r := invalid("int_parsing", "Input should be a valid integer, unable to parse string as an integer", word, "query", name)
		return 0, &r
	}
	return int(min(max(n, int64(least)), int64(most))), nil
}

// like compares as LIKE does with PREFIX%.
func like(prefix, id string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?s)\A`)
	escaped := false
	for _, c := range prefix + "%" {
		switch {
		case escaped || c != '%' && c != '_' && c != '\\':
			pattern.WriteString(regexp.QuoteMeta(string(c)))
			escaped = false
		case c == '%':
			pattern.WriteString(".*")
		case c == '_':
			pattern.WriteString(".")
		default:
			escaped = true
		}
	}
	return regexp.MustCompile(pattern.String() + `\z`).MatchString(id)
}

func (s *Server) listUsers(q *request) reply {
	start, bad := number(q, "start_index", 1, 1, 1<<62)
	if bad != nil {
		return *bad
	}
	count, bad := number(q, "count", 100, 1, 1000)
	if bad != nil {
		return *bad
	}
	roles, prefix := q.query["roles"], q.query.Get("id_prefix")
	var all []*user
	for _, u := range s.users {
		if prefix != "" && (!like(prefix, u.id) || len(roles) > 0) {
			continue // A prefix and a role together find nobody.
		}
		if len(roles) == 0 || slices.ContainsFunc(roles, func(r string) bool { return u.grants[r] != nil }) {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *user) int { return cmp.Or(b.createdAt.Compare(a.createdAt), cmp.Compare(b.number, a.number)) })
	list := []any{}
	for i := start - 1; i < len(all) && i < start-1+count; i++ {
		list = append(list, all[i].json())
	}
	return okay(map[string]any{"total_results": len(all), "start_index": start, "items_per_page": len(list), "users": list})
}

func (s *Server) createUser(q *request) reply {
	fields, bad := q.into()
	if bad != nil {
		return *bad
	}
	id, bad := text(fields, "id")
	if bad != nil {
		return *bad
	}
	roles, bad := texts(fields, "roles")
	if bad != nil {
		return *bad
	}
	s.counts.Creates[id]++
	if !userName.MatchString(id) {
		return wrong("Username " + id + " must match regex " + userPattern)
	}
	for _, role := range roles {
		if s.grantable()[role] == nil {
			return wrong("Role " + role + " does not exist")
		}
	}
	if s.users[id] != nil {
		s.counts.Duplicates = append(s.counts.Duplicates, id)
		return wrong("User " + id + " already exists")
	}
	u := s.addUser(id, q.user)
	for _, role := range roles {
		s.grant(u, role, q.user)
	}
	return okay(u.json())
}

func (s *Server) getUser(q *request) reply {
	u, bad := s.find(q)
	if bad != nil {
		return *bad
	}
	out := u.json()
	out["roles"] = u.grantList(model.Names(u.grants))
	return okay(out)
}

func (s *Server) deleteUser(q *request) reply {
	u, bad := s.find(q)
	if bad != nil {
		return *bad
	}
	delete(s.users, u.id)
	return okay(nil)
}

func (s *Server) listGrants(q *request) reply {
	u, bad := s.find(q)
	if bad != nil {
		return *bad
	}
	return okay(map[string]any{"user_id": u.id, "roles": u.grantList(model.Names(u.grants))})
}

func (s *Server) assign(q *request) reply {
	fields, bad := q.into()
	if bad != nil {
		return *bad
	}
	role, bad := text(fields, "role_name")
	if bad != nil {
		return *bad
	}
	u, bad := s.find(q)
	if bad != nil {
		return *bad
	}
	if s.grantable()[role] == nil {
		return wrong("Role " + role + " does not exist")
	}
	g := s.grant(u, role, q.user)
	return okay(map[string]any{"user_id": u.id, "role_name": role, "assigned_by": g.by, "assigned_at": stamp(g.at)})
}

// unassign is done whether or not there is anything to take away.
func (s *Server) unassign(q *request) reply {
	if u := s.users[q.names[0]]; u != nil {
		delete(u.grants, q.names[1])
	}
	return okay(nil)
}

func (s *Server) listHolders(q *request) reply {
	role := q.names[0]
	if s.grantable()[role] == nil {
		return wrong("Role " + role + " does not exist")
	}
	list := []any{}
	for _, id := range model.Names(s.users) {
		if g := s.users[id].grants[role]; g != nil {
			list = append(list, map[string]any{"user_id": id, "assigned_by": g.by, "assigned_at": g.at.Format(holderLayout)})
		}
	}
	return okay(map[string]any{"role_name": role, "users": list})
}

func (s *Server) assignMany(q *request) reply {
	fields, bad := q.into()
	if bad != nil {
		return *bad
	}
	ids, bad := texts(fields, "user_ids")
	if bad != nil {
		return *bad
	}
	role := q.names[0]
	if s.grantable()[role] == nil {
		return wrong("Role " + role + " does not exist")
	}
	assigned, already, failed := []string{}, []string{}, []string{}
	for _, id := range ids {
		switch u := s.users[id]; {
		case u == nil:
			failed = append(failed, id)
		case u.grants[role] != nil:
			already = append(already, id)
		default:
			s.grant(u, role, q.user)
			assigned = append(assigned, id)
		}
	}
	return okay(map[string]any{"role_name": role, "assigned": assigned, "already_assigned": already, "failed": failed})
}

func (s *Server) getVersion(*request) reply {
	parts := strings.SplitN(s.options.Version, ".", 3)
	return okay(map[string]any{"major": parts[0], "minor": parts[1], "revision": parts[2], "hash": ""})
}

func (s *Server) getLogin(*request) reply {
	out := map[string]any{}
	for _, name := range []string{"device_endpoint", "device_client_id", "browser_endpoint", "browser_client_id", "token_endpoint", "logout_endpoint"} {
		out[name] = nil
	}
	return okay(out)
}

func (s *Server) getKeys(*request) reply {
	return okay(map[string]any{"keys": []any{map[string]any{"e": "AQAB", "kid": "osmotest", "kty": "RSA", "n": fmt.Sprintf("%0512d", 0)}}})
}
