package guard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// A rule of forbid is held against what all roles of somebody allow together, before
// and after the plan, so that it makes no difference over which roles and patterns
// something is spread. An account is judged by what it holds. A token, and each of its
// values that works on, is judged where it can do something of the kind that its account
// cannot: it may lack the role that denies. Else it goes with its account. What everybody
// has is judged once, as that role's.
//
// An account is meant by its name, its labels before or after the plan, and the name that
// it takes over from, so that nobody gets out of a rule by the change that breaks it.

// Warnings about rules.
const (
	// WarnForbidden is for access that a rule forbids and that was there before.
	WarnForbidden = "forbidden_access"
	// WarnExceptionEnded is for an exception that counts no more.
	WarnExceptionEnded = "exception_ended"
)

// breach is something that a rule forbids.
type breach struct {
	// subject is an account, a token, or the role that everybody has.
	subject model.Address
	// gained says what the plan adds; empty where that was there before.
	gained string
	// server names the only one on which it is so.
	server string
}

// meant tells whom rules are about.
type meant struct {
	Facts
	// before has the accounts that each takes over from.
	before map[string][]string
}

func newMeant(p *plan.Plan, f Facts) meant {
	m := meant{f, map[string][]string{}}
	for old, heir := range p.AccountHeirs(f.Declared, f.Applied) {
		m.before[heir] = append(m.before[heir], old)
	}
	return m
}

// match reports whether a rule is about an account.
func (m meant) match(s model.ForbidSubjects, name string) bool {
	var declared *model.Account
	if m.Declared != nil {
		declared = m.Declared.Accounts[name]
	}
	if m.Restored != nil {
		if a := m.Restored.Accounts[name]; a.Live() && s.Match(name, a.Labels) {
			return true
		}
	}
	for _, n := range append([]string{name}, m.before[name]...) {
		if a := m.Applied.Accounts[n]; a.Live() && s.Match(n, a.Labels) || declared != nil && s.Match(n, declared.Labels) {
			return true
		}
	}
	return false
}

// findBreaches holds everybody that a rule is about against it: each by what they have
// beyond everybody, and everybody, by the role that all have, at once.
func (j *judge) findBreaches(rule model.Forbid, m meant) (list []breach) {
	part, key := access.PartOf(rule.Actions, rule.Resources), keyOf(rule)
	found := map[model.Address]int{} // places in the list
	isMeant, anybody := false, false
	for _, h := range j.holders {
		isToken := h.subject.Kind == model.KindToken
		if !isToken {
			isMeant = m.match(rule.Subjects, h.subject.Name)
		}
		anybody = anybody || isMeant && !j.isEmpty(h.after)
		if !isMeant || j.isEmpty(h.after) || j.own(key, part, h.after).none() || isToken && j.gain(key, part, h.account, h.after).none() {
			continue
		}
		b := breach{subject: h.subject.Token()}
		if gained := j.gain(key, part, h.before, h.after); !gained.none() {
			b.gained, b.server = gained.words, j.nameServer(gained)
		}
		if i, known := found[b.subject]; !known {
			found[b.subject], list = len(list), append(list, b)
		} else if list[i].gained == "" {
			list[i] = b // Another value of the token.
		}
	}
	if has := j.gain(key, part, nobody, j.everybody(true)); anybody && !has.none() {
		b := breach{subject: model.RoleAddress(access.DefaultRole)}
		if gained := j.gain(key, part, j.everybody(false), j.everybody(true)); !gained.none() {
			b.gained, b.server = gained.words, j.nameServer(gained)
		}
		list = append(list, b)
	}
	return list
}

// keyOf tells rules apart by what they say of whom, whoever is excepted.
func keyOf(rule model.Forbid) string {
	rule.Except, rule.Reason = nil, ""
	key, _ := json.Marshal(rule) // It is made of texts.
	return string(key)
}

// checkForbid blocks what breaks a rule and did not before.
func checkForbid(in input) (list []plan.Blocked) {
	if in.judged == nil {
		return nil
	}
	for _, rule := range in.rails.Forbid {
		for _, b := range in.judged.breaches[keyOf(rule)] {
			lifted := model.ForbiddenSubject{Rule: rule.Name, Subject: b.subject}
			if b.gained == "" || rule.Excepts(b.subject, in.plan.Date) || slices.Contains(in.Allow.Forbidden, lifted) {
				continue
			}
			list = append(list, one(&b.subject, "--allow-forbidden "+lifted.String(), "would gain %s%s, which rule %s forbids: %s", b.gained, b.server, rule.Name, rule.Reason)...)
		}
	}
	return list
}

// warnForbid says what stands against a rule, and which exceptions have ended.
func warnForbid(in input) (list []plan.Warning) {
	for _, rule := range in.rails.Forbid {
		var stand []model.Address
		for _, b := range in.judged.breaches[keyOf(rule)] {
			switch {
			case b.gained != "" || rule.Excepts(b.subject, in.plan.Date):
			case b.subject.Kind == model.KindRole:
				list = append(list, plan.Warning{Code: WarnForbidden, Message: fmt.Sprintf("rule %s forbids what everybody can do already, by role %s (%s)", rule.Name, b.subject.Name, rule.Reason)})
			default:
				stand = append(stand, b.subject)
			}
		}
		if len(stand) > 0 {
			list = append(list, plan.Warning{Code: WarnForbidden, Message: fmt.Sprintf("rule %s forbids what %s: %s (%s)",
				rule.Name, model.Plural(len(stand), "account or token can do already", "accounts and tokens can do already"), nameFew(stand, "", ""), rule.Reason)})
		}
		for _, e := range rule.Except {
			if e.Until <= in.plan.Date {
				list = append(list, plan.Warning{Code: WarnExceptionEnded, Message: fmt.Sprintf("an exception from rule %s ended on %s: %s, of which %s is the owner; renew it or delete it",
					rule.Name, e.Until, nameFew(e.Subjects, "", ""), e.Owner)})
			}
		}
	}
	return list
}

// expectForbid says which exceptions end soon.
func expectForbid(in input) (list []plan.Upcoming) {
	for _, rule := range in.rails.Forbid {
		for _, e := range rule.Except {
			if e.Until > in.plan.Date && e.Until <= in.plan.Date.Add(plan.UpcomingDays) {
				for _, a := range e.Subjects {
					list = append(list, plan.Upcoming{Address: a, Event: plan.EventExceptionEnds, Date: e.Until})
				}
			}
		}
	}
	return list
}

// findLoosenedRule says how a rule lets more through than before: by what it forbids and
// not by how that is written. Where subjects cannot be compared it says that they may
// be fewer.
func findLoosenedRule(before, after *model.Forbid, p *plan.Plan) (words []string) {
	if before == nil {
		return nil
	}
	say := func(format string, args ...any) {
		words = append(words, "guardrail forbid is loosened: rule "+before.Name+" "+fmt.Sprintf(format, args...))
	}
	if after == nil {
		say("is removed")
		return words
	}
	if !after.Subjects.Includes(before.Subjects) {
		say("is for other subjects, which may be fewer: %s, was %s", subjectWords(after.Subjects), subjectWords(before.Subjects))
	}
	if let := findLetThrough(*before, *after, p.Server); len(let) > 0 {
		say("no longer forbids %s", spellGrants(let))
	}
	for _, e := range after.Except {
		for _, a := range e.Subjects {
			if old := lastException(*before, a); e.Until > old && e.Until > p.Date {
				say("excepts %s until %s, owned by %s: %s", a, e.Until, e.Owner, e.Reason)
			}
		}
	}
	return words
}

// findLetThrough is what a rule was about and another is not.
func findLetThrough(before, after model.Forbid, server model.Server) []access.Grant {
	allow := func(f model.Forbid) []*access.Compiled {
		resources := f.Resources
		if len(resources) == 0 {
			resources = []string{"*"}
		}
		return []*access.Compiled{
			access.Compile(&model.Role{Name: access.DefaultRole}),
			access.Compile(&model.Role{Policies: []model.Policy{{Effect: model.Allow, Actions: f.Actions, Resources: resources}}}),
		}
	}
	everything := allow(model.Forbid{Actions: []string{"*:*"}})
	let, _, _ := access.RulesOf(server)[0].GainWithin(allow(after), append(everything[1:], allow(after)...), access.PartOf(before.Actions, before.Resources),
		access.Work{Steps: model.DefaultLimits().AccessSteps, Bytes: maxGrants})
	return let
}

// lastException is the last day of what a rule excepts for a subject.
func lastException(rule model.Forbid, a model.Address) (until model.Date) {
	for _, e := range rule.Except {
		if e.Covers(a, e.Until-1) {
			until = max(until, e.Until)
		}
	}
	return until
}

func subjectWords(s model.ForbidSubjects) string {
	var words []string
	if len(s.Accounts) > 0 {
		words = append(words, strings.Join(s.Accounts, ", "))
	}
	for _, key := range model.Names(s.Labels) {
		words = append(words, key+"="+s.Labels[key])
	}
	if len(words) == 0 {
		return "all accounts"
	}
	return strings.Join(words, " with ")
}

// findReleased names accounts that a recorded rule was about by their labels and is not
// any more: what they gain from the next apply on it does not forbid.
func findReleased(p *plan.Plan, f Facts) (list []plan.Risk) {
	for _, rule := range f.Applied.Meta.Applied.Guardrails.Forbid {
		if len(rule.Subjects.Labels) == 0 {
			continue
		}
		for i := range p.Changes {
			c := &p.Changes[i]
			if c.Address.Kind == model.KindAccount && c.Before != nil && c.After != nil &&
				rule.Subjects.Match(c.Address.Name, c.Before.Labels) && !rule.Subjects.Match(c.Address.Name, c.After.Labels) {
				list = append(list, plan.NewRisk(plan.RiskGuardrailLoosened, &c.Address, "leaves rule "+rule.Name+" of guardrail forbid, by its labels"))
			}
		}
	}
	return list
}

// allRules are the rules of all sets of guardrails, each once.
func allRules(f Facts) (rules []model.Forbid) {
	said := map[string]bool{}
	for _, rails := range bothRails(f) {
		for _, rule := range rails.Forbid {
			if key := keyOf(rule); !said[key] {
				said[key] = true
				rules = append(rules, rule)
			}
		}
	}
	return rules
}
