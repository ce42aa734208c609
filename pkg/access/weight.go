package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
)

// Weight is how much harm a grant can do: the more, the larger, so that weights
// are compared as numbers. It is what plans are sorted by and what guardrails can
// be about. A grant that covers another never weighs less.
type Weight uint8

// The weights, each with the fact about OSMO that it rests on. They are the same
// for every version.
const (
	// Nothing is the weight of what grants nothing.
	Nothing Weight = iota
	// Reading shows something and changes nothing.
	Reading
	// Writing makes, changes or ends something: any verb but the few that
	// read, and any verb that is not known.
	Writing
	// WholeScope is anything on every pool, configuration or backend, or on
	// all but the exceptions that are named, today's and those to come. A
	// prefix of one character counts as much, and so do several of two
	// ([Crowds]): a few dozen of them are a wildcard that does not look like one.
	WholeScope
	// AdministratorByStep makes its holder an administrator by one request:
	//   - auth:Token on anybody's tokens. OSMO issues a token with all roles
	//     of the user it is for, an administrator's included, and does not
	//     ask who asked for it.
	//   - config:Update on config/role. Whoever may write roles may write
	//     "*:*" into their own.
	//   - config:Update on config/service. That configuration has the keys
	//     that logins are signed with, and a login says which roles it has.
	AdministratorByStep
	// Administrator reaches the requests that no action covers: users and
	// their roles, deletions of roles and pools, roll-backs of
	// configurations. Only "*:*" covers those, and then whatever resources
	// the policy lists: "*:*" on a pool that does not exist is enough.
	Administrator
)

// weightWords are the weights as JSON and project files write them.
var weightWords = []string{"nothing", "reading", "writing", "whole_scope", "administrator_by_step", "administrator"}

func (w Weight) String() string {
	if int(w) < len(weightWords) {
		return weightWords[w]
	}
	return "unknown"
}

// ParseWeight is the weight that String writes.
func ParseWeight(s string) (Weight, error) {
	if i := slices.Index(weightWords, s); i >= 0 {
		return Weight(i), nil
	}
	return Nothing, fmt.Errorf("a weight is one of %s", strings.Join(weightWords[1:], ", "))
}

// MarshalText implements [encoding.TextMarshaler].
func (w Weight) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (w *Weight) UnmarshalText(text []byte) (err error) {
	*w, err = ParseWeight(string(text))
	return err
}

// Heavy reports whether a reviewer must see it: an administrator, at once or by a
// step, or a wildcard over a whole scope.
func (w Weight) Heavy() bool { return w >= WholeScope }

// Weight is how much harm the grant can do.
func (g Grant) Weight() Weight {
	term, exceptActions := cutExceptions(g.Action)
	base, exceptResources := cutExceptions(g.Resource)
	actions := matchingActions([]string{term}) &^ matchingActions(exceptActions)
	if g.Resource == Everything {
		base = "*"
	}
	if actions == 0 {
		return Writing
	}
	var r reach
	r.add(pointOf(base), exceptResources)
	return r.weigh(actions)
}

// Heaviest is the largest weight among grants, and of what they are together.
func Heaviest(grants []Grant) Weight { return Scale{}.Heaviest(grants) }

// Scale remembers what it has weighed: thousands of subjects gain the same grants.
type Scale map[Grant]Weight

// Weight is the grant's.
func (s Scale) Weight(g Grant) Weight {
	w, known := s[g]
	if !known {
		w = g.Weight()
		s[g] = w
	}
	return w
}

// Heaviest is the function of this name.
func (s Scale) Heaviest(grants []Grant) (most Weight) {
	for _, g := range grants {
		most = max(most, s.Weight(g))
	}
	if most < WholeScope && len(Crowds(grants)) > 0 {
		return WholeScope
	}
	return most
}

// Bundle is grants of one action and one weight on resources of one scope.
type Bundle struct {
	Weight Weight
	// Action is empty where there are too many to tell them apart.
	Action string
	// Root is what the resources begin with, such as "pool/".
	Root      string
	Resources []string
}

// maxBundles is how many bundles keep their action.
const maxBundles = 32

// Heavy bundles the heavy ones of grants, the heaviest first. A subject may gain any
// number of grants; its bundles are few.
func (s Scale) Heavy(grants []Grant) []Bundle {
	var heavy []Grant
	for _, g := range grants {
		if s.Weight(g).Heavy() {
			heavy = append(heavy, g)
		}
	}
	slices.SortStableFunc(heavy, func(a, b Grant) int { return cmp.Compare(s.Weight(b), s.Weight(a)) })
	var out []Bundle
	index := map[bundleKey]int{}
	for _, g := range heavy {
		k := bundleKey{s.Weight(g), g.Action, rootOf(g.Resource)}
		if _, known := index[k]; !known && len(out) >= maxBundles {
			k.action = ""
		}
		i, known := index[k]
		if !known {
			i = len(out)
			index[k], out = i, append(out, Bundle{Weight: k.weight, Action: k.action, Root: k.root})
		}
		out[i].Resources = append(out[i].Resources, g.Resource)
	}
	return out
}

// bundleKey tells bundles apart.
type bundleKey struct {
	weight       Weight
	action, root string
}

// rootOf is a resource up to its first slash, or all of it.
func rootOf(resource string) string {
	scope, _, found := strings.Cut(resource, "/")
	if !found {
		return resource
	}
	return scope + "/"
}

// maxListed is how many resources or exceptions of a bundle are spelled out.
const maxListed = 8

// String is the bundle on one line: its action and its first resources, each with
// its first exceptions.
func (b Bundle) String() string {
	action := b.Action
	if action == "" {
		action = "further actions"
	}
	var list []string
	for _, r := range b.Resources[:min(len(b.Resources), maxListed)] {
		base, except := cutExceptions(r)
		if n := len(except) - maxListed; n > 0 {
			except = append(except[:maxListed:maxListed], fmt.Sprintf("and %d more", n))
		}
		list = append(list, spellExcept(base, except))
	}
	if n := len(b.Resources) - maxListed; n > 0 {
		list = append(list, fmt.Sprintf("and %d more below %s", n, b.Root))
	}
	if b.Resources[0] == "" {
		return action
	}
	return action + " on " + strings.Join(list, "; ")
}

// Crowd is a scope of which so many short prefixes are granted that together they
// come to a wildcard, though none of them is one.
type Crowd struct {
	// Root is what they all begin with, such as "pool/".
	Root string
	// Prefixes is how many there are.
	Prefixes int
}

// How many different prefixes below one root are a crowd: of two characters a few
// cover what a site is likely to have, and of any length so many are no list that
// somebody has written down for what there is.
const (
	manyPrefixes = 8
	mostPrefixes = 100
)

// Crowds are the crowds among grants, sorted by root.
func Crowds(grants []Grant) (out []Crowd) {
	var all, short [len(scopeRoots)]map[string]bool
	for _, g := range grants {
		if !strings.Contains(g.Resource, "*") {
			continue
		}
		base, _ := cutExceptions(g.Resource)
		i, length := prefixOf(pointOf(base))
		if length < 2 {
			continue
		}
		note(&all[i], base)
		if length == 2 {
			note(&short[i], base)
		}
	}
	for i := range all {
		if len(short[i]) >= manyPrefixes || len(all[i]) >= mostPrefixes {
			out = append(out, Crowd{scopeRoots[i], len(all[i])})
		}
	}
	return out
}

func note(set *map[string]bool, name string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[name] = true
}

// prefixOf tells in which area a point is everything that begins with something,
// and how many characters that has below the root; 0 is no such point.
func prefixOf(p point) (area, length int) {
	if !p.wide {
		return 0, 0
	}
	for i, root := range scopeRoots {
		if below, inside := strings.CutPrefix(p.text, root); inside {
			return i, letters(below)
		}
	}
	return 0, 0
}

// Weigh is the weight of what roles grant altogether, with [DefaultRole] among
// them. A holder of roles of weight [Administrator] is an administrator.
func (r *Rules) Weigh(roles []*model.Role) Weight { return Heaviest(r.Effective(roles)) }

// Weighed is a pattern of a policy and how much it says there.
type Weighed struct {
	Pattern string
	Weight  Weight
}

// WeighPolicy is how much a policy says, and each of its patterns within it, the
// heaviest first: what it grants where nothing else takes it away. A Deny weighs
// what it takes.
func WeighPolicy(p model.Policy) (w Weight, actions, resources []Weighed) {
	var all reach
	for _, r := range p.Resources {
		all.add(pointOf(r), nil)
	}
	set := matchingActions(p.Actions)
	for _, a := range p.Actions {
		actions = append(actions, Weighed{a, all.weigh(matchingActions([]string{a}))})
	}
	for _, r := range p.Resources {
		var one reach
		one.add(pointOf(r), nil)
		resources = append(resources, Weighed{r, one.weigh(set)})
	}
	if effectOf(&p) != "" {
		w = all.weigh(set)
	}
	for _, list := range [][]Weighed{actions, resources} {
		slices.SortStableFunc(list, func(a, b Weighed) int { return cmp.Compare(b.Weight, a.Weight) })
	}
	return w, actions, resources
}

// reach is what some resources amount to, as the actions that they matter to.
type reach struct {
	// touched can be used on some of the resources, whole on all there are of
	// their scope.
	touched, whole actionSet
	// seizing make an administrator on some of them.
	seizing actionSet
	// short counts the prefixes of two characters in each area.
	short, long [len(scopeRoots)]int
}

var (
	// readingActions show something and change nothing. A login and its
	// renewal give what the user has already.
	readingActions = setOf(func(a *Action) bool {
		_, verb, _ := strings.Cut(a.Name, ":")
		return slices.Contains([]string{"Health", "List", "Login", "Read", "Refresh", "Version"}, verb)
	})
	configUpdate = setOf(func(a *Action) bool { return a.Name == "config:Update" })
	// seizable are the configurations that make an administrator of whoever
	// may write them.
	seizable = []string{"config/role", "config/service"}
)

// add counts a pattern in, without what is excepted from it.
func (r *reach) add(p point, except []string) {
	for i := range areas {
		a := &areas[i]
		root := point{a.root, true}
		below, inside := strings.CutPrefix(p.text, a.root)
		covers := p.encloses(root)
		if !covers && !inside {
			continue
		}
		r.touched |= a.actions
		if covers || p.wide && letters(below) <= 1 {
			r.whole |= a.actions
		}
	}
	if i, length := prefixOf(p); length >= 2 {
		if r.long[i]++; length == 2 {
			r.short[i]++
		}
		if r.short[i] >= manyPrefixes || r.long[i] >= mostPrefixes {
			r.whole |= areas[i].actions
		}
	}
	if users := "user/"; p.encloses(point{users, true}) || strings.HasPrefix(p.text, users) {
		r.seizing |= ownTokens
	}
	for _, s := range seizable {
		if p.has(s) && !slices.ContainsFunc(except, func(e string) bool { return pointOf(e).has(s) }) {
			r.seizing |= configUpdate
		}
	}
}

// has reports whether the resource is the point or below it.
func (p point) has(resource string) bool {
	return p.text == resource || p.wide && strings.HasPrefix(resource, p.text)
}

// letters counts what a name is written with; one that grants percent-encode
// counts once.
func letters(s string) int { return len(s) - 2*strings.Count(s, "%") }

// weigh is the weight of actions on what is reached. Actions that have no
// resource are granted by any list.
func (r *reach) weigh(actions actionSet) Weight {
	used := actions & (r.touched | plainActions | webServer)
	switch {
	case actions&unregistered != 0:
		return Administrator
	case actions&r.seizing != 0:
		return AdministratorByStep
	case actions&r.whole != 0:
		return WholeScope
	case used&^readingActions != 0:
		return Writing
	case used != 0:
		return Reading
	}
	return Nothing
}

// cutExceptions takes apart what spellExcept wrote.
func cutExceptions(s string) (what string, except []string) {
	what, rest, found := strings.Cut(s, " except ")
	if found {
		except = strings.Split(rest, ", ")
	}
	return what, except
}
