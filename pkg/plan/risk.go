package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/rights"
	"github.com/osmoctl/osmoctl/pkg/state"
)

// Risk is what a reviewer must not miss, whatever else a plan holds. Every one
// follows from the rest of the plan and says it again in one line, so that a
// crowd of changes cannot hide it: views cut everything but these.
type Risk struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Address is what it is about; nil where that is the project as a whole.
	Address *model.Address `json:"address"`
	Message string         `json:"message"`
	// By is the policy that brings it; nil where it is not one.
	By *access.Cause `json:"by,omitempty"`
}

// Severity is how grave a risk is.
type Severity string

// The severities, the graver first.
const (
	// Critical risks hand over the server, the state or the values.
	Critical Severity = "critical"
	// High risks take down a defence, or harm what is in use.
	High Severity = "high"
)

// The codes of risks, the gravest first. The plan lists them in this order.
const (
	// RiskAdministrator and RiskAdministratorByStep: a subject, or whoever
	// holds a role, gains a grant of [access.Administrator] or of
	// [access.AdministratorByStep].
	RiskAdministrator       = "administrator"
	RiskAdministratorByStep = "administrator_by_step"
	// RiskEverybodyGains: OSMO's default role, which everybody has, grants more.
	RiskEverybodyGains = "everybody_gains"
	// RiskStateMoved: a git setting is another, so state is looked for elsewhere.
	RiskStateMoved = "state_moved"
	// RiskKeyChanged: another key stands under a name than at the last apply.
	RiskKeyChanged = "recipient_key_changed"
	// RiskBackendChanged: values are issued by something else.
	RiskBackendChanged = "backend_changed"
	// RiskGuardrailLifted: an approval lets the plan through a guardrail.
	RiskGuardrailLifted = "guardrail_lifted"
	// RiskProtectionLifted: an account is no longer protected from the next apply on.
	RiskProtectionLifted = "protection_lifted"
	// RiskGuardrailLoosened: a guardrail is weaker from the next apply on.
	RiskGuardrailLoosened = "guardrail_loosened"
	// RiskServerChanged: the project says that it is for another OSMO server.
	RiskServerChanged = "osmo_server_changed"
	// RiskWholeScope: a grant of [access.WholeScope] is gained.
	RiskWholeScope = "whole_scope"
	// RiskIdentityProvider: people come by a heavy role through their login.
	RiskIdentityProvider = "identity_provider"
	// RiskDeletesInUse: what is deleted has live values or holders.
	RiskDeletesInUse = "deletes_in_use"
	// RiskLosesRoles: a value lives on and can do nothing any more.
	RiskLosesRoles = "loses_all_roles"
	// RiskOverlapCut: a replaced value lives on and can do less than before.
	RiskOverlapCut = "overlap_cut"
)

// riskOrder has every code with its severity, the gravest first.
var riskOrder = []struct {
	code     string
	severity Severity
}{
	{RiskAdministrator, Critical},
	{RiskAdministratorByStep, Critical},
	{RiskEverybodyGains, Critical},
	{RiskStateMoved, Critical},
	{RiskKeyChanged, Critical},
	{RiskBackendChanged, Critical},
	{RiskGuardrailLifted, High},
	{RiskProtectionLifted, High},
	{RiskGuardrailLoosened, High},
	{RiskServerChanged, High},
	{RiskWholeScope, High},
	{RiskIdentityProvider, High},
	{RiskDeletesInUse, High},
	{RiskLosesRoles, High},
	{RiskOverlapCut, High},
}

// riskRank is the place of a code in [riskOrder].
var riskRank = rankRisks()

func rankRisks() map[string]int {
	ranks := make(map[string]int, len(riskOrder))
	for i, r := range riskOrder {
		ranks[r.code] = i
	}
	return ranks
}

// riskList collects risks.
type riskList struct {
	list []Risk
	// within is the room of the plan which the risks are part of; nil is
	// without bound.
	within *room
}

// NewRisk is a risk of a code, with the severity that the code has.
func NewRisk(code string, a *model.Address, message string) Risk {
	return Risk{Code: code, Severity: riskOrder[riskRank[code]].severity, Address: a, Message: message}
}

// AddRisks puts risks in their place among those of the plan.
func (p *Plan) AddRisks(list []Risk) {
	if len(list) == 0 {
		return
	}
	all := riskList{list: append(slices.Clone(p.Risks), list...)}
	p.Risks = all.sort()
}

func (r *riskList) note(code string, a *model.Address, format string, args ...any) {
	r.put(NewRisk(code, a, fmt.Sprintf(format, args...)))
}

func (r *riskList) put(risk Risk) {
	size := entryFrame + len(risk.Message)
	if c := risk.By; c != nil {
		size += entryFrame + len(c.Role) + len(c.Action) + len(c.Resource) + len(c.Place.File)
	}
	if r.within == nil || r.within.take(size) {
		r.list = append(r.list, risk)
	}
}

// sort puts the gravest first and the same about several beside each other.
func (r *riskList) sort() []Risk {
	slices.SortStableFunc(r.list, func(a, b Risk) int {
		if c := cmp.Or(riskRank[a.Code]-riskRank[b.Code], cmp.Compare(a.Message, b.Message)); c != 0 || a.Address == nil || b.Address == nil {
			return c
		}
		return a.Address.Compare(*b.Address)
	})
	return orEmpty(r.list)
}

// findRisks reads the risks off a plan that is complete otherwise, while there is
// room for them.
func findRisks(p *Plan, b basis, servers comparers, within *room) []Risk {
	s := riskSearch{
		riskList: riskList{within: within}, basis: b, servers: servers, plan: p,
		scale: access.Scale{}, said: map[gainKey][]Risk{}, qualified: map[qualified]string{}, retires: lastDays(p), holders: rights.Applied(b.have, b.today).Holders(findChangedRoles(p)...), cut: map[string]bool{},
	}
	for i := 0; i < len(p.Access); {
		i += s.noteSubject(p.Access[i:])
	}
	for i := range p.Changes {
		s.noteChange(&p.Changes[i])
	}
	s.findSettings()
	s.findLostRoles()
	return s.sort()
}

// riskSearch is one search for risks.
type riskSearch struct {
	riskList
	basis
	servers comparers
	plan    *Plan
	scale   access.Scale
	// said remembers what is said of lists of grants, and cut which sets of roles
	// allow less than others.
	said map[gainKey][]Risk
	cut  map[string]bool
	// qualified remembers sentences that name a server.
	qualified map[qualified]string
	// holders are the accounts that hold a changed role before the plan.
	holders map[string][]string
	// retires has the last day of each generation that the plan replaces.
	retires map[model.Address]model.Date
}

// gainWords says of each weight what somebody who gains a grant comes by.
type gainWords map[access.Weight]string

var (
	subjectWords = gainWords{
		access.Administrator:       "becomes an administrator at once: gains %s",
		access.AdministratorByStep: "can make itself an administrator: gains %s",
		access.WholeScope:          "gains a wildcard over a whole scope: %s",
	}
	roleWords = gainWords{
		access.Administrator:       "makes an administrator of whoever holds it: grants %s",
		access.AdministratorByStep: "lets whoever holds it become an administrator: grants %s",
		access.WholeScope:          "grants a wildcard over a whole scope: %s",
	}
	gainCodes = map[access.Weight]string{
		access.Administrator: RiskAdministrator, access.AdministratorByStep: RiskAdministratorByStep, access.WholeScope: RiskWholeScope,
	}
)

// noteSubject names what the subject of the first entries gains, and returns how many
// entries are about it: one, or one for each server.
func (s *riskSearch) noteSubject(entries []Access) (n int) {
	a := entries[0].Subject
	byServer := make([][]Risk, len(s.servers))
	for ; n < len(entries) && entries[n].Subject == a; n++ {
		list := s.findGains(entries[n].Gained, subjectWords, s.serverOf(entries[n]), a)
		if a.Kind == model.KindRole {
			var everybody riskList
			for _, g := range entries[n].Gained {
				everybody.note(RiskEverybodyGains, nil, "everybody has this role and gains %s", grantWords([]access.Grant{g}))
			}
			list = everybody.list
		}
		for i, r := range s.servers {
			if at := entries[n].Server; at == nil || *at == r.rules.Server() {
				byServer[i] = list
			}
		}
	}
	s.noteEverywhere(a, byServer)
	return n
}

// noteEverywhere puts the risks that each server's rules bring: once where all agree,
// else with the server that it is true of.
func (s *riskSearch) noteEverywhere(a model.Address, byServer [][]Risk) {
	same := func(r Risk) func(Risk) bool {
		return func(o Risk) bool { return o.Code == r.Code && o.Message == r.Message }
	}
	for i, list := range byServer {
		for _, r := range list {
			general := !slices.ContainsFunc(byServer, func(other []Risk) bool { return !slices.ContainsFunc(other, same(r)) })
			if general && i > 0 {
				continue
			}
			if r.Address = &a; !general {
				r.Message = s.qualify(r.Message, i)
			}
			s.put(r)
		}
	}
}

// qualify adds to what is said of one server which one that is. 100,000 subjects share
// a handful of sentences.
func (s *riskSearch) qualify(message string, server int) string {
	key := qualified{message, server}
	whole, known := s.qualified[key]
	if !known {
		whole = message + ", in " + s.servers.nameServer(server)
		s.qualified[key] = whole
	}
	return whole
}

// qualified is a sentence about one of the servers that a plan answers for.
type qualified struct {
	message string
	server  int
}

// findGains names what is heavy, each action on each scope by itself, so that none stands
// behind another.
func (s *riskSearch) findGains(gained []access.Grant, words gainWords, on *comparer, subject model.Address) []Risk {
	if len(gained) == 0 {
		return nil
	}
	key := gainKey{&gained[0], words[access.Administrator]}
	list, known := s.said[key]
	if !known {
		list = s.describeGains(gained, words, on, subject)
		s.said[key] = list
	}
	return list
}

// gainKey tells lists of grants apart. Subjects that gain the same share one list.
type gainKey struct {
	first *access.Grant
	words string
}

func (s *riskSearch) describeGains(gained []access.Grant, words gainWords, on *comparer, subject model.Address) []Risk {
	var found riskList
	after := on.rules.Roles(pick(on.after, append(s.carried(subject), access.DefaultRole)))
	for _, b := range s.scale.Heavy(gained) {
		risk := NewRisk(gainCodes[b.Weight], nil, fmt.Sprintf(words[b.Weight], b))
		if b.Action != "" {
			request := on.rules.Witness(access.Grant{Action: b.Action, Resource: b.Resources[0]})
			if d := after.Check(request.Action, request.Resource); d.Allowed {
				risk.By = after.CauseOf(d.By)
			}
		}
		found.put(risk)
	}
	for _, c := range access.Crowds(gained) {
		found.note(RiskWholeScope, nil, words[access.WholeScope], fmt.Sprintf("%d prefixes of two characters below %s", c.Prefixes, c.Root))
	}
	return found.list
}

// serverOf is the server that an entry is true of, the first where it is of all.
func (s *riskSearch) serverOf(a Access) *comparer {
	i := slices.IndexFunc(s.servers, func(r *comparer) bool { return a.Server == nil || *a.Server == r.rules.Server() })
	return s.servers[max(i, 0)]
}

// carried are the roles that a subject holds once the plan is applied.
func (s *riskSearch) carried(subject model.Address) []string {
	if s.want != nil {
		if roles := rights.Declared(s.want).Roles(subject); roles != nil {
			return slices.Clone(roles)
		}
	}
	return slices.Clone(rights.Applied(s.have, s.today).Roles(subject))
}

func (s *riskSearch) noteChange(c *Change) {
	switch c.Address.Kind {
	case model.KindRole:
		s.noteRole(c)
	case model.KindAccount:
		s.noteAccount(c)
	case model.KindToken:
		if t := s.findApplied(c.Address); c.Action == Delete && !c.Due && s.countLive(t) > 0 {
			s.note(RiskDeletesInUse, &c.Address, "is deleted with %s", model.Plural(s.countLive(t), "live value", "live values"))
		}
	}
}

func (s *riskSearch) noteAccount(c *Change) {
	switch {
	case c.Action == Update && c.Before.Protect && !c.After.Protect:
		s.note(RiskProtectionLifted, &c.Address, "is no longer protected from the next apply on")
	case c.Action == Delete && !c.Due:
		n := 0
		for _, t := range s.have.Accounts[c.Address.Name].Tokens {
			n += s.countLive(t)
		}
		if n > 0 {
			s.note(RiskDeletesInUse, &c.Address, "is deleted with %s", model.Plural(n, "live value", "live values"))
		}
	}
}

// countLive counts the values of a token that work.
func (s *riskSearch) countLive(t *state.Token) (n int) {
	if !t.Live() {
		return 0
	}
	for i := range t.Generations {
		if t.Generations[i].Status(s.today) != state.Expired {
			n++
		}
	}
	return n
}

func (s *riskSearch) noteRole(c *Change) {
	name := c.Address.Name
	switch c.Action {
	case Delete:
		if n := len(s.holders[name]); n > 0 && !c.Due {
			s.note(RiskDeletesInUse, &c.Address, "is deleted while %s it", model.Plural(n, "account holds", "accounts hold"))
		}
	case Create, Adopt, Update:
		s.noteGrants(c)
	}
}

// noteGrants names what comes by a role that is new or changed. What everybody has
// is an entry of the access section, so it was named with those.
func (s *riskSearch) noteGrants(c *Change) {
	name := c.Address.Name
	byServer := make([][]Risk, len(s.servers))
	for i, r := range s.servers {
		var found riskList
		before, after := pick(r.before, []string{name}), pick(r.after, []string{name})
		var everybody []*model.Role
		if name != access.DefaultRole {
			everybody = pick(r.after, []string{access.DefaultRole})
			before, after = append(before, everybody...), append(after, everybody...)
		}
		gained, lost := r.rules.Diff(before, after)
		if name != access.DefaultRole {
			found.list = slices.Clone(s.findGains(gained, roleWords, r, c.Address))
		}
		granted, _ := r.rules.Diff(everybody, after)
		if n := len(s.holders[name]); n > 0 && len(lost) > 0 && len(granted) == 0 {
			found.note(RiskLosesRoles, nil, "grants nothing any more, and %s it", model.Plural(n, "account holds", "accounts hold"))
		}
		found.noteLogins(c, access.Heaviest(granted), access.Heaviest(gained).Heavy())
		byServer[i] = found.list
	}
	s.noteEverywhere(c.Address, byServer)
}

// findChangedRoles are the roles that a plan creates, changes or ends.
func findChangedRoles(p *Plan) (names []string) {
	for i := range p.Changes {
		if a := p.Changes[i].Address; a.Kind == model.KindRole {
			names = append(names, a.Name)
		}
	}
	return names
}

// lastDays has the last day of each generation that a plan replaces.
func lastDays(p *Plan) map[model.Address]model.Date {
	days := map[model.Address]model.Date{}
	for i := range p.Changes {
		if r := p.Changes[i].Resolved; r != nil && r.Replaces > 0 {
			days[p.Changes[i].Address.At(r.Replaces)] = r.RevokeAfter
		}
	}
	return days
}

// noteLogins names the groups of an identity provider whose people come by a role, or by
// what it has become. A role that is not heavy matters where everybody gets it.
func (r *riskList) noteLogins(c *Change, w access.Weight, becomes bool) {
	groups := c.After.ExternalRoles
	if c.Before != nil && !becomes {
		if c.Before.SyncMode == model.SyncIgnore && c.After.SyncMode != model.SyncIgnore && w.Heavy() {
			r.note(RiskIdentityProvider, nil, "grants %s, and is given at login again", weightWords[w])
		}
		groups = minus(groups, c.Before.ExternalRoles)
	}
	for _, group := range groups {
		switch {
		case group == c.Address.Name && access.IsBuiltin(group):
			// OSMO's own mapping, and a claim of that name gives the role anyway.
		case group == access.DefaultRole:
			r.note(RiskIdentityProvider, nil, "is given to everybody who logs in, by external role %s", group)
		case w.Heavy():
			r.note(RiskIdentityProvider, nil, "grants %s, and is given at login to whoever has external role %s", weightWords[w], group)
		}
	}
}

var weightWords = map[access.Weight]string{
	access.Administrator: "an administrator's access", access.AdministratorByStep: "what makes an administrator by a step", access.WholeScope: "a wildcard over a whole scope",
}

// findLostRoles names the values that live on and carry no role any more. Whoever
// uses one is locked out by a plan that neither deletes nor revokes anything.
func (s *riskSearch) findLostRoles() {
	ended, left, gone := map[model.Address]bool{}, map[string][]string{}, map[string]bool{}
	for i := range s.plan.Changes {
		switch c := &s.plan.Changes[i]; {
		case c.Action == Revoke, c.Action == Delete && c.Address.Kind != model.KindRole:
			ended[c.Address] = true
		case c.Address.Kind == model.KindAccount && c.Action == Update && len(minus(c.Before.Roles, c.After.Roles)) > 0:
			left[c.Address.Name] = c.After.Roles
		case c.Action == Delete:
			gone[c.Address.Name] = true
		}
	}
	if len(gone) > 0 {
		for name, a := range s.have.Accounts {
			if _, changed := left[name]; a.Live() && !changed && slices.ContainsFunc(a.Grants, func(g state.Grant) bool { return gone[g.Role] }) {
				left[name] = a.Roles()
			}
		}
	}
	for _, name := range model.Names(left) {
		roles := slices.DeleteFunc(slices.Clone(left[name]), func(r string) bool { return gone[r] })
		if !ended[model.AccountAddress(name)] {
			s.findEmptied(name, roles, ended)
		}
	}
}

// findEmptied names the values of an account that none of its remaining roles is for,
// and those in an overlap that can do less from now on.
func (s *riskSearch) findEmptied(account string, roles []string, ended map[model.Address]bool) {
	tokens := s.have.Accounts[account].Tokens
	for _, name := range model.Names(tokens) {
		a := model.TokenAddress(account, name)
		if !tokens[name].Live() || ended[a] {
			continue
		}
		for i := range tokens[name].Generations {
			g := &tokens[name].Generations[i]
			if at := a.At(g.Number); g.Status(s.today) != state.Expired && !ended[at] {
				s.noteOverlap(at, g, roles)
			}
		}
	}
}
