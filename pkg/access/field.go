package access

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// actionSet is a set of actions by their index in the registry, and of
// [unregistered].
type actionSet uint64

// unregistered stands for all requests that no action covers. No policy can
// tell them apart.
var unregistered = actionSet(1) << len(registry)

// setOf collects the registered actions that ok picks.
func setOf(ok func(*Action) bool) actionSet {
	var set actionSet
	for i := range registry {
		if ok(&registry[i]) {
			set |= 1 << i
		}
	}
	return set
}

func (s actionSet) size() int { return bits.OnesCount64(uint64(s)) }

// matchingActions is what the patterns of one policy cover.
func matchingActions(patterns []string) actionSet {
	var set actionSet
	for _, p := range patterns {
		if matchAction(p, "") {
			set |= unregistered
		}
		set |= setOf(func(a *Action) bool { return matchAction(p, a.Name) })
	}
	return set
}

// area is the resources of one scope: everything that begins with root.
type area struct {
	root    string
	actions actionSet
	// services groups the actions for display.
	services []service
}

// service is the actions that one service has in an area.
type service struct {
	name    string
	actions actionSet
}

// scopeRoots are what the resources of each area begin with.
var scopeRoots = [...]string{"backend/", "bucket/", "config/", "pool/", "user/"}

// areas is every scope that has resources in any version, sorted by root.
var areas = []area{
	newArea(scopeRoots[0], Backend), newArea(scopeRoots[1], Bucket), newArea(scopeRoots[2], Config), newArea(scopeRoots[3], Pool),
	newArea(scopeRoots[4], UserOrGlobal),
}

func newArea(root string, s Scope) area {
	actions := setOf(func(a *Action) bool { return a.Scope == s })
	return area{root, actions, servicesOf(actions)}
}

func servicesOf(set actionSet) []service {
	var out []service
	for i := range registry {
		if set&(1<<i) == 0 {
			continue
		}
		name, _, _ := strings.Cut(registry[i].Name, ":")
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, service{name: name})
		}
		out[len(out)-1].actions |= 1 << i
	}
	return out
}

var (
	// ownTokens is auth:Token, which has no resource for one's own tokens and
	// user/ID for anybody's.
	ownTokens = setOf(func(a *Action) bool { return a.Scope == UserOrGlobal })
	// webServer is workflow:PortForward, which is on a pool everywhere but at
	// /api/router/webserver, where OSMO checks no resource.
	webServer = setOf(func(a *Action) bool { return a.Name == "workflow:PortForward" })
	// existingWorkflow is what is done to a workflow that is there.
	existingWorkflow = setOf(func(a *Action) bool { return a.Scope == Pool && a.Name != "workflow:Create" })
	// plainActions are those without a resource, and own tokens.
	plainActions = ownTokens | setOf(func(a *Action) bool { return a.Scope == Global })
)

// point is a place in an area: one resource or, if wide, every resource that
// begins with text and is not below a longer wide point nor a point itself.
type point struct {
	text string
	wide bool
}

// comparePoints puts a wide point before all that lies below it.
func comparePoints(a, b point) int {
	if c := cmp.Compare(a.text, b.text); c != 0 || a.wide == b.wide {
		return c
	}
	if a.wide {
		return -1
	}
	return 1
}

// pointOf is the place that a pattern is about.
func pointOf(pattern string) point {
	text, wide := strings.CutSuffix(pattern, "*")
	return point{text, wide}
}

// field is an area with every point at which some statements may differ from
// what they say around it. There are finitely many, since a pattern is either
// one resource or a prefix.
type field struct {
	area *area
	// points are sorted; the first is the area's root.
	points []point
	// around holds, for each point but the first, the index of the innermost
	// wide point that it is below.
	around []int
}

func newField(a *area, statements []statement) field {
	points := []point{{a.root, true}}
	for i := range statements {
		points = a.appendPoints(points, &statements[i])
	}
	return fieldOf(a, points)
}

// fieldOf makes a field of points, of which the first is the area's root.
func fieldOf(a *area, points []point) field {
	slices.SortFunc(points, comparePoints)
	points = slices.Compact(points)
	return field{a, points, enclosures(points)}
}

// appendPoints adds the points of s below the root.
func (a *area) appendPoints(points []point, s *statement) []point {
	if s.actions&a.actions == 0 {
		return points
	}
	for _, r := range s.resources {
		if p := pointOf(r); strings.HasPrefix(p.text, a.root) && p.text != a.root {
			points = append(points, p)
		}
	}
	return points
}

// enclosures finds what each point is below. Sorted points are like a table of
// contents: it is the point before, or something that that one is below.
func enclosures(points []point) []int {
	around := make([]int, len(points))
	for i := 1; i < len(points); i++ {
		j := i - 1
		for !points[j].encloses(points[i]) {
			j = around[j]
		}
		around[i] = j
	}
	return around
}

func (p point) encloses(q point) bool { return p.wide && strings.HasPrefix(q.text, p.text) }

// tallies collects what statements say at every point. Each statement counts at
// the points of its own patterns; what it says of a wide point is then handed down
// to the points below, so the work does not grow with how much a pattern covers.
// unnamed is what they say of the resource that OSMO cannot tell.
func (f field) tallies(statements []statement) (tallies []tally, unnamed tally) {
	tallies = make([]tally, len(f.points))
	for i := range statements {
		s := &statements[i]
		for _, r := range s.resources {
			if at, ok := f.find(pointOf(r)); ok {
				tallies[at].add(s)
			}
			if matchResource(r, f.area.root+"*") {
				unnamed.add(s)
			}
		}
	}
	for i := range tallies {
		tallies[i].merge(tallies[f.around[i]])
	}
	return tallies, unnamed
}

// find is the index of the point that p is in this field, the root where p
// encloses the whole area.
func (f field) find(p point) (index int, ok bool) {
	if p.encloses(f.points[0]) {
		return 0, true
	}
	return slices.BinarySearchFunc(f.points, p, comparePoints)
}
