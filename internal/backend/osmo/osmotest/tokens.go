package osmotest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// longest is how many days a token may live: the default of max_token_duration.
const longest = 365

// nulSQL is what a NUL in a description comes to.
const nulSQL = `Error during executing command 
            WITH matching_user_roles AS (
                SELECT ur.id as user_role_id, ur.role_name
                FROM user_roles ur
                WHERE ur.user_id = %s AND ur.role_name = ANY(%s::text[])
            ),
            role_check AS (
                SELECT COUNT(*) = %s AS all_roles_found FROM matching_user_roles
            ),
            token_insert AS (
                INSERT INTO access_token
                (user_name, token_name, access_token, expires_at, description)
                SELECT %s, %s, %s, %s, %s
                WHERE (SELECT all_roles_found FROM role_check)
                RETURNING user_name, token_name
            ),
            role_insert AS (
                INSERT INTO access_token_roles (user_name, token_name, user_role_id, assigned_by, assigned_at)
                SELECT ti.user_name, ti.token_name, mur.user_role_id, %s, %s
                FROM token_insert ti
                CROSS JOIN matching_user_roles mur
                RETURNING user_role_id
            )
            SELECT
                (SELECT all_roles_found FROM role_check) as all_roles_found,
                (SELECT COUNT(*) FROM token_insert) as token_created;
        : A string literal cannot contain NUL (0x00) characters.`

var dateStart = regexp.MustCompile(`^([0-9]{4})-(1[0-2]|0?[1-9])-(3[01]|[12][0-9]|0?[1-9])`)

// readDate reads a date as Python's strptime does; trouble is what that says.
func readDate(text string) (day time.Time, trouble string) {
	m := dateStart.FindStringSubmatch(text)
	if m == nil {
		return day, fmt.Sprintf("time data '%s' does not match format '%%Y-%%m-%%d'", text)
	}
	if rest := text[len(m[0]):]; rest != "" {
		return day, "unconverted data remains: " + rest
	}
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[2])
	number, _ := strconv.Atoi(m[3])
	day = time.Date(year, time.Month(month), number, 0, 0, 0, 0, time.UTC)
	if day.Day() != number {
		return day, "day is out of range for month"
	}
	return day, ""
}

func (s *Server) createToken(q *request) reply { return s.create(q, q.names[0], q.names[1]) }

func (s *Server) createOwnToken(q *request) reply { return s.create(q, q.user, q.names[0]) }

func (s *Server) create(q *request, id, name string) reply {
	s.counts.Creates[id+"/"+name]++
	if !q.query.Has("expires_at") {
		return invalid("missing", "Field required", nil, "query", "expires_at")
	}
	if !tokenName.MatchString(name) {
		return wrong("Token name " + name + " must match regex " + tokenPattern)
	}
	expires, trouble := readDate(q.query.Get("expires_at"))
	today := s.now().Truncate(24 * time.Hour)
	switch {
	case trouble != "":
		return broken(trouble)
	case !expires.After(today):
		return wrong("Expiration date must be past the current date (" + today.Format(time.DateOnly) + ")")
	case expires.After(today.AddDate(0, 0, longest)):
		return wrong(fmt.Sprintf("Access token expiration date cannot be more than %dd from now", longest))
	}
	u, roles := s.users[id], q.query["roles"]
	if len(roles) == 0 {
		if u == nil || len(u.grants) == 0 {
			return wrong("At least one role must be specified for the access token.")
		}
		roles = model.Names(u.grants)
	}
	if strings.Contains(q.query.Get("description"), "\x00") {
		return reply{400, fail(nulSQL, "DATABASE")}
	}
	held := map[string]bool{}
	for _, role := range roles {
		if u != nil && u.grants[role] != nil {
			held[role] = true
		}
	}
	switch {
	case len(held) != len(roles):
		return wrong("User does not have all the requested roles. Token creation failed.")
	case u.tokens[name] != nil:
		s.counts.Duplicates = append(s.counts.Duplicates, id+"/"+name)
		return wrong("Token name " + name + " already exists.")
	}
	return okay(s.addToken(u, name, q.query.Get("description"), expires, roles))
}

func (u *user) tokenList() []any {
	list := []any{}
	for _, name := range model.Names(u.tokens) {
		t := u.tokens[name]
		list = append(list, map[string]any{
			"user_name": u.id, "token_name": name, "expires_at": t.Expires.Format("2006-01-02T15:04:05"), "description": t.Description, "roles": u.carried(t),
		})
	}
	return list
}

func (s *Server) listTokens(q *request) reply {
	u, bad := s.find(q)
	if bad != nil {
		return *bad
	}
	return okay(u.tokenList())
}

func (s *Server) listOwnTokens(q *request) reply {
	if u := s.users[q.user]; u != nil {
		return okay(u.tokenList())
	}
	return okay([]any{})
}

func (s *Server) getOwnTokenRoles(q *request) reply {
	name := q.names[0]
	u := s.users[q.user]
	if u == nil || u.tokens[name] == nil {
		return wrong("Token " + name + " not found or does not belong to current user")
	}
	return okay(map[string]any{"user_name": u.id, "token_name": name, "roles": u.grantList(u.carried(u.tokens[name]))})
}

func (s *Server) deleteToken(q *request) reply {
	u, bad := s.find(q)
	if bad != nil {
		return *bad
	}
	return u.dropToken(q.names[1])
}

func (s *Server) deleteOwnToken(q *request) reply {
	u := s.users[q.user]
	if u == nil {
		return wrong("User " + q.user + " not found")
	}
	return u.dropToken(q.names[0])
}

func (u *user) dropToken(name string) reply {
	if u.tokens[name] == nil {
		return wrong("Access token " + name + " does not exist.")
	}
	delete(u.tokens, name)
	return okay(nil)
}

func (s *Server) exchange(q *request) reply {
	fields, bad := q.into()
	if bad != nil {
		return *bad
	}
	value, bad := text(fields, "token")
	if bad != nil {
		return *bad
	}
	return s.exchangeValue(value)
}

func (s *Server) exchangeByGet(q *request) reply { return s.exchangeValue(q.query.Get("access_token")) }

func (s *Server) exchangeValue(value string) reply {
	if len(value) != 43 && len(value) != 64 {
		return wrong(fmt.Sprintf("Access token has invalid length %d", len(value)))
	}
	u, t := s.findValue(value)
	switch {
	case t == nil:
		return wrong("Access Token is invalid")
	case !t.Expires.After(s.now()):
		return wrong("Access Token has expired")
	}
	jwt, ends := s.mint(u, t)
	return okay(map[string]any{"token": jwt, "expires_at": ends.Unix()})
}
