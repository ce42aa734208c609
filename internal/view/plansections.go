package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/osmoctl/osmoctl/pkg/model"
	"github.com/osmoctl/osmoctl/pkg/plan"
	"github.com/osmoctl/osmoctl/pkg/state"
)

func blockedSection(p *plan.Plan) section {
	s := sectionOf("Blocked", p.Blocked, maxItems, blockedItem)
	s.tone = fault
	return s
}

func blockedItem(b plan.Blocked) item {
	i := item{mark: "!", tone: fault}
	if b.Address != nil {
		i.head = append(i.head, quoteAs(strong, b.Address.String()), say(plain, " "))
	}
	i.head = append(i.head, tell(clip(b.Detail)))
	i.add(say(plain, "guardrail "), quote(b.Guardrail))
	if b.Flag != "" {
		i.add(say(plain, "lifted for one run by "), quote(b.Flag))
	} else {
		i.add(say(plain, "no flag lifts it"))
	}
	return i
}

// readersSection says which keys can read the coming values of how many tokens,
// and which cannot any more. Keys that could read nothing before stand first and are
// never cut: however many others come, somebody new is seen.
func readersSection(p *plan.Plan) section {
	counts := map[string]plan.Key{}
	for _, k := range p.Keys {
		counts[k.Key] = k
	}
	isNew := func(k *keyReach) bool {
		n, known := counts[k.Key]
		return known && k.gains && n.Tokens == 0
	}
	keys := readersByKey(p.Readers)
	slices.SortStableFunc(keys, func(a, b *keyReach) int {
		switch {
		case isNew(a) == isNew(b):
			return 0
		case isNew(a):
			return -1
		}
		return 1
	})
	most := maxItems
	for most < len(keys) && isNew(keys[most]) {
		most++
	}
	return sectionOf("Readers", keys, most, func(k *keyReach) item {
		i := readerItem(k, p.Resealing)
		i.heavy = isNew(k)
		if n, known := counts[k.Key]; known {
			i.add(say(faint, "before this plan it reads "+plural(n.Tokens, "token", "tokens")+"; it is declared for "+count(n.Declared)))
		}
		return i
	})
}

// keyReach is what happens to one key: it comes to be a reader of tokens, or
// ceases to be one.
type keyReach struct {
	plan.Reader
	gains  bool
	tokens []model.Address
}

func readerItem(k *keyReach, resealing bool) item {
	i := item{mark: "+", tone: adds}
	verb, when, what := " can read ", ": ", "new values of "
	if resealing {
		what = "the live values of "
	}
	if !k.gains {
		i = item{mark: "-", tone: removes}
		verb, when = " cannot read ", " any more: "
	}
	verb += what
	i.head = []span{
		quoteAs(strong, keyName(k.Name, k.Key)),
		say(plain, verb+plural(len(k.tokens), "token", "tokens")+when),
		quote(addresses(k.tokens)),
	}
	return i
}

// readersByKey turns the plan's list by token into one by key, the gains before
// the losses and whatever concerns most tokens first.
func readersByKey(list []plan.Readers) []*keyReach {
	var gained, lost reaches
	for _, t := range list {
		for _, r := range t.Gained {
			gained.add(r, true, t.Token)
		}
		for _, r := range t.Lost {
			lost.add(r, false, t.Token)
		}
	}
	return append(gained.sorted(), lost.sorted()...)
}

type reaches struct {
	byKey map[plan.Reader]*keyReach
	list  []*keyReach
}

func (r *reaches) add(reader plan.Reader, gains bool, token model.Address) {
	k := r.byKey[reader]
	if k == nil {
		if r.byKey == nil {
			r.byKey = map[plan.Reader]*keyReach{}
		}
		k = &keyReach{Reader: reader, gains: gains}
		r.byKey[reader], r.list = k, append(r.list, k)
	}
	k.tokens = append(k.tokens, token)
}

func (r *reaches) sorted() []*keyReach {
	slices.SortStableFunc(r.list, func(a, b *keyReach) int { return len(b.tokens) - len(a.tokens) })
	return r.list
}

// filesSection names what a restore writes: files may be damaged without any
// object being another.
func filesSection(p *plan.Plan) section {
	if p.Restored == nil {
		return section{}
	}
	return sectionOf("Files", p.Restored.Files, maxItems, func(path string) item {
		return item{mark: "~", tone: alters, head: []span{quote(state.Dir + "/" + path)}}
	})
}

func settingsSection(p *plan.Plan) section {
	names := map[string]string{}
	for _, k := range p.Keys {
		names[k.Key] = k.Name
	}
	return sectionOf("Settings", p.GuardrailChanges, maxItems, func(c plan.GuardrailChange) item {
		before, after := c.Before, c.After
		if about, ok := strings.CutPrefix(c.Path, "recipients."); ok {
			before, after = namedKeys(before, about, names), namedKeys(after, about, names)
		}
		return item{mark: "~", tone: alters, head: difference(c.Path, before, after)}
	})
}

// namedKeys are the keys of a recipient as people know them. One that has the name
// of the recipient itself is not called so again.
func namedKeys(value any, about string, names map[string]string) any {
	ids, ok := value.([]string)
	if !ok {
		return value
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		if keys[i] = keyName(names[id], id); names[id] == about {
			keys[i] = shortKey(id)
		}
	}
	return keys
}

// impliedSection says what follows and stands in no declaration.
func impliedSection(p *plan.Plan) section {
	groups := grouped(p.Implied, func(i plan.Implied) string { return i.Cause.String() + "\n" + i.Effect })
	return sectionOf("Follows", groups, maxItems, impliedItem)
}

func impliedItem(group []plan.Implied) item {
	head := subjects(group, func(i plan.Implied) model.Address { return i.Address })
	i := item{mark: ">", tone: alters, head: append(head, say(plain, ": "), tell(clip(group[0].Effect)))}
	i.add(say(faint, "because of "), quoteAs(faint, group[0].Cause.String()))
	return i
}

func waitingSection(p *plan.Plan) section {
	groups := grouped(p.WaitingForIdentity, func(w plan.Waiting) string { return readerNames(w.Gained) })
	return sectionOf("Waiting for an identity", groups, maxItems, waitingItem)
}

func waitingItem(group []plan.Waiting) item {
	head := subjects(group, func(w plan.Waiting) model.Address { return w.Address })
	i := item{mark: "~", tone: alters, head: append(head, say(plain, " to be sealed to "), quote(clip(readerNames(group[0].Gained))))}
	i.add(say(plain, "with the next rotation, or by whoever can read them: "), run("osmoctl secrets reseal"))
	i.add(say(plain, "a new value at once: "), run("osmoctl apply --replace "+group[0].Address.Token().String()))
	return i
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
	s := sectionOf("Warnings", warningGroups(p, func(plan.Warning) bool { return true }), maxItems, warningItem)
	s.tone = warn
	return s
}

// keySection repeats, of the warnings, what whoever took a key out has to know.
func keySection(p *plan.Plan) section {
	s := sectionOf("Warnings", warningGroups(p, func(w plan.Warning) bool { return w.Code == plan.WarnStaysReadable }), maxItems, warningItem)
	s.tone = warn
	return s
}

func warningGroups(p *plan.Plan, wanted func(plan.Warning) bool) [][]plan.Warning {
	var list []plan.Warning
	for _, w := range p.Warnings {
		if wanted(w) {
			list = append(list, w)
		}
	}
	return grouped(list, func(w plan.Warning) string {
		return strconv.FormatBool(w.Address == nil) + w.Code + "\n" + w.Message
	})
}

func warningItem(group []plan.Warning) item {
	w := group[0]
	i := item{mark: "!", tone: warn, head: []span{tell(clip(w.Message)), say(plain, " "), quoteAs(faint, "["+w.Code+"]")}}
	if w.Address != nil {
		i.add(subjects(group, func(w plan.Warning) model.Address { return *w.Address })...)
	}
	return i
}

var eventWords = map[plan.Event]string{
	plan.EventRotate: "a rotation is due",
	plan.EventRevoke: "revoked by the next apply",
	plan.EventExpire: "expires and is not renewed",
}

// upcomingSection says what dates will bring, in their order.
func upcomingSection(p *plan.Plan) section {
	groups := grouped(p.Upcoming, func(u plan.Upcoming) string { return u.Date.String() + string(u.Event) })
	return sectionOf("Upcoming", groups, maxItems, func(group []plan.Upcoming) item {
		head := []span{say(plain, group[0].Date.String()+" "+eventWords[group[0].Event]+": ")}
		return item{mark: "*", tone: faint, head: append(head, subjects(group, func(u plan.Upcoming) model.Address { return u.Address })...)}
	})
}
