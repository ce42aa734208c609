package osmotest

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/model"
)

const configMapText = "Configs are managed by ConfigMap and cannot be modified via CLI/API. Update the Helm values and redeploy instead."

var actionName = regexp.MustCompile(`^(\*|[a-z]+):(\*|[A-Z][a-zA-Z]*)\z`)

func (s *Server) listRoles(*request) reply {
	list := []any{}
	for _, name := range model.Names(s.shown()) {
		list = append(list, s.shown()[name])
	}
	return okay(list)
}

func (s *Server) getRole(q *request) reply {
	if r := s.shown()[q.names[0]]; r != nil {
		return okay(r)
	}
	return wrong("Role " + q.names[0] + " does not exist.")
}

// readConfig reads one role of a body as the framework does.
func readConfig(value any, loc ...any) (Role, *reply) {
	refuse := func(r reply) (Role, *reply) { return Role{}, &r }
	at := func(more ...any) []any { return append(slices.Clone(loc), more...) }
	fields, isObject := value.(map[string]any)
	if !isObject {
		return refuse(invalid("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", value, loc...))
	}
	for _, name := range []string{"name", "description", "policies"} {
		if _, there := fields[name]; !there {
			return refuse(invalid("missing", "Field required", fields, at(name)...))
		}
	}
	enum := func(value any, words string, loc []any, allowed ...any) *reply {
		if value == nil || slices.Contains(allowed, value) {
			return nil
		}
		r := invalid("enum", "Input should be "+words, value, loc...)
		r.body.(map[string]any)["detail"].([]any)[0].(map[string]any)["ctx"] = map[string]any{"expected": words}
		return &r
	}
	if bad := enum(fields["sync_mode"], "'force', 'import' or 'ignore'", at("sync_mode"), "force", "import", "ignore"); bad != nil {
		return Role{}, bad
	}
	policies, _ := fields["policies"].([]any)
	for i, p := range policies {
		policy, _ := p.(map[string]any)
		if bad := enum(policy["effect"], "'Allow' or 'Deny'", at("policies", i, "effect"), "Allow", "Deny"); bad != nil {
			return Role{}, bad
		}
		for _, name := range []string{"actions", "resources"} {
			if list, there := policy[name]; there {
				if _, isList := list.([]any); !isList {
					return refuse(invalid("list_type", "Input should be a valid list", list, at("policies", i, name)...))
				}
			}
		}
		actions, _ := policy["actions"].([]any)
		for _, a := range actions {
			name, isText := a.(string)
			switch {
			case !isText:
				return refuse(broken("expected string or bytes-like object, got 'dict'"))
			case !actionName.MatchString(name):
				return refuse(wrong("Invalid action format: " + name + `. Expected format: "resource:Action" (e.g., "workflow:Create", "*:*")`))
			}
		}
	}
	var r Role
	if json.Unmarshal([]byte(asJSON(fields)), &r) != nil {
		return refuse(invalid("model_type", "Input should be a valid role", value, loc...))
	}
	return r, nil
}

func (s *Server) isFixed() *reply {
	if s.file == nil {
		return nil
	}
	return &reply{409, fail(configMapText, "USER")}
}

func (s *Server) putOneRole(q *request) reply {
	fields, bad := q.into()
	if bad != nil {
		return *bad
	}
	if fixed := s.isFixed(); fixed != nil {
		return *fixed
	}
	r, bad := readConfig(fields["configs"], "body", "configs")
	if bad != nil {
		return *bad
	}
	s.putRole(r, q.user) // The name in the path is not looked at.
	return okay(nil)
}

func (s *Server) putRoles(q *request) reply {
	fields, bad := q.into()
	if bad != nil {
		return *bad
	}
	if fixed := s.isFixed(); fixed != nil {
		return *fixed
	}
	list, _ := fields["configs"].([]any)
	var roles []Role
	for i, value := range list {
		r, bad := readConfig(value, "body", "configs", i)
		if bad != nil {
			return *bad
		}
		roles = append(roles, r)
	}
	for _, r := range roles {
		s.putRole(r, q.user)
	}
	return okay(nil)
}

func (s *Server) deleteRole(q *request) reply {
	if _, bad := q.into(); bad != nil {
		return *bad
	}
	if fixed := s.isFixed(); fixed != nil {
		return *fixed
	}
	name := q.names[0]
	if s.roles[name] == nil {
		return wrong("Role " + name + " does not exist.")
	}
	s.dropRole(name, q.user)
	return okay(nil)
}

// listHistory knows who changed which role in the database; what was changed it does
// not keep.
func (s *Server) listHistory(q *request) reply {
	limit, bad := number(q, "limit", 20, 1, 1000)
	if bad != nil {
		return *bad
	}
	list := []any{}
	for i, c := range s.history {
		list = append(list, map[string]any{
			"config_type": "ROLE", "name": c.name, "revision": i + 1, "username": c.by, "created_at": c.at.Format(naiveLayout),
			"description": c.what, "tags": nil, "data": nil,
		})
	}
	if q.query.Get("order") == "DESC" {
		slices.Reverse(list)
	}
	return okay(map[string]any{"configs": list[:min(limit, len(list))]})
}
