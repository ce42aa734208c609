// Package lint finds what declarations say otherwise than their reader would think: a
// pool that is not enforced, a Deny that refuses more than it names, a description
// that promises less than the role grants.
//
// # Rules
//
// [Rules] is the table of them. Each has a stable code, a severity, a sentence, and a
// function that finds where it is broken. An error is what gives, or refuses, more than
// it says; a warning is what does nothing, or may surprise. All are decided by
// [access.Rules], those of the one server that the project is for, or of both
// modes, where it names none; what holds in one of them says in which.
//
// A rule has at most one finding about a statement. It stands at the pattern that it is
// about, so far as there is one.
//
// # Suppressions
//
// A comment directly above a role, an account or a statement, or the line that a finding
// points at, takes findings of one code away, with a reason:
//
//	# osmoctl:ignore admin_wildcard the break-glass role, kept in the safe
//
// It is about that line alone: a suppression of a role does not reach the statements
// that somebody adds to it. One without a reason, of no rule's code, or that
// suppresses nothing, is a finding itself, and such a finding cannot be suppressed.
//
// The package is pure.
package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/diag"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
)

// Rule is one row of the table.
type Rule struct {
	Code     string
	Severity diag.Severity
	// Says is what the rule finds, in one sentence without a full stop.
	Says string
	find func(*project) []finding
}

// Suppressed is a finding that a comment took away.
type Suppressed struct {
	diag.Diagnostic
	By model.Suppression
}

// Result is what a run found.
type Result struct {
	// Findings are sorted by place, at most a thousand of them.
	Findings diag.List
	// Suppressed are sorted in the same way.
	Suppressed []Suppressed
}

// Run holds declarations against every rule. Found is what reading them warned of: where
// a rule is about the same, its finding is made of that.
func Run(d *model.Declarations, found diag.List) Result {
	p := newProject(d, found)
	var all []finding
	for _, rule := range rules {
		for _, f := range rule.find(p) {
			f.Code, f.Severity = rule.Code, rule.Severity
			all = append(all, f)
		}
	}
	return suppress(withoutExplained(all), d.Suppressions)
}

// withoutExplained takes out that a statement changes nothing, where another finding says
// why.
func withoutExplained(all []finding) []finding {
	explained := map[diag.Position]bool{}
	for _, f := range all {
		if f.Code == "deny_not_enforced" || f.Code == "prefix_without_workflows" {
			explained[f.about] = true
		}
	}
	return slices.DeleteFunc(all, func(f finding) bool { return f.Code == "statement_without_effect" && explained[f.about] })
}

// finding is one, with the place that it is about as a whole: that of a statement, a role
// or an account.
type finding struct {
	diag.Diagnostic
	about diag.Position
}

// project is what rules look at.
type project struct {
	declared *model.Declarations
	found    diag.List
	book     rights.Book
	// roles are those declared, by their place.
	roles []*model.Role
	sides []side
	// known are the actions of the server, roots the scopes that they have, and sets
	// which of them a pattern covers.
	known []access.Action
	roots []string
	sets  map[string]actionSet
	// compiled has each declared role as it is declared, whatever the server.
	compiled map[*model.Role]*access.Compiled
	// idle has the statements without effect of the roles that were looked at.
	idle map[*model.Role]map[int]bool
	// left is how much more may be spent on comparing, and stopped the role at which
	// it was spent.
	left    int
	stopped *model.Role
}

// side is the project on one of the servers that it may be for.
type side struct {
	*access.Rules
	// inForce are all roles as they are there, and base has the one that everybody has
	// compiled.
	inForce map[string]*model.Role
	base    *access.Compiled
	// gained is what each declared role grants that not everybody has. It lacks the
	// roles that there was no room for.
	gained map[*model.Role][]access.Grant
}

func newProject(d *model.Declarations, found diag.List) *project {
	p := &project{
		declared: d, found: found, book: rights.Declared(d), left: maxSteps,
		sets: map[string]actionSet{}, compiled: map[*model.Role]*access.Compiled{}, idle: map[*model.Role]map[int]bool{},
	}
	p.known = access.RulesOf(d.Project.Server)[0].Actions()
	p.roots = rootsOf(p.known)
	for _, name := range model.Names(d.Roles) {
		role := d.Roles[name]
		if role.External {
			continue // What it says is its owner's business.
		}
		p.roles, p.compiled[role] = append(p.roles, role), access.Compile(role)
	}
	slices.SortStableFunc(p.roles, func(a, b *model.Role) int { return a.Origin.Compare(b.Origin) })
	for _, rules := range access.RulesOf(d.Project.Server) {
		s := side{Rules: rules, inForce: p.book.InForce(rules), gained: map[*model.Role][]access.Grant{}}
		s.base = access.Compile(s.inForce[access.DefaultRole])
		for _, role := range p.roles {
			before, own := []*access.Compiled{s.base}, p.compiled[role]
			if role.Name == access.DefaultRole {
				before, own = nil, s.base
			}
			if gained, _, ok := p.compare(rules, role, before, append(slices.Clip(before), own)); ok {
				s.gained[role] = gained
			}
		}
		p.sides = append(p.sides, s)
	}
	return p
}

// in says in which of the modes something holds: words that begin a sentence, empty where
// it holds in all that the project may be for.
func (p *project) in(holds func(side) bool) (words string, any bool) {
	n := 0
	for _, s := range p.sides {
		if holds(s) {
			n++
			words = "in " + s.Server().Mode.Words() + " "
		}
	}
	if n == len(p.sides) {
		words = ""
	}
	return words, n > 0
}

// statement is one policy of a declared role.
type statement struct {
	*model.Policy
	role  *model.Role
	index int
}

func (s statement) denies() bool { return s.Effect == model.Deny }

// find makes a finding about the statement, at the place of one of its patterns.
func (s statement) find(at diag.Position, summary, hint string, related ...diag.Related) finding {
	return finding{diag.Diagnostic{Summary: summary, Hint: hint, Pos: at, Related: related}, s.Origin}
}

// names reports whether a pattern covers an action.
func (s statement) names(action string) bool {
	return slices.ContainsFunc(s.Actions, func(pattern string) bool { return access.MatchesAction(pattern, action) })
}

// covers are the actions of the server that the statement's patterns cover.
func (s statement) covers(actions []access.Action) (out []access.Action) {
	for _, a := range actions {
		if s.names(a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// actionAt is the place of the first pattern that covers one of the actions.
func (s statement) actionAt(actions ...string) diag.Position {
	for i, pattern := range s.Actions {
		if slices.ContainsFunc(actions, func(a string) bool { return access.MatchesAction(pattern, a) }) {
			return s.ActionAt(i)
		}
	}
	return s.Origin
}

// everything reports whether a pattern covers requests without an action, and so all.
func (s statement) everything() bool { return s.names("") }

// visit asks find about every statement, in their order.
func (p *project) visit(find func(statement) (finding, bool)) (out []finding) {
	for _, role := range p.roles {
		for i := range role.Policies {
			s := statement{&role.Policies[i], role, i}
			if f, ok := find(s); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

// relatedTo is a second place, where it is one.
func relatedTo(pos diag.Position, message string) []diag.Related {
	if pos.File == "" {
		return nil
	}
	return []diag.Related{{Pos: pos, Message: message}}
}

// aboutRole makes a finding about a role as a whole.
func aboutRole(role *model.Role, summary, hint string, related ...diag.Related) finding {
	return finding{diag.Diagnostic{Summary: summary, Hint: hint, Pos: role.Origin, Related: related}, role.Origin}
}

// holders names who holds a role, in a sentence.
func holders(role *model.Role) string {
	if role.Name == access.DefaultRole {
		return "everybody"
	}
	return "whoever holds the role " + quote(role.Name)
}

// maxQuoted is how many characters of a foreign text a message repeats, and maxListed how
// many such texts.
const (
	maxQuoted = 80
	maxListed = 3
)

func quote(s string) string {
	if r := []rune(s); len(r) > maxQuoted {
		s = string(r[:maxQuoted]) + "…"
	}
	return strconv.Quote(s)
}

// list spells the first of some texts, each as said.
func list[T any](all []T, say func(T) string) string {
	var words []string
	for _, one := range all[:min(len(all), maxListed)] {
		words = append(words, say(one))
	}
	if n := len(all) - maxListed; n > 0 {
		words = append(words, strconv.Itoa(n)+" more")
	}
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " and " + words[n]
	}
	return strings.Join(words, "")
}

func name(a access.Action) string { return a.Name }
