package access

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Resolve tells what a request is in the words of policies: its action and its
// resource. Both are empty where no action covers the request; the resource
// alone is empty where the action has none. It is OSMO's own resolution, quirks
// included, without its database: a request about a workflow is on "pool/*"
// here, as it is there when the workflow's pool cannot be found.
func (rules *Rules) Resolve(method, path string) (action, resource string) {
	segments := splitPath(path)
	all := routes()
	for i := range all {
		if r := &all[i]; r.known&rules.known != 0 && r.matches(method, segments) {
			if len(segments) > 1 && segments[0] == "" {
				segments = segments[1:]
			}
			return r.action, resourceOf(r.action, segments)
		}
	}
	return "", ""
}

// splitPath is a path's segments as OSMO sees them; the first is empty.
func splitPath(path string) []string {
	// In this order: a slash before the query is not trailing to OSMO.
	path, _, _ = strings.Cut(strings.TrimSuffix(path, "/"), "?")
	return strings.Split(path, "/")
}

// route is one endpoint, ready for matching.
type route struct {
	action string
	// known is the action as a set.
	known    actionSet
	methods  []string
	segments []string
	// wildcard is the index of the first "*", or -1.
	wildcard int
	weight   int
}

// routes is every endpoint of the registry, the most specific first. Two routes
// of equal weight never match the same request, so their order is free.
var routes = sync.OnceValue(sortRoutes)

func sortRoutes() []route {
	var out []route
	for i, a := range registry {
		for _, e := range a.Endpoints {
			out = append(out, newRoute(a.Name, 1<<i, e))
		}
	}
	slices.SortStableFunc(out, func(a, b route) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.wildcard, a.wildcard))
	})
	return out
}

// newRoute weighs an endpoint as OSMO does: each fixed segment counts the more
// the earlier it stands, and a path without wildcards precedes all others.
func newRoute(action string, known actionSet, e Endpoint) route {
	r := route{action: action, known: known, methods: e.Methods, segments: strings.Split(e.Path, "/")}
	r.wildcard = slices.Index(r.segments, "*")
	for i, s := range r.segments {
		if s != "*" && s != "" {
			r.weight += 10 - i
		}
	}
	if r.wildcard < 0 {
		r.weight += 100
	}
	return r
}

func (r *route) matches(method string, path []string) bool {
	return r.matchesPath(path) && slices.ContainsFunc(r.methods, func(m string) bool {
		return m == "*" || strings.EqualFold(m, method)
	})
}

func (r *route) matchesPath(path []string) bool {
	fixed := len(r.segments)
	if r.segments[fixed-1] == "*" {
		fixed--
		if len(path) <= fixed {
			return false
		}
	} else if len(path) != fixed {
		return false
	}
	for i, s := range r.segments[:fixed] {
		if s != "*" && s != path[i] {
			return false
		}
	}
	return true
}

// resourceOf finds the resource of a request that resolved to action. Path has
// no leading empty segment.
func resourceOf(action string, path []string) string {
	service, verb, _ := strings.Cut(action, ":")
	switch service {
	case "dataset":
		if verb != "List" {
			return "bucket/" + segmentAfter(path, "bucket")
		}
	case "config":
		return "config/" + segmentAfter(path, "configs")
	case "internal":
		return "backend/" + segmentAfter(path, internalSegment[verb])
	case "auth":
		if hasPair(path, "auth", "user") {
			return "user/" + segmentAfter(path, "user")
		}
	case "workflow":
		return workflowResource(verb, path)
	}
	return ""
}

// internalSegment is the segment that precedes the resource of an internal
// action, by its verb.
var internalSegment = map[string]string{"Operator": "agent", "Logger": "logger", "Router": "router"}

func workflowResource(verb string, path []string) string {
	switch {
	case verb == "List":
		return ""
	case verb == "Create":
		return "pool/" + poolSegment(path)
	case entersWebServer(path):
		return ""
	}
	return "pool/*"
}

// poolSegment is the pool that a path names, or "*". A segment "workflow" is
// never taken for a pool.
func poolSegment(path []string) string {
	for i := 1; i < len(path); i++ {
		if path[i-1] == "pool" && path[i] != "" && path[i] != "workflow" {
			return path[i]
		}
	}
	return "*"
}

// entersWebServer reports whether the router leads a path to a web server
// rather than to a workflow: OSMO goes by whichever it meets first.
func entersWebServer(path []string) bool {
	for i := 1; i < len(path); i++ {
		if path[i-1] != "router" {
			continue
		}
		switch path[i] {
		case "webserver":
			return true
		case "exec", "portforward", "rsync":
			if i+1 < len(path) {
				return false
			}
		}
	}
	return false
}

// segmentAfter is the first non-empty segment that follows one named before, or
// "*".
func segmentAfter(path []string, before string) string {
	for i := 1; i < len(path); i++ {
		if path[i-1] == before && path[i] != "" {
			return path[i]
		}
	}
	return "*"
}

func hasPair(path []string, first, second string) bool {
	for i := 1; i < len(path); i++ {
		if path[i-1] == first && path[i] == second {
			return true
		}
	}
	return false
}
