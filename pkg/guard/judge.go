package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// judged is what the guardrails about access found, whatever of it is lifted.
type judged struct {
	administrators administrators
	// breaches are those of each rule, by [keyOf].
	breaches map[string][]breach
}

// judge asks what sets of roles come to, each set once on each server: how long that
// takes does not depend on how many accounts there are.
type judge struct {
	holders []holder
	servers []plan.ServerRoles
	// sets are the distinct sets of roles, and numbers their places.
	sets    [][]string
	numbers map[string]int
	answers map[question]bool
	gained  map[comparison]gains
	// left is how many steps may still be taken; it falls below 0 where that was not
	// enough.
	left int
}

// side is a set of roles, as they are before or after the plan.
type side struct {
	set   int
	after bool
}

// nobody is the side of who has not even what everybody has.
var nobody = side{set: -1}

// holder is who holds which sets of roles.
type holder struct {
	subject       model.Address
	before, after side
	// accountBefore and account are those of a token's account.
	accountBefore, account side
}

func newJudge(h *plan.Holdings, l model.Limits) *judge {
	j := &judge{
		servers: h.Servers, numbers: map[string]int{}, answers: map[question]bool{}, gained: map[comparison]gains{},
		left: l.OrDefault().AccessSteps,
	}
	var account holder
	for _, one := range h.List {
		next := holder{subject: one.Subject, before: j.number(one.Before, false), after: j.number(one.After, true)}
		if one.Subject.Kind == model.KindAccount {
			account = next
		} else {
			next.accountBefore, next.account = account.before, account.after
		}
		j.holders = append(j.holders, next)
	}
	return j
}

// number is the place of a set of roles, which are listed in one order.
func (j *judge) number(names []string, after bool) side {
	key := strings.Join(names, "\n")
	n, known := j.numbers[key]
	if !known {
		n = len(j.sets)
		j.numbers[key], j.sets = n, append(j.sets, names)
	}
	return side{n, after}
}

// isEmpty reports whether nobody holds anything on a side.
func (j *judge) isEmpty(s side) bool { return len(j.sets[s.set]) == 0 }

// singles are the roles of a side one by one. What none of several roles allows alone
// they do not allow together either, since a Deny only takes; so most sets need not be
// asked at all.
func (j *judge) singles(s side) (list []side) {
	if s == nobody || len(j.sets[s.set]) < 2 {
		return nil
	}
	for _, name := range j.sets[s.set] {
		list = append(list, j.number([]string{name}, s.after))
	}
	return list
}

// compile are the roles of a side, on a server, with the one that everybody has.
func (j *judge) compile(server int, s side) []*access.Compiled {
	if s == nobody {
		return []*access.Compiled{access.Compile(&model.Role{Name: access.DefaultRole})}
	}
	return j.servers[server].Compile(j.sets[s.set], s.after)
}

// judgeAccess finds out what the guardrails about access have to say of a plan; nil is
// that there are none. It reports false where that would take too long.
func judgeAccess(p *plan.Plan, f Facts) (*judged, bool) {
	if p.Holdings == nil {
		return nil, true
	}
	j := newJudge(p.Holdings, f.Limits)
	found := &judged{administrators: j.findAdministrators(), breaches: map[string][]breach{}}
	m := newMeant(p, f)
	for _, rule := range allRules(f) {
		found.breaches[keyOf(rule)] = j.findBreaches(rule, m)
	}
	return found, j.left >= 0
}

// maxGrants bounds what one question may have written down, in bytes.
const maxGrants = 64 << 20

// question is one that was asked of a set of roles.
type question struct {
	server int
	of     side
	// beyond is what is left out of the answer.
	beyond side
}

// administers reports whether what a side has beyond another makes an administrator on
// a server.
func (j *judge) administers(server int, of, beyond side) bool {
	q := question{server, of, beyond}
	is, known := j.answers[q]
	if known || j.left < 0 {
		return is
	}
	if singles := j.singles(of); len(singles) > 0 && !slices.ContainsFunc(singles, func(s side) bool { return j.administers(server, s, beyond) }) {
		j.answers[q] = false
		return false
	}
	gained, _, used, ok := j.servers[server].Rules.DiffCompiled(j.compile(server, beyond), j.compile(server, of), access.Work{Steps: j.left, Bytes: maxGrants})
	if j.left -= used.Steps; !ok {
		j.left = -1
		return false
	}
	is = access.Heaviest(gained) >= access.AdministratorByStep
	j.answers[q] = is
	return is
}

// comparison is one of two sides, within a rule's part.
type comparison struct {
	rule          string
	before, after side
}

// gains is what moving from one side to another brings of what a rule is about, on some
// of the servers.
type gains struct {
	words string
	on    []int
}

func (g gains) none() bool { return len(g.on) == 0 }

// everybody is the side of who holds nothing but what everybody has.
func (j *judge) everybody(after bool) side { return j.number(nil, after) }

// own is what of a rule's part a side allows beyond what everybody has.
func (j *judge) own(rule string, part *access.Part, s side) gains {
	everybody := j.everybody(s.after)
	c := comparison{rule, everybody, s}
	if _, known := j.gained[c]; !known {
		if singles := j.singles(s); len(singles) > 0 && !slices.ContainsFunc(singles, func(s side) bool { return !j.gain(rule, part, everybody, s).none() }) {
			j.gained[c] = gains{}
		}
	}
	return j.gain(rule, part, everybody, s)
}

// gain is asked once of any two sides.
func (j *judge) gain(rule string, part *access.Part, before, after side) gains {
	c := comparison{rule, before, after}
	g, known := j.gained[c]
	if known || j.left < 0 {
		return g
	}
	for i, server := range j.servers {
		list, used, ok := server.Rules.GainWithin(j.compile(i, before), j.compile(i, after), part, access.Work{Steps: j.left, Bytes: maxGrants})
		if j.left -= used.Steps; !ok {
			j.left = -1
			return gains{}
		}
		if len(list) == 0 {
			continue
		}
		if g.on = append(g.on, i); g.words == "" {
			g.words = spellGrants(list)
		}
	}
	j.gained[c] = g
	return g
}

// nameServer names the server on which something is found; empty where that is all.
func (j *judge) nameServer(g gains) string {
	if len(g.on) == len(j.servers) {
		return ""
	}
	return ", in " + j.servers[g.on[0]].Words
}

// maxSpelled is how many grants a sentence spells out.
const maxSpelled = 4

func spellGrants(list []access.Grant) string {
	var words []string
	for _, g := range list[:min(len(list), maxSpelled)] {
		words = append(words, access.Bundle{Action: g.Action, Root: g.Resource, Resources: []string{g.Resource}}.String())
	}
	if rest := len(list) - maxSpelled; rest > 0 {
		words = append(words, fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(words, ", ")
}
