package lint

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// findAdminWildcards finds "*:*". It counts where the role as a whole makes an
// administrator: its own Deny of "*:*" takes that away.
func findAdminWildcards(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		if s.denies() || !s.everything() {
			return finding{}, false
		}
		mode, ok := p.allows(s.role, "", "")
		if !ok {
			return finding{}, false
		}
		i := slices.IndexFunc(s.Actions, func(a string) bool { return access.MatchesAction(a, "") })
		return s.find(s.ActionAt(i),
			mode+quote(s.Actions[i])+" makes an administrator of "+holders(s.role)+": users, their roles and deletions have no action, and follow it whatever resources stand beside it",
			`name the services that are meant, such as "workflow:*"`), true
	})
}

// findTokensOfOthers finds auth:Token on users. A statement with "*:*" is an
// administrator's anyway.
func findTokensOfOthers(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		if s.denies() || s.everything() {
			return finding{}, false
		}
		pattern := firstReaching(s, "user/")
		if pattern == "" || !s.names("auth:Token") || p.isOwn(s.role, pattern) {
			return finding{}, false
		}
		mode, ok := p.allows(s.role, "auth:Token", sample(pattern, "user/"))
		if !ok {
			return finding{}, false
		}
		whose := "of any user, an administrator's included"
		if strings.HasPrefix(pattern, "user/") && pattern != "user/*" {
			whose = "of the user " + quote(strings.TrimPrefix(pattern, "user/"))
			if strings.HasSuffix(pattern, "*") {
				whose = "of every user " + quote(strings.TrimPrefix(pattern, "user/"))
			}
		}
		return s.find(s.actionAt("auth:Token"),
			mode+"auth:Token on "+quote(pattern)+" lets "+holders(s.role)+" make tokens "+whose+", with all roles of that user",
			`for one's own tokens a statement of its own is enough: actions: ["auth:Token"], resources: ["none"]`), true
	})
}

// isOwn reports whether a pattern is the one account that holds the role: its tokens are
// its own.
func (p *project) isOwn(role *model.Role, pattern string) bool {
	held := p.book.Holders(role.Name)[role.Name]
	return len(held) == 1 && pattern == "user/"+held[0] && len(role.ExternalRoles) == 0
}

// seizable are the configurations that make an administrator of whoever writes them.
var seizable = []struct{ resource, does string }{
	{"config/role", `write "*:*" into a role of their own`},
	{"config/service", "replace the keys that logins are signed with"},
}

func findRoleWriters(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		if s.denies() || s.everything() || !s.names("config:Update") {
			return finding{}, false
		}
		for _, c := range seizable {
			i := slices.IndexFunc(s.Resources, func(r string) bool { return access.MatchesResource(r, c.resource) })
			if i < 0 {
				continue
			}
			mode, ok := p.allows(s.role, "config:Update", c.resource)
			if !ok {
				continue
			}
			return s.find(s.actionAt("config:Update"),
				mode+"config:Update on "+quote(s.Resources[i])+" lets "+holders(s.role)+" "+c.does+", and so become an administrator",
				`name the configurations that are meant, such as "config/pool"`), true
		}
		return finding{}, false
	})
}

// allows says in which mode a role by itself allows something.
func (p *project) allows(role *model.Role, action, resource string) (mode string, any bool) {
	return p.in(func(on side) bool { return on.Roles([]*model.Role{role}).Check(action, resource).Allowed })
}

// firstReaching is the first resource of the statement that reaches into a scope, or "".
func firstReaching(s statement, root string) string {
	for _, r := range s.Resources {
		if reaches(r, root) {
			return r
		}
	}
	return ""
}

// reaches reports whether a pattern matches something below root.
func reaches(pattern, root string) bool {
	prefix, wide := strings.CutSuffix(pattern, "*")
	return wide && strings.HasPrefix(root, prefix) || strings.HasPrefix(pattern, root) && pattern != root
}

// encloses reports whether a pattern matches everything below root.
func encloses(pattern, root string) bool {
	prefix, wide := strings.CutSuffix(pattern, "*")
	return wide && strings.HasPrefix(root, prefix)
}

// sample is a resource that a pattern reaches below root, of a name that nobody gives.
func sample(pattern, root string) string {
	prefix, wide := strings.CutSuffix(pattern, "*")
	switch {
	case !wide:
		return pattern
	case len(prefix) < len(root):
		prefix = root
	}
	return prefix + "~"
}
