package access

import (
	"net/url"
	"slices"
	"strings"
)

// Request is one request, as policies see it and as it is sent.
type Request struct {
	// Action and Resource are what it resolves to. A workflow's pool is named here
	// although no path has it: a server with a database looks it up.
	Action, Resource string
	// Method and Path are one of the ways to send it; empty where no path of OSMO has
	// the resource.
	Method, Path string
}

// Witness is a request that a grant covers: whoever doubts a difference can send it.
// For a grant of many actions it is the gravest of them.
func (r *Rules) Witness(g Grant) Request {
	term, exceptActions := cutExceptions(g.Action)
	base, exceptResources := cutExceptions(g.Resource)
	if g.Resource == Unregistered {
		first := unregisteredRequests[1]
		return Request{Method: first.Methods[0], Path: first.Path}
	}
	if g.Resource == Everything {
		base = "*"
	}
	actions := matchingActions([]string{term}) &^ matchingActions(exceptActions) & r.known
	best, weight := Request{}, Nothing
	for i := range registry {
		if actions&(1<<i) == 0 {
			continue
		}
		for _, resource := range sampleResources(&registry[i], base, exceptResources) {
			w := Grant{registry[i].Name, resource}.Weight()
			if best.Action != "" && w <= weight && (w < weight || best.Method != "") {
				continue
			}
			best, weight = Request{Action: registry[i].Name, Resource: resource}, w
			best.Method, best.Path = r.spellRequest(best.Action, best.Resource)
		}
	}
	return best
}

// sampleNames are what resources may be called of which a pattern leaves the name open,
// by scope: those first that matter most, or that paths of OSMO have.
var sampleNames = map[Scope][]string{
	Backend: {"listener", "worker", "workflow", "router"},
	Config:  {"role", "service"},
}

var otherNames = []string{"example", "another", "yet-another"}

// sampleResources are resources of an action that a spelled pattern covers, without what
// is excepted.
func sampleResources(a *Action, base string, except []string) (out []string) {
	root := a.Scope.Root()
	if base == "" || base == "*" && root == "" {
		return []string{""}
	}
	if root == "" {
		return nil
	}
	if base == root+"?" {
		return []string{root + "*"}
	}
	name, err := url.PathUnescape(strings.TrimSuffix(base, "*"))
	if err != nil || !strings.HasPrefix(name, root) && !strings.HasPrefix(root, name) {
		return nil
	}
	if !strings.HasSuffix(base, "*") {
		return []string{name}
	}
	excepted := func(resource string) bool {
		return slices.ContainsFunc(except, func(e string) bool {
			text, _ := url.PathUnescape(strings.TrimSuffix(e, "*"))
			return point{text, strings.HasSuffix(e, "*")}.has(resource)
		})
	}
	if len(name) < len(root) {
		name = root
	}
	for _, sample := range slices.Concat(sampleNames[a.Scope], otherNames, []string{unlikeAny(name, except)}) {
		resource := name + sample
		if strings.HasPrefix(root+sample, name) {
			resource = root + sample
		}
		if !excepted(resource) {
			out = append(out, resource)
		}
	}
	return out
}

// unlikeAny is a name that no exception below the prefix begins like.
func unlikeAny(prefix string, except []string) string {
	taken := map[byte]bool{}
	for _, e := range except {
		text, _ := url.PathUnescape(e)
		if rest, below := strings.CutPrefix(text, prefix); below && rest != "" {
			taken[rest[0]] = true
		}
	}
	for _, c := range []byte("xyzqjkvwabcdefghilmnoprstuABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
		if !taken[c] {
			return string(c)
		}
	}
	return "x"
}

// spellRequest is a method and a path that resolve to an action on a resource.
func (r *Rules) spellRequest(action, resource string) (method, path string) {
	_, name, _ := strings.Cut(resource, "/")
	for i := range registry {
		if registry[i].Name != action {
			continue
		}
		for _, e := range registry[i].Endpoints {
			method = e.Methods[0]
			if method == "*" {
				method = "GET"
			}
			path = fillPath(e.Path, name)
			if a, on := r.Resolve(method, path); a == action && (on == resource || on == "pool/*" && strings.HasPrefix(resource, "pool/")) {
				return method, path
			}
		}
	}
	return "", ""
}

// fillPath puts the resource's name into a path where the path has it, and names of the
// kind that is wanted elsewhere.
func fillPath(path, name string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "*" {
			continue
		}
		switch segments[i-1] {
		case "pool", "configs", "bucket", "user", "router":
			segments[i] = url.PathEscape(name)
		case "workflow", "exec", "portforward", "rsync", "webserver":
			segments[i] = "WORKFLOW"
		default:
			segments[i] = "NAME"
		}
	}
	return strings.Join(segments, "/")
}
