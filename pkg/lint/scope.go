package lint

import (
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
)

// rootsOf are the scopes of some actions, each once.
func rootsOf(actions []access.Action) (out []string) {
	for _, a := range actions {
		if root := a.Scope.Root(); root != "" && !slices.Contains(out, root) {
			out = append(out, root)
		}
	}
	slices.Sort(out)
	return out
}

// isWhole reports whether resources name all of a scope, or nothing that looks like a part
// of one.
func isWhole(resources []string, scopes []string) bool {
	parts := false
	for _, r := range resources {
		if r == "*" || slices.ContainsFunc(scopes, func(root string) bool { return encloses(r, root) }) {
			return true
		}
		parts = parts || strings.Contains(r, "/")
	}
	return !parts
}

// findDeniesBeyondScope says what plans say where such a Deny comes.
func findDeniesBeyondScope(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		var beyond access.Overreach
		for _, on := range p.sides {
			o := on.Overreach(*s.Policy)
			beyond.Everywhere = o.Everywhere // The mode does not matter to these.
			beyond.AllPools = append(beyond.AllPools, o.AllPools...)
		}
		if beyond.None() {
			return finding{}, false
		}
		on, hint := "this Deny on "+list(s.Resources, quote)+" ", "name the actions that are meant one by one, without these"
		everywhere := access.Overreach{Everywhere: beyond.Everywhere}
		pools := access.Overreach{AllPools: beyond.AllPools}
		switch {
		case pools.None():
			return s.find(s.actionAt(p.names(beyond.Everywhere)...), on+everywhere.Words(), hint), true
		case everywhere.None():
			i := slices.IndexFunc(s.Resources, isPoolName)
			return s.find(s.ResourceAt(max(i, 0)), p.configMap()+on+pools.Words(), "in ConfigMap mode pools part who submits (workflow:Create), and nothing else"), true
		}
		return s.find(s.actionAt(p.names(beyond.Everywhere)...), on+everywhere.Words()+"; "+p.configMap()+"it "+pools.Words(), hint), true
	})
}

// names are the actions that patterns stand for.
func (p *project) names(patterns []string) (names []string) {
	for _, a := range p.known {
		if slices.ContainsFunc(patterns, func(pattern string) bool { return access.MatchesAction(pattern, a.Name) }) {
			names = append(names, a.Name)
		}
	}
	return names
}

func asIs(s string) string { return s }

// isPoolName reports whether a pattern is one pool by its name.
func isPoolName(r string) bool {
	return reaches(r, "pool/") && !strings.HasSuffix(r, "*")
}

// isPoolPrefix reports whether a pattern is some pools by how their names begin.
func isPoolPrefix(r string) bool {
	return reaches(r, "pool/") && strings.HasSuffix(r, "*") && !encloses(r, "pool/")
}

// existing are the actions among some that the server decides on without knowing the
// pool, in ConfigMap mode; none in a project that is for none in this mode.
func (p *project) existing(actions []access.Action) (names []string) {
	for _, on := range p.sides {
		if on.Server().Mode != model.ModeConfigMap {
			continue
		}
		for _, a := range actions {
			if a.Scope == access.Pool && on.AsksAbout(a.Name, "pool/~") == "pool/*" {
				names = append(names, a.Name)
			}
		}
	}
	return names
}

// configMap begins a sentence about ConfigMap mode alone.
func (p *project) configMap() string {
	mode, _ := p.in(func(on side) bool { return on.Server().Mode == model.ModeConfigMap })
	return mode
}

// pooled finds a statement of one effect with a resource of one kind, where no other of its
// resources covers existing workflows as a whole.
func (p *project) pooled(s statement, denies bool, is func(string) bool, whole func(string) bool) (at int, existing []string, ok bool) {
	at = slices.IndexFunc(s.Resources, is)
	if s.denies() != denies || at < 0 || slices.ContainsFunc(s.Resources, whole) {
		return at, nil, false
	}
	existing = p.existing(s.covers(p.known))
	return at, existing, len(existing) > 0
}

func findPoolsNotEnforced(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		at, existing, ok := p.pooled(s, false, isPoolName, func(r string) bool { return encloses(r, "pool/") })
		granted := func(action string) bool { _, ok := p.allows(s.role, action, "pool/*"); return ok }
		if !ok || s.everything() || !slices.ContainsFunc(existing, granted) {
			return finding{}, false
		}
		return s.find(s.ResourceAt(at),
			p.configMap()+list(existing, asIs)+" on "+quote(s.Resources[at])+" reaches the workflows of every pool: the server cannot tell which pool a workflow is in",
			"pools part only who submits (workflow:Create); leave the other actions out, or say with a suppression that all pools are meant"), true
	})
}

func matchesUnknownPool(r string) bool { return access.MatchesResource(r, "pool/*") }

func findPrefixesWithoutWorkflows(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		at, existing, ok := p.pooled(s, false, isPoolPrefix, matchesUnknownPool)
		if !ok || s.everything() {
			return finding{}, false
		}
		return s.find(s.ResourceAt(at),
			p.configMap()+list(existing, asIs)+" on "+quote(s.Resources[at])+" reaches no existing workflow: the server asks about \"pool/*\", which a prefix does not cover",
			`"pool/*" reaches those of every pool, and a pool's whole name does as well; a part cannot be told in this mode`), true
	})
}

func findDeniesNotEnforced(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		at, existing, ok := p.pooled(s, true, isPoolPrefix, matchesUnknownPool)
		if !ok {
			return finding{}, false
		}
		return s.find(s.ResourceAt(at),
			p.configMap()+"this Deny of "+list(existing, asIs)+" on "+quote(s.Resources[at])+" refuses nothing about existing workflows: the server asks about \"pool/*\", which a prefix does not cover",
			`"pool/*" refuses it for every pool; a part cannot be told in this mode`), true
	})
}

// findResourcesWithoutEffect finds resources of a scope that no action of the statement
// has. A word without a slash, such as "none", is how one says that there is no resource.
func findResourcesWithoutEffect(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		actions := s.covers(p.known)
		scopes := rootsOf(actions)
		if len(actions) == 0 || s.everything() {
			return finding{}, false
		}
		var idle []string
		first := -1
		for i, r := range s.Resources {
			switch {
			case !strings.Contains(r, "/") || p.misnamed(r) != "" || slices.ContainsFunc(scopes, func(root string) bool { return reaches(r, root) }):
			case len(scopes) == 0 && isWhole([]string{r}, p.roots):
				// All of a scope promises no limit.
			default:
				if idle = append(idle, r); first < 0 {
					first = i
				}
			}
		}
		if first < 0 {
			return finding{}, false
		}
		if len(scopes) == 0 {
			what := "allowed"
			if s.denies() {
				what = "refused"
			}
			return s.find(s.ResourceAt(first),
				list(idle, quote)+" limits nothing: requests of "+list(actions, name)+" have no resource, and are "+what+" everywhere",
				`write resources: ["*"], which says so`), true
		}
		return s.find(s.ResourceAt(first),
			list(idle, quote)+" has no effect: the actions of the statement are on "+list(scopes, asIs)+" or have no resource",
			"delete it, or give it a statement with actions of its scope"), true
	})
}

// words are what may stand below backend/: words of paths, and no backend's name.
var words = []string{"listener", "worker", "workflow", "router", "exec", "portforward", "rsync", "webserver"}

// misnamed says why no resource matches a pattern, or "" where one may.
func (p *project) misnamed(r string) string {
	body, wide := strings.CutSuffix(r, "*")
	inScope := slices.ContainsFunc(p.roots, func(root string) bool { return reaches(r, root) })
	_, below, _ := strings.Cut(body, "/")
	fits := func(word string) bool { return word == below || wide && strings.HasPrefix(word, below) }
	switch {
	case r == "*" || r == "none":
		return ""
	case strings.Contains(body, "*"):
		return `"*" means something only at the end`
	case !inScope:
		return "resources begin with " + strings.Join(p.roots, ", ")
	case strings.HasPrefix(r, "config/") && strings.ToLower(below) != below:
		return "case counts: it is " + strings.ToLower(r)
	case strings.HasPrefix(r, "backend/") && !slices.ContainsFunc(words, fits):
		return "what stands there is a word of a path, " + strings.Join(words[:3], ", ") + " and the like, and no backend's name"
	}
	return ""
}

func findWrongScopes(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		var wrong []string
		first, why := -1, ""
		plain := len(rootsOf(s.covers(p.known))) == 0
		for i, r := range s.Resources {
			reason := p.misnamed(r)
			if reason == "" || plain && !strings.Contains(r, "/") {
				continue
			}
			if wrong = append(wrong, r); first < 0 {
				first, why = i, reason
			}
		}
		if first < 0 {
			return finding{}, false
		}
		return s.find(s.ResourceAt(first), "no resource of OSMO matches "+list(wrong, quote)+": "+why, "correct it, or delete it"), true
	})
}

// passed are the actions that nobody is refused, each with the reason.
var passed = map[string]string{
	"auth:Login":     "the gateway lets it past without asking",
	"auth:Refresh":   "the gateway lets it past without asking",
	"system:Version": "the gateway lets it past without asking",
	"mcp:Access":     "newer releases of 6.4 do not ask about it",
}

// findBypassedDenies leaves "*:*" alone, of which nobody expects that.
func findBypassedDenies(p *project) []finding {
	return p.visit(func(s statement) (finding, bool) {
		if !s.denies() || s.everything() {
			return finding{}, false
		}
		bypassed := slices.DeleteFunc(s.covers(p.known), func(a access.Action) bool { return passed[a.Name] == "" })
		if len(bypassed) == 0 {
			return finding{}, false
		}
		return s.find(s.actionAt(bypassed[0].Name),
			"a Deny of "+list(bypassed, name)+" has no effect: "+passed[bypassed[0].Name],
			"delete the action: nothing in a role refuses it"), true
	})
}
