package osmotest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// request is one that was read.
type request struct {
	method, path string
	names        []string // those in its path
	query        url.Values
	header       http.Header
	body         []byte
	user         string
}

func (q *request) last() string { return q.path[strings.LastIndexByte(q.path, '/')+1:] }

// maxBody bounds what a request may bring.
const maxBody = 4 << 20

func readRequest(r *http.Request) (*request, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	return &request{method: r.Method, path: r.URL.Path, query: r.URL.Query(), header: r.Header, body: body}, err
}

// reply is a status with its body; nil is null.
type reply struct {
	status int
	body   any
}

func okay(body any) reply { return reply{http.StatusOK, body} }

func fail(message, code string) map[string]any {
	return map[string]any{"message": message, "error_code": code, "workflow_id": nil}
}

// wrong is an error of the user.
func wrong(message string) reply { return reply{http.StatusBadRequest, fail(message, "USER")} }

// broken is an error that OSMO did not expect.
func broken(message string) reply {
	return reply{http.StatusInternalServerError, map[string]any{"message": "Internal server error: " + message}}
}

func detail(kind string, loc []any, message string, input any) map[string]any {
	return map[string]any{"detail": []any{map[string]any{"type": kind, "loc": loc, "msg": message, "input": input}}}
}

// invalid is an answer of the web framework.
func invalid(kind, message string, input any, loc ...any) reply {
	return reply{http.StatusUnprocessableEntity, detail(kind, loc, message, input)}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // Tests only: everything here can be written.
	}
	return string(text)
}

type route struct {
	method, pattern string
	handle          func(*Server, *request) reply
}

// routes in the order of the server: a method that none takes is answered with the
// methods of the first that has the path.
var routes = []route{
	{"GET", "/api/version", (*Server).getVersion},
	{"GET", "/health", func(*Server, *request) reply { return okay(map[string]any{"status": "OK"}) }},
	{"GET", "/api/auth/login", (*Server).getLogin},
	{"GET", "/api/auth/keys", (*Server).getKeys},
	{"POST", "/api/auth/jwt/access_token", (*Server).exchange},
	{"GET", "/api/auth/jwt/access_token", (*Server).exchangeByGet},
	{"GET", "/api/auth/access_token", (*Server).listOwnTokens},
	{"POST", "/api/auth/access_token/{}", (*Server).createOwnToken},
	{"DELETE", "/api/auth/access_token/{}", (*Server).deleteOwnToken},
	{"GET", "/api/auth/access_token/{}/roles", (*Server).getOwnTokenRoles},
	{"GET", "/api/auth/user", (*Server).listUsers},
	{"POST", "/api/auth/user", (*Server).createUser},
	{"GET", "/api/auth/user/{}", (*Server).getUser},
	{"DELETE", "/api/auth/user/{}", (*Server).deleteUser},
	{"GET", "/api/auth/user/{}/roles", (*Server).listGrants},
	{"POST", "/api/auth/user/{}/roles", (*Server).assign},
	{"DELETE", "/api/auth/user/{}/roles/{}", (*Server).unassign},
	{"GET", "/api/auth/user/{}/access_token", (*Server).listTokens},
	{"POST", "/api/auth/user/{}/access_token/{}", (*Server).createToken},
	{"DELETE", "/api/auth/user/{}/access_token/{}", (*Server).deleteToken},
	{"GET", "/api/auth/roles/{}/users", (*Server).listHolders},
	{"POST", "/api/auth/roles/{}/users", (*Server).assignMany},
	{"GET", "/api/configs/role", (*Server).listRoles},
	{"PUT", "/api/configs/role", (*Server).putRoles},
	{"GET", "/api/configs/role/{}", (*Server).getRole},
	{"PUT", "/api/configs/role/{}", (*Server).putOneRole},
	{"DELETE", "/api/configs/role/{}", (*Server).deleteRole},
	{"GET", "/api/configs/history", (*Server).listHistory},
}

// match compares a path with a pattern. A slash that was escaped is a slash.
func match(pattern, path string) (names []string, matches bool) {
	p, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(have) {
		return nil, false
	}
	for i := range p {
		switch {
		case p[i] == "{}" && have[i] != "":
			names = append(names, have[i])
		case p[i] != have[i]:
			return nil, false
		}
	}
	return names, true
}

// callName is a request by its method and pattern.
func callName(r *http.Request) string {
	for _, route := range routes {
		if _, fits := match(route.pattern, r.URL.Path); fits {
			return r.Method + " " + route.pattern
		}
	}
	return r.Method + " " + r.URL.Path
}

// opened are the paths that the gateway lets through without a login.
var opened = map[string]bool{"/api/version": true, "/api/auth/login": true, "/api/auth/keys": true, "/api/auth/jwt/access_token": true}

// handle answers a request, under the lock.
func (s *Server) handle(w http.ResponseWriter, q *request) {
	if !s.admit(w, q) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write := func(r reply) {
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, asJSON(r.body))
	}
	if version := q.header.Get("X-Osmo-Client-Version"); version != "" && strings.Count(version, ".") < 2 {
		write(broken("Version should be of the format major.minor.revision"))
		return
	}
	allowed := ""
	for _, route := range routes {
		names, fits := match(route.pattern, q.path)
		switch {
		case !fits:
		case route.method == q.method:
			q.names = names
			write(route.handle(s, q))
			return
		case allowed == "":
			allowed = route.method
		}
	}
	if trimmed := strings.TrimSuffix(q.path, "/"); allowed == "" && trimmed != q.path {
		for _, route := range routes {
			if _, fits := match(route.pattern, trimmed); fits {
				w.Header().Set("Location", "http://"+q.header.Get("Host")+trimmed)
				w.WriteHeader(http.StatusTemporaryRedirect)
				return
			}
		}
	}
	if allowed != "" {
		w.Header().Set("Allow", allowed)
		write(reply{http.StatusMethodNotAllowed, map[string]any{"detail": "Method Not Allowed"}})
		return
	}
	write(reply{http.StatusNotFound, map[string]any{"detail": "Not Found"}})
}

// admit is the gateway: it finds out who asks.
func (s *Server) admit(w http.ResponseWriter, q *request) bool {
	if q.user = "testuser"; !s.options.Gateway {
		if user := q.header.Get("X-Osmo-User"); user != "" {
			q.user = user
		}
		return true
	}
	jwt, bearer := strings.CutPrefix(q.header.Get("Authorization"), "Bearer ")
	session, known := s.jwts[jwt]
	switch {
	case opened[q.path]:
		return true
	case !bearer:
		w.Header().Set("Location", "/oauth2/start?rd=%2F")
		w.WriteHeader(http.StatusFound)
		return false
	case !known || !session.ends.After(s.now()):
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, map[bool]string{true: "Jwt is expired", false: "Jwt verification fails"}[known])
		return false
	}
	q.user = session.user
	return true
}

// into reads the body as the framework does: it has to be there, be JSON, and be an
// object. The reply is set where it is not.
func (q *request) into() (fields map[string]any, bad *reply) {
	refuse := func(r reply) (map[string]any, *reply) { return nil, &r }
	kind, _, _ := mime.ParseMediaType(q.header.Get("Content-Type"))
	var value any
	switch err := json.Unmarshal(q.body, &value); {
	case len(q.body) == 0:
		return refuse(invalid("missing", "Field required", nil, "body"))
	case kind != "" && kind != "application/json":
		return refuse(invalid("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", string(q.body), "body"))
	case err != nil:
		var syntax *json.SyntaxError
		at := 0
		if errors.As(err, &syntax) {
			at = int(syntax.Offset) - 1
		}
		r := invalid("json_invalid", "JSON decode error", map[string]any{}, "body", at)
		r.body.(map[string]any)["detail"].([]any)[0].(map[string]any)["ctx"] = map[string]any{"error": "Expecting property name enclosed in double quotes"}
		return refuse(r)
	}
	fields, isObject := value.(map[string]any)
	if !isObject {
		return refuse(invalid("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", value, "body"))
	}
	return fields, nil
}

// text reads a field that has to be a text.
func text(fields map[string]any, name string) (string, *reply) {
	value, there := fields[name]
	s, isText := value.(string)
	switch {
	case !there:
		r := invalid("missing", "Field required", fields, "body", name)
		return "", &r
	case !isText:
		r := invalid("string_type", "Input should be a valid string", value, "body", name)
		return "", &r
	}
	return s, nil
}

// texts reads a field that is a list of texts, null, or absent.
func texts(fields map[string]any, name string) ([]string, *reply) {
	value := fields[name]
	list, isList := value.([]any)
	if value != nil && !isList {
		r := invalid("list_type", "Input should be a valid list", value, "body", name)
		return nil, &r
	}
	var out []string
	for i, v := range list {
		s, isText := v.(string)
		if !isText {
			r := invalid("string_type", "Input should be a valid string", v, "body", name, i)
			return nil, &r
		}
		out = append(out, s)
	}
	return out, nil
}
