package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Rules are what a server of one version in one mode goes by: the actions that it
// knows and the roles that it brings along. How it decides is the same for all of
// them. They are shared and never change.
type Rules struct {
	version string
	mode    model.Mode
	known   actionSet
	// areas are those of the package, each with the actions that are known there.
	areas []area
	// global holds what has no resource. Its services have all of their
	// actions, so that "workflow:*" is never said of workflow:List alone.
	global area
	// unplaced are the actions that the server asks about without knowing which
	// resource they are on: in ConfigMap mode it has no database to look up the pool
	// of a workflow in, and asks about "pool/*".
	unplaced actionSet
	// defaultRole is what everybody has where nothing else is said of it.
	defaultRole     *model.Role
	compiledDefault *Compiled
	// suggestions are what a pattern may have been meant to be.
	suggestions []string
}

// versions are those whose rules are known, the oldest first. 6.2 decides
// otherwise: there a policy without resources covers everything.
var versions = []string{"6.3", "6.4"}

// Versions lists the versions of OSMO whose rules are known, the oldest first.
func Versions() []string { return slices.Clone(versions) }

// NewestVersion is the one that a project is for where it names none.
func NewestVersion() string { return versions[len(versions)-1] }

// Modes lists the modes of a server.
func Modes() []model.Mode { return []model.Mode{model.ModeDatabase, model.ModeConfigMap} }

// RulesOf are the rules that a project for this server has to be read by: one set
// where its mode is known, else one for each mode. A version that is not known
// stands for the newest.
func RulesOf(s model.Server) []*Rules {
	modes := Modes()
	if s.Mode != "" {
		modes = []model.Mode{s.Mode}
	}
	version := s.Version
	if !slices.Contains(versions, version) {
		version = NewestVersion()
	}
	out := make([]*Rules, len(modes))
	for i, mode := range modes {
		out[i] = allRules()[ruleKey{version, mode}]
	}
	return out
}

// Named is the server with the version that is meant where none is named.
func Named(s model.Server) model.Server {
	s.Version = RulesOf(s)[0].version
	return s
}

// Server is the one whose rules these are, its version and mode named.
func (r *Rules) Server() model.Server { return model.Server{Version: r.version, Mode: r.mode} }

type ruleKey struct {
	version string
	mode    model.Mode
}

var allRules = sync.OnceValue(makeRules)

func makeRules() map[ruleKey]*Rules {
	out := map[ruleKey]*Rules{}
	for _, version := range versions {
		for _, mode := range Modes() {
			out[ruleKey{version, mode}] = newRules(version, mode)
		}
	}
	return out
}

func newRules(version string, mode model.Mode) *Rules {
	r := &Rules{version: version, mode: mode, known: setOf(func(a *Action) bool { return a.isIn(version) })}
	for _, a := range areas {
		r.areas = append(r.areas, area{a.root, a.actions & r.known, servicesOf(a.actions & r.known)})
	}
	if mode == model.ModeConfigMap {
		r.unplaced = existingWorkflow
	}
	r.global = area{"", (plainActions | webServer) & r.known, servicesOf(r.known)}
	r.defaultRole, _ = r.Builtin(DefaultRole)
	r.compiledDefault = Compile(r.defaultRole)
	r.suggestions = r.listSuggestions()
	return r
}

// Roles makes the set of these roles and, where none of them is named
// [DefaultRole], the server's own default role. Nil entries are left out.
func (r *Rules) Roles(roles []*model.Role) Roles {
	set := make([]*model.Role, 0, len(roles)+1)
	hasDefault := false
	for _, role := range roles {
		if role != nil {
			set = append(set, role)
			hasDefault = hasDefault || role.Name == DefaultRole
		}
	}
	if !hasDefault {
		set = append(set, r.defaultRole)
	}
	return Roles{set, r.unplaced}
}

// AsksAbout is the resource that the server decides on where a request is about this
// one: the resource itself, but "pool/*" where the server cannot tell it.
func (r *Rules) AsksAbout(action, resource string) string {
	return askedAbout(r.unplaced, action, resource)
}

func askedAbout(unplaced actionSet, action, resource string) string {
	if resource != "" && unplaced != 0 && matchingActions([]string{action})&unplaced != 0 {
		return "pool/*"
	}
	return resource
}

// Actions returns every action that the server knows, sorted by name. The result
// is the caller's own.
func (r *Rules) Actions() []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool { return !a.isIn(r.version) })
}

// FindAction finds an action of the server by its name. What it returns must not be
// changed.
func (r *Rules) FindAction(name string) (Action, bool) {
	i, found := slices.BinarySearchFunc(registry, name, func(a Action, name string) int { return strings.Compare(a.Name, name) })
	if !found || !registry[i].isIn(r.version) {
		return Action{}, false
	}
	return registry[i], true
}

// Knows reports whether a pattern matches any action of the server: OSMO accepts
// one that does not, and it has no effect.
func (r *Rules) Knows(pattern string) bool {
	return matchingActions([]string{pattern})&r.known != 0
}

// VersionsWith lists the versions in which a pattern matches an action.
func VersionsWith(pattern string) (out []string) {
	for _, v := range versions {
		if allRules()[ruleKey{v, model.ModeDatabase}].Knows(pattern) {
			out = append(out, v)
		}
	}
	return out
}

// isIn reports whether a version of OSMO has the action.
func (a *Action) isIn(version string) bool {
	life := lifetimes[a.Name]
	return (life.since == "" || !IsOlder(version, life.since)) && (life.until == "" || !IsOlder(life.until, version))
}

// IsOlder reports whether one of the versions came before another.
func IsOlder(a, b string) bool { return slices.Index(versions, a) < slices.Index(versions, b) }

// ReadVersion is the known version that a text such as "6.4" or "6.4.1" names.
func ReadVersion(s string) (string, bool) {
	for _, v := range versions {
		if rest, ok := strings.CutPrefix(s, v); ok && (rest == "" || rest[0] == '.' && consistsOf(rest[1:], isDigit)) {
			return v, true
		}
	}
	return "", false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
