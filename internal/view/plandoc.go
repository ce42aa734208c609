package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/access"
	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
)

// How much of a plan people are shown.
const (
	maxChanges = 200 // changes
	maxItems   = 50  // items of any other section
	maxNames   = 8   // names in one line
	maxGrants  = 20  // grants in one item
	maxFields  = 20  // lines about one field, such as the policies of a role
	maxText    = 300 // characters of one value
)

// planDocument is a plan for people: what stands in the way first, then who may
// do and read what, then the changes, what takes away before what adds, and last
// what is good to know.
func planDocument(p *plan.Plan) document {
	return document{
		head: planHead(p),
		sections: []section{
			blockedSection(p),
			changesSection(p),
			accessSection(p),
			readersSection(p),
			settingsSection(p),
			impliedSection(p),
			waitingSection(p),
			warningsSection(p),
			upcomingSection(p),
		},
		foot: planFoot(p),
	}
}

func planHead(p *plan.Plan) [][]span {
	head := [][]span{{say(strong, headline(p))}}
	if len(p.Blocked) > 0 {
		head = append(head, []span{say(fault, "Blocked"), say(plain, ": "+plural(len(p.Blocked), "guardrail forbids", "guardrails forbid")+" this plan, and apply will refuse it.")})
	}
	if len(p.Targets) > 0 {
		head = append(head, []span{say(warn, "Partial"), say(plain, ": only what "), quote(addresses(p.Targets)), say(plain, " needs.")})
	}
	return head
}

// headline is the plan in one line.
func headline(p *plan.Plan) string {
	switch {
	case !p.Pending():
		return "No changes. State equals the declarations."
	case len(p.Changes) == 0:
		return "Plan: project settings to record."
	}
	return "Plan: " + summaryWords(p.Summary, toDo) + "."
}

// toDo and done are how a headline speaks of an action.
func toDo(a plan.Action) string { return "to " + string(a) }

func done(a plan.Action) string { return looks[a].done }

// summaryWords counts changes: 3 to create, 1 to delete.
func summaryWords(s plan.Summary, words func(plan.Action) string) string {
	var parts []string
	for _, c := range []struct {
		n      int
		action plan.Action
	}{
		{s.Create, plan.Create},
		{s.Adopt, plan.Adopt},
		{s.Update, plan.Update},
		{s.Reseal, plan.Reseal},
		{s.Rotate, plan.Rotate},
		{s.Forget, plan.Forget},
		{s.Revoke, plan.Revoke},
		{s.Delete, plan.Delete},
	} {
		if c.n > 0 {
			parts = append(parts, count(c.n)+" "+words(c.action))
		}
	}
	return strings.Join(parts, ", ")
}

func planFoot(p *plan.Plan) [][]span {
	base := "State serial " + strconv.Itoa(p.Base.Serial) + ", planned for " + p.Date.String() + "."
	if p.Base.Serial == 0 {
		base = "Nothing was applied yet, planned for " + p.Date.String() + "."
	}
	foot := [][]span{
		{say(plain, base)},
		{say(plain, "Digest: "), quote(p.Digest)},
	}
	if next := nextStep(p); next != nil {
		foot = append(foot, next)
	}
	return foot
}

// nextStep says what to do with the plan.
func nextStep(p *plan.Plan) []span {
	switch {
	case p.AsOf:
		return []span{say(plain, "Made for a day that was chosen by hand, so it cannot be applied.")}
	case len(p.Blocked) > 0:
		return []span{say(plain, "Next: change the declarations, or lift each guardrail for one run by the flag that it names.")}
	case !p.Pending() && len(p.WaitingForIdentity) > 0:
		return []span{say(plain, "Next: "), quote("osmoctl secrets reseal -i IDENTITY")}
	case !p.Pending():
		return nil
	}
	return []span{say(plain, "Next: "), quote("osmoctl apply --expect " + p.Digest)}
}

func blockedSection(p *plan.Plan) section {
	s := section{title: "Blocked", tone: fault}
	for _, b := range p.Blocked {
		i := item{mark: "!", tone: fault}
		if b.Address != nil {
			i.head = append(i.head, quoteAs(strong, b.Address.String()), say(plain, " "))
		}
		i.head = append(i.head, quote(b.Detail))
		i.add(say(plain, "guardrail "), quote(b.Guardrail))
		if b.Flag != "" {
			i.add(say(plain, "lifted for one run by "), quote(b.Flag))
		} else {
			i.add(say(plain, "no flag lifts it"))
		}
		s.items = append(s.items, i)
	}
	s.cut(maxItems)
	return s
}

// look is how an action is shown.
type look struct {
	mark string
	tone tone
	// risk orders the actions, the riskiest first.
	risk int
	// done is the action in the past tense.
	done string
}

var looks = map[plan.Action]look{
	plan.Delete: {"-", removes, 0, "deleted"},
	plan.Revoke: {"-", removes, 1, "revoked"},
	plan.Forget: {"-", removes, 2, "forgotten"},
	plan.Rotate: {"±", alters, 3, "rotated"},
	plan.Reseal: {"~", alters, 4, "resealed"},
	plan.Update: {"~", alters, 5, "updated"},
	plan.Adopt:  {"+", adds, 6, "adopted"},
	plan.Create: {"+", adds, 7, "created"},
}

func changesSection(p *plan.Plan) section {
	s := section{title: "Changes"}
	for _, c := range byRisk(p.Changes) {
		s.items = append(s.items, changeItem(p, c))
	}
	s.left = len(p.Changes) - len(s.items)
	return s
}

// byRisk returns the riskiest changes, as many as are shown, in the plan's order
// where they are alike.
func byRisk(changes []plan.Change) []*plan.Change {
	out := make([]*plan.Change, len(changes))
	for i := range changes {
		out[i] = &changes[i]
	}
	slices.SortStableFunc(out, func(a, b *plan.Change) int { return cmp.Compare(looks[a.Action].risk, looks[b.Action].risk) })
	return out[:min(len(out), maxChanges)]
}

func changeItem(p *plan.Plan, c *plan.Change) item {
	l := looks[c.Action]
	i := item{mark: l.mark, tone: l.tone, head: []span{say(l.tone, string(c.Action)), say(plain, " "), quoteAs(strong, c.Address.String())}}
	for _, r := range c.Reasons {
		i.add(quote(r))
	}
	for _, f := range c.Fields {
		i.body = append(i.body, fieldLines(c, f)...)
	}
	i.body = append(i.body, resolvedLines(p, c)...)
	if sameAccess(c) {
		i.add(say(faint, "no effective change of access"))
	}
	if c.Origin != nil && c.Origin.File != "" {
		i.add(say(faint, "declared in "), quoteAs(faint, c.Origin.String()))
	}
	return i
}

// sameAccess reports whether an updated role allows exactly what it allowed.
func sameAccess(c *plan.Change) bool {
	if c.Action != plan.Update || c.Address.Kind != model.KindRole || c.Before == nil || c.After == nil {
		return false
	}
	gained, lost := access.Diff([]*model.Role{roleOf(c.Address, c.Before)}, []*model.Role{roleOf(c.Address, c.After)})
	return len(gained)+len(lost) == 0
}

func roleOf(a model.Address, o *plan.Object) *model.Role {
	return &model.Role{Name: a.Name, Policies: o.Policies}
}

// resolvedLines says what the day and the state decided.
func resolvedLines(p *plan.Plan, c *plan.Change) (lines [][]span) {
	r := c.Resolved
	if r == nil {
		return nil
	}
	if r.Generation > 0 {
		facts := "generation " + strconv.Itoa(r.Generation) + ", expires on " + r.ExpiresAt.String() + " (" + p.Date.Until(r.ExpiresAt).String() + "), roles "
		lines = append(lines, []span{say(plain, facts), quote(orNone(r.Roles))})
	}
	switch old := "generation " + strconv.Itoa(r.Replaces); {
	case r.Replaces == 0:
	case r.RevokeAfter > p.Date:
		lines = append(lines, []span{say(plain, old+" stays valid until "+r.RevokeAfter.String()+" ("+p.Date.Until(r.RevokeAfter).String()+")")})
	default:
		lines = append(lines, []span{say(removes, old+" ends at once")})
	}
	return lines
}

// grantLines lists what is gained and lost.
func grantLines(verb string, t tone, grants []access.Grant) (lines [][]span) {
	for n, g := range grants {
		if n == maxGrants {
			return append(lines, []span{say(t, verb), say(plain, " "+count(len(grants)-n)+" more")})
		}
		line := []span{say(t, verb), say(plain, " "), quote(g.Action)}
		if g.Resource != "" {
			line = append(line, say(plain, " on "), quote(g.Resource))
		}
		lines = append(lines, line)
	}
	return lines
}

// accessSection says who may do more and who less. Subjects to whom the same
// happens share an item.
func accessSection(p *plan.Plan) section {
	s := section{title: "Access"}
	groups := grouped(p.Access, accessKey)
	slices.SortStableFunc(groups, func(a, b []plan.Access) int { return len(b) - len(a) })
	for _, group := range groups {
		s.items = append(s.items, accessItem(p, group))
	}
	s.cut(maxItems)
	return s
}

func accessKey(a plan.Access) string {
	var b strings.Builder
	for _, list := range [][]access.Grant{a.Gained, a.Lost} {
		for _, g := range list {
			b.WriteString(strconv.Quote(g.Action) + strconv.Quote(g.Resource))
		}
		b.WriteByte(';')
	}
	return b.String() + a.EffectiveOn.String()
}

func accessItem(p *plan.Plan, group []plan.Access) item {
	a := group[0]
	i := item{mark: "~", tone: alters, head: subjects(group, func(a plan.Access) model.Address { return a.Subject })}
	i.body = append(i.body, grantLines("gains", adds, a.Gained)...)
	i.body = append(i.body, grantLines("loses", removes, a.Lost)...)
	if len(a.Lost) > 0 && a.EffectiveOn > p.Date {
		i.add(say(warn, "until "+a.EffectiveOn.String()), say(plain, " the old generation keeps what is lost"))
	}
	return i
}

// readersSection says which keys can read how many tokens from now on, and which
// cannot any more.
func readersSection(p *plan.Plan) section {
	s := section{title: "Readers"}
	for _, k := range readersByKey(p.Readers) {
		if len(k.gained) > 0 {
			s.items = append(s.items, readerItem("+", adds, k.Reader, " can read from now on: ", k.gained))
		}
		if len(k.lost) > 0 {
			s.items = append(s.items, readerItem("-", removes, k.Reader, " cannot read new values any more: ", k.lost))
		}
	}
	s.cut(maxItems)
	return s
}

func readerItem(mark string, t tone, r plan.Reader, words string, tokens []model.Address) item {
	return item{mark: mark, tone: t, head: []span{quote(keyName(r.Name, r.Key)), say(plain, words+plural(len(tokens), "token", "tokens")+", "), quote(addresses(tokens))}}
}

type keyReach struct {
	plan.Reader
	gained, lost []model.Address
}

// readersByKey turns the plan's list by token into one by key, those that gain
// most first.
func readersByKey(list []plan.Readers) []*keyReach {
	byKey := map[plan.Reader]*keyReach{}
	var out []*keyReach
	of := func(r plan.Reader) *keyReach {
		if byKey[r] == nil {
			byKey[r] = &keyReach{Reader: r}
			out = append(out, byKey[r])
		}
		return byKey[r]
	}
	for _, t := range list {
		for _, r := range t.Gained {
			k := of(r)
			k.gained = append(k.gained, t.Token)
		}
		for _, r := range t.Lost {
			k := of(r)
			k.lost = append(k.lost, t.Token)
		}
	}
	slices.SortStableFunc(out, func(a, b *keyReach) int { return len(b.gained) - len(a.gained) })
	return out
}

// impliedSection says what follows and stands in no declaration.
func impliedSection(p *plan.Plan) section {
	s := section{title: "Follows"}
	groups := grouped(p.Implied, func(i plan.Implied) string { return i.Cause.String() + "\n" + i.Effect })
	for _, group := range groups {
		head := subjects(group, func(i plan.Implied) model.Address { return i.Address })
		head = append(head, say(plain, ": "), quote(group[0].Effect))
		i := item{mark: ">", tone: alters, head: head}
		i.add(say(faint, "because of "), quoteAs(faint, group[0].Cause.String()))
		s.items = append(s.items, i)
	}
	s.cut(maxItems)
	return s
}

func settingsSection(p *plan.Plan) section {
	s := section{title: "Settings"}
	for _, c := range p.GuardrailChanges {
		s.items = append(s.items, item{mark: "~", tone: alters, head: difference(c.Path, c.Before, c.After)})
	}
	s.cut(maxItems)
	return s
}

func waitingSection(p *plan.Plan) section {
	s := section{title: "Waiting for an identity"}
	groups := grouped(p.WaitingForIdentity, func(w plan.Waiting) string { return readerNames(w.Gained) })
	for _, group := range groups {
		head := subjects(group, func(w plan.Waiting) model.Address { return w.Address })
		head = append(head, say(plain, " to be sealed to "), quote(readerNames(group[0].Gained)))
		i := item{mark: "~", tone: alters, head: head}
		i.add(say(plain, "done by "), quote("osmoctl secrets reseal -i IDENTITY"), say(plain, " by somebody who can read them"))
		s.items = append(s.items, i)
	}
	s.cut(maxItems)
	return s
}

func readerNames(list []plan.Reader) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = keyName(r.Name, r.Key)
	}
	return strings.Join(names, ", ")
}

// warningsSection groups by what is said, since one habit warns of many tokens.
func warningsSection(p *plan.Plan) section {
	s := section{title: "Warnings", tone: warn}
	for _, group := range grouped(p.Warnings, func(w plan.Warning) string { return w.Code + "\n" + w.Message }) {
		i := item{mark: "!", tone: warn, head: []span{quote(group[0].Message), say(plain, " "), quoteAs(faint, group[0].Code)}}
		if group[0].Address != nil {
			i.body = append(i.body, subjects(group, func(w plan.Warning) model.Address { return addressOf(w.Address) }))
		}
		s.items = append(s.items, i)
	}
	s.cut(maxItems)
	return s
}

func addressOf(a *model.Address) model.Address {
	if a == nil {
		return model.Address{}
	}
	return *a
}

var eventWords = map[plan.Event]string{
	plan.EventRotate: "a rotation is due: ",
	plan.EventRevoke: "revoked by the next apply: ",
	plan.EventExpire: "expires and is not renewed: ",
}

// upcomingSection says what dates will bring, in their order.
func upcomingSection(p *plan.Plan) section {
	s := section{title: "Upcoming"}
	for _, group := range grouped(p.Upcoming, func(u plan.Upcoming) string { return u.Date.String() + string(u.Event) }) {
		head := []span{say(plain, group[0].Date.String()+" "+eventWords[group[0].Event])}
		head = append(head, subjects(group, func(u plan.Upcoming) model.Address { return u.Address })...)
		s.items = append(s.items, item{mark: "@", tone: faint, head: head})
	}
	s.cut(maxItems)
	return s
}

// grouped collects the elements with one key, groups and elements in the order in
// which they are met.
func grouped[T any](list []T, key func(T) string) [][]T {
	index := map[string]int{}
	var out [][]T
	for _, e := range list {
		k := key(e)
		n, known := index[k]
		if !known {
			n = len(out)
			index[k], out = n, append(out, nil)
		}
		out[n] = append(out[n], e)
	}
	return out
}

// subjects names the addresses of a group, and counts them where they are many.
func subjects[T any](group []T, address func(T) model.Address) []span {
	list := make([]model.Address, len(group))
	for i, e := range group {
		list[i] = address(e)
	}
	if len(list) == 1 {
		return []span{quoteAs(strong, list[0].String())}
	}
	return []span{say(plain, count(len(list))+" "), quote(addresses(list))}
}

// addresses lists the first addresses and counts the others.
func addresses(list []model.Address) string {
	names := make([]string, 0, maxNames)
	for _, a := range list[:min(len(list), maxNames)] {
		names = append(names, a.String())
	}
	words := strings.Join(names, ", ")
	if rest := len(list) - len(names); rest > 0 {
		words += " and " + count(rest) + " more"
	}
	return words
}
